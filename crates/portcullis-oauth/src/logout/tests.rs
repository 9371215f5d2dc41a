//! OpenID Connect Back-Channel Logout 1.0, against an issuer with real keys.

mod stores;

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{Request, Response};
use http_body_util::{BodyExt as _, Full};
use portcullis_core::{Denial, Reason, ReplayOutcome};
use portcullis_testkit::{Algorithm, FakeClock, TestIssuer, TokenBuilder};
use serde_json::{Value, json};
use tower::ServiceExt as _;

use self::stores::{Replays, Stuck};
use super::*;
use crate::form::FORM;
use crate::{DenyList, Issuer, JwtBearer, JwtVerifier, Profile, StaticKeys};

const ISSUER: &str = "https://issuer.example";
const CLIENT: &str = "documents-web";
const EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

struct Bench {
    server: TestIssuer,
    time: FakeClock,
    tokens: JwtVerifier,
    receiver: LogoutReceiver,
}

impl Bench {
    fn new() -> Self {
        Self::with(|issuer| issuer, |receiver| receiver)
    }

    fn with(
        issuer: impl Fn(Issuer) -> Issuer,
        receiver: impl FnOnce(BackChannelLogout) -> BackChannelLogout,
    ) -> Self {
        let time = FakeClock::new();
        let server = TestIssuer::offline(ISSUER).with_clock(time.clock());
        let list = Arc::new(DenyList::new(&time.clock()));
        let own = || {
            let keys = StaticKeys::new().jwks(server.jwks_json());
            issuer(Issuer::new(ISSUER).audience(server.audience()).keys(keys))
        };
        let tokens = JwtBearer::issuer(own()).revocations(list.clone()).build(&time.clock()).unwrap();
        let receiver = receiver(BackChannelLogout::new(own(), CLIENT, list)).build(&time.clock()).unwrap();
        Self { server, time, tokens, receiver }
    }

    /// A valid logout token.
    fn logout(&self, subject: &str, session: &str) -> TokenBuilder {
        let token = self.server.token(subject).without("client_id").without("scope");
        let events = json!({ EVENT: {} });
        token.typ("logout+jwt").audience(CLIENT).claim("sid", session).claim("events", events)
    }

    async fn send(&self, token: &TokenBuilder) -> LogoutAnswer {
        self.send_body(&format!("logout_token={}", token.sign())).await
    }

    async fn send_body(&self, body: &str) -> LogoutAnswer {
        self.receiver.receive(Some(FORM), body.as_bytes()).resolve().await
    }

    #[track_caller]
    fn counts(&self, token: &TokenBuilder) -> bool {
        match self.tokens.verify(&token.sign()).done().expect("it waits") {
            Ok(_) => true,
            Err(denial) => {
                assert_eq!((denial.status().as_u16(), denial.reason()), (401, Reason::TokenRevoked));
                false
            }
        }
    }

    /// The token is refused, for what is explained so, and nothing ends.
    async fn refuses(&self, change: impl FnOnce(TokenBuilder) -> TokenBuilder, why: &str) {
        let token = change(self.logout("alice", "s1"));
        let answer = self.send(&token).await;
        check(&answer, why, &format!("{token:?}"));
        assert!(self.counts(&self.server.token("alice").claim("sid", "s1")), "{token:?}");
    }
}

#[track_caller]
fn check(answer: &LogoutAnswer, why: &str, what: &str) {
    assert_eq!(answer.status(), 400, "{what}");
    let denial = answer.denial().unwrap();
    assert_eq!(denial.reason(), Reason::LogoutTokenRefused, "{what}");
    assert_eq!(denial.explanation(), Some(why), "{what}");
}

/// A14.1.
#[tokio::test]
async fn takes_nothing_but_a_form_with_one_logout_token() {
    let bench = Bench::new();
    let token = bench.logout("alice", "s1").sign();
    let no_form = "the content type is not that of a form";
    let not_one = "there is not just one `logout_token`";
    for content_type in [None, Some(""), Some("application/json"), Some("multipart/form-data; boundary=x")] {
        let body = format!("logout_token={token}");
        let answer = bench.receiver.receive(content_type, body.as_bytes()).resolve().await;
        check(&answer, no_form, &format!("{content_type:?}"));
    }
    for body in [
        String::new(),
        token.clone(),
        "logout_token=".to_owned(),
        format!("token={token}"),
        format!("Logout_Token={token}"),
        format!("logout_token={token}&logout_token={token}"),
        format!("logout_token={token}&x=%"),
        json!({ "logout_token": token }).to_string(),
    ] {
        check(&bench.send_body(&body).await, not_one, &body);
    }
    let others = format!("state=1&logout_token={token}&x=a+b%20c");
    assert_eq!(bench.send_body(&others).await.status(), 200);
    let typed = "Application/X-WWW-Form-Urlencoded ; charset=UTF-8";
    let body = format!("logout_token={}", bench.logout("alice", "s1").sign());
    assert_eq!(bench.receiver.receive(Some(typed), body.as_bytes()).resolve().await.status(), 200);
}

