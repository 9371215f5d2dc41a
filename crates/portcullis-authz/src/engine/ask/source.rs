//! Where the parts of a question come from.

use std::sync::Arc;

use portcullis_core::{Denial, RequestView};
use serde_json::Value;

use crate::guard::PathParameters;

/// Which resource.
#[derive(Clone)]
pub(super) enum Id {
    /// A parameter of the path.
    Path(Box<str>),
    /// The template of the route that matched.
    Route,
    Text(Box<str>),
}

/// The value of an attribute.
#[derive(Clone)]
pub(super) enum Source {
    /// A parameter of the path.
    Path(Box<str>),
    Read(Arc<dyn Fn(&RequestView<'_>) -> Value + Send + Sync>),
    Value(Value),
}

impl Source {
    pub(super) fn read(&self, request: &RequestView<'_>) -> Result<Value, Denial> {
        match self {
            Self::Path(parameter) => PathParameters::of(request, parameter).map(Value::from),
            Self::Read(read) => Ok(read(request)),
            Self::Value(value) => Ok(value.clone()),
        }
    }

    pub(super) fn parameter(&self) -> Option<&str> {
        match self {
            Self::Path(parameter) => Some(parameter),
            Self::Read(_) | Self::Value(_) => None,
        }
    }
}
