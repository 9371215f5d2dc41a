//! The program itself: its output, its environment, its end.

#![expect(clippy::expect_used, reason = "the helpers of a test")]

use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// A running program, killed if the test ends early; its folder goes with it.
struct Program {
    child: Child,
    folder: PathBuf,
}

impl Program {
    /// Starts with an empty folder, and reads the tour to its end.
    fn start(name: &str) -> (Self, String) {
        let folder = std::env::temp_dir().join(format!("documents-api-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        let mut child = Command::new(env!("CARGO_BIN_EXE_documents-api"))
            .arg("--data")
            .arg(folder.join("data"))
            .arg("--audit")
            .arg(folder.with_extension("jsonl"))
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
    let (mut program, tour) = Program::start("tour");
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
fn contradictory_options_end_it_with_status_2_and_a_bad_folder_with_1() {
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
    let (code, text) = run(&["--issuer", "https://idp.example"]);
    assert!(code == Some(2) && text.contains("--issuer needs --audience"), "{code:?} {text}");
    let (code, text) = run(&["--data", "/dev/null/data"]);
    assert!(
        code == Some(1) && text.contains("the folder `/dev/null/data` cannot be created"),
        "{code:?} {text}"
    );
}
