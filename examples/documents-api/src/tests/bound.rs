//! Tokens that are bound to a key of the client, from the login on.

use http::header::AUTHORIZATION;
use portcullis::Clock;
use portcullis_testkit::{Algorithm, DpopClient};
use serde_json::Value;

use super::*;
use crate::options::Dpop;

/// Alice, and the key that she holds.
pub(super) struct Holder {
    pub(super) service: Service,
    key: DpopClient,
}

impl Holder {
    pub(super) async fn with(change: impl FnOnce(&mut Options)) -> Self {
        let service = Service::with(|mut options, _| {
            change(&mut options);
            options
        })
        .await;
        Self { service, key: DpopClient::new(Algorithm::Es256, Clock::system()) }
    }

    pub(super) fn proof(&self, method: &str, path: &str, token: &str, nonce: &str) -> String {
        let url = format!("{}{path}", self.service.server.url());
        let proof = self.key.proof(method, &url, token);
        let proof = if token.is_empty() { proof.without("ath") } else { proof };
        if nonce.is_empty() { proof.sign() } else { proof.claim("nonce", nonce).sign() }
    }

    pub(super) async fn login(&self, nonce: &str) -> Answer {
        let proof = self.proof("POST", "/login", "", nonce);
        let basic = basic("alice", self.service.password("alice"));
        let request = request("POST", "/login").header(AUTHORIZATION, basic).header("dpop", proof);
        self.service.call(request.body(Body::empty()).unwrap()).await
    }

    pub(super) async fn me(&self, scheme: &str, token: &str, nonce: &str) -> Answer {
        let request = request("GET", "/me").header(AUTHORIZATION, format!("{scheme} {token}"));
        let request = request.header("dpop", self.proof("GET", "/me", token, nonce));
        self.service.call(request.body(Body::empty()).unwrap()).await
    }
}

pub(super) fn token_of(login: &Answer) -> String {
    let body: Value = login.json();
    assert_eq!(body["token_type"], "DPoP", "{body}");
    body["access_token"].as_str().unwrap().to_owned()
}

/// RFC 9449 §5, A6.14-15.
#[tokio::test]
async fn a_login_with_a_proof_gets_a_token_that_counts_with_proofs_alone() {
    let alice = Holder::with(|_| {}).await;
    let login = alice.login("").await;
    assert_eq!(login.status, 200, "{}", login.text);
    let token = token_of(&login);
    assert_eq!(alice.me("DPoP", &token, "").await.status, 200);
    alice.me("Bearer", &token, "").await.check_problem(401);

    // A6.14: the key of somebody else.
    let thief = Holder { key: DpopClient::new(Algorithm::Es256, Clock::system()), ..alice };
    thief.me("DPoP", &token, "").await.check_problem(401);
    // Without a proof the login gives what it gave before.
    let plain = request("POST", "/login").header(AUTHORIZATION, basic("bob", thief.service.password("bob")));
    let plain = thief.service.call(plain.body(Body::empty()).unwrap()).await;
    assert_eq!(plain.json()["token_type"], "Bearer");
}

#[tokio::test]
async fn where_proofs_are_required_a_login_needs_one_and_no_other_token_is_taken() {
    let alice = Holder::with(|options| options.tokens.dpop = Dpop::Required).await;
    let token = token_of(&alice.login("").await);
    assert_eq!(alice.me("DPoP", &token, "").await.status, 200);

    let unbound = alice.service.bearer("alice").await;
    let unbound = request("GET", "/me").header(AUTHORIZATION, unbound).body(Body::empty()).unwrap();
    alice.service.call(unbound).await.check_problem(401);
    let password = basic("alice", alice.service.password("alice"));
    let login = request("POST", "/login").header(AUTHORIZATION, password).body(Body::empty()).unwrap();
    let refused = alice.service.call(login).await;
    refused.check_problem(401);
    assert!(refused.challenges().iter().any(|challenge| challenge.starts_with("DPoP")));
    let tour = alice.service.server.tour().await.unwrap();
    assert!(!tour.contains("Bearer ey") && tour.contains("DPoP"), "{tour}");
}

#[tokio::test]
async fn where_proofs_are_off_no_bound_token_is_made_or_taken() {
    let alice = Holder::with(|options| options.tokens.dpop = Dpop::Off).await;
    alice.login("").await.check_problem(401);
    let bound = token_of(&Holder::with(|_| {}).await.login("").await);
    alice.me("Bearer", &bound, "").await.check_problem(401);
    alice.me("DPoP", &bound, "").await.check_problem(401);
}

/// A6.11, RFC 9449 §8 and §9.
#[tokio::test]
async fn a_nonce_is_demanded_at_the_login_and_afterwards() {
    let alice = Holder::with(|options| options.tokens.dpop_nonce = true).await;
    let refused = alice.login("").await;
    refused.check_problem(401);
    assert!(refused.challenges().iter().any(|challenge| challenge.contains("use_dpop_nonce")));
    let nonce = refused.header("dpop-nonce").to_owned();
    let token = token_of(&alice.login(&nonce).await);
    assert_eq!(alice.me("DPoP", &token, &nonce).await.status, 200, "one nonce serves both");
    let refused = alice.me("DPoP", &token, "").await;
    refused.check_problem(401);
    assert!(!refused.header("dpop-nonce").is_empty());
}

/// A6.10: the proof of a login is used up.
#[tokio::test]
async fn a_login_cannot_be_repeated_with_the_same_proof() {
    let alice = Holder::with(|_| {}).await;
    let proof = alice.proof("POST", "/login", "", "");
    let login = || {
        let basic = basic("alice", alice.service.password("alice"));
        request("POST", "/login")
            .header(AUTHORIZATION, basic)
            .header("dpop", &proof)
            .body(Body::empty())
            .unwrap()
    };
    assert_eq!(alice.service.call(login()).await.status, 200);
    alice.service.call(login()).await.check_problem(401);
}
