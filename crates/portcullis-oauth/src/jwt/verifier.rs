//! The order of the checks, and nothing else.

use std::fmt;
use std::sync::Arc;

use portcullis_authn::TokenShape;
use portcullis_core::octets::Counted;
use portcullis_core::{
    Clock, CredentialMethod, Denial, Principal, Readiness, Reason, Revocations, Secret, SourceText, Step,
};

use super::claims::Registered;
use super::compact::Compact;
use super::kind::{check_typ, is_access_token};
use super::known_headers::KnownHeaders;
use super::parts::{Headed, Parts};
use super::principal::verified;
use super::signature::{self, verify_signature};
use crate::bearer::IssuerRules;
use crate::cache::TokenCache;
use crate::json::{Json, Members};
use crate::keys::{KeyLookup, KeySource, VerifyingKey};
use crate::tenants::Directory;
use crate::token::refusal::{malformed, refuse};
use crate::token::{TokenVerifier, Verified};

/// One issuer: what its tokens must say, and where its keys are.
pub(crate) struct Rules {
    pub(crate) issuer: IssuerRules,
    pub(crate) keys: Arc<dyn KeySource>,
}

/// What a verifier is made of.
pub(crate) struct Settings {
    pub(crate) issuers: Vec<Arc<Rules>>,
    pub(crate) tenants: Vec<Arc<Directory>>,
    pub(crate) max_token_octets: usize,
    pub(crate) revocations: Option<Arc<dyn Revocations>>,
    pub(crate) remembered: Option<TokenCache>,
    pub(crate) headers: KnownHeaders,
    pub(crate) clock: Clock,
}

/// Verifies access tokens; clones share the keys and what was verified before.
///
/// [`JwtBearer`](crate::JwtBearer) puts it behind the authentication layer; on its own it serves where a token
/// does not come in a header, such as the first message of a WebSocket.
#[derive(Clone)]
pub struct JwtVerifier(pub(super) Arc<Settings>);

/// What is known so far: a refusal at once, or an answer that may have to wait for keys or a deny-list.
type Checked = Result<Step<Result<Verified, Denial>>, Denial>;

