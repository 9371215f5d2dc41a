use std::fmt;

use http::StatusCode;
use portcullis_authz::engine::{Evaluation, Question, detail};
use portcullis_client::Fetched;
use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Decision, Reason};
use serde::de::{IgnoredAny, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use crate::answer;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::point::RemoteDecisionPoint;
use crate::protocol::{Protocol, Written};
use crate::remote::Remote;
use crate::shape::Shape;

/// An Open Policy Agent, asked over its data API.
///
/// It is asked by `POST {base}/v1/data/{path}` with the [question](Question) as `input`: policies see
/// `input.subject.id`, `input.subject.properties.roles`, `input.action.name`, `input.resource.type`,
/// `input.resource.id`, `input.resource.properties` and `input.context`. The answer is a boolean, or an object with a
/// boolean `allow` and, for the event, a `reason`. What is undefined is refused.
pub type Opa = Remote<OpaApi>;

/// What is particular to [`Opa`].
#[derive(Debug)]
pub struct OpaApi {
    path: Box<str>,
}

impl Opa {
    /// Asks the agent at this URL for the document `authz/allow`.
    pub fn at(base: impl Into<Box<str>>) -> Self {
        Self::new("opa", base, OpaApi { path: "authz/allow".into() })
    }

    /// Sets the document that is asked for: package and rule with slashes, such as `todo/allow` for the rule `allow` of
    /// the package `todo`. By default, it is `authz/allow`.
    pub fn path(mut self, path: impl Into<Box<str>>) -> Self {
        self.api.path = path.into();
        self
    }

    /// The finished decision point. Nothing is asked before the first question.
    ///
    /// # Errors
    /// Everything that is wrong: `P250` for a setting that cannot be used, `P110` for a limit of zero, `P609` if no
    /// HTTPS client can be set up.
    pub fn build(self, clock: &Clock) -> Result<RemoteDecisionPoint, ConfigErrors> {
        self.build_with(clock, |api, base, shape, client, errors| {
            if !is_path(&api.path) {
                let message = format!("`{}` is no path of a document of opa", Escaped::new(&api.path));
                errors.push(ConfigError::new(ConfigCode::InvalidDecisionPoint, message));
            }
            let path = if is_path(&api.path) { &*api.path } else { "" };
            let endpoint = errors.take(Endpoint::fixed(base, &format!("/v1/data/{path}"), client))?;
            Some(Speaking { endpoint, shape })
        })
    }
}

/// Names of packages and rules: what a URL carries as it is, and no `..`.
fn is_path(path: &str) -> bool {
    path.split('/').all(|segment| {
        !segment.is_empty()
            && !matches!(segment, "." | "..")
            && segment.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-._~".contains(&octet))
    })
}

struct Speaking {
    endpoint: Endpoint,
    shape: Shape,
}

#[derive(Serialize)]
struct Input<'q> {
    input: Evaluation<'q>,
}

#[derive(Deserialize)]
struct Answer {
    decision_id: Option<String>,
    result: Option<Said>,
}

/// A boolean, or an object with `allow`.
struct Said {
    allow: Option<bool>,
    reason: Option<Value>,
}

impl Protocol for Speaking {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn write(&self, question: &Question<'_>) -> Result<Written, Failure> {
        self.shape.write(question, |input| serde_json::to_vec(&Input { input }))
    }

    fn read(&self, answer: &Fetched) -> Result<Decision, Failure> {
        if answer.status == StatusCode::INTERNAL_SERVER_ERROR && is_of_the_question(answer) {
            return Err(Failure::Malformed("its policies fail with this question"));
        }
        let expected = "`result` is neither a boolean nor an object with a boolean `allow`";
        let answer: Answer = answer::json(answer, expected)?;
        let said = answer.result.unwrap_or(Said { allow: None, reason: None });
        let decision = Decision::allow_if(said.allow == Some(true), Reason::PolicyDenied);
        let reason = match (&said.reason, said.allow) {
            (Some(Value::String(reason)), _) => Some(reason.clone()),
            (Some(reason), _) => Some(reason.to_string()),
            (None, None) => Some("the document is undefined".to_owned()),
            (None, Some(_)) => None,
        };
        let id = answer.decision_id.map(|id| format!("decision {id}"));
        let told: Vec<String> = id.into_iter().chain(reason).collect();
        Ok(if told.is_empty() { decision } else { decision.because(detail(told.join(": "))) })
    }
}

/// Errors of policies that depend on the input, such as two values for one rule: the agent is well.
const OF_POLICIES: [&str; 3] = ["eval_builtin_error", "eval_conflict_error", "eval_type_error"];

#[derive(Deserialize)]
struct Trouble {
    errors: Vec<TroubleOfPolicy>,
}

#[derive(Deserialize)]
struct TroubleOfPolicy {
    code: String,
}

/// Whether the agent answered 500 for what one question alone may cause.
fn is_of_the_question(answer: &Fetched) -> bool {
    let trouble: Option<Trouble> = answer::is_json(answer).then(|| answer::object(&answer.body)).flatten();
    let errors = trouble.map(|trouble| trouble.errors).unwrap_or_default();
    !errors.is_empty() && errors.iter().all(|error| OF_POLICIES.contains(&error.code.as_str()))
}

impl<'de> Deserialize<'de> for Said {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(SaidVisitor)
    }
}

struct SaidVisitor;

impl<'de> Visitor<'de> for SaidVisitor {
    type Value = Said;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a boolean, or an object with a boolean `allow`")
    }

    fn visit_bool<E>(self, allow: bool) -> Result<Said, E> {
        Ok(Said { allow: Some(allow), reason: None })
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Said, A::Error> {
        let mut said = Said { allow: None, reason: None };
        while let Some(name) = members.next_key::<String>()? {
            match &*name {
                "allow" if said.allow.is_some() => return Err(serde::de::Error::duplicate_field("allow")),
                "allow" => said.allow = Some(members.next_value()?),
                "reason" => said.reason = Some(members.next_value()?),
                _ => drop(members.next_value::<IgnoredAny>()?),
            }
        }
        Ok(said)
    }
}
