//! What becomes of the tokens of each provider, as its documentation describes them (A3.9 to A3.11).

use portcullis_core::{Clock, Principal, Reason};
use portcullis_testkit::{TestIssuer, TestProvider, TokenBuilder};
use serde_json::{Value, json};

use super::*;
use crate::{Issuer, JwtBearer, JwtVerifier, StaticKeys};

const ISSUER: &str = "https://login.example/tenant";
const AUDIENCE: &str = "documents-api";

struct Bench {
    server: TestIssuer,
    verifier: JwtVerifier,
}

impl Bench {
    fn new(provider: TestProvider, change: impl FnOnce(Issuer) -> Issuer) -> Self {
        let server = TestIssuer::offline(ISSUER);
        let issuer = Issuer::new(ISSUER)
            .provider(profile(provider))
            .audience(AUDIENCE)
            .keys(StaticKeys::new().jwks(server.jwks_json()));
        Self { server, verifier: JwtBearer::issuer(change(issuer)).build(&Clock::system()).unwrap() }
    }

    /// As the provider needs it: Cognito says who the client is and not for whom the token is.
    fn of(provider: TestProvider) -> Self {
        Self::new(provider, |issuer| match provider {
            TestProvider::Cognito => {
                issuer.audience("web").audience("robot").insecure_client_id_as_audience()
            }
            _ => issuer,
        })
    }

    fn token(&self) -> TokenBuilder {
        self.server.token("alice").audience(AUDIENCE)
    }

    fn verify(&self, token: &TokenBuilder) -> Result<Principal, Reason> {
        self.verifier.verify(&token.sign()).done().unwrap().map_err(|denial| denial.reason())
    }
}

fn profile(provider: TestProvider) -> IdentityProvider {
    match provider {
        TestProvider::Auth0 => IdentityProvider::auth0(),
        TestProvider::Cognito => IdentityProvider::cognito(),
        TestProvider::EntraId => IdentityProvider::entra_id(),
        TestProvider::Google => IdentityProvider::google(),
        TestProvider::Keycloak => IdentityProvider::keycloak().client_roles(AUDIENCE),
        TestProvider::Okta => IdentityProvider::okta(),
        other => panic!("no profile for {other:?}"),
    }
}

/// What a user's token becomes: client, scopes, roles, groups, tenant.
#[track_caller]
fn check(
    provider: TestProvider,
    client: &str,
    scopes: &str,
    roles: &[&str],
    groups: &[&str],
    tenant: Option<&str>,
) {
    let bench = Bench::of(provider);
    let caller = bench.verify(&bench.token().like(provider)).unwrap();
    assert_eq!(
        (caller.subject(), caller.issuer(), caller.client_id()),
        ("alice", Some(ISSUER), Some(client))
    );
    assert_eq!(caller.scopes().to_string(), scopes);
    assert_eq!(caller.roles().collect::<Vec<_>>(), roles);
    assert_eq!(caller.groups().collect::<Vec<_>>(), groups);
    assert_eq!(caller.tenant(), tenant);
    assert!(!caller.is_client() && !caller.is_delegated(), "{provider:?}");
}

/// A3.9 and A3.10.
#[test]
fn each_provider_has_its_scopes_roles_groups_and_tenant() {
    let permissions = ["edit:documents", "read:documents"];
    check(TestProvider::Auth0, "spa", "openid read:documents", &permissions, &[], Some("org_1"));
    check(TestProvider::Cognito, "web", "documents/read openid", &[], &["editors"], None);
    let (scopes, roles) = ("Documents.Read Documents.Write", ["Documents.Editor"]);
    check(TestProvider::EntraId, "11111111-aaaa", scopes, &roles, &["22222222-bbbb"], Some("33333333-cccc"));
    check(TestProvider::Google, "alice@example.com", "", &[], &[], Some("example.com"));
    let roles = ["documents-editor", "offline_access", "realm-editor"];
    check(TestProvider::Keycloak, "web", "email openid profile", &roles, &["/staff"], None);
    check(TestProvider::Okta, "0oa1", "documents:read openid", &[], &["Everyone"], None);
}

/// A3.11, RFC 9068 §5: none of them says it in the same way.
#[test]
fn each_provider_tells_a_client_from_a_user() {
    for provider in TestProvider::ALL {
        let bench = Bench::of(provider);
        let robot = bench.verify(&bench.token().like_client(provider)).unwrap();
        assert!(robot.is_client(), "{provider:?}");
        let alice = bench.verify(&bench.token().like(provider)).unwrap();
        assert!(!alice.is_client(), "{provider:?}");
    }
    let bench = Bench::new(TestProvider::Okta, |issuer| issuer.client_where("kind", "machine"));
    assert!(bench.verify(&bench.token().claim("kind", "machine")).unwrap().is_client());
    assert!(!bench.verify(&bench.token().claim("kind", json!(["machine"]))).unwrap().is_client());
}

