//! The protected header: which algorithm and key it claims, and what it must not ask for.

use portcullis_core::{Denial, Reason};

use super::kind::is_media_type;
use crate::algorithm::Algorithm;
use crate::json::Members;
use crate::token::refusal::{malformed, refuse};

/// What is read of a header. `jwk`, `jku`, `x5u`, `x5c` and `x5t` are not: a token never brings its own key
/// (RFC 8725 §3.10).
#[derive(Debug)]
pub(super) struct Header<'h> {
    pub(super) algorithm: Algorithm,
    pub(super) kid: Option<&'h str>,
    pub(super) typ: Option<&'h str>,
}

impl<'h> Header<'h> {
    pub(super) fn read(header: Members<'h, '_>) -> Result<Self, Denial> {
        // RFC 7515 §4.1.11: what is critical must be understood, and nothing is.
        if header.has("crit") {
            return Err(refuse(Reason::TokenCriticalHeader, "the header names a critical extension"));
        }
        // RFC 7797 §7: unencoded payloads do not occur in a JWT, and RFC 7516 §4.1.2 belongs to encryption.
        if header.has("b64") || header.has("enc") || header.has("zip") {
            return Err(malformed("the header has a parameter that no signed token has"));
        }
        if text(header, "cty")?.is_some_and(|content| is_media_type(content, "JWT")) {
            return Err(refuse(Reason::TokenTypeRefused, "the token holds another token"));
        }
        let name = text(header, "alg")?.ok_or_else(|| malformed("the header names no algorithm"))?;
        let algorithm = Algorithm::from_name(name)
            .ok_or_else(|| refuse(Reason::TokenAlgorithmRefused, "the algorithm is unknown here"))?;
        Ok(Self { algorithm, kid: text(header, "kid")?, typ: text(header, "typ")? })
    }
}

fn text<'h>(header: Members<'h, '_>, name: &str) -> Result<Option<&'h str>, Denial> {
    let value = header.get(name);
    value.map(|value| value.as_text().ok_or_else(|| malformed("a header parameter is no text"))).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    #[track_caller]
    fn check(header: &str, expected: Result<Algorithm, Reason>) {
        let object = json::object(header.as_bytes()).expect("a JSON object");
        let read = Header::read(object.members());
        assert_eq!(read.map(|read| read.algorithm).map_err(|denial| denial.reason()), expected, "{header}");
    }

    /// A2.7, RFC 7515 §4.1.11, RFC 7797 §7.
    #[test]
    fn refuses_every_critical_header() {
        for crit in
            [r#"["x"]"#, "[]", "\"exp\"", "null", "{}", r#"["alg"]"#, r#"["b64"]"#, r#"["exp","exp"]"#, "[1]"]
        {
            check(&format!(r#"{{"alg":"RS256","x":1,"crit":{crit}}}"#), Err(Reason::TokenCriticalHeader));
        }
        check(r#"{"alg":"HS256","b64":false,"crit":["b64"]}"#, Err(Reason::TokenCriticalHeader));
        check(r#"{"alg":"HS256","b64":false}"#, Err(Reason::TokenMalformed));
    }

    /// A2.4, A2.6, RFC 8725 §3.1-3.2.
    #[test]
    fn the_algorithm_is_there_and_known_by_exactly_its_name() {
        check(r#"{"alg":"ES256"}"#, Ok(Algorithm::ES256));
        check(r#"{"alg":"Ed25519"}"#, Ok(Algorithm::EdDSA));
        check("{}", Err(Reason::TokenMalformed));
        check(r#"{"alg":1}"#, Err(Reason::TokenMalformed));
        check(r#"{"alg":["RS256"]}"#, Err(Reason::TokenMalformed));
        for name in ["none", "None", "nOnE", "NONE", "", "es256", "ES512", "none ", "\\u006eone"] {
            check(&format!(r#"{{"alg":"{name}"}}"#), Err(Reason::TokenAlgorithmRefused));
        }
    }

    /// A2.25, RFC 7519 §5.2, RFC 7516 §4.1.
    #[test]
    fn refuses_nested_and_compressed_tokens_and_parameters_of_the_wrong_type() {
        for cty in ["JWT", "jwt", "application/jwt"] {
            check(&format!(r#"{{"alg":"ES256","cty":"{cty}"}}"#), Err(Reason::TokenTypeRefused));
        }
        check(r#"{"alg":"ES256","cty":"json"}"#, Ok(Algorithm::ES256));
        for member in [r#""zip":"DEF""#, r#""enc":"A256GCM""#, r#""kid":1"#, r#""typ":null"#, r#""cty":[]"#] {
            check(&format!(r#"{{"alg":"ES256",{member}}}"#), Err(Reason::TokenMalformed));
        }
    }
}
