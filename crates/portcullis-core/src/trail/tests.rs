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
