//! `cargo run -p oidc-api`: see README.md.
#![expect(clippy::print_stdout, reason = "it is a command line program")]

mod app;
mod options;

use std::error::Error;

use clap::Parser;
use portcullis::Clock;
use portcullis_testkit::TestIssuer;

use crate::app::{READ, WRITE, app};
use crate::options::Options;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let mut options = Options::parse();
    // Without an issuer, one of our own stands in for it: real keys, discovery and all, for as long as this runs.
    let stand_in = match options.issuer {
        Some(_) => None,
        None => Some(TestIssuer::start().await),
    };
    if let Some(issuer) = &stand_in {
        options.stand_in(issuer.url(), issuer.audience());
    }
    let listener = tokio::net::TcpListener::bind(options.listen).await?;
    let url = format!("http://{}", listener.local_addr()?);
    let app = app(&options, &url, Clock::system())?;
    println!("{}", app.route_table());
    match &stand_in {
        Some(issuer) => println!("{}", tour(&url, issuer)),
        None => println!("curl -H \"Authorization: Bearer $TOKEN\" {url}/me"),
    }
    Ok(app.serve(listener).await?)
}

/// What to try, with tokens that work for 15 minutes.
fn tour(url: &str, issuer: &TestIssuer) -> String {
    let token = |subject, scope| {
        let token = issuer.token(subject).scope(scope).expires_in(std::time::Duration::from_secs(900));
        format!("-H 'Authorization: {}'", token.bearer())
    };
    let (writer, reader) = (token("alice", &format!("{READ} {WRITE}")), token("rita", READ));
    format!(
        "The tokens are those of a stand-in for a provider, at {issuer}. Try:

# 401: no token
curl -i {url}/me

# who am I
curl {writer} {url}/me

# 200, and 403 where the scope is missing
curl {writer} {url}/notes
curl -i {reader} -X POST {url}/notes

# 401: the login was too long ago for this, and the challenge says how old it may be
curl -i {writer} -X DELETE {url}/notes/all

# what clients may know
curl {url}/.well-known/oauth-protected-resource
",
        issuer = issuer.url(),
    )
}
