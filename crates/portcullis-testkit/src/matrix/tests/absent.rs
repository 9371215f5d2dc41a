//! Routes for which nothing absent is known.

use super::*;

/// With a route that nothing absent is known of.
fn with_teams(file: &File) -> Matrix {
    matrix(file)
        .routes([(Some(Method::GET), "/documents/{id}/teams/{team}".to_owned())])
        .relation(Relation::fixed("team", "/documents/{id}/teams/{team}", "/documents/1/teams/2"))
}

fn table() -> String {
    format!("{TABLE}| GET /documents/{{id}}/teams/{{team}} (team) | - | - | - |\n")
}

fn of(faults: Vec<(MatrixFaultKind, String)>, kinds: &[MatrixFaultKind]) -> Vec<String> {
    faults.into_iter().filter(|(kind, _)| kinds.contains(kind)).map(|(_, text)| text).collect()
}

const LIST: &str =
    "\nNot compared with what is absent:\n\n- `/documents/{id}/teams/{team}`: teams are no secret\n";

#[tokio::test]
async fn a_route_without_a_path_for_what_is_absent_is_a_fault() {
    use MatrixFaultKind::{Coverage, Telltale};

    let found = faults(with_teams(&File::with(&table())), Flaw::None).await;
    assert_eq!(
        of(found, &[Coverage, Telltale]),
        ["line 11: `/documents/{id}/teams/{team}` has no path for `gone`: add one to the relation, or say \
          `.without_absent(\"/documents/{id}/teams/{team}\", reason)`"]
    );
}

#[tokio::test]
async fn an_exempt_route_is_listed_in_the_file_with_its_reason() {
    use MatrixFaultKind::{Coverage, Telltale};

    let exempt =
        |file: &File| with_teams(file).without_absent("/documents/{id}/teams/{team}", "teams are no secret");
    let path = "`/documents/{id}/teams/{team}`";
    for (below, expected) in [
        (LIST.to_owned(), None),
        (String::new(), Some(format!("{path} is not listed under `Not compared with what is absent:`"))),
        (
            LIST.replace("no secret", "a secret"),
            Some(format!("line 15: {path} is exempt for another reason: teams are no secret")),
        ),
        (format!("{LIST}- `/health`: x\n"), Some("line 16: `/health` is not exempt".to_owned())),
    ] {
        let found = faults(exempt(&File::with(&(table() + &below))), Flaw::None).await;
        assert_eq!(of(found, &[Coverage, Telltale]), expected.into_iter().collect::<Vec<_>>(), "{below}");
    }
    // The list alone exempts nothing.
    let found = faults(with_teams(&File::with(&(table() + LIST))), Flaw::None).await;
    assert_eq!(of(found, &[Coverage]).len(), 2);
}

#[tokio::test]
async fn a_reason_that_is_none_and_a_path_that_needs_none_are_mistakes_of_the_test() {
    let file = File::with(TABLE);
    let wrong = matrix(&file)
        .without_absent("/teams", "no route")
        .without_absent("/documents/{id}", "it has")
        .without_absent("/health", " ")
        .without_absent("/health", "twice");
    assert_eq!(
        of(faults(wrong, Flaw::Hangs).await, &[MatrixFaultKind::Setup]),
        [
            "`/teams`, which has nothing absent, is no route",
            "`/documents/{id}` is said to have nothing absent, but the relation `gone` speaks for it",
            "`/health` has nothing absent, and the reason is \" \"",
            "`/health` is twice said to have nothing absent",
        ]
    );
}

/// The route has something absent, but not for this caller.
#[tokio::test]
async fn a_refusal_that_can_be_compared_with_nothing_is_a_fault() {
    let table =
        TABLE.replace("(gone)    | -         | 404   | 404 |", "(gone)    | -         | 404   | n/a |");
    let table = table.replace("(gone) | -         | 404   | -   |", "(gone) | -         | 404   | n/a |");
    let file = File::with(&table);
    let relations = |name: &str| (name != "bob").then_some("/documents/9");
    let mut matrix = matrix(&file);
    matrix.relations.retain(|relation| relation.name() != "gone");
    let found =
        faults(matrix.relation(Relation::new("gone", "/documents/{id}", relations)), Flaw::None).await;
    let nothing = "it is refused, and there is nothing absent to compare it with";
    assert_eq!(
        of(found, &[MatrixFaultKind::Telltale, MatrixFaultKind::Coverage]),
        [
            format!("line 6: DELETE /documents/{{id}} (priv) as bob: {nothing}"),
            format!("line 9: GET /documents/{{id}} (priv) as bob: {nothing}"),
        ]
    );
}

#[tokio::test]
async fn the_list_is_written_with_the_table() {
    let file = File::with("Above.\n\n| Route | x |\n| - | - |\n\nBelow.\n");
    let only = Matrix::read(&file.0)
        .routes([Method::GET, Method::DELETE].map(|method| (Some(method), "/documents/{id}".to_owned())))
        .persona(Persona::anonymous("anonymous"))
        .relation(Relation::fixed("own", "/documents/{id}", "/documents/1"))
        .relation(Relation::fixed("health", "/health", "/health"))
        .routes([(Some(Method::GET), "/health".to_owned())])
        .absent("health")
        .without_absent("/documents/{id}", "they count from one");
    let writing = Matrix { update: Update::Write, ..only };
    writing.check(app(Flaw::None)).await.unwrap();
    let list = "\nNot compared with what is absent:\n\n- `/documents/{id}`: they count from one\n\nBelow.\n";
    assert!(file.text().ends_with(list), "{}", file.text());
}
