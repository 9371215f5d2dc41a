//! Users who are known when the program starts.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
use std::fmt;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Principal, StoreError};

use super::login::check_user;
use super::users::{User, UserStore};
use crate::password::{PasswordHashString, normalized};

/// A fixed set of users in memory.
#[derive(Clone, Default)]
pub struct StaticUsers(HashMap<Box<str>, User>);

impl StaticUsers {
    /// Starts an empty set.
    pub fn builder() -> StaticUsersBuilder {
        StaticUsersBuilder { users: HashMap::new(), errors: ConfigErrors::new() }
    }
}

impl UserStore for StaticUsers {
    async fn find(&self, user: &str) -> Result<Option<User>, StoreError> {
        Ok(self.0.get(user).cloned())
    }

    /// A hash of the kind that most users have. Where kinds are mixed, those of another one can be told by the time of the
    /// answer, until they log in and are rehashed.
    fn decoy(&self) -> Option<PasswordHashString> {
        let mut kinds: BTreeMap<&str, (usize, &PasswordHashString)> = BTreeMap::new();
        for user in self.0.values() {
            kinds.entry(user.hash().kind()).or_insert((0, user.hash())).0 += 1;
        }
        kinds.into_values().max_by_key(|(users, _)| *users).map(|(_, hash)| hash.clone())
    }
}

impl fmt::Debug for StaticUsers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("StaticUsers").field(&self.0.len()).finish()
    }
}

/// Collects users, and everything that is wrong with them.
#[derive(Debug)]
#[must_use]
pub struct StaticUsersBuilder {
    users: HashMap<Box<str>, User>,
    errors: ConfigErrors,
}

impl StaticUsersBuilder {
    /// Adds a user with the text of a password hash; see [`PasswordHashString`].
    pub fn user(mut self, name: &str, hash: &str, principal: Principal) -> Self {
        let hash = PasswordHashString::parse(hash).map_err(|error| {
            let error = ConfigError::from(error);
            ConfigError::new(error.code(), format!("user `{}`: {}", name.escape_debug(), error.message()))
        });
        match self.errors.take(hash) {
            Some(hash) => self.add(name, User::new(hash, principal)),
            None => self,
        }
    }

    /// Adds a user.
    pub fn add(mut self, name: &str, user: User) -> Self {
        let invalid = |why| {
            let message = format!("user `{}` {why}", name.escape_debug());
            ConfigError::new(ConfigCode::InvalidUser, message)
        };
        if let Err(why) = check_user(name) {
            self.errors.push(invalid(why));
            return self;
        }
        match self.users.entry(normalized(name).as_str().into()) {
            Entry::Vacant(place) => drop(place.insert(user)),
            Entry::Occupied(_) => self.errors.push(invalid("is there twice")),
        }
        self
    }

    /// The finished set.
    ///
    /// # Errors
    /// [`ConfigCode::InvalidPasswordHash`], and [`ConfigCode::InvalidUser`] for a name that is there twice or that
    /// HTTP Basic cannot carry.
    pub fn build(self) -> Result<StaticUsers, ConfigErrors> {
        self.errors.into_result(StaticUsers(self.users))
    }
}
