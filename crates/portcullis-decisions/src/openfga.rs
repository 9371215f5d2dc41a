use std::fmt;
use std::sync::Arc;

use http::StatusCode;
use portcullis_authz::engine::{Question, detail};
use portcullis_client::Fetched;
use portcullis_core::escape::Escaped;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Decision, Principal, Reason};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::answer;
use crate::endpoint::Endpoint;
use crate::failure::Failure;
use crate::point::RemoteDecisionPoint;
use crate::protocol::{Protocol, Written};
use crate::remote::Remote;
use crate::shape::Shape;

/// How many contextual tuples one question may have.
pub const MAX_CONTEXTUAL_TUPLES: usize = 20;

/// OpenFGA, asked over its HTTP API whether a relation holds.
///
/// It is asked by `POST {base}/stores/{store}/check`. The caller is `user:{subject}` (`client:{subject}` for a client on
/// its own behalf) if the application itself knows it, or if the [`home_issuer`](OpenFga::home_issuer) vouches for it where there is
/// one, and refused unasked otherwise; the relation is the action, the object is `{kind}:{id}`; the context of the question goes along for
/// conditions, attributes do not: relations stand for them. What cannot be written as such a tuple, such as an
/// identifier with a space or a colon, and the wildcard `*`, is refused unasked; so is, by OpenFGA, a type or a relation
/// that the model does not have.
pub type OpenFga = Remote<OpenFgaApi>;

/// What is particular to [`OpenFga`].
pub struct OpenFgaApi {
    store: Box<str>,
    model: Option<Box<str>>,
    consistent: bool,
    user: User,
    tuples: Option<Tuples>,
}

/// What the caller is called.
enum User {
    /// By subject, if just this issuer vouches for the caller, or none where there is no home.
    OfIssuer(Option<Box<str>>),
    SubjectAlone,
    By(NameUser),
}

type NameUser = Arc<dyn Fn(&Principal) -> Option<String> + Send + Sync>;
type Tuples = Arc<dyn Fn(&Question<'_>) -> Vec<Tuple> + Send + Sync>;

/// A relation between a user and an object, such as `user:alice`, `editor`, `document:7`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Tuple {
    user: String,
    relation: String,
    object: String,
}

impl Tuple {
    /// This user has this relation to this object.
    #[must_use]
    pub fn new(user: impl Into<String>, relation: impl Into<String>, object: impl Into<String>) -> Self {
        Self { user: user.into(), relation: relation.into(), object: object.into() }
    }

    /// Whether OpenFGA has words for it: no space, one colon in each name, no `#` and no `*` (which would mean other
    /// users, and all).
    fn is_plain(&self) -> bool {
        is_entity(&self.user, 512)
            && is_entity(&self.object, 256)
            && is_word(&self.relation, 50)
            && !self.relation.contains('@')
    }
}

fn is_entity(name: &str, limit: usize) -> bool {
    let Some((kind, id)) = name.split_once(':') else { return false };
    name.len() <= limit && is_word(kind, 254) && is_word(id, limit) && id != "*"
}

fn is_word(text: &str, limit: usize) -> bool {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !matches!(c, ':' | '#');
    !text.is_empty() && text.len() <= limit && text.chars().all(is_plain)
}

impl OpenFga {
    /// Asks the store of this identifier at this URL.
    pub fn at(base: impl Into<Box<str>>, store: impl Into<Box<str>>) -> Self {
        let api = OpenFgaApi {
            store: store.into(),
            model: None,
            consistent: false,
            user: User::OfIssuer(None),
            tuples: None,
        };
        Self::new("openfga", base, api)
    }

    /// Pins the authorization model, as OpenFGA recommends. By default, the latest one decides.
    pub fn model(mut self, id: impl Into<Box<str>>) -> Self {
        self.api.model = Some(id.into());
        self
    }

    /// Asks OpenFGA not to answer from its own caches (`HIGHER_CONSISTENCY`). By default, it decides itself.
    pub fn higher_consistency(mut self) -> Self {
        self.api.consistent = true;
        self
    }

