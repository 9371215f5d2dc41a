//! The caller that the claims speak for.

use std::mem;

use portcullis_core::{Assurance, CredentialMethod, Principal, SourceText};

use super::claims::Registered;
use crate::bearer::IssuerRules;
use crate::token::{Lifetime, Verified, system_time};

/// The source is the text of the claims, which were read strictly.
pub(crate) fn verified(
    registered: &mut Registered<'_>,
    source: &SourceText,
    rules: &IssuerRules,
    method: CredentialMethod,
) -> Verified {
    let lifetime = Lifetime {
        expires: registered.expires,
        not_before: registered.not_before,
        issued: registered.issued,
        leeway: rules.leeway,
    };
    Verified::new(principal(registered, source, rules, method), lifetime)
}

fn principal(
    registered: &mut Registered<'_>,
    source: &SourceText,
    rules: &IssuerRules,
    method: CredentialMethod,
) -> Principal {
    let mut principal = Principal::builder_from(source, registered.subject, method)
        .issuer(registered.issuer.unwrap_or(&rules.identifier))
        .scopes(mem::take(&mut registered.scopes))
        .roles(&registered.roles)
        .groups(&registered.groups)
        .actors(mem::take(&mut registered.actors));
    let mut assurance = Assurance::default();
    assurance.acr = registered.acr.map(Into::into);
    assurance.amr = registered.amr.iter().map(|method| (*method).into()).collect();
    assurance.auth_time = registered.auth_time.and_then(system_time);
    principal = principal.assurance(assurance);
    if let Some(client_id) = registered.client_id {
        principal = principal.client_id(client_id);
    }
    if registered.acts_as_client {
        principal = principal.as_client();
    }
    if let Some(token_id) = registered.token_id {
        principal = principal.token_id(token_id);
    }
    if let Some(session_id) = registered.session_id {
        principal = principal.session_id(session_id);
    }
    if let Some(tenant) = registered.tenant {
        principal = principal.tenant(tenant);
    }
    if let Some(confirmation) = registered.confirmation.take() {
        principal = principal.confirmation(confirmation);
    }
    if let Some(expires) = registered.expires.and_then(system_time) {
        principal = principal.expires_at(expires);
    }
    principal.build()
}
