use std::time::SystemTime;

use cedar_policy::{EntityTypeName, RestrictedExpression};
use portcullis_core::{Actor, ConfigCode, ConfigError, ConfigErrors, Decision, Principal, Reason};
use serde_json::Value;

use super::json;
use crate::shape::{Form, Shapes};

/// An attribute that the schema gives callers, and where its value comes from.
pub(super) struct Attribute {
    name: String,
    is_required: bool,
    fact: Fact,
}

#[derive(Clone, Copy)]
enum Fact {
    Claim(Form),
    Known(Known),
}

/// What every principal has or may have.
#[derive(Clone, Copy)]
enum Known {
    Acr,
    Actor,
    Amr,
    AuthTime,
    ClientId,
    Groups,
    Issuer,
    Method,
    Roles,
    Scopes,
    Subject,
    Tenant,
}

/// Named as AuthZEN subjects have them.
const KNOWN: &[(&str, Form, Known)] = &[
    ("acr", Form::Text, Known::Acr),
    ("actor", Form::Text, Known::Actor),
    ("amr", Form::Texts, Known::Amr),
    ("auth_time", Form::Number, Known::AuthTime),
    ("client_id", Form::Text, Known::ClientId),
    ("groups", Form::Texts, Known::Groups),
    ("issuer", Form::Text, Known::Issuer),
    ("method", Form::Text, Known::Method),
    ("roles", Form::Texts, Known::Roles),
    ("scopes", Form::Texts, Known::Scopes),
    ("subject", Form::Text, Known::Subject),
    ("tenant", Form::Text, Known::Tenant),
];

/// The attributes that callers of the type get: those that the schema declares, no others.
pub(super) fn attributes(
    entity_type: &EntityTypeName,
    claims: &[String],
    shapes: &Shapes,
) -> Result<Vec<Attribute>, ConfigErrors> {
    let mut errors = ConfigErrors::new();
    let mut refuse = |what| errors.push(ConfigError::new(ConfigCode::CedarCallerMismatch, what));
    for claim in claims.iter().filter(|claim| known(claim).is_some()) {
        refuse(format!("claim `{claim}` has the name of an attribute that every caller has"));
    }
    let mut attributes = Vec::new();
    for declared in shapes.attributes(entity_type) {
        let name = declared.name;
        let fact = match known(&name) {
            Some((form, _)) if form != declared.form => {
                refuse(format!(
                    "the schema gives `{entity_type}` the attribute `{name}`, which is {}",
                    words(form)
                ));
                continue;
            }
            Some((_, known)) => Fact::Known(known),
            None if claims.contains(&name) => Fact::Claim(declared.form),
            None if declared.is_required => {
                refuse(format!(
                    "the schema demands the attribute `{name}` of each `{entity_type}`, but no claim of that name is taken over"
                ));
                continue;
            }
            None => continue,
        };
        attributes.push(Attribute { name, is_required: declared.is_required, fact });
    }
    errors.into_result(attributes)
}

fn known(name: &str) -> Option<(Form, Known)> {
    KNOWN.iter().find(|(known, _, _)| *known == name).map(|(_, form, known)| (*form, *known))
}

fn words(form: Form) -> &'static str {
    match form {
        Form::Number => "a Long",
        Form::Texts => "a Set<String>",
        Form::Entity | Form::Flag | Form::Other | Form::Text => "a String",
    }
}

impl Attribute {
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Its value for the caller, if there is one.
    ///
    /// # Errors
    /// The refusal of a caller who lacks what the schema demands, or who has it in another type.
    pub(super) fn of(&self, caller: &Principal) -> Result<Option<RestrictedExpression>, Decision> {
        let value = match self.fact {
            Fact::Known(known) => known.of(caller),
            Fact::Claim(form) => match caller.claims().get(&self.name).filter(|value| !value.is_null()) {
                None => None,
                Some(value) if !fits(form, value) => {
                    return Err(self.mismatch("has another type than the schema says"));
                }
                Some(value) => match json::expression(value) {
                    Ok(value) => Some(value),
                    Err(why) => return Err(self.mismatch(why)),
                },
            },
        };
        if value.is_none() && self.is_required {
            return Err(self.mismatch("is missing, and the schema demands it"));
        }
        Ok(value)
    }

    fn mismatch(&self, why: &str) -> Decision {
        Decision::deny(Reason::ClaimMismatch).because(format!("the caller's `{}` {why}", self.name))
    }
}

impl Known {
    fn of(self, caller: &Principal) -> Option<RestrictedExpression> {
        let assurance = caller.assurance();
        match self {
            Self::Acr => assurance.acr.as_deref().map(text),
            Self::Actor => caller.actor().map(|actor| text(&called(actor))),
            Self::Amr => Some(texts(assurance.amr.iter().map(AsRef::as_ref))),
            Self::AuthTime => assurance.auth_time.and_then(seconds).map(RestrictedExpression::new_long),
            Self::ClientId => caller.client_id().map(text),
            Self::Groups => Some(texts(caller.groups())),
            Self::Issuer => caller.issuer().map(text),
            Self::Method => Some(text(caller.method().as_str())),
            Self::Roles => Some(texts(caller.roles())),
            Self::Scopes => Some(texts(caller.scopes().iter().map(|scope| scope.as_str()))),
            Self::Subject => Some(text(caller.subject())),
            Self::Tenant => caller.tenant().map(text),
        }
    }
}

/// Who acts for the caller, told apart as callers are; there is an actor even if nothing is known of it.
fn called(actor: &Actor) -> String {
    let name = actor.subject_name().or(actor.client_name()).unwrap_or_default();
    match actor.issuer_name() {
        Some(issuer) => format!("{issuer}#{name}"),
        None if name.contains('#') => format!("#{name}"),
        None => name.to_owned(),
    }
}

fn text(text: &str) -> RestrictedExpression {
    RestrictedExpression::new_string(text.to_owned())
}

fn texts<'a>(list: impl Iterator<Item = &'a str>) -> RestrictedExpression {
    RestrictedExpression::new_set(list.map(text))
}

fn seconds(at: SystemTime) -> Option<i64> {
    let since = at.duration_since(SystemTime::UNIX_EPOCH).ok()?;
    i64::try_from(since.as_secs()).ok()
}

fn fits(form: Form, value: &Value) -> bool {
    match form {
        Form::Flag => value.is_boolean(),
        Form::Number => value.is_i64(),
        Form::Text => value.is_string(),
        Form::Texts => value.as_array().is_some_and(|list| list.iter().all(Value::is_string)),
        // The engine looks at it with the schema in hand.
        Form::Entity | Form::Other => true,
    }
}
