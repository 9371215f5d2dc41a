use std::fmt;
use std::marker::PhantomData;

use super::probe::Probe;
use super::{Filter, Node};

/// A field of a resource: the column that holds it, and how a loaded resource tells it.
///
/// The function that reads it is called for every resource that is compared, whatever else the filter says of it: let it not panic.
///
/// It is a constant, so that a filter cannot name a column that the program does not: `T` is [`str`], [`i64`] or
/// [`bool`]. A comparison with a value of another type does not compile:
///
/// ```compile_fail,E0277
/// use portcullis_authz::Field;
///
/// struct Document { owner: String }
/// const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
///
/// let filter = OWNER.equals(7);
/// ```
///
/// Nor does a name that is none of a column (letters, digits and `_`, at most one `.` after a table):
///
/// ```compile_fail,E0080
/// # use portcullis_authz::Field;
/// # struct Document { owner: String }
/// const OWNER: Field<Document, str> = Field::text("owner; DROP TABLE documents", |document| Some(&document.owner));
/// # let _ = OWNER.equals("alice");
/// ```
pub struct Field<R, T: ?Sized> {
    column: Column<R>,
    kind: PhantomData<T>,
}

/// What a column of a filter holds.
pub trait FieldType: sealed::Sealed {
    /// The value that is bound.
    type Owned: Into<Value>;
}

impl FieldType for bool {
    type Owned = Self;
}

impl FieldType for i64 {
    type Owned = Self;
}

impl FieldType for str {
    type Owned = String;
}

/// A value that a filter compares with. It is always bound, never written into SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever binds values must handle each")]
pub enum Value {
    /// A truth value.
    Boolean(bool),
    /// A whole number.
    Integer(i64),
    /// Text, compared octet by octet.
    Text(String),
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Boolean(value)
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Integer(value)
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::Text(value)
    }
}

impl<R> Field<R, str> {
    /// A field of text.
    ///
    /// # Panics
    /// If the name is none of a column; in a constant, that is an error of the compiler.
    #[must_use]
    pub const fn text(column: &'static str, read: fn(&R) -> Option<&str>) -> Self {
        Self::new(column, Read::Text(read))
    }
}

impl<R> Field<R, str> {
    /// What the resource holds.
    #[inline]
    pub(crate) fn of(self, resource: &R) -> Option<&str> {
        match self.column.read {
            Read::Text(read) => read(resource),
            // A field of text reads text.
            Read::Boolean(_) | Read::Integer(_) => None,
        }
    }
}

impl<R> Field<R, i64> {
    /// A field of whole numbers.
    ///
    /// # Panics
    /// As [`text`](Field::text).
    #[must_use]
    pub const fn integer(column: &'static str, read: fn(&R) -> Option<i64>) -> Self {
        Self::new(column, Read::Integer(read))
    }
}

impl<R> Field<R, bool> {
    /// A field of truth values. In a database without such a type it holds 0 or 1.
    ///
    /// # Panics
    /// As [`text`](Field::text).
    #[must_use]
    pub const fn boolean(column: &'static str, read: fn(&R) -> Option<bool>) -> Self {
        Self::new(column, Read::Boolean(read))
    }
}

impl<R, T: ?Sized> Field<R, T> {
    const fn new(name: &'static str, read: Read<R>) -> Self {
        assert!(
            is_column(name),
            "a column is named by letters, digits and `_`, at most one `.` after a table"
        );
        Self { column: Column { name, read, is_told: true }, kind: PhantomData }
    }

    /// The same field, whose values audit events do not have: for what is secret, or nobody's business who reads them. By
    /// default, the event of a refusal tells the value that was asked for and the one that the resource has.
    ///
    /// ```
    /// use portcullis_authz::Field;
    /// use portcullis_core::Explained;
    ///
    /// struct Document { link: String }
    /// const LINK: Field<Document, str> =
    ///     Field::<Document, str>::text("link", |document| Some(&document.link)).undisclosed();
    ///
    /// let document = Document { link: "s3cr3t".into() };
    /// let decision = LINK.equals("guessed").into_decision(&document);
    /// let told = decision.explanation().map(|explained: &Explained| explained.tree(None).to_string());
    /// assert_eq!(told.as_deref(), Some("* link = ?: fails\n"));
    /// ```
    #[must_use]
    pub const fn undisclosed(mut self) -> Self {
        self.column.is_told = false;
        self
    }

    /// The name of the column.
    #[must_use]
    pub const fn column(self) -> &'static str {
        self.column.name
    }

    /// The resources whose field is absent.
    pub fn is_null(self) -> Filter<R> {
        Filter::leaf(Node::IsNull(self.column), 1)
    }
}

