//! The application as a client and its owner see it.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use axum::body::Body;
use axum::http::Request;
use http_body_util::BodyExt;
use portcullis::cedar::Reloaded;
use serde_json::Value;
use tower::ServiceExt;

use super::*;
use crate::keys::Keys;

const POLICIES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/policies");

/// A copy of the policies, to be changed.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name = format!("cedar-policies-{}-{}", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        std::fs::create_dir_all(&path).unwrap();
        for name in ["documents.cedar", "documents.cedarschema", "reports.cedar"] {
            std::fs::copy(Path::new(POLICIES).join(name), path.join(name)).unwrap();
        }
        Self(path)
    }

    fn append(&self, name: &str, policy: &str) {
        let path = self.0.join(name);
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(path, format!("{text}\n{policy}\n")).unwrap();
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

struct Served {
    app: App,
    cedar: Cedar,
    events: MemorySink,
    keys: Vec<(&'static str, String)>,
}

fn serve(folder: &Path) -> Served {
    let cedar = Cedar::builder().directory(folder).poll_interval(Duration::from_secs(1)).build();
    let cedar = cedar.unwrap_or_else(|errors| panic!("{errors}"));
    let keys = Keys::generate().unwrap();
    let events = MemorySink::keeping(16);
    let app = app(cedar.clone(), Documents::demo(), keys.set, events.clone()).unwrap();
    Served { app, cedar, events, keys: keys.secrets }
}

impl Served {
    async fn ask(&self, method: &str, path: &str, caller: &str) -> (u16, String) {
        let mut request = Request::builder().method(method).uri(path);
        if let Some((_, key)) = self.keys.iter().find(|(name, _)| *name == caller) {
            request = request.header("authorization", format!("Bearer {key}"));
        }
        if method == "PUT" {
            request = request.header("content-type", "application/json");
        }
        let request = request.body(Body::from(r#"{"title":"New"}"#)).unwrap();
        let response = self.app.clone().oneshot(request).await.unwrap();
        let status = response.status().as_u16();
        let body = response.into_body().collect().await.unwrap().to_bytes();
        (status, String::from_utf8_lossy(&body).into_owned())
    }

    #[track_caller]
    fn check<'a>(
        &'a self,
        asked: (&'a str, &'a str, &'a str),
        expected: u16,
    ) -> impl Future<Output = ()> + 'a {
        let at = std::panic::Location::caller();
        async move {
            let (method, path, caller) = asked;
            let (status, body) = self.ask(method, path, caller).await;
            assert_eq!(status, expected, "{asked:?} at {at}: {body}");
        }
    }

    /// The last event as it is written.
    fn last_line(&self) -> Value {
        serde_json::to_value(self.events.events().last().unwrap()).unwrap()
    }
}

#[tokio::test]
async fn policies_say_who_reads_and_writes() {
    let served = serve(Path::new(POLICIES));
    served.check(("GET", "/health", ""), 200).await;
    served.check(("GET", "/documents/1", ""), 401).await;
    served.check(("GET", "/documents/1", "alice"), 200).await;
    served.check(("PUT", "/documents/1", "alice"), 204).await;
    assert!(served.ask("GET", "/documents/1", "bob").await.1.contains("New"));
    // Editors read, and do not write; others see nothing.
    served.check(("PUT", "/documents/1", "bob"), 404).await;
    served.check(("GET", "/documents/1", "carol"), 404).await;
    // Explicit deny beats allow.
    served.check(("GET", "/documents/2", "alice"), 200).await;
    served.check(("PUT", "/documents/2", "alice"), 404).await;
    served.check(("GET", "/reports/monthly", "carol"), 200).await;
    served.check(("GET", "/reports/monthly", "alice"), 403).await;
}

/// A21.1: refused and absent are told apart by nothing.
#[tokio::test]
async fn what_is_refused_looks_like_what_is_not_there() {
    let served = serve(Path::new(POLICIES));
    let refused = served.ask("GET", "/documents/1", "carol").await;
    let absent = served.ask("GET", "/documents/9", "carol").await;
    assert_eq!(refused, absent);
    assert!(!refused.1.contains("editors"), "{}", refused.1);
}

/// What the README says of the audit line.
#[tokio::test]
async fn the_audit_names_the_policies_that_decided() {
    let served = serve(Path::new(POLICIES));
    served.check(("GET", "/documents/1", "bob"), 200).await;
    let line = served.last_line().to_string();
    assert!(line.contains("permitted by editors-read-everything"), "{line}");
    served.check(("PUT", "/documents/2", "alice"), 404).await;
    let line = served.last_line().to_string();
    assert!(
        line.contains("explicitly_denied") && line.contains("forbidden by archived-documents-are-frozen"),
        "{line}"
    );
    served.check(("GET", "/reports/monthly", "alice"), 403).await;
    let line = served.last_line().to_string();
    assert!(line.contains("cedar: View Report/monthly") && line.contains("no policy permits it"), "{line}");
}

#[tokio::test]
async fn a_changed_file_is_in_force_without_a_restart() {
    let folder = Folder::new();
    let served = serve(&folder.0);
    served.check(("GET", "/documents/1", "carol"), 404).await;
    folder.append("documents.cedar", "@id(\"carol-reads\") permit (principal == User::\"carol\", action == Action::\"Read\", resource is Document);");
    assert_eq!(served.cedar.reload(), Ok(Reloaded::Replaced));
    served.check(("GET", "/documents/1", "carol"), 200).await;
    folder.append("documents.cedar", "@id(\"nobody\") forbid (principal, action, resource);");
    assert_eq!(served.cedar.reload(), Ok(Reloaded::Replaced));
    served.check(("GET", "/documents/1", "alice"), 404).await;
}

#[tokio::test]
async fn a_broken_file_keeps_the_policies_before_and_is_told() {
    let folder = Folder::new();
    let served = serve(&folder.0);
    folder.append("documents.cedar", "forbid (principal, action, resource) when { resource.achrived };");
    let errors = served.cedar.reload().unwrap_err();
    assert!(errors.to_string().contains("documents.cedar:"), "{errors}");
    served.check(("GET", "/documents/1", "alice"), 200).await;
    assert!(served.cedar.problems().is_some());
}

/// The upkeep that a server does.
#[tokio::test(start_paused = true)]
async fn serving_looks_after_the_files() {
    let folder = Folder::new();
    let served = serve(&folder.0);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let server = tokio::spawn(std::future::IntoFuture::into_future(served.app.clone().serve(listener)));
    folder.append("reports.cedar", "forbid (principal, action == Action::\"View\", resource);");
    tokio::time::sleep(Duration::from_secs(5)).await;
    served.check(("GET", "/reports/monthly", "carol"), 403).await;
    server.abort();
}

#[tokio::test]
async fn nothing_about_the_routes_is_worth_a_warning() {
    let advice = serve(Path::new(POLICIES)).app.route_table().advice();
    assert!(advice.is_empty(), "{advice:?}");
}
