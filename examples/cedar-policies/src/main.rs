//! Documents guarded by Cedar policies, which are files and may change while it serves.

mod app;
mod documents;
mod keys;

use std::io;
use std::path::Path;

use portcullis::cedar::Cedar;
use portcullis::prelude::*;

use crate::app::app;
use crate::documents::Documents;
use crate::keys::Keys;

/// The policies of this example, wherever it is started from.
const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    tracing_subscriber::fmt().with_writer(io::stderr).init();
    let folder = std::env::args().nth(1).unwrap_or_else(|| POLICIES.to_owned());
    let cedar = Cedar::builder().directory(Path::new(&folder)).build()?;
    println!("policies: {}", cedar.policy_ids().join(", "));

    let keys = Keys::generate()?;
    let audit = JsonLines::to_writer(io::stdout());
    let app = app(cedar, Documents::demo(), keys.set, audit)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8084").await?;
    println!("{}", app.route_table());
    for (name, secret) in keys.secrets {
        println!("{name}: curl -H 'Authorization: Bearer {secret}' http://127.0.0.1:8084/documents/1");
    }
    let stop = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    // Serving looks after the policies: the engine is a dependency of `Security`.
    Ok(app.serve(listener).with_graceful_shutdown(stop).await?)
}
