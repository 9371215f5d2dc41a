use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use http::HeaderName;
use portcullis_core::{Clock, ConfigCode, Secret, StoreError};
use proptest::prelude::*;

use super::*;
use crate::testing::{Asked, EPOCH, FakeTime, ask, principal, vectors};
use crate::{DEFAULT_STORE_DEADLINE, MAX_STORE_DEADLINE, Requirement, RouteSchemes, Schemes};

const KEY: &str = "docs_V7hYt2mQk9ZpLr4sWxNa8BcD";

fn key(id: &str, text: &str) -> ApiKey {
    ApiKey::from_secret(id, &Secret::from(text), principal(id)).unwrap()
}

fn set(keys: &[(&str, &str)]) -> ApiKeySet {
    ApiKeySet::new(keys.iter().map(|(id, text)| key(id, text))).unwrap()
}

fn route(scheme: impl crate::IntoScheme, clock: Clock) -> RouteSchemes {
    let schemes = Schemes::builder("documents", clock).scheme("key", scheme).build().unwrap();
    schemes.default_set(Requirement::Required).unwrap()
}

fn by_bearer(keys: &ApiKeySet) -> RouteSchemes {
    route(ApiKeys::bearer("docs_").keys(keys.clone()), Clock::system())
}

fn by_header(keys: &ApiKeySet) -> RouteSchemes {
    let name = HeaderName::from_static("x-api-key");
    route(ApiKeys::header(name).keys(keys.clone()), Clock::system())
}

async fn send(route: &RouteSchemes, text: &str) -> Asked {
    ask(route, &[("authorization", &format!("Bearer {text}"))]).await
}

/// A15.5: accepted in a header of its own or as a bearer token, known at once.
#[tokio::test]
async fn a_key_is_taken_where_it_is_configured_and_nowhere_else() {
    let keys = set(&[("robot", KEY)]);
    let bearer = send(&by_bearer(&keys), KEY).await;
    assert_eq!((bearer.who().as_deref(), bearer.at_once), (Ok("robot"), true));
    let header = ask(&by_header(&keys), &[("x-api-key", KEY)]).await;
    assert_eq!((header.who().as_deref(), header.at_once), (Ok("robot"), true));
    assert_eq!(ask(&by_bearer(&keys), &[("x-api-key", KEY)]).await.who(), Err("missing_credentials"));
    assert_eq!(send(&by_header(&keys), KEY).await.who(), Err("scheme_not_accepted"));
    assert_eq!(ask(&by_bearer(&keys), &[("cookie", KEY)]).await.who(), Err("missing_credentials"));
}

#[tokio::test]
async fn refuses_unknown_altered_and_cut_keys() {
    let keys = set(&[("robot", KEY)]);
    let route = by_bearer(&keys);
    for text in [&KEY.replace('V', "v"), KEY.trim_end_matches('D'), &format!("{KEY}D"), "docs_"] {
        assert_eq!(send(&route, text).await.who(), Err("api_key_unknown"), "{text}");
    }
    // The hash is not the key.
    let hash: String = ApiKey::hash_of(KEY.as_bytes()).iter().map(|octet| format!("{octet:02x}")).collect();
    assert_eq!(send(&route, &format!("docs_{hash}")).await.who(), Err("api_key_unknown"));
}

