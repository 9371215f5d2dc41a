//! The words for conditions on the caller's surroundings.

use std::sync::Arc;
use std::time::SystemTime;

use portcullis_core::{CredentialMethod, Decision, Reason, RequestView};

use super::Attribute;
use super::network::Networks;
use super::time::Window;
use crate::rule::Rule;
use crate::rule::node::{Custom, Node};

/// Satisfied by a caller whose tenant is the one that this path parameter names, octet by octet, once
/// percent-decoded: with `/tenants/{tenant}/invoices`, `tenant_matches("tenant")` keeps every other tenant out.
///
/// A caller without a tenant is refused. Refused with 403 `tenant_mismatch`, whether or not there is such a tenant; a
/// route without that parameter is 500 `misconfigured`.
///
/// ```
/// use portcullis_authz::{scope, tenant_matches};
///
/// let rule = scope("invoices:read").and(tenant_matches("tenant"));
/// assert_eq!(rule.to_string(), "scope(invoices:read) and tenant_matches(tenant)");
/// ```
pub fn tenant_matches(parameter: impl AsRef<str>) -> Rule {
    attribute(Attribute::Tenant(parameter.as_ref().into()))
}

/// Satisfied by every caller, whichever tenant this path parameter names: a route by which operators reach every tenant
/// says so, beside others of which [`tenant_matches`] is asked (`P229`).
///
/// # Security
/// Nothing keeps tenants apart then: name a role, a permission or a scope that operators alone have beside it.
///
/// ```
/// use portcullis_authz::{danger_any_tenant, role, tenant_matches};
///
/// let rule = tenant_matches("tenant").or(role("operator").and(danger_any_tenant("tenant")));
/// assert_eq!(rule.to_string(), "tenant_matches(tenant) or (role(operator) and danger_any_tenant(tenant))");
/// assert!(rule.lint().is_empty());
///
/// // Alone it admits everybody.
/// assert_eq!(danger_any_tenant("tenant").lint()[0].code().code(), "P216");
/// ```
pub fn danger_any_tenant(parameter: impl AsRef<str>) -> Rule {
    attribute(Attribute::AnyTenant(parameter.as_ref().into()))
}

/// Satisfied by a request from this network or address, such as `10.0.0.0/8` or `2001:db8::1`: the client's address
/// as trusted proxies tell it. A client whose address is not known satisfies neither this nor its negation, and is refused
/// where the network is [forbidden](crate::forbid).
///
/// Text that is no network is an error (`P404`) when the configuration is read.
pub fn network(network: impl AsRef<str>) -> Rule {
    any_network([network])
}

/// Satisfied by a request from one of these networks; see [`network`].
pub fn any_network(any: impl IntoIterator<Item = impl AsRef<str>>) -> Rule {
    attribute(Attribute::Networks(Networks::new(texts(any))))
}

/// Satisfied by a caller who was authenticated by this kind of credential.
///
/// ```
/// use portcullis_authz::via_method;
/// use portcullis_core::CredentialMethod;
///
/// assert_eq!((!via_method(CredentialMethod::Basic)).to_string(), "not via_method(basic)");
/// ```
pub fn via_method(method: CredentialMethod) -> Rule {
    attribute(Attribute::Method(method))
}

/// Satisfied by a caller who uses this OAuth client (`client_id`), compared octet by octet.
pub fn client(client: impl AsRef<str>) -> Rule {
    any_client([client])
}

/// Satisfied by a caller who uses one of these OAuth clients.
pub fn any_client(any: impl IntoIterator<Item = impl AsRef<str>>) -> Rule {
    attribute(Attribute::Clients(texts(any)))
}

/// Satisfied by a caller who is in the group, compared octet by octet.
pub fn group(group: impl AsRef<str>) -> Rule {
    attribute(Attribute::Group(group.as_ref().into()))
}

/// Satisfied by a caller for whom this issuer vouches (`iss`), compared octet by octet.
pub fn issuer(issuer: impl AsRef<str>) -> Rule {
    attribute(Attribute::Issuer(issuer.as_ref().into()))
}

/// Satisfied at these hours of every day, **in UTC**, from the beginning of the first (0 to 23) to the beginning of the
/// second (1 to 24), over midnight if the first is later. The Trail's clock tells.
///
/// ```
/// use portcullis_authz::within_hours;
///
/// assert_eq!(within_hours(22, 6).to_string(), "within_hours(22-6 UTC)");
/// assert_eq!(within_hours(9, 9).lint()[0].code().code(), "P204");
/// ```
pub fn within_hours(from: u8, until: u8) -> Rule {
    attribute(Attribute::Time(Window::Hours(from, until)))
}

/// Satisfied before this moment, by the Trail's clock. Printed as seconds since 1970.
pub fn before(moment: SystemTime) -> Rule {
    attribute(Attribute::Time(Window::Before(moment)))
}

/// Satisfied from this moment on, by the Trail's clock. Printed as seconds since 1970.
pub fn after(moment: SystemTime) -> Rule {
    attribute(Attribute::Time(Window::After(moment)))
}

/// A condition of one's own over the head of a request. The name stands for it in route tables and audit events.
///
/// Refused with 403 `condition_not_met`. What has a reason of its own, or can fail, is a
/// [`rule_fn`](crate::rule_fn); what holds of one of those holds here too.
///
/// ```
/// use portcullis_authz::{authenticated, when};
///
/// let rule = authenticated().and(when("not a preview", |request| !request.headers().contains_key("x-preview")));
/// assert_eq!(rule.to_string(), "authenticated and when(not a preview)");
/// ```
pub fn when(
    name: impl AsRef<str>,
    condition: impl Fn(&RequestView<'_>) -> bool + Send + Sync + 'static,
) -> Rule {
    let predicate = Arc::new(move |request: &RequestView<'_>| {
        Decision::allow_if(condition(request), Reason::ConditionNotMet)
    });
    Rule::new(Node::Custom(Custom { word: "when", name: name.as_ref().into(), predicate }))
}

fn attribute(attribute: Attribute) -> Rule {
    Rule::new(Node::Attribute(attribute))
}

fn texts(texts: impl IntoIterator<Item = impl AsRef<str>>) -> Box<[Box<str>]> {
    texts.into_iter().map(|text| text.as_ref().into()).collect()
}