    /// Sets whose callers are `user:{subject}`. By default, these are callers without an issuer, whom the application itself
    /// knows: two issuers may give the same subject to two people. All others are refused unasked, with a home issuer those whom
    /// the application itself knows too.
    pub fn home_issuer(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.api.user = User::OfIssuer(Some(issuer.into()));
        self
    }

    /// Writes the caller as the function says, such as `user:7`; nobody for whom it has no word is allowed anything. By
    /// default, it is `user:{subject}` or `client:{subject}`, for callers of the [home issuer](Self::home_issuer).
    ///
    /// Where callers of several issuers come, the same subject may be two people: let the function tell them apart.
    pub fn user_by(mut self, user: impl Fn(&Principal) -> Option<String> + Send + Sync + 'static) -> Self {
        self.api.user = User::By(Arc::new(user));
        self
    }

    /// Calls every caller by its subject alone, whoever vouches for it.
    ///
    /// # What must protect instead
    /// Two issuers may give the same subject to two people, who are one to OpenFGA then. The schemes must take tokens of a
    /// single issuer, and subjects must not be names of the application's own users.
    pub fn insecure_subject_alone(mut self) -> Self {
        self.api.user = User::SubjectAlone;
        self
    }

    /// Sends these relations along, which hold for this question alone: roles of the caller's token, say. More than
    /// [`MAX_CONTEXTUAL_TUPLES`], or one that cannot be written, is refused. By default, there are none.
    pub fn contextual_tuples(
        mut self,
        tuples: impl Fn(&Question<'_>) -> Vec<Tuple> + Send + Sync + 'static,
    ) -> Self {
        self.api.tuples = Some(Arc::new(tuples));
        self
    }

    /// The finished decision point. Nothing is asked before the first question.
    ///
    /// # Errors
    /// Everything that is wrong: `P250` for a setting that cannot be used, `P110` for a limit of zero, `P609` if no
    /// HTTPS client can be set up.
    pub fn build(self, clock: &Clock) -> Result<RemoteDecisionPoint, ConfigErrors> {
        self.build_with(clock, |api, base, shape, client, errors| {
            for (what, id) in [("store", Some(&api.store)), ("model", api.model.as_ref())] {
                let Some(id) = id.filter(|id| !is_identifier(id)) else { continue };
                let message = format!("`{}` is no identifier of a {what} of openfga", Escaped::new(id));
                errors.push(ConfigError::new(ConfigCode::InvalidDecisionPoint, message));
            }
            let store = if is_identifier(&api.store) { &*api.store } else { "" };
            let path = format!("/stores/{store}/check");
            let endpoint = errors.take(Endpoint::fixed(base, &path, client))?;
            Some(Speaking { endpoint, shape, api })
        })
    }
}

const OF_ANOTHER_ISSUER: &str = "the caller is not the home issuer's: its subject may be somebody else's, and was not \
                                 asked about: say `home_issuer` or `user_by`";

/// ULIDs, and what other stores make.
fn is_identifier(id: &str) -> bool {
    !id.is_empty() && id.bytes().all(|octet| octet.is_ascii_alphanumeric() || b"-_".contains(&octet))
}

struct Speaking {
    endpoint: Endpoint,
    shape: Shape,
    api: OpenFgaApi,
}

#[derive(Serialize)]
struct Check<'q> {
    tuple_key: Tuple,
    #[serde(skip_serializing_if = "Option::is_none")]
    authorization_model_id: Option<&'q str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    contextual_tuples: Option<TupleKeys>,
    #[serde(skip_serializing_if = "Option::is_none")]
    context: Option<&'q Map<String, Value>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    consistency: Option<&'static str>,
}

#[derive(Serialize)]
struct TupleKeys {
    tuple_keys: Vec<Tuple>,
}

#[derive(Deserialize)]
struct Answer {
    allowed: bool,
}

