#![doc = include_str!("../README.md")]

mod authenticator;
mod layer;
mod pick;
mod refuse;
mod route;
mod scheme;
mod schemes;
mod shape;

pub use self::authenticator::{Authenticator, Credential};
pub use self::layer::{Authenticate, AuthenticationLayer};
pub use self::route::{Requirement, RouteSchemes};
pub use self::scheme::{IntoScheme, SchemeContext, SchemeParts};
pub use self::schemes::{Schemes, SchemesBuilder};
pub use self::shape::{CredentialShape, TokenShape, is_jwt_shaped};
