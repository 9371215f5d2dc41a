//! Several bodies of one route.

use super::*;

fn table(rows: &str) -> String {
    TABLE.replace("| POST /documents               | 401       | 201   | 403 |\n", rows)
}

const BOTH: &str = "\
| POST /documents               | 401       | 201   | 403 |
| POST /documents (secret)      | 401       | 403   | 403 |
";

#[tokio::test]
async fn each_named_body_is_a_row_that_is_proven_for_every_persona() {
    let file = File::with(&table(BOTH));
    let report = matrix(&file).json_named("POST /documents", "secret", "secret").check(app(Flaw::None)).await;
    assert_eq!(report.unwrap().cells, 27);
    // The bodies are those of their rows.
    let file = File::with(&table(&BOTH.replace("| 401       | 403   |", "| 401       | 201   |")));
    let faults = faults(matrix(&file).json_named("POST /documents", "secret", "secret"), Flaw::None).await;
    let text =
        "line 4: POST /documents (secret) as alice: expected 201, got 403 (policy_denied): since it is so";
    assert_eq!(faults, [(MatrixFaultKind::Cell, text.to_owned())]);
}

#[tokio::test]
async fn a_named_body_without_a_row_and_a_row_without_its_body_are_faults() {
    let file = File::with(TABLE);
    let missing = matrix(&file).json_named("POST /documents", "secret", "secret");
    let text = "`POST /documents (secret)` has no row";
    assert_eq!(faults(missing, Flaw::None).await, [(MatrixFaultKind::Coverage, text.to_owned())]);
    let file = File::with(&table(BOTH));
    let strange = faults(matrix(&file), Flaw::None).await;
    let text = "line 4: the relation `secret` does not speak for `POST /documents`";
    assert_eq!(strange, [(MatrixFaultKind::Coverage, text.to_owned())]);
}

#[tokio::test]
async fn a_route_with_nothing_but_named_bodies_has_no_row_without_a_name() {
    let rows = "\
| POST /documents (open)        | 401       | 201   | 403 |
| POST /documents (secret)      | 401       | 403   | 403 |
";
    let file = File::with(&table(rows));
    let both = |matrix: Matrix| {
        let matrix = matrix.json_named("POST /documents", "secret", "secret");
        matrix.json_named("POST /documents", "open", "{}")
    };
    let bare = Matrix { contents: Vec::new(), ..matrix(&file) };
    assert_eq!(both(bare).check(app(Flaw::None)).await.unwrap().cells, 27);
}

#[tokio::test]
async fn bodies_that_fit_no_row_are_mistakes_of_the_test() {
    let file = File::with(TABLE);
    let wrong = matrix(&file)
        .json_named("POST /nowhere", "a", "{}")
        .json_named("DELETE /documents/{id}", "a", "{}")
        .json_named("POST /documents", "(a", "{}")
        .json_named("POST /documents", "b", "{}")
        .json_named("POST /documents", "b", "{}");
    let faults = faults(wrong, Flaw::None).await;
    let setup = faults.iter().filter(|(kind, _)| *kind == MatrixFaultKind::Setup);
    let texts: Vec<&str> = setup.map(|(_, text)| text.as_str()).collect();
    assert_eq!(
        texts,
        [
            "the body `a` is for `POST /nowhere`, which is no route",
            "the body `a` is for `DELETE /documents/{id}`, whose rows are relations",
            "no body can be called \"(a\"",
            "there are two bodies `b` of `POST /documents`",
        ]
    );
}

#[tokio::test]
async fn a_table_that_is_written_anew_has_a_row_for_each_body() {
    let file = File::absent();
    let matrix = matrix(&file).json_named("POST /documents", "secret", "secret");
    let report = Matrix { update: Update::Write, ..matrix }.check(app(Flaw::None)).await.unwrap();
    assert!(report.updated);
    let text = file.text();
    assert!(text.contains("| POST /documents               | -         | 201   | -   |\n"), "{text}");
    assert!(text.contains("| POST /documents (secret)      | -         | -     | -   |\n"), "{text}");
}
