#![doc = include_str!("../README.md")]

mod attempts;
mod budget;
mod described;
mod digits;
mod fields;
mod in_flight;
mod key;
mod lasting;
mod layer;
mod limit;
mod limiter;
mod limiters;
mod quota;
mod seed;
mod table;

#[cfg(test)]
mod tests;

pub use self::fields::MAX_NAME_LENGTH;
pub use self::in_flight::{
    DEFAULT_AT_ONCE, DEFAULT_IN_FLIGHT_RETRY_AFTER, DEFAULT_TOTAL_AT_ONCE, HeldBody, HoldBody, HoldFuture,
    InFlight, InFlightFuture, InFlightLayer, InFlightLimiter, InFlightService, MAX_TOTAL_AT_ONCE, Permit,
    RELEASED_WITH_HEAD, ReleaseWithHead, in_flight,
};
pub use self::key::{
    DEFAULT_IPV6_PREFIX, LimitKey, UnknownClient, attempted_user, by, client_ip, header, principal,
};
pub use self::layer::{CheckLimits, RateLimitLayer};
pub use self::limit::{DAY, HOUR, Limit, MINUTE, Per, Requests, SECOND, per};
pub use self::limiter::{Limiter, Phase};
pub use self::limiters::Limiters;
pub use self::quota::MAX_WINDOW;
pub use self::table::{DEFAULT_CAPACITY, MAX_CAPACITY};
