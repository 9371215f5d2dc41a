//! What keeps the service from starting.

use std::error::Error;
use std::fmt;
use std::io;
use std::net::SocketAddr;

use portcullis::ConfigErrors;
use portcullis::core::StoreError;
use thiserror::Error;

use crate::database::OpenError;
use crate::demo::DemoError;
use crate::signing_key::KeyError;

/// One thing that keeps the service from starting.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum StartError {
    #[error("the configuration does not make sense")]
    Configuration(#[from] ConfigErrors),
    #[error("{0}")]
    Contradiction(&'static str),
    #[error(transparent)]
    Database(#[from] OpenError),
    #[error(transparent)]
    Demo(#[from] DemoError),
    #[error("the folder `{path}` cannot be created")]
    Folder { path: String, source: io::Error },
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("cannot listen on {address}")]
    Listen { address: SocketAddr, source: io::Error },
    #[error("the database cannot be read")]
    Store(#[from] StoreError),
}

/// Everything that was found to keep the service from starting, each with its causes on a line of its own.
#[derive(Debug, Default)]
pub struct StartErrors(Vec<StartError>);

impl StartErrors {
    /// In the order in which they were found.
    pub fn iter(&self) -> impl Iterator<Item = &StartError> {
        self.0.iter()
    }

    /// Keeps the error of a result, or gives its value.
    pub(crate) fn take<T>(&mut self, result: Result<T, impl Into<StartError>>) -> Option<T> {
        result.map_err(|error| self.0.push(error.into())).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_result(self) -> Result<(), Self> {
        if self.0.is_empty() { Ok(()) } else { Err(self) }
    }

    fn lines(&self) -> Vec<String> {
        let lines = self.0.iter().flat_map(|error| match error {
            StartError::Configuration(errors) => errors.iter().map(ToString::to_string).collect(),
            error => vec![with_causes(error)],
        });
        lines.collect()
    }
}

impl FromIterator<StartError> for StartErrors {
    fn from_iter<I: IntoIterator<Item = StartError>>(errors: I) -> Self {
        Self(errors.into_iter().collect())
    }
}

impl<E: Into<StartError>> From<E> for StartErrors {
    fn from(error: E) -> Self {
        Self(vec![error.into()])
    }
}

impl fmt::Display for StartErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.lines().as_slice() {
            [only] => f.write_str(only),
            all => {
                write!(f, "{} things keep the service from starting", all.len())?;
                all.iter().try_for_each(|line| write!(f, "\n  {line}"))
            }
        }
    }
}

impl Error for StartErrors {}

/// The error, and what was behind it.
pub fn with_causes(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(&format!(": {error}"));
        cause = error.source();
    }
    text
}
