//! What requests depend on is kept up while the server runs, and no longer.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use portcullis_audit::TracingSink;
use portcullis_authn::{ApiKeySet, ApiKeys, IntoScheme, SchemeContext, SchemeParts};
use portcullis_axum::{Routes, SecureRouter, get};
use portcullis_core::{ConfigErrors, Readiness, Wait};
use portcullis_stack::Security;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// Ready once its upkeep has run; says when its upkeep begins and ends.
struct Keys {
    fetched: AtomicBool,
    log: mpsc::UnboundedSender<&'static str>,
}

struct KeysOf(Arc<Keys>);

struct Ends(mpsc::UnboundedSender<&'static str>);

impl Drop for Ends {
    fn drop(&mut self) {
        let _ = self.0.send("ends");
    }
}

impl Readiness for KeysOf {
    fn name(&self) -> &str {
        "keys of https://issuer.example"
    }

    fn is_ready(&self) -> bool {
        self.0.fetched.load(Ordering::SeqCst)
    }

    fn upkeep(&self) -> Option<Wait<()>> {
        let keys = Arc::clone(&self.0);
        Some(Box::pin(async move {
            let _ends = Ends(keys.log.clone());
            keys.fetched.store(true, Ordering::SeqCst);
            keys.log.send("begins").unwrap();
            std::future::pending::<()>().await;
        }))
    }
}

/// A scheme that needs the keys.
struct Scheme(Arc<Keys>);

impl IntoScheme for Scheme {
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        let keys = ApiKeys::bearer("demo_").keys(ApiKeySet::new([])?);
        Ok(keys.into_scheme(context)?.depends_on([Arc::new(KeysOf(self.0)) as Arc<dyn Readiness>]))
    }
}

#[tokio::test]
async fn upkeep_runs_from_serving_to_the_end_and_building_starts_nothing() {
    let (log, mut said) = mpsc::unbounded_channel();
    let keys = Arc::new(Keys { fetched: AtomicBool::new(false), log });
    let security = Security::builder().scheme("key", Scheme(keys)).audit(TracingSink::new()).build().unwrap();
    let routes = Routes::new().route("/health", get(async || "ok").public("probe"));
    let app = SecureRouter::new(security.clone()).mount(routes).finish().unwrap();
    let ready = || security.dependencies().all(|dependency| dependency.is_ready());
    let names: Vec<_> = security.dependencies().map(|dependency| dependency.name().to_owned()).collect();
    assert_eq!(names, ["keys of https://issuer.example"]);
    assert!(!ready());

    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let (stop, stopped) = oneshot::channel::<()>();
    let server = app.serve(listener).with_graceful_shutdown(async {
        let _ = stopped.await;
    });
    assert!(said.try_recv().is_err(), "nothing is begun before the server is awaited");
    let server = tokio::spawn(server.into_future());
    assert_eq!(said.recv().await, Some("begins"));
    assert!(ready());
    stop.send(()).unwrap();
    assert_eq!(said.recv().await, Some("ends"));
    server.await.unwrap().unwrap();
}

#[test]
fn what_handlers_need_is_a_dependency_beside_those_of_schemes() {
    let keys = || Arc::new(Keys { fetched: AtomicBool::new(false), log: mpsc::unbounded_channel().0 });
    let own: Arc<dyn Readiness> = Arc::new(KeysOf(keys()));
    let security = Security::builder().scheme("key", Scheme(keys())).depends_on([own]);
    let security = security.audit(TracingSink::new()).build().unwrap();
    assert_eq!(security.dependencies().count(), 2);
}
