//! Recorded documents of real providers (OpenID Connect Discovery §3, RFC 7517 §5).

use portcullis::Clock;
use portcullis::oauth::StaticKeys;
use portcullis::prelude::*;
use portcullis_testkit::TestIssuer;

use crate::support::vectors::vectors;

/// A2.17, A13.1: the issuer of each document, with its key set, is a configuration that works.
#[tokio::test]
async fn the_documents_of_real_providers_make_a_scheme() {
    for provider in ["auth0", "google", "keycloak", "okta"] {
        let read = |name: &str| vectors(&format!("idp-metadata/{provider}/{name}.json"));
        let (Some(discovery), Some(key_set)) = (read("discovery_document"), read("jwks")) else { return };
        let discovery = &discovery["body"];
        let issuer = discovery["issuer"].as_str().unwrap();
        let keys = StaticKeys::new().jwks(key_set["body"].to_string());
        let mut known = Issuer::new(issuer).audience("https://api.example").keys(keys);
        if issuer.starts_with("http://localhost") {
            // Keycloak was recorded on somebody's own machine.
            known = known.insecure_http_on_loopback();
        }
        let verifier = JwtBearer::issuer(known).build(&Clock::system());
        let verifier = verifier.unwrap_or_else(|errors| panic!("{provider}: {errors}"));

        // Somebody who is not the provider, under the name of one of its keys.
        let key = &key_set["body"]["keys"][0];
        let forged = TestIssuer::offline(issuer).token("alice").kid(key["kid"].as_str().unwrap());
        for token in [forged.clone().sign(), forged.kid("another").sign()] {
            let refused = verifier.verify(&token).resolve().await.unwrap_err();
            assert_eq!(refused.status(), 401, "{provider}: {refused:?}");
        }
    }
}

#[test]
fn the_documents_of_the_test_issuer_are_like_theirs() {
    let issuer = TestIssuer::offline("https://issuer.example");
    let ours: serde_json::Value = serde_json::from_str(&issuer.discovery_json()).unwrap();
    let Some(theirs) = vectors("idp-metadata/keycloak/discovery_document.json") else { return };
    for name in ours.as_object().unwrap().keys() {
        let (ours, theirs) = (&ours[name], &theirs["body"][name]);
        assert_eq!(ours.is_string(), theirs.is_string(), "{name}");
        assert_eq!(ours.is_array(), theirs.is_array(), "{name}");
    }
}