/// A14.1, at the limit.
#[tokio::test]
async fn a_body_may_be_as_large_as_the_limit_and_not_one_octet_larger() {
    let bench = Bench::new();
    let body = |length: usize| {
        let begin = format!("logout_token={}&x=", bench.logout("alice", "s1").sign());
        format!("{begin}{}", "x".repeat(length - begin.len()))
    };
    assert_eq!(bench.send_body(&body(MAX_LOGOUT_OCTETS)).await.status(), 200);
    check(&bench.send_body(&body(MAX_LOGOUT_OCTETS + 1)).await, "the body is too large", "one more");
    let request =
        |length| Request::post("/").header(CONTENT_TYPE, FORM).body(Full::from(body(length))).unwrap();
    assert_eq!(respond(&bench, request(MAX_LOGOUT_OCTETS)).await.status(), 200);
    assert_eq!(respond(&bench, request(MAX_LOGOUT_OCTETS + 1)).await.status(), 400);
}

/// A14.2.
#[tokio::test]
async fn validates_the_token_as_strictly_as_an_id_token() {
    let bench = Bench::new();
    let stranger = TestIssuer::offline(ISSUER).with_clock(bench.time.clock());
    bench.refuses(|token| token.signed_by(&stranger), "the signature does not verify").await;
    bench.refuses(|token| token.signature([]), "the signature does not verify").await;
    for none in ["none", "None", "nOnE"] {
        let why = "the algorithm is unknown here";
        bench.refuses(|token| token.header("alg", none).signature([]), why).await;
    }
    let public = bench.server.public_key_pem(Algorithm::Es256);
    bench
        .refuses(|token| token.hmac_signed(public).kid("es256-1"), "the algorithm does not fit the key")
        .await;
    bench.refuses(|token| token.kid("other"), "no key of the issuer has the token's `kid`").await;
    let other = "`iss` is not the issuer's identifier";
    bench.refuses(|token| token.claimed_issuer("https://issuer.example/"), other).await;
    let audience = "the logout token is meant for another client";
    bench.refuses(|token| token.audience("https://api.example"), audience).await;
    bench.refuses(|token| token.audiences(["a", "b"]), audience).await;
    bench.refuses(|token| token.audiences([]), audience).await;
    bench.refuses(|token| token.expired_since(Duration::from_secs(30)), "`exp` has passed").await;
    let early = FakeClock::START.as_secs() + 31;
    bench.refuses(|token| token.claim("iat", early), "`iat` lies in the future").await;
    for claim in ["iss", "aud", "iat", "exp", "jti"] {
        bench.refuses(|token| token.without(claim), "a required claim is missing").await;
    }
    for claim in ["iss", "iat", "exp", "jti", "sub", "sid"] {
        bench.refuses(|token| token.claim(claim, json!([1])), "a claim has the wrong type").await;
    }
    bench.refuses(|token| token.claim("aud", 1), "`aud` is neither text nor a list of texts").await;
    let claims = bench.logout("alice", "s1").claims_json();
    let twice = format!("{},\"iss\":\"{ISSUER}\"}}", claims.strip_suffix('}').unwrap());
    let why = "a part is not one JSON object without duplicate members";
    bench.refuses(|token| token.claims_text(twice), why).await;
    let valid = bench.logout("alice", "s1").audiences(["other", CLIENT]);
    assert_eq!(bench.send(&valid).await.status(), 200);
}

/// A14.2: the algorithms of the issuer's list and no others.
#[tokio::test]
async fn takes_only_the_algorithms_that_are_allowed() {
    let bench = Bench::with(|issuer| issuer.algorithms([crate::Algorithm::ES384]), |receiver| receiver);
    let why = "the algorithm is not allowed for the issuer";
    let token = bench.logout("alice", "s1");
    check(&bench.send(&token).await, why, "ES256");
    assert_eq!(bench.send(&token.algorithm(Algorithm::Es384)).await.status(), 200);
}

