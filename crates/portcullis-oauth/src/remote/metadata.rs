//! The discovery document (RFC 8414, OpenID Connect Discovery).

use http::Uri;
use thiserror::Error;

use crate::json::{self, Json};

/// The largest discovery document that is read, in octets: 64 KiB.
pub const MAX_METADATA_OCTETS: usize = 64 * 1024;

/// Where the discovery document of an issuer may be, in the order in which the places are asked: appended to the
/// issuer's path, then inserted before it.
pub(crate) fn well_known(issuer: &str) -> Option<[Uri; 2]> {
    let issuer: Uri = issuer.parse().ok()?;
    let (scheme, authority) = (issuer.scheme_str()?, issuer.authority()?);
    // OpenID Connect Discovery §4.1, RFC 8414 §3.1: a slash at the end is removed first.
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| format!("{scheme}://{authority}{path}").parse().ok();
    Some([
        at(format!("{path}/.well-known/openid-configuration"))?,
        at(format!("/.well-known/oauth-authorization-server{path}"))?,
    ])
}

/// The key set's URL in a discovery document that belongs to the issuer.
pub(super) fn jwks_uri(document: &[u8], issuer: &str) -> Result<Uri, InvalidMetadata> {
    member(document, issuer, &["jwks_uri"])?.ok_or(InvalidMetadata::NoKeySet)
}

/// The introspection endpoint (RFC 8414 §2) in a discovery document that belongs to the issuer.
#[cfg(feature = "introspection")]
pub(crate) fn introspection_endpoint(
    document: &[u8],
    issuer: &str,
    certificate: bool,
) -> Result<Uri, InvalidMetadata> {
    const NAME: &str = "introspection_endpoint";
    // RFC 8705 §5: a client with a certificate prefers the alias.
    let alias = if certificate { member(document, issuer, &["mtls_endpoint_aliases", NAME])? } else { None };
    let endpoint = alias.map_or_else(|| member(document, issuer, &[NAME]), |alias| Ok(Some(alias)))?;
    endpoint.ok_or(InvalidMetadata::NoIntrospection)
}

/// The URL that the document names; `None` if it is no URL.
fn member(document: &[u8], issuer: &str, path: &[&str]) -> Result<Option<Uri>, InvalidMetadata> {
    if document.len() > MAX_METADATA_OCTETS {
        return Err(InvalidMetadata::TooLarge);
    }
    let object = json::object(document).ok_or(InvalidMetadata::NotJson)?;
    // RFC 8414 §3.3: identical, or nothing of it is used.
    if object.members().get("issuer").and_then(Json::as_text) != Some(issuer) {
        return Err(InvalidMetadata::WrongIssuer);
    }
    let uri = object.members().at(path).and_then(Json::as_text);
    Ok(uri.and_then(|uri| uri.parse().ok()))
}

