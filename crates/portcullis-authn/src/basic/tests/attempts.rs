use super::*;

#[track_caller]
fn guarded(guard: &Arc<RecordingGuard>, route: &RouteSchemes, user: &str, password: &str) -> Asked {
    let shared: Arc<dyn AttemptGuard> = guard.clone();
    let value = basic(user, password);
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = request(&[("authorization", value.as_bytes())]);
    runtime.block_on(ask_guarded(route, request, Some(&shared)))
}

#[test]
fn the_guard_of_attempts_is_asked_before_and_told_after() {
    let store = || Recording::with(hash("right"));
    for (waits, fails, password, outcome) in [
        (false, false, "right", "Succeeded"),
        (true, false, "right", "Succeeded"),
        (false, false, "wrong", "Failed"),
        (true, true, "right", "Unknown"),
    ] {
        let guard = Arc::new(RecordingGuard { waits, ..RecordingGuard::default() });
        let route = route(Basic::new(Recording { fails, ..store() }));
        let _ = guarded(&guard, &route, "alice", password);
        assert_eq!(guard.seen(), ["before password alice".to_owned(), format!("after alice {outcome}")]);
    }
}

#[test]
fn a_refused_attempt_is_neither_looked_up_nor_reported() {
    for waits in [false, true] {
        let store = Arc::new(Recording::with(hash("right")));
        let guard = Arc::new(RecordingGuard { refuses: true, waits, ..RecordingGuard::default() });
        let asked = guarded(&guard, &route(Basic::new(Arc::clone(&store))), "alice", "right");
        assert_eq!((asked.who(), asked.challenges()), (Err("attempts_exceeded"), vec![]));
        assert_eq!((guard.seen().len(), store.found.load(Ordering::SeqCst)), (1, 0));
    }
}

/// The audit must say whose login is locked, although nobody looks for the user: it was found before.
#[test]
fn a_refused_attempt_names_the_user_if_the_scheme_has_found_one_and_no_other_name() {
    for waits in [false, true] {
        let route = route(Basic::new(users(&[("alice", "right")])));
        let open = Arc::new(RecordingGuard::default());
        let shut = Arc::new(RecordingGuard { refuses: true, waits, ..RecordingGuard::default() });
        let told = |asked: Asked| asked.answer.unwrap_err().explanation().unwrap().to_owned();
        let unseen = told(guarded(&shut, &route, "alice", "right"));
        assert!(unseen.starts_with("a name of which no user is known, #"), "{unseen}");
        for (user, password) in [("alice", "wrong"), ("hunter2", "right")] {
            assert!(guarded(&open, &route, user, password).answer.is_err());
        }
        assert_eq!(told(guarded(&shut, &route, "alice", "right")), "user `alice`");
        let nobody = told(guarded(&shut, &route, "hunter2", "right"));
        assert!(nobody.starts_with("a name of which no user is known, #"), "{nobody}");
    }
}

/// So that it can note there what it counted.
#[test]
fn the_guard_of_attempts_is_handed_the_trail_of_the_request() {
    let guard = Arc::new(RecordingGuard::default());
    let asked = guarded(&guard, &route(Basic::new(users(&[("alice", "right")]))), "alice", "right");
    let handed = guard.trail.lock().unwrap().as_ref().map(portcullis_core::Trail::id);
    assert_eq!(handed, Some(asked.trail.id()));
}

#[test]
fn a_malformed_login_is_no_attempt() {
    let guard = Arc::new(RecordingGuard::default());
    let shared: Arc<dyn AttemptGuard> = guard.clone();
    let route = route(Basic::new(users(&[])));
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    let request = request(&[("authorization", b"Basic bm8gY29sb24=")]);
    assert!(runtime.block_on(ask_guarded(&route, request, Some(&shared))).answer.is_err());
    assert!(guard.seen().is_empty());
}

/// The caller went away: the guard hears of an unknown outcome.
#[tokio::test]
async fn an_attempt_that_is_dropped_is_reported_as_unknown() {
    use portcullis_core::{RequestView, Trail};

    let guard = Arc::new(RecordingGuard::default());
    let shared: Arc<dyn AttemptGuard> = guard.clone();
    let route = route(Basic::new(users(&[("alice", "right")])));
    let value = basic("alice", "right");
    let mut request = request(&[("authorization", value.as_bytes())]);
    Trail::ensure(request.extensions_mut(), &Clock::system());
    let step = route.authenticate(&RequestView::of(&request).unwrap().with_attempts(Some(&shared)));
    drop(step);
    assert_eq!(guard.seen(), ["before password alice", "after alice Unknown"]);
}

#[test]
fn a_guard_is_asked_for_remembered_passwords_too() {
    let route = route(Basic::new(users(&[("alice", "right")])).remember(Duration::from_secs(60), 8));
    let open = Arc::new(RecordingGuard::default());
    assert!(guarded(&open, &route, "alice", "right").answer.is_ok());
    assert!(guarded(&open, &route, "alice", "right").at_once);
    assert_eq!(open.seen().len(), 4);
    let shut = Arc::new(RecordingGuard { refuses: true, ..RecordingGuard::default() });
    assert_eq!(guarded(&shut, &route, "alice", "right").who(), Err("attempts_exceeded"));
}