/// A3.1 and A3.4: what is read otherwise is checked as strictly.
#[test]
fn a_profile_weakens_neither_audience_nor_kind_nor_issuer() {
    for provider in TestProvider::ALL {
        let bench = Bench::of(provider);
        let refused = |token: TokenBuilder| bench.verify(&token).unwrap_err();
        let like = || bench.token().like(provider);
        assert_eq!(refused(like().claim("aud", "another")), Reason::TokenAudienceMismatch, "{provider:?}");
        assert_eq!(refused(like().claim("nonce", "n")), Reason::TokenTypeRefused, "{provider:?}");
        assert_eq!(refused(like().typ("logout+jwt")), Reason::TokenTypeRefused, "{provider:?}");
        assert_eq!(refused(like().claimed_issuer("https://login.example/other")), Reason::TokenIssuerUnknown);
        if provider != TestProvider::Cognito {
            assert_eq!(refused(like().without("aud")), Reason::TokenClaimMissing, "{provider:?}");
        }
    }
}

/// A3.4: what the client stands for is only taken where it was said so, and is compared as an audience is.
#[test]
fn the_client_is_the_audience_only_where_it_was_said_so() {
    let plain = Bench::new(TestProvider::Cognito, |issuer| issuer.audience("web"));
    let token = |bench: &Bench| bench.token().like(TestProvider::Cognito);
    assert_eq!(plain.verify(&token(&plain)).unwrap_err(), Reason::TokenClaimMissing);
    // Resource binding writes `aud`.
    assert!(plain.verify(&token(&plain).claim("aud", AUDIENCE)).is_ok());
    let bench = Bench::of(TestProvider::Cognito);
    assert!(bench.verify(&token(&bench)).is_ok());
    let refused = |token: TokenBuilder| bench.verify(&token).unwrap_err();
    assert_eq!(refused(token(&bench).claim("client_id", "other")), Reason::TokenAudienceMismatch);
    assert_eq!(refused(token(&bench).without("client_id")), Reason::TokenClaimMissing);
    assert_eq!(refused(token(&bench).claim("client_id", json!(["web"]))), Reason::TokenClaimInvalid);
    assert_eq!(refused(token(&bench).claim("aud", "other")), Reason::TokenAudienceMismatch);
    assert_eq!(refused(token(&bench).claim("token_use", "id")), Reason::TokenTypeRefused);
}

#[test]
fn what_is_said_after_the_provider_is_added_or_stands_in_its_place() {
    let bench = Bench::new(TestProvider::Okta, |issuer| {
        issuer.roles_from(["r"]).tenant_from(["t"]).scopes_from(["s"])
    });
    let token = bench.token().like(TestProvider::Okta).claim("r", "a").claim("t", "one").claim("s", "extra");
    let caller = bench.verify(&token).unwrap();
    assert!(caller.has_role("a") && caller.has_scope("extra") && caller.has_scope("documents:read"));
    assert_eq!(caller.tenant(), Some("one"));
}

fn recorded(provider: &str, file: &str) -> Option<Value> {
    let base = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/idp-metadata");
    let Ok(content) = std::fs::read(format!("{base}/{provider}/{file}.json")) else {
        eprintln!("SKIPPED: the recorded metadata of providers is not beside the checkout");
        return None;
    };
    let recorded: Value = serde_json::from_slice(&content).unwrap();
    Some(recorded["body"].clone())
}

/// The issuers and keys that providers publish are such that the profiles can be used with them.
#[test]
fn recorded_metadata_of_providers_makes_an_issuer() {
    for (name, provider) in [
        ("auth0", TestProvider::Auth0),
        ("google", TestProvider::Google),
        ("keycloak", TestProvider::Keycloak),
        ("okta", TestProvider::Okta),
    ] {
        let (Some(metadata), Some(keys)) = (recorded(name, "discovery_document"), recorded(name, "jwks"))
        else {
            return;
        };
        let identifier = metadata["issuer"].as_str().unwrap();
        let issuer = Issuer::new(identifier)
            .provider(profile(provider))
            .audience(AUDIENCE)
            .insecure_http_on_loopback()
            .keys(StaticKeys::new().jwks(keys.to_string()));
        let built = JwtBearer::issuer(issuer).build(&Clock::system());
        assert!(built.is_ok(), "{name}: {built:?}");
    }
}
