//! The schemes for tokens: the service's own, and those of the outside issuer.

use std::sync::Arc;

use portcullis::core::{ConfigCode, ConfigError};
use portcullis::oauth::dpop::DpopKeys;
use portcullis::oauth::introspection::ClientAuthentication;
use portcullis::oauth::logout::LogoutReceiver;
use portcullis::oauth::remote::RemoteKeys;
use portcullis::oauth::replay::MemoryReplay;
use portcullis::oauth::{BackChannelLogout, DenyList, Dpop, Introspection, StaticKeys};
use portcullis::prelude::*;
use portcullis::{Clock, Secret};

use crate::bound::LoginKeys;
use crate::options::{self, IssuerUrl, Options};
use crate::tokens::{OWN_AUDIENCE, OWN_ISSUER};

/// What the schemes for tokens share.
pub(crate) struct Schemes<'a> {
    options: &'a Options,
    own_keys: &'a str,
    clock: Clock,
    url: &'a str,
    /// The proofs that were used.
    proofs: Arc<MemoryReplay>,
    /// What nonces are made with, so that each scheme knows those of the others.
    nonce_secret: Secret,
    /// Whom the outside issuer has logged out.
    revoked: Arc<DenyList>,
}

impl<'a> Schemes<'a> {
    pub(crate) fn new(
        options: &'a Options,
        own_keys: &'a str,
        clock: Clock,
        url: &'a str,
    ) -> Result<Self, ConfigErrors> {
        let mut halves = [[0; 16]; 2];
        getrandom::fill(halves.as_flattened_mut())
            .map_err(|_| ConfigError::new(ConfigCode::WeakNonceSecret, "the system has no randomness"))?;
        let halves = halves.map(|half| format!("{:032x}", u128::from_be_bytes(half)));
        Ok(Self {
            options,
            own_keys,
            url,
            proofs: Arc::new(MemoryReplay::new(clock.clone())),
            nonce_secret: Secret::from(halves.concat()),
            revoked: Arc::new(DenyList::new(&clock)),
            clock,
        })
    }

    /// Signed tokens: the service's own, and those of the outside issuer if there is one.
    pub(crate) fn signed(&self) -> JwtBearer {
        let own = Issuer::new(OWN_ISSUER).audience(OWN_AUDIENCE);
        let own = JwtBearer::issuer(own.keys(StaticKeys::new().jwks(self.own_keys)));
        let tokens = own.dpop(self.dpop()).revocations(self.revoked.clone());
        match self.outside() {
            Some(outside) => tokens.or_issuer(outside),
            None => tokens,
        }
    }

    /// Opaque tokens of the outside issuer, which is asked about them.
    pub(crate) fn opaque(&self) -> Option<Introspection> {
        let tokens = &self.options.tokens;
        let (endpoint, id, secret) =
            (tokens.introspect.as_ref()?, tokens.client_id.as_ref()?, tokens.client_secret.as_ref()?);
        let client = ClientAuthentication::basic(id.as_str(), secret.clone());
        let opaque =
            Introspection::of(self.outside()?, client).dpop(self.dpop()).revocations(self.revoked.clone());
        Some(if endpoint == "discover" { opaque } else { opaque.at(endpoint.as_str()) })
    }

    /// Where the outside issuer tells of logouts, if it knows this service.
    pub(crate) fn logout(&self) -> Result<Option<LogoutReceiver>, ConfigErrors> {
        let (Some(issuer), Some(client)) = (self.outside(), &self.options.tokens.client_id) else {
            return Ok(None);
        };
        let receiver = BackChannelLogout::new(issuer, client.as_str(), self.revoked.clone());
        // Access tokens need not say to which session they belong.
        receiver.end_whole_subject().build(&self.clock).map(Some)
    }

    /// Whose key a login may prove.
    pub(crate) fn login_keys(&self) -> Result<LoginKeys, ConfigErrors> {
        let url = self.url.parse().map_err(ConfigError::from)?;
        let keys = self.dpop().map(|dpop| DpopKeys::new(dpop, Some(&url), &self.clock)).transpose()?;
        Ok(LoginKeys { keys, required: self.options.tokens.dpop == options::Dpop::Required })
    }

    fn dpop(&self) -> Option<Dpop> {
        let dpop = Dpop::new().replay(self.proofs.clone());
        let dpop = match self.options.tokens.dpop {
            options::Dpop::Off => return None,
            options::Dpop::Allowed => dpop,
            options::Dpop::Required => dpop.required(),
        };
        let nonces = self.options.tokens.dpop_nonce;
        Some(if nonces { dpop.nonces().nonce_secret(self.nonce_secret.clone()) } else { dpop })
    }

    fn outside(&self) -> Option<Issuer> {
        let (url, audience) = (self.options.issuer.as_ref()?, self.options.audience.as_deref()?);
        Some(self.keys_of(url, Issuer::new(url.as_str()).audience(audience)))
    }

    fn keys_of(&self, url: &IssuerUrl, issuer: Issuer) -> Issuer {
        let issuer = if url.is_insecure_plain_http() { issuer.insecure_http_on_loopback() } else { issuer };
        match &self.options.jwks {
            Some(file) => issuer.keys(StaticKeys::new().jwks_file(file)),
            None => issuer.keys(RemoteKeys::discover()),
        }
    }
}
