//! Metadata of protected resources (A10.4 to A10.7, RFC 9728).

use std::convert::Infallible;

use bytes::Bytes;
use http::{Method, Request, Response};
use http_body_util::Full;
use portcullis_audit::MemorySink;
use portcullis_authn::{
    Authenticator, Basic, Credential, CredentialShape, StaticUsers, TokenShape, TokenSupport,
};
use portcullis_authz::{Demand, acr, any_scope, authenticated, role, scope};
use portcullis_core::{
    Challenge, ConfigErrors, CredentialMethod, Denial, Principal, Reason, RequestView, Scopes, Step,
};
use portcullis_stack::{ProtectedResource, RouteList, RoutePolicy, Security, SecurityBuilder};
use serde_json::{Value, json};
use tower::util::BoxCloneSyncService;
use tower::{ServiceExt, service_fn};

use crate::support::text;

/// Takes the token `a.b.c`, which has the scope `read`, and every token by DPoP alike.
struct Tokens(TokenSupport);

impl Authenticator for Tokens {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Bearer(TokenShape::Jwt)]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Jwt
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let alice = Principal::builder("alice", CredentialMethod::Jwt).scopes(Scopes::parse("read").unwrap());
        Step::Done(match credential.expose() {
            "a.b.c" => Ok(alice.build()),
            _ => Err(Denial::new(Reason::TokenSignatureInvalid)),
        })
    }

    fn challenge(&self, _: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        let challenge = Challenge::bearer(realm);
        Some(match refused {
            Some(_) => challenge.parameter("error", "invalid_token"),
            None => challenge,
        })
    }

    fn token_support(&self) -> Option<TokenSupport> {
        Some(self.0.clone())
    }
}

type Service = BoxCloneSyncService<Request<Full<Bytes>>, Response<Full<Bytes>>, Infallible>;

fn support() -> TokenSupport {
    TokenSupport::new(["https://login.example"])
}

/// What a handler asks for by its argument.
fn scoped() -> Demand {
    Demand::new("scopes(drafts)").asking_scopes(Scopes::parse("drafts").unwrap())
}

fn routes() -> RouteList {
    RouteList::new()
        .route(Method::GET, "/documents", "list", RoutePolicy::requires(scope("read").and(!scope("banned"))))
        .route(Method::POST, "/documents", "create", RoutePolicy::requires(any_scope(["write", "admin"])))
        .route(Method::PUT, "/documents", "strong", RoutePolicy::requires(acr("mfa")).demand(scoped()))
        .route(Method::GET, "/tenants/a/x", "a", RoutePolicy::requires(scope("a:read")))
        .route(Method::GET, "/tenants/ab", "ab", RoutePolicy::requires(authenticated()))
        .route(Method::GET, "/password", "password", RoutePolicy::requires(scope("hidden")).via(["password"]))
        .route(Method::GET, "/health", "health", RoutePolicy::public("probe"))
}

fn security(support: TokenSupport, change: impl FnOnce(SecurityBuilder) -> SecurityBuilder) -> Security {
    let users = StaticUsers::builder().build().unwrap();
    let builder = Security::builder()
        .realm("r")
        .scheme("token", Tokens(support))
        .scheme("password", Basic::new(users).only_where_named())
        .audit(MemorySink::keeping(10));
    change(builder).build().unwrap()
}

fn protect(security: &Security, routes: &RouteList) -> Result<Service, ConfigErrors> {
    let application = service_fn(async |_: Request<Full<Bytes>>| Ok(Response::new(Full::from("reached"))));
    security.protect(routes, application).map(BoxCloneSyncService::new)
}

fn service(support: TokenSupport, resources: impl IntoIterator<Item = ProtectedResource>) -> Service {
    let add = |builder| resources.into_iter().fold(builder, SecurityBuilder::protected_resource);
    protect(&security(support, add), &routes()).unwrap()
}

async fn call(service: &Service, method: Method, path: &str, token: Option<&str>) -> Response<Full<Bytes>> {
    let request = Request::builder().method(method).uri(path);
    let request = match token {
        Some(token) => request.header("authorization", format!("Bearer {token}")),
        None => request,
    };
    service.clone().oneshot(request.body(Full::default()).unwrap()).await.unwrap()
}

