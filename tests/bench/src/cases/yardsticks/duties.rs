//! What is done for each request.

use std::collections::HashMap;
use std::hash::BuildHasher;
use std::net::IpAddr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};
use std::time::{Duration, Instant, SystemTime};

use axum::body::Body;
use foldhash::quality::RandomState;
use http::header::AUTHORIZATION;
use http::{HeaderName, HeaderValue, Request};
use portcullis::core::ConnectionFacts;
use portcullis::{CredentialMethod, Principal, Scopes};

use super::service::Context;

/// A token that was verified before, found by a hash and compared as a whole.
#[derive(Clone)]
pub(super) struct Caller(Arc<Tokens>);

struct Tokens {
    seed: RandomState,
    known: RwLock<HashMap<u64, Remembered>>,
    anything_revoked: AtomicBool,
    keys: AtomicU64,
}

struct Remembered {
    token: Box<str>,
    principal: Principal,
    expires: SystemTime,
    keys: u64,
}

impl Caller {
    pub(super) fn knowing(credential: &str) -> Self {
        let token = credential.strip_prefix("Bearer ").expect("a bearer token");
        let principal = Principal::builder("5b0fda2c-2f0c-4cc3-9a2d-6e2b1ac7a6b1", CredentialMethod::Jwt)
            .scopes(Scopes::parse("documents:read documents:write profile").expect("scopes"))
            .build();
        let expires = SystemTime::now() + Duration::from_secs(24 * 60 * 60);
        let remembered = Remembered { token: token.into(), principal, expires, keys: 0 };
        let seed = RandomState::default();
        let known = RwLock::new(HashMap::from([(seed.hash_one(token), remembered)]));
        let (anything_revoked, keys) = (AtomicBool::new(false), AtomicU64::new(0));
        Self(Arc::new(Tokens { seed, known, anything_revoked, keys }))
    }

    pub(super) fn is_known(&self, request: &Request<Body>, context: &Context) -> bool {
        let mut fields = request.headers().get_all(AUTHORIZATION).iter();
        let (Some(field), None) = (fields.next(), fields.next()) else { return false };
        let Some((scheme, token)) = field.to_str().ok().and_then(|field| field.split_once(' ')) else {
            return false;
        };
        if !scheme.eq_ignore_ascii_case("bearer") {
            return false;
        }
        let known = self.0.known.read().expect("nobody panics");
        let Some(remembered) = known.get(&self.0.seed.hash_one(token)) else { return false };
        let counts = *remembered.token == *token
            && SystemTime::now() < remembered.expires
            && !self.0.anything_revoked.load(Ordering::Acquire)
            && self.0.keys.load(Ordering::Acquire) == remembered.keys;
        if counts {
            context.knows(remembered.principal.clone());
            context.note("authenticated");
        }
        counts
    }
}

/// Requests of each client: the generic cell rate algorithm with one word for each.
#[derive(Clone)]
pub(super) struct Meter(Arc<Cells>);

struct Cells {
    start: Instant,
    period: u64,
    burst: u64,
    cells: RwLock<HashMap<IpAddr, AtomicU64, RandomState>>,
}

impl Meter {
    /// One more request each nanosecond.
    pub(super) fn plenty() -> Self {
        Self::new(1, 1_000_000_000)
    }

    /// Nobody has a request left.
    pub(super) fn spent() -> Self {
        Self::new(u64::MAX / 2, 1)
    }

    fn new(period: u64, burst: u64) -> Self {
        Self(Arc::new(Cells { start: Instant::now(), period, burst, cells: RwLock::default() }))
    }

    pub(super) fn admits(&self, request: &Request<Body>, context: &Context, fields: bool) -> bool {
        let Some(client) = request.extensions().get::<ConnectionFacts>().and_then(|facts| facts.peer) else {
            return false;
        };
        let left = self.0.take(client.ip());
        match (left, fields) {
            (None, _) => context.note("rate_limited"),
            (Some(_), false) => context.note("within_limit"),
            (Some(left), true) => {
                let policy = HeaderValue::from_static("\"default\";q=1000000000;w=1");
                let state =
                    HeaderValue::from_str(&format!("\"default\";r={left};t=1")).expect("visible octets");
                let names = ["ratelimit-policy", "ratelimit"].map(HeaderName::from_static);
                context.note_with_fields(
                    "within_limit",
                    [(names[0].clone(), policy), (names[1].clone(), state)],
                );
            }
        }
        left.is_some()
    }
}

impl Cells {
    /// How many requests are left; `None` if there was none.
    fn take(&self, client: IpAddr) -> Option<u64> {
        let now = u64::try_from(self.start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        let cells = self.cells.read().expect("nobody panics");
        let Some(cell) = cells.get(&client) else {
            drop(cells);
            // The first request of a client that nobody has a request for either.
            let full = now.saturating_add(self.period);
            self.cells.write().expect("nobody panics").insert(client, AtomicU64::new(full));
            return (self.burst > 1).then_some(self.burst - 1);
        };
        let latest = now.saturating_add(self.period.saturating_mul(self.burst));
        let step = |due: u64| Some(due.max(now).saturating_add(self.period)).filter(|due| *due <= latest);
        let due = cell.fetch_update(Ordering::AcqRel, Ordering::Acquire, step).ok()?.max(now);
        Some((latest - due) / self.period)
    }
}
