//! The form of the file.

use proptest::prelude::*;

use super::super::cell::Cell;
use super::super::parse::parse;
use super::super::sheet::{EXEMPT, Exempt, Label, RouteName, Row, Sheet};
use super::*;

#[test]
fn a_written_table_reads_back_and_is_written_the_same() {
    let text = format!("# Who may do what\n\nProse.\n\n{TABLE}\nMore prose.\n");
    let sheet = parse(&text).unwrap();
    assert_eq!(sheet.to_string(), text);
    assert_eq!(sheet.personas, ["anonymous", "alice", "bob"]);
    assert_eq!(sheet.rows[1].label.to_string(), "DELETE /documents/{id} (gone)");
    assert_eq!(sheet.rows[1].cells, [Cell::Refused, Cell::Status(404), Cell::Refused]);
    assert_eq!(sheet.rows[1].line, 8);
}

#[test]
fn exempt_paths_stand_below_the_table_with_their_reasons() {
    let list = format!("{EXEMPT}\n\n- `/docs/{{file}}`: no secret\n- `/x`: `y`: z\n");
    let text = format!("{TABLE}\n{list}\nMore prose.\n- `of` it\n");
    let sheet = parse(&text).unwrap();
    assert_eq!(sheet.to_string(), text);
    let read: Vec<_> =
        sheet.exempt.iter().map(|exempt| (exempt.path.as_str(), exempt.reason.as_str())).collect();
    assert_eq!(read, [("/docs/{file}", "no secret"), ("/x", "`y`: z")]);
    assert_eq!(sheet.exempt[0].line, 14);
    let wrong = "under `Not compared ..` stands ``- `/path`: reason``";
    let table = "| Route | a |\n| - | - |\n| GET /x | - |\n";
    refused(
        &format!("{table}{EXEMPT}\n- /x: y\n- `/x`:\n- `x`: y\n- `/x`: y\n- `/x`: z\n"),
        &[
            &format!("line 5: {wrong}"),
            &format!("line 6: {wrong}"),
            &format!("line 7: {wrong}"),
            "line 9: `/x` stands twice",
        ],
    );
    refused(&format!("{table}{EXEMPT}\n| GET /y | - |\n"), &["line 5: a second table: the matrix is one"]);
}

#[track_caller]
fn refused(table: &str, expected: &[&str]) {
    let faults = parse(table).unwrap_err();
    let texts: Vec<String> = faults.iter().map(ToString::to_string).collect();
    assert_eq!(texts, expected, "{table}");
    assert!(faults.iter().all(|fault| fault.kind() == MatrixFaultKind::Syntax));
}

#[test]
fn every_wrong_line_is_reported_with_its_number() {
    refused("", &["the file has no table"]);
    refused("no table\n", &["the file has no table"]);
    refused("| Route | a |\n", &["the file has no table"]);
    refused("| Path | a |\n| - | - |\n", &["line 1: the first column is called `Route`"]);
    refused("| Route |\n| - |\n", &["line 1: the table has no persona"]);
    refused("| Route | a | a |\n| - | - | - |\n", &["line 1: the persona `a` has two columns"]);
    refused("| Route | |\n| - | - |\n", &["line 1: a persona without a name"]);
    let rule = "under the head stands `| --- |`, once for each column";
    refused("| Route | a |\n| - |\n", &[&format!("line 2: {rule}")]);
    refused("| Route | a |\n| GET /x | - |\n", &[&format!("line 2: {rule}")]);
    refused("| Route | a |\n\n", &["line 2: a row begins and ends with `|`"]);
    let label = "is not `METHOD /path` or `METHOD /path (relation)`";
    refused(
        "| Route | a |\n| - | - |\n| /x | - |\n| get /x | - |\n| GET x | - |\n| GET /x () | - |\n| GET /x /y | - |\n",
        &[
            &format!("line 3: `/x` {label}"),
            &format!("line 4: `get /x` {label}"),
            &format!("line 5: `GET x` {label}"),
            &format!("line 6: `GET /x ()` {label}"),
            &format!("line 7: `GET /x /y` {label}"),
        ],
    );
    refused(
        "| Route | a |\n| - | - |\n| GET /x | - | - |\n| GET /y | 99 |\n| GET /z | ok |\n| GET /z | 100 |\n| GET /u | -",
        &[
            "line 3: `GET /x` has 2 cells; there are 1 personas",
            "line 4: `99` is neither a status, nor `-`, nor `n/a`",
            "line 5: `ok` is neither a status, nor `-`, nor `n/a`",
            "line 6: `GET /z` stands twice",
            "line 6: `100` is neither a status, nor `-`, nor `n/a`",
            "line 7: a row begins and ends with `|`",
        ],
    );
    refused(
        "| Route | a |\n| - | - |\n| GET /x | - |\n\n| GET /y | - |\n",
        &["line 5: a second table: the matrix is one"],
    );
}

