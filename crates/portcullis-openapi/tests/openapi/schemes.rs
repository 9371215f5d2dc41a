//! Security schemes, from those that are configured.

use http::HeaderName;
use portcullis_authn::{CredentialShape, TokenShape, TokenSupport};
use portcullis_authz::authenticated;
use portcullis_core::CredentialMethod;
use portcullis_openapi::OpenApiSecurity;
use portcullis_stack::{RoutePolicy, Security};
use serde_json::{Value, json};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, AuthorizationCode, Flow, Http, HttpAuthScheme, OAuth2, OpenIdConnect, Scopes,
    SecurityScheme,
};
use utoipa::openapi::{ComponentsBuilder, OpenApi};

use crate::support::{KEY, Stub, build, document, of_route, operation, table};

/// The schemes of a document with one route that takes everything, without their descriptions.
fn written(security: &Security) -> Value {
    let document = of_route(security, RoutePolicy::requires(authenticated()));
    let mut schemes = document["components"]["securitySchemes"].clone();
    for scheme in schemes.as_object_mut().unwrap().values_mut() {
        assert!(scheme.as_object_mut().unwrap().remove("description").is_some());
    }
    schemes
}

#[track_caller]
fn check(shape: CredentialShape, expected: &Value) {
    let security = build(|security| security.scheme("x", Stub::of(shape)));
    assert_eq!(&written(&security)["x"], expected);
}

#[test]
fn every_shape_of_credential_has_its_kind() {
    check(CredentialShape::Basic, &json!({ "type": "http", "scheme": "basic" }));
    check(CredentialShape::Bearer(TokenShape::Opaque), &json!({ "type": "http", "scheme": "bearer" }));
    let jwt = json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" });
    check(CredentialShape::Bearer(TokenShape::Jwt), &jwt);
    check(CredentialShape::Header(KEY), &json!({ "type": "apiKey", "in": "header", "name": "x-api-key" }));
    check(CredentialShape::ClientCertificate, &json!({ "type": "mutualTLS" }));
    let field = json!({ "type": "apiKey", "in": "header", "name": "authorization" });
    check(CredentialShape::Dpop(TokenShape::Any), &field);
    check(CredentialShape::Scheme("GNAP"), &field);
    check(CredentialShape::Scheme("Digest"), &json!({ "type": "http", "scheme": "digest" }));
}

#[test]
fn descriptions_name_issuers_and_prefixes() {
    let mut keys = Stub::of(CredentialShape::Bearer(TokenShape::Prefixed("docs_".into())));
    keys.method = CredentialMethod::ApiKey;
    let tokens = Stub::tokens(&["https://a.example", "https://b.example"]);
    let security = build(|security| security.scheme("token", tokens).scheme("key", keys));
    let document = of_route(&security, RoutePolicy::requires(authenticated()));
    let described = |name: &str| document["components"]["securitySchemes"][name]["description"].clone();
    assert_eq!(described("token"), "An access token of https://a.example or https://b.example.");
    assert_eq!(described("key"), "An API key that begins with `docs_`.");
}

fn bound(required: bool) -> Security {
    let mut tokens = Stub::tokens(&["https://login.example.com"]);
    tokens.shapes.push(CredentialShape::Dpop(TokenShape::Jwt));
    tokens.support =
        Some(TokenSupport::new(["https://login.example.com"]).dpop(["ES256"]).requiring_dpop(required));
    build(|security| security.scheme("token", tokens))
}

#[test]
fn tokens_with_a_proof_are_a_scheme_of_their_own() {
    let document = of_route(&bound(false), RoutePolicy::requires(authenticated()));
    assert_eq!(operation(&document)["security"], json!([{ "token": [] }, { "token-dpop": [] }]));
    let document = of_route(&bound(true), RoutePolicy::requires(authenticated()));
    assert_eq!(operation(&document)["security"], json!([{ "token-dpop": [] }]));
    assert_eq!(document["components"]["securitySchemes"]["token"], Value::Null);
}

#[test]
fn schemes_that_no_operation_takes_are_not_written() {
    let security = build(|security| {
        security.scheme("token", Stub::tokens(&[])).scheme("key", Stub::of(CredentialShape::Header(KEY)))
    });
    let document = of_route(&security, RoutePolicy::requires(authenticated()).via(["key"]));
    assert_eq!(document["components"]["securitySchemes"].as_object().unwrap().len(), 1);
}

fn open_id(security: &Security, name: &str) -> Result<OpenApi, Vec<&'static str>> {
    let table = table(security, &[("GET", "/a", RoutePolicy::requires(authenticated()))]);
    let writer = OpenApiSecurity::new(security, &table).open_id_connect(name);
    writer.write(document(&[("GET", "/a")])).map_err(|errors| errors.codes().collect())
}

