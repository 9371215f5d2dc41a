//! Guessing passwords.

use std::net::Ipv4Addr;

use super::challenges;
use crate::support::client::{Answer, Call};
use crate::support::documents::Documents;

const ATTACKER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const BOB_AT_HOME: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);

fn login(user: &str, password: &str, client: Ipv4Addr) -> Call {
    Call::new("POST", "/login").basic(user, password).from(client)
}

#[track_caller]
fn check_exhausted(answer: &Answer, policy: &str) {
    answer.check_problem(429);
    // A11.12.
    let seconds: u64 = answer.field("retry-after").parse().unwrap();
    assert!((1..=60).contains(&seconds), "{seconds}");
    assert_eq!(answer.json()["violated-policies"], serde_json::json!([policy]));
    assert_eq!(answer.field("www-authenticate"), "");
}

/// Guesses until the service has enough of it: how often it judged, and how it refused. The quotas refill while the
/// test runs, so on a slow machine it judges a little more often than the quota says.
async fn guess(service: &Documents, user: impl Fn(usize) -> String) -> (usize, Answer) {
    for n in 0..150 {
        let answer = service.call(login(&user(n), &format!("guess-{n}"), ATTACKER)).await;
        if answer.status == 429 {
            return (n, answer);
        }
        answer.check_problem(401);
        assert_eq!(challenges(&answer)[0].scheme, "Basic");
    }
    panic!("nobody stops it");
}

/// A21.2: ten attempts a minute on one user, then 429 even with the right password; nobody else notices.
#[tokio::test]
async fn guessing_the_password_of_one_user_ends_and_others_are_not_affected() {
    let service = Documents::start().await;
    let (judged, refusal) = guess(&service, |_| "alice".to_owned()).await;
    assert!(judged >= 10, "{judged}");
    check_exhausted(&refusal, "login-user");
    let right = service.password("alice").to_owned();
    check_exhausted(&service.call(login("alice", &right, ATTACKER)).await, "login-user");

    let bob = service.call(login("bob", service.password("bob"), BOB_AT_HOME)).await;
    assert_eq!(bob.status, 200, "{bob:?}");
    let adam = service.call(login("adam", service.password("adam"), ATTACKER)).await;
    assert_eq!(adam.status, 200, "{adam:?}");
    // Whoever is logged in stays so, alice herself included.
    service.check_alive().await;
    let record = service.stop().await;
    assert!((0..judged).all(|index| record.reason(index) == "wrong_password"));
    assert!((judged..judged + 2).all(|index| record.reason(index) == "attempts_exceeded"));
    assert!(!record.text.contains("guess-") && !record.text.contains(&right));
}

/// Spraying one password over many users ends too, after thirty a minute, for that client alone.
#[tokio::test]
async fn spraying_passwords_over_many_users_ends_for_that_client_alone() {
    let service = Documents::start().await;
    let (judged, refusal) = guess(&service, |n| format!("user-{n}")).await;
    assert!(judged >= 30, "{judged}");
    check_exhausted(&refusal, "login-client");
    let alice = service.call(login("alice", service.password("alice"), BOB_AT_HOME)).await;
    assert_eq!(alice.status, 200, "{alice:?}");
    let record = service.stop().await;
    assert_eq!(record.reason(judged), "quota_exceeded");
    assert!(!record.text.contains("guess-"));
}