/// A14.3.
#[tokio::test]
async fn tells_a_logout_token_by_its_event_and_by_whom_it_names() {
    let bench = Bench::new();
    let no_event = "`events` tells of no logout";
    bench.refuses(|token| token.without("events"), no_event).await;
    for events in [
        json!({}),
        json!(EVENT),
        json!([EVENT]),
        json!({ EVENT: null }),
        json!({ EVENT: true }),
        json!({ EVENT: [] }),
        json!({ "http://schemas.openid.net/event/BACKCHANNEL-logout": {} }),
        json!({ "http://schemas.openid.net/event/backchannel-logout/": {} }),
    ] {
        bench.refuses(|token| token.claim("events", events), no_event).await;
    }
    for nonce in [json!("n"), json!(null), json!("")] {
        bench.refuses(|token| token.claim("nonce", nonce), "a logout token has no `nonce`").await;
    }
    bench.refuses(|token| token.without("sub").without("sid"), "a required claim is missing").await;
    for empty in ["sub", "sid"] {
        bench.refuses(|token| token.claim(empty, ""), "a claim has the wrong type").await;
    }
    let events = json!({ EVENT: { "x": 1 }, "https://other.example": {} });
    assert_eq!(bench.send(&bench.logout("alice", "s1").claim("events", events)).await.status(), 200);
}

/// A14.4.
#[tokio::test]
async fn checks_the_type_where_it_is_there() {
    let other = "the header's `typ` is that of another kind of token";
    let bench = Bench::new();
    for typ in ["at+jwt", "JWT", "secevent+jwt", "dpop+jwt", "", "logout"] {
        bench.refuses(|token| token.typ(typ), other).await;
    }
    for typ in ["logout+jwt", "LOGOUT+JWT", "application/logout+jwt"] {
        assert_eq!(bench.send(&bench.logout("bob", "s2").typ(typ)).await.status(), 200, "{typ}");
    }
    assert_eq!(bench.send(&bench.logout("bob", "s2").without_header("typ")).await.status(), 200);

    let older = Bench::with(|issuer| issuer.profile(Profile::UntypedJwt), |receiver| receiver);
    older.refuses(|token| token.typ("at+jwt"), other).await;
    assert_eq!(older.send(&older.logout("alice", "s1").typ("JWT")).await.status(), 200);
}

/// A14.4: without a store of one's own.
#[tokio::test]
async fn a_replay_is_refused_by_default() {
    let bench = Bench::new();
    let token = bench.logout("alice", "s1");
    assert_eq!(bench.send(&token).await.status(), 200);
    check(&bench.send(&token).await, "the logout token was sent before", "twice");
    assert!(!bench.counts(&bench.server.token("alice").claim("sid", "s1")));
}

/// A14.4.
#[tokio::test]
async fn refuses_a_token_that_was_sent_before() {
    let replays = Arc::new(Replays::default());
    let bench = Bench::with(|issuer| issuer, |receiver| receiver.replay_store(replays.clone()));
    let token = bench.logout("alice", "s1").claim("jti", "j1");
    assert_eq!(bench.send(&token).await.status(), 200);
    check(&bench.send(&token).await, "the logout token was sent before", "twice");
    let seen = replays.0.lock().unwrap().clone();
    // Until its end by the leeway, which is as long as it could be sent again.
    let keep = portcullis_testkit::TOKEN_LIFETIME + crate::DEFAULT_LEEWAY;
    assert_eq!(seen, [(ISSUER.into(), "j1".into(), keep)]);
    assert_eq!(bench.send(&bench.logout("alice", "s1").claim("jti", "j2")).await.status(), 200);
    let endless = bench.logout("alice", "s1").claim("jti", "j3").claim("exp", 1_u64 << 53);
    assert_eq!(bench.send(&endless).await.status(), 200);
    assert_eq!(replays.0.lock().unwrap().last().unwrap().2, Duration::from_secs(24 * 3600));
}

/// A14.4: no replay that a store cannot rule out, and no logout that is told to be done and was not.
#[tokio::test]
async fn a_store_that_fails_or_is_full_is_no_success() {
    let failed = |answer: LogoutAnswer| {
        assert_eq!(answer.status(), 400);
        assert_eq!(answer.denial().map(Denial::reason), Some(Reason::StoreUnavailable));
    };
    for outcome in [Some(ReplayOutcome::Full), None] {
        let store = Arc::new(Stuck(outcome));
        let bench = Bench::with(|issuer| issuer, |receiver| receiver.replay_store(store));
        failed(bench.send(&bench.logout("alice", "s1")).await);
    }
    let bench = Bench::with(|issuer| issuer, |receiver| receiver.also(Arc::new(Stuck(None))));
    failed(bench.send(&bench.logout("alice", "s1")).await);
    let full = Arc::new(DenyList::new(&FakeClock::new().clock()).with_max_entries(0));
    let bench = Bench::with(|issuer| issuer, |receiver| receiver.also(full));
    failed(bench.send(&bench.logout("alice", "s1")).await);
}

