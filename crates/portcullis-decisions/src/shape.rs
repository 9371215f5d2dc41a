//! What is told of the caller.

use std::sync::Arc;

use portcullis_authz::engine::{Evaluation, Question};
use portcullis_core::Principal;
use serde_json::{Map, Value};

use crate::failure::Failure;
use crate::protocol::Written;

#[derive(Clone, Default)]
pub(crate) struct Shape {
    pub(crate) subject_type: Option<Box<str>>,
    pub(crate) claims: Vec<Box<str>>,
    pub(crate) properties: Vec<(Box<str>, Property)>,
}

/// What is known of a caller, by a name of the engine's own.
pub(crate) type Property = Arc<dyn Fn(&Principal) -> Value + Send + Sync>;

impl Shape {
    /// The question as JSON, with the caller as the settings say.
    pub(crate) fn write(
        &self,
        question: &Question<'_>,
        write: impl FnOnce(Evaluation<'_>) -> serde_json::Result<Vec<u8>>,
    ) -> Result<Written, Failure> {
        let read = |(name, read): &(Box<str>, Property)| (name.to_string(), read(question.caller()));
        let own: Map<String, Value> = self.properties.iter().map(read).collect();
        let evaluation = question.evaluation().with_claims(&self.claims).with_properties(&own);
        let evaluation = match &self.subject_type {
            Some(subject_type) => evaluation.with_subject_type(subject_type),
            None => evaluation,
        };
        write(evaluation).map(Written::Ask).map_err(|_| Failure::Unwritable)
    }
}
