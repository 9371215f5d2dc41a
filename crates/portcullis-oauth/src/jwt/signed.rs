//! Signed tokens of other kinds than access tokens: answers of an introspection endpoint, logout tokens.

use portcullis_core::{Denial, Reason};

use super::compact::Compact;
use super::header::Header;
use super::signature::{may_be_newer, verify_signature};
use crate::base64url;
use crate::bearer::IssuerRules;
use crate::json;
use crate::keys::KeySource;
use crate::token::refusal::{malformed, refuse};

/// Who signs such a token, and what its header says.
#[derive(Clone, Copy)]
pub(crate) struct SignedAs<'e> {
    pub(crate) rules: &'e IssuerRules,
    pub(crate) keys: &'e dyn KeySource,
    /// Whether `typ` is that of the kind.
    pub(crate) is_kind: fn(Option<&str>) -> bool,
    /// The longest token that is looked at.
    pub(crate) max_octets: usize,
}

/// The claims of a signed token as text, which holds one JSON object without duplicate members. Form, header,
/// `typ`, algorithm and signature are checked as those of an access token are; the claims are not.
pub(crate) async fn signed_claims(token: &str, expected: SignedAs<'_>) -> Result<String, Denial> {
    let compact = Compact::read(token, expected.max_octets)?;
    let header = decoded(compact.header)?;
    let header = json::object(&header).ok_or_else(no_object)?;
    let header = Header::read(header.members())?;
    if !(expected.is_kind)(header.typ) {
        return Err(refuse(Reason::TokenTypeRefused, "the header's `typ` is that of another kind of token"));
    }
    if !expected.rules.allows(header.algorithm) {
        return Err(refuse(Reason::TokenAlgorithmRefused, "the algorithm is not allowed for the issuer"));
    }
    let keys = expected.keys.find(header.kid).resolve().await?;
    if let Err(refused) = verify_signature(&compact, &header, keys.keys()) {
        if !may_be_newer(&refused) {
            return Err(refused);
        }
        let Some(others) = expected.keys.look_again(header.kid, &keys) else { return Err(refused) };
        let others = others.resolve().await?;
        if others.is_unknown() || others.is_same_as(&keys) {
            return Err(refused);
        }
        verify_signature(&compact, &header, others.keys())?;
    }
    let claims = decoded(compact.payload)?;
    json::object(&claims).ok_or_else(no_object)?;
    String::from_utf8(claims).map_err(|_| no_object())
}

fn decoded(part: &str) -> Result<Vec<u8>, Denial> {
    base64url::decode(part.as_bytes()).ok_or_else(|| malformed("a part is not base64url"))
}

fn no_object() -> Denial {
    malformed("a part is not one JSON object without duplicate members")
}