impl<R, T: FieldType + ?Sized> Field<R, T> {
    /// The resources whose field has this value.
    pub fn equals(self, value: impl Into<T::Owned>) -> Filter<R> {
        Filter::leaf(Node::Equals(self.column, value.into().into()), 1)
    }

    /// The same, for a value that a caller may lack, such as a tenant: without one it is nothing, and never the
    /// resources that lack one too.
    pub fn equals_some<V: Into<T::Owned>>(self, value: Option<V>) -> Filter<R> {
        value.map_or(Filter::nothing(), |value| self.equals(value))
    }

    /// The resources whose field has one of these values; nothing if there is none.
    pub fn one_of<V: Into<T::Owned>>(self, values: impl IntoIterator<Item = V>) -> Filter<R> {
        // One more than there may be is enough to tell that it is too large.
        let values = values.into_iter().take(super::MAX_FILTER_TERMS + 1);
        let values: Vec<Value> = values.map(|value| value.into().into()).collect();
        match values.len() {
            0 => Filter::nothing(),
            terms => Filter::leaf(Node::OneOf(self.column, values), terms),
        }
    }
}

impl<R, T: ?Sized> Clone for Field<R, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R, T: ?Sized> Copy for Field<R, T> {}

impl<R, T: ?Sized> fmt::Debug for Field<R, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Field({})", self.column.name)
    }
}

/// A column, whatever it holds.
pub(super) struct Column<R> {
    name: &'static str,
    read: Read<R>,
    /// Whether audit events have its values.
    is_told: bool,
}

enum Read<R> {
    Boolean(fn(&R) -> Option<bool>),
    Integer(fn(&R) -> Option<i64>),
    Text(fn(&R) -> Option<&str>),
}

impl<R> Column<R> {
    pub(super) const fn name(self) -> &'static str {
        self.name
    }

    pub(super) const fn is_told(self) -> bool {
        self.is_told
    }

    /// What the resource has there; `None` if it is absent. Where there is no resource, it is what nothing equals.
    pub(super) fn seen(self, resource: Option<&R>) -> Option<Seen<'_>> {
        let Some(resource) = resource else { return Some(Seen::Unknown) };
        match self.read {
            Read::Boolean(read) => read(resource).map(Seen::Boolean),
            Read::Integer(read) => read(resource).map(Seen::Integer),
            Read::Text(read) => read(resource).map(Seen::Text),
        }
    }

    /// The same, to be compared with values.
    pub(super) fn probe(self, resource: Option<&R>) -> Probe<'_> {
        Probe::of(self.seen(resource).unwrap_or(Seen::Unknown))
    }

    pub(super) const fn is_text(self) -> bool {
        matches!(self.read, Read::Text(_))
    }
}

/// A value of a resource, where it lies.
#[derive(Clone, Copy)]
pub(super) enum Seen<'a> {
    Boolean(bool),
    Integer(i64),
    Text(&'a str),
    /// Of a resource that is not there.
    Unknown,
}

impl<'a> From<&'a Value> for Seen<'a> {
    fn from(value: &'a Value) -> Self {
        match value {
            Value::Boolean(value) => Self::Boolean(*value),
            Value::Integer(value) => Self::Integer(*value),
            Value::Text(value) => Self::Text(value),
        }
    }
}

impl<R> Clone for Column<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Column<R> {}

impl<R> Clone for Read<R> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<R> Copy for Read<R> {}

const fn is_column(name: &str) -> bool {
    let mut rest = name.as_bytes();
    let mut dots = 0;
    let mut begins = true;
    while let [octet, after @ ..] = rest {
        rest = after;
        match octet {
            b'a'..=b'z' | b'A'..=b'Z' | b'_' => begins = false,
            b'0'..=b'9' if !begins => {}
            b'.' if !begins && dots == 0 => {
                dots += 1;
                begins = true;
            }
            _ => return false,
        }
    }
    !begins
}

mod sealed {
    #[expect(unnameable_types, reason = "sealed: a filter knows these types alone")]
    pub trait Sealed {}

    impl Sealed for bool {}
    impl Sealed for i64 {}
    impl Sealed for str {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_columns_are_plain() {
        for good in ["a", "_a1", "Owner", "documents.owner"] {
            assert!(is_column(good), "{good}");
        }
        for bad in ["", "1a", "a b", "a-b", "a.", ".a", "a.b.c", "a\"", "a;b", "é", "a.1"] {
            assert!(!is_column(bad), "{bad}");
        }
    }
}
