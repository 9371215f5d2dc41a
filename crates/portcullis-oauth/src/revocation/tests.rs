use std::sync::Arc;
use std::time::{Duration, SystemTime};

use portcullis_core::{
    CredentialMethod, Principal, Revocation, RevocationSink, Revocations, TokenFacts, conformance,
};
use portcullis_testkit::FakeClock;

use super::*;

const ISSUER: &str = "https://issuer.example";
const HOUR: Duration = Duration::from_secs(3600);

fn caller(session_id: &str, token_id: &str) -> Principal {
    let caller = Principal::builder("alice", CredentialMethod::Jwt).issuer(ISSUER);
    caller.session_id(session_id).token_id(token_id).build()
}

#[track_caller]
fn check(list: &DenyList, caller: &Principal, issued: Option<SystemTime>, revoked: bool) {
    let answer = list.is_revoked(&TokenFacts::of(caller, issued)).done().expect("it waits");
    assert_eq!(answer.unwrap(), revoked);
}

#[tokio::test]
async fn conforms_to_what_a_deny_list_must_do() {
    let time = FakeClock::new();
    conformance::revocations(&DenyList::new(&time.clock()), time.clock().wall()).await;
}

#[test]
fn revokes_by_token_by_session_and_by_subject() {
    let time = FakeClock::new();
    let now = time.clock().wall();
    let caller = caller("s1", "t1");
    let check_one = |revoke: fn(&DenyList, SystemTime) -> Result<(), DenyListError>| {
        let list = DenyList::new(&time.clock());
        check(&list, &caller, Some(now), false);
        assert_eq!(revoke(&list, now), Ok(()));
        check(&list, &caller, Some(now), true);
        assert_eq!((list.len(), list.is_empty()), (1, false));
    };
    check_one(|list, now| list.revoke_token(ISSUER, "t1", now + HOUR));
    check_one(|list, _| list.revoke_session(ISSUER, "s1"));
    check_one(|list, now| list.revoke_subject(ISSUER, "alice", now));
}

#[test]
fn a_full_list_refuses_and_forgets_nothing_that_counts() {
    let time = FakeClock::new();
    let now = time.clock().wall();
    let list = DenyList::new(&time.clock()).with_max_entries(100);
    for number in 0..100 {
        assert_eq!(list.revoke_token(ISSUER, &format!("t{number}"), now + HOUR), Ok(()));
    }
    for number in 100..1000 {
        assert_eq!(list.revoke_token(ISSUER, &format!("t{number}"), now + HOUR), Err(DenyListError::Full));
    }
    assert_eq!(list.len(), 100);
    for number in 0..100 {
        check(&list, &caller("s", &format!("t{number}")), Some(now), true);
    }
    check(&list, &caller("s", "t100"), Some(now), false);
    // What is there already needs no room.
    assert_eq!(list.revoke_token(ISSUER, "t7", now + 2 * HOUR), Ok(()));
    let refused = list.revoke(&Revocation::Token { issuer: ISSUER, token_id: "t100" }, now).done().unwrap();
    assert!(refused.is_err());
}

#[test]
fn an_entry_is_kept_beyond_its_end_for_the_leeway_and_then_gives_way() {
    let time = FakeClock::new();
    let now = time.clock().wall();
    let list = DenyList::new(&time.clock()).with_max_entries(1);
    list.revoke_token(ISSUER, "t1", now + HOUR).unwrap();
    time.advance(HOUR + KEPT_AFTER);
    assert_eq!(list.revoke_token(ISSUER, "t2", now + 9 * HOUR), Err(DenyListError::Full));
    check(&list, &caller("s", "t1"), Some(now), true);
    time.advance(Duration::from_secs(1));
    assert_eq!(list.revoke_token(ISSUER, "t2", now + 9 * HOUR), Ok(()));
    check(&list, &caller("s", "t1"), Some(now), false);
    check(&list, &caller("s", "t2"), Some(now), true);
    assert_eq!(list.len(), 1);
}

