//! What the file must have, and what the test must say.

use super::*;

fn texts(faults: &[(MatrixFaultKind, String)], kind: MatrixFaultKind) -> Vec<&str> {
    faults.iter().filter(|(of, _)| *of == kind).map(|(_, text)| text.as_str()).collect()
}

#[tokio::test]
async fn every_route_and_persona_has_its_place_and_all_that_is_missing_or_strange_is_named_at_once() {
    let table = "\
| Route                        | anonymous | alice | eve |
| ---------------------------- | --------- | ----- | --- |
| POST /documents (own)        | -         | 201   | -   |
| GET /documents/{id}          | -         | 200   | -   |
| GET /documents/{id} (friend) | -         | 200   | -   |
| GET /documents/{id} (own)    | n/a       | 200   | -   |
| PATCH /documents             | -         | 200   | -   |
";
    let faults = faults(matrix(&File::with(table)), Flaw::None).await;
    assert_eq!(
        texts(&faults, MatrixFaultKind::Coverage),
        [
            "`POST /documents` has no row",
            "`DELETE /documents/{id} (gone)` has no row",
            "`DELETE /documents/{id} (own)` has no row",
            "`DELETE /documents/{id} (priv)` has no row",
            "`GET /documents/{id} (gone)` has no row",
            "`GET /documents/{id} (priv)` has no row",
            "`GET /health` has no row",
            "the persona `bob` has no column",
            "the column `eve` belongs to no persona",
            "line 3: the relation `own` does not speak for `POST /documents`",
            "line 4: `GET /documents/{id}` needs a relation: write `GET /documents/{id} (..)`",
            "line 5: the relation `friend` does not speak for `GET /documents/{id}`",
            "line 7: `PATCH /documents` is no route of the application",
        ]
    );
    // What can be asked is asked all the same.
    assert_eq!(texts(&faults, MatrixFaultKind::Cell), [] as [&str; 0]);
}

#[tokio::test]
async fn a_route_with_parameters_needs_a_relation() {
    let file = File::with(TABLE);
    let more = matrix(&file).routes([(Some(Method::GET), "/teams/{team}".to_owned())]);
    let faults = faults(more, Flaw::None).await;
    assert_eq!(
        texts(&faults, MatrixFaultKind::Coverage),
        ["`GET /teams/{team}` has parameters, and no relation speaks for it"]
    );
}

#[tokio::test]
async fn a_route_that_nobody_has_a_resource_of_is_not_covered() {
    let table = "\
| Route                     | anonymous | alice |
| ------------------------- | --------- | ----- |
| GET /documents/{id} (any) | n/a       | n/a   |
| GET /documents/{id} (own) | n/a       | n/a   |
| GET /health               | 200       | 200   |
";
    let file = File::with(table);
    let nobody = |_: &str| None::<&str>;
    let matrix = Matrix::read(&file.0)
        .routes([ROUTES[0].clone(), ROUTES[2].clone()].map(|(method, path)| (Some(method), path.to_owned())))
        .persona(Persona::anonymous("anonymous"))
        .persona(Persona::header("alice", HeaderName::from_static("x-user"), "alice"))
        .relation(Relation::new("any", "/documents/{id}", nobody))
        .relation(Relation::new("own", "/documents/{id}", nobody));
    let faults = faults(Matrix { update: Update::Never, ..matrix }, Flaw::None).await;
    let message = "line 3: `GET /documents/{id}` is never asked for: no persona has a resource there";
    assert_eq!(faults, [(MatrixFaultKind::Coverage, message.to_owned())]);
}

