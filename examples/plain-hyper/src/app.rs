//! The application: its routes, and a service without a router.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderName, Method, Request, Response};
use http_body_util::Full;
use portcullis::MatchedRoute;
use portcullis::authz::PathParameters;
use portcullis::core::{Denial, Reason, Refuse, RefusedRequest};
use portcullis::prelude::*;
use tower::util::{BoxCloneSyncService, service_fn};

pub(crate) fn routes() -> RouteList {
    RouteList::new()
        .route(Method::GET, "/health", "health", RoutePolicy::public("load balancer probe"))
        .route(Method::GET, "/notes/{id}", "show", RoutePolicy::requires(scope("notes:read")))
}

pub(crate) type Notes<B> = BoxCloneSyncService<Request<B>, Response<Full<Bytes>>, Infallible>;

pub(crate) fn security(keys: ApiKeySet) -> Result<Security, ConfigErrors> {
    Security::builder()
        .realm("notes")
        .scheme("key", ApiKeys::header(HeaderName::from_static("x-api-key")).keys(keys))
        .limit(per(client_ip()).requests(100).every(MINUTE))
        .audit(JsonLines::to_writer(std::io::stdout()))
        .build()
}

/// The whole application behind its security, for bodies of any type.
pub(crate) fn notes<B: Send + 'static>(security: &Security) -> Result<Notes<B>, ConfigErrors> {
    Ok(BoxCloneSyncService::new(security.protect(&routes(), service_fn(dispatch::<B>))?))
}

/// Dispatches by the row of the list that was found: a path that is looked at twice can be read in two ways.
async fn dispatch<B>(request: Request<B>) -> Result<Response<Full<Bytes>>, Infallible> {
    let route = request.extensions().get::<MatchedRoute>().map(MatchedRoute::name);
    Ok(match route {
        Some("health") => Response::new("ok\n".into()),
        Some("show") => show(&request),
        _ => refused(Denial::misconfigured("a route is in the list, but not in the program"), &request),
    })
}

fn show<B>(request: &Request<B>) -> Response<Full<Bytes>> {
    let id = request.extensions().get::<PathParameters>().and_then(|parameters| parameters.get("id"));
    match id {
        Some("1") => Response::new("the first note\n".into()),
        _ => refused(Denial::new(Reason::ResourceNotFound), request),
    }
}

fn refused<B>(denial: Denial, request: &Request<B>) -> Response<Full<Bytes>> {
    Refuse::new().response(denial, &RefusedRequest::of(request))
}

#[cfg(test)]
mod tests {
    use http::StatusCode;
    use portcullis::RouteTable;
    use tower::ServiceExt;

    use super::*;

    #[test]
    fn nothing_about_the_routes_is_worth_a_warning() {
        let security = security(ApiKeySet::new([]).unwrap()).unwrap();
        let mut table = RouteTable::of(&security);
        for row in routes().table().rows() {
            table.add(row.method.clone(), &row.path, row.policy.clone(), &row.handler);
        }
        assert!(table.advice().is_empty(), "{:?}", table.advice());
    }

    #[tokio::test]
    async fn the_list_of_routes_is_the_only_authority() {
        let reader = Principal::builder("alice", CredentialMethod::ApiKey)
            .scopes(Scopes::parse("notes:read").unwrap());
        let (secret, key) = ApiKey::generate("notes_", "alice-1", reader.build()).unwrap();
        let security = security(ApiKeySet::new([key]).unwrap()).unwrap();
        let service = notes::<()>(&security).unwrap();
        let status = async |method: Method, path: &str, with_key: bool| {
            let mut request = Request::builder().method(method).uri(path);
            if with_key {
                request = request.header("x-api-key", secret.expose());
            }
            service.clone().oneshot(request.body(()).unwrap()).await.unwrap().status()
        };
        assert_eq!(status(Method::GET, "/health", false).await, StatusCode::OK);
        assert_eq!(status(Method::GET, "/notes/1", true).await, StatusCode::OK);
        assert_eq!(status(Method::GET, "/notes/2", true).await, StatusCode::NOT_FOUND);
        assert_eq!(status(Method::GET, "/notes/1", false).await, StatusCode::UNAUTHORIZED);
        assert_eq!(status(Method::DELETE, "/notes/1", true).await, StatusCode::METHOD_NOT_ALLOWED);
        assert_eq!(status(Method::GET, "/notes", true).await, StatusCode::NOT_FOUND);
    }
}