#[test]
fn a_scheme_of_one_issuer_can_be_open_id_connect_and_no_other_can() {
    let security = bound(false);
    let written = serde_json::to_value(open_id(&security, "token").unwrap()).unwrap();
    let scheme = &written["components"]["securitySchemes"]["token"];
    assert_eq!(scheme["type"], "openIdConnect");
    assert_eq!(scheme["openIdConnectUrl"], "https://login.example.com/.well-known/openid-configuration");
    assert_eq!(operation(&written)["security"], json!([{ "token": [] }]));

    assert_eq!(open_id(&security, "other").err().unwrap(), ["P284"]);
    for tokens in [Stub::tokens(&[]), Stub::tokens(&["https://a.example", "https://b.example"])] {
        let security = build(|security| security.scheme("token", tokens));
        assert_eq!(open_id(&security, "token").err().unwrap()[0], "P284");
    }
}

#[test]
fn a_name_that_is_no_component_key_or_is_taken_is_an_error() {
    let codes = |security: &Security| {
        let table = table(security, &[("GET", "/a", RoutePolicy::requires(authenticated()))]);
        let written = OpenApiSecurity::new(security, &table).write(document(&[("GET", "/a")]));
        written.map_or_else(|errors| errors.codes().collect::<Vec<_>>(), |_| Vec::new())
    };
    let named = |name: &str| build(|security| security.scheme(name, Stub::of(CredentialShape::Basic)));
    assert_eq!(codes(&named("a.b-c_1")), Vec::<&str>::new());
    for bad in ["two words", "ä", "a/b", ""] {
        assert_eq!(codes(&named(bad)), ["P284"], "{bad}");
    }
    let mut both = Stub::tokens(&[]);
    both.shapes.push(CredentialShape::Dpop(TokenShape::Jwt));
    let taken =
        build(|security| security.scheme("t", both).scheme("t-dpop", Stub::of(CredentialShape::Basic)));
    assert_eq!(codes(&taken), ["P284"]);
}

/// What the document says of a scheme named `x` that takes credentials of this shape.
#[track_caller]
fn check_said(shape: CredentialShape, said: SecurityScheme, agrees: bool) {
    let text = serde_json::to_string(&said).unwrap();
    let security = build(|security| security.scheme("x", Stub::of(shape)));
    let table = table(&security, &[("GET", "/a", RoutePolicy::requires(authenticated()))]);
    let mut document = document(&[("GET", "/a")]);
    document.components = Some(ComponentsBuilder::new().security_scheme("x", said).build());
    match OpenApiSecurity::new(&security, &table).write(document) {
        Ok(written) => {
            let written = serde_json::to_value(&written.components.unwrap().security_schemes["x"]).unwrap();
            assert_eq!((written, true), (serde_json::from_str(&text).unwrap(), agrees));
        }
        Err(errors) => {
            assert_eq!((errors.codes().collect::<Vec<_>>(), false), (vec!["P283"], agrees), "{text}")
        }
    }
}

#[test]
fn a_document_may_say_more_of_a_scheme_and_nothing_else() {
    let flow =
        AuthorizationCode::new("https://a.example/authorize", "https://a.example/token", Scopes::new());
    let oauth2 = || SecurityScheme::OAuth2(OAuth2::new([Flow::AuthorizationCode(flow.clone())]));
    let http = |scheme| SecurityScheme::Http(Http::new(scheme));
    let field = |name: &str| SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::new(name)));
    let open_id = || SecurityScheme::OpenIdConnect(OpenIdConnect::new("https://a.example"));
    let bearer = || CredentialShape::Bearer(TokenShape::Any);
    for (shape, said, agrees) in [
        (bearer(), oauth2(), true),
        (bearer(), open_id(), true),
        (bearer(), http(HttpAuthScheme::Bearer), true),
        (bearer(), http(HttpAuthScheme::Basic), false),
        (bearer(), field("authorization"), false),
        (CredentialShape::Dpop(TokenShape::Any), oauth2(), true),
        (CredentialShape::Dpop(TokenShape::Any), http(HttpAuthScheme::Bearer), false),
        (CredentialShape::Basic, http(HttpAuthScheme::Basic), true),
        (CredentialShape::Basic, oauth2(), false),
        (CredentialShape::Header(KEY), field("X-API-Key"), true),
        (CredentialShape::Header(KEY), field("x-other"), false),
        (
            CredentialShape::Header(KEY),
            SecurityScheme::ApiKey(ApiKey::Query(ApiKeyValue::new("x-api-key"))),
            false,
        ),
        (CredentialShape::ClientCertificate, http(HttpAuthScheme::Mutual), false),
        (CredentialShape::Scheme("Digest"), http(HttpAuthScheme::Digest), true),
        (CredentialShape::Scheme("Digest"), http(HttpAuthScheme::Basic), false),
    ] {
        check_said(shape, said, agrees);
    }
}

/// A scheme in the document that nothing verifies is a promise that nobody keeps.
#[test]
fn a_documented_scheme_that_is_not_enforced_is_an_error() {
    let name = HeaderName::from_static("x-key");
    let security = build(|security| security.scheme("key", Stub::of(CredentialShape::Header(name))));
    let table = table(&security, &[("GET", "/a", RoutePolicy::requires(authenticated()))]);
    let mut document = document(&[("GET", "/a")]);
    let said = SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer));
    document.components = Some(ComponentsBuilder::new().security_scheme("token", said).build());
    let errors = OpenApiSecurity::new(&security, &table).write(document).map(drop).unwrap_err();
    assert_eq!(errors.to_string(), "P283: security scheme `token` is documented, but not enforced");
}
