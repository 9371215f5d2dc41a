use http::HeaderMap;

use super::*;
use crate::{CredentialMethod, Reason};

#[test]
fn takes_one_principal_the_first() {
    let trail = Trail::open(&Clock::system());
    assert!(matches!(trail.authentication(), Authentication::NotAsked));
    trail.authenticated(Principal::builder("alice", CredentialMethod::Basic).build()).unwrap();
    assert_eq!(trail.anonymous(), Err(AlreadyAuthenticated));
    let mallory = Principal::builder("mallory", CredentialMethod::Basic).build();
    let denial = Denial::from(trail.authenticated(mallory).unwrap_err());
    assert_eq!((denial.status().as_u16(), trail.principal().unwrap().subject()), (500, "alice"));
}

#[test]
fn keeps_entries_and_fields_up_to_the_limit_and_counts_the_rest() {
    let trail = Trail::open(&Clock::system());
    for _ in 0..=MAX_ENTRIES {
        trail.decided(Room::Rule, &Decision::allow(Reason::RuleSatisfied));
    }
    for _ in 0..=MAX_FIELDS {
        trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
    }
    let counted = trail.read(|state| (state.entries.len(), state.fields.len(), state.overflow));
    assert_eq!(counted, (MAX_ENTRIES, MAX_FIELDS, 2));
}

#[test]
fn a_closed_trail_keeps_what_it_has_and_takes_nothing_more() {
    let trail = Trail::open(&Clock::system());
    trail.decided(Room::Rule, &Decision::allow(Reason::RuleSatisfied));
    trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
    trail.close();
    trail.decided(Room::Rule, &Decision::deny(Reason::InsufficientScope));
    trail.limited(TrailLimit::new("late".into(), 0, false));
    trail.scheme("late".into());
    trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
    let kept =
        trail.read(|state| (state.entries.len(), state.limits.len(), state.fields.len(), state.overflow));
    assert_eq!(kept, (1, 0, 0, 0));
    assert!(trail.read(|state| state.scheme.is_none()));
}

#[test]
fn fields_are_appended_replaced_or_only_filled_in() {
    let trail = Trail::open(&Clock::system());
    let name = |name| HeaderName::from_static(name);
    for (field, placement) in [("a", Placement::Append), ("b", Placement::Default), ("c", Placement::Replace)]
    {
        trail.response_field(name(field), HeaderValue::from_static("new"), placement);
    }
    let mut headers: HeaderMap =
        ["a", "b", "c"].into_iter().map(|n| (name(n), HeaderValue::from_static("old"))).collect();
    trail.apply_fields(&mut headers);
    let all = |n: &str| headers.get_all(n).iter().map(|v| v.to_str().unwrap()).collect::<Vec<_>>().join(",");
    assert_eq!((all("a"), all("b"), all("c")), ("old,new".into(), "old".into(), "new".into()));
}

#[test]
fn one_party_records_the_event_whoever_opened_the_trail() {
    let trail = Trail::open(&Clock::system());
    let same = trail.clone();
    assert!(trail.claim_event());
    assert!(!same.claim_event());
}

#[test]
fn what_was_known_when_it_was_opened_is_the_first_word() {
    let peer = ClientAddress::Peer([192, 0, 2, 1].into());
    let mut opening = Opening { client: Some(peer), ..Opening::default() };
    opening.claim_event();
    let trail = Trail::open_with(&Clock::system(), opening);
    trail.set_client(ClientAddress::Unknown);
    assert_eq!((trail.client(), trail.resolved_client()), (peer, Some(peer)));
    assert!(trail.origin().is_none());
    assert!(!trail.claim_event());
}

#[test]
fn a_trail_that_nobody_dated_is_dated_when_somebody_asks() {
    let clock = Clock::system();
    let trail = Trail::open_with(&clock, Opening::default());
    let before = clock.wall();
    let opened = trail.opened_at();
    assert!(opened + crate::MAX_ANCHOR_AGE >= before);
    let id = trail.id();
    assert_eq!((trail.opened_at(), trail.id()), (opened, id));
}

