//! Tokens that are bound to a key, with a proof in each request.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::StatusCode;
use portcullis::authn::{AuthenticationLayer, Requirement, Schemes};
use portcullis::core::{Clock, ReplayOutcome, ReplayStore, Step, StoreError};
use portcullis::oauth::Dpop;
use portcullis::oauth::replay::MemoryReplay;
use portcullis_testkit::{Algorithm, DpopClient, FakeClock};
use tower::Layer;

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::floors::router;
use crate::drive::{PATH, Template, calls};
use crate::tokens::{bound_token, issuer, remembering};

pub(super) const CASES: &[Entry] = &[("dpop es256", dpop)];

/// A token that is remembered, and a proof that is verified each time.
fn dpop() -> Case {
    let time = FakeClock::at(Clock::system().wall());
    let client = DpopClient::new(Algorithm::Es256, time.clock());
    let token = bound_token(&client);
    let proof = client.proof("GET", &format!("{}{PATH}", issuer().audience()), &token).sign();
    let store = EachIsFresh(MemoryReplay::new(Clock::system()), AtomicU64::new(0));
    let scheme = remembering(Algorithm::Es256).dpop(Dpop::new().replay(Arc::new(store)));
    let schemes = Schemes::builder("api", time.clock()).scheme("token", scheme).build().expect("a scheme");
    let route = schemes.default_set(Requirement::Required).expect("a default set");
    let template = Template::with(&format!("DPoP {token}")).proving(&proof);
    calls(AuthenticationLayer::new(route).layer(router()), &template, StatusCode::OK)
}

/// Asks the real store about another value each time, since a measurement shows one proof many times.
struct EachIsFresh(MemoryReplay, AtomicU64);

impl ReplayStore for EachIsFresh {
    fn remember(&self, owner: &[u8], value: &[u8], _: Duration) -> Step<Result<ReplayOutcome, StoreError>> {
        let mut other = [0; 32];
        other.iter_mut().zip(value).for_each(|(to, from)| *to = *from);
        let count = self.1.fetch_add(1, Ordering::Relaxed).to_be_bytes();
        other.iter_mut().zip(count).for_each(|(to, from)| *to ^= from);
        // So short that none of them fills the share of the one client.
        self.0.remember(owner, &other, Duration::from_nanos(1))
    }
}
