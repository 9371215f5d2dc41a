//! Settings that cannot work are found when the decision point is built, all of them at once.

use std::time::Duration;

use portcullis_core::{Clock, ConfigErrors};
use portcullis_decisions::{AuthZen, LONGEST_DEADLINE, LONGEST_LIFE, Opa, OpenFga, RemoteDecisionPoint};

const URL: &str = "http://127.0.0.1:8181";

type Built = Result<RemoteDecisionPoint, ConfigErrors>;

#[track_caller]
fn check(built: &Built, codes: &[&str]) {
    let found: Vec<&str> = built.as_ref().err().map(|errors| errors.codes().collect()).unwrap_or_default();
    assert_eq!(found, codes, "{built:?}");
}

fn build(settings: AuthZen) -> Built {
    settings.build(&Clock::system())
}

#[test]
fn urls_are_https_or_of_this_machine() {
    for good in
        ["https://pdp.example.com", "https://10.0.0.7/a/b/", "http://localhost:8181", "http://[::1]:8181/x"]
    {
        check(&build(AuthZen::at(good)), &[]);
        check(&build(AuthZen::discover(good)), &[]);
    }
    for bad in [
        "http://pdp.example.com",
        "http://10.0.0.7",
        "https://user:password@pdp.example.com",
        "https://169.254.169.254",
        "https://pdp.example.com?x=1",
        "https://pdp.example.com/#x",
        "ftp://pdp.example.com",
        "pdp.example.com",
        "/pdp",
        "",
    ] {
        check(&build(AuthZen::at(bad)), &["P250"]);
        check(&build(AuthZen::discover(bad)), &["P250"]);
    }
}

#[test]
fn plain_http_to_others_is_a_choice() {
    for url in ["http://pdp.example.com", "http://10.0.0.7:8181", "http://127.0.0.1:8181"] {
        check(&build(AuthZen::at(url).insecure_http()), &[]);
    }
    check(&build(AuthZen::at("http://169.254.169.254").insecure_http()), &["P250"]);
}

#[test]
fn limits_have_bounds() {
    let nano = Duration::from_nanos(1);
    check(&build(AuthZen::at(URL).deadline(LONGEST_DEADLINE).remember(LONGEST_LIFE, LONGEST_LIFE)), &[]);
    check(&build(AuthZen::at(URL).deadline(LONGEST_DEADLINE + nano)), &["P250"]);
    check(&build(AuthZen::at(URL).remember(LONGEST_LIFE + nano, LONGEST_LIFE + nano)), &["P250", "P250"]);
    check(&build(AuthZen::at(URL).deadline(Duration::ZERO)), &["P110"]);
    check(&build(AuthZen::at(URL).max_calls(0).max_waiters(0).max_answer(0)), &["P110", "P110", "P110"]);
    check(&build(AuthZen::at(URL).max_remembered(0)), &["P110"]);
    check(&build(AuthZen::at(URL).max_remembered_octets(0)), &["P110"]);
}

#[test]
fn all_that_is_wrong_is_said_at_once_and_no_secret_with_it() {
    let settings = AuthZen::at("nowhere").named("").deadline(Duration::ZERO).bearer("s3\ncret".into());
    let errors = build(settings).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P250", "P110", "P250", "P250"]);
    assert!(!errors.to_string().contains("cret"), "{errors}");
    check(&build(AuthZen::at(URL).bearer("".into())), &["P250"]);
    check(&build(AuthZen::at(URL).api_key("x key", "k".into())), &["P250"]);
    check(&build(AuthZen::at(URL).api_key("x-key", "".into())), &["P250"]);
}

#[test]
fn paths_and_identifiers_stay_what_they_are_in_a_url() {
    let opa = |path: &str| Opa::at(URL).path(path).build(&Clock::system());
    check(&opa("a/b_c/d-e.f"), &[]);
    for bad in ["", "/a", "a/", "a//b", "..", "a/../b", "a?b", "a#b", "a b", "a%2fb", "ä"] {
        check(&opa(bad), &["P250"]);
    }
    let fga = |store: &str, model: &str| OpenFga::at(URL, store).model(model).build(&Clock::system());
    check(&fga("01HVMMBCMGZNT3SED4Z17ECXCA", "01HVMMBD123456789ABCDEFGHJ"), &[]);
    check(&fga("", ""), &["P250", "P250"]);
    check(&fga("a/b", "a b"), &["P250", "P250"]);
}
