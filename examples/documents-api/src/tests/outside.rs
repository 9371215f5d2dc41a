//! Tokens of an outside issuer.

use serde_json::json;

use super::*;
use crate::signing_key::SigningKey;
use crate::tokens::{OWN_AUDIENCE, OWN_ISSUER};

const ISSUER: &str = "https://idp.example";
const AUDIENCE: &str = "https://documents.example";

/// The service with `--issuer`, `--audience` and `--jwks`, and the key of that issuer.
pub(super) async fn start_with_issuer() -> (Service, SigningKey) {
    let keys = Folder::new();
    let key = SigningKey::load_or_create(&keys.path().join("key.p8")).unwrap();
    let service = Service::with(|mut options, folder| {
        let jwks = folder.path().join("issuer.jwks");
        std::fs::write(&jwks, key.jwks()).unwrap();
        options.issuer = Some(ISSUER.parse().unwrap());
        options.audience = Some(AUDIENCE.into());
        options.jwks = Some(jwks);
        options
    })
    .await;
    (service, key)
}

pub(super) fn token(key: &SigningKey, change: impl FnOnce(&mut Value)) -> String {
    let now = Clock::system().unix_time().as_secs();
    let mut claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": "stranger", "client_id": "app", "jti": "1",
        "iat": now, "exp": now + 300, "scope": "documents:read",
    });
    change(&mut claims);
    format!("Bearer {}", key.sign("at+jwt", &claims).unwrap())
}

