//! Goals of instructions, counted by callgrind: they do not depend on what else the machine does.

use super::{Goal, peer};

/// The goals of instructions.
pub const INSTRUCTIONS: &[Goal] = &[
    Goal::new("-", "bare router", "bare"),
    Goal::new("-", "axum's own charge for a layer", "pass-through - bare"),
    Goal::new("-", "Security over axum, empty", "composite - bare")
        .beside(&[peer("by hand", "by hand, context - bare")]),
    Goal::new("P1", "JWT remembered, whole router", "hit hs256 - bare")
        .at_most(1_500.0)
        .beside(&[peer("by hand", "by hand, hit - bare")]),
    Goal::new("P1", "  over the empty Security", "composite hit hs256 - composite").at_most(1_500.0),
    Goal::new("P1", "opaque token whose answer is remembered", "introspection hit - bare"),
    Goal::new("P2", "JWT remembered, by Router::layer", "hit hs256 routed - bare")
        .at_most(2_900.0)
        .beside(&[peer("by hand", "by hand, hit routed - bare")]),
    Goal::new("P3", "JWT HS256, over raw", "jwt hs256 - bare - raw hs256")
        .at_most(20_000.0)
        .beside(&[peer("by hand", "by hand, jwt hs256 - bare - raw hs256")]),
    Goal::new("P3", "  by the verifier alone", "verify hs256 - raw hs256"),
    Goal::new("-", "JWKS of 100 keys / of one, JWT HS256", "jwt hs256, 100 keys")
        .of("jwt hs256")
        .at_most(1.03),
    Goal::new("P5", "DPoP proof ES256, over raw", "dpop es256 - hit es256 - raw es256"),
    Goal::new("P6", "limit", "limit - bare facts")
        .at_most(1_800.0)
        .beside(&[peer("by hand", "by hand, limit - bare facts")]),
    Goal::new("P6", "  as axum::serve has it", "limit served - bare served")
        .at_most(1_800.0)
        .beside(&[peer("axum's own", "pass-through served - bare served")]),
    Goal::new("P6", "  around the router", "limit around - bare facts").at_most(1_800.0),
    Goal::new("P6", "  over the empty Security", "composite limit - composite").at_most(1_800.0),
    Goal::new("-", "cap on requests in flight", "composite - composite uncapped"),
    Goal::new("P7", "limit with RateLimit fields", "limit fields - bare facts")
        .at_most(3_200.0)
        .beside(&[peer("by hand", "by hand, limit fields - bare facts")]),
    Goal::new("P7", "  as axum::serve has it", "limit fields served - bare served")
        .at_most(3_200.0)
        .beside(&[peer("axum's own", "pass-through served - bare served")]),
    Goal::new("P7", "  around the router", "limit fields around - bare facts").at_most(3_200.0).beside(&[
        #[cfg(feature = "peers")]
        peer("by hand", "governor by hand, limit fields around - bare facts"),
    ]),
    Goal::new("P7", "  of a client in a hurry", "limit fields around in a hurry - bare facts")
        .at_most(3_200.0)
        .beside(&[
            #[cfg(feature = "peers")]
            peer("by hand", "governor by hand, limit fields around in a hurry - bare facts"),
        ]),
    Goal::new("P7", "  over the empty Security", "composite limit fields - composite").at_most(3_200.0),
    Goal::new("P8", "401 without a token", "401 - bare anonymous")
        .at_most(600.0)
        .beside(&[peer("by hand", "by hand, 401 - bare anonymous")]),
    Goal::new("P8", "  over the empty Security", "composite 401 - composite").at_most(600.0),
    Goal::new("P8", "429", "429 - bare anonymous facts")
        .at_most(2_500.0)
        .beside(&[peer("by hand", "by hand, 429 - bare anonymous facts")]),
    Goal::new("P8", "  over the empty Security", "composite 429 - composite").at_most(2_500.0),
    Goal::new("P9", "bad signature HS256, over raw", "bad hs256 - bare - raw hs256"),
    Goal::new("P10", "scope rule", "rule scope - principal").at_most(250.0),
    Goal::new("P10", "scope rule with 101 scopes", "rule any of 100 - principal").at_most(250.0),
    Goal::new("P11", "limit, JWT remembered, scope, audit", "full es256 - bare")
        .at_most(6_400.0)
        .beside(&[peer("by hand", "by hand, full - bare facts")]),
    Goal::new("P13", "audit, JSON lines queued", "audit - bare facts")
        .at_most(2_600.0)
        .beside(&[peer("by hand", "by hand, audit - bare facts")]),
    Goal::new("P13", "  over the empty Security", "composite audit - composite").at_most(2_600.0),
    #[cfg(feature = "cedar")]
    Goal::new(
        "P20",
        "Cedar, 1,000 policies of which 10 can apply / the engine with those 10",
        "cedar of 1000",
    )
    .of("cedar engine 10")
    .at_most(2.0),
    #[cfg(feature = "cedar")]
    Goal::new("P20", "  / the engine, entities made before", "cedar of 1000")
        .of("cedar engine 10, entities made before"),
    #[cfg(feature = "cedar")]
    Goal::new("P20", "  / ours with those 10", "cedar of 1000").of("cedar of 10").at_most(1.1),
    #[cfg(feature = "cedar")]
    Goal::new("P20", "  the engine with all 1,000 / with those 10", "cedar engine 1000")
        .of("cedar engine 10"),
    Goal::new("P19", "guard, 10 rules, beside the rules", "guard 10 - guard by hand 10").at_most(400.0),
    Goal::new("P19", "guard, 1,000 rules, beside the rules", "guard 1000 - guard by hand 1000")
        .at_most(400.0),
    Goal::new("P19", "guard, 1,000 rules / 10 rules", "guard 1000 - guard request")
        .of("guard 10 - guard request")
        .at_most(1.03),
    #[cfg(feature = "casbin")]
    Goal::new("P19", "  casbin's enforce, 10 rules / guard", "casbin enforce 10")
        .of("guard 10 - guard request"),
    #[cfg(feature = "casbin")]
    Goal::new("P19", "  casbin's enforce, 100 rules / guard", "casbin enforce 100")
        .of("guard 100 - guard request"),
    #[cfg(feature = "casbin")]
    Goal::new("P19", "  casbin's enforce, 1,000 rules / guard", "casbin enforce 1000")
        .of("guard 1000 - guard request"),
    Goal::new("P19", "guard as an argument, 1,000 rules", "permit 1000 - bare anonymous").beside(&[
        #[cfg(feature = "casbin")]
        peer("casbin's layer, remembered", "casbin layer 1000 - bare anonymous"),
        #[cfg(feature = "casbin")]
        peer("asked anew", "casbin from_fn 1000 - bare anonymous"),
    ]),
    Goal::new("-", "what a filter hides / what is absent", "guard hidden - guard found")
        .of("guard absent - guard found")
        .at_most(1.02),
    Goal::new(
        "-",
        "what a policy in plain code hides / what is absent",
        "guard hidden plainly - guard found",
    )
    .of("guard absent plainly - guard found")
    .at_most(1.02),
    Goal::new(
        "-",
        "what a filter of conditions hides / what is absent",
        "guard hidden by conditions - guard found",
    )
    .of("guard absent by conditions - guard found")
    .at_most(1.02),
    Goal::new("-", "what is absent / what 100 teams hide", "guard absent of many - guard found")
        .of("guard hidden of many - guard found")
        .at_most(1.02),
    Goal::new("-", "  of no team", "guard absent of many - guard found")
        .of("guard hidden of many by nothing - guard found")
        .at_most(1.02),
    Goal::new("-", "  of a team with such a name", "guard hidden of many alike - guard found")
        .of("guard absent of many - guard found")
        .at_most(1.02),
    Goal::new("-", "what an engine hides / what is absent", "guard hidden by an engine - guard found")
        .of("guard absent by an engine - guard found")
        .at_most(1.02),
    Goal::new(
        "-",
        "what a filter hides of a tenant / what is absent",
        "guard hidden of a tenant - guard found",
    )
    .of("guard absent of a tenant - guard found")
    .at_most(1.02),
    Goal::new("-", "Security over axum with 1,000 routes / with 10", "routes 1000 - bare routes 1000")
        .of("routes 10 - bare routes 10")
        .at_most(1.03),
    Goal::new("-", "Security over axum with 10,000 routes / with 10", "routes 10000 - bare routes 10000")
        .of("routes 10 - bare routes 10")
        .at_most(1.03),
    Goal::new("-", "API key and scope, over the empty Security", "composite key scope - composite"),
];
