use std::fmt::Debug;
use std::net::IpAddr;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::time::{Instant, SystemTime};

use http::{HeaderName, HeaderValue, Method, Uri};
use proptest::prelude::*;

use super::*;
use crate::trail::{AlreadyAuthenticated, Entitlements, Placement, Room, TrailLimit, TrailState};
use crate::{
    Challenge, ChallengeSet, ClientAddress, ConnectionFacts, CredentialMethod, Decision, Denial, Explanation,
    ExternalOrigin, Finding, Principal, Reason, RefusedRequest, RequestLine, Scopes, TimeSource,
};

/// Every field of a Trail. A new one does not compile until it is here.
fn everything(trail: &Trail) -> String {
    let Shared {
        clock,
        opening,
        birth,
        client,
        origin,
        target,
        certificate,
        spoken,
        challenges,
        entitlements,
        recorded,
        upheld,
        discloses,
        state,
    } = &*trail.0;
    let Opening {
        client: first_client,
        origin: first_origin,
        connection,
        peer,
        refused,
        line,
        birth: first_birth,
        recorded: claimed,
        opener,
    } = opening;
    let poisoned = state.is_poisoned();
    let state = state.lock().unwrap_or_else(PoisonError::into_inner);
    let TrailState { entries, limits, fields, route, scheme, overflow, closed, late } = &*state;
    let spoken = spoken.get().map(|spoken| (&spoken.authentication, spoken.challenges.is_some()));
    let shown: [&dyn Debug; 31] = [
        clock,
        first_client,
        first_origin,
        connection,
        peer,
        refused,
        line,
        first_birth,
        claimed,
        opener,
        birth,
        client,
        origin,
        target,
        certificate,
        &spoken,
        &challenges.get().is_some(),
        &entitlements.get().is_some(),
        recorded,
        upheld,
        discloses,
        &poisoned,
        entries,
        limits,
        fields,
        route,
        scheme,
        overflow,
        closed,
        &late.is_some(),
        &Arc::strong_count(&trail.0),
    ];
    format!("{shown:?}")
}

/// What can be done to a Trail by those who handle its request, or fail to.
const DEEDS: [fn(&Trail); 20] = [
    |trail| first_word_counts(trail.authenticated(alice())),
    |trail| first_word_counts(trail.anonymous()),
    |trail| first_word_counts(trail.identified(alice(), &"token".into(), &challenges(), denied())),
    |trail| trail.set_client(ClientAddress::Peer(IpAddr::from([192, 0, 2, 1]))),
    |trail| trail.set_origin(ExternalOrigin::new(true, "secret.example".parse().ok(), true)),
    |trail| trail.set_target("/secret?secret".parse().unwrap()),
    |trail| trail.set_client_certificate(None),
    |trail| trail.set_challenges(challenges()),
    |trail| trail.set_entitlements(Arc::new(All)),
    |trail| trail.set_route("/documents/{secret}".into()),
    |trail| trail.scheme("secret".into()),
    |trail| (0..40).for_each(|_| trail.decided(Room::Rule, &denied())),
    |trail| trail.denied(Room::Guard, &Denial::new(Reason::PolicyDenied).explained("secret")),
    |trail| (0..40).for_each(|left| trail.limited(TrailLimit::new("secret".into(), left, false))),
    |trail| {
        let value = HeaderValue::from_static("secret");
        trail.response_field(HeaderName::from_static("set-cookie"), value, Placement::Append);
    },
    |trail| trail.disclose(),
    |trail| trail.uphold(&MAX_RETIRED_TRAILS),
    |trail| {
        let _ = (trail.id(), trail.claim_event());
    },
    // A request that nobody ends: what it waits for is dropped, or comes, or a panic ends it with the lock in hand.
    |trail| {
        let dropped = trail.awaits(Room::Rule);
        let comes = trail.awaits(Room::Rule);
        let _ = trail.finish(None);
        comes.into_iter().for_each(|awaited| awaited.note(denied()));
        drop(dropped);
    },
    |trail| {
        let panics = || trail.read(|_| resume_unwind(Box::new("a panic")));
        assert!(catch_unwind(AssertUnwindSafe(panics)).is_err() && trail.0.state.is_poisoned());
    },
];

fn first_word_counts(_: Result<(), AlreadyAuthenticated>) {}

struct All;

impl Entitlements for All {
    fn covers(&self, _: &Scopes, _: &str) -> bool {
        true
    }

    fn has_role(&self, _: &Principal, _: &str) -> bool {
        true
    }

    fn permits(&self, _: &Principal, _: &str) -> Option<bool> {
        Some(true)
    }
}

struct Other;

impl TimeSource for Other {
    fn wall(&self) -> SystemTime {
        std::time::UNIX_EPOCH
    }

    fn monotonic(&self) -> Instant {
        Clock::system().monotonic()
    }
}

fn alice() -> Principal {
    Principal::builder("alice", CredentialMethod::Jwt).scopes(Scopes::parse("secret").unwrap()).build()
}

fn challenges() -> Arc<ChallengeSet> {
    Arc::new(ChallengeSet::new(vec![Challenge::bearer("secret")]))
}

fn denied() -> Decision {
    let tree = Explanation::new("secret", Finding::Fails);
    Decision::deny(Reason::PolicyDenied).because("secret").explained(tree)
}

