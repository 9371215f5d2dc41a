//! Invocations of cargo.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read};
use std::process::{Command, Stdio};
use std::thread;

use crate::cli::Options;
use crate::counts::{Counts, Tally};

/// One invocation of cargo, not yet run.
#[derive(Clone, Debug)]
pub(crate) struct Cargo {
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
    folder: Option<&'static str>,
}

/// Whether it succeeded, and the tests it reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ran {
    pub(crate) succeeded: bool,
    pub(crate) counts: Counts,
}

impl Cargo {
    /// `cargo` with these arguments, separated by white space.
    pub(crate) fn new(line: &str) -> Self {
        let arguments = line.split_whitespace().map(str::to_owned).collect();
        Self { arguments, environment: Vec::new(), folder: None }
    }

    /// Adds arguments.
    pub(crate) fn arguments<I: IntoIterator<Item: Into<String>>>(mut self, arguments: I) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable of the environment.
    pub(crate) fn environment(mut self, name: &'static str, value: &'static str) -> Self {
        self.environment.push((name, value));
        self
    }

    /// Runs in this folder, relative to the workspace.
    pub(crate) fn folder(mut self, folder: &'static str) -> Self {
        self.folder = Some(folder);
        self
    }

    /// Demands an up-to-date lock file where `options` do.
    pub(crate) fn locked(mut self, options: Options) -> Self {
        // Behind the subcommand, before a `--` that ends cargo's own arguments.
        let at = self.arguments.iter().position(|argument| argument == "--").unwrap_or(self.arguments.len());
        if options.ci {
            self.arguments.insert(at, "--locked".to_owned());
        }
        self
    }

    /// Runs it with its output going where ours goes.
    pub(crate) fn run(&self) -> io::Result<Ran> {
        let succeeded = self.command().status()?.success();
        Ok(Ran { succeeded, counts: Counts::default() })
    }

    /// Runs it, passes its output on, and reads the tests it reports.
    pub(crate) fn run_counting(&self) -> io::Result<Ran> {
        // Without colours, so that the summaries can be read.
        let mut child = self
            .command()
            .env("CARGO_TERM_COLOR", "never")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let stderr = child.stderr.take().map(|stream| thread::spawn(move || pass_on(stream, true)));
        let mut tally = child.stdout.take().map_or_else(Tally::default, |stream| pass_on(stream, false));
        if let Some(Ok(more)) = stderr.map(thread::JoinHandle::join) {
            tally = tally.and(more);
        }
        Ok(Ran { succeeded: child.wait()?.success(), counts: tally.counts() })
    }

    /// Runs it and returns what it prints to standard output, or what it complains of.
    pub(crate) fn read(&self) -> Result<String, String> {
        let output = self.command().output().map_err(|error| format!("cannot run {self}: {error}"))?;
        if output.status.success() {
            Ok(String::from_utf8_lossy(&output.stdout).into_owned())
        } else {
            Err(format!("{self}: {}", String::from_utf8_lossy(&output.stderr)))
        }
    }

    /// Whether it runs and succeeds; it prints nothing.
    pub(crate) fn works(&self) -> bool {
        self.command()
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()
            .is_ok_and(|status| status.success())
    }

    fn command(&self) -> Command {
        let mut command = Command::new("cargo");
        command.args(&self.arguments).envs(self.environment.iter().copied()).stdin(Stdio::null());
        if let Some(folder) = self.folder {
            command.current_dir(folder);
        }
        command
    }
}

impl fmt::Display for Cargo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (name, value) in &self.environment {
            write!(f, "{name}='{value}' ")?;
        }
        write!(f, "cargo {}", self.arguments.join(" "))?;
        self.folder.map_or(Ok(()), |folder| write!(f, "  (in {folder})"))
    }
}

fn pass_on(stream: impl Read, is_error: bool) -> Tally {
    let mut tally = Tally::default();
    let mut reader = BufReader::new(stream);
    let mut line = Vec::new();
    while reader.read_until(b'\n', &mut line).is_ok_and(|length| length > 0) {
        let text = String::from_utf8_lossy(&line);
        tally.read(&text);
        if is_error {
            eprint!("{text}")
        } else {
            print!("{text}")
        }
        line.clear();
    }
    tally
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn locks_before_the_arguments_of_the_tool() {
        let ci = Options { ci: true, dry_run: false };
        assert_eq!(
            Cargo::new("clippy -- -D warnings").locked(ci).to_string(),
            "cargo clippy --locked -- -D warnings"
        );
        assert_eq!(Cargo::new("doc").locked(ci).to_string(), "cargo doc --locked");
        assert_eq!(Cargo::new("doc").locked(Options::default()).to_string(), "cargo doc");
    }

    #[test]
    fn counts_and_passes_on_both_streams() {
        let text: &[u8] = b"noise \xff\ntest result: ok. 2 passed; 1 failed; 0 ignored\nno end of line";
        assert_eq!(pass_on(text, true).counts(), Counts { passed: 2, failed: 1 });
    }
}
