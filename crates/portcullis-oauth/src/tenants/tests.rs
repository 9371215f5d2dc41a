use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use portcullis_core::{Denial, Reason, Step};
use portcullis_testkit::{FakeClock, TestIssuer};

use super::directory::Directory;
use super::*;
use crate::keys::{KeyLookup, KeySet, KeySource};
use crate::{Issuer, JwtBearer, JwtVerifier};

#[cfg(feature = "discovery")]
mod upkeep;

const PATTERN: &str = "https://login.example.com/{tenant}";
const AUDIENCE: &str = "https://api.example.com";

fn tenant(name: &str) -> TestIssuer {
    TestIssuer::offline(&format!("https://login.example.com/{name}")).with_audience(AUDIENCE)
}

/// A provider whose tenants publish keys when a test says so, and who counts what is made of it.
#[derive(Clone, Default)]
struct Provider(Arc<State>);

#[derive(Default)]
struct State {
    published: Mutex<HashMap<String, KeySet>>,
    made: AtomicUsize,
    asked: AtomicUsize,
    /// Issuers whose keys are to be fetched anew, and of whom that was asked.
    due: Mutex<Vec<String>>,
    refreshed: Mutex<Vec<String>>,
}

impl Provider {
    fn publish(&self, issuer: &TestIssuer) {
        let keys = KeySet::from_jwks_json(issuer.jwks_json().as_bytes()).unwrap().0;
        self.0.published.lock().unwrap().insert(issuer.url().to_owned(), keys);
    }

    fn made(&self) -> usize {
        self.0.made.load(Ordering::Relaxed)
    }

    fn tenants(&self) -> Tenants {
        let provider = self.clone();
        Tenants::matching(PATTERN, move |issuer, _| {
            provider.0.made.fetch_add(1, Ordering::Relaxed);
            let keys = KeysOf { provider: provider.clone(), issuer: issuer.identifier().to_owned() };
            issuer.audience(AUDIENCE).keys(keys)
        })
    }
}

/// The keys of one tenant: an outage until they are published.
struct KeysOf {
    provider: Provider,
    issuer: String,
}

impl KeySource for KeysOf {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        self.provider.0.asked.fetch_add(1, Ordering::Relaxed);
        let keys = self.current().ok_or_else(|| Denial::new(Reason::KeySetUnavailable));
        Step::Done(keys.map(|keys| keys.lookup(kid)))
    }

    fn current(&self) -> Option<KeySet> {
        self.provider.0.published.lock().unwrap().get(&self.issuer).cloned()
    }

    fn may_be_due(&self) -> bool {
        self.provider.0.due.lock().unwrap().contains(&self.issuer)
    }

    fn refresh_if_due(&self) -> bool {
        let is_due = self.may_be_due();
        if is_due {
            self.provider.0.refreshed.lock().unwrap().push(self.issuer.clone());
        }
        is_due
    }
}

fn verifier(tenants: Tenants, time: &FakeClock) -> JwtVerifier {
    JwtBearer::tenants(tenants).build(&time.clock()).unwrap()
}

fn verify(verifier: &JwtVerifier, issuer: &TestIssuer, time: &FakeClock) -> Result<(), Reason> {
    let token = issuer.clone().with_clock(time.clock()).token("alice").sign();
    let answer = verifier.verify(&token).done().expect("it waits");
    answer.map(drop).map_err(|denial| denial.reason())
}

#[test]
fn each_tenant_has_keys_of_its_own_and_those_not_allowed_cost_nothing() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let (acme, globex, evil) = (tenant("acme"), tenant("globex"), tenant("evil"));
    [&acme, &globex, &evil].into_iter().for_each(|issuer| provider.publish(issuer));
    let allowed = provider.tenants().allow(|tenant| tenant != "evil");
    let verifier = verifier(allowed, &time);
    let sample = provider.made();

    assert_eq!(verify(&verifier, &acme, &time), Ok(()));
    assert_eq!(verify(&verifier, &globex, &time), Ok(()));
    assert_eq!(provider.made(), sample + 2);
    for _ in 0..100 {
        assert_eq!(verify(&verifier, &evil, &time), Err(Reason::TokenIssuerUnknown));
        assert_eq!(verify(&verifier, &acme, &time), Ok(()));
    }
    assert_eq!(provider.made(), sample + 2);

    // The keys of one tenant verify nothing of another.
    let forged = evil.token("eve").claimed_issuer(acme.url()).audience(AUDIENCE);
    let forged = forged.sign();
    let denial = verifier.verify(&forged).done().unwrap().unwrap_err();
    assert_eq!(denial.status(), 401);
}

