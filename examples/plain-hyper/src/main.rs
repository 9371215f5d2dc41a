//! Portcullis on bare hyper: a list of routes is the only authority, and the program dispatches by the row found.

mod app;
mod serve;

use std::error::Error;

use portcullis::prelude::*;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let reader = Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("notes:read")?);
    let (secret, key) = ApiKey::generate("notes_", "alice-1", reader.build())?;
    let security = app::security(ApiKeySet::new([key])?)?;
    let notes = app::notes(&security)?;
    let listener = TcpListener::bind("127.0.0.1:8082").await?;
    let key = String::from_utf8_lossy(secret.expose());
    println!("{}", app::routes().table());
    println!("curl -H 'X-Api-Key: {key}' http://127.0.0.1:8082/notes/1");
    let served = serve::serve(listener, notes, &security, tokio::signal::ctrl_c()).await;
    // No request is in flight any more: every event is there to be written.
    security.drain(serve::SHUTDOWN_DEADLINE).await?;
    Ok(served?)
}
