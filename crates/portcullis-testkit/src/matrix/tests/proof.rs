//! What an answer must be.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use super::*;

#[track_caller]
fn assert_one(faults: &[(MatrixFaultKind, String)], kind: MatrixFaultKind, parts: &[&str]) {
    let found = faults.iter().any(|(of, text)| *of == kind && parts.iter().all(|part| text.contains(part)));
    assert!(found, "{kind:?} {parts:?} is not in {faults:#?}");
}

#[tokio::test]
async fn a_table_that_is_true_is_proven() {
    let report = check(TABLE, Flaw::None).await.unwrap();
    assert_eq!((report.routes, report.cells, report.compared), (4, 24, 4));
    // POST, PUT, PATCH, DELETE, TRACE of /health; six of /documents; four of a document; three personas each.
    assert_eq!(report.methods, 3 * (5 + 6 + 4));
    assert!(!report.updated);
    let text = "4 routes, 24 cells, 45 other methods, 4 refusals compared, 12 explained";
    assert_eq!(report.to_string(), text);
}

#[tokio::test]
async fn each_wrong_cell_is_reported_with_its_line_the_reason_and_the_explanation() {
    let table = TABLE
        .replace("| 401       | 201   | 403 |", "| 200       | 200   | 201 |")
        .replace("| 204   |", "| -     |");
    let faults = faults(matrix(&File::with(&table)), Flaw::None).await;
    let texts: Vec<&str> = faults.iter().map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "line 3: POST /documents as anonymous: expected 200, got 401 (missing_credentials): since it is so",
            "line 3: POST /documents as alice: expected 200, got 201",
            "line 3: POST /documents as bob: expected 201, got 403 (insufficient_scope)\n      all of: fails\n      \
             * scope(documents:write): fails",
            "line 5: DELETE /documents/{id} (own) as alice: expected a refusal, got 204",
        ]
    );
    assert!(faults.iter().all(|(kind, _)| *kind == MatrixFaultKind::Cell));
}

#[tokio::test]
async fn what_is_not_listed_as_allowed_must_be_refused() {
    let faults = faults(matrix(&File::with(TABLE)), Flaw::AnswersEveryone).await;
    let refused = "expected a refusal, got 200";
    for row in ["GET /documents/{id} (priv) as bob", "DELETE /documents/{id} (gone) as anonymous"] {
        assert_one(&faults, MatrixFaultKind::Cell, &[row, refused]);
    }
}

#[tokio::test]
async fn a_failure_is_no_refusal() {
    let faults = faults(matrix(&File::with(TABLE)), Flaw::Fails).await;
    let text = "the application failed: got 503 (store_unavailable)";
    assert_one(&faults, MatrixFaultKind::Cell, &["GET /documents/{id} (priv) as bob", text]);
}

#[tokio::test]
async fn a_404_that_the_handler_wrote_is_no_refusal_for_the_handler_was_reached() {
    let faults = faults(matrix(&File::with(TABLE)), Flaw::BareNotFound).await;
    assert_one(&faults, MatrixFaultKind::Cell, &["GET /documents/{id} (priv) as bob", "a refusal, got 404"]);
}

#[tokio::test]
async fn a_resource_that_is_there_must_not_be_called_not_applicable_nor_the_reverse() {
    let table = TABLE.replace("| n/a       | 200   | n/a |", "| -         | n/a   | n/a |");
    let faults = faults(matrix(&File::with(&table)), Flaw::None).await;
    let own = "GET /documents/{id} (own) as";
    assert_eq!(faults.len(), 2);
    assert_one(
        &faults,
        MatrixFaultKind::Cell,
        &[own, "anonymous: expected a refusal, but it has no such resource"],
    );
    assert_one(&faults, MatrixFaultKind::Cell, &[own, "alice: expected no such resource, got 200"]);
}

/// A21.5: a method that the path does not have.
#[tokio::test]
async fn a_method_that_no_route_has_must_be_405() {
    let faults = faults(matrix(&File::with(TABLE)), Flaw::TakesPut).await;
    assert_eq!(faults.len(), 3, "{faults:#?}");
    assert_one(
        &faults,
        MatrixFaultKind::Method,
        &["PUT /documents/{id} as anonymous: expected 405, got 200"],
    );
}

/// A21.5: fields that claim another method.
#[tokio::test]
async fn a_field_that_changes_the_method_is_a_fault() {
    let faults = faults(matrix(&File::with(TABLE)), Flaw::FollowsOverrides).await;
    let text = "fields that claim DELETE change the answer: 200 without them, 204 with them";
    assert_one(&faults, MatrixFaultKind::Method, &["line 8: GET /documents/{id} (own) as alice", text]);
    assert_one(&faults, MatrixFaultKind::Method, &["PUT /documents/{id} as alice: expected 405, got 200"]);
}

/// A21.1: the answer for what is hidden is that for what is absent.
#[tokio::test]
async fn a_refusal_that_tells_what_exists_is_a_fault() {
    for (flaw, text) in [
        (Flaw::TellsByStatus, "403 (policy_denied): since it is so, and 404 (resource_not_found)"),
        (Flaw::TellsByBody, "its body is another if it is absent"),
        (Flaw::TellsByField, "its field `x-owner` is another if it is absent"),
    ] {
        let faults = faults(matrix(&File::with(TABLE)), flaw).await;
        assert_eq!(faults.len(), 2, "{faults:#?}");
        assert_one(&faults, MatrixFaultKind::Telltale, &["line 9: GET /documents/{id} (priv) as bob", text]);
    }
}

