//! The shortest useful program: an API key, a scope, a limit, an audit trail.

use portcullis::prelude::*;

async fn hello(caller: Principal) -> String {
    format!("hello {}\n", caller.subject())
}

fn app(keys: ApiKeySet) -> Result<App, ConfigErrors> {
    let security = Security::builder()
        .scheme("key", ApiKeys::bearer("demo_").keys(keys))
        .limit(per(client_ip()).requests(100).every(MINUTE))
        .audit(JsonLines::to_writer(std::io::stdout()))
        .build()?;
    let routes = Routes::new()
        .route("/health", get(async || "ok\n").public("load balancer probe"))
        .route("/hello", get(hello).requires(scope("hello:read")));
    SecureRouter::new(security).mount(routes).finish()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let alice = Principal::builder("alice", CredentialMethod::ApiKey).scopes(Scopes::parse("hello:read")?);
    let (secret, key) = ApiKey::generate("demo_", "alice-1", alice.build())?;
    let app = app(ApiKeySet::new([key])?)?;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8081").await?;
    let key = String::from_utf8_lossy(secret.expose());
    println!("{}\ncurl -H 'Authorization: Bearer {key}' http://127.0.0.1:8081/hello", app.route_table());
    Ok(app.serve(listener).await?)
}

#[cfg(test)]
mod tests;
