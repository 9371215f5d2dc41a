//! Each way in which a provider fails, at the start and later.

use portcullis_testkit::ProviderFault;

use super::*;

#[tokio::test]
async fn no_fault_at_the_start_lets_anyone_in_and_each_is_overcome() {
    for fault in ProviderFault::ALL {
        let fixture = Fixture::new().await;
        fixture.issuer.fail(JWKS, *fault);
        let denial = check_outage(fixture.find("es256-1").await);
        assert!(denial.explanation().is_some(), "{fault:?}");
        assert!(!fixture.keys.is_ready(), "{fault:?}");
        check_outage(fixture.find_now("es256-1"));

        fixture.issuer.answer_as_usual();
        fixture.time.advance(RETRY_PAUSE);
        assert!(fixture.find("es256-1").await.unwrap(), "{fault:?}");
    }
}

/// A failed refresh takes nothing away, and a failed look for a missed key is 503 and not 401.
#[tokio::test]
async fn no_fault_at_a_refresh_takes_good_keys_away() {
    for fault in ProviderFault::ALL {
        let fixture = Fixture::new().await;
        fixture.keys.prefetch().await.unwrap();
        fixture.issuer.fail(JWKS, *fault);
        fixture.time.advance(DEFAULT_TTL);
        assert!(fixture.find_now("es256-1").unwrap(), "{fault:?}");
        fixture.settle().await;
        assert!(fixture.find_now("es256-1").unwrap(), "{fault:?}");
        assert!(fixture.keys.is_ready(), "{fault:?}");
        check_outage(fixture.find("missed").await);

        fixture.time.advance(DEFAULT_MAX_AGE - DEFAULT_TTL);
        check_outage(fixture.find("es256-1").await);
        fixture.issuer.answer_as_usual();
        fixture.time.advance(MAX_RETRY_PAUSE);
        assert!(fixture.find("es256-1").await.unwrap(), "{fault:?}");
    }
}

/// The same for the discovery document.
#[tokio::test]
async fn no_fault_of_discovery_lets_anyone_in() {
    for fault in ProviderFault::ALL {
        let fixture = Fixture::new().await;
        for place in ["/.well-known/openid-configuration", "/.well-known/oauth-authorization-server"] {
            fixture.issuer.fail(place, *fault);
        }
        check_outage(fixture.find("es256-1").await);
        assert_eq!(fixture.fetches(), 0, "{fault:?}");
    }
}

/// The whole call has a deadline, however slowly the answer comes.
#[tokio::test]
async fn a_slow_provider_is_given_up_at_the_deadline_of_the_client() {
    let client = OutboundClient::builder().with_deadline(Duration::from_millis(20));
    let client = client.insecure_allow_loopback_http().build().unwrap();
    let fixture = Fixture::with(|settings| settings.with_client(client)).await;
    fixture.issuer.hold();
    check_outage(fixture.find("es256-1").await);
    assert!(fixture.keys.shared().flights.running().is_none(), "the fetch ended, not only the wait");
}

/// `MAX_KEY_SET_OCTETS` and `MAX_KEYS`, at the limit and one beyond.
#[tokio::test]
async fn a_set_at_the_limits_is_taken_and_not_one_octet_or_key_more() {
    use crate::keys::{MAX_KEY_SET_OCTETS, MAX_KEYS};

    let key = |fixture: &Fixture| fixture.issuer.jwk(portcullis_testkit::Algorithm::Es256);
    let sized = |fixture: &Fixture, octets: usize| {
        let rest = serde_json::json!({ "keys": [key(fixture)], "x": "" }).to_string();
        let filling = "x".repeat(octets - rest.len());
        serde_json::json!({ "keys": [key(fixture)], "x": filling }).to_string()
    };
    let counted = |fixture: &Fixture, count: usize| {
        let mut keys = vec![serde_json::json!({ "kty": "odd" }); count - 1];
        keys.push(key(fixture));
        serde_json::json!({ "keys": keys }).to_string()
    };
    for (beyond, taken) in [(0, true), (1, false)] {
        for by_size in [true, false] {
            let fixture = Fixture::new().await;
            let document = if by_size {
                sized(&fixture, MAX_KEY_SET_OCTETS + beyond)
            } else {
                counted(&fixture, MAX_KEYS + beyond)
            };
            fixture.issuer.answer_with(JWKS, 200, "application/json", document);
            assert_eq!(fixture.find("es256-1").await.is_ok_and(|found| found), taken, "{by_size} {beyond}");
        }
    }
}
