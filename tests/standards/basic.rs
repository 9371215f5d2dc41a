//! HTTP Basic (RFC 7617), through a whole stack.

use super::stack::Stack;
use crate::support::challenges::parse;
use crate::support::vectors::vectors;

const FILE: &str = "rfc7617/basic.json";

/// A15.1, A15.2, RFC 7617 §2, §2.1.
#[tokio::test]
async fn the_users_of_the_examples_log_in_and_nobody_else() {
    let Some(file) = vectors(FILE) else { return };
    let cases = file["cases"].as_array().unwrap();
    let text = |case: &serde_json::Value, name: &str| case[name].as_str().unwrap().to_owned();
    let users: Vec<_> = cases.iter().map(|case| (text(case, "user"), text(case, "password"))).collect();
    let users: Vec<_> = users.iter().map(|(user, password)| (user.as_str(), password.as_str())).collect();
    let stack = Stack::with_users(&users);
    for case in cases {
        let authorization = text(case, "authorization");
        let credential = authorization.split(' ').nth(1).unwrap();
        for scheme in ["Basic", "basic", "BASIC"] {
            let answer = stack.login(format!("{scheme} {credential}")).await;
            assert_eq!((answer.status, &answer.json()["subject"]), (200, &case["user"]), "{}", answer.body);
        }
        // A password opens the login alone.
        assert_eq!(stack.me(&authorization).await.status, 401);
        let strangers = Stack::new();
        assert_eq!(strangers.login(&authorization).await.status, 401);
        assert_eq!(strangers.last_reason(), "wrong_password");
    }
}

/// A15.2: `realm`, and no charset but UTF-8.
#[tokio::test]
async fn the_challenge_has_the_form_of_the_examples() {
    let Some(file) = vectors(FILE) else { return };
    let sent = Stack::new().login("Basic !").await.challenges();
    for example in file["challenges"].as_array().unwrap() {
        let example = parse(example.as_str().unwrap()).expect("well-formed");
        assert_eq!(sent[0].scheme, example[0].scheme);
        for (name, value) in &example[0].parameters {
            let ours = sent[0].parameter(name);
            assert!(ours.is_some() && (name != "charset" || ours == Some(value)), "{name}");
        }
    }
}

/// A15.3, RFC 7617 §2.
#[tokio::test]
async fn what_is_no_user_and_password_is_refused() {
    use base64::Engine;
    let stack = Stack::new();
    let encode = |octets: &[u8]| base64::prelude::BASE64_STANDARD.encode(octets);
    for decoded in
        [&b"alice"[..], b"", b"alice:sec\0ret", b"al\nice:secret", b"alice:secret\x7f", b"\xff:secret"]
    {
        let answer = stack.login(format!("Basic {}", encode(decoded))).await;
        assert!([400, 401].contains(&answer.status), "{decoded:?}: {}", answer.body);
    }
    for credential in ["YWxpY2U6c2VjcmV0=", "YWxpY2U6c2VjcmV0A", "YWxpY2U6c2VjcmV_", "a", "===="] {
        let answer = stack.login(format!("Basic {credential}")).await;
        assert!([400, 401].contains(&answer.status), "{credential}: {}", answer.body);
    }
    assert_eq!(stack.login(format!("Basic {}", encode(b"alice:secret"))).await.status, 200);
}
