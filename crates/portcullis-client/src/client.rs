use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, IF_NONE_MATCH};
use http::{HeaderMap, Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_rustls::HttpsConnector;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use portcullis_core::ConfigErrors;

use crate::address::{CheckedResolver, Networks};
use crate::builder::{MAX_HEADER_OCTETS, OutboundClientBuilder};
use crate::error::{ClientError, Kind};

pub(crate) type Inner = Client<HttpsConnector<HttpConnector<CheckedResolver>>, Full<Bytes>>;

/// Asks other servers, within limits. See the crate's docs. Clones share their connections.
#[derive(Clone)]
pub struct OutboundClient {
    inner: Arc<Inner>,
    limits: Limits,
    has_identity: bool,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Limits {
    pub(crate) deadline: Duration,
    pub(crate) max_body: usize,
    pub(crate) loopback_http: bool,
    pub(crate) plain_http: bool,
    pub(crate) networks: Networks,
}

/// The whole answer of another server.
#[derive(Clone)]
#[non_exhaustive]
pub struct Fetched {
    /// The status: never 3xx, but 304 where the request had a condition.
    pub status: StatusCode,
    /// The header fields.
    pub headers: HeaderMap,
    /// The body, at most as large as the client's cap.
    pub body: Bytes,
}

impl OutboundClient {
    /// A client with the default limits. Reads the system's root certificates.
    ///
    /// # Errors
    /// `P609` if the system has none.
    pub fn new() -> Result<Self, ConfigErrors> {
        Self::builder().build()
    }

    /// Starts a client with limits of one's own.
    pub fn builder() -> OutboundClientBuilder {
        OutboundClientBuilder::new()
    }

    pub(crate) fn of(inner: Arc<Inner>, limits: Limits, has_identity: bool) -> Self {
        Self { inner, limits, has_identity }
    }

    /// Whether it has a certificate to prove itself with.
    #[must_use]
    pub fn has_identity(&self) -> bool {
        self.has_identity
    }

    /// Whether the URL may be asked at all, as far as its text tells.
    ///
    /// # Errors
    /// [`ClientError::is_refused`].
    pub fn check(&self, uri: &Uri) -> Result<(), ClientError> {
        let refuse = |why| Err(ClientError::new(uri, Kind::Refused(why)));
        let Some(authority) = uri.authority() else { return refuse("the url is not absolute") };
        if authority.as_str().contains('@') {
            return refuse("the url has a user name");
        }
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        let address: Option<IpAddr> = host.parse().ok();
        let is_loopback = host.eq_ignore_ascii_case("localhost") || address.is_some_and(|a| a.is_loopback());
        match uri.scheme_str() {
            Some("https") => {}
            Some("http") if is_loopback && self.limits.loopback_http => {}
            Some("http") if !is_loopback && self.limits.plain_http => {}
            Some("http") if is_loopback => {
                return refuse("plain http is not allowed, not even to this machine");
            }
            _ => return refuse("the url is not https"),
        }
        if address.is_some_and(|address| !self.limits.networks.admit(address)) {
            return refuse("the address is in a network that may not be reached");
        }
        Ok(())
    }

    /// Asks for the URL.
    ///
    /// # Errors
    /// [`ClientError`] if the URL is refused, nothing answers, the answer is a redirect or too large, or the
    /// deadline passes. 304 is an answer if the fields hold `If-None-Match`, and else a redirect too.
    pub async fn get(&self, uri: &Uri, headers: HeaderMap) -> Result<Fetched, ClientError> {
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::GET;
        *request.uri_mut() = uri.clone();
        *request.headers_mut() = headers;
        self.send(request).await
    }

    /// Sends the request.
    ///
    /// # Errors
    /// As [`get`](Self::get).
    pub async fn send(&self, request: Request<Bytes>) -> Result<Fetched, ClientError> {
        let uri = request.uri().clone();
        self.check(&uri)?;
        let exchange = self.exchange(&uri, request.map(Full::new));
        match tokio::time::timeout(self.limits.deadline, exchange).await {
            Ok(answer) => answer,
            Err(_) => Err(ClientError::new(&uri, Kind::Timeout(self.limits.deadline))),
        }
    }

    async fn exchange(&self, uri: &Uri, request: Request<Full<Bytes>>) -> Result<Fetched, ClientError> {
        // RFC 9110 §15.4.5: 304 answers a condition, and redirects nobody.
        let conditional = request.headers().contains_key(IF_NONE_MATCH);
        let answer =
            self.inner.request(request).await.map_err(|error| ClientError::of_request(uri, error))?;
        let (head, body) = answer.into_parts();
        let not_modified = conditional && head.status == StatusCode::NOT_MODIFIED;
        if head.status.is_redirection() && !not_modified {
            return Err(ClientError::new(uri, Kind::Redirected(head.status)));
        }
        if octets(&head.headers) > MAX_HEADER_OCTETS {
            return Err(ClientError::new(uri, Kind::HeadTooLarge));
        }
        if declared_length(&head.headers).is_some_and(|length| length > self.limits.max_body as u64) {
            return Err(ClientError::new(uri, Kind::TooLarge(self.limits.max_body)));
        }
        let body = self.collect(uri, body).await?;
        Ok(Fetched { status: head.status, headers: head.headers, body })
    }

    async fn collect(&self, uri: &Uri, body: Incoming) -> Result<Bytes, ClientError> {
        let cap = self.limits.max_body;
        match Limited::new(body, cap).collect().await {
            Ok(whole) => Ok(whole.to_bytes()),
            Err(error) if error.is::<http_body_util::LengthLimitError>() => {
                Err(ClientError::new(uri, Kind::TooLarge(cap)))
            }
            Err(error) => Err(ClientError::new(uri, Kind::Broken(error))),
        }
    }
}

/// The connection's buffer stops a head somewhere between the cap and twice of it; this makes the cap exact.
fn octets(headers: &HeaderMap) -> usize {
    headers.iter().map(|(name, value)| name.as_str().len() + value.len() + ": \r\n".len()).sum()
}

fn declared_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

impl fmt::Debug for OutboundClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OutboundClient").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl fmt::Debug for Fetched {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Neither fields nor body: both may carry secrets.
        f.debug_struct("Fetched")
            .field("status", &self.status.as_u16())
            .field("octets", &self.body.len())
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
