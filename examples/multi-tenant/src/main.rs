//! `cargo run -p multi-tenant`: see README.md.
#![expect(clippy::print_stdout, reason = "it is a command line program")]

use std::error::Error;

use multi_tenant::{Limits, app, issuer, tour};
use portcullis::Clock;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:8083".to_owned());
    let issuer = issuer();
    let app = app(&issuer.jwks_json(), Clock::system(), Limits::default())?;
    let listener = tokio::net::TcpListener::bind(address).await?;
    println!("{}", app.route_table());
    println!("{}", tour(&format!("http://{}", listener.local_addr()?), &issuer));
    Ok(app.serve(listener).await?)
}
