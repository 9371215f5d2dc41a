//! The seam between the checks of a token and the place where an issuer's keys come from.

use std::sync::Arc;

use portcullis_core::{Clock, ConfigErrors, Denial, Readiness, Step};

use super::key::VerifyingKey;
use super::set::KeySet;
use super::shared::SharedClient;

/// Where the keys of one issuer come from.
///
/// Keys that are known are answered with [`Step::Done`], without a lock. A source that fetches answers
/// [`Step::Wait`] only while nothing is known; an outage is a [`Denial`] with
/// [`Reason::KeySetUnavailable`](portcullis_core::Reason::KeySetUnavailable), never an empty answer.
pub trait KeySource: Send + Sync + 'static {
    /// The keys that a token with this `kid` (or none) may have been signed with.
    ///
    /// `kid` is text of the client: it may be compared with known names, and nothing else (RFC 8725 §3.10).
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>>;

    /// The keys as they are known now, without waiting; `None` if none were ever known. The configuration is
    /// checked against them.
    fn current(&self) -> Option<KeySet>;

    /// The keys of exactly this name, or all for a token without `kid`, if they are known now and there is nothing to look
    /// for: neither [`find`](Self::find) nor [`look_again`](Self::look_again) would bring others. A signature that
    /// none of them verifies is then refused before anything of the claims is read. Asking begins nothing.
    ///
    /// By default, `None`: the claims are read first.
    fn settled(&self, kid: Option<&str>) -> Option<&[VerifyingKey]> {
        let _ = kid;
        None
    }

    /// Whether a key that verified a token before still may. Asked each time a remembered token is shown, so it
    /// takes no lock and allocates nothing.
    ///
    /// By default, the key stands if it is among the [current](Self::current) ones.
    fn standing(&self, key: &VerifyingKey) -> KeyStanding {
        match self.current() {
            Some(keys) if keys.holds(key) => KeyStanding::Current,
            _ => KeyStanding::Ask,
        }
    }

    /// Looks for other keys than those that were tried, because the signature verifies with none of them: an issuer
    /// may have put a new key under an old name (the key set is then older than the token).
    ///
    /// `None`: there is nothing to look for, and the refusal stands. [`KeyLookup::UNKNOWN`] says the same after a
    /// wait. Everyone can send signatures that do not verify, so a source bounds how often it looks.
    ///
    /// By default, `None`.
    fn look_again(&self, kid: Option<&str>, tried: &KeyLookup) -> Option<Step<Result<KeyLookup, Denial>>> {
        let _ = (kid, tried);
        None
    }

    /// Whether [`refresh_if_due`](Self::refresh_if_due) could begin something now. It is asked often, and begins nothing.
    ///
    /// By default, `true`: that finds out itself.
    fn may_be_due(&self) -> bool {
        true
    }

    /// Begins to fetch the keys anew, in the background, if that is due: `true` if it did. Those ask who keep many
    /// sources fresh, such as one per [tenant](crate::Tenants); it neither waits nor tries again what failed just now.
    ///
    /// By default, nothing is ever due.
    fn refresh_if_due(&self) -> bool {
        false
    }

    /// What this source needs from outside the process, if anything: a probe of readiness asks it, and a server does
    /// its upkeep, so that keys are fetched ahead of requests.
    ///
    /// By default, there is nothing.
    fn dependency(&self) -> Option<Arc<dyn Readiness>> {
        None
    }
}

/// What has become of a key that verified a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyStanding {
    /// It is a key of the issuer: what was verified with it stands.
    Current,
    /// It is not, or nobody knows: the token is to be verified anew, with the keys that
    /// [`KeySource::find`] answers then.
    Ask,
}

impl<S: KeySource + ?Sized> KeySource for Arc<S> {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        self.as_ref().find(kid)
    }

    fn current(&self) -> Option<KeySet> {
        self.as_ref().current()
    }

    fn settled(&self, kid: Option<&str>) -> Option<&[VerifyingKey]> {
        self.as_ref().settled(kid)
    }

    fn standing(&self, key: &VerifyingKey) -> KeyStanding {
        self.as_ref().standing(key)
    }

    fn look_again(&self, kid: Option<&str>, tried: &KeyLookup) -> Option<Step<Result<KeyLookup, Denial>>> {
        self.as_ref().look_again(kid, tried)
    }

    fn may_be_due(&self) -> bool {
        self.as_ref().may_be_due()
    }

    fn refresh_if_due(&self) -> bool {
        self.as_ref().refresh_if_due()
    }

    fn dependency(&self) -> Option<Arc<dyn Readiness>> {
        self.as_ref().dependency()
    }
}

