use std::borrow::Cow;
use std::error::Error;
use std::fmt;

use super::field::{Column, Value};
use super::{Filter, MAX_FILTER_TERMS, Node};

/// Which SQL is written. Only databases that compare text octet by octet are here, or can be told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Dialect {
    /// PostgreSQL: placeholders are `$1`, `$2`, and so on. Columns must not have a nondeterministic collation.
    Postgres,
    /// SQLite: placeholders are `?`. Text is compared by the collation `BINARY`, whatever the column says.
    Sqlite,
}

/// A condition in SQL with the values that it binds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Predicate {
    sql: String,
    values: Vec<Value>,
}

impl Predicate {
    /// What stands after `WHERE` or `AND`: it has parentheses where it needs them, placeholders, and no value.
    #[must_use]
    pub fn sql(&self) -> &str {
        &self.sql
    }

    /// The values, in the order of their placeholders.
    #[must_use]
    pub fn values(&self) -> &[Value] {
        &self.values
    }

    /// Both.
    #[must_use]
    pub fn into_parts(self) -> (String, Vec<Value>) {
        (self.sql, self.values)
    }
}

/// A piece of a condition in SQL.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::exhaustive_enums, reason = "whoever builds a query must handle both")]
pub enum SqlPart {
    /// To be written as it stands.
    Text(Cow<'static, str>),
    /// To be bound, with a placeholder in its stead.
    Value(Value),
}

/// A [`Filter`] has more than [`MAX_FILTER_TERMS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FilterTooLarge;

impl fmt::Display for FilterTooLarge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the filter has more than {MAX_FILTER_TERMS} comparisons and values")
    }
}

impl Error for FilterTooLarge {}

impl<R> Filter<R> {
    /// The same condition in SQL, with placeholders counted from `first` on where they are counted.
    ///
    /// # Errors
    /// [`FilterTooLarge`].
    pub fn to_sql(&self, dialect: Dialect, first: usize) -> Result<Predicate, FilterTooLarge> {
        let (mut sql, mut values) = (String::new(), Vec::new());
        for part in self.to_sql_parts(dialect)? {
            match part {
                SqlPart::Text(text) => sql.push_str(&text),
                SqlPart::Value(value) => {
                    match dialect {
                        Dialect::Postgres => {
                            sql.push_str(&format!("${}", first.saturating_add(values.len())))
                        }
                        Dialect::Sqlite => sql.push('?'),
                    }
                    values.push(value);
                }
            }
        }
        Ok(Predicate { sql, values })
    }

    /// The same condition in SQL, piece by piece, for a query builder that writes placeholders itself.
    ///
    /// # Errors
    /// [`FilterTooLarge`].
    pub fn to_sql_parts(&self, dialect: Dialect) -> Result<Vec<SqlPart>, FilterTooLarge> {
        if self.is_too_large() {
            return Err(FilterTooLarge);
        }
        let mut writer = Writer { dialect, parts: Vec::new() };
        writer.node(&self.node, false);
        Ok(writer.parts)
    }
}

struct Writer {
    dialect: Dialect,
    parts: Vec<SqlPart>,
}

impl Writer {
    /// `negated` says that the node stands under a `NOT`. There a comparison with `NULL` must be false and not
    /// unknown, or else its negation would not be true; elsewhere unknown is as good as false.
    fn node<R>(&mut self, node: &Node<R>, negated: bool) {
        match node {
            Node::All => self.text("1=1"),
            Node::And(parts) => self.joined(parts, " AND ", negated),
            Node::Equals(column, value) => self.comparison(*column, negated, |writer| {
                writer.text(" = ");
                writer.parts.push(SqlPart::Value(value.clone()));
            }),
            Node::IsNull(column) => {
                self.text(column.name());
                self.text(" IS NULL");
            }
            Node::Not(inner) => {
                self.text("NOT ");
                self.parenthesised(inner);
            }
            Node::Nothing => self.text("1=0"),
            Node::OneOf(column, values) => self.comparison(*column, negated, |writer| {
                writer.text(" IN (");
                for (index, value) in values.iter().enumerate() {
                    if index > 0 {
                        writer.text(", ");
                    }
                    writer.parts.push(SqlPart::Value(value.clone()));
                }
                writer.text(")");
            }),
            Node::Or(parts) => self.joined(parts, " OR ", negated),
        }
    }

    fn comparison<R>(&mut self, column: Column<R>, negated: bool, with: impl FnOnce(&mut Self)) {
        if negated {
            self.text("(");
            self.text(column.name());
            self.text(" IS NOT NULL AND ");
        }
        self.text(column.name());
        if column.is_text() && self.dialect == Dialect::Sqlite {
            self.text(" COLLATE BINARY");
        }
        with(self);
        if negated {
            self.text(")");
        }
    }

    fn joined<R>(&mut self, parts: &[Node<R>], word: &'static str, negated: bool) {
        self.text("(");
        for (index, part) in parts.iter().enumerate() {
            if index > 0 {
                self.text(word);
            }
            self.node(part, negated);
        }
        self.text(")");
    }

    fn parenthesised<R>(&mut self, node: &Node<R>) {
        self.text("(");
        self.node(node, true);
        self.text(")");
    }

    fn text(&mut self, text: &'static str) {
        self.parts.push(SqlPart::Text(Cow::Borrowed(text)));
    }
}
