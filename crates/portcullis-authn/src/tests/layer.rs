use std::convert::Infallible;

use bytes::Bytes;
use http::{HeaderValue, Request, Response, header};
use http_body_util::{BodyExt, Full};
use portcullis_core::{AttemptGuard, Rendered, Trail};
use tower::{ServiceBuilder, ServiceExt, service_fn};

use super::*;
use crate::testing::{RecordingGuard, basic};
use crate::{AuthenticationLayer, Basic, Requirement, StaticUsers, insecure_fast_hash};

async fn whoami(request: Request<()>) -> Result<Response<Full<Bytes>>, Infallible> {
    let trail = Trail::of(request.extensions()).unwrap();
    let who = trail.principal().map_or("nobody", Principal::subject).to_owned();
    Ok(Response::new(Full::from(who)))
}

async fn call<F>(layer: AuthenticationLayer<F>, value: Option<&str>) -> Response<String>
where
    F: portcullis_core::BodyFrom<Full<Bytes>>,
{
    let service = ServiceBuilder::new().layer(layer).service(service_fn(whoami));
    let mut request = Request::new(());
    if let Some(value) = value {
        request.headers_mut().insert(header::AUTHORIZATION, value.parse().unwrap());
    }
    let (parts, body) = service.oneshot(request).await.unwrap().into_parts();
    let content = body.collect().await.unwrap().to_bytes();
    Response::from_parts(parts, String::from_utf8(content.to_vec()).unwrap())
}

fn layer(requirement: Requirement) -> AuthenticationLayer {
    AuthenticationLayer::new(every_shape().default_set(requirement).unwrap())
}

#[tokio::test]
async fn passes_known_callers_now_or_later() {
    for value in ["Bearer a.b.c", "Bearer slow.b.c"] {
        let response = call(layer(Requirement::Required), Some(value)).await;
        assert_eq!((response.status().as_u16(), response.body().as_str()), (200, "jwt"));
    }
    let response = call(layer(Requirement::Optional), None).await;
    assert_eq!((response.status().as_u16(), response.body().as_str()), (200, "nobody"));
}

/// A1.7 and A1.8, RFC 6750 §3; A1.14: nothing of the token is in the answer.
#[tokio::test]
async fn refuses_with_a_problem_and_challenges() {
    let response = call(layer(Requirement::Required), None).await;
    assert_eq!(response.status(), 401);
    assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
    assert_eq!(response.headers().get_all(header::WWW_AUTHENTICATE).iter().count(), 4);
    assert!(!format!("{:?}", response.headers()).contains("error="));

    let refused = call(layer(Requirement::Required), Some("Bearer s3cr3t.b.bad")).await;
    assert_eq!(refused.status(), 401);
    assert!(!format!("{refused:?}").contains("s3cr3t"), "{refused:?}");
}

#[tokio::test]
async fn a_renderer_shapes_the_body_and_nothing_else() {
    let text = HeaderValue::from_static("text/plain");
    let layer = layer(Requirement::Required)
        .with_renderer(move |denial: &Denial, _: &_| Rendered::new(text.clone(), denial.reason().code()))
        .with_body(|content: Bytes| Full::new(content))
        .with_clock(Clock::system());
    let response = call(layer, None).await;
    assert_eq!((response.status().as_u16(), response.body().as_str()), (401, "missing_credentials"));
    assert!(response.headers().contains_key(header::WWW_AUTHENTICATE));
}

#[tokio::test]
async fn a_guard_limits_attempts_between_parsing_and_verifying() {
    let hash = insecure_fast_hash("right").unwrap();
    let users = StaticUsers::builder().user("alice", hash.expose(), principal("alice")).build().unwrap();
    let schemes = builder().scheme("password", Basic::new(users)).build().unwrap();
    let guard = Arc::new(RecordingGuard { refuses: true, ..RecordingGuard::default() });
    let shared: Arc<dyn AttemptGuard> = guard.clone();
    let route = schemes.default_set(Requirement::Required).unwrap();
    let layer = AuthenticationLayer::limiting_attempts(route, shared);

    let response = call(layer.clone(), Some(&basic("alice", "right"))).await;
    assert_eq!(response.status(), 429);
    assert_eq!(guard.seen(), ["before password alice"]);
    assert_eq!(call(layer, Some("Basic !")).await.status(), 400);
    assert_eq!(guard.seen().len(), 1);
}

/// The values of `Cache-Control` in the answer to a request with that field, from a handler that sets its own.
async fn cache_control(sent: (&'static str, &str), own: Option<&'static str>) -> Vec<String> {
    let handler = service_fn(move |_: Request<()>| async move {
        let mut response = Response::new(Bytes::new());
        if let Some(own) = own {
            response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static(own));
        }
        Ok::<_, Infallible>(response)
    });
    let service = ServiceBuilder::new().layer(layer(Requirement::Optional)).service(handler);
    let mut request = Request::new(());
    request.headers_mut().insert(sent.0, sent.1.parse().unwrap());
    let response = service.oneshot(request).await.unwrap();
    let values = response.headers().get_all(header::CACHE_CONTROL).iter();
    values.map(|value| value.to_str().unwrap().to_owned()).collect()
}

/// RFC 9111 §3.5 keeps shared caches from answers to requests with `Authorization`, and from no others.
#[tokio::test]
async fn answers_to_a_credential_in_a_header_of_its_own_are_private() {
    for credential in ["good", "slow and good"] {
        assert_eq!(cache_control(("x-api-key", credential), None).await, ["private"], "{credential}");
    }
    for own in ["no-store", "public, max-age=60"] {
        assert_eq!(cache_control(("x-api-key", "good"), Some(own)).await, [own]);
    }
    // A refusal is stored by nobody; the protocol protects the rest; what is public stays so.
    assert_eq!(cache_control(("x-api-key", "bad"), None).await, ["no-store"]);
    assert_eq!(cache_control(("authorization", "Bearer a.b.c"), None).await, [""; 0]);
    assert_eq!(cache_control(("accept", "*/*"), None).await, [""; 0]);
}
