//! Single decisions, without a service around them.

use std::hint::black_box;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use http::Request;
use portcullis::authz::{Rule, any_scope, scope};
use portcullis::core::{Clock, ConnectionFacts, RequestView, Trail};
use portcullis::{CredentialMethod, Principal, Scopes};

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::layers::plenty;

pub(super) const CASES: &[Entry] = &[
    ("limit check 1", || limit(1)),
    ("limit check 64k", || limit(1 << 16)),
    ("limit check 1M", || limit(1 << 20)),
    ("principal", || decide(None)),
    ("rule any of 100", || {
        let scopes: Vec<String> = (0..100).map(|number| format!("documents:{number}")).collect();
        decide(Some(any_scope(scopes.iter().map(String::as_str).chain(["documents:read"]))))
    }),
    ("rule by hand", by_hand),
    ("rule scope", || decide(Some(scope("documents:read")))),
];

/// Addresses in an order that no prefetcher guesses, the same for everybody who is compared.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Addresses {
    mask: u32,
    state: u64,
}

impl Addresses {
    /// That many addresses, a power of two.
    pub(crate) fn new(count: u32) -> Self {
        Self { mask: count - 1, state: 1 }
    }

    pub(crate) fn next(&mut self) -> IpAddr {
        // Knuth's linear congruential generator: its upper bits come in no visible order.
        self.state =
            self.state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        Self::nth((self.state >> 40) as u32 & self.mask)
    }

    /// Every address once.
    pub(crate) fn all(self) -> impl Iterator<Item = IpAddr> {
        (0..=self.mask).map(Self::nth)
    }

    fn nth(number: u32) -> IpAddr {
        Ipv4Addr::from(0x0a00_0000 + number).into()
    }
}

/// The check of a limit per client address. Nothing is noted: the Trail is closed.
fn limit(keys: u32) -> Case {
    let limiter = plenty().without_fields().capacity(keys as usize).build(&Clock::system()).expect("a limit");
    let mut request = Request::new(());
    Trail::ensure(request.extensions_mut(), &Clock::system()).close();
    request.extensions_mut().insert(ConnectionFacts::plain(SocketAddr::from(([10, 0, 0, 0], 40_000))));
    let mut check = move |address| {
        if let Some(ConnectionFacts { peer: Some(peer), .. }) = request.extensions_mut().get_mut() {
            peer.set_ip(address);
        }
        let view = RequestView::of(&request).expect("a Trail");
        let within = limiter.check(&view).done();
        assert!(matches!(black_box(within), Some(Ok(()))));
    };
    let mut addresses = Addresses::new(keys);
    addresses.all().for_each(&mut check);
    Case::new(move |iterations| {
        for _ in 0..iterations {
            check(addresses.next());
        }
    })
}

/// The same check in a handler, which notes and explains nothing.
fn by_hand() -> Case {
    asked(|view| {
        let caller = view.principal().expect("a caller");
        assert!(caller.has_scope(black_box("documents:read")));
    })
}

/// A Trail with a caller, and what a rule decides about it.
fn decide(rule: Option<Rule>) -> Case {
    asked(move |view| {
        if let Some(rule) = &rule {
            rule.decide(view).expect("a scope that the caller has");
        }
    })
}

fn asked(ask: impl Fn(&RequestView<'_>) + 'static) -> Case {
    let caller = Principal::builder("alice", CredentialMethod::Jwt)
        .scopes(Scopes::parse("documents:read documents:write").expect("scopes"))
        .build();
    Case::new(move |iterations| {
        for _ in 0..iterations {
            let mut request = Request::new(());
            let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
            trail.authenticated(caller.clone()).expect("the first");
            let view = RequestView::of(&request).expect("a Trail");
            ask(black_box(&view));
        }
    })
}
