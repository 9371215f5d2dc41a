//! Portcullis on bare hyper: a list of routes is the only authority, and the program dispatches by the row found.

mod app;

use std::error::Error;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto::Builder;
use hyper_util::service::TowerToHyperService;
use portcullis::core::ConnectionFacts;
use portcullis::prelude::*;
use tokio::net::TcpListener;
use tower::ServiceExt;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let reader = Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("notes:read")?);
    let (secret, key) = ApiKey::generate("notes_", "alice-1", reader.build())?;
    let service = app::notes(ApiKeySet::new([key])?)?;
    let listener = TcpListener::bind("127.0.0.1:8082").await?;
    let key = String::from_utf8_lossy(secret.expose());
    println!("{}", app::routes().table());
    println!("curl -H 'X-Api-Key: {key}' http://127.0.0.1:8082/notes/1");
    loop {
        let (stream, peer) = listener.accept().await?;
        // The server says who is at the other end; without it, nobody is believed to be anybody.
        let service =
            service.clone().map_request(move |mut request: http::Request<hyper::body::Incoming>| {
                request.extensions_mut().insert(ConnectionFacts::plain(peer));
                request
            });
        tokio::spawn(async move {
            let builder = Builder::new(TokioExecutor::new());
            let service = TowerToHyperService::new(service);
            if let Err(error) = builder.serve_connection(TokioIo::new(stream), service).await {
                eprintln!("connection ended: {error}");
            }
        });
    }
}
