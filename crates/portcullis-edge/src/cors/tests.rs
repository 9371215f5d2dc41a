use std::time::Duration;

use http::{HeaderMap, HeaderName, Method};
use portcullis_core::{ConfigCode, ConfigErrors};

use super::*;
use crate::testing::{Head, naughty_strings};

mod layer;
mod upgrade;

const APP: &str = "https://app.example.com";

fn app() -> Cors {
    Cors::allow(APP).origin("http://localhost:3000").build().unwrap()
}

fn fields(cors: &Cors, head: &Head) -> HeaderMap {
    let mut fields = HeaderMap::new();
    match head.ask(|view| cors.decide(view)) {
        CorsAnswer::Continue => head.trail().apply_fields(&mut fields),
        CorsAnswer::Preflight(fields) => return fields,
    }
    fields
}

fn text<'a>(fields: &'a HeaderMap, name: &str) -> Option<&'a str> {
    assert!(fields.get_all(name).iter().count() <= 1, "{name} stands once");
    fields.get(name).map(|value| value.to_str().unwrap())
}

#[track_caller]
fn check_allowed(cors: &Cors, origin: &str, expected: Option<&str>) {
    let plain = fields(cors, &Head::new().field("origin", origin));
    assert_eq!(text(&plain, "access-control-allow-origin"), expected, "{origin}");
    assert_eq!(text(&plain, "access-control-expose-headers").is_some(), expected.is_some(), "{origin}");
    let preflight = fields(cors, &preflight(origin));
    assert_eq!(text(&preflight, "access-control-allow-origin"), expected, "{origin}");
    assert_eq!(text(&preflight, "access-control-allow-methods").is_some(), expected.is_some(), "{origin}");
    assert_eq!(text(&preflight, "access-control-allow-credentials"), None);
}

fn preflight(origin: &str) -> Head {
    Head::new()
        .method(Method::OPTIONS)
        .field("origin", origin)
        .field("access-control-request-method", "DELETE")
        .field("access-control-request-headers", "authorization")
}

/// A17.6: an exact match, and nothing of the request is sent back.
#[test]
fn allows_listed_origins_and_no_other() {
    check_allowed(&app(), APP, Some(APP));
    check_allowed(&app(), "http://localhost:3000", Some("http://localhost:3000"));
    for other in [
        "null",
        "",
        "*",
        "http://app.example.com",
        "https://app.example.com:8443",
        "https://app.example.com.evil.example",
        "https://evil-app.example.com",
        "https://app.example.com/",
        "https://APP.example.com",
        "app.example.com",
        "http://localhost:30000",
        "https://app.example.com https://evil.example",
        "https://u@app.example.com",
    ] {
        check_allowed(&app(), other, None);
    }
    let two = Head::new().field("origin", APP).field("origin", "https://evil.example");
    assert_eq!(text(&fields(&app(), &two), "access-control-allow-origin"), None);
}

#[test]
fn naughty_origins_are_not_allowed() {
    for value in naughty_strings() {
        let head = Head::new().field("origin", value.as_bytes());
        assert!(!fields(&app(), &head).contains_key("access-control-allow-origin"), "{value:?}");
        assert!(head.ask(|view| app().check_upgrade(view)).is_ok());
        let handshake = head.field("upgrade", "websocket");
        assert!(handshake.ask(|view| app().check_upgrade(view)).is_err(), "{value:?}");
        let preflight = preflight("x").field("access-control-request-headers", value.as_bytes());
        assert_eq!(fields(&app(), &preflight).len(), 1);
    }
}

/// A17.5.
#[test]
fn answers_vary_by_origin_and_say_so_once() {
    for head in
        [Head::new(), Head::new().field("origin", APP), Head::new().field("origin", "null"), preflight("x")]
    {
        assert_eq!(text(&fields(&app(), &head), "vary"), Some("Origin"));
    }
    let head = Head::new().field("origin", APP);
    assert!(matches!(head.ask(|view| app().decide(view)), CorsAnswer::Continue));
    assert_eq!(text(&fields(&app(), &head), "vary"), Some("Origin"));
}

#[test]
fn without_settings_nothing_is_added_and_no_preflight_answered() {
    for head in [preflight(APP), Head::new().field("origin", APP)] {
        assert!(matches!(head.ask(|view| Cors::default().decide(view)), CorsAnswer::Continue));
        assert!(fields(&Cors::default(), &head).is_empty());
    }
}

#[test]
fn any_origin_is_a_star_that_varies_by_nothing() {
    let cors = Cors::any_origin().build().unwrap();
    check_allowed(&cors, "https://anybody.example", Some("*"));
    assert_eq!(text(&fields(&cors, &Head::new().field("origin", APP)), "vary"), None);
}

