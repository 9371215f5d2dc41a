//! What a token says it is bound to (RFC 7800 §3).

use portcullis_core::{Confirmation, Denial, Reason};

use super::refusal::refuse;
use crate::base64url;
use crate::json::{Json, Members};

/// The key or certificate that the claims bind the token to; `None` for a bearer token.
///
/// # Errors
/// 401 for a `cnf` of any other kind: a binding that nobody checks is no binding (A5.3).
pub(crate) fn confirmation(claims: Members<'_, '_>) -> Result<Option<Confirmation>, Denial> {
    let Some(cnf) = claims.get("cnf") else { return Ok(None) };
    let unknown =
        || refuse(Reason::TokenBindingUnproven, "the token is bound to something that is not known");
    let Json::Object(members) = cnf else { return Err(unknown()) };
    let [(name, value)] = members.as_slice() else { return Err(unknown()) };
    let thumbprint = value.as_text().and_then(sha256).ok_or_else(unknown)?;
    match &**name {
        // RFC 9449 §6.1.
        "jkt" => Ok(Some(Confirmation::DpopKey(thumbprint))),
        // RFC 8705 §3.1.
        "x5t#S256" => Ok(Some(Confirmation::Certificate(thumbprint))),
        _ => Err(unknown()),
    }
}

/// The octets of a SHA-256 in base64url.
fn sha256(text: &str) -> Option<[u8; 32]> {
    let mut octets = [0; 33];
    base64url::decode_into(text.as_bytes(), &mut octets)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn read(claims: &str) -> Result<Option<Confirmation>, Reason> {
        let claims = json::object(claims.as_bytes()).expect("a JSON object");
        confirmation(claims.members()).map_err(|denial| denial.reason())
    }

    /// RFC 9449 §6.1 and RFC 8705 §3.1, with their own examples.
    #[test]
    fn reads_the_thumbprint_of_a_key_or_of_a_certificate() {
        assert_eq!(read("{}"), Ok(None));
        let key = read(r#"{"cnf":{"jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"}}"#);
        assert!(matches!(key, Ok(Some(Confirmation::DpopKey([0xd1, 0x97, ..])))), "{key:?}");
        let certificate = read(r#"{"cnf":{"x5t#S256":"bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2"}}"#);
        assert_eq!(certificate, Err(Reason::TokenBindingUnproven), "trailing bits that are not zero");
        let certificate = read(r#"{"cnf":{"x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"}}"#);
        assert!(
            matches!(certificate, Ok(Some(Confirmation::Certificate([0x03, 0x80, ..])))),
            "{certificate:?}"
        );
    }

    /// A5.3, RFC 7800 §3: what is not understood is refused, and so is more than one binding.
    #[test]
    fn every_other_binding_is_refused() {
        let jkt = r#""jkt":"0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I""#;
        for cnf in [
            "null".to_owned(),
            "{}".to_owned(),
            "\"jkt\"".to_owned(),
            "[]".to_owned(),
            r#"{"jkt":1}"#.to_owned(),
            r#"{"jkt":""}"#.to_owned(),
            r#"{"jkt":"AAAA"}"#.to_owned(),
            r#"{"jwk":{"kty":"oct"}}"#.to_owned(),
            r#"{"kid":"a"}"#.to_owned(),
            format!(r#"{{{jkt},"kid":"a"}}"#),
            format!(r#"{{{jkt},"x5t#S256":"A4DtL2JmUMhAsvJj5tKyn64SqzmuXbMrJa0n761y5v0"}}"#),
        ] {
            assert_eq!(read(&format!(r#"{{"cnf":{cnf}}}"#)), Err(Reason::TokenBindingUnproven), "{cnf}");
        }
    }
}