#[tokio::test]
async fn what_the_test_says_must_fit_together_and_nothing_is_asked_before() {
    let file = File::with(TABLE);
    let wrong = matrix(&file)
        .persona(Persona::anonymous("bob"))
        .persona(Persona::anonymous(""))
        .relation(Relation::fixed("own", "/documents/{id}", "/documents/2"))
        .relation(Relation::fixed("a)b", "/documents/{id}", "/documents/2"))
        .relation(Relation::fixed("own", "/teams/{id}", "/teams/2"))
        .json("PUT /documents", "{}")
        .may_tell_what_exists("/teams")
        .absent("nothing");
    let faults = faults(wrong, Flaw::Hangs).await;
    assert_eq!(
        texts(&faults, MatrixFaultKind::Setup),
        [
            "there are two personas `bob`",
            "no persona can be called \"\"",
            "there are two relations `own` to `/documents/{id}`",
            "no relation can be called \"a)b\"",
            "the relation `own` to `/teams/{id}` speaks for no route",
            "the body is for `PUT /documents`, which is no route",
            "`/teams`, which may tell what exists, is no route",
            "`nothing`, to compare refusals with, is no relation",
        ]
    );
}

#[tokio::test]
async fn an_empty_matrix_proves_nothing() {
    let file = File::with(TABLE);
    let empty = Matrix { update: Update::Never, ..Matrix::read(&file.0) };
    let error = empty.check(app(Flaw::None)).await.unwrap_err();
    assert!(error.faults().iter().any(|fault| fault.kind() == MatrixFaultKind::Setup), "{error}");
}

#[tokio::test]
async fn of_two_relations_with_one_name_the_longer_template_speaks() {
    let nested = [(Some(Method::GET), "/a/{x}/b/{y}".to_owned()), (Some(Method::GET), "/a/{x}/b".to_owned())];
    let table = "\
| Route | anonymous |
| - | - |
| GET /a/{x}/b (own) | 404 |
| GET /a/{x}/b/{y} (own) | 404 |
";
    let file = File::with(table);
    let matrix = Matrix::read(&file.0)
        .routes(nested)
        .persona(Persona::anonymous("anonymous"))
        .relation(Relation::fixed("own", "/a/{x}", "/a/1"))
        .relation(Relation::fixed("own", "/a/{x}/b/{y}", "/a/1/b/2"));
    let matrix = Matrix { update: Update::Never, ..matrix };
    let error = matrix.check(app(Flaw::None)).await.unwrap_err().to_string();
    // Both were asked for where they should be; the application has neither.
    assert!(error.contains("GET /a/{x}/b (own) as anonymous: no route answers there"), "{error}");
    assert!(error.contains("GET /a/{x}/b/{y} (own) as anonymous: no route answers there"), "{error}");
    assert!(!error.contains("has no row") && !error.contains("is no path"), "{error}");
}

#[test]
fn a_template_speaks_for_what_is_below_it_and_has_no_other_parameter() {
    for (template, path, expected) in [
        ("/documents/{id}", "/documents/{id}", Some("")),
        ("/documents/{id}", "/documents/{id}/history", Some("/history")),
        ("/documents/{id}", "/documents/{id}/shares/{user}", None),
        ("/documents/{id}", "/documents/{id}s", None),
        ("/documents/{id}", "/documents", None),
        ("/documents/{id}", "/teams/{id}", None),
        ("/documents", "/documents", Some("")),
        ("/documents", "/documents/{id}", None),
        ("/documents", "/documents/all", None),
        ("/files/{*path}", "/files/{*path}", Some("")),
    ] {
        assert_eq!(template::rest(template, path), expected, "{template} {path}");
    }
}

#[test]
fn a_path_fits_its_template_segment_by_segment() {
    for (template, path, expected) in [
        ("/documents/{id}", "/documents/1", true),
        ("/documents/{id}", "/documents/1?page=2", true),
        ("/documents/{id}", "/documents/", false),
        ("/documents/{id}", "/documents/1/2", false),
        ("/documents/{id}", "/teams/1", false),
        ("/documents/{id}", "documents/1", false),
        ("/files/{*path}", "/files/a/b", true),
        ("/files/{*path}", "/files/", false),
        ("/search", "/search?project=7", true),
        ("/search", "/search/7", false),
    ] {
        assert_eq!(template::fits(template, path), expected, "{template} {path}");
    }
}