pub(super) async fn call(service: &Service, bearer: &str, method: &str, path: &str) -> Answer {
    service.call(with_json(request(method, path).header(AUTHORIZATION, bearer), r#"{"title":"x"}"#)).await
}

#[tokio::test]
async fn a_stranger_has_the_scopes_of_its_token_and_sees_public_documents_only() {
    let (service, key) = start_with_issuer().await;
    let stranger = token(&key, |_| {});
    assert_eq!(call(&service, &stranger, "GET", "/documents").await.titles(), ["Lunch menu", "Welcome"]);
    let me = call(&service, &stranger, "GET", "/me").await.json();
    assert_eq!((&me["subject"], &me["issuer"]), (&"stranger".into(), &ISSUER.into()));
    assert_eq!(me["scopes"], json!(["documents:read"]));
    let (public, private) = (service.path("Welcome").await, service.path("Diary").await);
    assert_eq!(call(&service, &stranger, "GET", &public).await.status, 200);
    call(&service, &stranger, "GET", &private).await.check_problem(404);
    call(&service, &stranger, "POST", "/documents").await.check_problem(403);
}

#[tokio::test]
async fn no_claim_makes_a_stranger_more_than_that() {
    let (service, key) = start_with_issuer().await;
    let claims = |claims: &mut Value| {
        claims["roles"] = json!(["admin"]);
        claims["groups"] = json!(["engineering"]);
        claims["scope"] = json!("documents:read documents:write admin");
    };
    let stranger = token(&key, claims);
    let me = call(&service, &stranger, "GET", "/me").await.json();
    assert_eq!((&me["roles"], &me["groups"]), (&json!([]), &json!([])));
    call(&service, &stranger, "GET", "/admin/audit").await.check_problem(403);
    let path = service.path("Engine plans").await;
    for method in ["GET", "PUT", "DELETE"] {
        call(&service, &stranger, method, &path).await.check_problem(404);
    }
    let path = service.path("Welcome").await;
    for method in ["PUT", "DELETE"] {
        call(&service, &stranger, method, &path).await.check_problem(404);
    }
}

#[tokio::test]
async fn what_a_stranger_creates_belongs_to_it_by_issuer_and_subject_and_to_no_user() {
    let (service, key) = start_with_issuer().await;
    let stranger = token(&key, |claims| claims["scope"] = json!("documents:read documents:write"));
    let created = call(&service, &stranger, "POST", "/documents").await;
    assert_eq!((created.status, &created.json()["owner"]), (201, &json!("https://idp.example#stranger")));
    // It is private: the stranger sees public documents only.
    let path = created.header("location").to_owned();
    call(&service, &stranger, "GET", &path).await.check_problem(404);
    assert_eq!(service.get_as("adam", &path).await.status, 200);
}

/// Managers read what their teams have: a stranger must not write into it.
#[tokio::test]
async fn a_stranger_adds_no_document_to_a_team_and_a_user_does() {
    let (service, key) = start_with_issuer().await;
    let strangers = |claims: &mut Value| {
        claims["scope"] = json!("documents:read documents:write");
        claims["groups"] = json!(["engineering"]);
    };
    let alices = |claims: &mut Value| {
        claims["sub"] = json!("alice");
        claims["scope"] = json!("documents:write");
    };
    let create = async |bearer: &str| {
        let request = request("POST", "/documents").header(AUTHORIZATION, bearer);
        service.call(with_json(request, r#"{"title":"x","team":"engineering"}"#)).await
    };
    let refused = create(&token(&key, strangers)).await;
    refused.check_problem(403);
    assert!(refused.json().get("explanation").is_none(), "{}", refused.text);
    let event = service.events().await.remove(0);
    let decision = event["decisions"].as_array().unwrap().last().unwrap().clone();
    assert_eq!((&decision["room"], &decision["reason"]), (&"guard".into(), &"policy_denied".into()));
    assert!(
        decision["detail"].as_str().unwrap().contains("only users add documents to a team"),
        "{decision}"
    );
    assert_eq!(create(&token(&key, alices)).await.status, 201);
}

#[tokio::test]
async fn a_user_whom_the_service_knows_by_sub_is_that_user_within_the_scopes_of_the_token() {
    let (service, key) = start_with_issuer().await;
    let alice = token(&key, |claims| claims["sub"] = json!("alice"));
    let path = service.path("Diary").await;
    assert_eq!(call(&service, &alice, "GET", &path).await.status, 200);
    call(&service, &alice, "PUT", &path).await.check_problem(403);
    let events = service.events().await;
    let by = events.iter().flat_map(|event| event["decisions"].as_array().unwrap().clone());
    assert!(by.into_iter().any(|decision| decision["detail"] == "by a token of https://idp.example"));

    let adam = token(&key, |claims| claims["sub"] = json!("adam"));
    assert_eq!(call(&service, &adam, "GET", "/admin/audit").await.status, 200);
    let rita = token(&key, |claims| {
        claims["sub"] = json!("rita");
        claims["scope"] = json!("documents:read documents:write");
    });
    // She may only read, whatever the token says.
    call(&service, &rita, "POST", "/documents").await.check_problem(403);
}

/// A3.11, RFC 9068 §5: where no user is involved, `sub` names the client, whose name may be that of a user.
#[tokio::test]
async fn a_client_that_speaks_for_itself_is_no_user() {
    let (service, key) = start_with_issuer().await;
    let client = token(&key, |claims| {
        claims["sub"] = json!("adam");
        claims["client_id"] = json!("adam");
    });
    let me = call(&service, &client, "GET", "/me").await.json();
    assert_eq!((&me["issuer"], &me["roles"]), (&ISSUER.into(), &json!([])));
    call(&service, &client, "GET", "/admin/audit").await.check_problem(403);
    call(&service, &client, "GET", &service.path("Diary").await).await.check_problem(404);
}

/// A2.17, A2.20, A3.5, A3.6: keys of one issuer verify its own tokens alone, and the service's own keep working.
#[tokio::test]
async fn issuers_are_kept_apart() {
    let (service, key) = start_with_issuer().await;
    assert_eq!(service.get_as("alice", "/me").await.status, 200);
    for (what, claims) in [
        ("the service's own issuer", json!({"iss": OWN_ISSUER, "aud": OWN_AUDIENCE, "sub": "adam"})),
        ("another issuer", json!({"iss": "https://evil.example"})),
        ("another audience", json!({"aud": OWN_AUDIENCE})),
        ("expired", json!({"exp": 1_700_000_000})),
    ] {
        let bearer = token(&key, |all| {
            for (name, value) in claims.as_object().unwrap() {
                all[name] = value.clone();
            }
        });
        let answer = call(&service, &bearer, "GET", "/documents").await;
        assert_eq!(answer.status, 401, "{what}: {}", answer.text);
        assert!(answer.challenges()[0].contains(r#"error="invalid_token""#), "{what}");
    }
}

#[tokio::test]
async fn a_bad_file_of_keys_is_an_error_at_start() {
    let folder = Folder::new();
    let mut options = Options::in_folder(folder.path());
    options.issuer = Some(ISSUER.parse().unwrap());
    options.audience = Some(AUDIENCE.into());
    for (content, code) in [(None, "P606"), (Some("garbage"), "P606"), (Some(r#"{"keys":[]}"#), "P605")] {
        let jwks = folder.path().join("issuer.jwks");
        if let Some(content) = content {
            std::fs::write(&jwks, content).unwrap();
        }
        options.jwks = Some(jwks);
        let errors = start(&options).await.unwrap_err();
        let [StartError::Configuration(errors)] = errors.iter().collect::<Vec<_>>()[..] else {
            panic!("{content:?}: {errors}")
        };
        assert_eq!(errors.codes().collect::<Vec<_>>(), [code], "{errors}");
    }
}
