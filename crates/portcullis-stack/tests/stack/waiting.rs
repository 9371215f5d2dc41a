//! Backends that must be waited for, at every place, with every answer.

use portcullis_authn::{Authenticator, Credential, CredentialShape};
use portcullis_core::{
    Ban, Bans, Challenge, ClientAddress, CredentialMethod, Denial, Principal, Reason, RequestView, Scopes,
    Step, StoreError,
};
use portcullis_ratelimit::{MINUTE, client_ip, per};

use crate::support::{Bench, request};

/// Knows after a while.
struct Slow;

async fn after_a_while() {
    for _ in 0..3 {
        tokio::task::yield_now().await;
    }
}

impl Authenticator for Slow {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::Scheme("Slow")]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Other("slow")
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let answer = match credential.expose() {
            "reader" => Ok("read"),
            "nobody" => Ok(""),
            "down" => Err(Reason::StoreUnavailable),
            _ => Err(Reason::CredentialMalformed),
        };
        Step::wait(async move {
            after_a_while().await;
            let scopes = Scopes::parse(answer.map_err(Denial::new)?).unwrap();
            Ok(Principal::builder("slow", CredentialMethod::Other("slow")).scopes(scopes).build())
        })
    }

    fn challenge(&self, _: &CredentialShape, realm: &str, _: Option<&Denial>) -> Option<Challenge> {
        Some(Challenge::new("Slow", realm))
    }
}

struct SlowBans(Option<Reason>);

impl Bans for SlowBans {
    fn banned(&self, _: ClientAddress) -> Step<Result<Option<Ban>, StoreError>> {
        let reason = self.0;
        Step::wait(async move {
            after_a_while().await;
            match reason {
                None => Ok(None),
                Some(Reason::Banned) => Ok(Some(Ban::of(None))),
                Some(_) => Err(StoreError::new("down")),
            }
        })
    }
}

#[tokio::test]
async fn a_caller_who_is_known_after_a_while_meets_the_rule_then() {
    let bench = Bench::new(|security| security.scheme("slow", Slow));
    for (credential, status, reason) in [
        ("reader", 200, "-"),
        ("nobody", 403, "insufficient_scope"),
        ("down", 503, "store_unavailable"),
        ("other", 401, "credential_malformed"),
    ] {
        let request = request("GET", "/notes/1").header("authorization", format!("Slow {credential}"));
        let response = bench.call(request).await;
        assert_eq!((response.status().as_u16(), bench.last_reason()), (status, reason), "{credential}");
    }
    assert_eq!(bench.times_reached(), 1);
}

#[tokio::test]
async fn a_ban_that_is_known_after_a_while_still_shuts_out() {
    for (known, status) in [(None, 200), (Some(Reason::Banned), 403), (Some(Reason::StoreUnavailable), 503)] {
        let bench = Bench::new(|security| security.bans(SlowBans(known)));
        assert_eq!(bench.call(request("GET", "/health")).await.status(), status);
        assert_eq!(bench.times_reached(), usize::from(status == 200));
    }
}

#[tokio::test]
async fn a_limit_counts_while_a_ban_is_looked_up() {
    let bench = Bench::new(|security| {
        security.bans(SlowBans(None)).limit(per(client_ip()).requests(1).every(MINUTE).named("client"))
    });
    assert_eq!(bench.call(request("GET", "/health")).await.status(), 200);
    assert_eq!(bench.call(request("GET", "/health")).await.status(), 429);
}
