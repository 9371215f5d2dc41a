use portcullis_core::{Decision, Principal, Reason};

use super::*;
use crate::{AsyncPolicy, Awaited, Detached, Read};

#[derive(Clone)]
struct Asked(Mode);

impl AsyncPolicy<Read, u32> for Asked {
    async fn decide(&self, _: &Principal, _: &u32) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

/// Says for itself that it takes along what it needs.
struct Frugal;

impl AsyncPolicy<Read, u32> for Frugal {
    async fn decide(&self, _: &Principal, _: &u32) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }

    fn waits_with_resource(&self) -> bool {
        false
    }

    fn mode(&self) -> Mode {
        Mode::Shadow
    }
}

struct Plain;

impl Policy<Read, u32> for Plain {
    fn decide(&self, _: &Principal, _: &u32) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }

    fn mode(&self) -> Mode {
        Mode::Shadow
    }
}

fn permit() -> Demand {
    Demand::new("permit(Read Note)")
        .refusing_with([ProblemType::Forbidden, ProblemType::NotFound])
        .by_policy()
}

#[track_caller]
fn check(demand: &Demand, printed: &str, mode: &str) {
    assert_eq!((demand.to_string().as_str(), demand.mode_text().as_str()), (printed, mode));
    assert!(*demand == printed && *demand != mode);
}

#[test]
fn a_mode_that_does_not_enforce_every_decision_is_printed() {
    check(&Demand::new("scopes(a)"), "scopes(a)", "enforced");
    check(&permit(), "permit(Read Note)", "unknown");
    for (mode, printed, text) in [
        (Mode::Enforce, "permit(Read Note)", "enforced"),
        (Mode::Percent(100), "permit(Read Note)", "enforced"),
        (Mode::Percent(255), "permit(Read Note)", "enforced"),
        (Mode::Percent(99), "permit(Read Note) [99 %]", "99 %"),
        (Mode::Percent(0), "permit(Read Note) [0 %]", "0 %"),
        (Mode::Shadow, "permit(Read Note) [shadow]", "shadow"),
    ] {
        check(&permit().in_mode(mode), printed, text);
    }
}

#[test]
fn the_modes_of_what_lies_within_something_else_are_told_apart() {
    let task = |own, parent| Demand::new("permit(task)").in_mode(own).within(permit().in_mode(parent));
    check(&task(Mode::Enforce, Mode::Enforce), "permit(task)", "enforced");
    check(&task(Mode::Shadow, Mode::Enforce), "permit(task) [shadow]", "shadow");
    check(&task(Mode::Enforce, Mode::Shadow), "permit(task) [parent shadow]", "enforced, parent shadow");
    check(&task(Mode::Percent(5), Mode::Shadow), "permit(task) [5 %, parent shadow]", "5 %, parent shadow");
    check(&Demand::new("x").in_mode(Mode::Enforce).within(permit()), "x", "enforced, parent unknown");
}

#[test]
fn what_is_watched_forbids_nothing_and_is_not_found_all_the_same() {
    let answers = |demand: &Demand| {
        [ProblemType::Forbidden, ProblemType::NotFound].map(|problem| demand.may_answer(problem))
    };
    assert_eq!(answers(&permit()), [true, true]);
    assert_eq!(answers(&permit().in_mode(Mode::Percent(1))), [true, true]);
    assert_eq!(answers(&permit().in_mode(Mode::Shadow)), [false, true]);
    let child = Demand::new("x").refusing_with([ProblemType::NotFound]).in_mode(Mode::Shadow);
    assert_eq!(answers(&child.clone().within(permit().in_mode(Mode::Enforce))), [true, true]);
    assert_eq!(answers(&child.within(permit().in_mode(Mode::Shadow))), [false, true]);
    assert_eq!(answers(&Demand::from("scopes(a)".to_owned())), [true, false]);
}

#[test]
fn it_is_watched_if_no_policy_is_enforced_for_anybody() {
    let shadow = permit().in_mode(Mode::Shadow);
    assert!(shadow.is_watched() && shadow.clone().within(shadow.clone()).is_watched());
    assert!(!shadow.within(permit().in_mode(Mode::Percent(1))).is_watched());
    for demand in [permit(), permit().in_mode(Mode::Percent(0)), Demand::new("scopes(a)")] {
        assert!(!demand.is_watched(), "{demand}");
    }
}

#[test]
fn it_is_told_if_every_policy_was_asked() {
    assert!(Demand::new("scopes(a)").is_told() && !Demand::new("scopes(a)").asks_policy());
    assert!(!permit().is_told() && permit().asks_policy());
    let asked = permit().asking::<Read, u32>(&Plain);
    assert!(asked.is_told() && asked.clone().within(asked.clone()).is_told());
    assert!(!asked.within(permit()).is_told());
}

/// Makes requests wait where it is not enforced, and says so.
struct Patient(Mode);

impl AsyncPolicy<Read, u32> for Patient {
    async fn decide(&self, _: &Principal, _: &u32) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }

    fn danger_await_unenforced(&self) -> bool {
        true
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

#[test]
fn a_policy_that_needs_the_resource_and_is_not_enforced_for_all_is_polled_once_or_makes_requests_wait() {
    let awaited = |mode| permit().asking::<Read, u32>(&Awaited(Asked(mode)));
    let patient = |mode| permit().asking::<Read, u32>(&Awaited(Patient(mode)));
    for (mode, unenforced) in
        [(Mode::Enforce, false), (Mode::Percent(100), false), (Mode::Percent(99), true), (Mode::Shadow, true)]
    {
        for (demand, holds) in [(awaited(mode), false), (patient(mode), true)] {
            for demand in [permit().within(demand.clone()), demand] {
                let told = (demand.is_polled_once(), demand.holds_requests());
                assert_eq!(told, (unenforced && !holds, unenforced && holds), "{demand}");
            }
        }
    }
    for demand in [
        permit().asking::<Read, u32>(&Detached::new(Asked(Mode::Shadow))),
        permit().asking::<Read, u32>(&Detached::new(Patient(Mode::Shadow))),
        permit().asking::<Read, u32>(&Awaited(Frugal)),
        permit().asking::<Read, u32>(&Plain),
        permit(),
    ] {
        assert!(!demand.holds_requests() && !demand.is_polled_once(), "{demand}");
    }
}
