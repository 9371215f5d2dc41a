//! Tokens as well-known providers write them.

use serde_json::{Value, json};

use super::TokenBuilder;

/// A kind of identity provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TestProvider {
    /// Auth0.
    Auth0,
    /// Amazon Cognito.
    Cognito,
    /// Microsoft Entra ID, version 2.0.
    EntraId,
    /// Google, for service accounts.
    Google,
    /// Keycloak.
    Keycloak,
    /// Okta, a custom authorization server.
    Okta,
}

impl TestProvider {
    /// Every one.
    pub const ALL: [Self; 6] =
        [Self::Auth0, Self::Cognito, Self::EntraId, Self::Google, Self::Keycloak, Self::Okta];
}

impl TokenBuilder {
    /// Writes header and claims as the provider documents them for a user's access token. Issuer, subject, audience
    /// and times stay as they are; Cognito has no audience. What is set afterwards stands in place of it.
    pub fn like(self, provider: TestProvider) -> Self {
        let claims = match provider {
            TestProvider::Auth0 => json!({
                "azp": "spa", "scope": "openid read:documents", "permissions": ["read:documents", "edit:documents"],
                "org_id": "org_1",
            }),
            TestProvider::Cognito => json!({
                "client_id": "web", "token_use": "access", "version": 2, "scope": "openid documents/read",
                "cognito:groups": ["editors"], "username": "alice", "origin_jti": "o-1", "event_id": "e-1",
                "auth_time": 1_700_000_000,
            }),
            TestProvider::EntraId => json!({
                "ver": "2.0", "azp": "11111111-aaaa", "azpacr": "1", "scp": "Documents.Read Documents.Write",
                "roles": ["Documents.Editor"], "groups": ["22222222-bbbb"], "tid": "33333333-cccc",
                "oid": "44444444-dddd", "preferred_username": "alice@example.com", "rh": "0.A", "uti": "u-1",
                "aio": "A",
            }),
            TestProvider::Google => json!({
                "azp": "alice@example.com", "email": "alice@example.com", "email_verified": true, "hd": "example.com",
            }),
            TestProvider::Keycloak => json!({
                "typ": "Bearer", "azp": "web", "sid": "s-1", "acr": "1", "auth_time": 1_700_000_000,
                "scope": "openid profile email", "allowed-origins": ["https://app.example"],
                "realm_access": { "roles": ["realm-editor", "offline_access"] },
                "resource_access": {
                    "account": { "roles": ["manage-account"] }, "documents-api": { "roles": ["documents-editor"] },
                },
                "groups": ["/staff"], "preferred_username": "alice", "email": "alice@example.com",
                "email_verified": true,
            }),
            TestProvider::Okta => json!({
                "ver": 1, "cid": "0oa1", "uid": "00u1", "scp": ["openid", "documents:read"], "groups": ["Everyone"],
                "auth_time": 1_700_000_000,
            }),
        };
        self.written_by(provider, claims)
    }

    /// The same for a client on its own behalf, by the client credentials grant. The subject is as the provider has
    /// it, the client is called `robot`.
    pub fn like_client(self, provider: TestProvider) -> Self {
        let claims = match provider {
            TestProvider::Auth0 => json!({
                "sub": "robot@clients", "azp": "robot", "gty": "client-credentials", "scope": "read:documents",
                "permissions": ["read:documents"],
            }),
            TestProvider::Cognito => json!({
                "sub": "robot", "client_id": "robot", "token_use": "access", "version": 2, "scope": "documents/read",
                "auth_time": 1_700_000_000,
            }),
            TestProvider::EntraId => json!({
                "sub": "55555555-eeee", "oid": "55555555-eeee", "azp": "robot", "azpacr": "1", "ver": "2.0",
                "roles": ["Documents.Read.All"], "tid": "33333333-cccc",
            }),
            TestProvider::Google => json!({
                "sub": "1234567890", "azp": "1234567890", "email": "robot@project.iam.gserviceaccount.com",
                "email_verified": true,
            }),
            TestProvider::Keycloak => json!({
                "sub": "66666666-ffff", "typ": "Bearer", "azp": "robot", "client_id": "robot", "acr": "1",
                "scope": "profile email", "preferred_username": "service-account-robot", "clientHost": "192.0.2.1",
                "clientAddress": "192.0.2.1", "realm_access": { "roles": ["realm-editor"] },
            }),
            TestProvider::Okta => {
                json!({ "sub": "robot", "cid": "robot", "ver": 1, "scp": ["documents:read"] })
            }
        };
        self.written_by(provider, claims)
    }

    fn written_by(self, provider: TestProvider, claims: Value) -> Self {
        let token = self.without("client_id");
        let token = match provider {
            TestProvider::Auth0 | TestProvider::EntraId | TestProvider::Google | TestProvider::Keycloak => {
                token.typ("JWT")
            }
            TestProvider::Cognito | TestProvider::Okta => token.without_header("typ"),
        };
        let token = match provider {
            TestProvider::Cognito => token.without("aud"),
            TestProvider::EntraId | TestProvider::Google => token.without("jti"),
            _ => token,
        };
        let Value::Object(claims) = claims else { return token };
        claims.into_iter().fold(token, |token, (name, value)| token.claim(&name, value))
    }
}
