//! How HTTP Basic is configured.

use std::fmt;
use std::time::Duration;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use super::authenticator::BasicAuthenticator;
use super::names::Names;
use super::remember::{MAX_REMEMBERED_FOR, Remembered};
use super::users::UserStore;
use crate::deadline::{self, DEFAULT_STORE_DEADLINE};
use crate::password::{Hashing, PasswordHashString};
use crate::scheme::{IntoScheme, SchemeContext, SchemeParts};

/// HTTP Basic: user and password with every request (RFC 7617).
///
/// Offer it over TLS only, and where no better scheme is at hand; a route that trades a password for a short-lived
/// token names it, and all others do not: [`only_where_named`](Self::only_where_named).
///
/// ```
/// use portcullis_authn::{Basic, Requirement, Schemes, StaticUsers, insecure_fast_hash};
/// use portcullis_core::{Clock, CredentialMethod, Principal};
///
/// let hash = insecure_fast_hash("open sesame").unwrap(); // `hash_password` outside of tests
/// let aladdin = Principal::builder("aladdin", CredentialMethod::Basic).build();
/// let users = StaticUsers::builder().user("Aladdin", hash.expose(), aladdin).build().unwrap();
///
/// let schemes = Schemes::builder("documents", Clock::system())
///     .scheme("password", Basic::new(users).only_where_named())
///     .build()
///     .unwrap();
/// assert!(schemes.default_set(Requirement::Required).is_err());
/// assert!(schemes.named(&["password"], Requirement::Required).is_ok());
/// ```
#[must_use]
pub struct Basic<S> {
    users: S,
    hashing: Hashing,
    remember: Option<(Duration, usize)>,
    deadline: Duration,
    only_where_named: bool,
    pseudonymous: bool,
}

impl<S: UserStore> Basic<S> {
    /// Takes the users of this store.
    pub fn new(users: S) -> Self {
        Self {
            users,
            hashing: Hashing::default(),
            remember: None,
            deadline: DEFAULT_STORE_DEADLINE,
            only_where_named: false,
            pseudonymous: false,
        }
    }

    /// Shares limits on hashing with others. By default, this is [`Hashing::default`], for this scheme alone.
    pub fn hashing(self, hashing: Hashing) -> Self {
        Self { hashing, ..self }
    }

    /// Remembers right passwords for so long (at most [`MAX_REMEMBERED_FOR`]), and so many of them, instead of
    /// hashing them anew for each request; the oldest unused give way. By default, none is remembered.
    ///
    /// # What this changes
    /// A user who is disabled, or whose password or roles change, is taken as before until the time is over. Guards
    /// of attempts are asked all the same. Kept are a keyed digest and the caller, not the password.
    pub fn remember(self, keep: Duration, capacity: usize) -> Self {
        Self { remember: Some((keep, capacity)), ..self }
    }

    /// Sets how long the store of users may take to find one, at most [`MAX_STORE_DEADLINE`](crate::MAX_STORE_DEADLINE):
    /// later is 503 `store_deadline_exceeded`. As long may it take to keep a new hash, after which the login succeeds all
    /// the same. By default, this is [`DEFAULT_STORE_DEADLINE`].
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// Names nobody in the audit events of logins that are refused. By default, they name the user: `` password
    /// does not match: user `alice` ``.
    ///
    /// A name that is no user's is never told, since people type passwords into the wrong field: it has a tag, such as
    /// `#5f0c13d29a41b7e8`, which is the same for the same name until the process ends. With this, so have users. Of an
    /// attempt that a guard refuses nobody looks for the user: it is named if the scheme has found one of that name since
    /// the process began, [`MAX_KNOWN_USERS`](crate::MAX_KNOWN_USERS) of them at most, the latest. Passwords are never told.
    pub fn pseudonymous(self) -> Self {
        Self { pseudonymous: true, ..self }
    }

    /// Offers the scheme on routes that name it, and on no others. By default, it is part of the default set.
    pub fn only_where_named(self) -> Self {
        Self { only_where_named: true, ..self }
    }
}

impl<S: UserStore> IntoScheme for Basic<S> {
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(deadline::fault(self.deadline));
        let decoy = self.users.decoy().map_or_else(|| PasswordHashString::parse(DECOY), Ok);
        let decoy = errors.take(decoy.map_err(ConfigError::from));
        let remembered = errors.take(self.remember.map(remembered).transpose());
        errors.into_result(())?;
        let (Some(decoy), Some(remembered)) = (decoy, remembered) else { return Err(ConfigErrors::new()) };
        let clock = context.clock().clone();
        let (users, deadline) = (self.users, self.deadline);
        let names = Names::new(self.pseudonymous);
        let authenticator =
            BasicAuthenticator::new(users, deadline, self.hashing, decoy, remembered, names, clock);
        Ok(SchemeParts::new(authenticator).only_where_named_if(self.only_where_named))
    }
}

fn remembered((keep, capacity): (Duration, usize)) -> Result<Remembered, ConfigError> {
    let wrong = |message| Err(ConfigError::new(ConfigCode::ZeroLimit, message));
    if capacity == 0 || keep.is_zero() {
        return wrong("right passwords are to be remembered for no time, or none of them".to_owned());
    }
    if keep > MAX_REMEMBERED_FOR {
        let most = MAX_REMEMBERED_FOR.as_secs();
        return wrong(format!("right passwords are to be remembered for more than {most} seconds"));
    }
    Remembered::new(keep, capacity).or_else(|error| wrong(error.to_string()))
}

impl<S> fmt::Debug for Basic<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic")
            .field("hashing", &self.hashing)
            .field("remember", &self.remember)
            .field("deadline", &self.deadline)
            .field("only_where_named", &self.only_where_named)
            .field("pseudonymous", &self.pseudonymous)
            .finish_non_exhaustive()
    }
}

/// With the parameters of new hashes; no password is known to have it.
pub(super) const DECOY: &str = "$argon2id$v=19$m=19456,t=2,p=1$bm8gc3VjaCB1c2VyISEhIQ$\
                     AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
