//! HTTP Basic, from the field to the verdict on the password.

use std::sync::OnceLock;

use http::header::AUTHORIZATION;
use http::{HeaderMap, Method};
use portcullis::authn::{Basic, Requirement, RouteSchemes, Schemes, StaticUsers, insecure_fast_hash};
use portcullis::core::RequestView;
use portcullis::{Clock, CredentialMethod, Principal};
use tokio::runtime::{Builder, Runtime};

use super::support::{request, values};

pub fn run(octets: &[u8]) {
    static SETUP: OnceLock<(RouteSchemes, Runtime)> = OnceLock::new();
    let (route, runtime) = SETUP.get_or_init(|| (route(), Builder::new_current_thread().build().unwrap()));
    let Some(value) = values(octets).next() else { return };
    let request = request(Method::GET, HeaderMap::from_iter([(AUTHORIZATION, value.clone())]), "/");
    let view = RequestView::of(&request).unwrap();
    // Hashing stands off the async threads, so that the first part alone may be done at once.
    match runtime.block_on(async { route.authenticate(&view).resolve().await }) {
        Ok(()) => {
            let caller = view.principal().expect("a principal").subject().to_owned();
            assert_eq!(caller, "alice");
            // `alice:correct horse`, in base64: padding may be left out, the rest has one spelling.
            let text = value.to_str().unwrap().trim_end_matches('=');
            assert!(text.ends_with("YWxpY2U6Y29ycmVjdCBob3JzZQ"), "{text}");
        }
        Err(denial) => {
            assert!(matches!(denial.status().as_u16(), 400 | 401), "{denial:?}");
            assert!(view.principal().is_none());
        }
    }
}

fn route() -> RouteSchemes {
    let alice = Principal::builder("alice", CredentialMethod::Basic).build();
    let hash = insecure_fast_hash("correct horse").unwrap();
    let users = StaticUsers::builder().user("alice", hash.expose(), alice).build().unwrap();
    let schemes =
        Schemes::builder("fuzz", Clock::system()).scheme("password", Basic::new(users)).build().unwrap();
    schemes.default_set(Requirement::Required).unwrap()
}