/// What a look-up found: no key, one, or a few that only the algorithm tells apart.
#[derive(Clone, Debug, Default)]
pub struct KeyLookup(Option<Arc<[VerifyingKey]>>);

impl KeyLookup {
    /// No key has that name.
    pub const UNKNOWN: Self = Self(None);

    /// These keys.
    #[must_use]
    pub fn found(keys: Arc<[VerifyingKey]>) -> Self {
        Self(Some(keys))
    }

    /// The keys.
    #[must_use]
    pub fn keys(&self) -> &[VerifyingKey] {
        self.0.as_deref().unwrap_or_default()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_unknown(&self) -> bool {
        self.keys().is_empty()
    }

    /// Whether both found the same keys.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        let (keys, others) = (self.keys(), other.keys());
        keys.len() == others.len() && keys.iter().zip(others).all(|(key, other)| key.is_same_as(other))
    }
}

/// A key set that never changes is a source of its own.
impl KeySource for KeySet {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        Step::Done(Ok(self.lookup(kid)))
    }

    fn current(&self) -> Option<KeySet> {
        Some(self.clone())
    }

    fn settled(&self, kid: Option<&str>) -> Option<&[VerifyingKey]> {
        match kid {
            Some(kid) => self.named(kid),
            None => Some(self.keys()),
        }
    }

    fn standing(&self, key: &VerifyingKey) -> KeyStanding {
        if self.holds(key) { KeyStanding::Current } else { KeyStanding::Ask }
    }
}

/// Something that can be configured as the keys of an issuer: [`StaticKeys`](super::StaticKeys), a [`KeySet`], or
/// any [`KeySource`].
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be used as the keys of an issuer",
    note = "pass `StaticKeys`, a `KeySet`, a remote key set, or a `KeySource` of your own"
)]
pub trait IntoKeySource {
    /// The finished source. It may be called outside a runtime and must not wait.
    ///
    /// # Errors
    /// Everything that is wrong with the configuration.
    fn into_key_source(self, context: &KeySourceContext) -> Result<Arc<dyn KeySource>, ConfigErrors>;
}

impl<S: KeySource> IntoKeySource for S {
    fn into_key_source(self, _: &KeySourceContext) -> Result<Arc<dyn KeySource>, ConfigErrors> {
        Ok(Arc::new(self))
    }
}

/// What a source of keys may know of the issuer that it serves.
#[derive(Clone, Debug)]
pub struct KeySourceContext {
    issuer: Arc<str>,
    clock: Clock,
    http_on_loopback: bool,
    #[cfg_attr(not(feature = "discovery"), expect(dead_code, reason = "no keys are fetched"))]
    client: SharedClient,
}

impl KeySourceContext {
    /// The context of this issuer, with this clock.
    #[must_use]
    pub fn new(issuer: impl Into<Arc<str>>, clock: Clock) -> Self {
        Self { issuer: issuer.into(), clock, http_on_loopback: false, client: SharedClient::default() }
    }

    /// Says that plain HTTP to a loopback address is allowed for this issuer.
    ///
    /// # What must protect it instead
    /// The machine: anyone who can listen on its loopback addresses can answer in the issuer's place. It is for
    /// development and tests.
    #[must_use]
    pub fn insecure_http_on_loopback(self, allowed: bool) -> Self {
        Self { http_on_loopback: allowed, ..self }
    }

    /// Shares the outbound client with other issuers.
    pub(crate) fn sharing(self, client: SharedClient) -> Self {
        Self { client, ..self }
    }

    /// The outbound client with default settings.
    #[cfg(feature = "discovery")]
    pub(crate) fn client(&self) -> Result<portcullis_client::OutboundClient, ConfigErrors> {
        self.client.get(self.http_on_loopback)
    }

    /// The issuer's identifier.
    #[must_use]
    pub fn issuer(&self) -> &Arc<str> {
        &self.issuer
    }

    /// The time.
    #[must_use]
    pub fn clock(&self) -> &Clock {
        &self.clock
    }

    /// Whether plain HTTP to a loopback address is allowed.
    #[must_use]
    pub fn allows_http_on_loopback(&self) -> bool {
        self.http_on_loopback
    }
}
