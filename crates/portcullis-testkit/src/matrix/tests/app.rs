//! An application of four routes, with or without a flaw.

use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};
use portcullis_core::{ConnectionFacts, Denial, Explanation, Finding, Reason, Refuse, RefusedRequest};
use tower_service::Service;

/// What is wrong with the application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flaw {
    /// Every owner is asked for, but only of nobody.
    AnswersEveryone,
    /// The handler itself says 404, without a guard.
    BareNotFound,
    /// DELETE in a field of the request makes a GET one.
    FollowsOverrides,
    Hangs,
    None,
    Fails,
    /// Takes PUT and answers as GET does.
    TakesPut,
    /// A refused resource is answered 403.
    TellsByStatus,
    /// A refused resource has a field that an absent one has not.
    TellsByField,
    /// A refused resource has another body.
    TellsByBody,
    /// What is refused for want of a credential, and what is hidden, is not explained to the audit.
    Unexplained,
}

type Answer = Response<Full<Bytes>>;

pub(super) fn app(
    flaw: Flaw,
) -> impl Service<Request<Full<Bytes>>, Response = Answer, Error = Infallible> + Clone + 'static {
    tower::service_fn(move |request: Request<Full<Bytes>>| async move {
        if flaw == Flaw::Hangs {
            std::future::pending::<()>().await;
        }
        Ok(answer(flaw, request).await)
    })
}

async fn answer(flaw: Flaw, request: Request<Full<Bytes>>) -> Answer {
    assert!(request.extensions().get::<ConnectionFacts>().unwrap().peer.unwrap().ip().is_loopback());
    let refused = RefusedRequest::of(&request);
    let is_bare = move |reason| {
        let bare = [Reason::MissingCredentials, Reason::ResourceHidden];
        flaw == Flaw::Unexplained && bare.contains(&reason)
    };
    let refuse = |reason| {
        let denial = Denial::new(reason);
        let denial = if is_bare(reason) { denial } else { denial.explained("since it is so") };
        Refuse::default().response(denial, &refused)
    };
    let (head, body) = request.into_parts();
    let user = head.headers.get("x-user").and_then(|user| user.to_str().ok());
    let overridden = head.headers.get("x-http-method-override").filter(|_| flaw == Flaw::FollowsOverrides);
    let method = overridden.and_then(|name| name.to_str().ok()?.parse().ok()).unwrap_or(head.method);
    let document = head.uri.path().strip_prefix("/documents/");
    match (&method, head.uri.path(), document) {
        (&Method::GET, "/health", _) => status(200),
        (&Method::POST, "/documents", _) => match user {
            None => refuse(Reason::MissingCredentials),
            Some("alice") => match &*body.collect().await.unwrap().to_bytes() {
                b"" => refuse(Reason::MalformedRequest),
                b"secret" => refuse(Reason::PolicyDenied),
                _ => status(201),
            },
            Some(_) => {
                let tree = Explanation::new("all of", Finding::Fails)
                    .part(Explanation::new("scope(documents:write)", Finding::Fails).decisive());
                let denial = Denial::new(Reason::InsufficientScope).with_explanation(tree);
                Refuse::default().response(denial, &refused)
            }
        },
        (_, "/documents" | "/health", _) => refuse(Reason::MethodNotAllowed),
        (&Method::PUT, _, Some(_)) if flaw == Flaw::TakesPut => status(200),
        (&Method::GET | &Method::DELETE, _, Some(id)) => match (user, id) {
            _ if flaw == Flaw::AnswersEveryone => status(200),
            _ if flaw == Flaw::Fails => refuse(Reason::StoreUnavailable),
            (None, _) => refuse(Reason::MissingCredentials),
            (Some("alice"), "1") => status(if method == Method::GET { 200 } else { 204 }),
            (Some(_), "1") => hidden(flaw, &refuse),
            _ => refuse(Reason::ResourceNotFound),
        },
        (_, _, Some(_)) => refuse(Reason::MethodNotAllowed),
        _ => refuse(Reason::RouteNotFound),
    }
}

fn hidden(flaw: Flaw, refuse: &dyn Fn(Reason) -> Answer) -> Answer {
    let mut answer =
        refuse(if flaw == Flaw::TellsByStatus { Reason::PolicyDenied } else { Reason::ResourceHidden });
    match flaw {
        Flaw::BareNotFound => return status(404),
        Flaw::TellsByBody => *answer.body_mut() = Full::from("not yours"),
        Flaw::TellsByField => {
            answer.headers_mut().insert("x-owner", HeaderValue::from_static("alice"));
        }
        _ => {}
    }
    answer
}

fn status(status: u16) -> Answer {
    let mut answer = Response::new(Full::from("ok"));
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    answer
}