#[tokio::test]
async fn a_file_that_is_wrong_or_missing_is_the_only_fault() {
    let error = check("| Route |\n", Flaw::None).await.unwrap_err();
    assert!(error.faults().iter().all(|fault| fault.kind() == MatrixFaultKind::Syntax), "{error}");
    let faults = faults(matrix(&File::absent()), Flaw::None).await;
    assert_eq!(faults.len(), 1);
    assert!(faults[0].0 == MatrixFaultKind::File && faults[0].1.contains("cannot be read"), "{faults:?}");
}

fn cells() -> impl Strategy<Value = Cell> {
    prop_oneof![Just(Cell::NotApplicable), Just(Cell::Refused), (200_u16..600).prop_map(Cell::Status)]
}

fn sheets() -> impl Strategy<Value = Sheet> {
    let personas = prop::collection::btree_set("[a-z|'é]{1,8}( [a-z|]{1,4})?", 1..5);
    let labels = prop::collection::btree_set(
        (
            "(GET|POST|ANY|X-Y)",
            "(/[a-z|]{1,5}|/\\{[a-z]{1,4}\\}){1,3}",
            prop::option::of("[a-z' é-]{0,6}[a-z]"),
        ),
        0..6,
    );
    (personas, labels).prop_flat_map(|(personas, labels)| {
        let count = personas.len();
        let rows = labels.len();
        prop::collection::vec(prop::collection::vec(cells(), count), rows).prop_map(move |cells| {
            let rows =
                labels.iter().zip(cells).enumerate().map(|(index, ((method, path, relation), cells))| {
                    let route = RouteName { path: path.clone(), method: method.clone() };
                    let relation = relation.as_deref().map(|relation| relation.trim().to_owned());
                    Row { label: Label { route, relation }, cells, line: index + 3 }
                });
            let mut rows: Vec<Row> = rows.collect();
            rows.dedup_by(|a, b| a.label == b.label);
            for (index, row) in rows.iter_mut().enumerate() {
                row.line = index + 3;
            }
            let exempt =
                labels.iter().take(2).map(|(_, path, _)| path).collect::<std::collections::BTreeSet<_>>();
            let below = rows.len() + 6;
            let exempt = exempt.into_iter().enumerate().map(|(index, path)| Exempt {
                path: path.clone(),
                reason: "no `secret`: at all".to_owned(),
                line: below + index,
            });
            let exempt = exempt.collect();
            Sheet { personas: personas.iter().cloned().collect(), rows, exempt, ..Sheet::default() }
        })
    })
}

proptest! {
    #[test]
    fn no_text_panics(text in "(\\|[ a-z/(){}|-]{0,20}\\|?\n|.{0,20}\n){0,8}") {
        if let Ok(sheet) = parse(&text) {
            prop_assert!(!sheet.personas.is_empty());
        }
    }

    #[test]
    fn what_is_written_is_read_back(sheet in sheets()) {
        prop_assert_eq!(parse(&sheet.to_string()), Ok(sheet));
    }
}