async fn document(service: &Service, path: &str) -> Value {
    let response = call(service, Method::GET, path, None).await;
    assert_eq!(response.status(), 200, "{path}");
    serde_json::from_str(&text(response).await).unwrap()
}

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// A10.4, RFC 9728 §3.2: JSON, without a token, also for HEAD, for pages of every origin, and for caches.
#[tokio::test]
async fn the_metadata_is_public_json() {
    let service = service(support(), [ProtectedResource::new("https://api.example/")]);
    let response = call(&service, Method::GET, WELL_KNOWN, None).await;
    assert_eq!(response.status(), 200);
    let field = |name: &str| response.headers().get(name).map(|value| value.to_str().unwrap().to_owned());
    assert_eq!(field("content-type").as_deref(), Some("application/json"));
    assert_eq!(field("cache-control").as_deref(), Some("public, max-age=3600"));
    assert_eq!(field("access-control-allow-origin").as_deref(), Some("*"));
    let head = call(&service, Method::HEAD, WELL_KNOWN, None).await;
    assert_eq!((head.status().as_u16(), text(head).await), (200, String::new()));
    // Also with a token that is none: no credential is looked at.
    assert_eq!(call(&service, Method::GET, WELL_KNOWN, Some("bad")).await.status(), 200);
    assert_eq!(call(&service, Method::POST, WELL_KNOWN, None).await.status(), 405);
    assert_eq!(call(&service, Method::GET, &format!("{WELL_KNOWN}/other"), None).await.status(), 404);
}

/// A10.5 and A10.7, RFC 9728 §2, §3.3: what is enforced, the identifier as it was written, and no empty list.
#[tokio::test]
async fn the_metadata_tells_what_the_routes_enforce() {
    let plain = service(support(), [ProtectedResource::new("https://api.example/")]);
    let expected = json!({
        "resource": "https://api.example/",
        "authorization_servers": ["https://login.example"],
        "scopes_supported": ["a:read", "admin", "drafts", "read", "write"],
        "bearer_methods_supported": ["header"],
    });
    assert_eq!(document(&plain, WELL_KNOWN).await, expected);

    let all = support().dpop(["ES256", "EdDSA"]).requiring_dpop(true).certificate_bound(true);
    let resource = ProtectedResource::new("https://api.example")
        .name("Documents")
        .documentation("https://docs.example")
        .policy_uri("https://docs.example/policy")
        .tos_uri("https://docs.example/tos")
        .authorization_details_type("payment")
        .hide_scopes();
    let expected = json!({
        "resource": "https://api.example",
        "authorization_servers": ["https://login.example"],
        "bearer_methods_supported": ["header"],
        "resource_name": "Documents",
        "resource_documentation": "https://docs.example",
        "resource_policy_uri": "https://docs.example/policy",
        "resource_tos_uri": "https://docs.example/tos",
        "authorization_details_types_supported": ["payment"],
        "tls_client_certificate_bound_access_tokens": true,
        "dpop_signing_alg_values_supported": ["ES256", "EdDSA"],
        "dpop_bound_access_tokens_required": true,
    });
    assert_eq!(document(&service(all, [resource]), WELL_KNOWN).await, expected);
}

async fn challenges(
    service: &Service,
    method: Method,
    path: &str,
    token: Option<&str>,
) -> (u16, Vec<String>) {
    let response = call(service, method, path, token).await;
    let all = response.headers().get_all("www-authenticate").iter();
    let all = all.map(|value| value.to_str().unwrap().to_owned()).collect();
    (response.status().as_u16(), all)
}

