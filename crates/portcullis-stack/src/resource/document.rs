//! The metadata document (RFC 9728 §2).

use std::collections::BTreeSet;

use bytes::Bytes;
use portcullis_authn::{RouteSchemes, TokenSupport};
use portcullis_authz::Demand;
use serde::Serialize;

use super::Resource;
use crate::policy::RoutePolicy;

/// RFC 9728 §3.2: what has no value is left out.
#[derive(Serialize)]
struct Document<'a> {
    resource: &'a str,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    authorization_servers: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    scopes_supported: BTreeSet<String>,
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_documentation: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_policy_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_tos_uri: Option<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    tls_client_certificate_bound_access_tokens: bool,
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    authorization_details_types_supported: &'a [String],
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    dpop_signing_alg_values_supported: BTreeSet<&'a str>,
    #[serde(skip_serializing_if = "is_false")]
    dpop_bound_access_tokens_required: bool,
}

/// What the routes of a resource enforce, as far as it is published.
#[derive(Default)]
pub(super) struct Enforced {
    support: Vec<TokenSupport>,
    scopes: BTreeSet<String>,
}

impl Enforced {
    /// Adds a route that takes credentials by these schemes.
    pub(super) fn add(&mut self, policy: &RoutePolicy, schemes: &RouteSchemes) {
        let before = self.support.len();
        self.support.extend(schemes.token_support());
        if self.support.len() > before
            && let Some(rule) = policy.rule()
        {
            self.scopes.extend(rule.named_scopes().iter().map(ToString::to_string));
            let demanded = policy.demands().iter().flat_map(Demand::scopes);
            self.scopes.extend(demanded.map(ToString::to_string));
        }
    }

    /// Whether no route takes access tokens.
    pub(super) fn is_empty(&self) -> bool {
        self.support.is_empty()
    }

    pub(super) fn document(&self, resource: &Resource) -> Bytes {
        let (support, settings) = (&self.support, &resource.settings);
        let document = Document {
            resource: &settings.identifier,
            authorization_servers: support.iter().flat_map(TokenSupport::authorization_servers).collect(),
            scopes_supported: if settings.hides_scopes { BTreeSet::new() } else { self.scopes.clone() },
            // RFC 6750 §2: no scheme takes tokens from a form or from the query.
            bearer_methods_supported: ["header"],
            resource_name: settings.texts.name.as_deref(),
            resource_documentation: settings.texts.documentation.as_deref(),
            resource_policy_uri: settings.texts.policy_uri.as_deref(),
            resource_tos_uri: settings.texts.tos_uri.as_deref(),
            tls_client_certificate_bound_access_tokens: support
                .iter()
                .any(TokenSupport::takes_certificate_bound),
            authorization_details_types_supported: &settings.authorization_details_types,
            dpop_signing_alg_values_supported: support
                .iter()
                .flat_map(TokenSupport::dpop_algorithms)
                .collect(),
            dpop_bound_access_tokens_required: support.iter().all(TokenSupport::requires_dpop),
        };
        // INVARIANT: a document of text and lists of text always serialises.
        serde_json::to_vec(&document).unwrap_or_default().into()
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
const fn is_false(value: &bool) -> bool {
    !*value
}