/// A15.5: a challenge of a scheme of its own for the header; A1.9 for bearer keys.
#[tokio::test]
async fn challenges_fit_the_place_of_the_key() {
    let keys = set(&[]);
    let (bearer, header) = (by_bearer(&keys), by_header(&keys));
    assert_eq!(ask(&bearer, &[]).await.challenges(), [r#"Bearer realm="documents""#]);
    assert_eq!(send(&bearer, KEY).await.challenges(), [r#"Bearer realm="documents", error="invalid_token""#]);
    let expected = [r#"ApiKey realm="documents", header="x-api-key""#];
    assert_eq!(ask(&header, &[]).await.challenges(), expected);
    assert_eq!(ask(&header, &[("x-api-key", KEY)]).await.challenges(), expected);
    assert_eq!(ask(&header, &[("x-api-key", "")]).await.challenges(), expected);
}

/// A15.5: expiry, at the second.
#[tokio::test]
async fn a_key_ends_when_its_time_has_come() {
    let time = FakeTime::new();
    let keys = ApiKeySet::new([key("robot", KEY).expires_at(EPOCH + Duration::from_secs(10))]).unwrap();
    let route = route(ApiKeys::bearer("docs_").keys(keys), time.clock());
    time.advance(Duration::from_secs(9));
    assert_eq!(send(&route, KEY).await.who().as_deref(), Ok("robot"));
    time.advance(Duration::from_secs(1));
    assert_eq!(send(&route, KEY).await.who(), Err("api_key_expired"));
}

/// A15.5: rotation with overlap, without a restart.
#[tokio::test]
async fn keys_are_replaced_while_the_program_runs() {
    let new = "docs_Qw3rTy7uIoP0aSdFgHjKl9Zx";
    let keys = set(&[("2024", KEY)]);
    let route = by_bearer(&keys);
    keys.replace([key("2024", KEY), key("2025", new)]).unwrap();
    assert_eq!(send(&route, KEY).await.who().as_deref(), Ok("2024"));
    assert_eq!(send(&route, new).await.who().as_deref(), Ok("2025"));
    keys.replace([key("2025", new)]).unwrap();
    assert_eq!(send(&route, KEY).await.who(), Err("api_key_unknown"));
    assert_eq!(keys.len(), 1);

    // A set that is wrong changes nothing.
    assert!(keys.replace([key("a", KEY), key("b", KEY)]).is_err());
    assert_eq!(send(&route, new).await.who().as_deref(), Ok("2025"));
}

struct Store {
    fails: AtomicBool,
    confused: bool,
}

impl ApiKeyStore for Store {
    async fn find(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        if self.fails.load(Ordering::SeqCst) {
            return Err(StoreError::new("no connection"));
        }
        let key = key("robot", KEY);
        Ok((self.confused || key.hash() == hash).then_some(key))
    }
}

#[tokio::test]
async fn keys_are_looked_up_in_a_store() {
    let store = |fails, confused| {
        let store = Store { fails: AtomicBool::new(fails), confused };
        route(ApiKeys::bearer("docs_").store(store), Clock::system())
    };
    assert_eq!(send(&store(false, false), KEY).await.who().as_deref(), Ok("robot"));
    assert_eq!(send(&store(false, false), "docs_x").await.who(), Err("api_key_unknown"));
    let failed = send(&store(true, false), KEY).await;
    assert_eq!((failed.who(), failed.answer.unwrap_err().status().as_u16()), (Err("store_unavailable"), 503));
    // A store that returns whatever it has opens nothing.
    assert_eq!(send(&store(false, true), "docs_x").await.who(), Err("api_key_unknown"));
}

/// A15.5: at least 128 random bits; what cannot hold them is refused. The test is at the limits.
#[test]
fn weak_keys_are_refused() {
    let weak = |text: &str| match ApiKey::from_secret("k", &Secret::from(text), principal("k")) {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(error.code(), ConfigCode::WeakApiKey);
            assert!(text.is_empty() || !error.to_string().contains(text));
            true
        }
    };
    assert!(!weak("V7hYt2mQk9ZpLr4sWxNa8B") && weak("V7hYt2mQk9ZpLr4sWxNa8"));
    assert!(!weak("0123456789abcdef0123456789abcdef") && weak("0123456789abcdef0123456789abcde"));
    assert!(weak("") && weak("secret") && weak(&"a".repeat(64)) && weak("abcdefgabcdefgabcdefgabcdefg"));
    assert!(weak("V7hYt2mQk9ZpLr4sWxNa8 B") && weak("V7hYt2mQk9ZpLr4sWxNa8\u{e9}B"));
    assert!(!weak(&"V7hYt2mQ".repeat(MAX_KEY_LEN / 8)) && weak(&"V7hYt2mQ".repeat(MAX_KEY_LEN / 8 + 1)));
}

#[test]
fn duplicate_keys_and_identifiers_are_refused_all_at_once() {
    let other = "docs_Qw3rTy7uIoP0aSdFgHjKl9Zx";
    let third = "docs_Mn4bVcXz1LkJhGfDsA2pOiUy";
    let keys = [key("a", KEY), key("b", KEY), key("a", other), key("c", third)];
    let errors = ApiKeySet::new(keys).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P109", "P109"]);
    assert!(ApiKeySet::new([]).unwrap().is_empty());
}

/// A15.5: 256 random bits and a prefix; the secret is kept nowhere.
#[tokio::test]
async fn generated_keys_are_random_and_work() {
    let (secret, one) = ApiKey::generate("docs_", "one", principal("one")).unwrap();
    let (other, two) = ApiKey::generate("docs_", "two", principal("two")).unwrap();
    assert_ne!(secret.expose(), other.expose());
    let text = std::str::from_utf8(secret.expose()).unwrap();
    assert_eq!(text.len(), "docs_".len() + 43);
    assert!(ApiKey::from_secret("again", &secret, principal("again")).is_ok());
    let keys = ApiKeySet::new([one.clone(), two]).unwrap();
    assert_eq!(send(&by_bearer(&keys), text).await.who().as_deref(), Ok("one"));
    assert!(!format!("{one:?} {keys:?} {secret:?}").contains(text.trim_start_matches("docs_")));
}

/// Input is limited before it is hashed. The test is at the limit.
#[tokio::test]
async fn a_long_key_is_not_even_hashed() {
    let route = by_bearer(&set(&[("robot", KEY)]));
    let longest = format!("docs_{}", "x".repeat(MAX_KEY_LEN - 5));
    assert_eq!(send(&route, &longest).await.who(), Err("api_key_unknown"));
    assert_eq!(send(&route, &format!("{longest}x")).await.who(), Err("credential_malformed"));
}

#[test]
fn configuration_errors_are_found_at_build_time() {
    let codes = |scheme: ApiKeys<FromSet>| -> Vec<&'static str> {
        let built = Schemes::builder("r", Clock::system()).scheme("key", scheme).build();
        built.err().map(|errors| errors.codes().collect()).unwrap_or_default()
    };
    assert_eq!(codes(ApiKeys::bearer("").keys(set(&[]))), ["P111"]);
    assert_eq!(codes(ApiKeys::bearer("a b").keys(set(&[]))), ["P111"]);
    assert_eq!(codes(ApiKeys::header(http::header::COOKIE).keys(set(&[]))), ["P105"]);
    let hidden = ApiKeys::bearer("docs_").only_where_named().keys(set(&[]));
    let schemes = Schemes::builder("r", Clock::system()).scheme("key", hidden).build().unwrap();
    assert!(schemes.default_set(Requirement::Required).is_err());
}

#[tokio::test]
async fn naughty_strings_are_not_keys() {
    let Some(strings) = vectors("naughty-strings/blns.json") else { return };
    let route = by_header(&set(&[("robot", KEY)]));
    for text in strings.as_array().unwrap() {
        let text = text.as_str().unwrap();
        if http::HeaderValue::from_bytes(text.as_bytes()).is_ok() {
            let code = ask(&route, &[("x-api-key", text)]).await.who().unwrap_err();
            assert!(matches!(code, "api_key_unknown" | "malformed_authorization"), "{text:?}: {code}");
        }
    }
}

proptest! {
    #[test]
    fn only_the_very_text_opens(text in "docs_[A-Za-z0-9_-]{22,60}", other in "docs_[A-Za-z0-9_-]{0,60}") {
        prop_assume!(text != other);
        let Ok(key) = ApiKey::from_secret("k", &Secret::from(&*text), principal("k")) else { return Ok(()) };
        let keys = ApiKeySet::new([key]).unwrap();
        prop_assert!(keys.find(&ApiKey::hash_of(text.as_bytes())).is_some());
        prop_assert!(keys.find(&ApiKey::hash_of(other.as_bytes())).is_none());
    }
}

/// Never finds a key.
struct Silent;

impl ApiKeyStore for Silent {
    async fn find(&self, _: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        std::future::pending().await
    }
}

/// No key is unknown because its store is slow.
#[tokio::test(start_paused = true)]
async fn a_store_that_does_not_answer_is_503_at_the_deadline() {
    let store = || ApiKeys::bearer("docs_").store(Silent);
    let shorter = Duration::from_millis(100);
    for (scheme, deadline) in [(store(), DEFAULT_STORE_DEADLINE), (store().deadline(shorter), shorter)] {
        let begun = tokio::time::Instant::now();
        let asked = send(&route(scheme, Clock::system()), KEY).await;
        assert_eq!(
            (asked.who(), begun.elapsed().as_millis()),
            (Err("store_deadline_exceeded"), deadline.as_millis())
        );
        assert_eq!(asked.answer.unwrap_err().status(), 503);
    }
}

#[test]
fn a_deadline_is_longer_than_nothing_and_no_longer_than_a_minute() {
    for (deadline, expected) in [
        (Duration::ZERO, Err(vec!["P110"])),
        (MAX_STORE_DEADLINE, Ok(())),
        (MAX_STORE_DEADLINE + Duration::from_nanos(1), Err(vec!["P110"])),
    ] {
        let scheme = ApiKeys::bearer("docs_").store(Silent).deadline(deadline);
        let built = Schemes::builder("r", Clock::system()).scheme("key", scheme).build();
        assert_eq!(built.map(drop).map_err(|errors| errors.codes().collect::<Vec<_>>()), expected);
    }
}
