//! A documents service, protected end to end by Portcullis. `README.md` is the tour.

mod database;
mod demo;
mod model;
mod options;
mod policy;
mod private_file;
mod signing_key;
#[cfg(test)]
mod testing;
mod tokens;
mod users;

pub use self::database::{Database, OpenError};
pub use self::demo::{DemoCredentials, DemoError};
pub use self::model::{Body, Document, DocumentId, NewDocument, Summary, Team, Title, Visibility};
pub use self::options::{IssuerUrl, Options, Rate};
pub use self::policy::Reach;
pub use self::signing_key::{KeyError, SigningKey};
pub use self::tokens::{AccessToken, TokenIssuer};
pub use self::users::{ApiKeyOwner, User};
