#![doc = include_str!("../README.md")]

pub mod attacks;
mod clock;
pub mod dpop;
mod introspection;
mod issuer;
mod keys;
pub mod matrix;
mod must;
mod permit;
mod principal;
mod recording;
mod token;

#[doc(inline)]
pub use self::attacks::Attack;
pub use self::clock::FakeClock;
#[doc(inline)]
pub use self::dpop::DpopClient;
pub use self::introspection::{IntrospectionRequest, TestIntrospection};
pub use self::issuer::{ProviderFault, TestIssuer};
pub use self::keys::Algorithm;
#[doc(inline)]
pub use self::matrix::{Matrix, Persona, Relation};
pub use self::permit::{permit_for, visible_to};
pub use self::principal::{TEST_ISSUER, principal, reader};
pub use self::recording::{MAX_RECORDED, RecordedRequest, RecordingService, Respond};
pub use self::token::{TEST_AUDIENCE, TEST_CLIENT, TOKEN_LIFETIME, TestProvider, TokenBuilder, tamper};
