//! A subtree that a foreign service reads in its own way.

use std::convert::Infallible;

use axum::extract::Request;
use axum::response::Response;
use portcullis_authz::role;
use portcullis_axum::{Routes, service};
use tower::service_fn;

use crate::support::{Bench, request};

/// Like a file server, the service decodes the path; the router does not.
#[tokio::test]
async fn an_encoded_letter_leads_to_no_other_rule() {
    let files = service_fn(async |_: Request| Ok::<_, Infallible>(Response::<axum::body::Body>::default()));
    let bench = Bench::new(
        Routes::new()
            .service("/files", service(files).public("downloads"))
            .service("/files/private", service(files).requires(role("admin"))),
    );
    for (path, status) in [
        ("/files/a", 200),
        ("/files/private/a", 401),
        ("/files/%70rivate/a", 400),
        ("/files/priv%61te/a", 400),
        ("/files/private%2Fa", 400),
        ("/files/./private/a", 400),
        ("/files//private/a", 400),
        ("/%66iles/private/a", 400),
    ] {
        assert_eq!(bench.call(request("GET", path)).await.status(), status, "{path}");
    }
}
