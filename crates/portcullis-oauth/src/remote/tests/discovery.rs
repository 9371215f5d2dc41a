use super::*;

const APPENDED: &str = "/.well-known/openid-configuration";
const INSERTED: &str = "/.well-known/oauth-authorization-server";

#[tokio::test]
async fn finds_the_keys_through_the_appended_form() {
    let fixture = Fixture::new().await;
    assert!(fixture.find("es256-1").await.unwrap());
    assert_eq!(fixture.issuer.requests_to(APPENDED), 1);
    assert_eq!(fixture.issuer.requests_to(INSERTED), 0);
}

/// A13.2.
#[tokio::test]
async fn asks_for_the_inserted_form_if_there_is_no_appended_one() {
    let fixture = Fixture::new().await;
    fixture.issuer.answer_with(APPENDED, 404, "text/html", "not here");
    assert!(fixture.find("es256-1").await.unwrap());
    assert_eq!(fixture.issuer.requests_to(INSERTED), 1);
}

#[tokio::test]
async fn finds_the_keys_of_an_issuer_with_a_path() {
    let (issuer, time) = (TestIssuer::start_at("/realms/a").await, FakeClock::new());
    issuer.answer_with("/realms/a/.well-known/openid-configuration", 404, "text/plain", "");
    let keys = RemoteKeys::discover().build(&context(issuer.url(), &time)).unwrap();
    assert!(!keys.find(Some("es256-1")).resolve().await.unwrap().is_unknown());
    assert_eq!(issuer.requests_to("/.well-known/oauth-authorization-server/realms/a"), 1);
}

#[tokio::test]
async fn fetches_a_key_set_at_a_url_without_discovery() {
    let (issuer, time) = (TestIssuer::start().await, FakeClock::new());
    let settings = RemoteKeys::at(format!("{}{JWKS}", issuer.url()));
    let keys = settings.build(&context("https://login.example.com", &time)).unwrap();
    keys.prefetch().await.unwrap();
    assert!(keys.is_ready());
    assert_eq!((issuer.requests(), issuer.requests_to(JWKS)), (1, 1));
}

/// A13.1, RFC 8414 §3.3.
#[tokio::test]
async fn uses_nothing_of_a_document_of_another_issuer() {
    let fixture = Fixture::new().await;
    let document = fixture.issuer.discovery_json().replace("\"issuer\":\"", "\"issuer\":\"x");
    fixture.issuer.answer_with(APPENDED, 200, "application/json", document);
    assert!(fixture.keys.prefetch().await.unwrap_err().is_wrong_issuer());
    assert_eq!((fixture.fetches(), fixture.issuer.requests_to(INSERTED)), (0, 0));
    check_outage(fixture.find_now("es256-1"));
}

/// A13.3: over https, to a public address, and no redirect.
#[tokio::test]
async fn never_follows_a_document_to_where_it_may_not_go() {
    for target in
        ["http://keys.example/", "https://10.0.0.1/", "https://169.254.169.254/", "file:///etc/passwd"]
    {
        let fixture = Fixture::new().await;
        let document = format!(r#"{{"issuer":"{}","jwks_uri":"{target}"}}"#, fixture.issuer.url());
        fixture.issuer.answer_with(APPENDED, 200, "application/json", document);
        check_outage(fixture.find("es256-1").await);
        assert_eq!(fixture.issuer.requests(), 1, "{target}");
    }
    for path in [APPENDED, JWKS] {
        let (fixture, other) = (Fixture::new().await, TestIssuer::start().await);
        let away = http::Response::builder().status(302).header("location", other.url()).body("").unwrap();
        fixture.issuer.answer(path, away);
        check_outage(fixture.find("es256-1").await);
        assert_eq!(other.requests(), 0, "{path}");
    }
}

/// A13.4.
#[tokio::test]
async fn lists_of_algorithms_change_nothing() {
    for list in [r#"["none","HS256"]"#, "[]", "7"] {
        let fixture = Fixture::new().await;
        let url = fixture.issuer.url();
        let document = format!(
            r#"{{"issuer":"{url}","jwks_uri":"{url}{JWKS}","id_token_signing_alg_values_supported":{list}}}"#
        );
        fixture.issuer.answer_with(APPENDED, 200, "application/json", document);
        assert!(fixture.find("es256-1").await.unwrap());
        let set = fixture.keys.current().unwrap();
        assert!(set.keys().iter().all(|key| !key.serves(crate::Algorithm::HS256)), "{list}");
        assert!(set.keys().iter().any(|key| key.serves(crate::Algorithm::RS256)), "{list}");
    }
}

#[tokio::test]
async fn answers_of_another_status_or_media_type_are_not_read() {
    for (path, status, media_type) in [
        (APPENDED, 200, "text/html"),
        (APPENDED, 204, "application/json"),
        (APPENDED, 500, "application/json"),
        (JWKS, 200, "text/plain"),
        (JWKS, 404, "application/json"),
        (JWKS, 503, "application/json"),
    ] {
        let fixture = Fixture::new().await;
        let body = if path == JWKS { fixture.issuer.jwks_json() } else { fixture.issuer.discovery_json() };
        fixture.issuer.answer_with(path, status, media_type, body);
        check_outage(fixture.find("es256-1").await);
    }
}

#[tokio::test]
async fn documents_that_are_broken_or_too_large_are_outages() {
    for body in ["", "{", "[]", r#"{"keys":{}}"#, r#"{"keys":[],"keys":[]}"#] {
        let fixture = Fixture::new().await;
        fixture.issuer.answer_with(JWKS, 200, "application/json", body);
        check_outage(fixture.find("es256-1").await);
    }
    let huge = format!(r#"{{"keys":[],"x":"{}"}}"#, "x".repeat(crate::keys::MAX_KEY_SET_OCTETS));
    let fixture = Fixture::new().await;
    fixture.issuer.answer_with(JWKS, 200, "application/jwk-set+json", huge);
    check_outage(fixture.find("es256-1").await);
}

/// A2.17.
#[tokio::test]
async fn a_bad_key_is_skipped_and_the_rest_works() {
    let fixture = Fixture::new().await;
    let odd = r#"{"keys":[{"kty":"odd"},{"kty":"oct","k":"c2VjcmV0","kid":"s"},"#;
    let keys = fixture.issuer.jwks_json().replace(r#"{"keys":["#, odd);
    fixture.issuer.answer_with(JWKS, 200, "application/jwk-set+json", keys);
    assert!(fixture.find("es256-1").await.unwrap());
    assert!(!fixture.find("s").await.unwrap());
}

#[tokio::test]
async fn a_discovery_document_is_asked_for_again_when_the_key_sets_url_fails() {
    let fixture = Fixture::new().await;
    assert!(fixture.find("es256-1").await.unwrap());
    fixture.issuer.answer_with(JWKS, 404, "text/plain", "moved");
    check_outage(fixture.find("es256-2").await);
    assert_eq!(fixture.issuer.requests_to(APPENDED), 1);

    let url = fixture.issuer.url();
    let document = format!(r#"{{"issuer":"{url}","jwks_uri":"{url}/moved"}}"#);
    fixture.issuer.answer_with(APPENDED, 200, "application/json", document);
    fixture.issuer.rotate();
    fixture.issuer.answer_with("/moved", 200, "application/json", fixture.issuer.jwks_json());
    fixture.time.advance(RETRY_PAUSE);
    assert!(fixture.find("es256-2").await.unwrap());
    assert_eq!(fixture.issuer.requests_to(APPENDED), 2);
}
