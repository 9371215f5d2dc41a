//! Which resources of a kind a caller may see, as a value: asked of one resource, or put into a query.

mod explain;
mod field;
mod list;
mod probe;
mod sql;

#[cfg(test)]
mod tests;

use std::fmt;
use std::ops::Not;

use portcullis_core::{Decision, Reason};

use self::field::Column;
pub use self::field::{Field, FieldType, Value};
pub use self::list::{Filtered, ListPolicy, Visible};
pub use self::sql::{Dialect, FilterTooLarge, Predicate, SqlPart};

/// Which resources of a kind a caller may see.
///
/// One value answers for a single resource ([`matches`](Self::matches)) and for a list
/// ([`to_sql`](Self::to_sql)), so that the two cannot disagree. It is made of [`Field`]s, compared with values of the
/// caller; a field that is absent (`NULL`) equals nothing, also under `!`.
///
/// ```
/// use portcullis_authz::{Dialect, Field, Filter};
///
/// struct Document { owner: String, team: Option<String>, public: bool }
///
/// const OWNER: Field<Document, str> = Field::text("owner", |document| Some(&document.owner));
/// const TEAM: Field<Document, str> = Field::text("team", |document| document.team.as_deref());
/// const PUBLIC: Field<Document, bool> = Field::boolean("public", |document| Some(document.public));
///
/// let readable = OWNER.equals("alice").or(PUBLIC.equals(true)).or(TEAM.one_of(["sales", "legal"]));
///
/// let plan = |team: Option<&str>| Document { owner: "bob".into(), team: team.map(Into::into), public: false };
/// assert!(readable.matches(&plan(Some("legal"))));
/// assert!(!readable.matches(&plan(None)));
///
/// let predicate = readable.to_sql(Dialect::Postgres, 1)?;
/// assert_eq!(predicate.sql(), "(owner = $1 OR public = $2 OR team IN ($3, $4))");
/// assert_eq!(predicate.values().len(), 4);
/// # Ok::<(), portcullis_authz::FilterTooLarge>(())
/// ```
///
/// It has at most [`MAX_FILTER_TERMS`] comparisons and values. A larger one matches nothing and makes no SQL, whatever it is
/// combined with.
#[must_use]
pub struct Filter<R> {
    node: Node<R>,
    terms: usize,
}

/// How many comparisons and values one [`Filter`] has at most: 1024.
pub const MAX_FILTER_TERMS: usize = 1024;

enum Node<R> {
    All,
    And(Vec<Self>),
    Equals(Column<R>, Value),
    IsNull(Column<R>),
    Not(Box<Self>),
    Nothing,
    OneOf(Column<R>, Vec<Value>),
    Or(Vec<Self>),
}

impl<R> Filter<R> {
    /// Every resource.
    pub const fn all() -> Self {
        Self { node: Node::All, terms: 0 }
    }

    /// No resource.
    pub const fn nothing() -> Self {
        Self { node: Node::Nothing, terms: 0 }
    }

    /// Every resource if the condition holds, or else none.
    pub const fn all_if(condition: bool) -> Self {
        if condition { Self::all() } else { Self::nothing() }
    }

    fn leaf(node: Node<R>, terms: usize) -> Self {
        Self { node, terms }.bounded()
    }

    /// The resources that both let through.
    pub fn and(self, other: Self) -> Self {
        let terms = self.terms.saturating_add(other.terms);
        let node = match (self.node, other.node) {
            (Node::Nothing, _) | (_, Node::Nothing) => Node::Nothing,
            (Node::All, node) | (node, Node::All) => node,
            (Node::And(mut parts), node) => {
                parts.push(node);
                Node::And(parts)
            }
            (first, second) => Node::And(vec![first, second]),
        };
        Self { node, terms }.bounded()
    }

    /// The resources that either lets through.
    pub fn or(self, other: Self) -> Self {
        let terms = self.terms.saturating_add(other.terms);
        let node = match (self.node, other.node) {
            (Node::All, _) | (_, Node::All) => Node::All,
            (Node::Nothing, node) | (node, Node::Nothing) => node,
            (Node::Or(mut parts), node) => {
                parts.push(node);
                Node::Or(parts)
            }
            (first, second) => Node::Or(vec![first, second]),
        };
        Self { node, terms }.bounded()
    }

    /// The resources within reach that it lets through. What limits the reach is not counted as terms: a list bears what a
    /// single read bears.
    fn within(self, reach: Self) -> Self {
        let terms = self.terms;
        let both = reach.and(Self { terms: 0, ..self });
        Self { terms: both.terms.max(terms), ..both }
    }

    /// Whether it lets this one through.
    #[must_use]
    pub fn matches(&self, resource: &R) -> bool {
        !self.is_too_large() && self.node.matches(Some(resource))
    }

