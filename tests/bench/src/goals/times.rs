//! Goals of time: ratios to a floor in the same round.

use super::{Goal, peer};

/// The goals of time.
pub const TIMES: &[Goal] = &[
    // What Portcullis charges before it decides anything. The prototype's +200..280 ns were 0.28..0.39 of bare.
    Goal::new("-", "Security over axum, empty", "composite - bare")
        .of("bare")
        .at_most(0.39)
        .beside(&[peer("by hand", "by hand, context - bare")]),
    Goal::new("-", "Security over bare tower, empty", "protect - bare tower").of("bare").at_most(0.39),
    Goal::new("-", "axum's own charge for a layer", "pass-through - bare").of("bare"),
    // P1 and P2: a token that was verified before.
    Goal::new("P1", "JWT HS256 remembered, x bare", "hit hs256").of("bare").at_most(1.30),
    Goal::new("P1", "JWT ES256 remembered, x bare", "hit es256")
        .of("bare")
        .at_most(1.30)
        .beside(&[peer("by hand", "by hand, hit")]),
    Goal::new("P1", "JWT RS256 remembered, x bare", "hit rs256").of("bare").at_most(1.30),
    Goal::new("P1", "JWT EdDSA remembered, x bare", "hit eddsa").of("bare").at_most(1.30),
    Goal::new("P1", "opaque token whose answer is remembered, x bare", "introspection hit").of("bare"),
    Goal::new("P1", "  added / jsonwebtoken's HS256", "hit hs256 - bare")
        .of("jsonwebtoken hs256 - bare")
        .at_most(0.0667),
    Goal::new("P1", "  over the empty Security, x bare", "composite hit hs256 - composite")
        .of("bare")
        .at_most(0.30),
    Goal::new("P2", "JWT HS256 remembered, by Router::layer, x bare", "hit hs256 routed")
        .of("bare")
        .at_most(1.60)
        .beside(&[peer("jsonwebtoken", "jsonwebtoken hs256"), peer("oauth2-rs", "oauth2-rs hs256")]),
    Goal::new("P2", "JWT ES256 remembered, by Router::layer, x bare", "hit es256 routed")
        .of("bare")
        .at_most(1.60)
        .beside(&[
            peer("by hand", "by hand, hit routed"),
            peer("jsonwebtoken", "jsonwebtoken es256"),
            peer("oauth2-rs", "oauth2-rs es256"),
        ]),
    // P3: added time over raw verification with a parsed key.
    Goal::new("P3", "JWT ES256, added / raw verify", "jwt es256 - bare")
        .of("raw es256")
        .at_most(1.05)
        .beside(&[
            peer("jsonwebtoken", "jsonwebtoken es256 - bare"),
            peer("oauth2-rs", "oauth2-rs es256 - bare"),
        ]),
    Goal::new("P3", "JWT EdDSA, added / raw verify", "jwt eddsa - bare")
        .of("raw eddsa")
        .at_most(1.05)
        .beside(&[
            peer("jsonwebtoken", "jsonwebtoken eddsa - bare"),
            peer("oauth2-rs", "oauth2-rs eddsa - bare"),
        ]),
    Goal::new("P3", "JWT RS256, added / raw verify", "jwt rs256 - bare")
        .of("raw rs256")
        .at_most(1.10)
        .beside(&[
            peer("jsonwebtoken", "jsonwebtoken rs256 - bare"),
            peer("oauth2-rs", "oauth2-rs rs256 - bare"),
        ]),
    Goal::new("P3", "JWT HS256, added / raw verify", "jwt hs256 - bare").of("raw hs256").at_most(3.5).beside(
        &[
            peer("by hand", "by hand, jwt hs256 - bare"),
            peer("jsonwebtoken", "jsonwebtoken hs256 - bare"),
            peer("oauth2-rs", "oauth2-rs hs256 - bare"),
        ],
    ),
    Goal::new("P3", "  by the verifier alone, HS256", "verify hs256").of("raw hs256"),
    Goal::new("P3", "  over the empty Security, ES256", "composite jwt es256 - composite")
        .of("raw es256")
        .at_most(1.05),
    Goal::new("P3", "  over the empty Security, HS256", "composite jwt hs256 - composite")
        .of("raw hs256")
        .at_most(3.5),
    // P5: beside the token, which is remembered, a proof is verified and remembered.
    Goal::new("P5", "DPoP proof ES256, added / raw verify", "dpop es256 - hit es256")
        .of("raw es256")
        .at_most(1.10),
    Goal::new("P5", "  the whole request, added / raw verify", "dpop es256 - bare").of("raw es256"),
    // P6: the check alone against governor's own, then in the stack against tower_governor's.
    Goal::new("P6", "limit check / governor's, 1 key", "limit check 1").of("governor check 1").at_most(1.2),
    Goal::new("P6", "limit check / governor's, 64k keys", "limit check 64k")
        .of("governor check 64k")
        .at_most(1.2),
    Goal::new("P6", "limit check / governor's, 1M keys", "limit check 1M")
        .of("governor check 1M")
        .at_most(1.2),
    Goal::new("P6", "limit around the router, x bare", "limit around").of("bare facts"),
    Goal::new("P6", "limit in the stack / tower_governor's", "limit - bare facts")
        .of("governor limit - bare")
        .at_most(1.0)
        .beside(&[peer("by hand", "by hand, limit - bare facts")]),
    Goal::new("P6", "  over the empty Security, x bare", "composite limit - composite").of("bare"),
    Goal::new("-", "cap on requests in flight, x bare", "composite - composite uncapped").of("bare"),
    // P7: whole requests, fields included.
    Goal::new("P7", "limit with RateLimit fields, x bare", "limit fields")
        .of("bare facts")
        .at_most(1.55)
        .beside(&[peer("by hand", "by hand, limit fields"), peer("tower_governor", "governor limit fields")]),
    Goal::new("P7", "  as axum::serve has it, x bare", "limit fields served").of("bare served").at_most(1.55),
    Goal::new("P7", "  around the router, x bare", "limit fields around")
        .of("bare facts")
        .at_most(1.55)
        .beside(&[peer("by hand", "governor by hand, limit fields around")]),
    Goal::new("P7", "  of a client in a hurry, x bare", "limit fields around in a hurry")
        .of("bare facts")
        .at_most(1.55)
        .beside(&[peer("by hand", "governor by hand, limit fields around in a hurry")]),
    Goal::new("P7", "  over the empty Security, x bare", "composite limit fields - composite")
        .of("bare")
        .at_most(0.55),
    // P8: refused requests, and never dearer than admitted ones.
    Goal::new("P8", "401 without a token, x bare", "401").of("bare anonymous").at_most(1.10),
    Goal::new("P8", "  by Router::layer, x bare", "401 routed")
        .of("bare anonymous")
        .beside(&[peer("from_fn", "jsonwebtoken 401"), peer("oauth2-rs", "oauth2-rs 401")]),
    Goal::new("P8", "  over the empty Security, x bare", "composite 401 - composite")
        .of("bare")
        .at_most(0.10),
    Goal::new("P8", "  / the allowed path", "composite 401").of("composite jwt es256").at_most(1.0),
    Goal::new("P8", "429, x bare", "429")
        .of("bare anonymous facts")
        .at_most(1.35)
        .beside(&[peer("by hand", "by hand, 429")]),
    Goal::new("P8", "  by Router::layer, x bare", "429 routed")
        .of("bare anonymous")
        .beside(&[peer("tower_governor", "governor 429")]),
    Goal::new("P8", "  over the empty Security, x bare", "composite 429 - composite")
        .of("bare")
        .at_most(0.35),
    Goal::new("P8", "  / the allowed path", "429 routed").of("limit fields").at_most(1.0),
    Goal::new("P8", "  / the allowed path, as axum::serve has it", "429 served")
        .of("limit fields served")
        .at_most(1.0),
    // P9: 1.2 us were 1.65 of bare where the goals were set.
    Goal::new("P9", "bad signature HS256, over raw, x bare", "bad hs256 - bare - raw hs256")
        .of("bare")
        .at_most(1.65)
        .beside(&[peer("jsonwebtoken", "jsonwebtoken bad hs256 - bare - raw hs256")]),
    Goal::new("P9", "bad signature ES256, over raw, x bare", "bad es256 - bare - raw es256")
        .of("bare")
        .at_most(1.65)
        .beside(&[peer("jsonwebtoken", "jsonwebtoken bad es256 - bare - raw es256")]),
    Goal::new("P9", "bad signature RS256, over raw, x bare", "bad rs256 - bare - raw rs256")
        .of("bare")
        .at_most(1.65),
    Goal::new("P9", "bad signature EdDSA, over raw, x bare", "bad eddsa - bare - raw eddsa")
        .of("bare")
        .at_most(1.65),
    // P10: a rule over a caller who is known.
    Goal::new("P10", "scope rule, x bare", "rule scope - principal")
        .of("bare")
        .at_most(0.05)
        .beside(&[peer("by hand", "rule by hand - principal")]),
    Goal::new("P10", "rule with 101 scopes, x bare", "rule any of 100 - principal").of("bare").at_most(0.05),
    // P20: what cannot apply costs nothing.
    #[cfg(feature = "cedar")]
    Goal::new(
        "P20",
        "Cedar, 1,000 policies of which 10 can apply / the engine with those 10",
        "cedar of 1000",
    )
    .of("cedar engine 10")
    .at_most(2.0)
    .beside(&[peer("engine with 1,000", "cedar engine 1000")]),
    #[cfg(feature = "cedar")]
    Goal::new("P20", "  / the engine, entities made before", "cedar of 1000")
        .of("cedar engine 10, entities made before"),
    // P19: the rules themselves are one look-up in a table of teams.
    Goal::new("P19", "guard, 1,000 rules / one look-up by hand", "guard 1000 - guard request")
        .of("guard by hand 1000 - guard request")
        .at_most(2.0),
    #[cfg(feature = "casbin")]
    Goal::new("P19", "  casbin's enforce, 10 rules / guard", "casbin enforce 10")
        .of("guard 10 - guard request"),
    #[cfg(feature = "casbin")]
    Goal::new("P19", "  casbin's enforce, 100 rules / guard", "casbin enforce 100")
        .of("guard 100 - guard request"),
    #[cfg(feature = "casbin")]
    Goal::new("P19", "  casbin's enforce, 1,000 rules / guard", "casbin enforce 1000")
        .of("guard 1000 - guard request"),
    // The whole of it: the resource is loaded, the caller known by another layer.
    Goal::new("P19", "guard as an argument, 10 rules, x bare", "permit 10").of("bare anonymous").beside(&[
        #[cfg(feature = "casbin")]
        peer("casbin's layer, remembered", "casbin layer 10"),
        #[cfg(feature = "casbin")]
        peer("asked anew", "casbin from_fn 10"),
    ]),
    Goal::new("P19", "guard as an argument, 100 rules, x bare", "permit 100").of("bare anonymous").beside(&[
        #[cfg(feature = "casbin")]
        peer("casbin's layer, remembered", "casbin layer 100"),
        #[cfg(feature = "casbin")]
        peer("asked anew", "casbin from_fn 100"),
    ]),
    Goal::new("P19", "guard as an argument, 1,000 rules, x bare", "permit 1000").of("bare anonymous").beside(
        &[
            #[cfg(feature = "casbin")]
            peer("casbin's layer, remembered", "casbin layer 1000"),
            #[cfg(feature = "casbin")]
            peer("asked anew", "casbin from_fn 1000"),
        ],
    ),
    // P13: the audit, its event queued for the writer of lines, or kept in memory.
    Goal::new("P13", "audit, JSON lines queued, x bare", "audit - bare facts")
        .of("bare facts")
        .at_most(0.45)
        .beside(&[peer("by hand", "by hand, audit - bare facts")]),
    Goal::new("P13", "audit, last events in memory, x bare", "audit memory - bare facts")
        .of("bare facts")
        .at_most(0.45),
    // P11: everything in order, with a token that was verified before.
    Goal::new("P11", "limit, JWT HS256 remembered, scope, audit, x bare", "full hs256")
        .of("bare")
        .at_most(2.0)
        .beside(&[peer("governor+oauth2-rs", "oauth2-rs full hs256")]),
    Goal::new("P11", "limit, JWT ES256 remembered, scope, audit, x bare", "full es256")
        .of("bare")
        .at_most(2.0)
        .beside(&[peer("by hand", "by hand, full"), peer("governor+oauth2-rs", "oauth2-rs full es256")]),
    // P12: what everything but the client takes of the processor, over real sockets.
    Goal::new("P11", "  over bare tower", "protect full es256 - bare tower")
        .of("bare")
        .beside(&[peer("governor+oauth2-rs", "oauth2-rs full es256 over tower - bare tower")]),
    Goal::new("P12", "the same over loopback, HS256, x bare", "loopback full hs256")
        .of("loopback bare")
        .at_most(1.15)
        .beside(&[peer("jsonwebtoken", "loopback jsonwebtoken hs256")]),
    Goal::new("P12", "the same over loopback, ES256, x bare", "loopback full es256")
        .of("loopback bare")
        .at_most(1.15)
        .beside(&[peer("jsonwebtoken", "loopback jsonwebtoken es256")]),
    // Towards P4, which asks for the cache of verified credentials.
    Goal::new("-", "API key and scope over the empty Security", "composite key scope - composite").of("bare"),
];
