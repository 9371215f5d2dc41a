//! Everything that is wrong is told when policies are loaded, all at once, with file and line.

use portcullis_cedar::{Cedar, CedarBuilder};

use crate::support::{Folder, SCHEMA, built, engine};

fn documents(policies: &str) -> CedarBuilder {
    Cedar::builder().schema("documents.cedarschema", SCHEMA).policies("documents.cedar", policies)
}

/// The codes, and a part of the first message.
#[track_caller]
fn check(builder: CedarBuilder, codes: &[&str], part: &str) {
    let errors = builder.build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), codes, "{errors}");
    assert!(errors.to_string().contains(part), "{errors}");
}

#[test]
fn every_error_is_reported_at_once_with_file_and_line() {
    let folder = Folder::new();
    folder.write("a.cedar", "permit(principal, action, resource);\n\npermit(principal, action resource);\n");
    folder.write("b.cedar", "forbid(principal, action, resource) when {\n  principal. };\n");
    folder.write("c.cedarschema", "entity User;\nentity Docu ment;\n");
    let errors = Cedar::builder().directory(folder.path()).policies_file("no-such.cedar").build();
    // A source that cannot be read comes first: the rest could be wrong because of it.
    assert_eq!(errors.unwrap_err().codes().collect::<Vec<_>>(), ["P265"]);
    let errors = Cedar::builder().directory(folder.path()).build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P260", "P260", "P261"]);
    let text = errors.to_string();
    for place in ["a.cedar:3`: ", "b.cedar:2`: ", "c.cedarschema:2`: "] {
        assert!(text.contains(place), "{place} in {text}");
    }
}

#[test]
fn refuses_policies_without_a_schema() {
    check(Cedar::builder().policies("p", "permit(principal, action, resource);"), &["P261"], "no schema");
    check(
        Cedar::builder().schema_json("s.json", "{").policies("p", "permit(principal, action, resource);"),
        &["P261"],
        "`s.json:1`",
    );
    let twice = Cedar::builder()
        .schema("s", "entity User in [Nobody];")
        .policies("p", "permit(principal, action, resource);");
    check(twice, &["P261"], "Nobody");
}

#[test]
fn refuses_policies_that_do_not_fit_the_schema() {
    let cases = [
        ("a misspelt attribute", "permit(principal, action, resource) when { principal.tenent == \"a\" };"),
        (
            "an optional attribute unasked",
            "permit(principal, action, resource) when { principal.tenant == \"a\" };",
        ),
        ("a type that does not exist", "permit(principal is Robot, action, resource);"),
        ("an action that does not exist", "permit(principal, action == Action::\"Raed\", resource);"),
        (
            "a comparison of two types",
            "permit(principal, action, resource is Document) when { resource has level && resource.level > \"1\" };",
        ),
        (
            "text that runs backwards",
            "permit(principal, action, resource) when { resource == Document::\"\u{202e}x\" };",
        ),
    ];
    for (what, policy) in cases {
        let errors = documents(&format!("\n\n{policy}")).build().expect_err(what);
        assert!(errors.codes().all(|code| code == "P262") && !errors.is_empty(), "{what}: {errors}");
        assert!(errors.to_string().contains("`documents.cedar:3`"), "{what}: {errors}");
    }
}

/// A policy that never applies is a mistake of whoever believes that it does something.
#[test]
fn refuses_policies_that_never_apply() {
    let cases = [
        "permit(principal is Role, action, resource);",
        "forbid(principal, action, resource) when { false };",
        "permit(principal, action, resource is Folder) when { resource is Document };",
    ];
    for policy in cases {
        check(documents(policy), &["P263"], "`documents.cedar:1`");
    }
}

#[test]
fn refuses_two_policies_with_one_identifier() {
    let policy = "@id(\"all\") permit(principal, action, resource);\n";
    check(documents(&policy.repeat(2)), &["P264"], "`documents.cedar:2`: the identifier `all`");
    let apart = documents(policy).policies("more.cedar", policy);
    check(apart, &["P264"], "`more.cedar:1`");
}

