//! What tokens make the service ask of the network: by floods of invented key names, and by naming places.

use std::io::ErrorKind;
use std::net::TcpListener;

use futures_util::future::join_all;
use portcullis::Clock;
use portcullis_testkit::TestIssuer;

use super::check_refused;
use crate::support::client::Call;
use crate::support::documents::Documents;

/// A2.15: a burst of four fetches and then at most one per cool-down of 30 s, and no caller with a good token notices.
#[tokio::test]
async fn a_thousand_invented_names_make_a_handful_of_fetches() {
    let issuer = TestIssuer::start().await;
    let service = Documents::with_discovery_of(&issuer).await;
    let good = Call::get("/me").bearer(&issuer.token("stranger").sign());
    let clock = Clock::system();
    let begun = clock.monotonic();
    assert_eq!(service.call(good.clone()).await.status, 200);
    assert_eq!(issuer.requests_to("/jwks.json"), 1);

    let names: Vec<_> = (0..1000).map(|n| format!("junk-{n}")).collect();
    for names in names.chunks(20) {
        let calls = names.iter().map(|name| {
            let token = issuer.token("stranger").kid(name).sign();
            service.call(Call::get("/me").bearer(&token))
        });
        for answer in join_all(calls).await {
            check_refused(&answer, "an invented name");
        }
        assert_eq!(service.call(good.clone()).await.status, 200);
    }
    let fetches = issuer.requests_to("/jwks.json");
    let elapsed = clock.monotonic() - begun;
    let most = 5 + usize::try_from(elapsed.as_secs() / 30).unwrap();
    assert!(fetches <= most, "{fetches} fetches");

    let record = service.stop().await;
    let unknown = record.events.iter().filter(|event| event["reason"] == "token_key_unknown").count();
    assert_eq!(unknown, 1000);
}

/// A2.15: while the issuer is down, invented names are refused or told to come back, and known keys go on.
#[tokio::test]
async fn a_flood_during_an_outage_neither_opens_nor_stops_anything() {
    let issuer = TestIssuer::start().await;
    let service = Documents::with_discovery_of(&issuer).await;
    let good = Call::get("/me").bearer(&issuer.token("stranger").sign());
    assert_eq!(service.call(good.clone()).await.status, 200);
    issuer.go_down();
    for n in 0..50 {
        let token = issuer.token("stranger").kid(&format!("junk-{n}")).sign();
        let answer = service.call(Call::get("/me").bearer(&token)).await;
        assert!([401, 503].contains(&answer.status), "{answer:?}");
        answer.check_problem(answer.status);
        assert_eq!(service.call(good.clone()).await.status, 200);
    }
    service.check_alive().await;
    service.stop().await;
}

/// A2.13, RFC 8725 §3.10: nobody even connects to a place that a token names, whoever signed it.
#[tokio::test]
async fn no_place_that_a_token_names_is_connected_to() {
    let trap = TcpListener::bind("127.0.0.1:0").unwrap();
    trap.set_nonblocking(true).unwrap();
    let place = trap.local_addr().unwrap();
    let issuer = TestIssuer::start().await;
    let stranger = TestIssuer::offline(issuer.url());
    let service = Documents::with_discovery_of(&issuer).await;
    for scheme in ["http", "https"] {
        let url = format!("{scheme}://{place}/jwks.json");
        for name in ["jku", "x5u"] {
            let own =
                service.call(Call::get("/me").bearer(&issuer.token("eve").header(name, url.as_str()).sign()));
            // The issuer's own signature counts, whatever stands beside it.
            assert_eq!(own.await.status, 200);
            let forged = issuer.token("eve").signed_by(&stranger).header(name, url.as_str());
            for token in [forged.clone(), forged.clone().kid("unknown"), forged.clone().without_header("kid")]
            {
                let answer = service.call(Call::get("/me").bearer(&token.sign())).await;
                check_refused(&answer, name);
            }
        }
        let elsewhere = stranger.token("eve").claimed_issuer(&format!("{scheme}://{place}"));
        check_refused(&service.call(Call::get("/me").bearer(&elsewhere.sign())).await, "iss");
        check_refused(&service.call(Call::get("/me").bearer(&elsewhere.kid(&url).sign())).await, "kid");
    }
    assert_eq!(trap.accept().unwrap_err().kind(), ErrorKind::WouldBlock);
    service.stop().await;
}
