#![doc = include_str!("../README.md")]

#[cfg(feature = "api-keys")]
mod api_key;
mod authenticator;
#[cfg(feature = "passwords")]
mod basic;
#[cfg(feature = "client-certificates")]
mod client_certificate;
#[cfg(any(feature = "api-keys", feature = "passwords"))]
mod deadline;
mod description;
mod layer;
#[cfg(feature = "passwords")]
mod password;
mod pick;
#[cfg(any(feature = "api-keys", feature = "passwords"))]
mod random;
mod recall;
mod refuse;
mod route;
mod scheme;
mod schemes;
mod shape;
mod token_support;

#[cfg(test)]
#[cfg(all(feature = "api-keys", feature = "passwords"))]
mod testing;
#[cfg(test)]
#[cfg(all(feature = "api-keys", feature = "passwords"))]
mod tests;

#[cfg(feature = "api-keys")]
pub use self::api_key::{
    ApiKey, ApiKeySet, ApiKeyStore, ApiKeys, DynApiKeyStore, FromSet, FromStore, KeySource, MAX_KEY_LEN,
    MIN_KEY_LEN, NoKeys,
};
pub use self::authenticator::{Authenticator, Credential};
#[cfg(feature = "passwords")]
pub use self::basic::{
    Basic, MAX_KNOWN_USERS, MAX_REMEMBERED_FOR, MAX_USER_LEN, Rehash, StaticUsers, StaticUsersBuilder, User,
    UserStore,
};
#[cfg(feature = "client-certificates")]
pub use self::client_certificate::{CertificateIdentity, ClientCertificates, MAX_SPIFFE_ID_LEN, SpiffeId};
#[cfg(any(feature = "api-keys", feature = "passwords"))]
pub use self::deadline::{DEFAULT_STORE_DEADLINE, MAX_STORE_DEADLINE};
pub use self::description::SchemeDescription;
pub use self::layer::{Authenticate, AuthenticationLayer};
#[cfg(feature = "passwords")]
pub use self::password::{
    DEFAULT_WAITING_PER_CORE, Hashing, HashingError, InvalidPasswordHash, MAX_PASSWORD_LEN,
    PasswordHashString, hash_password, insecure_fast_hash,
};
#[cfg(any(feature = "api-keys", feature = "passwords"))]
pub use self::random::RandomnessUnavailable;
pub use self::route::{Requirement, RouteSchemes};
pub use self::scheme::{IntoScheme, SchemeContext, SchemeParts};
pub use self::schemes::{Schemes, SchemesBuilder};
pub use self::shape::{CredentialShape, TokenShape, is_jwt_shaped};
pub use self::token_support::TokenSupport;