#[test]
fn refuses_identifiers_that_are_empty_or_too_long() {
    for id in [String::new(), "a".repeat(129)] {
        check(documents(&format!("@id(\"{id}\") permit(principal, action, resource);")), &["P260"], "`@id`");
    }
    let longest = "a".repeat(128);
    assert_eq!(
        engine(&format!("@id(\"{longest}\") permit(principal, action, resource);")).policy_ids(),
        [longest]
    );
}

#[test]
fn policies_are_called_by_annotation_or_else_by_file_and_line() {
    let text = "// permit(principal, action, resource);\npermit(principal, action, resource);\n\n\
        @id(\"no-folders\")\nforbid(principal, action, resource is Folder); // the end\n\
        permit(principal, action, resource is Document); permit(principal, action, resource is Folder);";
    let expected = ["documents.cedar:2", "documents.cedar:6", "documents.cedar:6:3", "no-folders"];
    assert_eq!(engine(text).policy_ids(), expected);
}

#[test]
fn a_folder_is_read_with_its_schema_and_nothing_else_in_it() {
    let folder = Folder::new();
    folder.write("schema.cedarschema", SCHEMA);
    folder.write("one.cedar", "permit(principal, action, resource);");
    folder.write("two.cedar", "forbid(principal, action, resource is Folder);");
    folder.write(".hidden.cedar", "no policy");
    folder.write("readme.md", "no policy");
    folder.write(".cedar", "no policy");
    let cedar = built(Cedar::builder().directory(folder.path()));
    assert_eq!(cedar.policy_ids(), ["one.cedar:1", "two.cedar:1"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_whose_name_is_no_text_is_not_left_out() {
    use std::os::unix::ffi::OsStrExt;

    let folder = Folder::new();
    folder.write("documents.cedarschema", SCHEMA);
    folder.write("one.cedar", "permit(principal, action, resource);");
    let odd = std::ffi::OsStr::from_bytes(b"verboten-f\xfcr-alle.cedar");
    std::fs::write(folder.path().join(odd), "@id(\"nobody\") forbid(principal, action, resource);").unwrap();
    let cedar = built(Cedar::builder().directory(folder.path()));
    assert_eq!(cedar.policy_ids(), ["nobody", "one.cedar:1"]);
}

#[test]
fn a_schema_may_be_json_and_may_come_in_parts() {
    let json = r#"{ "": { "entityTypes": { "Photo": {} }, "actions": {
        "look": { "appliesTo": { "principalTypes": ["User"], "resourceTypes": ["Photo"] } } } } }"#;
    let folder = Folder::new();
    folder.write("photos.cedarschema.json", json);
    let cedar = Cedar::builder()
        .schema("users", "entity User;")
        .schema_file(folder.path().join("photos.cedarschema.json"))
        .policies("p.cedar", "permit(principal, action == Action::\"look\", resource is Photo);");
    assert_eq!(built(cedar).policy_count(), 1);
}

#[test]
fn refuses_a_schema_that_no_caller_fits() {
    let policy = "permit(principal, action, resource);";
    let with = |callers: &str| {
        let schema =
            format!("{callers} entity Thing; action act appliesTo {{ principal: User, resource: Thing }};");
        Cedar::builder().schema("s", &schema).policies("p", policy)
    };
    check(with("entity User;").principal_type("Person"), &["P266"], "no entity type `Person`");
    check(with("entity User = { tenant: Long };"), &["P266"], "`tenant`, which is a String");
    check(with("entity User = { scopes: String };"), &["P266"], "a Set<String>");
    check(with("entity User = { department: String };"), &["P266"], "demands the attribute `department`");
    check(with("entity User;").claims(["tenant"]), &["P266"], "claim `tenant`");
    built(with("entity User = { department: String };").claims(["department"]));
    built(with("type Name = String; entity User = { tenant?: Name };"));
}