#[test]
fn identifiers_that_do_not_fit_are_unknown_issuers() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let verifier = verifier(provider.tenants().danger_allow_every_tenant(), &time);
    let sample = provider.made();
    for name in ["", "a/b", "..", "a%2Fb", "a?b", "a#b"] {
        assert_eq!(verify(&verifier, &tenant(name), &time), Err(Reason::TokenIssuerUnknown), "{name}");
    }
    assert_eq!(provider.made(), sample);
}

fn directory(tenants: Tenants, time: &FakeClock) -> Directory {
    tenants.build(&time.clock()).unwrap()
}

/// Whether the tenant is found, and not told to come back.
fn finds(directory: &Directory, name: &str) -> bool {
    directory.find(&format!("https://login.example.com/{name}")).expect("it is a tenant").is_ok()
}

/// Fault table: bounded; no tenant that is known notices.
#[test]
fn a_flood_of_invented_tenants_is_bounded_and_pushes_no_known_one_out() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    provider.publish(&tenant("acme"));
    let directory = directory(provider.tenants().danger_allow_every_tenant().with_max_tenants(1), &time);
    assert!(finds(&directory, "acme"));
    let made = provider.made();
    let mut refused = 0;
    for second in 0..200 {
        for n in 0..50 {
            refused += usize::from(!finds(&directory, &format!("junk-{second}-{n}")));
        }
        assert!(finds(&directory, "acme"));
        assert_eq!(directory.sizes().0, 1);
        assert!(directory.sizes().1 <= MAX_CANDIDATES);
        time.advance(CANDIDATE_INTERVAL);
    }
    let made = provider.made() - made;
    assert_eq!(made + refused, 200 * 50);
    assert!(made <= usize::try_from(CANDIDATE_BURST).unwrap() + 200, "{made}");
}

#[test]
fn a_refusal_for_lack_of_room_says_when_to_come_back() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let directory = directory(provider.tenants().danger_allow_every_tenant(), &time);
    for n in 0..CANDIDATE_BURST {
        assert!(finds(&directory, &format!("t{n}")));
    }
    let denial = directory.find("https://login.example.com/late").unwrap().map(drop).unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.retry_after_seconds()), (503, Some(1)));
    // A candidate is found again without another place.
    assert!(finds(&directory, "t0"));
    time.advance(CANDIDATE_INTERVAL);
    assert!(finds(&directory, "late"));
}

#[test]
fn a_candidate_without_keys_makes_room_after_a_minute_and_one_with_keys_is_kept() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let directory = directory(provider.tenants().danger_allow_every_tenant(), &time);
    for n in 0..MAX_CANDIDATES {
        assert!(finds(&directory, &format!("t{n}")));
        time.advance(CANDIDATE_INTERVAL / 4 * 3);
    }
    assert_eq!(directory.sizes(), (0, MAX_CANDIDATES));
    assert!(!finds(&directory, "late"));
    provider.publish(&tenant("t5"));
    assert!(finds(&directory, "t5"));
    assert_eq!(directory.sizes(), (1, MAX_CANDIDATES - 1));
    assert!(finds(&directory, "late"));
    assert!(!finds(&directory, "later"));
    time.advance(Duration::from_secs(60));
    assert!(finds(&directory, "later"));
    assert_eq!(directory.sizes(), (1, MAX_CANDIDATES));
}

#[test]
fn of_more_tenants_than_may_be_kept_the_least_recently_used_goes() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    for name in ["a", "b", "c"] {
        provider.publish(&tenant(name));
    }
    let directory = directory(provider.tenants().danger_allow_every_tenant().with_max_tenants(2), &time);
    for name in ["a", "b", "a", "c"] {
        assert!(finds(&directory, name));
        time.advance(Duration::from_secs(1));
    }
    assert_eq!(directory.sizes().0, 2);
    let made = provider.made();
    assert!(finds(&directory, "a") && finds(&directory, "c"));
    assert_eq!(provider.made(), made);
    assert!(finds(&directory, "b"));
    assert_eq!(provider.made(), made + 1);
}

#[test]
fn a_tenant_that_is_no_longer_allowed_is_refused_also_with_a_token_that_is_remembered() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let acme = tenant("acme").with_clock(time.clock());
    provider.publish(&acme);
    let allowed = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&allowed);
    let verifier = verifier(provider.tenants().allow(move |_| asked.load(Ordering::Relaxed)), &time);
    let token = acme.token("alice").sign();
    for _ in 0..3 {
        assert!(verifier.verify(&token).done().unwrap().is_ok());
    }
    allowed.store(false, Ordering::Relaxed);
    let denial = verifier.verify(&token).done().unwrap().unwrap_err();
    assert_eq!(denial.reason(), Reason::TokenIssuerUnknown);
    allowed.store(true, Ordering::Relaxed);
    assert!(verifier.verify(&token).done().unwrap().is_ok());
}

