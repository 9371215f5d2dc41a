use super::*;

/// P4: a right password is remembered, if asked to, and answered at once.
#[tokio::test]
async fn a_remembered_password_is_answered_at_once_until_its_time_is_over() {
    let time = FakeTime::new();
    let store = Arc::new(Recording::with(hash("right")));
    let basic = Basic::new(Arc::clone(&store)).remember(Duration::from_secs(60), 8);
    let route = route_at(basic, time.clock());
    assert!(!log_in(&route, "alice", "right").await.at_once);
    time.advance(Duration::from_secs(59));
    let again = log_in(&route, "alice", "right").await;
    assert!(again.at_once && again.who().as_deref() == Ok("alice"));
    // A wrong password, or the same text cut elsewhere, is no hit.
    assert!(!log_in(&route, "alice", "wrong").await.at_once);
    assert_eq!(log_in(&route, "alic", "eright").await.who(), Err("wrong_password"));
    time.advance(Duration::from_secs(1));
    let found = store.found.load(Ordering::SeqCst);
    assert!(!log_in(&route, "alice", "right").await.at_once);
    assert_eq!(store.found.load(Ordering::SeqCst), found + 1);
}

#[tokio::test]
async fn by_default_no_password_is_remembered_and_wrong_ones_never_are() {
    let plain = route(Basic::new(users(&[("alice", "right")])));
    let remembering = route(Basic::new(users(&[("alice", "right")])).remember(Duration::from_secs(60), 8));
    for _ in 0..2 {
        assert!(!log_in(&plain, "alice", "right").await.at_once);
        assert!(!log_in(&remembering, "alice", "wrong").await.at_once);
    }
}

#[tokio::test]
async fn the_remembered_passwords_are_bounded() {
    let logins: Vec<String> = (0..40).map(|n| format!("user{n}")).collect();
    let pairs: Vec<_> = logins.iter().map(|user| (&**user, "right")).collect();
    let route = route(Basic::new(users(&pairs)).remember(Duration::from_secs(60), 4));
    for user in &logins {
        assert!(log_in(&route, user, "right").await.answer.is_ok());
    }
    let mut hits = 0;
    for user in &logins {
        hits += usize::from(log_in(&route, user, "right").await.at_once);
    }
    assert!(hits <= 4, "{hits}");
}
