//! OpenAPI 3.1: what is written is a document that others can read.

use std::collections::BTreeSet;

use portcullis_authn::CredentialShape;
use portcullis_authz::{anonymous, any_scope, authenticated, role, scope};
use portcullis_openapi::OpenApiSecurity;
use portcullis_stack::RoutePolicy;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::support::{KEY, Stub, build, document, table};

/// A document with everything in it.
fn written() -> Value {
    let security = build(|security| {
        security
            .scheme("token", Stub::tokens(&["https://login.example.com"]))
            .scheme("key", Stub::of(CredentialShape::Header(KEY)))
            .scheme("password", Stub::of(CredentialShape::Basic))
            .scheme("certificate", Stub::of(CredentialShape::ClientCertificate))
    });
    let table = table(
        &security,
        &[
            ("GET", "/a/{id}", RoutePolicy::requires(any_scope(["a", "b"]).or(role("admin")))),
            ("GET", "/files/{*rest}", RoutePolicy::requires(scope("a"))),
            ("POST", "/login", RoutePolicy::requires(authenticated()).via(["password"])),
            ("GET", "/open", RoutePolicy::requires(anonymous().or(authenticated())).optional()),
            ("GET", "/health", RoutePolicy::public("probe")),
        ],
    );
    let operations = [
        ("GET", "/a/{id}"),
        ("GET", "/files/{*rest}"),
        ("POST", "/login"),
        ("GET", "/open"),
        ("GET", "/health"),
    ];
    let document = OpenApiSecurity::new(&security, &table).write(document(&operations)).unwrap();
    serde_json::to_value(document).unwrap()
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &Value)> {
    let items = document["paths"].as_object().unwrap().iter();
    items.flat_map(|(path, item)| item.as_object().unwrap().values().map(move |operation| (path, operation)))
}

#[test]
fn the_document_is_read_back_as_it_was_written() {
    let document = written();
    let read: OpenApi = serde_json::from_value(document.clone()).unwrap();
    assert_eq!(serde_json::to_value(read).unwrap(), document);
    assert_eq!(document["openapi"], "3.1.0");
}

/// OpenAPI 3.1 §4.8.30: each name in a requirement is that of a security scheme.
#[test]
fn every_requirement_names_a_scheme_of_the_document_and_every_scheme_is_named() {
    let document = written();
    let mut named = BTreeSet::new();
    for (path, operation) in operations(&document) {
        for requirement in operation["security"].as_array().unwrap_or_else(|| panic!("{path}")) {
            for (name, scopes) in requirement.as_object().unwrap() {
                named.insert(name.clone());
                assert!(scopes.as_array().unwrap().iter().all(Value::is_string), "{path}");
            }
        }
    }
    let schemes: BTreeSet<String> =
        document["components"]["securitySchemes"].as_object().unwrap().keys().cloned().collect();
    assert_eq!(named, schemes);
    assert_eq!(schemes.len(), 4);
}

#[test]
fn every_reference_leads_somewhere() {
    fn walk(value: &Value, references: &mut Vec<String>) {
        match value {
            Value::Object(members) => {
                references.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| walk(value, references));
            }
            Value::Array(items) => items.iter().for_each(|value| walk(value, references)),
            _ => {}
        }
    }
    let document = written();
    let mut references = Vec::new();
    walk(&document, &mut references);
    assert!(references.len() > 5, "{references:?}");
    for reference in references {
        let pointer = reference.strip_prefix('#').unwrap();
        assert!(document.pointer(pointer).is_some(), "{reference}");
    }
}

/// OpenAPI 3.1 §4.8.8.2: a template has no star, and no two templates are the same but for their names.
#[test]
fn templates_have_no_wildcard() {
    let document = written();
    let paths: Vec<&String> = document["paths"].as_object().unwrap().keys().collect();
    assert_eq!(paths, ["/a/{id}", "/files/{rest}", "/health", "/login", "/open"]);
}

/// OpenAPI 3.1 §4.8.16, §4.8.17: every response has a description; so has every component that operations refer to.
#[test]
fn every_response_is_described() {
    let document = written();
    for (name, response) in document["components"]["responses"].as_object().unwrap() {
        assert!(!response["description"].as_str().unwrap().is_empty(), "{name}");
    }
}
