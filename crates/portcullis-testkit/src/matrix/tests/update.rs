//! The file, written as the application answers.

use std::ffi::OsString;

use super::*;

fn updating(file: &File) -> Matrix {
    Matrix { update: Update::Write, ..matrix(file) }
}

#[tokio::test]
async fn a_file_that_is_not_there_is_written_and_then_true() {
    let file = File::absent();
    let report = updating(&file).check(app(Flaw::None)).await.unwrap();
    assert!(report.updated);
    assert!(file.text().starts_with("# Authorization matrix\n"));
    // Refusals are written as such, not by their status.
    assert!(
        file.text().contains("| POST /documents               | -         | 201   | -   |"),
        "{}",
        file.text()
    );
    let report = matrix(&file).check(app(Flaw::None)).await.unwrap();
    assert!(!report.updated);
}

#[tokio::test]
async fn what_still_holds_is_kept_as_it_was_written_and_the_rest_follows() {
    let table = TABLE.replace("| 201   |", "| 200   |").replace(
        "| GET /health                   | 200       | 200   | 200 |\n",
        "| GET /gone | - | - | - |\n",
    );
    let file = File::with(&format!("Above.\n\n{table}\nBelow.\n"));
    updating(&file).check(app(Flaw::None)).await.unwrap();
    assert_eq!(file.text(), format!("Above.\n\n{TABLE}\nBelow.\n"));
}

#[tokio::test]
async fn a_failure_is_never_written() {
    let file = File::with(TABLE);
    let faults = faults(updating(&file), Flaw::Fails).await;
    assert!(faults.iter().any(|(_, text)| text.contains("the application failed: got 503")), "{faults:?}");
    assert_eq!(file.text(), TABLE);
}

#[tokio::test]
async fn a_telling_refusal_is_never_written() {
    let file = File::with(TABLE);
    let faults = faults(updating(&file), Flaw::TellsByStatus).await;
    assert!(faults.iter().all(|(kind, _)| *kind == MatrixFaultKind::Telltale), "{faults:?}");
    assert_eq!(file.text(), TABLE);
}

#[tokio::test]
async fn nothing_is_written_where_nobody_reviews_it() {
    let file = File::with(TABLE);
    let forbidden = Matrix { update: Update::Forbidden, ..matrix(&file) };
    let faults = faults(forbidden, Flaw::None).await;
    assert_eq!(faults.len(), 1);
    assert!(faults[0].0 == MatrixFaultKind::File && faults[0].1.contains("so is CI"), "{faults:?}");
    assert_eq!(file.text(), TABLE);
}

#[test]
fn the_environment_asks_for_it_and_ci_forbids_it() {
    let of = |update: Option<&str>, ci: Option<&str>| {
        Update::of(update.map(OsString::from).as_ref(), ci.map(OsString::from).as_ref())
    };
    for (update, ci, expected) in [
        (None, None, Update::Never),
        (None, Some("true"), Update::Never),
        (Some("1"), None, Update::Write),
        (Some("0"), None, Update::Never),
        (Some(""), None, Update::Never),
        (Some("1"), Some("false"), Update::Write),
        (Some("1"), Some("true"), Update::Forbidden),
        (Some("1"), Some("1"), Update::Forbidden),
    ] {
        assert_eq!(of(update, ci), expected, "{update:?} {ci:?}");
    }
}