#[derive(Deserialize)]
struct Refusal {
    code: String,
    message: Option<String>,
}

impl Speaking {
    fn user(&self, caller: &Principal) -> Result<String, &'static str> {
        match &self.api.user {
            User::By(user) => {
                return user(caller).ok_or("nobody says what the caller is called, who was not asked about");
            }
            User::OfIssuer(home) if caller.issuer() != home.as_deref() => {
                return Err(OF_ANOTHER_ISSUER);
            }
            User::OfIssuer(_) | User::SubjectAlone => {}
        }
        let kind = if caller.is_client() { "client" } else { "user" };
        Ok(format!("{}:{}", self.shape.subject_type.as_deref().unwrap_or(kind), caller.subject()))
    }

    /// The tuple that is asked about and those that go along.
    ///
    /// # Errors
    /// Why OpenFGA has no words for them.
    fn tuples(&self, question: &Question<'_>) -> Result<(Tuple, Vec<Tuple>), &'static str> {
        let object = format!("{}:{}", question.kind(), question.id());
        let asked = Tuple::new(self.user(question.caller())?, question.action(), object);
        let along = self.api.tuples.as_ref().map(|tuples| tuples(question)).unwrap_or_default();
        let plain = asked.is_plain() && along.iter().all(Tuple::is_plain);
        if plain && along.len() <= MAX_CONTEXTUAL_TUPLES {
            Ok((asked, along))
        } else {
            Err("the question cannot be written as a tuple, and was not asked")
        }
    }
}

impl Protocol for Speaking {
    fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    fn write(&self, question: &Question<'_>) -> Result<Written, Failure> {
        let (tuple_key, along) = match self.tuples(question) {
            Ok(tuples) => tuples,
            Err(why) => return Ok(Written::Refused(Decision::deny(Reason::PolicyDenied).because(why))),
        };
        let check = Check {
            tuple_key,
            authorization_model_id: self.api.model.as_deref(),
            contextual_tuples: (!along.is_empty()).then_some(TupleKeys { tuple_keys: along }),
            context: Some(question.context()).filter(|context| !context.is_empty()),
            consistency: self.api.consistent.then_some("HIGHER_CONSISTENCY"),
        };
        Ok(Written::Ask(serde_json::to_vec(&check).map_err(|_| Failure::Unwritable)?))
    }

    fn read(&self, answer: &Fetched) -> Result<Decision, Failure> {
        if answer.status == StatusCode::BAD_REQUEST && answer::is_json(answer) {
            return refusal(&answer.body).ok_or(Failure::Status(400));
        }
        let answer: Answer = answer::json(answer, "it is no object with a boolean `allowed`")?;
        Ok(Decision::allow_if(answer.allowed, Reason::PolicyDenied))
    }
}

/// A question that makes no sense in the model: nothing there could allow it.
fn refusal(body: &[u8]) -> Option<Decision> {
    let refusal = answer::object(body).filter(|refusal: &Refusal| refusal.code == "validation_error")?;
    let message = refusal.message.unwrap_or_default();
    Some(Decision::deny(Reason::PolicyDenied).because(detail(format_args!("validation_error: {message}"))))
}

impl fmt::Debug for OpenFgaApi {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenFgaApi")
            .field("store", &self.store)
            .field("model", &self.model)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// What is written as a tuple is read as that tuple: no other user, no set of users, no other object.
        #[test]
        fn a_plain_tuple_has_one_meaning(user in "\\PC{0,12}", relation in "\\PC{0,12}", object in "\\PC{0,12}") {
            let tuple = Tuple::new(format!("user:{user}"), &*relation, format!("document:{object}"));
            let special = |text: &str| {
                text.is_empty() || text.contains([':', '#']) || text.contains(char::is_whitespace)
            };
            let odd = special(&user) || special(&object) || special(&relation);
            let odd = odd || user == "*" || object == "*" || relation.contains('@') || relation.len() > 50;
            prop_assert_eq!(tuple.is_plain(), !odd);
        }
    }
}
