//! Where users come from.

use std::fmt;
use std::future::Future;
use std::sync::Arc;

use portcullis_core::{Principal, StoreError};

use crate::password::PasswordHashString;

/// Finds users by name.
///
/// ```
/// use portcullis_authn::{PasswordHashString, User, UserStore};
/// use portcullis_core::{CredentialMethod, Principal, StoreError};
///
/// /// One user, whose hash stands in an environment variable.
/// struct Operator;
///
/// impl UserStore for Operator {
///     async fn find(&self, user: &str) -> Result<Option<User>, StoreError> {
///         if user != "operator" {
///             return Ok(None);
///         }
///         let text = std::env::var("OPERATOR_HASH").map_err(StoreError::new)?;
///         let hash = PasswordHashString::parse(&text).map_err(StoreError::new)?;
///         Ok(Some(User::new(hash, Principal::builder("operator", CredentialMethod::Basic).build())))
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a `UserStore`",
    note = "implement `UserStore::find`, or use `StaticUsers`"
)]
pub trait UserStore: Send + Sync + 'static {
    /// The user of this name, in normalization form C, with colons and control characters ruled out; at most
    /// [`MAX_USER_LEN`](crate::MAX_USER_LEN) bytes.
    ///
    /// Guards of attempts count by this text; `portcullis-ratelimit` does so without regard to case. A store that
    /// takes other texts for one user lets each of them be guessed at.
    ///
    /// # Errors
    /// A [`StoreError`] is answered with 503, never taken for an unknown user; so is an answer that comes later than
    /// [`Basic::deadline`](crate::Basic::deadline) says.
    fn find(&self, user: &str) -> impl Future<Output = Result<Option<User>, StoreError>> + Send;

    /// Keeps a new hash of the same password in place of the outdated one. The login waits for it; a failure does
    /// not refuse the login.
    ///
    /// Replace the hash only if it still is the outdated one, in one step: a password that the user has changed
    /// meanwhile must not come back.
    ///
    /// By default, the new hash is [ignored](Rehash::Ignored).
    fn rehashed(
        &self,
        user: &str,
        outdated: &PasswordHashString,
        renewed: PasswordHashString,
    ) -> impl Future<Output = Result<Rehash, StoreError>> + Send {
        let _ = (user, outdated, renewed);
        async { Ok(Rehash::Ignored) }
    }

    /// A hash that costs as much as those of the users, verified in vain for unknown users, so that they cannot
    /// be told by the time of the answer. The hash of a real user will do.
    ///
    /// By default, one with the parameters of [`hash_password`](crate::hash_password) is used.
    fn decoy(&self) -> Option<PasswordHashString> {
        None
    }
}

impl<S: UserStore> UserStore for Arc<S> {
    fn find(&self, user: &str) -> impl Future<Output = Result<Option<User>, StoreError>> + Send {
        S::find(self, user)
    }

    fn rehashed(
        &self,
        user: &str,
        outdated: &PasswordHashString,
        renewed: PasswordHashString,
    ) -> impl Future<Output = Result<Rehash, StoreError>> + Send {
        S::rehashed(self, user, outdated, renewed)
    }

    fn decoy(&self) -> Option<PasswordHashString> {
        S::decoy(self)
    }
}

/// What a store did with a new hash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Rehash {
    /// It keeps no new hashes; the scheme computes no more of them.
    Ignored,
    /// It is stored, unless the user has another password by now.
    Kept,
}

/// A user as a store knows it; clones are free.
#[derive(Clone)]
pub struct User {
    hash: PasswordHashString,
    principal: Principal,
    disabled: bool,
}

impl User {
    /// A user with this password, who becomes this caller.
    #[must_use]
    pub fn new(hash: PasswordHashString, principal: Principal) -> Self {
        Self { hash, principal, disabled: false }
    }

    /// Whether the user may not log in. The caller is told no more than that the login failed.
    #[must_use]
    pub fn disabled(self, disabled: bool) -> Self {
        Self { disabled, ..self }
    }

    /// The hash of the password.
    #[must_use]
    pub fn hash(&self) -> &PasswordHashString {
        &self.hash
    }

    /// Who calls, if the password is right.
    #[must_use]
    pub fn principal(&self) -> &Principal {
        &self.principal
    }

    /// Whether the user may not log in.
    #[must_use]
    pub fn is_disabled(&self) -> bool {
        self.disabled
    }
}

impl fmt::Debug for User {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("User")
            .field("subject", &self.principal.subject())
            .field("disabled", &self.disabled)
            .finish_non_exhaustive()
    }
}
