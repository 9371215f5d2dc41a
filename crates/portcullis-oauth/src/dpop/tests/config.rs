use std::time::Duration;

use portcullis_core::{Clock, Secret};

use super::*;

#[track_caller]
fn check(dpop: Dpop, codes: &[&str]) {
    let built = dpop.build(["https://api.example", "documents"], &Clock::system());
    match built {
        Ok(_) => assert!(codes.is_empty()),
        Err(errors) => assert_eq!(errors.codes().collect::<Vec<_>>(), codes, "{errors}"),
    }
}

#[test]
fn wrong_settings_are_all_reported_at_once() {
    let seconds = Duration::from_secs;
    check(Dpop::new(), &[]);
    check(Dpop::default().required().nonces().origin("http://127.0.0.1:8080"), &[]);
    check(Dpop::new().max_age(seconds(1)).skew(Duration::ZERO), &[]);
    check(Dpop::new().max_age(seconds(300)).skew(seconds(60)).nonce_period(seconds(300)), &[]);
    check(Dpop::new().max_age(Duration::from_millis(999)), &["P621"]);
    check(Dpop::new().max_age(seconds(301)), &["P621"]);
    check(Dpop::new().skew(seconds(61)), &["P621"]);
    check(Dpop::new().nonce_period(seconds(9)), &["P621"]);
    check(Dpop::new().nonce_period(seconds(301)), &["P621"]);
    check(Dpop::new().nonce_period(Duration::from_millis(10_500)), &["P621"]);
    check(Dpop::new().nonces().nonce_secret(Secret::new([7; 31])), &["P622"]);
    check(Dpop::new().nonces().nonce_secret(Secret::new([7; 32])), &[]);
    check(Dpop::new().algorithms([]), &["P607"]);
    check(Dpop::new().algorithms([crate::Algorithm::HS256, crate::Algorithm::ES256]), &["P607"]);
    check(Dpop::new().origin("api.example").max_age(seconds(0)).algorithms([]), &["P620", "P607", "P621"]);
    for origin in ["", "https://", "ftp://api.example", "https://user@api.example", "https://é.example"] {
        check(Dpop::new().origin(origin), &["P620"]);
    }
}

#[test]
fn the_origin_is_named_or_told_by_an_audience() {
    let unknown = Dpop::new().build(["documents"], &Clock::system()).unwrap_err();
    assert_eq!(unknown.codes().collect::<Vec<_>>(), ["P620"]);
    assert!(Dpop::new().danger_origin_of_request().build(["documents"], &Clock::system()).is_ok());
    assert!(Dpop::new().build(["documents", "https://api.example/v1"], &Clock::system()).is_ok());
}

#[test]
fn debug_shows_no_secret() {
    let dpop = Dpop::new().nonces().nonce_secret(Secret::from("s3cret-s3cret-s3cret-s3cret-s3cret"));
    let printed = format!("{dpop:?}");
    let built = format!("{:?}", dpop.build(["https://api.example"], &Clock::system()).unwrap());
    assert!(!printed.contains("s3cret") && !built.contains("s3cret"), "{printed} {built}");
}
