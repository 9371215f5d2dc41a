//! How well-known providers write their access tokens.

mod providers;

#[cfg(test)]
mod tests;

use crate::bearer::{ClaimMapping, IssuerRules, Profile, path};

/// A kind of identity provider, for [`Issuer::provider`](crate::Issuer::provider).
///
/// It says what the provider's access tokens look like, so that nothing need be looked up: which [`Profile`] they fit,
/// and which claims become scopes, roles, groups and the tenant. None of it makes a check weaker than the profile
/// does, and the audience is still to be named.
///
/// ```
/// use portcullis_core::Clock;
/// use portcullis_oauth::{IdentityProvider, Issuer, JwtBearer, StaticKeys};
/// use portcullis_testkit::{TestIssuer, TestProvider};
///
/// let server = TestIssuer::offline("https://login.example.com/realms/main");
/// let issuer = Issuer::new("https://login.example.com/realms/main")
///     .provider(IdentityProvider::keycloak().client_roles("documents-api"))
///     .audience("documents-api")
///     .keys(StaticKeys::new().jwks(server.jwks_json()));
/// let verifier = JwtBearer::issuer(issuer).build(&Clock::system())?;
///
/// let token = server.token("alice").audience("documents-api").like(TestProvider::Keycloak);
/// let alice = verifier.verify(&token.sign()).done().unwrap().unwrap();
/// assert!(alice.has_role("realm-editor") && alice.has_role("documents-editor") && !alice.is_client());
///
/// // Refused: the roles of another client are nothing to this API.
/// assert!(!alice.has_role("manage-account"));
/// let stray = server.token("alice").audience("account").like(TestProvider::Keycloak);
/// assert_eq!(verifier.verify(&stray.sign()).done().unwrap().unwrap_err().status(), 401);
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct IdentityProvider {
    profile: Profile,
    mapping: ClaimMapping,
}

impl IdentityProvider {
    /// Also takes the roles that Keycloak gives for this client (`resource_access.{client}.roles`). May be called
    /// several times. By default, only realm roles count.
    pub fn client_roles(mut self, client: impl Into<Box<str>>) -> Self {
        self.mapping.roles.push(path(["resource_access".into(), client.into(), Box::from("roles")]));
        self
    }

    pub(crate) fn apply(self, rules: &mut IssuerRules) {
        rules.profile = self.profile;
        let mapping = &mut rules.mapping;
        mapping.scopes.extend(self.mapping.scopes);
        mapping.roles.extend(self.mapping.roles);
        mapping.groups.extend(self.mapping.groups);
        mapping.client_marks.extend(self.mapping.client_marks);
        mapping.tenant = self.mapping.tenant.or_else(|| mapping.tenant.take());
    }
}
