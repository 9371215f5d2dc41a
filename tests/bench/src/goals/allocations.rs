//! Goals of allocations per request. An ordinary test of the workspace holds them.

use super::{Goal, peer};

/// The goals of allocations.
pub const ALLOCATIONS: &[Goal] = &[
    Goal::new("-", "Security over axum, empty", "composite - bare")
        .at_most(2.0)
        .beside(&[peer("by hand", "by hand, context - bare")]),
    Goal::new("-", "Security over bare tower, empty", "protect - bare tower").at_most(3.0),
    Goal::new("P1", "JWT remembered, whole router", "hit hs256 - bare")
        .at_most(2.0)
        .beside(&[peer("by hand", "by hand, hit - bare")]),
    Goal::new("P1", "  over the empty Security", "composite hit hs256 - composite").at_most(0.0),
    Goal::new("P1", "opaque token whose answer is remembered", "introspection hit - bare"),
    Goal::new("P2", "JWT remembered, by Router::layer", "hit hs256 routed - bare").at_most(6.0),
    Goal::new("P3", "JWT HS256", "jwt hs256 - bare").at_most(18.0),
    Goal::new("P3", "  stretch", "jwt hs256 - bare").at_most(7.0),
    Goal::new("P3", "JWT ES256, over the empty Security", "composite jwt es256 - composite").at_most(18.0),
    Goal::new("P4", "API key and scope, over the empty Security", "composite key scope - composite")
        .at_most(2.0),
    Goal::new("P5", "DPoP proof", "dpop es256 - hit es256").at_most(12.0),
    Goal::new("P6", "limit", "limit - bare facts")
        .at_most(4.0)
        .held_at(6.0)
        .beside(&[peer("by hand", "by hand, limit - bare facts")]),
    Goal::new("P6", "  as axum::serve has it", "limit served - bare served").at_most(4.0),
    Goal::new("P6", "  around the router", "limit around - bare facts").at_most(4.0),
    Goal::new("P6", "  over the empty Security", "composite limit - composite").at_most(4.0),
    Goal::new("-", "cap on requests in flight", "composite - composite uncapped").at_most(0.0),
    Goal::new("P7", "limit with RateLimit fields", "limit fields - bare facts")
        .at_most(7.0)
        .beside(&[peer("by hand", "by hand, limit fields - bare facts")]),
    Goal::new("P7", "  as axum::serve has it", "limit fields served - bare served").at_most(7.0),
    Goal::new("P7", "  around the router", "limit fields around - bare facts").at_most(7.0),
    Goal::new("P7", "  of a client in a hurry", "limit fields around in a hurry - bare facts").at_most(7.0),
    Goal::new("P7", "  over the empty Security", "composite limit fields - composite").at_most(7.0),
    Goal::new("P8", "401 without a token", "401 - bare anonymous").at_most(4.0),
    Goal::new("P8", "  over the empty Security", "composite 401 - composite").at_most(4.0),
    Goal::new("P8", "429", "429 - bare anonymous facts")
        .at_most(8.0)
        .beside(&[peer("by hand", "by hand, 429 - bare anonymous facts")]),
    Goal::new("P8", "  over the empty Security", "composite 429 - composite").at_most(8.0),
    Goal::new("P9", "bad signature", "bad hs256 - bare").at_most(2.0),
    Goal::new("P10", "scope rule", "composite key scope - composite key").at_most(0.0),
    Goal::new("P10", "scope rule with 101 scopes", "rule any of 100 - principal").at_most(0.0),
    Goal::new("P11", "limit, JWT remembered, scope, audit", "full es256 - bare")
        .at_most(6.0)
        .beside(&[peer("by hand", "by hand, full - bare facts")]),
    Goal::new("P11", "  over bare tower", "protect full es256 - bare tower").at_most(6.0),
    Goal::new("P13", "audit, over the empty Security", "composite audit - composite").at_most(0.0),
    Goal::new("P19", "guard, 1,000 rules", "guard 1000 - guard request").at_most(0.0),
];
