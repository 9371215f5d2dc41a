//! HTTP Basic (RFC 7617).

mod attempt;
mod authenticator;
mod login;
mod names;
mod remember;
mod scheme;
mod static_users;
mod users;

#[cfg(test)]
mod tests;

pub use self::login::MAX_USER_LEN;
pub use self::names::MAX_KNOWN_USERS;
pub use self::remember::MAX_REMEMBERED_FOR;
pub use self::scheme::Basic;
pub use self::static_users::{StaticUsers, StaticUsersBuilder};
pub use self::users::{Rehash, User, UserStore};
