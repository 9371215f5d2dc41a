//! The words that rules are written with.
//!
//! They never fail, so that a route table reads well; [`Rule::lint`] says what is wrong with what was written,
//! and a broken word refuses every request with 500.

use std::sync::Arc;

use portcullis_core::{Decision, RequestView};
use serde_json::Value;

use super::Rule;
use super::node::{Custom, Named, Node};
use super::scope_list::{Quantity, ScopeList};

/// Satisfied by a caller whose credential carries the scope (RFC 6749 §3.3).
pub fn scope(scope: impl AsRef<str>) -> Rule {
    scopes(Quantity::One, [scope])
}

/// Satisfied by a caller whose credential carries one of the scopes, at least.
///
/// The challenge of a refusal names the first one written.
pub fn any_scope(any: impl IntoIterator<Item = impl AsRef<str>>) -> Rule {
    scopes(Quantity::Any, any)
}

/// Satisfied by a caller whose credential carries every one of the scopes.
pub fn all_scopes(all: impl IntoIterator<Item = impl AsRef<str>>) -> Rule {
    scopes(Quantity::All, all)
}

/// Satisfied by a caller who has the role, compared octet by octet, or one that includes it by the role model that the
/// rule is [bound](Rule::within) to.
pub fn role(role: impl AsRef<str>) -> Rule {
    Rule::new(Node::Role(Named { name: role.as_ref().into(), model: None }))
}

/// Satisfied by a caller of whose roles one has the permission, by the role model that the rule is
/// [bound](Rule::within) to. Without a model it is an error (`P218`) when the configuration is read.
///
/// ```
/// use portcullis_authz::{RoleModel, Vocabulary, permission};
///
/// let model = RoleModel::builder().role("editor").permits("documents:write").build()?;
/// let rule = permission("documents:write").within(&Vocabulary::new().with_roles(model))?;
/// assert_eq!(rule.to_string(), "permission(documents:write)");
///
/// assert_eq!(permission("documents:write").lint()[0].code().code(), "P218");
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
pub fn permission(permission: impl AsRef<str>) -> Rule {
    Rule::new(Node::Permission(Named { name: permission.as_ref().into(), model: None }))
}

/// Satisfied by a caller whose claim of that name equals the value, or is a list that has it as a member.
///
/// Text is compared octet by octet; a number never equals a text.
///
/// ```
/// use portcullis_authz::claim;
///
/// assert_eq!(claim("department", "sales").to_string(), r#"claim(department = "sales")"#);
/// ```
pub fn claim(name: impl AsRef<str>, value: impl Into<Value>) -> Rule {
    Rule::new(Node::Claim(name.as_ref().into(), value.into()))
}

/// Satisfied by a caller who is no OAuth client on its own behalf (OWASP ASVS 10.3.3, RFC 9068 §5): the subject of a
/// token from the client credentials grant is the client, and must not be taken for a person.
///
/// What tells a client is [`Principal::is_client`](portcullis_core::Principal::is_client). A caller of a scheme
/// without clients, such as a password or an API key, satisfies it.
pub fn user_only() -> Rule {
    Rule::new(Node::User)
}

/// Satisfied by every caller who is known.
pub fn authenticated() -> Rule {
    Rule::new(Node::Authenticated)
}

/// Satisfied by a request of a route with authentication that came without credentials.
///
/// The one word that lets a request pass without a caller: `anonymous().or(authenticated())` admits everybody
/// who sent no bad credential.
pub fn anonymous() -> Rule {
    Rule::new(Node::Anonymous)
}

/// A predicate of one's own over the head of a request. The name stands for it in route tables and audit events.
///
/// The predicate must be quick and without side effects: it may be asked more than once for one request. It is
/// not asked for a request without a caller unless the rule also says [`anonymous`]. A decision whose reason is
/// a failure of the server (such as [`Reason::StoreUnavailable`](portcullis_core::Reason)) refuses with that
/// failure, also under a negation.
///
/// ```
/// use portcullis_authz::{rule_fn, scope};
/// use portcullis_core::{Decision, Reason};
///
/// let internal = rule_fn("internal client", |request| {
///     let internal = request.principal().and_then(|caller| caller.client_id()) == Some("back-office");
///     Decision::allow_if(internal, Reason::PolicyDenied)
/// });
/// assert_eq!(scope("reports").and(internal).to_string(), "scope(reports) and rule(internal client)");
/// ```
pub fn rule_fn(
    name: impl AsRef<str>,
    predicate: impl Fn(&RequestView<'_>) -> Decision + Send + Sync + 'static,
) -> Rule {
    Rule::new(Node::Custom(Custom {
        word: "rule",
        name: name.as_ref().into(),
        predicate: Arc::new(predicate),
    }))
}

fn scopes(quantity: Quantity, scopes: impl IntoIterator<Item = impl AsRef<str>>) -> Rule {
    let written = scopes.into_iter().map(|scope| scope.as_ref().into()).collect();
    Rule::new(Node::Scopes(ScopeList::new(quantity, written)))
}
