//! What the engines differ in.

use portcullis_authz::engine::Question;
use portcullis_client::Fetched;
use portcullis_core::Decision;

use crate::endpoint::Endpoint;
use crate::failure::Failure;

/// How an engine is asked and what its answers mean.
pub(crate) trait Protocol: Send + Sync + 'static {
    /// Where it is asked.
    fn endpoint(&self) -> &Endpoint;

    /// The question in the engine's words.
    fn write(&self, question: &Question<'_>) -> Result<Written, Failure>;

    /// What the engine decided.
    fn read(&self, answer: &Fetched) -> Result<Decision, Failure>;
}

pub(crate) enum Written {
    /// The body of the request.
    Ask(Vec<u8>),
    /// What the engine has no words for it cannot allow.
    Refused(Decision),
}