#[test]
fn the_first_route_counts_and_the_event_takes_it() {
    let trail = Trail::open(&Clock::system());
    trail.matched("/a".into(), Room::Rule, &Decision::allow(Reason::PublicRoute));
    trail.set_route("/b".into());
    assert_eq!((trail.route().as_deref(), trail.read(|state| state.entries.len())), (Some("/a"), 1));
    assert_eq!(trail.finish(None).route.as_deref(), Some("/a"));
    trail.matched("/c".into(), Room::Rule, &Decision::allow(Reason::PublicRoute));
    trail.set_route("/c".into());
    assert_eq!((trail.route(), trail.read(|state| state.entries.len())), (None, 1));
}

#[test]
fn finishing_takes_the_fields_and_notes_a_refusal_once() {
    let denial = Denial::new(Reason::RouteNotFound);
    for noted in [true, false] {
        let trail = Trail::open(&Clock::system());
        if noted {
            trail.denied(Room::Routing, &denial);
        }
        trail.response_field(http::header::VARY, HeaderValue::from_static("a"), Placement::Append);
        let mut headers = HeaderMap::new();
        trail.finish(Some((Room::Routing, &denial))).fields.apply(&mut headers);
        assert_eq!(headers.len(), 1);
        assert_eq!(trail.read(|state| (state.entries.len(), state.closed)), (1, true));
        // It is over: nothing is noted or taken twice.
        trail.finish(Some((Room::Routing, &Denial::new(Reason::Panicked)))).fields.apply(&mut headers);
        assert_eq!((headers.len(), trail.read(|state| state.entries.len())), (1, 1));
    }
}

#[test]
fn a_request_line_is_a_bounded_copy_without_the_query() {
    let uri = format!("/{}?secret=1", "a".repeat(MAX_PATH)).parse().unwrap();
    let method = http::Method::from_bytes(&[b'M'; MAX_METHOD + 1]).unwrap();
    let line = RequestLine::of(&method, &uri);
    assert_eq!((line.method.as_str().len(), line.path.as_str().len()), (MAX_METHOD, MAX_PATH));
    assert!(!format!("{line:?}").contains("secret"));
}

#[test]
fn a_mode_enforces_for_all_for_none_or_for_a_share() {
    let enforced = |mode| (0..100).filter(|_| Trail::open(&Clock::system()).enforces(mode)).count();
    assert_eq!((enforced(Mode::Enforce), enforced(Mode::Shadow)), (100, 0));
    assert_eq!((enforced(Mode::Percent(100)), enforced(Mode::Percent(0))), (100, 0));
    let trail = Trail::open(&Clock::system());
    let sampled = Mode::Percent(50).enforces(trail.id().sample());
    assert_eq!(trail.enforces(Mode::Percent(50)), sampled);
}

#[test]
fn the_path_that_the_client_asked_for_stays_when_a_router_takes_a_prefix_away() {
    let mut request = http::Request::get("/documents/1?a=b").body(()).unwrap();
    let trail = Trail::ensure(request.extensions_mut(), &Clock::system()).clone();
    assert_eq!(crate::RequestView::of(&request).unwrap().original_path(), "/documents/1");
    for target in ["/api/documents/1?a=b", "/"] {
        trail.set_target(PathAndQuery::from_static(target));
    }
    assert_eq!(crate::RequestView::of(&request).unwrap().original_path(), "/api/documents/1");
    assert_eq!(trail.target().unwrap(), "/api/documents/1?a=b");
}

/// A list of fields is used again, and holds nothing of the request before.
#[test]
fn fields_of_one_request_are_not_those_of_the_next() {
    for number in 0..3_u64 {
        let trail = Trail::open(&Clock::system());
        trail.response_field(http::header::AGE, HeaderValue::from(number), Placement::Append);
        let mut headers = HeaderMap::new();
        trail.finish(None).fields.apply(&mut headers);
        assert_eq!(headers.get_all("age").iter().collect::<Vec<_>>(), [&HeaderValue::from(number)]);
    }
}
