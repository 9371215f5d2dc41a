use portcullis_authz::{Dialect, Filter, SqlPart, Value};
use sqlx::{Database, Encode, QueryBuilder, Type};

use crate::UnusableFilter;

/// Puts filters into queries. See the crate's docs.
pub trait PushFilter {
    /// Writes the condition, with every value bound: after `WHERE` or `AND`, with parentheses where it needs them.
    ///
    /// # Errors
    /// [`UnusableFilter`] if the filter is too large or the database unknown; nothing is written then.
    fn push_filter<R>(&mut self, filter: &Filter<R>) -> Result<&mut Self, UnusableFilter>;
}

impl<DB> PushFilter for QueryBuilder<DB>
where
    DB: Database,
    bool: for<'q> Encode<'q, DB> + Type<DB>,
    i64: for<'q> Encode<'q, DB> + Type<DB>,
    String: for<'q> Encode<'q, DB> + Type<DB>,
{
    fn push_filter<R>(&mut self, filter: &Filter<R>) -> Result<&mut Self, UnusableFilter> {
        for part in filter.to_sql_parts(dialect_of::<DB>()?)? {
            match part {
                SqlPart::Text(text) => self.push(text),
                SqlPart::Value(Value::Boolean(value)) => self.push_bind(value),
                SqlPart::Value(Value::Integer(value)) => self.push_bind(value),
                SqlPart::Value(Value::Text(value)) => self.push_bind(value),
            };
        }
        Ok(self)
    }
}

fn dialect_of<DB: Database>() -> Result<Dialect, UnusableFilter> {
    match DB::NAME {
        "PostgreSQL" => Ok(Dialect::Postgres),
        "SQLite" => Ok(Dialect::Sqlite),
        name => Err(UnusableFilter::unknown_database(name)),
    }
}
