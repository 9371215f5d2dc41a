//! The programs of third parties that the interop tests start: installed from their pinned lists, once.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::report::Report;

/// Where the lists and the scripts are.
const NODE: &str = "tests/interop/node";
const PYTHON: &str = "tests/interop/python";

/// Installs what is missing or out of date. The tests skip themselves, visibly, where nothing is installed.
pub(crate) fn install(report: &mut Report) {
    const NAME: &str = "partners of the interop tests";
    match missing() {
        Some(why) => report.cannot(NAME, why),
        None => report.check(NAME, || {
            let packages = node()?;
            let python = python()?;
            Ok(format!("{packages}; {python}"))
        }),
    }
}

fn missing() -> Option<&'static str> {
    if !works("node", &["--version"]) || !works("npm", &["--version"]) {
        return Some("node and npm are not installed (Debian: nodejs, npm; Node.js 20 or later)");
    }
    // Debian splits `venv` from the interpreter.
    if !works(interpreter(), &["-c", "import venv, ensurepip"]) {
        return Some("python3 with venv is not installed (Debian: python3-venv)");
    }
    None
}

fn node() -> Result<String, String> {
    up_to_date(NODE, "package-lock.json", "node_modules", || {
        let mut npm = Command::new("npm");
        run(npm.args(["ci", "--no-progress", "--fetch-retries=5"]).current_dir(NODE))
    })
}

fn python() -> Result<String, String> {
    up_to_date(PYTHON, "requirements.txt", ".venv", || {
        run(Command::new(interpreter()).args(["-m", "venv", "--clear", ".venv"]).current_dir(PYTHON))?;
        let pip = [".venv/bin/python", ".venv/Scripts/python.exe"];
        let pip = pip.into_iter().find(|pip| Path::new(PYTHON).join(pip).is_file());
        let pip = pip.ok_or("the new environment has no interpreter")?;
        let pip = fs::canonicalize(Path::new(PYTHON)).map_err(|error| error.to_string())?.join(pip);
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=5"];
        run(Command::new(pip).args(install).args(["-r", "requirements.txt"]).current_dir(PYTHON))
    })
}

/// Installs unless the folder was made from this very list; then notes there what it was made from.
fn up_to_date(
    folder: &str,
    list: &str,
    made: &str,
    install: impl FnOnce() -> Result<(), String>,
) -> Result<String, String> {
    let folder = Path::new(folder);
    let (list, stamp) = (folder.join(list), folder.join(made).join(".made-from"));
    let wanted = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) {
        return Ok(format!("{} is up to date", folder.display()));
    }
    install()?;
    fs::write(&stamp, wanted).map_err(|error| format!("{}: {error}", stamp.display()))?;
    Ok(format!("{} was installed", folder.display()))
}

fn interpreter() -> &'static str {
    if cfg!(windows) { "python" } else { "python3" }
}

fn works(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

fn run(command: &mut Command) -> Result<(), String> {
    let status = command.stdin(Stdio::null()).status().map_err(|error| format!("{command:?}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{command:?}: {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn installs_once_for_each_list() {
        let folder = std::env::temp_dir().join(format!("portcullis-xtask-{}", std::process::id()));
        fs::create_dir_all(folder.join("made")).unwrap();
        fs::write(folder.join("list"), "one").unwrap();
        let run = |outcome: Result<(), String>| {
            let mut installed = false;
            let done = up_to_date(folder.to_str().unwrap(), "list", "made", || {
                installed = true;
                outcome
            });
            (installed, done.is_ok())
        };
        assert_eq!(run(Err("no network".to_owned())), (true, false));
        assert_eq!(run(Ok(())), (true, true), "what failed is tried again");
        assert_eq!(run(Ok(())), (false, true));
        fs::write(folder.join("list"), "two").unwrap();
        assert_eq!(run(Ok(())), (true, true));
        fs::remove_dir_all(&folder).unwrap();
    }
}
