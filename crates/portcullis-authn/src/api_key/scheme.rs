//! How API keys are sent, and where they are looked up.

use std::sync::Arc;
use std::time::Duration;

use http::HeaderName;
use portcullis_core::challenge::BearerError;
use portcullis_core::escape::Escaped;
use portcullis_core::{
    Challenge, Clock, ConfigErrors, CredentialMethod, Denial, Principal, Reason, RequestView, Step,
};

use super::key::ApiKey;
use super::place::check_shape;
use super::set::ApiKeySet;
use super::source::{ApiKeyStore, FromSet, FromStore, KeySource, NoKeys};
use crate::authenticator::{Authenticator, Credential};
use crate::deadline::DEFAULT_STORE_DEADLINE;
use crate::scheme::{IntoScheme, SchemeContext, SchemeParts};
use crate::shape::{CredentialShape, TokenShape};

/// The longest key that is hashed, in bytes.
pub const MAX_KEY_LEN: usize = 512;

/// How many characters of the identifier and the subject of a key an audit event shows.
const MAX_SHOWN: usize = 64;

/// A scheme of API keys, sent as bearer tokens with a prefix or in a header of their own. A query parameter is
/// never read.
///
/// ```
/// use http::HeaderName;
/// use portcullis_authn::{ApiKey, ApiKeys, ApiKeySet, Schemes};
/// use portcullis_core::{Clock, CredentialMethod, Principal};
///
/// let robot = Principal::builder("robot", CredentialMethod::ApiKey).build();
/// let (_secret, key) = ApiKey::generate("docs_", "key-1", robot).unwrap();
/// let keys = ApiKeySet::new([key]).unwrap();
///
/// let schemes = Schemes::builder("documents", Clock::system())
///     .scheme("key", ApiKeys::bearer("docs_").keys(keys.clone()))
///     .scheme("old-key", ApiKeys::header(HeaderName::from_static("x-api-key")).keys(keys))
///     .build();
/// assert!(schemes.is_ok());
///
/// // `Authorization` has a reader of its own.
/// let refused = Schemes::builder("documents", Clock::system())
///     .scheme("key", ApiKeys::header(http::header::AUTHORIZATION).keys(ApiKeySet::new([]).unwrap()))
///     .build();
/// assert_eq!(refused.unwrap_err().codes().collect::<Vec<_>>(), ["P105"]);
/// ```
#[derive(Debug)]
#[must_use]
pub struct ApiKeys<K = NoKeys> {
    shape: CredentialShape,
    only_where_named: bool,
    keys: K,
}

impl ApiKeys {
    /// Keys are sent as `Authorization: Bearer <key>` and begin with this prefix, such as `docs_`.
    pub fn bearer(prefix: &str) -> Self {
        Self::shaped(CredentialShape::Bearer(TokenShape::Prefixed(prefix.into())))
    }

    /// Keys are the whole value of this header, such as `x-api-key`.
    pub fn header(name: HeaderName) -> Self {
        Self::shaped(CredentialShape::Header(name))
    }

    fn shaped(shape: CredentialShape) -> Self {
        Self { shape, only_where_named: false, keys: NoKeys }
    }

    /// Takes the keys of this set.
    pub fn keys(self, keys: ApiKeySet) -> ApiKeys<FromSet> {
        ApiKeys { shape: self.shape, only_where_named: self.only_where_named, keys: FromSet(keys) }
    }

    /// Asks this store for each key.
    pub fn store<S: ApiKeyStore>(self, store: S) -> ApiKeys<FromStore<S>> {
        ApiKeys {
            shape: self.shape,
            only_where_named: self.only_where_named,
            keys: FromStore { store: Arc::new(store), deadline: DEFAULT_STORE_DEADLINE },
        }
    }
}

impl<S: ApiKeyStore> ApiKeys<FromStore<S>> {
    /// Sets how long the store may take to find a key, at most [`MAX_STORE_DEADLINE`](crate::MAX_STORE_DEADLINE): later is
    /// 503 `store_deadline_exceeded`. By default, this is [`DEFAULT_STORE_DEADLINE`].
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.keys.deadline = deadline;
        self
    }
}

impl<K> ApiKeys<K> {
    /// Offers the scheme on routes that name it, and on no others. By default, it is part of the default set.
    pub fn only_where_named(self) -> Self {
        Self { only_where_named: true, ..self }
    }
}

impl<K: KeySource> IntoScheme for ApiKeys<K> {
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.take(check_shape(&self.shape));
        errors.extend(self.keys.fault());
        errors.into_result(())?;
        let clock = context.clock().clone();
        let authenticator =
            ApiKeyAuthenticator { unknown: unknown(&self.shape), shape: self.shape, keys: self.keys, clock };
        Ok(SchemeParts::new(authenticator).only_where_named_if(self.only_where_named))
    }
}

struct ApiKeyAuthenticator<K> {
    /// The refusal of keys that nobody has.
    unknown: Denial,
    shape: CredentialShape,
    keys: K,
    clock: Clock,
}

impl<K: KeySource> Authenticator for ApiKeyAuthenticator<K> {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![self.shape.clone()]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::ApiKey
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        _: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let text = credential.expose();
        if text.len() > MAX_KEY_LEN {
            return Step::Done(
                Err(Denial::new(Reason::CredentialMalformed).explained("api key is too long")),
            );
        }
        match self.keys.find(ApiKey::hash_of(text.as_bytes())) {
            Step::Done(found) => Step::Done(judge(found, &self.clock, &self.unknown)),
            Step::Wait(wait) => {
                let (clock, unknown) = (self.clock.clone(), self.unknown.clone());
                Step::wait(async move { judge(wait.await, &clock, &unknown) })
            }
        }
    }

    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        Some(match shape {
            // RFC 9110 §11 has schemes alone, so the header gets one of its own that names it (A15.5).
            CredentialShape::Header(name) => {
                Challenge::new("ApiKey", realm).parameter("header", name.as_str())
            }
            _ => match refused.map(|denial| denial.status().as_u16()) {
                Some(401) => Challenge::bearer(realm).error(BearerError::InvalidToken),
                Some(400) => Challenge::bearer(realm).error(BearerError::InvalidRequest),
                _ => Challenge::bearer(realm),
            },
        })
    }
}

/// Of a key that nobody knows, nothing can be told but where it stood: it may be any secret, sent to the wrong place.
fn unknown(shape: &CredentialShape) -> Denial {
    let place = match shape {
        CredentialShape::Header(name) => format!("the key in `{name}` is none of ours"),
        CredentialShape::Bearer(TokenShape::Prefixed(prefix)) => {
            format!("a key `{prefix}..` that is none of ours")
        }
        _ => "the key is none of ours".to_owned(),
    };
    Denial::new(Reason::ApiKeyUnknown).explained(place).prepared()
}

fn judge(
    found: Result<Option<ApiKey>, Denial>,
    clock: &Clock,
    unknown: &Denial,
) -> Result<Principal, Denial> {
    match found? {
        None => Err(unknown.clone()),
        Some(key) if key.is_expired(clock.wall()) => Err(expired(&key)),
        Some(key) => Ok(key.principal().clone()),
    }
}

/// Which key, and whose: it is a known one, whose identifier is no secret.
fn expired(key: &ApiKey) -> Denial {
    let shown = |text| Escaped::new(text).with_limit(MAX_SHOWN);
    let (id, subject) = (shown(key.id()), shown(key.principal().subject()));
    Denial::new(Reason::ApiKeyExpired).explained(format!("the key `{id}` of `{subject}`"))
}
