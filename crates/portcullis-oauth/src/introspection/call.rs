//! One call to the endpoint.

use http::header::{ACCEPT, CONTENT_TYPE};
use http::{HeaderValue, Method, Request};
use portcullis_client::OutboundClient;
use portcullis_core::{Clock, Denial, Secret};

use super::answer::Expectation;
use super::client_authentication::ClientAuthentication;
use super::endpoint::Endpoint;
use super::error::{IntrospectionError, Kind};
use crate::form::{self, FORM};
use crate::token::Verified;

/// Asks the issuer.
pub(super) struct Caller {
    pub(super) client: OutboundClient,
    pub(super) endpoint: Endpoint,
    pub(super) authentication: ClientAuthentication,
    pub(super) expected: Expectation,
    pub(super) clock: Clock,
}

/// What the issuer said.
pub(super) struct Said {
    pub(super) answer: Result<Verified, Denial>,
    /// How long the text was.
    pub(super) octets: usize,
}

impl Caller {
    pub(super) async fn ask(&self, token: &Secret) -> Result<Said, IntrospectionError> {
        let uri = self.endpoint.locate(&self.client, &self.clock).await?;
        let mut request = Request::new(bytes::Bytes::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = uri;
        let headers = request.headers_mut();
        headers.insert(ACCEPT, HeaderValue::from_static(self.expected.media_type()));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FORM));
        let mut form = String::new();
        let token = std::str::from_utf8(token.expose()).map_err(|_| Kind::Assertion)?;
        form::push(&mut form, "token", token);
        form::push(&mut form, "token_type_hint", "access_token");
        let issuer = &self.expected.rules.identifier;
        self.authentication.add_to(headers, &mut form, issuer, self.clock.unix_time())?;
        *request.body_mut() = form.into();
        let fetched = self.client.send(request).await?;
        let answer = self.expected.read(&fetched, self.clock.unix_time()).await?;
        Ok(Said { answer, octets: fetched.body.len() })
    }
}
