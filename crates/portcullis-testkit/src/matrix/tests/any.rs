//! Routes of all methods.

use std::convert::Infallible;

use bytes::Bytes;
use http::{Request, Response, StatusCode};
use http_body_util::{BodyExt, Full};

use super::*;

/// Answers `/hook` to all methods, POST and PATCH otherwise than the others, and `/hook` by PUT elsewhere.
async fn hook(request: Request<Full<Bytes>>) -> Result<Response<Full<Bytes>>, Infallible> {
    let (head, body) = request.into_parts();
    let has_body = !body.collect().await.unwrap().to_bytes().is_empty();
    let status = match head.method {
        Method::GET | Method::HEAD => 404 + u16::from(has_body),
        Method::POST if has_body => 204,
        Method::PATCH => 202,
        _ => 400,
    };
    let mut answer = Response::new(Full::default());
    *answer.status_mut() = StatusCode::from_u16(status).unwrap();
    Ok(answer)
}

fn hooks(file: &File, update: Update) -> Matrix {
    let matrix = Matrix::read(&file.0)
        .routes([(None, "/hook".to_owned()), (Some(Method::PUT), "/hook".to_owned())])
        .persona(Persona::anonymous("anonymous"))
        .json("ANY /hook", "{}");
    Matrix { update, ..matrix }
}

async fn proven(table: &str) -> Result<MatrixReport, Vec<String>> {
    let file = File::with(&format!("| Route | anonymous |\n| - | - |\n{table}"));
    let result = hooks(&file, Update::Never).check(tower::service_fn(hook)).await;
    result.map_err(|error| error.faults().iter().map(ToString::to_string).collect())
}

/// A21.5: what stands behind a route of all methods is asked by each, not by GET alone.
#[tokio::test]
async fn a_route_of_all_methods_is_asked_by_each() {
    let table = "| ANY /hook | 404 |\n| DELETE /hook | 400 |\n| PATCH /hook | 202 |\n| POST /hook | 204 |\n| PUT /hook | 400 |\n";
    let report = proven(table).await.unwrap();
    assert_eq!((report.routes, report.cells, report.methods), (2, 6, 0));
}

#[tokio::test]
async fn the_row_for_all_methods_holds_for_each_that_has_no_row_of_its_own() {
    let faults =
        proven("| ANY /hook | 404 |\n| POST /hook | 204 |\n| PUT /hook | 400 |\n").await.unwrap_err();
    let by = |method: &str, status: u16| {
        format!("line 3: ANY /hook by {method} as anonymous: expected 404, got {status}")
    };
    assert_eq!(faults, [by("PATCH", 202), by("DELETE", 400)]);
}

#[tokio::test]
async fn rows_for_each_method_need_no_row_for_all_and_none_may_be_missing() {
    let rows = "| GET /hook | 404 |\n| HEAD /hook | 404 |\n| PATCH /hook | 202 |\n| POST /hook | 204 |\n| PUT /hook | 400 |\n";
    assert_eq!(proven(rows).await.unwrap_err(), ["`ANY /hook` has no row"]);
    assert!(proven(&format!("{rows}| DELETE /hook | 400 |\n")).await.is_ok());
    let faults = proven(&format!("{rows}| DELETE /hook | 400 |\n| TRACE /hook | - |\n")).await.unwrap_err();
    assert_eq!(faults, ["line 9: `TRACE /hook` is no route of the application"]);
}

#[tokio::test]
async fn methods_that_are_answered_alike_are_written_as_one_row() {
    let file = File::absent();
    hooks(&file, Update::Write).check(tower::service_fn(hook)).await.unwrap();
    let rows: Vec<String> =
        file.text().lines().filter(|line| line.contains("/hook")).map(str::to_owned).collect();
    let shown: Vec<String> =
        rows.iter().map(|row| row.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    assert_eq!(
        shown,
        [
            "| ANY /hook | 404 |",
            "| DELETE /hook | 400 |",
            "| PATCH /hook | 202 |",
            "| POST /hook | 204 |",
            "| PUT /hook | 400 |",
        ]
    );
    assert!(hooks(&file, Update::Never).check(tower::service_fn(hook)).await.is_ok());
}
