//! What is read and kept is bounded.

use portcullis_cedar::{Cedar, CedarBuilder, MAX_FILES};

use crate::support::{Folder, SCHEMA};

const POLICY: &str = "permit(principal, action, resource);\n";

#[track_caller]
fn check(builder: CedarBuilder, fits: bool) {
    match builder.build() {
        Ok(_) => assert!(fits, "it was taken"),
        Err(errors) => {
            assert!(!fits, "{errors}");
            assert_eq!(errors.codes().collect::<Vec<_>>(), ["P265"], "{errors}");
        }
    }
}

#[test]
fn refuses_more_policies_than_the_limit() {
    let of = |number: usize| {
        Cedar::builder().schema("s", SCHEMA).policies("p", &POLICY.repeat(number)).max_policies(20)
    };
    check(of(20), true);
    check(of(21), false);
}

/// Links make policies too.
#[test]
fn policies_that_are_made_from_templates_count() {
    let template = "@id(\"t\") permit(principal == ?principal, action, resource);";
    let of = |number: usize| {
        let links: Vec<String> = (0..number)
            .map(|link| {
                format!(
                    r#"{{ "template_id": "t", "link_id": "l{link}", "args": {{ "?principal": "User::\"{link}\"" }} }}"#
                )
            })
            .collect();
        let links = format!("[{}]", links.join(","));
        Cedar::builder().schema("s", SCHEMA).policies("p", template).links("l", &links).max_policies(20)
    };
    check(of(20), true);
    check(of(21), false);
}

#[test]
fn refuses_more_octets_than_the_limit() {
    let folder = Folder::new();
    folder.write("p.cedar", POLICY);
    let whole = SCHEMA.len() + POLICY.len();
    let of = |max| {
        Cedar::builder().schema("s", SCHEMA).policies_file(folder.path().join("p.cedar")).max_octets(max)
    };
    check(of(whole), true);
    check(of(whole - 1), false);
    check(of(0), false);
}

#[test]
fn refuses_more_files_than_the_limit() {
    let folder = Folder::new();
    folder.write("schema.cedarschema", SCHEMA);
    for number in 1..MAX_FILES {
        folder.write(&format!("{number}.cedar"), "");
    }
    folder.write("1.cedar", POLICY);
    check(Cedar::builder().directory(folder.path()), true);
    folder.write("one-too-many.cedar", "");
    check(Cedar::builder().directory(folder.path()), false);
}

#[test]
fn refuses_what_is_not_there() {
    let folder = Folder::new();
    check(Cedar::builder().directory(folder.path().join("no-such")), false);
    check(Cedar::builder().schema("s", SCHEMA).policies_file(folder.path().join("no-such.cedar")), false);
    folder.write("schema.cedarschema", SCHEMA);
    check(Cedar::builder().directory(folder.path()), false);
    check(Cedar::builder().schema("s", SCHEMA).policies("p", POLICY).name(""), false);
}

#[test]
fn refuses_a_file_that_is_no_text() {
    let folder = Folder::new();
    std::fs::write(folder.path().join("p.cedar"), [0xff, 0xfe]).unwrap();
    check(Cedar::builder().schema("s", SCHEMA).directory(folder.path()), false);
}
