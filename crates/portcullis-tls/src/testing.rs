//! What the tests of this crate share: authorities, time, clients.

mod authority;
mod client;
mod log;
mod time;

pub(crate) use self::authority::{Authority, Folder, Issued, Leaf};
pub(crate) use self::client::{Client, ask, hello, serve_once};
pub(crate) use self::log::Log;
pub(crate) use self::time::FakeTime;

use portcullis_core::{Clock, Secret};
use rustls::crypto::aws_lc_rs;

use crate::files::Source;
use crate::identity::{Identity, IdentitySource};
use crate::{TlsAcceptor, TlsBuilder};

/// The host of the server in these tests.
pub(crate) const HOST: &str = "api.example.com";

/// A certificate and a key for these hosts, as a handshake needs them.
pub(crate) fn identity(names: &[&str]) -> Identity {
    let issued = Authority::new("test").issue(&Leaf::server(names));
    let source = IdentitySource {
        certificate: Source::Memory(Secret::from("")),
        key: Source::Memory(Secret::from("")),
    };
    let provider = aws_lc_rs::default_provider();
    let now = Clock::system().wall();
    crate::identity::identity(&source, issued.chain.as_bytes(), issued.key.as_bytes(), &provider, now)
        .unwrap()
}

/// Settings with a certificate for [`HOST`] from the authority.
pub(crate) fn builder(authority: &Authority) -> TlsBuilder {
    let issued = authority.issue(&Leaf::server(&[HOST]));
    TlsAcceptor::builder().certificate_pem(issued.chain, Secret::from(issued.key))
}
