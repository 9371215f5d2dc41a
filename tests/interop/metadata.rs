//! Where a client learns how to get a token (RFC 9728).

use serde_json::{Value, json};

use super::World;
use crate::support::challenges;
use crate::support::client::Call;

/// A10.4-7: oauth4webapi finds the document from the URL of the resource, and believes it.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_finds_out_whom_to_ask_for_a_token() {
    let Some(mut world) = World::start().await else { return };
    // A10.6: what is refused tells where the document is.
    let refused = world.documents.call(Call::get("/me")).await;
    let challenge = challenges::parse(refused.field("www-authenticate")).unwrap().remove(0);
    let told = challenge.parameter("resource_metadata").unwrap().to_owned();
    assert_eq!(told, world.url("/.well-known/oauth-protected-resource"));

    world.documents.count(1);
    let resource = world.url("");
    let read = world.client.ask("metadata", json!({ "resource": resource })).await;
    assert_eq!(read["resource"], resource, "{read}");
    let servers = read["authorization_servers"].as_array().unwrap();
    assert!(servers.contains(&world.provider.issuer.clone().into()), "{read}");
    let scopes: Vec<&Value> = read["scopes_supported"].as_array().unwrap().iter().collect();
    assert_eq!(scopes, ["documents:read", "documents:write"], "{read}");
    world.documents.stop().await;
}
