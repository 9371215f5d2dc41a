//! A documents service, protected end to end by Portcullis. `README.md` is the tour.

mod bound;
mod database;
mod demo;
mod docs;
mod known_users;
mod model;
mod openapi;
mod options;
mod policy;
mod private_file;
mod routes;
mod schemes;
mod security;
mod server;
mod signing_key;
mod start_error;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod tokens;
mod tour;
mod users;

pub use self::database::{Database, OpenError};
pub use self::demo::{DemoCredentials, DemoError};
pub use self::model::{
    Body, Document, DocumentId, InvalidText, NewDocument, PageSize, Summary, Team, Title, Visibility,
};
pub use self::options::{Command, Dpop, Format, IssuerUrl, Options, Rate, TlsOptions, TokenOptions};
pub use self::policy::Rules;
pub use self::server::Server;
pub use self::signing_key::{KeyError, SigningKey};
pub use self::start_error::{StartError, StartErrors, with_causes};
pub use self::tokens::{AccessToken, TokenIssuer};
pub use self::users::{ApiKeyOwner, User};
