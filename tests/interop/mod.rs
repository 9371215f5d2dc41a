//! The documents example between programs that others wrote: `oidc-provider` issues the tokens, `openid-client`, `dpop`,
//! `oauth4webapi` and Authlib send them, `oauth4webapi` and joserfc judge them beside us.
//!
//! `node/` and `python/` hold the scripts and the pinned packages; `cargo xtask test` installs them. Where they are not
//! installed, these tests say so and pass.

mod files;
mod partner;

mod askers;
mod bound;
mod certificates;
mod logins;
mod logout;
mod metadata;
mod opaque;
mod signed;

use documents_api::Options;
use serde_json::{Value, json};

use self::partner::{Partner, Provider};
use crate::support::documents::Documents;

/// What tokens are for when they are signed with ES256.
const SIGNED: &str = "https://documents.example/jwt/ES256";

/// The documents example, the provider that it believes, and clients of both.
struct World {
    documents: Documents,
    provider: Provider,
    client: Partner,
}

impl World {
    /// `None`, visibly, where the partners are not installed.
    async fn start() -> Option<Self> {
        Self::with(SIGNED, |_| {}).await
    }

    /// For tokens of that audience, with other options of the example.
    async fn with(audience: &str, change: impl FnOnce(&mut Options)) -> Option<Self> {
        if !partner::at_hand() {
            return None;
        }
        let provider = Provider::start().await;
        let documents = Documents::with(|options, _| {
            options.issuer = Some(provider.issuer.parse().unwrap());
            options.audience = Some(audience.to_owned());
            change(options);
        })
        .await;
        Some(Self { documents, provider, client: Partner::node("client.mjs", &[]) })
    }

    /// A token of the client credentials grant.
    async fn token(&mut self, with: Value) -> String {
        let mut with = with;
        with["issuer"] = self.provider.issuer.clone().into();
        let defaults = [("resource", SIGNED), ("scope", "documents:read")];
        for (name, value) in defaults {
            if with.get(name).is_none() {
                with[name] = value.into();
            }
        }
        self.client.ask("token", with).await["token"].as_str().unwrap().to_owned()
    }

    /// A request by openid-client.
    async fn fetch(&mut self, path: &str, token: &str, mut with: Value) -> Value {
        with["issuer"] = self.provider.issuer.clone().into();
        with["token"] = token.into();
        with["url"] = self.url(path).into();
        self.documents.count(1);
        self.client.ask("fetch", with).await
    }

    fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.documents.address)
    }

    async fn status(&mut self, path: &str, token: &str) -> Value {
        self.fetch(path, token, json!({})).await["status"].clone()
    }
}