#[test]
fn a_preflight_is_told_methods_fields_and_age() {
    let told = fields(&app(), &preflight(APP));
    assert_eq!(text(&told, "access-control-allow-methods"), Some("GET, HEAD, POST, PUT, PATCH, DELETE"));
    let headers = "accept, authorization, content-type, dpop, idempotency-key, if-match, if-none-match";
    assert_eq!(text(&told, "access-control-allow-headers"), Some(headers));
    assert_eq!(text(&told, "access-control-max-age"), Some("600"));

    let custom = Cors::allow(APP)
        .methods([Method::GET, Method::GET])
        .allow_header(HeaderName::from_static("x-api-key"))
        .allow_header(HeaderName::from_static("accept"))
        .max_age(Duration::from_millis(1500))
        .credentials();
    let told = fields(&custom.build().unwrap(), &preflight(APP));
    assert_eq!(text(&told, "access-control-allow-methods"), Some("GET"));
    assert_eq!(text(&told, "access-control-allow-headers"), Some(&*format!("{headers}, x-api-key")));
    assert_eq!(text(&told, "access-control-max-age"), Some("1"));
    assert_eq!(text(&told, "access-control-allow-credentials"), Some("true"));
}

/// A6.18: the fields of our own layers can be read by pages.
#[test]
fn answers_expose_challenges_limits_and_nonces() {
    let exposed = fields(&app(), &Head::new().field("origin", APP));
    let names = "dpop-nonce, ratelimit, ratelimit-policy, retry-after, www-authenticate";
    assert_eq!(text(&exposed, "access-control-expose-headers"), Some(names));
    let more = Cors::allow(APP).expose_header(HeaderName::from_static("x-total")).build().unwrap();
    let exposed = fields(&more, &Head::new().field("origin", APP));
    assert_eq!(text(&exposed, "access-control-expose-headers"), Some(&*format!("{names}, x-total")));
}

#[test]
fn a_preflight_is_options_with_origin_and_a_method_to_come() {
    let head = |method| Head::new().method(method).field("origin", APP);
    for other in [
        head(Method::OPTIONS),
        head(Method::POST).field("access-control-request-method", "GET"),
        Head::new().method(Method::OPTIONS).field("access-control-request-method", "GET"),
    ] {
        assert!(matches!(other.ask(|view| app().decide(view)), CorsAnswer::Continue));
        assert!(other.noted().is_empty());
    }
    let foreign = preflight("https://evil.example");
    assert!(matches!(foreign.ask(|view| app().decide(view)), CorsAnswer::Preflight(_)));
    let detail = foreign.trail().read(|state| state.entries[0].detail.clone());
    assert_eq!(
        (foreign.noted(), detail.as_deref()),
        (vec!["preflight_answered"], Some("the origin is not allowed"))
    );
}

#[track_caller]
fn check_config(built: Result<Cors, ConfigErrors>, expected: &[ConfigCode]) {
    let codes: Vec<_> = built.unwrap_err().iter().map(|error| error.code()).collect();
    assert_eq!(codes, expected);
}

#[test]
fn wrong_settings_are_reported_all_at_once() {
    use ConfigCode::{CredentialsWithAnyOrigin, InvalidOrigin};
    for bad in [
        "",
        "*",
        "null",
        "app.example.com",
        "https://",
        "https://*.example.com",
        "https://a.example/",
        "https://a/b",
        "https://a.example?x",
        "https://u@a.example",
        "https://a.example:0x1",
        "https://a.example:",
        "://a.example",
        "1s://a.example",
        "https:a.example",
        "https://b\u{fc}cher.example",
        "https://a b",
        "https://a.example\n",
    ] {
        check_config(Cors::allow(bad).build(), &[InvalidOrigin]);
    }
    check_config(
        Cors::any_origin().credentials().origin("x").origin("null").build(),
        &[InvalidOrigin, InvalidOrigin, CredentialsWithAnyOrigin],
    );
}

#[test]
fn configured_origins_are_written_as_browsers_do() {
    for (configured, sent) in [
        ("HTTPS://App.Example.com:443", "https://app.example.com"),
        ("http://a.example:80", "http://a.example"),
        ("http://a.example:443", "http://a.example:443"),
        ("http://[0:0::1]:3000", "http://[::1]:3000"),
        ("capacitor://localhost", "capacitor://localhost"),
        ("chrome-extension://abcdef", "chrome-extension://abcdef"),
    ] {
        check_allowed(&Cors::allow(configured).build().unwrap(), sent, Some(sent));
    }
}
