//! The order of the checks, and nothing else.

use std::fmt;
use std::sync::Arc;

use portcullis_authn::TokenShape;
use portcullis_core::{Clock, CredentialMethod, Denial, Principal, Reason, Revocations, Secret, Step};

use super::claims::Registered;
use super::compact::Compact;
use super::header::Header;
use super::kind::check_typ;
use super::principal::verified;
use crate::base64url;
use crate::bearer::IssuerRules;
use crate::json::{self, Json, Object};
use crate::keys::{KeyLookup, KeySource};
use crate::token::refusal::{malformed, refuse};
use crate::token::{TokenVerifier, Verified};

/// The most keys that one token is tried against, for tokens and keys without a `kid`.
const MAX_TRIED_KEYS: usize = 8;

/// Headers up to this size need no allocation.
const HEADER_ON_STACK: usize = 512;

/// Claims up to this size need no allocation.
const PAYLOAD_ON_STACK: usize = 2048;

/// The longest signature: RSA with 8192 bits.
const MAX_SIGNATURE_OCTETS: usize = 1024;

/// One issuer: what its tokens must say, and where its keys are.
pub(crate) struct Rules {
    pub(crate) issuer: IssuerRules,
    pub(crate) keys: Arc<dyn KeySource>,
}

/// What a verifier is made of.
pub(crate) struct Settings {
    pub(crate) issuers: Vec<Rules>,
    pub(crate) max_token_octets: usize,
    pub(crate) revocations: Option<Arc<dyn Revocations>>,
    pub(crate) clock: Clock,
}

/// Verifies access tokens; clones share the keys.
///
/// [`JwtBearer`](crate::JwtBearer) puts it behind the authentication layer; on its own it serves where a token
/// does not come in a header, such as the first message of a WebSocket.
#[derive(Clone)]
pub struct JwtVerifier(Arc<Settings>);

impl JwtVerifier {
    pub(crate) fn new(settings: Settings) -> Self {
        Self(Arc::new(settings))
    }

    /// Who the token speaks for.
    ///
    /// Known keys and no deny-list, or one that knows at once, make it a [`Step::Done`].
    ///
    /// # Errors
    /// A [`Denial`] with status 401 and the reason for a token that is refused; 503 if the issuer's keys or the
    /// deny-list cannot be had.
    ///
    /// A token that is bound to a key or a certificate is refused: there is no request here that could prove it.
    pub fn verify(&self, token: &str) -> Step<Result<Principal, Denial>> {
        match TokenVerifier::verify(self, token) {
            Step::Done(verified) => Step::Done(verified.and_then(Verified::unbound)),
            Step::Wait(wait) => Step::wait(async move { wait.await.and_then(Verified::unbound) }),
        }
    }

    /// Everything that is checked before a key is asked for.
    fn begin(&self, token: &str) -> Result<Step<Result<Verified, Denial>>, Denial> {
        let compact = Compact::read(token, self.0.max_token_octets)?;
        let mut buffer = [0; HEADER_ON_STACK];
        let mut spill = Vec::new();
        let header = part(compact.header, &mut buffer, &mut spill)?;
        let header = Header::read(header.members())?;

        let mut buffer = [0; PAYLOAD_ON_STACK];
        let mut spill = Vec::new();
        let payload = decoded(compact.payload, &mut buffer, &mut spill)?;
        let claims = parsed(payload)?;
        let (index, rules) = self.issuer_of(&claims)?;
        check_typ(header.typ, rules.issuer.profile)?;
        if !rules.issuer.allows(header.algorithm) {
            return Err(refuse(Reason::TokenAlgorithmRefused, "the algorithm is not allowed for the issuer"));
        }
        match rules.keys.find(header.kid) {
            Step::Done(keys) => {
                verify_signature(&compact, &header, &keys?)?;
                self.finish(rules, &claims, payload)
            }
            Step::Wait(keys) => {
                // The request's memory cannot be kept while waiting.
                let (this, token) = (self.clone(), Secret::from(token));
                Ok(Step::wait(async move { this.resume(&token, index, &keys.await?)?.resolve().await }))
            }
        }
    }

    /// The same once more, with the keys at hand.
    fn resume(
        &self,
        token: &Secret,
        index: usize,
        keys: &KeyLookup,
    ) -> Result<Step<Result<Verified, Denial>>, Denial> {
        let token = std::str::from_utf8(token.expose()).map_err(|_| malformed("the token is not utf-8"))?;
        let compact = Compact::read(token, self.0.max_token_octets)?;
        let mut buffer = [0; HEADER_ON_STACK];
        let mut spill = Vec::new();
        let header = part(compact.header, &mut buffer, &mut spill)?;
        let header = Header::read(header.members())?;
        verify_signature(&compact, &header, keys)?;

        let mut buffer = [0; PAYLOAD_ON_STACK];
        let mut spill = Vec::new();
        let payload = decoded(compact.payload, &mut buffer, &mut spill)?;
        let claims = parsed(payload)?;
        let rules = self.0.issuers.get(index).ok_or_else(unknown_issuer)?;
        self.finish(rules, &claims, payload)
    }