/// A discovery document that cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub(crate) enum InvalidMetadata {
    #[cfg(feature = "introspection")]
    #[error("it has no `introspection_endpoint` that is a url")]
    NoIntrospection,
    #[error("it has no `jwks_uri` that is a url")]
    NoKeySet,
    #[error("it is not one JSON object without duplicate members")]
    NotJson,
    #[error("it is larger than {MAX_METADATA_OCTETS} octets")]
    TooLarge,
    #[error("its `issuer` is not the configured one")]
    WrongIssuer,
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const ISSUER: &str = "https://login.example.com";

    fn read(document: &str) -> Result<String, InvalidMetadata> {
        jwks_uri(document.as_bytes(), ISSUER).map(|uri| uri.to_string())
    }

    /// A13.2, RFC 8414 §3.1, OpenID Connect Discovery §4.1.
    #[test]
    fn appends_first_and_inserts_second() {
        let places = |issuer| well_known(issuer).unwrap().map(|uri| uri.to_string());
        assert_eq!(
            places("https://login.example.com"),
            [
                "https://login.example.com/.well-known/openid-configuration",
                "https://login.example.com/.well-known/oauth-authorization-server",
            ]
        );
        assert_eq!(
            places("https://login.example.com:8443/realms/a/"),
            [
                "https://login.example.com:8443/realms/a/.well-known/openid-configuration",
                "https://login.example.com:8443/.well-known/oauth-authorization-server/realms/a",
            ]
        );
        assert!(well_known("not a url").is_none() && well_known("/path").is_none());
    }

    /// A13.1, RFC 8414 §3.3.
    #[test]
    fn uses_nothing_of_a_document_of_another_issuer() {
        for other in
            ["https://login.example.com/", "https://LOGIN.example.com", "http://login.example.com", ""]
        {
            let document = format!(r#"{{"issuer":"{other}","jwks_uri":"https://a.example/k"}}"#);
            assert_eq!(read(&document), Err(InvalidMetadata::WrongIssuer), "{other}");
        }
        for other in [r#"["https://login.example.com"]"#, "null", "1"] {
            let document = format!(r#"{{"issuer":{other},"jwks_uri":"https://a.example/k"}}"#);
            assert_eq!(read(&document), Err(InvalidMetadata::WrongIssuer), "{other}");
        }
        assert_eq!(read(r#"{"jwks_uri":"https://a.example/k"}"#), Err(InvalidMetadata::WrongIssuer));
    }

    #[test]
    fn reads_the_key_sets_url_and_no_list_of_algorithms() {
        let document = r#"{"issuer":"https://login.example.com","jwks_uri":"https://a.example/k",
            "id_token_signing_alg_values_supported":["none","HS256"]}"#;
        assert_eq!(read(document).unwrap(), "https://a.example/k");
        for wrong in ["", r#","jwks_uri":1"#, r#","jwks_uri":"""#, r#","jwks_uri":"a b""#] {
            let document = format!(r#"{{"issuer":"{ISSUER}"{wrong}}}"#);
            assert_eq!(read(&document), Err(InvalidMetadata::NoKeySet), "{wrong}");
        }
    }

    #[test]
    fn refuses_duplicate_members_and_what_is_no_object() {
        let twice =
            format!(r#"{{"issuer":"https://evil.example","issuer":"{ISSUER}","jwks_uri":"https://a/"}}"#);
        for document in [twice.as_str(), "[]", "", "{", "\u{feff}{}"] {
            assert_eq!(read(document), Err(InvalidMetadata::NotJson), "{document}");
        }
    }

    #[test]
    fn takes_a_document_as_large_as_the_cap_and_not_one_octet_more() {
        let begin = format!(r#"{{"issuer":"{ISSUER}","jwks_uri":"https://a.example/k","x":""#);
        let document = |length: usize| format!("{begin}{}\"}}", "x".repeat(length - begin.len() - 2));
        assert!(read(&document(MAX_METADATA_OCTETS)).is_ok());
        assert_eq!(read(&document(MAX_METADATA_OCTETS + 1)), Err(InvalidMetadata::TooLarge));
    }

    /// Documents that Auth0, Google, Keycloak and Okta really served.
    #[test]
    fn reads_recorded_documents_with_their_issuer() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../shared/vectors/idp-metadata");
        if !std::path::Path::new(folder).is_dir() {
            eprintln!("SKIPPED: no vectors in {folder}");
            return;
        }
        for provider in ["auth0", "google", "keycloak", "okta"] {
            let recorded = std::fs::read(format!("{folder}/{provider}/discovery_document.json")).unwrap();
            let recorded: serde_json::Value = serde_json::from_slice(&recorded).unwrap();
            let body = &recorded["body"];
            let issuer = body["issuer"].as_str().unwrap();
            let uri = jwks_uri(body.to_string().as_bytes(), issuer).unwrap();
            assert_eq!(uri.to_string(), body["jwks_uri"].as_str().unwrap(), "{provider}");
            let other = format!("{}x", issuer);
            assert!(jwks_uri(body.to_string().as_bytes(), &other).is_err(), "{provider}");
        }
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(document in proptest::collection::vec(any::<u8>(), 0..256)) {
            prop_assert!(jwks_uri(&document, ISSUER).is_err());
        }

        #[test]
        fn no_issuer_makes_the_places_panic(issuer in ".{0,64}") {
            let _ = well_known(&issuer);
        }
    }
}
