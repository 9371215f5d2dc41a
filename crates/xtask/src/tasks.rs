//! The commands as lists of steps.

use std::env;
use std::path::Path;
use std::process::ExitCode;

use crate::cargo::Cargo;
use crate::cli::{Command, Options};
use crate::report::Report;
use crate::{budget, features, fuzz, metadata, partners};

/// Runs a command in the root of the workspace.
pub(crate) fn run(command: &Command, options: Options) -> ExitCode {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    if let Err(error) = env::set_current_dir(&root) {
        eprintln!("error: cannot enter {}: {error}", root.display());
        return ExitCode::from(2);
    }
    let mut report = Report::new(options);
    match command {
        Command::Bench { arguments } => bench(&mut report, arguments),
        Command::Check { package } => check(&mut report, package.as_deref()),
        Command::Docs => docs(&mut report, options),
        Command::Fuzz { target, seconds } => fuzz::run(&mut report, target.as_deref(), *seconds),
        Command::Test => test(&mut report, options),
    }
    report.finish()
}

/// Everything that decides whether a change may land.
///
/// The order shares what is built: clippy and the documentation need only the metadata of dependencies, tests and
/// doctests need their code; each pair selects the same packages and the same features.
fn test(report: &mut Report, options: Options) {
    format(report, &Cargo::new("fmt --all --check"));
    lint(report, Cargo::new("clippy --all-targets").arguments(EVERYTHING).locked(options));
    lint_benchmarks(report, options);
    docs(report, options);
    partners::install(report);
    tests(report, options);
    report.tests(
        "doctests",
        &Cargo::new("test --doc --no-fail-fast --quiet").arguments(EVERYTHING).locked(options),
    );
    feature_sets(report, options);
    report.check("dependency budget", || budget::check(options));
    licences(report);
    parts_that_tests_skip_themselves_for(report);
}

/// The developer's loop.
fn check(report: &mut Report, package: Option<&str>) {
    let (all, selection) = match package {
        Some(name) => ("fmt", vec!["-p", name]),
        None => ("fmt --all", vec![]),
    };
    format(report, &Cargo::new(all).arguments(selection.clone()).arguments(["--check"]));
    lint(report, Cargo::new("clippy --all-targets --all-features").arguments(selection));
}

fn docs(report: &mut Report, options: Options) {
    let cargo = Cargo::new("doc --no-deps").arguments(EVERYTHING).locked(options);
    report.step("documentation", &cargo.environment("RUSTDOCFLAGS", "-D warnings"));
}

fn bench(report: &mut Report, arguments: &[String]) {
    let cargo = Cargo::new("bench -p portcullis-bench --").arguments(arguments.iter().cloned());
    report.step("benchmarks", &cargo);
}

fn format(report: &mut Report, cargo: &Cargo) {
    if Cargo::new("fmt --version").works() {
        report.step("formatting", cargo);
    } else {
        report.cannot("formatting", "rustfmt is not installed (rustup component add rustfmt)");
    }
}

fn lint(report: &mut Report, cargo: Cargo) {
    if Cargo::new("clippy --version").works() {
        report.step("clippy", &cargo.arguments(["--", "-D", "warnings"]));
    } else {
        report.cannot("clippy", "clippy is not installed (rustup component add clippy)");
    }
}

/// The benchmarks apart and without the peers, which would double what is built and change what is tested: features
/// of a dependency are united over all selected packages.
fn lint_benchmarks(report: &mut Report, options: Options) {
    let cargo = Cargo::new("clippy --all-targets -p portcullis-bench --no-default-features").locked(options);
    if Cargo::new("clippy --version").works() {
        report.step("clippy of benchmarks", &cargo.arguments(["--", "-D", "warnings"]));
    }
}

fn tests(report: &mut Report, options: Options) {
    // nextest is faster and isolates tests from each other, but no test needs it.
    let cargo = if Cargo::new("nextest --version").works() {
        Cargo::new("nextest run --no-fail-fast --status-level fail --final-status-level fail")
    } else {
        Cargo::new("test --lib --bins --tests --no-fail-fast --quiet")
    };
    report.tests("tests", &cargo.arguments(EVERYTHING).locked(options));
}

fn feature_sets(report: &mut Report, options: Options) {
    match metadata::packages() {
        Ok(packages) => {
            let sets = features::sets(&packages);
            let invocations: Vec<Cargo> = sets
                .iter()
                .map(|set| Cargo::new("check --quiet").arguments(set.arguments()).locked(options))
                .collect();
            report.all("each room alone", &invocations);
        }
        Err(problem) => report.check("each room alone", || Err(problem)),
    }
}

/// The licences are also held by a test that needs no tool; cargo-deny knows more of them and of sources.
fn licences(report: &mut Report) {
    if Cargo::new("deny --version").works() {
        report.step("licences and bans", &Cargo::new("deny --offline check licenses bans sources"));
    } else {
        report.note("cargo-deny is not installed: licences are checked by the architecture tests alone");
    }
}

/// Test vectors of the standards stand beside the checkout. Tests that need them skip themselves without them.
/// Tests pass where these are missing, so that they can be run alone; the whole run says what was not tested.
fn parts_that_tests_skip_themselves_for(report: &mut Report) {
    if !Path::new("../shared/vectors").is_dir() {
        report.cannot("vectors of the standards", "../shared/vectors is missing");
    }
    if std::process::Command::new("curl").arg("--version").output().is_err() {
        report.cannot("the tour of documents-api", "curl is not installed");
    }
}

/// What every step selects that looks at the whole workspace, so that they share what they build.
const EVERYTHING: [&str; 4] = ["--workspace", "--exclude", "portcullis-bench", "--all-features"];
