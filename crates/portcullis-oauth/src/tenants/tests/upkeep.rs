//! The keys of tenants are kept fresh ahead of their tokens.

use portcullis_core::Readiness;

use super::*;

const SECOND: Duration = Duration::from_secs(1);

impl Provider {
    /// Keys of the tenant are there, and due to be fetched anew from now on.
    fn publish_due(&self, name: &str) -> TestIssuer {
        let issuer = tenant(name);
        self.publish(&issuer);
        self.0.due.lock().unwrap().push(issuer.url().to_owned());
        issuer
    }

    /// The tenants whose keys were fetched anew since this was asked last.
    fn refreshed(&self) -> Vec<String> {
        let mut refreshed = std::mem::take(&mut *self.0.refreshed.lock().unwrap());
        refreshed.iter_mut().for_each(|issuer| *issuer = issuer.rsplit('/').next().unwrap().to_owned());
        refreshed
    }
}

/// What a server keeps up.
fn dependency(verifier: &JwtVerifier) -> Arc<dyn Readiness> {
    let [only] = verifier.dependencies().collect::<Vec<_>>().try_into().ok().expect("there is one");
    only
}

/// Lets that much time pass for the clock and for those who sleep, a second at a time.
async fn pass(time: &FakeClock, seconds: u64) {
    for _ in 0..seconds {
        time.advance(SECOND);
        tokio::time::advance(SECOND).await;
        tokio::task::yield_now().await;
    }
}

#[tokio::test(start_paused = true)]
async fn keys_of_tenants_in_use_are_refreshed_and_those_of_no_others() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let [acme, idle, _never] = ["acme", "idle", "never"].map(|name| provider.publish_due(name));
    let fresh = tenant("fresh");
    provider.publish(&fresh);
    let verifier = verifier(provider.tenants().danger_allow_every_tenant(), &time);
    let dependency = dependency(&verifier);
    assert_eq!((dependency.name(), dependency.is_ready()), (PATTERN, true));
    let upkeep = tokio::spawn(dependency.upkeep().expect("there is some"));
    pass(&time, 1).await;
    assert_eq!(provider.refreshed(), [""; 0], "no tenant is known yet");

    for issuer in [&acme, &idle, &fresh] {
        assert_eq!(verify(&verifier, issuer, &time), Ok(()));
    }
    pass(&time, 1).await;
    let mut refreshed = provider.refreshed();
    refreshed.sort();
    assert_eq!(refreshed, ["acme", "idle"]);

    // Half an hour later, the one shows a new token.
    pass(&time, TENANT_IN_USE_FOR.as_secs() / 2).await;
    assert_eq!(verify(&verifier, &acme, &time), Ok(()));
    pass(&time, TENANT_IN_USE_FOR.as_secs() / 2).await;
    provider.refreshed();
    pass(&time, 1).await;
    assert_eq!(provider.refreshed(), ["acme"]);
    assert!(!upkeep.is_finished());
}

#[tokio::test(start_paused = true)]
async fn a_token_that_is_remembered_keeps_its_tenant_in_use() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let acme = provider.publish_due("acme").with_clock(time.clock());
    let verifier = verifier(provider.tenants().danger_allow_every_tenant(), &time);
    let until = time.clock().unix_time() + 3 * TENANT_IN_USE_FOR;
    let token = acme.token("alice").claim("exp", until.as_secs()).sign();
    let _upkeep = tokio::spawn(dependency(&verifier).upkeep().expect("there is some"));
    for _ in 0..4 {
        assert!(verifier.verify(&token).done().unwrap().is_ok());
        pass(&time, TENANT_IN_USE_FOR.as_secs() / 2).await;
    }
    assert_eq!(provider.0.asked.load(Ordering::Relaxed), 1, "it was remembered");
    provider.refreshed();
    pass(&time, 1).await;
    assert_eq!(provider.refreshed(), ["acme"]);
    pass(&time, TENANT_IN_USE_FOR.as_secs() / 2).await;
    provider.refreshed();
    pass(&time, 1).await;
    assert_eq!(provider.refreshed(), [""; 0]);
}

