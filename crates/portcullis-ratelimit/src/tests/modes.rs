use portcullis_core::{Denial, Mode, Reason, RequestView, Room, Trail};

use super::{FakeTime, check, fields, five_a_minute, from};
use crate::{Limiters, MINUTE, UnknownClient, client_ip, per};

#[test]
fn a_shadow_limit_never_changes_the_response_and_leaves_a_trace() {
    let limit = per(client_ip()).requests(1).every(MINUTE).mode(Mode::Shadow).named("try");
    let limiter = limit.build(&FakeTime::new().clock()).unwrap();
    check(&limiter, &from("192.0.2.1")).unwrap();
    let request = from("192.0.2.1");
    assert!(check(&limiter, &request).is_ok());
    assert!(fields(&request).is_empty());
    Trail::of(request.extensions()).unwrap().read(|state| {
        assert!(!state.limits[0].allowed);
        let entry = &state.entries[0];
        assert_eq!((entry.room, entry.reason, entry.enforced), (Room::Limit, Reason::QuotaExceeded, false));
        assert_eq!(entry.detail.as_deref(), Some("try"));
    });
}

#[test]
fn a_shadow_limit_that_cannot_be_asked_changes_nothing_either() {
    let limit = five_a_minute().mode(Mode::Shadow).unknown_client(UnknownClient::Refuse);
    let limiter = limit.build(&FakeTime::new().clock()).unwrap();
    let request = from("unknown");
    assert!(check(&limiter, &request).is_ok());
    Trail::of(request.extensions()).unwrap().read(|state| {
        assert_eq!((state.entries[0].reason, state.entries[0].enforced), (Reason::Misconfigured, false));
    });
}

#[test]
fn a_shadow_limit_beside_an_enforced_one_refuses_nothing() {
    let limits = [
        per(client_ip()).requests(1).every(MINUTE).named("shadow").mode(Mode::Shadow),
        per(client_ip()).requests(2).every(MINUTE).named("real"),
    ];
    let limiters = Limiters::build(&limits, &FakeTime::new().clock()).unwrap();
    let ask = || -> Result<(), Denial> {
        let request = from("192.0.2.1");
        limiters.check_all(&RequestView::of(&request).unwrap()).done().unwrap()
    };
    assert!(ask().is_ok() && ask().is_ok());
    assert_eq!(ask().unwrap_err().violated_policies().collect::<Vec<_>>(), ["real"]);
}

#[test]
fn percent_enforces_its_share() {
    for (share, expected) in [(0, 0..=0), (50, 300..=700), (100, 1000..=1000)] {
        let limit = per(client_ip()).requests(1).every(MINUTE).mode(Mode::Percent(share));
        let limiter = limit.build(&FakeTime::new().clock()).unwrap();
        check(&limiter, &from("192.0.2.1")).unwrap();
        let refused = (0..1000).filter(|_| check(&limiter, &from("192.0.2.1")).is_err()).count();
        assert!(expected.contains(&refused), "{share}%: {refused}");
    }
}