    /// Everything that is checked once the signature is right.
    fn finish(
        &self,
        rules: &Rules,
        claims: &Object<'_>,
        payload: &[u8],
    ) -> Result<Step<Result<Verified, Denial>>, Denial> {
        let registered = Registered::read(claims.members(), &rules.issuer)?;
        let payload = std::str::from_utf8(payload).map_err(|_| malformed("the claims are not utf-8"))?;
        let verified = verified(registered, payload, &rules.issuer);
        verified.check_time(self.0.clock.unix_time())?;
        Ok(verified.check_revocation(self.0.revocations.as_ref()))
    }

    /// The issuer that the token names, not believed yet: it only picks the keys, and `iss` is compared again
    /// after the signature.
    fn issuer_of(&self, claims: &Object<'_>) -> Result<(usize, &Rules), Denial> {
        let issuer = match claims.members().get("iss") {
            None => return Err(refuse(Reason::TokenClaimMissing, "a required claim is missing")),
            Some(Json::Text(issuer)) => issuer,
            Some(_) => return Err(refuse(Reason::TokenClaimInvalid, "`iss` is no text")),
        };
        let mut issuers = self.0.issuers.iter().enumerate();
        issuers.find(|(_, rules)| rules.issuer.identifier.as_ref() == issuer).ok_or_else(unknown_issuer)
    }
}

impl TokenVerifier for JwtVerifier {
    fn shape(&self) -> TokenShape {
        TokenShape::Jwt
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Jwt
    }

    fn verify(&self, token: &str) -> Step<Result<Verified, Denial>> {
        self.begin(token).unwrap_or_else(|denial| Step::Done(Err(denial)))
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers = self.0.issuers.iter().map(|rules| &rules.issuer.identifier);
        f.debug_struct("JwtVerifier").field("issuers", &issuers.collect::<Vec<_>>()).finish_non_exhaustive()
    }
}

/// RFC 7515 §5.2, over the octets as they were received.
fn verify_signature(compact: &Compact<'_>, header: &Header<'_>, keys: &KeyLookup) -> Result<(), Denial> {
    if keys.is_unknown() {
        return Err(refuse(Reason::TokenKeyUnknown, "no key of the issuer has the token's `kid`"));
    }
    let mut candidates = keys.keys().iter().filter(|key| key.serves(header.algorithm));
    let Some(first) = candidates.next() else {
        return Err(refuse(Reason::TokenAlgorithmRefused, "the algorithm does not fit the key"));
    };
    let mut buffer = [0; MAX_SIGNATURE_OCTETS];
    let signature = base64url::decode_into(compact.signature.as_bytes(), &mut buffer)
        .ok_or_else(|| malformed("the signature is not base64url, or too long"))?;
    for (tried, key) in std::iter::once(first).chain(candidates).enumerate() {
        if tried == MAX_TRIED_KEYS {
            return Err(refuse(
                Reason::TokenKeyUnknown,
                "too many keys fit a token without a `kid` of its own",
            ));
        }
        if key.verify(header.algorithm, compact.signed.as_bytes(), signature).is_ok() {
            return Ok(());
        }
    }
    Err(refuse(Reason::TokenSignatureInvalid, "the signature does not verify"))
}

fn part<'b>(text: &str, buffer: &'b mut [u8], spill: &'b mut Vec<u8>) -> Result<Object<'b>, Denial> {
    decoded(text, buffer, spill).and_then(parsed)
}

/// Decodes into the buffer, or, if it is too small, into memory that is allocated.
fn decoded<'b>(text: &str, buffer: &'b mut [u8], spill: &'b mut Vec<u8>) -> Result<&'b [u8], Denial> {
    let not_base64url = || malformed("a part is not base64url");
    // Four characters hold three octets.
    if text.len() / 4 * 3 + 3 <= buffer.len() {
        return base64url::decode_into(text.as_bytes(), buffer).ok_or_else(not_base64url);
    }
    *spill = base64url::decode(text.as_bytes()).ok_or_else(not_base64url)?;
    Ok(spill)
}

fn parsed(octets: &[u8]) -> Result<Object<'_>, Denial> {
    json::object(octets).ok_or_else(|| malformed("a part is not one JSON object without duplicate members"))
}

fn unknown_issuer() -> Denial {
    refuse(Reason::TokenIssuerUnknown, "the issuer is not configured")
}
