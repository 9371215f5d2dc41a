//! Configuration errors: every one of them at once, each with a code.

use std::error::Error;
use std::fmt;

use crate::registry::ConfigCode;

/// One thing that is wrong with a configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfigError {
    code: ConfigCode,
    message: String,
}

impl ConfigError {
    /// The message is lower case, has no full stop, and puts what the user wrote in backticks.
    #[must_use]
    pub fn new(code: ConfigCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> ConfigCode {
        self.code
    }

    /// What is wrong, in words.
    #[must_use]
    pub fn message(&self) -> &str {
        &self.message
    }
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code.code(), self.message)
    }
}

impl Error for ConfigError {}

/// Everything that is wrong with a configuration, reported together.
///
/// ```
/// use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};
///
/// let mut errors = ConfigErrors::new();
/// errors.push(ConfigError::new(ConfigCode::MissingAudience, "issuer `https://a.example` has no audience"));
/// errors.push(ConfigError::new(ConfigCode::NoAuditSink, "no audit sink"));
/// let errors = errors.into_result(()).unwrap_err();
/// assert_eq!(errors.codes().collect::<Vec<_>>(), ["P601", "P503"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ConfigErrors(Vec<ConfigError>);

impl ConfigErrors {
    /// No error yet.
    #[must_use]
    pub const fn new() -> Self {
        Self(Vec::new())
    }

    /// Adds one.
    pub fn push(&mut self, error: ConfigError) {
        self.0.push(error);
    }

    /// Adds the error of a result and keeps its value.
    pub fn take<T>(&mut self, result: Result<T, impl Into<Self>>) -> Option<T> {
        match result {
            Ok(value) => Some(value),
            Err(errors) => {
                self.0.extend(errors.into().0);
                None
            }
        }
    }

    /// The value if nothing is wrong, else everything that is.
    ///
    /// # Errors
    /// Itself, if it holds an error.
    pub fn into_result<T>(self, value: T) -> Result<T, Self> {
        if self.0.is_empty() { Ok(value) } else { Err(self) }
    }

    /// The same errors, each with the place that it was found at in front: a route, a file.
    #[must_use]
    pub fn located(self, place: &str) -> Self {
        Self(
            self.0.into_iter().map(|e| ConfigError::new(e.code, format!("{place}: {}", e.message))).collect(),
        )
    }

    /// The errors in the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &ConfigError> {
        self.0.iter()
    }

    /// The codes in the order in which the errors were found.
    pub fn codes(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().map(|error| error.code.code())
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<ConfigError> for ConfigErrors {
    fn from(error: ConfigError) -> Self {
        Self(vec![error])
    }
}

impl Extend<ConfigError> for ConfigErrors {
    fn extend<I: IntoIterator<Item = ConfigError>>(&mut self, errors: I) {
        self.0.extend(errors);
    }
}

impl IntoIterator for ConfigErrors {
    type Item = ConfigError;
    type IntoIter = std::vec::IntoIter<ConfigError>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("no configuration error"),
            [only] => only.fmt(f),
            all => {
                write!(f, "{} configuration errors", all.len())?;
                all.iter().try_for_each(|error| write!(f, "\n  {error}"))
            }
        }
    }
}

impl Error for ConfigErrors {}
