//! Requests, and services that are called with them on a runtime of one thread.

use std::convert::Infallible;
use std::future::poll_fn;
use std::hint::black_box;
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4};

use axum::body::Body;
use axum::extract::ConnectInfo;
use http::header::{AUTHORIZATION, HOST};
use http::{HeaderValue, Request, Response, StatusCode, Uri};
use portcullis::core::ConnectionFacts;
use tokio::runtime::{Builder, Runtime};
use tower::Service;

use crate::case::Case;

/// The path of every request.
pub(crate) const PATH: &str = "/documents";

const PEER: SocketAddr = SocketAddr::V4(SocketAddrV4::new(Ipv4Addr::LOCALHOST, 40_000));

/// What every request of a case looks like. Each has `Host` and knows its peer, as a server would have it.
#[derive(Clone, Default)]
pub(crate) struct Template {
    authorization: Option<HeaderValue>,
    proof: Option<HeaderValue>,
    peer: Peer,
}

/// In which form a request knows its peer.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Peer {
    /// As axum leaves it.
    #[default]
    ConnectInfo,
    /// As axum leaves it, and as a layer that stands alone reads it.
    Both,
    /// As a layer reads it, and as a server without axum has it.
    Facts,
}

impl Template {
    /// A request without a credential.
    pub(crate) fn anonymous() -> Self {
        Self::default()
    }

    /// A request with this `Authorization`.
    pub(crate) fn with(authorization: &str) -> Self {
        let value = HeaderValue::from_str(authorization).expect("a credential is a field value");
        Self { authorization: Some(value), ..Self::default() }
    }

    /// The same with this DPoP proof.
    pub(crate) fn proving(self, proof: &str) -> Self {
        let value = HeaderValue::from_str(proof).expect("a proof is a field value");
        Self { proof: Some(value), ..self }
    }

    /// The same, as it arrives where no `App` reads the connect info: at a layer that stands alone.
    pub(crate) fn with_facts(self) -> Self {
        Self { peer: Peer::Both, ..self }
    }

    /// The same, as it arrives from a server that is not axum's.
    pub(crate) fn without_axum(self) -> Self {
        Self { peer: Peer::Facts, ..self }
    }

    pub(crate) fn request(&self) -> Request<Body> {
        let mut request = Request::new(Body::empty());
        *request.uri_mut() = Uri::from_static(PATH);
        request.headers_mut().insert(HOST, HeaderValue::from_static("api.example.com"));
        if let Some(authorization) = &self.authorization {
            request.headers_mut().insert(AUTHORIZATION, authorization.clone());
        }
        if let Some(proof) = &self.proof {
            request.headers_mut().insert("dpop", proof.clone());
        }
        if self.peer != Peer::Facts {
            request.extensions_mut().insert(ConnectInfo(PEER));
        }
        if self.peer != Peer::ConnectInfo {
            request.extensions_mut().insert(ConnectionFacts::plain(PEER));
        }
        request
    }
}

/// Calls a service with requests of the template; each must be answered with the status.
pub(crate) fn calls<S, B>(service: S, template: &Template, status: StatusCode) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: 'static,
{
    let (mut service, template, runtime) = (service, template.clone(), runtime());
    Case::new(move |iterations| {
        runtime.block_on(async {
            for _ in 0..iterations {
                assert_eq!(answer(&mut service, &template).await, status);
            }
        });
    })
}

/// The same with a first request that is admitted, whatever comes after it.
pub(crate) fn calls_after_one<S, B>(mut service: S, template: &Template, status: StatusCode) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: 'static,
{
    assert_eq!(runtime().block_on(answer(&mut service, template)), StatusCode::OK);
    calls(service, template, status)
}

/// A runtime of the calling thread.
pub(crate) fn runtime() -> Runtime {
    Builder::new_current_thread().build().expect("a runtime")
}

pub(crate) async fn answer<S, B>(service: &mut S, template: &Template) -> StatusCode
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
{
    let Ok(()) = poll_fn(|cx| service.poll_ready(cx)).await;
    let Ok(response) = service.call(template.request()).await;
    black_box(&response).status()
}