    /// The decision about this one: allowed if it is let through, else [`Reason::PolicyDenied`]. A filter that is too
    /// large is a failure.
    pub fn decide(&self, resource: &R) -> Decision {
        if self.is_too_large() {
            return too_large();
        }
        Decision::allow_if(self.node.matches(Some(resource)), Reason::PolicyDenied)
    }

    /// Whether it is known without a look at any resource that nothing is let through.
    #[must_use]
    pub fn is_nothing(&self) -> bool {
        matches!(self.node, Node::Nothing)
    }

    /// Whether it is known without a look at any resource that everything is let through.
    #[must_use]
    pub fn is_all(&self) -> bool {
        matches!(self.node, Node::All) && !self.is_too_large()
    }

    /// Whether it has more than [`MAX_FILTER_TERMS`].
    #[must_use]
    pub fn is_too_large(&self) -> bool {
        self.terms > MAX_FILTER_TERMS
    }

    /// What is too large stays so, and is let go of.
    fn bounded(self) -> Self {
        if self.is_too_large() { Self { node: Node::Nothing, terms: usize::MAX } } else { self }
    }
}

fn too_large() -> Decision {
    Decision::deny(Reason::InternalError).because("the filter is too large")
}

/// The resources that it does not let through.
impl<R> Not for Filter<R> {
    type Output = Self;

    fn not(self) -> Self {
        let node = match self.node {
            Node::All => Node::Nothing,
            Node::Nothing => Node::All,
            Node::Not(inner) => *inner,
            node => Node::Not(Box::new(node)),
        };
        Self { node, terms: self.terms }.bounded()
    }
}

impl<R> Node<R> {
    /// Where there is no resource, no value fits. Whatever is refused is compared as a whole, so that nobody can tell by the
    /// time what failed, or whether there was anything: only what lets a resource through ends it early.
    fn matches(&self, resource: Option<&R>) -> bool {
        match self {
            Self::OneOf(column, values) => {
                let seen = column.probe(resource);
                values.iter().any(|value| seen.is(value))
            }
            Self::Or(parts) => parts.iter().any(|part| part.matches(resource)),
            whole => whole.compares(resource),
        }
    }

    /// The same, without an early end.
    fn compares(&self, resource: Option<&R>) -> bool {
        match self {
            Self::All => true,
            Self::And(parts) => parts.iter().fold(true, |all, part| part.compares(resource) & all),
            Self::Equals(column, value) => column.probe(resource).is(value),
            Self::IsNull(column) => column.seen(resource).is_none(),
            Self::Not(inner) => !inner.compares(resource),
            Self::Nothing => false,
            Self::OneOf(column, values) => {
                let seen = column.probe(resource);
                values.iter().fold(false, |any, value| seen.is(value) | any)
            }
            Self::Or(parts) => parts.iter().fold(false, |any, part| part.compares(resource) | any),
        }
    }
}

impl<R> Clone for Filter<R> {
    fn clone(&self) -> Self {
        Self { node: self.node.clone(), terms: self.terms }
    }
}

impl<R> Clone for Node<R> {
    fn clone(&self) -> Self {
        match self {
            Self::All => Self::All,
            Self::And(parts) => Self::And(parts.clone()),
            Self::Equals(column, value) => Self::Equals(*column, value.clone()),
            Self::IsNull(column) => Self::IsNull(*column),
            Self::Not(inner) => Self::Not(inner.clone()),
            Self::Nothing => Self::Nothing,
            Self::OneOf(column, values) => Self::OneOf(*column, values.clone()),
            Self::Or(parts) => Self::Or(parts.clone()),
        }
    }
}

/// Prints the fields and how many values there are, but none of them: `owner = ? or team in (2 values)`.
impl<R> fmt::Display for Filter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_too_large() { f.write_str("too large") } else { write!(f, "{}", self.node) }
    }
}

impl<R> fmt::Debug for Filter<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Filter({self})")
    }
}

impl<R> fmt::Display for Node<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("everything"),
            Self::And(parts) => joined(f, parts, " and "),
            Self::Equals(column, _) => write!(f, "{} = ?", column.name()),
            Self::IsNull(column) => write!(f, "{} is null", column.name()),
            Self::Not(inner) => write!(f, "not ({inner})"),
            Self::Nothing => f.write_str("nothing"),
            Self::OneOf(column, values) => write!(f, "{} in ({} values)", column.name(), values.len()),
            Self::Or(parts) => joined(f, parts, " or "),
        }
    }
}

fn joined<R>(f: &mut fmt::Formatter<'_>, parts: &[Node<R>], word: &str) -> fmt::Result {
    for (index, part) in parts.iter().enumerate() {
        if index > 0 {
            f.write_str(word)?;
        }
        match part {
            Node::And(_) | Node::Or(_) => write!(f, "({part})")?,
            _ => write!(f, "{part}")?,
        }
    }
    Ok(())
}
