//! Who may do what: every route, as every kind of caller, for every relation to a document. The table is `matrix.md`;
//! `PORTCULLIS_UPDATE=1 cargo test -p documents-api --test matrix` writes it anew, for review.

#![expect(clippy::expect_used, clippy::indexing_slicing, reason = "the helpers of a test")]

use std::path::PathBuf;

use documents_api::{Database, NewDocument, Options, Server};
use http::HeaderName;
use portcullis_testkit::{Matrix, Persona, Relation, TestIssuer};
use serde_json::Value;

const OUTSIDE: &str = "https://idp.example";
const DOCUMENT: &str = "/documents/{id}";

/// A folder of its own, removed in the end.
struct Folder(PathBuf);

impl Folder {
    fn new() -> Self {
        let path = std::env::temp_dir().join(format!("documents-api-matrix-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&path);
        std::fs::create_dir_all(&path).expect("the folder can be made");
        Self(path)
    }

    /// The file with a line for each request.
    fn audit(&self) -> PathBuf {
        self.0.join("audit.jsonl")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

/// The service as it is started, with an outside issuer.
async fn start(folder: &Folder, issuer: &TestIssuer) -> Server {
    let jwks = folder.0.join("issuer.jwks");
    std::fs::write(&jwks, issuer.jwks_json()).expect("the keys can be written");
    let mut options = Options::in_folder(folder.0.join("data"));
    options.issuer = Some(issuer.url().parse().expect("a URL"));
    options.audience = Some(issuer.audience().to_owned());
    options.jwks = Some(jwks);
    options.tokens.client_id = Some("documents".to_owned());
    options.audit = Some(folder.audit());
    Server::start(&options).await.expect("the service starts")
}

/// A caller by the service's own token.
async fn user(server: &Server, name: &str, user: &str) -> Persona {
    let token = server.token_for(user).await.expect("the database answers").expect("the user exists");
    Persona::bearer(name, &token.access_token)
}

/// Whose documents are the persona's own.
fn owner(persona: &str) -> Option<&'static str> {
    Some(match persona {
        "viewer" => "rita",
        "editor" | "API key" | "password" => "alice",
        "manager" => "maria",
        "admin" => "adam",
        "outside" => "https://idp.example#alice-from-outside",
        _ => return None,
    })
}

/// A fresh document of that owner, since a cell may change or delete it; its path.
async fn fresh(database: &Database, owner: &str, team: Option<&str>, visibility: &str) -> Option<String> {
    let new = NewDocument {
        title: "Plan".parse().expect("a title"),
        body: "Secret.".parse().expect("a body"),
        team: team.map(|team| team.parse().expect("a team")),
        visibility: visibility.parse().expect("a visibility"),
    };
    let document = database.insert_document(owner, &new).await.expect("the database answers");
    Some(format!("/documents/{}", document.id))
}

/// A relation to documents that are made anew for each cell: by owner, team and visibility.
fn documents(
    database: &Database,
    name: &str,
    owner: fn(&str) -> Option<&'static str>,
    team: Option<&'static str>,
    visibility: &'static str,
) -> Relation {
    let database = database.clone();
    Relation::loading(name, DOCUMENT, async move |persona: &str| {
        fresh(&database, owner(persona)?, team, visibility).await
    })
}

/// A21.1, A21.5: object level and function level, whole.
#[tokio::test]
async fn every_route_answers_every_caller_as_the_table_says() {
    let folder = Folder::new();
    let issuer = TestIssuer::offline(OUTSIDE).with_audience("https://documents.example");
    let server = start(&folder, &issuer).await;
    let credentials = server.credentials().expect("it was started for the first time");
    let password = credentials.password("alice").expect("alice has a password");
    let outside = issuer.token("alice-from-outside").scope("documents:read documents:write");
    let outside = outside.claim("roles", vec!["admin"]).claim("groups", vec!["engineering"]).sign();
    let database = server.database();
    let zoe = |_: &str| Some("zoe");

    let report = Matrix::read("tests/matrix.md")
        .routes(server.app().route_table().rows())
        .persona(Persona::anonymous("anonymous"))
        .persona(user(&server, "viewer", "rita").await)
        .persona(user(&server, "editor", "alice").await)
        .persona(user(&server, "manager", "maria").await)
        .persona(user(&server, "admin", "adam").await)
        .persona(Persona::bearer("outside", &outside))
        .persona(Persona::header("API key", HeaderName::from_static("x-api-key"), credentials.api_key()))
        .persona(Persona::basic("password", "alice", password))
        .relation(documents(database, "own", owner, None, "private"))
        .relation(documents(database, "team", zoe, Some("engineering"), "private"))
        .relation(documents(database, "public", zoe, None, "public"))
        .relation(documents(database, "private", zoe, Some("finance"), "private"))
        .relation(Relation::fixed("absent", DOCUMENT, "/documents/018bcfe5-6800-7abc-8def-0123456789ab"))
        .relation(Relation::fixed("style", "/docs/{file}", "/docs/swagger-ui.css"))
        .absent("absent")
        .without_absent("/docs/{file}", "the files of the page are the same for everybody, and public")
        .json("POST /documents", r#"{"title":"New"}"#)
        .json_named("POST /documents", "to a team", r#"{"title":"New","team":"engineering"}"#)
        .json("PUT /documents/{id}", r#"{"title":"Changed","visibility":"public"}"#)
        .run(server.app().clone())
        .await;
    assert!(report.compared > 0 && report.explained > 100, "{report}");

    // The file is whole when nobody can write into it any more.
    drop(server);
    let lines = std::fs::read_to_string(folder.audit()).expect("the audit is there");
    let refused =
        lines.lines().filter(|line| is_refused(line)).inspect(|line| assert_explained(line)).count();
    // The other methods that every path was asked by are among them.
    assert!(refused > report.explained + report.methods / 2, "{refused} lines of refusals, {report}");
}

fn parsed(line: &str) -> Value {
    serde_json::from_str(line).expect("a line is JSON")
}

fn is_refused(line: &str) -> bool {
    parsed(line).get("reason").is_some()
}

/// Every denial can be explained from the audit line alone: what refused says why, in words or as a tree.
#[track_caller]
fn assert_explained(line: &str) {
    let event = parsed(line);
    let decisions = event["decisions"].as_array().map(Vec::as_slice).unwrap_or_default();
    let refused = decisions.iter().rfind(|one| one["effect"] == "deny" && one["enforced"] == true);
    let said = |one: &Value, name: &str| one.get(name).is_some_and(|said| said != "");
    let is_explained = refused.is_some_and(|one| said(one, "detail") || said(one, "explanation"));
    assert!(is_explained, "{line}");
    assert_eq!(refused.map(|one| &one["reason"]), Some(&event["reason"]), "{line}");
}
