//! The provider says that a login has ended (OpenID Connect Back-Channel Logout).

use serde_json::json;

use super::{SIGNED, World};

/// A14.1-6: tokens of whoever was logged out no longer count, those of others do.
#[tokio::test(flavor = "multi_thread")]
async fn tokens_end_with_the_login() {
    let client = Some("documents-app".to_owned());
    let Some(mut world) = World::with(SIGNED, |options| options.tokens.client_id = client).await else {
        return;
    };
    let robot = world.token(json!({})).await;
    let other = world.token(json!({ "client": "documents-api" })).await;
    assert_eq!(world.status("/me", &robot).await, 200);
    assert_eq!(world.status("/me", &other).await, 200);

    let uri = world.url("/backchannel-logout");
    world.documents.count(1);
    world.provider.process.ask("logout", json!({ "uri": uri, "sub": "robot" })).await;
    let refused = world.fetch("/me", &robot, json!({})).await;
    assert_eq!(refused["status"], 401, "{refused}");
    assert_eq!(refused["challenges"][0]["parameters"]["error"], "invalid_token", "{refused}");
    assert_eq!(world.status("/me", &other).await, 200);
    world.documents.stop().await;
}
