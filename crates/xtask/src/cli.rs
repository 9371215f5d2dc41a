//! What may be asked for on the command line.

/// One run of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Request {
    /// Print this text and succeed.
    Help(&'static str),
    /// Run the steps of a command.
    Run(Command, Options),
}

/// The commands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Command {
    /// Benchmarks, with arguments handed to them.
    Bench { arguments: Vec<String> },
    /// Formatting and lints of one package, or of the default members.
    Check { package: Option<String> },
    /// The documentation of every room.
    Docs,
    /// Fuzz targets: one, or all of them.
    Fuzz { target: Option<String>, seconds: u32 },
    /// Everything that decides whether a change may land.
    Test,
}

/// What holds for every command.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    /// Nothing may be left out, and the lock file must be up to date.
    pub(crate) ci: bool,
    /// Print the invocations instead of running them.
    pub(crate) dry_run: bool,
}

/// Reads the arguments behind the program's name.
pub(crate) fn parse(arguments: &[String]) -> Result<Request, String> {
    let mut words = arguments.iter().map(String::as_str);
    let Some(name) = words.next() else {
        return Ok(Request::Help(HELP));
    };
    let mut rest: Vec<&str> = words.collect();
    if matches!(name, "--help" | "-h" | "help") {
        return Ok(Request::Help(HELP));
    }
    if rest.iter().take_while(|word| **word != "--").any(|word| matches!(*word, "--help" | "-h")) {
        return help_of(name).map(Request::Help);
    }
    let dry_run = take_flag(&mut rest, "--dry-run");
    let options = Options { ci: name == "ci" || asked_for_ci(), dry_run };
    let command = match name {
        "bench" => Command::Bench { arguments: rest.drain(..).map(str::to_owned).collect() },
        "check" => Command::Check { package: take_value(&mut rest, "-p")? },
        "docs" => Command::Docs,
        "fuzz" => Command::Fuzz {
            seconds: seconds(take_value(&mut rest, "--seconds")?)?,
            target: (!rest.is_empty()).then(|| rest.remove(0).to_owned()),
        },
        "test" | "ci" => Command::Test,
        other => return Err(format!("no such command: `{other}`")),
    };
    match rest.first() {
        Some(left) => Err(format!("`{name}` does not know the argument `{left}`")),
        None => Ok(Request::Run(command, options)),
    }
}

/// How long each fuzz target runs when nothing else is asked for.
pub(crate) const FUZZ_SECONDS: u32 = 30;

pub(crate) const HELP: &str = "\
The task runner of the Portcullis workspace.

Usage: cargo xtask <COMMAND> [OPTIONS]

Commands:
  check [-p PACKAGE]            Formatting and lints of one package, or of the default members
  test                          Everything that decides whether a change may land
  ci                            The same, and nothing may be left out (as with CI=true)
  docs                          Documentation of every room, warnings denied
  bench [ARGUMENTS..]           Benchmarks of the whole stack; ARGUMENTS go to them
  fuzz [TARGET] [--seconds N]   Fuzz targets of tests/fuzz, 30 seconds each

Options:
  --dry-run    Print the invocations instead of running them
  -h, --help   Print help, also of one command";

fn help_of(name: &str) -> Result<&'static str, String> {
    Ok(match name {
        "bench" => BENCH_HELP,
        "check" => CHECK_HELP,
        "ci" | "test" => TEST_HELP,
        "docs" => DOCS_HELP,
        "fuzz" => FUZZ_HELP,
        other => return Err(format!("no such command: `{other}`")),
    })
}

const BENCH_HELP: &str = "\
Usage: cargo xtask bench [ARGUMENTS..]

Runs the benchmarks of tests/bench in the bench profile. ARGUMENTS go to them: names of goals, `--quick`,
`--instructions` (counts by valgrind), `--check` (a missed goal is a failure). See tests/bench/README.md.";

const CHECK_HELP: &str = "\
Usage: cargo xtask check [-p PACKAGE]

The developer's loop: rustfmt, then clippy with every target and feature, warnings denied. Without -p it looks at the
default members of the workspace.";

const DOCS_HELP: &str = "\
Usage: cargo xtask docs

Builds the documentation of every room with every feature, warnings denied. The start page is
target/doc/portcullis/index.html.";

