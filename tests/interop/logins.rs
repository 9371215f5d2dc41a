//! Logins of the documents example with a proof, as its README shows them: `dpop` makes the proofs.

use serde_json::json;

use super::World;
use crate::support::client::Call;

/// RFC 9449 §5: the token that a login with a proof gets is bound to the key of that proof.
#[tokio::test(flavor = "multi_thread")]
async fn a_login_with_a_proof_of_another_library_gets_a_bound_token() {
    let Some(mut world) = World::start().await else { return };
    let mut proof = async |path: &str, method: &str, token: Option<&str>| {
        let mut command = json!({
            "issuer": world.provider.issuer, "dpop": "own", "url": format!("http://{}{path}", world.documents.address),
            "method": method,
        });
        if let Some(token) = token {
            command["token"] = token.into();
        }
        world.client.ask("proof", command).await["proof"].as_str().unwrap().to_owned()
    };
    let login = proof("/login", "POST", None).await;
    let password = world.documents.password("alice").to_owned();
    let call = Call::new("POST", "/login").basic("alice", &password).field("DPoP", login);
    let answer = world.documents.call(call).await;
    assert_eq!((answer.status, &answer.json()["token_type"]), (200, &"DPoP".into()), "{answer:?}");
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();

    let me = proof("/me", "GET", Some(&token)).await;
    let call = Call::get("/me").field("Authorization", format!("DPoP {token}")).field("DPoP", me);
    let answer = world.documents.call(call).await;
    assert_eq!((answer.status, &answer.json()["subject"]), (200, &"alice".into()), "{answer:?}");
    assert_eq!(world.documents.call(Call::get("/me").bearer(&token)).await.status, 401);
    world.documents.stop().await;
}
