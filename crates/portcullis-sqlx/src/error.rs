use std::error::Error;
use std::fmt;

use portcullis_authz::FilterTooLarge;
use portcullis_core::StoreError;

/// Why a filter cannot be put into a query. As a [`StoreError`] it is answered with 503.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnusableFilter(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    TooLarge,
    UnknownDatabase(&'static str),
}

impl UnusableFilter {
    pub(crate) const fn unknown_database(name: &'static str) -> Self {
        Self(Kind::UnknownDatabase(name))
    }

    /// Whether it has more comparisons and values than a filter may have.
    #[must_use]
    pub const fn is_too_large(&self) -> bool {
        matches!(self.0, Kind::TooLarge)
    }

    /// Whether it is not known how the database compares text.
    #[must_use]
    pub const fn is_unknown_database(&self) -> bool {
        matches!(self.0, Kind::UnknownDatabase(_))
    }
}

impl From<FilterTooLarge> for UnusableFilter {
    fn from(_: FilterTooLarge) -> Self {
        Self(Kind::TooLarge)
    }
}

impl From<UnusableFilter> for StoreError {
    fn from(error: UnusableFilter) -> Self {
        Self::new(error)
    }
}

impl fmt::Display for UnusableFilter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Kind::TooLarge => f.write_str("the filter has more comparisons and values than it may have"),
            Kind::UnknownDatabase(name) => {
                write!(f, "it is not known that `{name}` compares text octet by octet")
            }
        }
    }
}

impl Error for UnusableFilter {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_says_what_is_wrong() {
        let unknown = UnusableFilter::unknown_database("MySQL");
        assert!(unknown.is_unknown_database() && !unknown.is_too_large());
        assert_eq!(unknown.to_string(), "it is not known that `MySQL` compares text octet by octet");
        assert_eq!(StoreError::from(unknown).to_string(), "store failed");
    }
}
