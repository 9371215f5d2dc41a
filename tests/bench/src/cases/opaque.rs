//! Opaque tokens, whose issuer was asked a while ago.

use std::time::Duration;

use http::StatusCode;
use portcullis::client::OutboundClient;
use portcullis::core::Secret;
use portcullis::oauth::Issuer;
use portcullis::oauth::introspection::{ClientAuthentication, Introspection};
use portcullis_testkit::TestIntrospection;
use serde_json::json;
use tokio::runtime::Builder;
use tower::Layer;

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::floors::router;
use crate::cases::layers::layer;
use crate::drive::{Template, answer, calls};
use crate::tokens::issuer;

pub(super) const CASES: &[Entry] = &[("introspection hit", hit)];

const TOKEN: &str = "2YotnFZFEjr1zCsicMWpAA";

/// The first request asks; every later one finds the answer.
fn hit() -> Case {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let template = Template::with(&format!("Bearer {TOKEN}"));
    let service = runtime.block_on(async {
        let server = TestIntrospection::start().await;
        let expires = portcullis::Clock::system().unix_time().as_secs() + 24 * 60 * 60;
        server.activate(TOKEN, json!({
            "iss": issuer().url(), "aud": issuer().audience(), "sub": "5b0fda2c-2f0c-4cc3-9a2d-6e2b1ac7a6b1",
            "scope": "documents:read documents:write profile", "client_id": "web", "exp": expires,
            "token_type": "Bearer", "email": "alice.anderson@example.com", "name": "Alice Anderson",
        }));
        let mut service = layer(scheme(server.url())).layer(router());
        assert_eq!(answer(&mut service, &template).await, StatusCode::OK);
        service
    });
    // The issuer is gone, so that nothing but what is remembered can answer.
    drop(runtime);
    calls(service, &template, StatusCode::OK)
}

fn scheme(endpoint: &str) -> Introspection {
    let client = OutboundClient::builder().insecure_allow_loopback_http().build().expect("a client");
    let issuer = Issuer::new(issuer().url()).audience(issuer().audience());
    let scheme = Introspection::of(issuer, ClientAuthentication::basic("api", Secret::from("s3cret")));
    scheme.at(endpoint).remember_for(Duration::from_secs(60 * 60)).with_client(client)
}
