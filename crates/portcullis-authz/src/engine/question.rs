use std::borrow::Cow;
use std::fmt;

use portcullis_core::escape::Escaped;
use portcullis_core::{Decision, Principal, Reason, RequestId, Step};
use serde::{Serialize, Serializer};
use serde_json::{Map, Value};

use super::evaluation::Evaluation;
use super::point::DecisionPoint;

/// How large a question may be, in octets of names and texts, the caller not counted: 16 KiB. What is known of the
/// caller is bounded where the credential is read.
pub const MAX_QUESTION_OCTETS: usize = 16 * 1024;

/// How many characters of an identifier are printed.
const SHOWN: usize = 64;

/// What a value takes at least, so that many small ones count too.
const VALUE: usize = 8;

/// Who wants to do what to which resource (AuthZEN Authorization API 1.0 §5).
///
/// ```
/// use portcullis_authz::engine::Question;
/// use portcullis_core::{CredentialMethod, Principal};
/// use serde_json::json;
///
/// let alice = Principal::builder("alice", CredentialMethod::Jwt).role("editor").build();
/// let question = Question::new(&alice, "can_update", "document", "7").with_attribute("owner", "bob");
/// assert_eq!(
///     serde_json::to_value(&question)?,
///     json!({
///         "subject": { "type": "user", "id": "alice", "properties": { "method": "jwt", "roles": ["editor"] } },
///         "action": { "name": "can_update" },
///         "resource": { "type": "document", "id": "7", "properties": { "owner": "bob" } },
///     }),
/// );
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Question<'a> {
    caller: &'a Principal,
    action: Cow<'a, str>,
    kind: Cow<'a, str>,
    id: Cow<'a, str>,
    attributes: Map<String, Value>,
    context: Map<String, Value>,
    request_id: Option<RequestId>,
    watched: bool,
    about_absent: bool,
    hides: bool,
}

impl<'a> Question<'a> {
    /// Whether the caller may do the action to the resource of this kind and identifier.
    #[must_use]
    pub fn new(
        caller: &'a Principal,
        action: impl Into<Cow<'a, str>>,
        kind: impl Into<Cow<'a, str>>,
        id: impl Into<Cow<'a, str>>,
    ) -> Self {
        Self {
            caller,
            action: action.into(),
            kind: kind.into(),
            id: id.into(),
            attributes: Map::new(),
            context: Map::new(),
            request_id: None,
            watched: false,
            about_absent: false,
            hides: false,
        }
    }

    /// Adds what is known of the resource. Of two with the same name the last counts.
    #[must_use]
    pub fn with_attributes(mut self, attributes: impl IntoIterator<Item = (String, Value)>) -> Self {
        self.attributes.extend(attributes);
        self
    }

    /// Adds one thing that is known of the resource.
    #[must_use]
    pub fn with_attribute(self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.with_attributes([(name.into(), value.into())])
    }

    /// Adds to what is known of the circumstances: the time, the network. Of two with the same name the last counts.
    #[must_use]
    pub fn with_context(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.context.insert(name.into(), value.into());
        self
    }

    /// Names the request that it is about, so that the engine's log can be read beside the audit event. It is no part
    /// of what is decided.
    #[must_use]
    pub fn with_request_id(self, request_id: RequestId) -> Self {
        Self { request_id: Some(request_id), ..self }
    }

    /// Says that the answer changes nothing: it is only watched, by [a mode](portcullis_core::Mode) that does not enforce
    /// it. It is no part of what is decided. By default, the answer decides.
    #[must_use]
    pub fn watched(self) -> Self {
        Self { watched: true, ..self }
    }

    /// Says that the resource does not exist, and that a stand-in is asked about
    /// ([`Absent::AskedAs`](crate::Absent::AskedAs)). It is no part of what is decided. By default, it exists.
    #[must_use]
    pub fn about_absent(self) -> Self {
        Self { about_absent: true, ..self }
    }

