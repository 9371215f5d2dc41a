//! What outlives a process, and what keeps one from starting.

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::*;

#[tokio::test]
async fn documents_users_keys_and_tokens_survive_a_restart() {
    let service = Service::start().await;
    let bearer = service.bearer("alice").await;
    let (password, key) =
        (service.password("alice").to_owned(), service.server.credentials().unwrap().api_key().to_owned());
    let created = service.call_as("alice", "POST", "/documents", r#"{"title":"Kept"}"#).await;
    let path = created.header("location").to_owned();

    let service = service.again().await;
    let show = request("GET", &path).header(AUTHORIZATION, bearer).body(Body::empty()).unwrap();
    assert_eq!(service.call(show).await.json(), created.json());
    assert_eq!(service.password("alice"), password);
    assert_eq!(service.server.credentials().unwrap().api_key(), key);
    assert_eq!(service.call(login("alice", &password)).await.status, 200);
}

#[tokio::test]
async fn a_user_who_is_gone_or_has_lost_a_role_is_refused_at_once() {
    let service = Service::start().await;
    let (adam, bob) = (service.bearer("adam").await, service.bearer("bob").await);
    let path = service.folder.path().join("documents.sqlite");
    let options = sqlx::sqlite::SqliteConnectOptions::new().filename(path).foreign_keys(true);
    let mut other = <sqlx::SqliteConnection as sqlx::Connection>::connect_with(&options).await.unwrap();
    let change = "DELETE FROM user_roles WHERE user = 'adam'; DELETE FROM users WHERE name = 'bob'";
    sqlx::raw_sql(change).execute(&mut other).await.unwrap();

    let call =
        |bearer: &str, path| request("GET", path).header(AUTHORIZATION, bearer).body(Body::empty()).unwrap();
    service.call(call(&adam, "/admin/audit")).await.check_problem(403);
    assert_eq!(service.call(call(&adam, "/me")).await.status, 200);
    service.call(call(&bob, "/me")).await.check_problem(401);
}

#[tokio::test]
async fn garbage_in_the_folder_is_named_at_start_and_not_overwritten() {
    for (file, named) in [
        ("documents.sqlite", "is not a SQLite database"),
        ("signing-key.p8", "does not hold an ES256 key"),
        ("demo-credentials.json", "does not hold demo credentials"),
    ] {
        let folder = Folder::new();
        let garbage = "garbage ".repeat(200);
        std::fs::write(folder.path().join(file), &garbage).unwrap();
        let error = start(&Options::in_folder(folder.path())).await.unwrap_err();
        assert!(error.to_string().contains(named), "{error}");
        assert_eq!(std::fs::read_to_string(folder.path().join(file)).unwrap(), garbage);
    }
}

#[tokio::test]
async fn an_unusable_folder_address_or_audit_file_is_named_at_start() {
    let folder = Folder::new();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let error = start(&Options::in_folder(file.join("deeper"))).await.unwrap_err();
    assert!(matches!(only(&error), StartError::Folder { .. }), "{error}");

    let mut options = Options::in_folder(folder.path().join("data"));
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    options.listen = taken.local_addr().unwrap();
    let error = start(&options).await.unwrap_err();
    assert!(matches!(only(&error), StartError::Listen { .. }), "{error}");

    options.listen.set_port(0);
    options.audit = Some(file.join("audit.jsonl"));
    let errors = start(&options).await.unwrap_err();
    let StartError::Configuration(errors) = only(&errors) else { panic!("{errors}") };
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P502"]);
}

/// The database and the key are in the folder; all the rest needs neither.
#[tokio::test]
async fn everything_that_is_wrong_is_told_by_one_start() {
    let folder = Folder::new();
    let taken = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let wrong = |data: std::path::PathBuf| {
        let mut options = Options::in_folder(data);
        options.listen = taken.local_addr().unwrap();
        options.audit = Some("/nowhere/audit.jsonl".into());
        options.tls.client_ca = Some("/nowhere/ca.pem".into());
        options
    };
    let kinds = |error: &StartErrors| -> Vec<_> {
        let kind = |error: &StartError| match error {
            StartError::Contradiction(_) => "contradiction",
            StartError::Folder { .. } => "folder",
            StartError::Database(_) => "database",
            StartError::Key(_) => "key",
            StartError::Listen { .. } => "port",
            StartError::Configuration(errors) => errors.codes().next().unwrap(),
            _ => "another",
        };
        error.iter().map(kind).collect()
    };
    for file in ["documents.sqlite", "signing-key.p8", "demo-credentials.json"] {
        std::fs::write(folder.path().join(file), "garbage ".repeat(200)).unwrap();
    }
    let error = start(&wrong(folder.path().into())).await.unwrap_err();
    assert_eq!(kinds(&error), ["contradiction", "port", "database", "key", "P502"]);
    assert!(
        error.to_string().starts_with("5 things keep the service from starting\n  --client-ca"),
        "{error}"
    );

    let error = start(&wrong(folder.path().join("signing-key.p8/data"))).await.unwrap_err();
    assert_eq!(kinds(&error), ["contradiction", "port", "P502"], "no folder is made by what cannot start");

    let mut options = wrong(folder.path().join("signing-key.p8/data"));
    options.listen.set_port(0);
    options.tls.client_ca = None;
    assert_eq!(kinds(&start(&options).await.unwrap_err()), ["folder", "P502"]);
}

#[track_caller]
fn only(errors: &StartErrors) -> &StartError {
    let [only] = errors.iter().collect::<Vec<_>>()[..] else { panic!("{errors}") };
    only
}

#[tokio::test]
async fn a_shutdown_writes_every_audit_event() {
    const REQUESTS: usize = 50;
    let folder = Folder::new();
    let audit = folder.path().join("audit.jsonl");
    let mut options = Options::in_folder(folder.path());
    options.audit = Some(audit.clone());
    let server = start(&options).await.unwrap();
    let address = server.address();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let serving = tokio::spawn(server.run(async move { stopped.await.unwrap_or_default() }));

    let mut stream = TcpStream::connect(address).await.unwrap();
    for _ in 0..REQUESTS {
        stream.write_all(b"GET /documents HTTP/1.1\r\nHost: a\r\n\r\n").await.unwrap();
    }
    let (mut seen, mut buffer) = (String::new(), [0; 4096]);
    while seen.matches("HTTP/1.1 401").count() < REQUESTS {
        let read = stream.read(&mut buffer).await.unwrap();
        assert!(read > 0, "{seen}");
        seen.push_str(std::str::from_utf8(&buffer[..read]).unwrap());
    }
    stop.send(()).unwrap();
    serving.await.unwrap().unwrap();

    let lines: Vec<Value> = std::fs::read_to_string(&audit)
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    assert_eq!(lines.iter().filter(|event| event["kind"] == "request").count(), REQUESTS);
    assert!(TcpStream::connect(address).await.is_err());
}
