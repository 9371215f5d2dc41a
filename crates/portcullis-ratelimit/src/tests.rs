//! The room's decisions, from the outside. What a test needs to say "a request of that client, now" is here.

mod attempts;
mod config;
mod exactness;
mod fields;
mod keys;
mod lagging;
mod layer;
mod modes;
mod several;
mod store;

use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant, SystemTime};

use http::{HeaderMap, Request};
use portcullis_core::{
    ClientAddress, Clock, CredentialMethod, Denial, Principal, RequestView, TimeSource, Trail,
};

use crate::{Limit, Limiter, MINUTE, client_ip, per};

/// A clock that stands still until it is moved.
#[derive(Clone)]
pub(crate) struct FakeTime {
    origin: Instant,
    nanoseconds: Arc<AtomicU64>,
}

impl FakeTime {
    pub(crate) fn new() -> Self {
        Self { origin: Clock::system().monotonic(), nanoseconds: Arc::default() }
    }

    pub(crate) fn clock(&self) -> Clock {
        Clock::new(self.clone())
    }

    pub(crate) fn advance(&self, by: Duration) {
        self.nanoseconds.fetch_add(u64::try_from(by.as_nanos()).unwrap(), Ordering::SeqCst);
    }
}

impl TimeSource for FakeTime {
    fn wall(&self) -> SystemTime {
        SystemTime::UNIX_EPOCH
    }

    fn monotonic(&self) -> Instant {
        self.origin + Duration::from_nanos(self.nanoseconds.load(Ordering::SeqCst))
    }
}

/// Five requests a minute per client, all of them at once if need be.
pub(crate) fn five_a_minute() -> Limit {
    per(client_ip()).requests(5).every(MINUTE)
}

/// A request of the client at that address.
pub(crate) fn from(ip: &str) -> Request<()> {
    let client = ip.parse::<IpAddr>().map_or(ClientAddress::Unknown, ClientAddress::Peer);
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).set_client(client);
    request
}

/// A request of the subject at that issuer.
pub(crate) fn by_principal(issuer: &str, subject: &str) -> Request<()> {
    let request = from("192.0.2.1");
    let principal = Principal::builder(subject, CredentialMethod::Jwt).issuer(issuer).build();
    Trail::of(request.extensions()).unwrap().authenticated(principal).unwrap();
    request
}

pub(crate) fn check(limiter: &Limiter, request: &Request<()>) -> Result<(), Denial> {
    limiter.check(&RequestView::of(request).unwrap()).done().expect("in process, so nothing to wait for")
}

/// Whether a request of the client at that address is within the quota.
pub(crate) fn allows(limiter: &Limiter, ip: &str) -> bool {
    check(limiter, &from(ip)).is_ok()
}

/// The fields that the answer to the request will have.
pub(crate) fn fields(request: &Request<()>) -> HeaderMap {
    let mut headers = HeaderMap::new();
    Trail::of(request.extensions()).unwrap().apply_fields(&mut headers);
    headers
}

/// All fields of that name.
pub(crate) fn all<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers.get_all(name).iter().map(|value| value.to_str().unwrap()).collect()
}
