//! Programs of third parties, as processes that obey JSON lines.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::support::client::PATIENCE;

/// A running partner; it ends with the test.
pub struct Partner {
    child: Child,
    commands: ChildStdin,
    answers: Lines<BufReader<ChildStdout>>,
}

impl Partner {
    /// `node SCRIPT ARGUMENTS` with the packages of `interop/node`.
    pub fn node(script: &str, arguments: &[&str]) -> Self {
        let mut command = Command::new("node");
        command.arg(folder("node").join(script)).args(arguments);
        Self::start(command)
    }

    /// The Python script, with the packages of `interop/python`.
    pub fn python(script: &str) -> Self {
        let mut command = Command::new(python());
        command.arg(folder("python").join(script));
        Self::start(command)
    }

    fn start(mut command: Command) -> Self {
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).kill_on_drop(true);
        // A proxy of the machine has no business on loopback.
        for proxy in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NODE_USE_ENV_PROXY"] {
            command.env_remove(proxy);
        }
        let mut child = command.spawn().unwrap();
        let commands = child.stdin.take().unwrap();
        let answers = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, commands, answers }
    }

    /// Gives a command and waits for the answer; an answer that is an error ends the test.
    #[track_caller]
    pub fn ask(&mut self, what: &str, mut with: Value) -> impl Future<Output = Value> + use<'_> {
        let caller = std::panic::Location::caller();
        with["do"] = what.into();
        async move {
            self.commands.write_all(format!("{with}\n").as_bytes()).await.unwrap();
            let answer = self.answer().await;
            assert!(answer.get("error").is_none(), "{caller}: {with} was answered by {answer}");
            answer
        }
    }

    /// The next line.
    pub async fn answer(&mut self) -> Value {
        let line =
            tokio::time::timeout(PATIENCE, self.answers.next_line()).await.expect("the partner answers");
        let line = line.unwrap().expect("the partner is running");
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"))
    }

    /// Ends the partner without warning.
    pub async fn kill(mut self) {
        self.child.kill().await.unwrap();
    }
}

/// Whether the packages are installed, which `cargo xtask test` sees to; says so where they are not, and fails under CI.
pub fn at_hand() -> bool {
    let there = folder("node/node_modules").is_dir() && python().is_file();
    if !there {
        let ci = std::env::var("CI").is_ok_and(|value| matches!(value.as_str(), "true" | "1"));
        assert!(!ci, "the partners are not installed");
        eprintln!("SKIPPED: the partners are not installed; `cargo xtask test` installs them");
    }
    there
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("interop").join(name)
}

fn python() -> PathBuf {
    let folder = folder("python/.venv");
    let windows = folder.join("Scripts/python.exe");
    if windows.is_file() { windows } else { folder.join("bin/python") }
}

/// An OAuth 2 server of others.
pub struct Provider {
    pub process: Partner,
    pub issuer: String,
}

impl Provider {
    /// On a free port, with keys of its own.
    pub async fn start() -> Self {
        Self::with(&[]).await
    }

    /// With the arguments of `provider.mjs`.
    pub async fn with(arguments: &[&str]) -> Self {
        let mut process = Partner::node("provider.mjs", arguments);
        let issuer = process.answer().await["issuer"].as_str().unwrap().to_owned();
        Self { process, issuer }
    }

    /// New signing keys; the old ones stay published or not.
    pub async fn rotate(&mut self, overlap: bool) {
        self.process.ask("rotate", json!({ "overlap": overlap })).await;
    }

    pub fn port(&self) -> &str {
        self.issuer.rsplit_once(':').unwrap().1
    }
}
