//! Refusals that the audit could not explain.

use super::*;

#[tokio::test]
async fn a_refusal_that_says_no_more_than_its_reason_is_a_fault() {
    let faults = faults(matrix(&File::with(TABLE)), Flaw::Unexplained).await;
    assert!(faults.iter().all(|(kind, _)| *kind == MatrixFaultKind::Unexplained), "{faults:#?}");
    let texts: Vec<&str> = faults.iter().map(|(_, text)| text.as_str()).collect();
    for text in [
        "line 3: POST /documents as anonymous: the audit cannot explain 401 (missing_credentials)",
        "line 9: GET /documents/{id} (priv) as bob: the audit cannot explain 404 (resource_hidden)",
    ] {
        assert!(texts.iter().any(|found| found.starts_with(text)), "{text}: {texts:#?}");
    }
    // Anonymous: one body, two resources that are gone, two that are hers. Bob: two that are hers.
    assert_eq!(faults.len(), 7, "{faults:#?}");
}

/// It leaves no refusal in the event: there the framework has nothing to explain.
#[tokio::test]
async fn what_a_handler_writes_by_itself_is_not_looked_at() {
    let faults = faults(matrix(&File::with(TABLE)), Flaw::BareNotFound).await;
    assert!(faults.iter().all(|(kind, _)| *kind != MatrixFaultKind::Unexplained), "{faults:#?}");
}