/// A14.5.
#[tokio::test]
async fn answers_200_or_400_with_an_error_and_is_never_stored() {
    let bench = Bench::new();
    let post =
        |body: String| Request::post("/logout").header(CONTENT_TYPE, FORM).body(Full::from(body)).unwrap();
    let unknown = bench.logout("nobody", "no such session").sign();
    let done = respond(&bench, post(format!("logout_token={unknown}"))).await;
    assert_eq!((done.status().as_u16(), &done.headers()[CACHE_CONTROL]), (200, &"no-store".parse().unwrap()));
    assert!(done.into_body().collect().await.unwrap().to_bytes().is_empty());

    let get = Request::get("/logout").body(Full::default()).unwrap();
    for request in [post("logout_token=a.b.c".to_owned()), post(String::new()), get] {
        let refused = respond(&bench, request).await;
        assert_eq!(refused.status(), 400);
        assert_eq!(refused.headers()[CACHE_CONTROL], "no-store");
        assert_eq!(refused.headers()[CONTENT_TYPE], "application/json");
        assert_eq!(
            refused.extensions().get::<Denial>().map(Denial::reason),
            Some(Reason::LogoutTokenRefused)
        );
        let body = refused.into_body().collect().await.unwrap().to_bytes();
        let body: Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["error"], "invalid_request");
    }
    let mut two = post(format!("logout_token={unknown}"));
    two.headers_mut().append(CONTENT_TYPE, FORM.parse().unwrap());
    assert_eq!(respond(&bench, two).await.status(), 400);
}

/// A14.6.
#[tokio::test]
async fn the_tokens_of_a_session_end_and_no_others() {
    let bench = Bench::new();
    let of = |subject: &str, session: &str| bench.server.token(subject).claim("sid", session);
    for (subject, session) in [("alice", "s1"), ("alice", "s2"), ("bob", "s3")] {
        assert!(bench.counts(&of(subject, session)));
    }
    assert_eq!(bench.send(&bench.logout("alice", "s1")).await.status(), 200);
    assert!(!bench.counts(&of("alice", "s1")));
    assert!(bench.counts(&of("alice", "s2")) && bench.counts(&of("bob", "s3")));
    // A session without a subject.
    assert_eq!(bench.send(&bench.logout("alice", "s2").without("sub")).await.status(), 200);
    assert!(!bench.counts(&of("alice", "s2")) && bench.counts(&of("bob", "s3")));
}

/// A14.6.
#[tokio::test]
async fn without_a_session_all_tokens_of_the_subject_end_but_not_later_ones() {
    let bench = Bench::new();
    let before = bench.server.token("alice");
    bench.time.advance(Duration::from_secs(5));
    assert_eq!(bench.send(&bench.logout("alice", "-").without("sid")).await.status(), 200);
    assert!(!bench.counts(&before) && !bench.counts(&bench.server.token("alice")));
    assert!(bench.counts(&bench.server.token("bob")));
    bench.time.advance(Duration::from_secs(1));
    assert!(bench.counts(&bench.server.token("alice")), "a new login");
}

/// A14.6: for access tokens that do not name their session.
#[tokio::test]
async fn all_tokens_of_the_subject_end_with_one_session_where_it_is_asked_for() {
    let bench = Bench::with(|issuer| issuer, BackChannelLogout::end_whole_subject);
    assert_eq!(bench.send(&bench.logout("alice", "s1")).await.status(), 200);
    assert!(!bench.counts(&bench.server.token("alice")));
    bench.time.advance(Duration::from_secs(1));
    assert!(!bench.counts(&bench.server.token("alice").claim("sid", "s1")));
    assert!(bench.counts(&bench.server.token("alice").claim("sid", "s2")));
}

#[test]
fn everything_that_is_wrong_with_the_settings_is_said_at_once() {
    let time = FakeClock::new();
    let list = Arc::new(DenyList::new(&time.clock()));
    let settings = BackChannelLogout::new(Issuer::new("http://issuer.example"), "", list);
    let refused = settings.max_token_life(Duration::ZERO).build(&time.clock()).unwrap_err();
    assert_eq!(refused.codes().collect::<Vec<_>>(), ["P641", "P110", "P602", "P605"]);
}

async fn respond(bench: &Bench, request: Request<Full<Bytes>>) -> Response<Full<Bytes>> {
    bench.receiver.clone().oneshot(request).await.unwrap()
}

#[tokio::test]
async fn fetched_keys_are_a_dependency_and_given_ones_are_none() {
    let clock = FakeClock::new().clock();
    let list = || Arc::new(DenyList::new(&clock));
    let fetched = BackChannelLogout::new(Issuer::discover(ISSUER), CLIENT, list()).build(&clock).unwrap();
    assert_eq!(fetched.dependency().map(|dependency| dependency.name().to_owned()).as_deref(), Some(ISSUER));
    assert!(Bench::new().receiver.dependency().is_none());
}
