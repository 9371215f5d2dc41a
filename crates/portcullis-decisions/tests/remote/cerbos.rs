//! A decision point of others: Cerbos, which speaks AuthZEN.

use std::fs;
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use portcullis_authz::conformance::{decision_points, failing_decision_points};
use portcullis_authz::engine::{DecisionPoint, ask};
use portcullis_core::{Clock, Principal};
use portcullis_decisions::{AuthZen, RemoteDecisionPoint};

use crate::todo;

/// How often it is looked whether the server listens.
const LOOKS: u32 = 1200;

/// A running server; it ends with the test.
struct Cerbos {
    child: Child,
    url: String,
    socket: PathBuf,
}

impl Cerbos {
    /// With the policies beside this file; `None`, visibly, where the program is not installed; under CI a failure, where
    /// there is one for the platform.
    fn start(name: &str) -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
        let program = "../../tests/interop/node/node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64";
        let program = folder.join(program);
        if !program.is_file() {
            assert!(!skips_nothing(), "cerbos is not installed");
            eprintln!("SKIPPED: cerbos is not installed; `cargo xtask test` installs it on Linux");
            return None;
        }
        // Free a moment ago; nobody else is expected to take it.
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        let socket = std::env::temp_dir().join(format!("portcullis-cerbos-{name}-{port}"));
        let policies = folder.join("tests/remote/cerbos");
        let child = Command::new(program)
            .arg("server")
            .arg(format!("--set=storage.disk.directory={}", policies.display()))
            .arg(format!("--set=server.httpListenAddr=127.0.0.1:{port}"))
            .arg(format!("--set=server.grpcListenAddr=unix:{}", socket.display()))
            .arg("--set=telemetry.disabled=true")
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let cerbos = Self { child, url: format!("http://127.0.0.1:{port}"), socket };
        assert!((0..LOOKS).any(|_| listens(port)), "cerbos does not listen");
        Some(cerbos)
    }

    /// Cerbos wants the roles by a name of its own.
    fn point(&self, roles: fn(&Principal) -> Vec<&str>) -> RemoteDecisionPoint {
        let settings = AuthZen::discover(&*self.url).deadline(Duration::from_secs(30));
        let settings = settings.subject_property("cerbos.roles", move |caller| roles(caller).into());
        settings.build(&Clock::system()).unwrap()
    }
}

fn skips_nothing() -> bool {
    let ci = std::env::var("CI").is_ok_and(|value| matches!(value.as_str(), "true" | "1"));
    ci && cfg!(all(target_os = "linux", target_arch = "x86_64"))
}

/// Whether somebody listens there, within a while.
fn listens(port: u16) -> bool {
    let found = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).is_ok();
    if !found {
        // A process of others: there is nothing to wait for but the time.
        std::thread::park_timeout(Duration::from_millis(50));
    }
    found
}

impl Drop for Cerbos {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_file(&self.socket);
    }
}

#[tokio::test]
async fn cerbos_conforms() {
    let Some(cerbos) = Cerbos::start("conforms") else { return };
    // Its policies give every role the right, but a caller needs one.
    let point: Arc<dyn DecisionPoint> = Arc::new(cerbos.point(|_| vec!["anybody"]));
    decision_points(&point).await;
    drop(cerbos);
    failing_decision_points(&point).await;
}

#[tokio::test]
async fn the_decisions_of_authzen_todo_come_out_right_by_cerbos() {
    let Some(cerbos) = Cerbos::start("todo") else { return };
    let point = cerbos.point(|caller| caller.roles().collect());
    todo::check_all(&ask(point), |_| ()).await;
}
