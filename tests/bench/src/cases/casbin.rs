//! casbin: its engine, and the layer that its owners made for axum.

use std::hint::black_box;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Request, State};
use axum::middleware::{Next, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum_casbin::casbin::{CoreApi, DefaultModel, Enforcer, MemoryAdapter, MgmtApi};
use axum_casbin::{CasbinAxumLayer, CasbinVals};
use http::StatusCode;
use tokio::sync::RwLock;
use tower::util::MapRequestLayer;

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::floors::router;
use crate::drive::{PATH, Template, calls, runtime};

pub(super) const CASES: &[Entry] = &[
    ("casbin enforce 10", || enforce(10)),
    ("casbin enforce 100", || enforce(100)),
    ("casbin enforce 1000", || enforce(1_000)),
    ("casbin layer 10", || layer(10)),
    ("casbin layer 100", || layer(100)),
    ("casbin layer 1000", || layer(1_000)),
    ("casbin from_fn 10", || asked_anew(10)),
    ("casbin from_fn 100", || asked_anew(100)),
    ("casbin from_fn 1000", || asked_anew(1_000)),
];

/// Access control lists, as casbin's documentation begins with.
const MODEL: &str = "
[request_definition]
r = sub, obj, act

[policy_definition]
p = sub, obj, act

[policy_effect]
e = some(where (p.eft == allow))

[matchers]
m = r.sub == p.sub && r.obj == p.obj && r.act == p.act
";

/// So many rules, of which the one in the middle allows.
fn rules(number: usize) -> Vec<Vec<String>> {
    let rule = |index: usize| match index == number / 2 {
        true => ["alice".to_owned(), PATH.to_owned()],
        false => [format!("user-{index}"), format!("{PATH}/{index}")],
    };
    (0..number).map(|index| rule(index).into_iter().chain(["GET".to_owned()]).collect()).collect()
}

async fn model() -> DefaultModel {
    DefaultModel::from_str(MODEL).await.expect("a model")
}

async fn enforcer(number: usize) -> Enforcer {
    let mut enforcer = Enforcer::new(model().await, MemoryAdapter::default()).await.expect("an enforcer");
    assert!(enforcer.add_policies(rules(number)).await.expect("rules"));
    enforcer
}

/// The engine alone.
fn enforce(number: usize) -> Case {
    let enforcer = runtime().block_on(enforcer(number));
    Case::new(move |iterations| {
        for _ in 0..iterations {
            let allowed = enforcer.enforce(black_box(("alice", PATH, "GET")));
            assert!(black_box(allowed).expect("a decision"));
        }
    })
}

/// The layer of axum-casbin, which remembers 200 answers by a hash of the question: this one is remembered.
fn layer(number: usize) -> Case {
    let layer = runtime().block_on(async {
        let layer = CasbinAxumLayer::new(model().await, MemoryAdapter::default()).await.expect("a layer");
        assert!(layer.write().await.add_policies(rules(number)).await.expect("rules"));
        layer
    });
    let router = router().layer(layer).layer(MapRequestLayer::new(known));
    calls(router, &Template::anonymous(), StatusCode::OK)
}

/// The same where nothing is remembered, as for a caller or a path that comes for the first time.
fn asked_anew(number: usize) -> Case {
    let enforcer = Arc::new(RwLock::new(runtime().block_on(enforcer(number))));
    let asking = from_fn_with_state(enforcer, ask);
    let router = router().layer(asking).layer(MapRequestLayer::new(known));
    calls(router, &Template::anonymous(), StatusCode::OK)
}

fn known(mut request: Request<Body>) -> Request<Body> {
    let caller = CasbinVals { subject: "alice".to_owned(), domain: None };
    request.extensions_mut().insert(caller);
    request
}

async fn ask(State(enforcer): State<Arc<RwLock<Enforcer>>>, request: Request, next: Next) -> Response {
    let Some(caller) = request.extensions().get::<CasbinVals>() else {
        return StatusCode::UNAUTHORIZED.into_response();
    };
    let question = (caller.subject.as_str(), request.uri().path(), request.method().as_str());
    let allowed = enforcer.read().await.enforce(question);
    match allowed {
        Ok(true) => next.run(request).await,
        Ok(false) => StatusCode::FORBIDDEN.into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
