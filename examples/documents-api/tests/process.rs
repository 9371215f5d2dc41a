//! The program itself: its output, its environment, its end.

#![expect(clippy::expect_used, reason = "the helpers of a test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A running program, killed if the test ends early; its folder goes with it.
struct Program {
    child: Child,
    folder: PathBuf,
}

impl Program {
    /// Starts with an empty folder, and reads the tour to its end.
    fn start(name: &str) -> (Self, String) {
        Self::start_with(name, &[])
    }

    fn start_with(name: &str, options: &[&str]) -> (Self, String) {
        let folder = std::env::temp_dir().join(format!("documents-api-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut child = Command::new(env!("CARGO_BIN_EXE_documents-api"))
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--audit")
            .arg(folder.with_extension("jsonl"))
            .args(options)
            .env("DOCUMENTS_LISTEN", "127.0.0.1:0")
            .env("RUST_LOG", "warn")
            .stdout(Stdio::piped())
            .spawn()
            .expect("the program starts");
        let mut stdout = BufReader::new(child.stdout.take().expect("stdout is piped"));
        let mut tour = String::new();
        while !tour.contains("alice does not") || !tour.ends_with("\n\n") {
            assert!(stdout.read_line(&mut tour).expect("the tour is text") > 0, "{tour}");
        }
        (Self { child, folder }, tour)
    }

    fn audit(&self) -> PathBuf {
        self.folder.with_extension("jsonl")
    }

    /// SIGTERM, and how the program ends.
    fn terminate(&mut self) -> bool {
        let sent = Command::new("kill").arg("-TERM").arg(self.child.id().to_string()).status();
        assert!(sent.is_ok_and(|status| status.success()));
        self.child.wait().is_ok_and(|status| status.success())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = std::fs::remove_dir_all(&self.folder);
        let _ = std::fs::remove_file(self.audit());
    }
}

/// Pastes a line into a shell; the status of the answer.
fn paste(line: &str) -> String {
    let line = line.trim().replacen("curl -i", "curl -s -o /dev/null -w '%{http_code}'", 1);
    let output = Command::new("sh").arg("-c").arg(line).output().expect("there is a shell");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

fn lines(path: &Path) -> usize {
    std::fs::read_to_string(path)
        .map_or(0, |text| text.lines().filter(|l| l.contains(r#""kind":"request""#)).count())
}

#[test]
fn every_line_of_the_tour_does_what_it_says_and_sigterm_loses_no_event() {
    if Command::new("curl").arg("--version").output().is_err() {
        eprintln!("SKIPPED: curl is not installed");
        return;
    }
    for (name, options) in [("tour", [].as_slice()), ("proxied", &["--trusted-proxy", "127.0.0.0/8"])] {
        let (mut program, tour) = Program::start_with(name, options);
        assert!(tour.starts_with("documents-api listens on http://127.0.0.1:"), "{tour}");
        let statuses: Vec<_> =
            tour.lines().filter(|line| line.trim_start().starts_with("curl ")).map(paste).collect();
        let expected = [
            "200", "401", "200", "200", "200", "200", "201", "403", "200", "404", "200", "200", "404", "200",
            "403",
        ];
        assert_eq!(statuses, expected, "{tour}");
        assert!(program.terminate());
        assert_eq!(lines(&program.audit()), expected.len());
    }
}

/// Every answer that a client got has its event, though the program is told to stop in the middle.
#[test]
fn sigterm_under_load_loses_no_event_of_an_answered_request() {
    let (mut program, tour) = Program::start("load");
    let address = tour.split("http://").nth(1).and_then(|rest| rest.split_whitespace().next());
    let address = address.expect("the tour says where").trim_end_matches('/').to_owned();
    let answered = Arc::new(AtomicUsize::new(0));
    let clients: Vec<_> = (0..4)
        .map(|_| {
            let (address, answered) = (address.clone(), Arc::clone(&answered));
            std::thread::spawn(move || {
                while is_healthy(&address) {
                    answered.fetch_add(1, Ordering::SeqCst);
                }
            })
        })
        .collect();
    while answered.load(Ordering::SeqCst) < 100 {
        std::thread::yield_now();
    }
    assert!(program.terminate());
    for client in clients {
        client.join().expect("a client");
    }
    // One of each client may have been cut off before its answer.
    let (answered, events) = (answered.load(Ordering::SeqCst), lines(&program.audit()));
    assert!((answered..=answered + 4).contains(&events), "{answered} answers, {events} events");
}

/// Whether a whole answer came.
fn is_healthy(address: &str) -> bool {
    let Ok(mut stream) = TcpStream::connect(address) else { return false };
    let request = format!("GET /health HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n");
    let mut answer = String::new();
    let asked = stream.write_all(request.as_bytes()).and_then(|()| stream.read_to_string(&mut answer));
    asked.is_ok() && answer.starts_with("HTTP/1.1 200")
}

/// What cannot start leaves nothing behind that the next start would take for its own.
#[test]
fn a_start_that_fails_before_it_makes_anything_makes_nothing() {
    let folder = std::env::temp_dir().join(format!("documents-api-unmade-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let address = taken.local_addr().expect("it has an address").to_string();
    let audit = std::env::temp_dir().join(format!("documents-api-unmade-{}.jsonl", std::process::id()));
    for wrong in
        [&["--listen", &*address][..], &["--listen", "127.0.0.1:0", "--issuer", "https://idp.example"]]
    {
        let mut program = Command::new(env!("CARGO_BIN_EXE_documents-api"));
        let output = program.args(wrong).arg("--data").arg(&folder).arg("--audit").arg(&audit).output();
        let output = output.expect("the program starts");
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        assert!(!folder.exists() && !audit.exists(), "{wrong:?}");
    }
    // The audit of a service that runs has a line that is not whole yet.
    std::fs::write(&audit, "half a line").expect("a file for the test");
    let mut program = Command::new(env!("CARGO_BIN_EXE_documents-api"));
    let output =
        program.args(["--listen", &*address, "--data"]).arg(&folder).arg("--audit").arg(&audit).output();
    let left = std::fs::read_to_string(&audit);
    let _ = std::fs::remove_file(&audit);
    assert!(!output.expect("the program starts").status.success());
    assert_eq!(left.expect("it is there"), "half a line");
}

/// Flags that contradict each other, the folder's files, the port, TLS, an issuer and the audit together; nothing that could
/// be used is made on the way.
#[test]
fn every_fault_of_the_configuration_is_reported_by_one_start() {
    let folder = std::env::temp_dir().join(format!("documents-api-faults-{}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir(&folder).expect("a folder for the test");
    for file in ["documents.sqlite", "signing-key.p8"] {
        std::fs::write(folder.join(file), "garbage ".repeat(200)).expect("a file for the test");
    }
    let taken = TcpListener::bind("127.0.0.1:0").expect("a port is free");
    let taken = taken.local_addr().map(|address| (address.to_string(), taken)).expect("it has an address");
    let output = Command::new(env!("CARGO_BIN_EXE_documents-api"))
        .args(["--listen", &taken.0, "--tls-cert", "/nowhere/cert", "--tls-key", "/nowhere/key"])
        .args(["--issuer", "https://idp.example", "--audience", "documents", "--jwks", "/nowhere/jwks"])
        .args(["--audit", "/nowhere/audit", "--public-url", "no url", "--introspect", "discover", "--data"])
        .arg(&folder)
        .env_remove("DOCUMENTS_CLIENT_ID")
        .env("RUST_LOG", "error")
        .output()
        .expect("the program starts");
    let made = folder.join("demo-credentials.json").exists();
    let _ = std::fs::remove_dir_all(&folder);
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for fault in [
        "P701",
        "P702",
        "/nowhere/jwks",
        "/nowhere/audit",
        "no url",
        "--introspect needs DOCUMENTS_CLIENT_ID",
        "is not a SQLite database",
        "does not hold an ES256 key",
        &format!("cannot listen on {}: ", taken.0),
    ] {
        assert!(text.contains(fault), "{fault}: {text}");
    }
    let mut reported: Vec<_> = text.lines().filter(|line| line.starts_with("  ")).collect();
    let all = reported.len();
    assert!(text.starts_with(&format!("error: {all} things keep the service from starting")), "{text}");
    reported.sort_unstable();
    reported.dedup();
    assert_eq!(reported.len(), all, "each once: {text}");
    assert!(!made, "the passwords of a service that does not start are shown to nobody");
}

/// What a compose file makes of a variable that nobody gave.
#[test]
fn an_empty_variable_counts_as_not_set() {
    let run = |variables: &[(&str, &str)], arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_documents-api"));
        let output = command.args(arguments).arg("routes").envs(variables.iter().copied()).output();
        let output = output.expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let all =
        ["LISTEN", "ISSUER", "AUDIENCE", "JWKS", "PUBLIC_URL", "INTROSPECT", "CLIENT_ID", "CLIENT_SECRET"];
    let all = all.map(|name| format!("DOCUMENTS_{name}"));
    for one in &all {
        assert_eq!(run(&[(one, "")], &[]), (Some(0), String::new()), "{one}");
    }
    assert_eq!(run(&all.each_ref().map(|name| (name.as_str(), "")), &[]), (Some(0), String::new()));
    let issuer = ["--issuer", "https://idp.example", "--audience", "documents", "--introspect", "discover"];
    let (code, text) = run(&[("DOCUMENTS_CLIENT_ID", "documents"), ("DOCUMENTS_CLIENT_SECRET", "")], &issuer);
    assert!(code == Some(1) && text.contains("DOCUMENTS_CLIENT_SECRET"), "{code:?} {text}");
    // A flag was given by somebody, and one blank is not empty.
    assert_eq!(run(&[], &["--issuer", ""]).0, Some(2));
    assert_eq!(run(&[("DOCUMENTS_ISSUER", " ")], &[]).0, Some(2));
}

#[test]
fn routes_prints_the_table_and_makes_nothing() {
    let folder = std::env::temp_dir().join(format!("documents-api-routes-{}", std::process::id()));
    let run = |arguments: &[&str]| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_documents-api"));
        let output = command.arg("--data").arg(&folder).args(arguments).output().expect("the program starts");
        (output.status.code(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (code, text) = run(&["routes"]);
    assert!(code == Some(0) && text.starts_with("METHOD"), "{code:?} {text}");
    assert!(text.contains("GET     /documents/{id}"), "{text}");
    let (code, json) = run(&["routes", "--format", "json"]);
    assert!(code == Some(0) && json.contains(r#""path": "/login""#), "{code:?} {json}");
    assert_eq!(run(&["routes", "--format", "yaml"]).0, Some(2));
    assert!(!folder.exists());
}

#[test]
fn an_option_that_cannot_be_read_ends_it_with_status_2_and_all_else_with_1() {
    let run = |arguments: &[&str]| {
        let mut child = Command::new(env!("CARGO_BIN_EXE_documents-api"))
            .args(arguments)
            .env_remove("DOCUMENTS_LISTEN")
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .expect("the program starts");
        let mut text = String::new();
        let _ = child.stderr.take().expect("stderr is piped").read_to_string(&mut text);
        (child.wait().expect("it ends").code(), text)
    };
    let (code, text) = run(&["--listen", "localhost", "--issuer", "https://idp.example"]);
    assert!(code == Some(2) && text.contains("such as 127.0.0.1:8080"), "{code:?} {text}");
    let (code, text) = run(&["--issuer", "https://idp.example", "routes"]);
    assert!(code == Some(1) && text.contains("--issuer needs --audience"), "{code:?} {text}");
    let (code, text) = run(&["--data", "/dev/null/data"]);
    assert!(
        code == Some(1) && text.contains("the folder `/dev/null/data` cannot be created"),
        "{code:?} {text}"
    );
}