#[tokio::test]
async fn what_is_absent_beside_one_relation_is_compared_with_that_one_first() {
    // Whatever there is below 5 is somebody's, says this application, and the rest is not known.
    let rows = |name: &str| {
        ["GET", "DELETE"]
            .map(|method| format!("| {method} /documents/{{id}} ({name}) | - | 404 | - |\n"))
            .concat()
    };
    let file = File::with(&format!("{TABLE}{}", rows("beside")));
    let beside = Relation::fixed("beside", "/documents/{id}", "/documents/8");
    let matrix = matrix(&file).relation(beside).absent_beside("priv", "beside");
    let error = matrix.check(app(Flaw::TellsByStatus)).await.unwrap_err();
    let telltale = |fault: &&MatrixFault| fault.kind() == MatrixFaultKind::Telltale;
    assert_eq!(error.faults().iter().filter(telltale).count(), 2, "{error}");

    let matrix = super::matrix(&file).relation(Relation::fixed("beside", "/documents/{id}", "/documents/1"));
    let error = matrix.absent_beside("priv", "beside").check(app(Flaw::TellsByStatus)).await.unwrap_err();
    // Compared with itself it does not differ.
    assert_eq!(error.faults().iter().filter(telltale).count(), 0, "{error}");
}

#[tokio::test]
async fn a_path_may_tell_what_exists_if_that_is_said() {
    let file = File::with(TABLE);
    let told = matrix(&file).may_tell_what_exists("/documents/{id}");
    assert_eq!(faults_or_none(told, Flaw::TellsByStatus).await, None);
}

async fn faults_or_none(matrix: Matrix, flaw: Flaw) -> Option<String> {
    matrix.check(app(flaw)).await.err().map(|error| error.to_string())
}

#[tokio::test]
async fn nothing_is_waited_for_longer_than_the_deadline() {
    let quick = |matrix: Matrix| matrix.deadline(Duration::from_millis(5));
    let found = faults(quick(matrix(&File::with(TABLE))), Flaw::Hangs).await;
    assert_one(&found, MatrixFaultKind::Cell, &["GET /health as bob: no answer within 5ms"]);

    let stuck = Relation::loading("stuck", "/documents/{id}", async |_: &str| {
        std::future::pending::<Option<&str>>().await
    });
    let file = File::with(&TABLE.replace("(own)", "(stuck)"));
    let found = faults(quick(matrix(&file).relation(stuck)), Flaw::None).await;
    assert_one(&found, MatrixFaultKind::Cell, &["(stuck) as alice: no resource within 5ms"]);

    let file = File::with(TABLE);
    let never = matrix(&file).reset(async || std::future::pending().await);
    let found = faults(quick(never), Flaw::None).await;
    assert_one(&found, MatrixFaultKind::Cell, &["GET /health as alice: no reset within 5ms"]);
}

#[tokio::test]
async fn the_state_is_put_back_before_each_cell() {
    let resets = Rc::new(Cell::new(0));
    let count = Rc::clone(&resets);
    let file = File::with(TABLE);
    let counted = matrix(&file).reset(async move || count.set(count.get() + 1));
    assert_eq!(faults_or_none(counted, Flaw::None).await, None);
    assert_eq!(resets.get(), 24);
}

#[tokio::test]
async fn a_path_that_no_route_has_is_a_fault_and_no_refusal() {
    let outside = Relation::fixed("out", "/documents/{id}", "/elsewhere/1");
    let table = format!(
        "{TABLE}| GET /documents/{{id}} (out) | - | - | - |\n| DELETE /documents/{{id}} (out) | - | - | - |\n"
    );
    let faults = faults(matrix(&File::with(&table)).relation(outside), Flaw::None).await;
    let text = "`/elsewhere/1` is no path of `/documents/{id}`";
    assert_one(&faults, MatrixFaultKind::Cell, &["line 11: GET /documents/{id} (out) as anonymous", text]);

    // A route that the table of routes has and the application has not.
    let table = format!("{TABLE}| GET /lost | - | - | 404 |\n");
    let file = File::with(&table);
    let lost = matrix(&file).routes([(Some(Method::GET), "/lost".to_owned())]);
    let faults = super::faults(lost, Flaw::None).await;
    let text = "no route answers there: got 404 (route_not_found)";
    for persona in ["anonymous", "alice", "bob"] {
        assert_one(&faults, MatrixFaultKind::Cell, &["line 11: GET /lost as", persona, text]);
    }
}

#[test]
fn a_persona_shows_no_credential() {
    let personas = [
        Persona::bearer("a", "SECRET"),
        Persona::basic("b", "user", "SECRET"),
        Persona::certificate("c", b"SECRET"),
    ];
    let text = format!("{personas:?}");
    assert_eq!(text, r#"[Persona("a"), Persona("b"), Persona("c")]"#);
}
