//! What only an issuer with a server can do.

use std::sync::Arc;

use bytes::Bytes;
use http::Response;
use http_body_util::Full;

use super::fault::ProviderFault;
use super::server::{Documents, Mode, Server};
use super::{Inner, TestIssuer};
use crate::must::must;

impl TestIssuer {
    /// Starts an issuer on a free port of 127.0.0.1, with its discovery documents (both well-known forms) and its
    /// key set, until the last clone is dropped. Needs a tokio runtime.
    ///
    /// ```
    /// # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
    /// use portcullis_testkit::TestIssuer;
    ///
    /// let issuer = TestIssuer::start().await;
    /// assert!(issuer.url().starts_with("http://127.0.0.1:"));
    /// // ... let the code under test discover `issuer.url()`, then:
    /// issuer.rotate(); // new keys, or
    /// issuer.go_down(); // no keys at all
    /// assert_eq!(issuer.requests(), 0);
    /// # });
    /// ```
    pub async fn start() -> Self {
        Self::start_at("").await
    }

    /// Starts an issuer whose identifier has a path, such as `/tenant`.
    pub async fn start_at(path: &str) -> Self {
        let offline = Self::offline("");
        let keys = Arc::clone(&offline.0.keys);
        let mut url = String::new();
        let server = Server::start(|port| {
            url = format!("http://127.0.0.1:{port}{path}");
            let published = Self(Arc::new(Inner {
                url: url.clone(),
                keys,
                server: None,
                clock: offline.0.clock.clone(),
                audience: offline.0.audience.clone(),
                algorithm: offline.0.algorithm,
            }));
            documents(published, path.trim_end_matches('/').to_owned())
        })
        .await;
        offline.with(|inner| {
            inner.url = url;
            inner.server = Some(Arc::new(server));
        })
    }

    /// Closes all connections, also those to come, without an answer.
    pub fn go_down(&self) {
        self.server().set_mode(Mode::Down);
    }

    /// Answers again, after [`go_down`](Self::go_down) or [`hold`](Self::hold).
    pub fn come_up(&self) {
        self.server().set_mode(Mode::Up);
    }

    /// Takes requests, but does not answer them before [`come_up`](Self::come_up).
    pub fn hold(&self) {
        self.server().set_mode(Mode::Holding);
    }

    /// Answers requests to the path with this response from now on.
    pub fn answer(&self, path: &str, response: Response<impl Into<Bytes>>) {
        self.server().script(path, response.map(|body| Full::new(body.into())));
    }

    /// Answers requests to the path with this status, content type and body from now on. A status or content type
    /// that HTTP does not have ends the test.
    #[track_caller]
    pub fn answer_with(&self, path: &str, status: u16, content_type: &str, body: impl Into<Bytes>) {
        let response = Response::builder().status(status).header("content-type", content_type);
        self.answer(path, must(response.body(body), "this is no response"));
    }

    /// Fails in this way to answer requests to the path from now on.
    pub fn fail(&self, path: &str, fault: ProviderFault) {
        self.server().fail(path, fault);
    }

    /// Answers as at the start.
    pub fn answer_as_usual(&self) {
        self.server().unscript();
    }

    /// How many requests arrived.
    #[must_use]
    pub fn requests(&self) -> usize {
        self.server().requests()
    }

    /// How many requests to the path arrived.
    #[must_use]
    pub fn requests_to(&self, path: &str) -> usize {
        self.server().requests_to(path)
    }

    /// How many requests were answered with 304, because they had the entity tag of the document that they asked for.
    #[must_use]
    pub fn unchanged_answers(&self) -> usize {
        self.server().unchanged()
    }

    /// Waits until that many requests have arrived.
    pub async fn wait_for_requests(&self, count: usize) {
        self.server().wait_for_requests(count).await;
    }

    #[track_caller]
    fn server(&self) -> &Server {
        must(self.0.server.as_deref().ok_or("it is offline"), "this issuer has no server")
    }
}

fn documents(issuer: TestIssuer, tenant: String) -> Documents {
    Box::new(move |path| {
        // OpenID Connect Discovery §4 appends, RFC 8414 §3.1 inserts.
        let is_discovery = path.strip_prefix(tenant.as_str()) == Some("/.well-known/openid-configuration")
            || path.strip_prefix("/.well-known/oauth-authorization-server") == Some(tenant.as_str());
        if is_discovery {
            Some(issuer.discovery_json())
        } else if path.strip_prefix(tenant.as_str()) == Some("/jwks.json") {
            Some(issuer.jwks_json())
        } else {
            None
        }
    })
}