    /// Says that a refusal hides that the resource exists ([`OnDeny::Hide`](crate::OnDeny::Hide)). It is no part of what is
    /// decided. By default, it does not.
    #[must_use]
    pub fn hiding(self) -> Self {
        Self { hides: true, ..self }
    }

    /// Who.
    #[must_use]
    pub fn caller(&self) -> &'a Principal {
        self.caller
    }

    /// The name of what is to be done.
    #[must_use]
    pub fn action(&self) -> &str {
        &self.action
    }

    /// The kind of resource, such as `document`.
    #[must_use]
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Which resource of its kind. It may be text of the client.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is known of the resource.
    #[must_use]
    pub fn attributes(&self) -> &Map<String, Value> {
        &self.attributes
    }

    /// What is known of the circumstances.
    #[must_use]
    pub fn context(&self) -> &Map<String, Value> {
        &self.context
    }

    /// The name of the request that it is about.
    #[must_use]
    pub fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }

    /// Whether the answer changes nothing. A decision point that others wait for too keeps places for those whose answer
    /// does.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.watched
    }

    /// Whether the resource does not exist. A decision point remembers no answer to such a question: it is none about a resource
    /// that is made later. Else it does the same for it as for others.
    #[must_use]
    pub fn is_about_absent(&self) -> bool {
        self.about_absent
    }

    /// Whether a refusal hides that the resource exists. A decision point that remembers answers remembers no refusal then: by its
    /// time it would tell what was asked before, and so what exists.
    #[must_use]
    pub fn hides(&self) -> bool {
        self.hides
    }

    /// The question as the body of an AuthZEN evaluation request, to be shaped further.
    pub fn evaluation(&self) -> Evaluation<'_> {
        Evaluation::new(self)
    }

    /// Asks the decision point; a question larger than [`MAX_QUESTION_OCTETS`], or one with an empty caller, action, kind
    /// or identifier, is refused unasked.
    pub fn put_to(&self, point: &(impl DecisionPoint + ?Sized)) -> Step<Decision> {
        if [self.caller.subject(), &*self.action, &*self.kind, &*self.id].contains(&"") {
            let why = "the question leaves out who, what or which, and was not put to the engine";
            return Step::Done(Decision::deny(Reason::PolicyDenied).because(why));
        }
        if self.is_within(MAX_QUESTION_OCTETS) {
            return point.decide(self);
        }
        let why =
            format!("the question is larger than {MAX_QUESTION_OCTETS} octets and was not put to the engine");
        Step::Done(Decision::deny(Reason::PolicyDenied).because(why))
    }

    fn is_within(&self, limit: usize) -> bool {
        let names = self.action.len() + self.kind.len() + self.id.len();
        let mut left = limit.checked_sub(names);
        let mut values: Vec<&Value> = Vec::new();
        for map in [&self.attributes, &self.context] {
            left = left.and_then(|left| left.checked_sub(names_of(map)));
            values.extend(map.values());
        }
        while let (Some(room), Some(value)) = (left, values.pop()) {
            let taken = match value {
                Value::String(text) => text.len(),
                Value::Object(members) => {
                    values.extend(members.values());
                    names_of(members)
                }
                Value::Array(list) => {
                    values.extend(list);
                    0
                }
                Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            };
            left = room.checked_sub(taken.saturating_add(VALUE));
        }
        left.is_some()
    }
}

fn names_of(members: &Map<String, Value>) -> usize {
    members.keys().map(|name| name.len() + VALUE).sum()
}

/// The body of an AuthZEN evaluation request (Authorization API 1.0 §6).
impl Serialize for Question<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.evaluation().serialize(serializer)
    }
}

/// As events show it: `can_update document/7`.
impl fmt::Display for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (action, kind) = (Escaped::new(&self.action), Escaped::new(&self.kind));
        write!(f, "{action} {kind}/{}", Escaped::new(&self.id).with_limit(SHOWN))
    }
}

/// Prints no attribute: they may be personal data.
impl fmt::Debug for Question<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Question({self})")
    }
}