#[test]
fn an_entry_that_was_made_longer_stays_that_long() {
    let time = FakeClock::new();
    let now = time.clock().wall();
    let list = DenyList::new(&time.clock()).with_max_entries(1);
    list.revoke_token(ISSUER, "t1", now + HOUR).unwrap();
    list.revoke_token(ISSUER, "t1", now + 3 * HOUR).unwrap();
    list.revoke_token(ISSUER, "t1", now).unwrap();
    time.advance(2 * HOUR);
    assert_eq!(list.revoke_token(ISSUER, "t2", now + 9 * HOUR), Err(DenyListError::Full));
    check(&list, &caller("s", "t1"), Some(now), true);
}

#[test]
fn sessions_and_subjects_are_kept_as_long_as_tokens_live() {
    let time = FakeClock::new();
    let list = DenyList::new(&time.clock()).with_max_entries(1).with_max_token_life(HOUR);
    list.revoke_session(ISSUER, "s1").unwrap();
    time.advance(HOUR + KEPT_AFTER);
    assert_eq!(list.revoke_session(ISSUER, "s2"), Err(DenyListError::Full));
    time.advance(Duration::from_secs(1));
    assert_eq!(list.revoke_subject(ISSUER, "alice", time.clock().wall()), Ok(()));
}

#[test]
fn an_identifier_may_be_as_long_as_the_limit_and_not_one_octet_longer() {
    let list = DenyList::new(&FakeClock::new().clock());
    let id = "x".repeat(MAX_IDENTIFIER_OCTETS);
    assert_eq!(list.revoke_session(ISSUER, &id), Ok(()));
    check(&list, &caller(&id, "t"), None, true);
    assert_eq!(list.revoke_session(ISSUER, &format!("{id}x")), Err(DenyListError::IdentifierTooLong));
    assert_eq!(list.revoke_session(&format!("{id}x"), "s"), Err(DenyListError::IdentifierTooLong));
}

#[test]
fn a_question_allocates_nothing() {
    let time = FakeClock::new();
    let list = DenyList::new(&time.clock());
    for number in 0..1000 {
        list.revoke_token(ISSUER, &format!("t{number}"), time.clock().wall()).unwrap();
        list.revoke_session(ISSUER, &format!("s{number}")).unwrap();
        list.revoke_subject(ISSUER, &format!("u{number}"), time.clock().wall()).unwrap();
    }
    for (caller, revoked) in [(caller("s", "t"), false), (caller("s", "t7"), true), (caller("s7", "t"), true)]
    {
        let counted = allocation_counter::measure(|| check(&list, &caller, None, revoked));
        assert_eq!(counted.count_total, 0);
    }
}

#[test]
fn questions_and_revocations_of_many_threads_agree() {
    let time = FakeClock::new();
    let list = Arc::new(DenyList::new(&time.clock()).with_max_entries(400));
    let entered: usize = std::thread::scope(|scope| {
        let revoke = |thread: usize| {
            let list = Arc::clone(&list);
            move || {
                let ids = (0..200).map(|number| format!("t{thread}-{number}"));
                let entered = ids.filter(|id| {
                    let entered = list.revoke_session(ISSUER, id).is_ok();
                    check(&list, &caller(id, "t"), None, entered);
                    entered
                });
                entered.count()
            }
        };
        let threads: Vec<_> = (0..4).map(|thread| scope.spawn(revoke(thread))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).sum()
    });
    assert_eq!((entered, list.len()), (400, 400));
}

/// At its limit: what the documentation of the limit says, beside the identifiers.
#[test]
fn a_full_list_takes_no_more_memory_than_its_limit_says() {
    let time = FakeClock::new();
    let (list, until) = (DenyList::new(&time.clock()), time.clock().wall() + HOUR);
    let fill = || {
        for number in 0..DEFAULT_MAX_ENTRIES {
            assert_eq!(list.revoke_token(ISSUER, &format!("0b5e6a52-{number:06}"), until), Ok(()));
        }
    };
    let held = allocation_counter::measure(fill).bytes_current;
    let each = held / i64::try_from(list.len()).unwrap();
    eprintln!("{} revocations take {held} octets, {each} each", list.len());
    let identifiers = i64::try_from(ISSUER.len() + "0b5e6a52-000000".len()).unwrap();
    assert!((identifiers..=identifiers + 150).contains(&each), "{each}");
}