/// Whether the issuer may be asked for other keys than those that were tried.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Ask {
    Again,
    Never,
}

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
        let compact = || Compact::read(token, self.0.max_token_octets);
        match self.recall_or_begin(token, compact) {
            Step::Done(verified) => Step::Done(verified.and_then(Verified::unbound)),
            Step::Wait(wait) => Step::wait(async move { wait.await.and_then(Verified::unbound) }),
        }
    }

    /// A token that is remembered is not taken apart.
    fn recall_or_begin<'t>(
        &self,
        token: &str,
        compact: impl FnOnce() -> Result<Compact<'t>, Denial>,
    ) -> Step<Result<Verified, Denial>> {
        if let Some(answer) = self.recall(token.as_bytes()) {
            return answer;
        }
        compact().and_then(|compact| self.begin(compact)).unwrap_or_else(|denial| Step::Done(Err(denial)))
    }

    /// The signature first, if the header alone tells by which keys; else what is checked before a key is asked for.
    fn begin(&self, compact: Compact<'_>) -> Checked {
        self.read_header(compact, |token| match self.verify_unread(token)? {
            Some((rules, key)) => token.with_claims(|parts| self.finish(parts, rules, key)),
            None => token.with_claims(|parts| self.find_keys(parts)),
        })
    }

    /// Verifies the signature before anything of the claims is decoded, and with the keys of the issuer whose name they
    /// must have then. `None`: they are read first, since they tell the issuer, or why the token is refused, or since
    /// the issuer may have other keys than those that are known.
    fn verify_unread(&self, token: &Headed<'_>) -> Result<Option<(&Arc<Rules>, &VerifyingKey)>, Denial> {
        let ([rules], []) = (&*self.0.issuers, &*self.0.tenants) else { return Ok(None) };
        let Headed { compact, header, .. } = token;
        let IssuerRules { profile, .. } = rules.issuer;
        let fits = is_access_token(header.typ, profile) && rules.issuer.allows(header.algorithm);
        // RFC 7515 §F: of a detached payload, nobody has the rest.
        if !fits || compact.payload.is_empty() {
            return Ok(None);
        }
        match rules.keys.settled(header.kid) {
            Some(keys) if keys.iter().any(|key| key.serves(header.algorithm)) => {
                verify_signature(compact, header, keys).map(|key| Some((rules, key)))
            }
            _ => Ok(None),
        }
    }

    /// Everything that is checked before a key is asked for.
    fn find_keys(&self, parts: &Parts<'_>) -> Checked {
        let rules = &self.issuer_of(parts.claims)?;
        check_typ(parts.header.typ, rules.issuer.profile)?;
        if !rules.issuer.allows(parts.header.algorithm) {
            let why = "the algorithm is not allowed for the issuer";
            return Err(refuse(Reason::TokenAlgorithmRefused, why));
        }
        match rules.keys.find(parts.header.kid) {
            Step::Done(keys) => self.check(parts, rules, &keys?, Ask::Again),
            Step::Wait(keys) => {
                // The request's memory cannot be kept while waiting.
                let (this, rules, token) =
                    (self.clone(), Arc::clone(rules), Secret::from(parts.compact.token));
                Ok(Step::wait(async move {
                    let keys = keys.await?;
                    this.resume(&token, &rules, &keys, Ask::Again)?.resolve().await
                }))
            }
        }
    }

    /// The rest once more from the token, with the keys at hand.
    fn resume(&self, token: &Secret, rules: &Arc<Rules>, keys: &KeyLookup, ask: Ask) -> Checked {
        let token = std::str::from_utf8(token.expose()).map_err(|_| malformed("the token is not utf-8"))?;
        let compact = Compact::read(token, self.0.max_token_octets)?;
        self.read_header(compact, |token| token.with_claims(|parts| self.check(parts, rules, keys, ask)))
    }

    fn read_header<T>(
        &self,
        compact: Compact<'_>,
        go_on: impl FnOnce(&Headed<'_>) -> Result<T, Denial>,
    ) -> Result<T, Denial> {
        self.0.headers.with(compact.header, |known| Headed::read(compact, known, go_on))
    }

    /// The signature, and then everything else.
    fn check(&self, parts: &Parts<'_>, rules: &Arc<Rules>, keys: &KeyLookup, ask: Ask) -> Checked {
        match verify_signature(&parts.compact, parts.header, keys.keys()) {
            Ok(key) => self.finish(parts, rules, key),
            Err(denial) if ask == Ask::Again && signature::may_be_newer(&denial) => {
                self.look_again(parts, rules, keys, denial)
            }
            Err(denial) => Err(denial),
        }
    }

    /// With other keys, if the issuer has any.
    fn look_again(
        &self,
        parts: &Parts<'_>,
        rules: &Arc<Rules>,
        tried: &KeyLookup,
        refused: Denial,
    ) -> Checked {
        let others = |found: &KeyLookup, tried: &KeyLookup| !found.is_unknown() && !found.is_same_as(tried);
        match rules.keys.look_again(parts.header.kid, tried) {
            None => Err(refused),
            Some(Step::Done(found)) => match found? {
                found if others(&found, tried) => self.check(parts, rules, &found, Ask::Never),
                _ => Err(refused),
            },
            Some(Step::Wait(found)) => {
                let (this, rules) = (self.clone(), Arc::clone(rules));
                let (token, tried) = (Secret::from(parts.compact.token), tried.clone());
                Ok(Step::wait(async move {
                    match found.await? {
                        found if others(&found, &tried) => {
                            this.resume(&token, &rules, &found, Ask::Never)?.resolve().await
                        }
                        _ => Err(refused),
                    }
                }))
            }
        }
    }

    /// Everything that is checked once the signature is right.
    fn finish(&self, parts: &Parts<'_>, rules: &Arc<Rules>, key: &VerifyingKey) -> Checked {
        if !parts.header_known {
            self.0.headers.keep(parts.compact.header, parts.header);
        }
        let source = SourceText::new(parts.payload);
        let mut registered = Registered::default();
        registered.read(parts.claims, &source, &rules.issuer)?;
        let verified = verified(&mut registered, &source, &rules.issuer, CredentialMethod::Jwt);
        self.check_time(&verified)?;
        Ok(self.remember(parts.compact.token, verified, key, rules))
    }

    /// The issuer that the token names, not believed yet: it only picks the keys, and `iss` is compared again
    /// after the signature.
    fn issuer_of(&self, claims: Members<'_, '_>) -> Result<Arc<Rules>, Denial> {
        let issuer = match claims.get("iss") {
            None => return Err(refuse(Reason::TokenClaimMissing, "a required claim is missing")),
            Some(Json::Text(issuer)) => issuer,
            Some(_) => return Err(refuse(Reason::TokenClaimInvalid, "`iss` is no text")),
        };
        let mut issuers = self.0.issuers.iter();
        if let Some(rules) = issuers.find(|rules| rules.issuer.identifier.as_ref() == issuer) {
            return Ok(Arc::clone(rules));
        }
        let found = self.0.tenants.iter().find_map(|tenants| tenants.find(issuer));
        found.unwrap_or_else(|| Err(refuse(Reason::TokenIssuerUnknown, "the issuer is not configured")))
    }

    /// What its tokens need from outside the process: the keys of each listed issuer that are fetched, and those of the
    /// tenants, of which none must be there before its tokens come. A server that holds the scheme asks them and keeps
    /// them up by itself.
    pub fn dependencies(&self) -> impl Iterator<Item = Arc<dyn Readiness>> {
        let listed = self.0.issuers.iter().filter_map(|rules| rules.keys.dependency());
        listed.chain(self.0.tenants.iter().filter_map(Directory::dependency))
    }
}

impl TokenVerifier for JwtVerifier {
    fn shape(&self) -> TokenShape {
        TokenShape::Jwt
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::Jwt
    }

    fn authorization_servers(&self) -> Vec<Box<str>> {
        self.0.issuers.iter().map(|rules| rules.issuer.identifier.clone()).collect()
    }

    fn verify(&self, token: Counted<'_>) -> Step<Result<Verified, Denial>> {
        let compact = || Compact::read_counted(token, self.0.max_token_octets);
        self.recall_or_begin(token.expose(), compact)
    }

    fn recall(&self, token: &[u8]) -> Option<Step<Result<Verified, Denial>>> {
        self.recall(token)
    }
}

impl fmt::Debug for JwtVerifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let issuers = self.0.issuers.iter().map(|rules| &rules.issuer.identifier);
        f.debug_struct("JwtVerifier").field("issuers", &issuers.collect::<Vec<_>>()).finish_non_exhaustive()
    }
}