/// A10.6, RFC 9728 §5.1: every refusal of a token says where to read on, also 403; other schemes do not.
#[tokio::test]
async fn every_challenge_for_tokens_points_to_the_metadata() {
    let service = service(support(), [ProtectedResource::new("https://api.example")]);
    let url = r#"resource_metadata="https://api.example/.well-known/oauth-protected-resource""#;
    let check = async |method, path, token, status, rest: &str| {
        let expected = format!(r#"Bearer realm="r", {url}{rest}"#);
        let (found, challenges) = challenges(&service, method, path, token).await;
        assert_eq!(found, status, "{path}");
        // Parameters have no order.
        let sorted = |challenge: &str| {
            let mut parameters: Vec<String> = challenge.split(", ").map(str::to_owned).collect();
            parameters[1..].sort();
            parameters
        };
        assert_eq!(challenges.iter().map(|c| sorted(c)).collect::<Vec<_>>(), [sorted(&expected)]);
    };
    check(Method::GET, "/documents", None, 401, "").await;
    check(Method::GET, "/documents", Some("x.y.z"), 401, r#", error="invalid_token""#).await;
    check(Method::GET, "/documents", Some("x y"), 400, r#", error="invalid_request""#).await;
    let insufficient = r#", error="insufficient_scope", scope="write""#;
    check(Method::POST, "/documents", Some("a.b.c"), 403, insufficient).await;
    let step_up = r#", error="insufficient_user_authentication", acr_values="mfa""#;
    check(Method::PUT, "/documents", Some("a.b.c"), 401, step_up).await;
    let basic = vec![r#"Basic realm="r", charset="UTF-8""#.to_owned()];
    assert_eq!(challenges(&service, Method::GET, "/password", None).await, (401, basic));
}

/// A10.6: one address per resource, and a route belongs to the longest path that covers it.
#[tokio::test]
async fn each_tenant_has_metadata_of_its_own() {
    let service = service(
        support(),
        [
            ProtectedResource::new("https://api.example"),
            ProtectedResource::new("https://api.example/tenants/a"),
        ],
    );
    let tenant = document(&service, &format!("{WELL_KNOWN}/tenants/a")).await;
    assert_eq!(
        (&tenant["resource"], &tenant["scopes_supported"]),
        (&json!("https://api.example/tenants/a"), &json!(["a:read"]))
    );
    let root = document(&service, WELL_KNOWN).await;
    assert_eq!(root["scopes_supported"], json!(["admin", "drafts", "read", "write"]));
    for (path, rest) in [("/tenants/a/x", "/tenants/a"), ("/tenants/ab", ""), ("/documents", "")] {
        let (_, challenges) = challenges(&service, Method::GET, path, None).await;
        let expected = format!(r#"resource_metadata="https://api.example{WELL_KNOWN}{rest}""#);
        assert!(challenges.len() == 1 && challenges[0].ends_with(&expected), "{path}: {challenges:?}");
    }
}

/// A10.6: what a proxy takes off the path is in the identifier and not in the routes.
#[tokio::test]
async fn a_prefix_that_a_proxy_takes_off_is_known_by_the_public_url() {
    let resource = || ProtectedResource::new("https://api.example/v1");
    let behind = |builder: SecurityBuilder| {
        builder.public_url("https://api.example/v1").protected_resource(resource())
    };
    let service = protect(&security(support(), behind), &routes()).unwrap();
    let found = document(&service, &format!("{WELL_KNOWN}/v1")).await;
    assert_eq!(found["resource"], "https://api.example/v1");
    let (_, challenges) = challenges(&service, Method::GET, "/documents", None).await;
    assert!(challenges[0].contains(&format!(r#""https://api.example{WELL_KNOWN}/v1""#)), "{challenges:?}");
    // The same by hand.
    let covers = |builder: SecurityBuilder| builder.protected_resource(resource().covers("/"));
    assert!(protect(&security(support(), covers), &routes()).is_ok());
}

#[test]
fn the_metadata_stands_in_the_route_table() {
    let security = security(support(), |builder| {
        builder.protected_resource(ProtectedResource::new("https://api.example"))
    });
    let mut table = portcullis_stack::RouteTable::of(&security);
    table.add(Some(Method::GET), "/x", RoutePolicy::requires(role("r")), "x");
    let metadata = security.metadata_routes(&table).unwrap();
    table.add_metadata(&metadata);
    let row = format!("GET     {WELL_KNOWN}  public: OAuth protected resource metadata (RFC 9728)");
    assert!(table.to_string().contains(&row), "{table}");
}

#[test]
fn resources_that_stand_for_nothing_or_for_the_same_are_errors() {
    let codes = |resources: &[&str]| {
        let add = |builder, identifier: &&str| {
            SecurityBuilder::protected_resource(builder, ProtectedResource::new(*identifier))
        };
        let builder = Security::builder().scheme("token", Tokens(support())).insecure_no_audit();
        let users = StaticUsers::builder().build().unwrap();
        let builder = builder.scheme("password", Basic::new(users).only_where_named());
        let built = resources.iter().fold(builder, add).build();
        let errors = built.and_then(|security| protect(&security, &routes()).map(drop)).err();
        errors.iter().flat_map(ConfigErrors::codes).map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(codes(&["https://api.example"]), [""; 0]);
    assert_eq!(codes(&["http://api.example"]), ["P114"]);
    assert_eq!(codes(&["https://api.example", "https://api.example/"]), ["P114"]);
    assert_eq!(codes(&["https://api.example", "https://other.example"]), ["P114"]);
    // No route there, and one without tokens.
    assert_eq!(codes(&["https://api.example/v1"]), ["P114"]);
    assert_eq!(codes(&["https://api.example/password"]), ["P114"]);
}