/// A Trail that was opened with all that can be known.
fn full() -> Trail {
    let clock = Clock::new(Other);
    Trail::open_reusing(&clock, |opening| {
        opening.date(&clock);
        opening.claim_event();
        opening.opener = crate::OpenerId::next();
        opening.client = Some(ClientAddress::Unknown);
        opening.origin = Some(ExternalOrigin::new(false, "secret.example".parse().ok(), false));
        let peer = std::net::SocketAddr::from(([192, 0, 2, 1], 1));
        (opening.connection, opening.peer) = (Some(ConnectionFacts::plain(peer)), Some(peer));
        let uri = Uri::from_static("/secret");
        opening.line = Some(RequestLine::of(&Method::GET, &uri));
        opening.refused = Some(RefusedRequest::of(&http::Request::new(())));
    })
}

fn used() -> Trail {
    let trail = full();
    DEEDS.iter().for_each(|deed| deed(&trail));
    trail
}

fn address(trail: &Trail) -> *const Shared {
    Arc::as_ptr(&trail.0)
}

fn open() -> Trail {
    Trail::open_reusing(&Clock::system(), |_| ())
}

/// What this thread retired last is what it opens next.
#[track_caller]
fn assert_nothing_is_left_of(old: Trail) {
    let place = address(&old);
    old.retire();
    let new = open();
    assert_eq!(address(&new), place, "the same memory");
    assert_eq!(everything(&new), everything(&Trail::open_prepared(&Clock::system(), |_| ())));
}

proptest! {
    #[test]
    fn nothing_is_left_of_the_trail_whose_memory_is_used_again(
        known in any::<bool>(),
        deeds in proptest::collection::vec(0..DEEDS.len(), 0..12),
    ) {
        let old = if known { full() } else { open() };
        deeds.iter().for_each(|deed| DEEDS[*deed](&old));
        assert_nothing_is_left_of(old);
    }
}

#[test]
fn nothing_is_left_of_a_trail_with_everything_in_it() {
    let old = used();
    let shown = everything(&old);
    assert!(shown.contains("secret") && shown.contains("alice"), "{shown}");
    assert_nothing_is_left_of(old);
}

#[test]
fn what_a_trail_held_is_dropped_when_it_is_retired_and_not_when_its_memory_is_used() {
    let (route, all, own) = (Arc::<str>::from("/"), Arc::new(All), challenges());
    let trail = full();
    trail.set_route(Arc::clone(&route));
    trail.scheme(Arc::clone(&route));
    trail.set_entitlements(all.clone());
    trail.set_challenges(Arc::clone(&own));
    let holders = || (Arc::strong_count(&route), Arc::strong_count(&all), Arc::strong_count(&own));
    assert_eq!(holders(), (3, 2, 2));
    trail.retire();
    assert_eq!(holders(), (1, 1, 1));
}

#[test]
fn a_trail_that_somebody_holds_stays_his() {
    let trail = used();
    let (held, place, shown) = (trail.clone(), address(&trail), everything(&trail));
    trail.retire();
    let new = open();
    assert_ne!(address(&new), place);
    assert_eq!(everything(&held).replace("1]", "2]"), shown, "but for the handle that is gone");
    let awaiting = full();
    let place = address(&awaiting);
    let awaited = awaiting.awaits(Room::Rule);
    awaiting.retire();
    assert!(address(&open()) != place && awaited.is_some_and(|awaited| address(awaited.trail()) == place));
}

#[test]
fn no_more_are_kept_than_there_is_room_for_and_they_go_by_handfuls() {
    let retired = Retired::new();
    for _ in 0..MAX_RETIRED_TRAILS / HANDFUL + 3 {
        let mut own: Vec<_> = (0..2 * HANDFUL).map(|_| Empty::default()).collect();
        retired.put(&mut own);
        assert_eq!(own.len(), HANDFUL);
    }
    let waiting = || retired.waiting.lock().unwrap().len();
    assert_eq!(waiting(), MAX_RETIRED_TRAILS);
    let mut own = Vec::new();
    while retired.any.load(Ordering::Relaxed) {
        let (before, had) = (waiting(), own.len());
        retired.fetch(&mut own);
        assert_eq!((waiting(), own.len()), (before - HANDFUL, had + HANDFUL));
    }
    assert_eq!((waiting(), own.len()), (0, MAX_RETIRED_TRAILS));
    retired.fetch(&mut own);
    assert_eq!(own.len(), MAX_RETIRED_TRAILS);
}

#[test]
fn a_thread_has_fewer_than_two_handfuls_at_hand() {
    let most = std::thread::spawn(|| {
        let many: Vec<_> = (0..5 * HANDFUL).map(|_| Trail::open(&Clock::system())).collect();
        let at_hand = |trail: Trail| {
            trail.retire();
            let own = AT_HAND.take();
            let length = own.len();
            AT_HAND.set(own);
            length
        };
        many.into_iter().map(at_hand).max()
    });
    assert_eq!(most.join().unwrap(), Some(2 * HANDFUL - 1));
}

#[test]
fn what_one_thread_retires_another_opens() {
    let many: Vec<_> = (0..4 * HANDFUL).map(|_| used()).collect();
    let places: Vec<_> = many.iter().map(|trail| address(trail).addr()).collect();
    std::thread::spawn(move || many.into_iter().for_each(Trail::retire)).join().unwrap();
    let opened: Vec<_> = (0..MAX_RETIRED_TRAILS).map(|_| open()).collect();
    // Other tests may have taken a handful meanwhile, and what a thread had at hand ends with it.
    let reused = opened.iter().filter(|trail| places.contains(&address(trail).addr())).count();
    assert!(reused >= HANDFUL, "{reused} of {}", places.len());
    let fresh = everything(&Trail::open_prepared(&Clock::system(), |_| ()));
    assert!(opened.iter().all(|trail| everything(trail) == fresh));
}