/// No second has more than its share, and no tenant is passed over for ever, not even if those before it are always due.
#[tokio::test(start_paused = true)]
async fn so_many_refreshes_begin_in_a_second_and_everyone_has_a_turn() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let verifier = verifier(provider.tenants().danger_allow_every_tenant(), &time);
    let tenants = MAX_TENANT_REFRESHES * 2 + 3;
    for n in 0..tenants {
        let issuer = provider.publish_due(&format!("t{n}"));
        assert_eq!(verify(&verifier, &issuer, &time), Ok(()));
        time.advance(CANDIDATE_INTERVAL);
    }
    let _upkeep = tokio::spawn(dependency(&verifier).upkeep().expect("there is some"));
    // The first look is at once.
    tokio::task::yield_now().await;
    let mut all = std::collections::HashSet::new();
    for second in 0..3 {
        let refreshed = provider.refreshed();
        assert_eq!(refreshed.len(), MAX_TENANT_REFRESHES, "{second}");
        all.extend(refreshed);
        pass(&time, 1).await;
    }
    assert_eq!(all.len(), tenants);
}

#[tokio::test(start_paused = true)]
async fn nothing_is_fetched_for_a_tenant_that_is_no_longer_allowed_and_all_ends_with_the_verifier() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let acme = provider.publish_due("acme");
    let allowed = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&allowed);
    let verifier = verifier(provider.tenants().allow(move |_| asked.load(Ordering::Relaxed)), &time);
    assert_eq!(verify(&verifier, &acme, &time), Ok(()));
    let upkeep = tokio::spawn(dependency(&verifier).upkeep().expect("there is some"));
    tokio::task::yield_now().await;
    assert_eq!(provider.refreshed(), ["acme"]);
    allowed.store(false, Ordering::Relaxed);
    pass(&time, 5).await;
    assert_eq!(provider.refreshed(), [""; 0]);
    drop(verifier);
    tokio::time::advance(2 * SECOND).await;
    upkeep.await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn who_is_allowed_is_asked_only_where_keys_are_due() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let (acme, fresh) = (provider.publish_due("acme"), tenant("fresh"));
    provider.publish(&fresh);
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let list = Arc::clone(&asked);
    let allowed = provider.tenants().allow(move |tenant| {
        list.lock().unwrap().push(tenant.to_owned());
        true
    });
    let verifier = verifier(allowed, &time);
    for issuer in [&acme, &fresh] {
        assert_eq!(verify(&verifier, issuer, &time), Ok(()));
    }
    asked.lock().unwrap().clear();
    let _upkeep = tokio::spawn(dependency(&verifier).upkeep().expect("there is some"));
    pass(&time, 2).await;
    let asked = asked.lock().unwrap();
    assert!(!asked.is_empty() && asked.iter().all(|tenant| tenant == "acme"), "{asked:?}");
}

#[tokio::test(start_paused = true)]
async fn a_panic_about_one_tenant_leaves_the_upkeep_of_the_others_alone() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let [acme, bad, globex] = ["acme", "bad", "globex"].map(|name| provider.publish_due(name));
    let panics = Arc::new(AtomicBool::new(false));
    let asked = Arc::clone(&panics);
    let allowed = provider.tenants().allow(move |tenant| {
        assert!(tenant != "bad" || !asked.load(Ordering::Relaxed), "the set of tenants is broken");
        true
    });
    let verifier = verifier(allowed, &time);
    for issuer in [&acme, &bad, &globex] {
        assert_eq!(verify(&verifier, issuer, &time), Ok(()));
    }
    panics.store(true, Ordering::Relaxed);
    let upkeep = tokio::spawn(dependency(&verifier).upkeep().expect("there is some"));
    for _ in 0..3 {
        pass(&time, 1).await;
        let mut refreshed = provider.refreshed();
        refreshed.sort();
        refreshed.dedup();
        assert_eq!(refreshed, ["acme", "globex"]);
    }
    assert!(!upkeep.is_finished());
}

/// Over the wire: no request sets it off, and none waits for it.
#[tokio::test]
async fn keys_that_are_discovered_are_fetched_anew_ahead_of_their_time() {
    use crate::remote::{DEFAULT_TTL, RemoteKeys};

    let time = FakeClock::new();
    let acme = TestIssuer::start_at("/acme").await.with_clock(time.clock());
    let origin = acme.url().trim_end_matches("/acme").to_owned();
    let tenants = Tenants::matching(format!("{origin}/{{tenant}}"), |issuer, _| {
        issuer.audience("https://api.example").keys(RemoteKeys::discover()).insecure_http_on_loopback()
    });
    let verifier = verifier(tenants.allow(|tenant| tenant == "acme"), &time);
    for _ in 0..2 {
        assert!(verifier.verify(&acme.token("alice").sign()).resolve().await.is_ok());
    }
    let fetched = acme.requests();
    time.advance(DEFAULT_TTL / 100 * 82);
    let _upkeep = tokio::spawn(dependency(&verifier).upkeep().expect("there is some"));
    let fetched_anew = async {
        while acme.requests() == fetched {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(60 * SECOND, fetched_anew).await.expect("nobody had to ask");
}
