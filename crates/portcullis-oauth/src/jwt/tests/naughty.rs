//! Hostile text in every place where a token has text.

use portcullis_core::Reason;

use super::Bench;
use crate::testing::vectors;

fn naughty_strings() -> Vec<String> {
    let document = vectors("naughty-strings/blns.json");
    document.map(|strings| serde_json::from_value(strings).unwrap()).unwrap_or_default()
}

#[test]
fn hostile_text_is_refused_or_kept_as_it_is_and_never_panics() {
    let bench = Bench::with(|issuer| issuer.roles_from(["roles"]));
    for text in naughty_strings() {
        assert!(bench.verify(&text).is_err(), "{text:?}");
        assert!(bench.verify(&format!("{text}.{text}.{text}")).is_err(), "{text:?}");
        bench.check(|token| token.kid(&text), Reason::TokenKeyUnknown);
        bench.check(|token| token.claimed_issuer(&text), Reason::TokenIssuerUnknown);
        bench.check(|token| token.audience(&text), Reason::TokenAudienceMismatch);
        bench.check(|token| token.typ(&text), Reason::TokenTypeRefused);
        bench.check(|token| token.header("alg", text.clone()), Reason::TokenAlgorithmRefused);
        if text.is_empty() {
            continue;
        }
        let caller = bench.accepts(&bench.token().claim("sub", text.clone()).roles([&*text]));
        assert_eq!(caller.subject(), text);
        assert!(caller.has_role(&text));
        // A scope is kept whole or refused, never cut or altered.
        match bench.verify(&bench.token().scope(&text).sign()) {
            Ok(caller) => {
                assert!(
                    text.split(' ').filter(|scope| !scope.is_empty()).all(|scope| caller.has_scope(scope))
                );
            }
            Err(denial) => assert_eq!(denial.reason(), Reason::TokenClaimInvalid, "{text:?}"),
        }
    }
}