/// The attributes of a type may stand in a type of their own.
#[test]
fn attributes_are_found_behind_the_names_of_types() {
    let schema = |tenant: &str| {
        format!(
            r#"{{ "": {{
                "commonTypes": {{
                    "Facts": {{ "type": "Record", "attributes": {{ "tenant": {{ "type": "Name" }} }} }},
                    "Name": {{ "type": "{tenant}" }}
                }},
                "entityTypes": {{ "User": {{ "shape": {{ "type": "Facts" }} }}, "Thing": {{}} }},
                "actions": {{ "act": {{ "appliesTo": {{ "principalTypes": ["User"], "resourceTypes": ["Thing"] }} }} }}
            }} }}"#
        )
    };
    let with = |tenant| {
        let policy = "permit(principal, action, resource) when { resource == Thing::\"1\" };";
        Cedar::builder().schema_json("s", &schema(tenant)).policies("p", policy)
    };
    built(with("String"));
    check(with("Long"), &["P266"], "`tenant`, which is a String");
}

#[test]
fn templates_are_linked_as_a_file_says() {
    let template = "@id(\"viewers\")\npermit(principal == ?principal, action == Action::\"Read\", resource == ?resource);\n";
    let link = |template: &str, id: &str, args: &str| {
        format!("[\n{{ \"template_id\": \"{template}\", \"link_id\": \"{id}\", \"args\": {{ {args} }} }}\n]")
    };
    let args = r#""?principal": "User::\"alice\"", "?resource": "Document::\"1\"""#;
    let cedar = built(documents(template).links("l.json", &link("viewers", "alice-1", args)));
    assert_eq!(cedar.policy_ids(), ["alice-1"]);

    check(documents(template), &["P265"], "no policy");
    let linked_never = documents(&format!("{template}permit(principal, action, resource);"));
    check(linked_never, &["P267"], "`viewers`");
    let cases = [
        (link("viewer", "x", args), "`viewer`"),
        (link("viewers", "x", ""), "`l.json:2`"),
        (
            link("viewers", "x", r#""?principal": "alice", "?resource": "Document::\"1\"""#),
            "`alice` names no entity",
        ),
        (link("viewers", "x", r#""?action": "Action::\"Read\"""#), "no slot `?action`"),
        (link("viewers", "", args), "the identifier is empty"),
        (link("viewers", "viewers", args), "`viewers`"),
        ("{}".to_owned(), "`l.json:1`"),
    ];
    for (links, part) in cases {
        check(documents(template).links("l.json", &links), &["P267"], part);
    }
}

/// What a link says is checked as a policy is.
#[test]
fn a_link_that_does_not_fit_the_schema_is_refused() {
    let template = "@id(\"t\") permit(principal == ?principal, action, resource);";
    let links = r#"[{ "template_id": "t", "link_id": "robot", "args": { "?principal": "Robot::\"1\"" } }]"#;
    check(documents(template).links("l.json", links), &["P262"], "Robot");
}

#[test]
fn names_are_looked_for_in_the_only_namespace() {
    let schema = "namespace App { entity User; entity Thing; action act appliesTo { principal: User, resource: Thing }; }";
    let policy = "permit(principal is App::User, action == App::Action::\"act\", resource is App::Thing);";
    built(Cedar::builder().schema("s", schema).policies("p", policy));
    let two = format!("{schema} namespace Other {{ entity User; }}");
    check(Cedar::builder().schema("s", &two).policies("p", policy), &["P266"], "`User`");
    built(Cedar::builder().schema("s", &two).policies("p", policy).namespace("App"));
}

#[test]
fn debug_tells_no_policy() {
    let cedar = engine("@id(\"secret-plan\") permit(principal, action, resource);");
    assert_eq!(format!("{cedar:?}"), r#"Cedar { name: "cedar", policies: 1, .. }"#);
    assert_eq!(format!("{:?}", documents("")), r#"CedarBuilder { name: "cedar", sources: 2, .. }"#);
}