const FUZZ_HELP: &str = "\
Usage: cargo xtask fuzz [TARGET] [--seconds N]

Runs the fuzz targets of tests/fuzz with cargo-fuzz (`cargo install --locked cargo-fuzz`), without a sanitizer, so
that the stable toolchain will do. Without TARGET it runs all of them, N seconds each (30 by default).";

const TEST_HELP: &str = "\
Usage: cargo xtask test
       cargo xtask ci

Formatting, clippy, tests (nextest where installed, else cargo test), doctests, documentation, each room alone by
feature, and the dependency budget. The programs that the interop tests start are installed into tests/interop, by npm
and pip. The last line is `N passed, N failed`: tests, with each step that failed otherwise
counted as one failure. `ci`, or CI=true in the environment, demands an up-to-date lock file and every tool.";

fn asked_for_ci() -> bool {
    std::env::var("CI").is_ok_and(|value| matches!(value.as_str(), "true" | "1"))
}

fn take_flag(rest: &mut Vec<&str>, flag: &str) -> bool {
    let before = rest.len();
    rest.retain(|word| *word != flag);
    rest.len() < before
}

fn take_value(rest: &mut Vec<&str>, flag: &str) -> Result<Option<String>, String> {
    let Some(at) = rest.iter().position(|word| *word == flag) else {
        return Ok(None);
    };
    rest.remove(at);
    if at < rest.len() {
        Ok(Some(rest.remove(at).to_owned()))
    } else {
        Err(format!("`{flag}` needs a value"))
    }
}

fn seconds(text: Option<String>) -> Result<u32, String> {
    text.map_or(Ok(FUZZ_SECONDS), |text| {
        text.parse().map_err(|_| format!("`--seconds` takes a whole number, not `{text}`"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(line: &str, expected: Result<Command, &str>) {
        let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
        match (parse(&words), expected) {
            (Ok(Request::Run(command, _)), Ok(wanted)) => assert_eq!(command, wanted, "{line}"),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{line}: {problem}"),
            (got, wanted) => panic!("{line}: {got:?}, not {wanted:?}"),
        }
    }

    #[test]
    fn reads_every_command() {
        check("test", Ok(Command::Test));
        check("ci", Ok(Command::Test));
        check("docs", Ok(Command::Docs));
        check("check", Ok(Command::Check { package: None }));
        check("check -p portcullis-core", Ok(Command::Check { package: Some("portcullis-core".into()) }));
        check("bench jwt --quick", Ok(Command::Bench { arguments: vec!["jwt".into(), "--quick".into()] }));
        check("fuzz", Ok(Command::Fuzz { target: None, seconds: FUZZ_SECONDS }));
        check("fuzz escape --seconds 5", Ok(Command::Fuzz { target: Some("escape".into()), seconds: 5 }));
    }

    #[test]
    fn refuses_what_it_does_not_know() {
        check("build", Err("no such command: `build`"));
        check("docs --open", Err("does not know the argument `--open`"));
        check("check -p", Err("`-p` needs a value"));
        check("check --package core", Err("does not know the argument"));
        check("fuzz escape --seconds soon", Err("takes a whole number, not `soon`"));
        check("fuzz escape jwt", Err("does not know the argument `jwt`"));
        check("build --help", Err("no such command: `build`"));
    }

    #[test]
    fn explains_itself_and_each_command() {
        for line in ["", "--help", "help"] {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            assert_eq!(parse(&words), Ok(Request::Help(HELP)));
        }
        for command in ["bench", "check", "ci", "docs", "fuzz", "test"] {
            let Ok(Request::Help(text)) = parse(&[command.to_owned(), "--help".to_owned()]) else {
                panic!("`{command} --help` is no help");
            };
            assert!(text.contains(&format!("cargo xtask {command}")), "{text}");
            assert!(HELP.contains(&format!("\n  {command} ")), "{command} is missing from the list");
        }
    }

    #[test]
    fn ci_and_dry_run_hold_for_every_command() {
        let Ok(Request::Run(_, options)) = parse(&["ci".to_owned(), "--dry-run".to_owned()]) else {
            panic!("not a run");
        };
        assert_eq!(options, Options { ci: true, dry_run: true });
    }
}
