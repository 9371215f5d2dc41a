//! Signed answers (RFC 9701).

use portcullis_testkit::{TestIssuer, TokenBuilder};

use super::*;
use crate::{Algorithm, StaticKeys};

struct Signed {
    bench: Bench,
    issuer: TestIssuer,
}

impl Signed {
    async fn new() -> Self {
        let (server, time) = (TestIntrospection::start().await, FakeClock::new());
        let issuer = TestIssuer::offline(ISSUER).with_clock(time.clock());
        let keys = StaticKeys::new().jwks(issuer.jwks_json());
        let of = Issuer::new(ISSUER).audience(AUDIENCE).algorithms([Algorithm::ES256]).leeway(30 * SECOND);
        let client = ClientAuthentication::basic(CLIENT, Secret::from("s3cret"));
        let settings = Introspection::of(of.keys(keys), client).at(server.url()).signed_answers();
        let settings = settings.wait(60 * SECOND).with_client(http());
        let introspector = settings.build(&time.clock()).unwrap();
        Self { bench: Bench { server, time, introspector }, issuer }
    }

    /// A valid envelope around the members.
    fn envelope(&self, said: Value) -> TokenBuilder {
        let token = self.issuer.token("x").typ("token-introspection+jwt").audience(CLIENT);
        let token = token.without("sub").without("exp").without("client_id").without("jti");
        token.claim("token_introspection", said)
    }

    async fn answer(&self, change: impl Fn(TokenBuilder) -> TokenBuilder) -> Result<Principal, Denial> {
        let mut said = self.bench.members(&json!({}));
        said["active"] = json!(true);
        let body = change(self.envelope(said)).sign();
        self.bench.server.answer_with(200, "application/token-introspection+jwt", body);
        self.bench.verify(TOKEN).await
    }
}

/// A4.8.
#[tokio::test]
async fn asks_for_a_signed_answer_and_believes_what_stands_in_its_member() {
    let signed = Signed::new().await;
    let caller = signed.answer(|token| token.audiences(["other", CLIENT])).await.unwrap();
    assert_eq!((caller.subject(), caller.claims().text("client_id")), ("alice", Some("web")));
    assert!(caller.claims().get("token_introspection").is_none(), "what the token says, not the envelope");
    assert_eq!(signed.bench.server.requests()[0].headers["accept"], "application/token-introspection+jwt");
    let inactive =
        signed.answer(|token| token.claim("token_introspection", json!({ "active": false }))).await;
    check_refused(inactive, Reason::TokenInactive);
    // §5: members outside say nothing of the token.
    let outside = |token: TokenBuilder| token.claim("token_introspection", json!({})).claim("active", true);
    check_refused(signed.answer(outside).await, Reason::TokenInactive);
}

/// A4.8: signature, type, issuer, audience, date.
#[tokio::test]
async fn a_signed_answer_that_is_not_right_is_a_failure() {
    let signed = Signed::new().await;
    let now = FakeClock::START.as_secs();
    let stranger = TestIssuer::offline(ISSUER).with_clock(signed.bench.time.clock());
    let fails = async |change: &(dyn Fn(TokenBuilder) -> TokenBuilder + Sync), why: &str| {
        check_failure(signed.answer(change).await, why);
    };
    fails(&|token| token.signed_by(&stranger), "does not verify").await;
    fails(&|token| token.signature([]), "does not verify").await;
    fails(&|token| token.header("alg", "none").signature([]), "algorithm").await;
    fails(&|token| token.algorithm(portcullis_testkit::Algorithm::Es384), "algorithm").await;
    for typ in ["at+jwt", "JWT", "token-introspection", ""] {
        fails(&|token| token.typ(typ), "`typ`").await;
    }
    fails(&|token| token.without_header("typ"), "`typ`").await;
    fails(&|token| token.claimed_issuer("https://other.example"), "`iss`").await;
    fails(&|token| token.without("iss"), "`iss`").await;
    fails(&|token| token.audience(AUDIENCE), "`aud`").await;
    fails(&|token| token.audiences([]), "`aud`").await;
    fails(&|token| token.without("aud"), "`aud`").await;
    fails(&|token| token.without("iat"), "`iat`").await;
    fails(&|token| token.claim("iat", "now"), "`iat`").await;
    fails(&|token| token.claim("iat", now + 31), "future").await;
    fails(&|token| token.claim("iat", now - 91), "too long ago").await;
    fails(&|token| token.claim("exp", now - 30), "`exp`").await;
    fails(&|token| token.claim("exp", "x"), "`exp`").await;
    fails(&|token| token.without("token_introspection"), "token_introspection").await;
    for wrong in [json!(true), json!([]), json!("x"), json!(null)] {
        fails(&|token| token.claim("token_introspection", wrong.clone()), "token_introspection").await;
    }
    fails(&|token| token.header_text("{"), "JSON").await;
    for edge in [now + 30, now - 90] {
        assert!(signed.answer(|token| token.claim("iat", edge)).await.is_ok(), "{edge}");
    }
    assert!(signed.answer(|token| token.claim("exp", now - 29)).await.is_ok());
}

/// A4.9.
#[tokio::test]
async fn a_plain_answer_is_a_failure_where_a_signed_one_is_demanded_and_the_other_way_round() {
    let signed = Signed::new().await;
    signed.bench.activate(TOKEN);
    check_failure(signed.bench.verify(TOKEN).await, "media type");
    let body = signed.envelope(json!({ "active": true })).sign();
    for content_type in ["application/json", "application/jwt", "text/plain"] {
        signed.bench.server.answer_with(200, content_type, body.clone());
        check_failure(signed.bench.verify(TOKEN).await, "media type");
    }
    let plain = Bench::new().await;
    plain.server.answer_with(200, "application/token-introspection+jwt", body);
    check_failure(plain.verify(TOKEN).await, "media type");
}

/// A4.9: such a JWT is no access token.
#[tokio::test]
async fn a_signed_answer_is_refused_as_an_access_token() {
    let signed = Signed::new().await;
    for profile in [crate::Profile::Rfc9068, crate::Profile::UntypedJwt] {
        let keys = StaticKeys::new().jwks(signed.issuer.jwks_json());
        let issuer = Issuer::new(ISSUER).audience(CLIENT).keys(keys).profile(profile);
        let jwts = crate::JwtBearer::issuer(issuer).build(&signed.bench.time.clock()).unwrap();
        let answer = signed.issuer.token("alice").audience(CLIENT).claim("token_introspection", json!({}));
        for answer in [answer.clone().typ("token-introspection+jwt"), answer.typ("JWT")] {
            let refused = jwts.verify(&answer.sign()).done().unwrap().unwrap_err();
            assert_eq!(refused.reason(), Reason::TokenTypeRefused);
        }
    }
}

#[tokio::test]
async fn fetched_keys_of_signed_answers_are_a_dependency_and_plain_answers_have_none() {
    let client = || ClientAuthentication::basic(CLIENT, Secret::from("s3cret"));
    let names = |settings: Introspection| {
        let built =
            settings.at("https://issuer.example/introspect").build(&FakeClock::new().clock()).unwrap();
        built.dependencies().map(|dependency| dependency.name().to_owned()).collect::<Vec<_>>()
    };
    let of = || Introspection::of(Issuer::discover(ISSUER).audience(AUDIENCE), client());
    assert_eq!(names(of().signed_answers()), [ISSUER]);
    assert!(names(of()).is_empty());
}
