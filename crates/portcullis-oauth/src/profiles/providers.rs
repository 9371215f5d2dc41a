//! The providers, one by one, as their documentation describes their access tokens.

use super::IdentityProvider;
use crate::bearer::{ClaimMapping, ClientMark, Profile, Sign, path};

impl IdentityProvider {
    /// Auth0, with an API as the audience.
    ///
    /// - roles: `permissions`, which "Add Permissions in the Access Token" of the API adds. They are what the user may
    ///   do, where `scope` is what the client was granted, so they do not become scopes,
    /// - tenant: `org_id`,
    /// - a client on its own behalf has `gty` `client-credentials` and a subject that ends in `@clients`.
    ///
    /// An API whose token dialect is RFC 9068 may also say
    /// [`profile(Profile::Rfc9068)`](crate::Issuer::profile), which is stricter.
    pub fn auth0() -> Self {
        Self::untyped(ClaimMapping {
            roles: vec![path(["permissions"])],
            tenant: Some(path(["org_id"])),
            client_marks: vec![
                ClientMark::new("gty", Sign::Is("client-credentials".into())),
                ClientMark::new("sub", Sign::EndsWith("@clients".into())),
            ],
            ..ClaimMapping::default()
        })
    }

    /// Amazon Cognito user pools.
    ///
    /// - groups: `cognito:groups`,
    /// - a client on its own behalf has its `client_id` as subject.
    ///
    /// Access tokens have no `aud` unless the client asked for one by resource binding (RFC 8707). To take them all the
    /// same, name the clients as audiences and say so:
    /// [`insecure_client_id_as_audience`](crate::Issuer::insecure_client_id_as_audience).
    pub fn cognito() -> Self {
        Self::untyped(ClaimMapping { groups: vec![path(["cognito:groups"])], ..ClaimMapping::default() })
    }

    /// Microsoft Entra ID, tokens of version 2.0 for an application's own API.
    ///
    /// - scopes: `scp`,
    /// - roles: `roles`, the app roles of users and of applications,
    /// - groups: `groups`, the identifiers, which Entra leaves out where there are too many,
    /// - tenant: `tid`,
    /// - a client on its own behalf has `idtyp` `app`, or no `scp`, which every token for a user has.
    ///
    /// The issuer is that of one tenant, `https://login.microsoftonline.com/{tid}/v2.0`. The subject is of this
    /// application alone; `oid` of the claims is that of the tenant.
    pub fn entra_id() -> Self {
        Self::untyped(ClaimMapping {
            scopes: vec![path(["scp"])],
            roles: vec![path(["roles"])],
            groups: vec![path(["groups"])],
            tenant: Some(path(["tid"])),
            client_marks: vec![
                ClientMark::new("idtyp", Sign::Is("app".into())),
                ClientMark::new("scp", Sign::Absent),
            ],
            ..ClaimMapping::default()
        })
    }

    /// Google, for tokens that service accounts get for the URL of this API as audience, as Cloud Run does.
    ///
    /// - tenant: `hd`, the domain of an organisation,
    /// - a client on its own behalf is a service account: its `email` ends in `.gserviceaccount.com`.
    ///
    /// They are ID tokens in form, so the audience is all that keeps them apart from those of a login: it must not be a
    /// client's. There are no scopes. Access tokens of Google for users are opaque and are for Google's own APIs.
    pub fn google() -> Self {
        Self::untyped(ClaimMapping {
            tenant: Some(path(["hd"])),
            client_marks: vec![ClientMark::new("email", Sign::EndsWith(".gserviceaccount.com".into()))],
            ..ClaimMapping::default()
        })
    }

    /// Keycloak, 25 or newer: older ones write the `nonce` of the login into access tokens, which are refused for it.
    ///
    /// - roles: those of the realm (`realm_access.roles`), and by [`client_roles`](Self::client_roles) those of a
    ///   client,
    /// - groups: `groups`, which a "Group Membership" mapper adds,
    /// - a client on its own behalf is a service account: its `preferred_username` begins with `service-account-`.
    ///
    /// The audience wants an "Audience" mapper; without it there is no `aud`, and tokens are refused.
    pub fn keycloak() -> Self {
        Self::untyped(ClaimMapping {
            roles: vec![path(["realm_access", "roles"])],
            groups: vec![path(["groups"])],
            client_marks: vec![ClientMark::new(
                "preferred_username",
                Sign::BeginsWith("service-account-".into()),
            )],
            ..ClaimMapping::default()
        })
    }

    /// Okta, with a custom authorization server: the tokens of the org server are for Okta's own APIs.
    ///
    /// - scopes: `scp`,
    /// - groups: `groups`, which a claim of that name adds,
    /// - a client on its own behalf has its `cid` as subject.
    pub fn okta() -> Self {
        Self::untyped(ClaimMapping {
            scopes: vec![path(["scp"])],
            groups: vec![path(["groups"])],
            ..ClaimMapping::default()
        })
    }

    fn untyped(mapping: ClaimMapping) -> Self {
        Self { profile: Profile::UntypedJwt, mapping }
    }
}