#[test]
fn an_issuer_that_is_listed_comes_first() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let acme = tenant("acme");
    provider.publish(&acme);
    let listed = Issuer::new(acme.url()).audience("https://other.example");
    let keys = KeySet::from_jwks_json(acme.jwks_json().as_bytes()).unwrap().0;
    let scheme = JwtBearer::issuer(listed.keys(keys));
    let verifier = scheme.or_tenants(provider.tenants().danger_allow_every_tenant());
    let verifier = verifier.build(&time.clock()).unwrap();
    assert_eq!(verify(&verifier, &acme, &time), Err(Reason::TokenAudienceMismatch));
    let globex = tenant("globex");
    provider.publish(&globex);
    assert_eq!(verify(&verifier, &globex, &time), Ok(()));
}

#[track_caller]
fn check(codes: &[&str], tenants: Tenants) {
    let errors = JwtBearer::tenants(tenants).build(&FakeClock::new().clock()).map(drop).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), codes, "{errors}");
}

#[test]
fn what_is_wrong_for_every_tenant_is_said_when_the_scheme_is_built() {
    let complete = || Provider::default().tenants().allow(|_| false);
    check(&["P110"], complete().with_max_tenants(0));
    check(&["P602"], Provider::default().tenants());
    let template = |issuer: Issuer, _: &str| issuer;
    check(&["P110", "P602", "P602"], Tenants::matching("https://{tenant}", template).with_max_tenants(0));
    check(&["P601", "P605"], Tenants::matching(PATTERN, template).allow(|_| true));
    check(
        &["P602", "P601", "P605"],
        Tenants::matching("http://a.example/{tenant}", template).allow(|_| true),
    );
    let stray = Tenants::matching(PATTERN, |_, _| Issuer::new("https://stray.example"));
    check(&["P602"], stray.allow(|_| true));
}

/// Over the wire: keys by discovery, and no request for tenants that are not allowed.
#[cfg(feature = "discovery")]
#[tokio::test]
async fn keys_of_a_tenant_are_discovered_when_its_first_token_comes() {
    use crate::remote::RemoteKeys;

    let acme = TestIssuer::start_at("/acme").await;
    let origin = acme.url().trim_end_matches("/acme").to_owned();
    let tenants = Tenants::matching(format!("{origin}/{{tenant}}"), |issuer, _| {
        issuer.audience("https://api.example").keys(RemoteKeys::discover()).insecure_http_on_loopback()
    });
    let scheme = JwtBearer::tenants(tenants.allow(|tenant| ["acme", "gone"].contains(&tenant)));
    let verifier = scheme.build(&portcullis_core::Clock::system()).unwrap();
    assert_eq!(acme.requests(), 0);
    for name in ["junk", "acm", "acme2"] {
        let token = TestIssuer::offline(&format!("{origin}/{name}")).token("eve").sign();
        let denial = verifier.verify(&token).done().unwrap().unwrap_err();
        assert_eq!(denial.reason(), Reason::TokenIssuerUnknown);
    }
    assert_eq!(acme.requests(), 0);
    for _ in 0..3 {
        assert!(verifier.verify(&acme.token("alice").sign()).resolve().await.is_ok());
    }
    assert_eq!(acme.requests(), 2);
    // Allowed, but the provider does not know it.
    let token = TestIssuer::offline(&format!("{origin}/gone")).token("eve").sign();
    assert_eq!(verifier.verify(&token).resolve().await.unwrap_err().status(), 503);
}

/// At the default number of tenants, their keys aside: each has an issuer's rules, and is named in one map.
#[test]
fn a_thousand_tenants_take_little_memory_beside_their_keys() {
    let (provider, time) = (Provider::default(), FakeClock::new());
    let shared = KeySet::from_jwks_json(tenant("shared").jwks_json().as_bytes()).unwrap().0;
    let urls: Vec<String> =
        (0..DEFAULT_MAX_TENANTS).map(|number| format!("https://login.example.com/t{number:04}")).collect();
    for url in &urls {
        provider.0.published.lock().unwrap().insert(url.clone(), shared.clone());
    }
    let directory = provider.tenants().danger_allow_every_tenant().build(&time.clock()).unwrap();
    let fill = || {
        for url in &urls {
            assert!(directory.find(url).unwrap().is_ok());
            time.advance(CANDIDATE_INTERVAL);
        }
    };
    let held = allocation_counter::measure(fill).bytes_current;
    let each = held / i64::try_from(urls.len()).unwrap();
    eprintln!("{} tenants take {held} octets beside their keys, {each} each", urls.len());
    assert!((100..=2_048).contains(&each), "{each}");
    // All of them are kept: none is made again.
    let made = provider.made();
    urls.iter().for_each(|url| assert!(directory.find(url).unwrap().is_ok()));
    assert_eq!(provider.made(), made);
}
