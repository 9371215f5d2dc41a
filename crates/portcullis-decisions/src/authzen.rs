use portcullis_authz::engine::{Question, detail};
use portcullis_client::Fetched;
use portcullis_core::{Clock, ConfigErrors, Decision, Reason};
use serde::Deserialize;
use serde_json::Value;

use crate::answer;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::point::RemoteDecisionPoint;
use crate::protocol::{Protocol, Written};
use crate::remote::Remote;
use crate::shape::Shape;

/// A decision point that speaks the AuthZEN Authorization API 1.0.
///
/// It is asked by `POST {base}/access/v1/evaluation` with the [question](Question) as it is serialised, and answers
/// `{"decision": true}` or `{"decision": false}`; what its `context` says goes to the event.
pub type AuthZen = Remote<AuthZenApi>;

/// What is particular to [`AuthZen`].
#[derive(Debug)]
pub struct AuthZenApi {
    discovers: bool,
}

impl AuthZen {
    /// Asks at `{base}/access/v1/evaluation` (Authorization API 1.0 §10.1).
    pub fn at(base: impl Into<Box<str>>) -> Self {
        Self::new("authzen", base, AuthZenApi { discovers: false })
    }

    /// Asks where the metadata of this decision point says (`/.well-known/authzen-configuration`, §9). The endpoint
    /// must be of the same origin. It is looked up when the first question is asked, and again after an hour or a
    /// failure.
    pub fn discover(base: impl Into<Box<str>>) -> Self {
        Self::new("authzen", base, AuthZenApi { discovers: true })
    }

    /// The finished decision point. Nothing is asked before the first question.
    ///
    /// # Errors
    /// Everything that is wrong: `P250` for a setting that cannot be used, `P110` for a limit of zero, `P609` if no
    /// HTTPS client can be set up.
    pub fn build(self, clock: &Clock) -> Result<RemoteDecisionPoint, ConfigErrors> {
        self.build_with(clock, |api, base, shape, client, errors| {
            let endpoint = match api.discovers {
                true => Endpoint::discovered(base, client),
                false => Endpoint::fixed(base, "/access/v1/evaluation", client),
            };
            Some(Speaking { endpoint: errors.take(endpoint)?, shape })
        })
    }
}

struct Speaking {
    endpoint: Endpoint,
    shape: Shape,
}

#[derive(Deserialize)]
struct Answer {
    decision: bool,
    context: Option<Value>,
}

impl Protocol for Speaking {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn write(&self, question: &Question<'_>) -> Result<Written, Failure> {
        self.shape.write(question, |evaluation| serde_json::to_vec(&evaluation))
    }

    fn read(&self, answer: &Fetched) -> Result<Decision, Failure> {
        let answer: Answer = answer::json(answer, "it is no object with a boolean `decision`")?;
        let decision = Decision::allow_if(answer.decision, Reason::PolicyDenied);
        Ok(match answer.context {
            Some(context) => decision.because(detail(context)),
            None => decision,
        })
    }
}
