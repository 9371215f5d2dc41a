#![doc = include_str!("../README.md")]

mod answer;
mod authzen;
mod endpoint;
mod failure;
mod memory;
mod opa;
mod openfga;
mod outbound;
mod places;
mod point;
mod protocol;
mod remote;
mod shape;
mod subject;

pub use self::authzen::{AuthZen, AuthZenApi};
pub use self::opa::{Opa, OpaApi};
pub use self::openfga::{MAX_CONTEXTUAL_TUPLES, OpenFga, OpenFgaApi, Tuple};
pub use self::point::RemoteDecisionPoint;
pub use self::remote::{
    DEFAULT_DEADLINE, DEFAULT_MAX_ANSWER, DEFAULT_MAX_CALLS, DEFAULT_MAX_REMEMBERED,
    DEFAULT_MAX_REMEMBERED_OCTETS, DEFAULT_MAX_WAITERS, FAILURES, LONGEST_DEADLINE, LONGEST_LIFE, PAUSE,
    Remote,
};
pub use self::subject::TakesProperties;
