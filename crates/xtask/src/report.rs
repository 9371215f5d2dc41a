//! What ran, how it ended, how long it took: printed as it happens and summed up at the end.

use std::fmt;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::cargo::{Cargo, Ran};
use crate::cli::Options;
use crate::counts::Counts;

/// Collects the outcomes of the steps.
#[derive(Debug)]
pub(crate) struct Report {
    options: Options,
    steps: Vec<Step>,
    notes: Vec<String>,
}

/// What a step may say of itself: `Err` holds what went wrong.
pub(crate) type Checked = Result<String, String>;

#[derive(Debug)]
struct Step {
    name: String,
    outcome: Outcome,
    counts: Counts,
    took: Duration,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Passed,
    Failed,
    NotRun,
}

impl Report {
    pub(crate) const fn new(options: Options) -> Self {
        Self { options, steps: Vec::new(), notes: Vec::new() }
    }

    /// Runs one invocation as a step.
    pub(crate) fn step(&mut self, name: &str, cargo: &Cargo) {
        self.all(name, std::slice::from_ref(cargo));
    }

    /// Runs several invocations as one step, which ends with the first that fails.
    pub(crate) fn all(&mut self, name: &str, invocations: &[Cargo]) {
        self.run(name, invocations, Cargo::run);
    }

    /// Runs one invocation as a step and counts the tests it reports.
    pub(crate) fn tests(&mut self, name: &str, cargo: &Cargo) {
        self.run(name, std::slice::from_ref(cargo), Cargo::run_counting);
    }

    /// A step that looks at something itself.
    pub(crate) fn check(&mut self, name: &str, check: impl FnOnce() -> Checked) {
        heading(name);
        if self.options.dry_run {
            return;
        }
        let started = now();
        let outcome = match check() {
            Ok(text) => {
                println!("{text}");
                Outcome::Passed
            }
            Err(problem) => {
                eprintln!("error: {problem}");
                Outcome::Failed
            }
        };
        self.end(name, outcome, Counts::default(), started.elapsed());
    }

    /// A step that cannot run here. It is a failure where nothing may be left out.
    pub(crate) fn cannot(&mut self, name: &str, why: &str) {
        heading(name);
        eprintln!("NOT RUN: {why}");
        self.notes.push(format!("{name}: {why}"));
        let outcome = if self.options.ci { Outcome::Failed } else { Outcome::NotRun };
        self.end(name, outcome, Counts::default(), Duration::ZERO);
    }

    /// Something the reader of the summary must know.
    pub(crate) fn note(&mut self, text: &str) {
        eprintln!("NOTE: {text}");
        self.notes.push(text.to_owned());
    }

    /// Prints the summary. Its last line is `N passed, N failed` and nothing else, unless nothing was counted.
    pub(crate) fn finish(self) -> ExitCode {
        if self.options.dry_run {
            return ExitCode::SUCCESS;
        }
        print!("\n{self}");
        if self.total().failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
    }

    fn run(&mut self, name: &str, invocations: &[Cargo], run: fn(&Cargo) -> std::io::Result<Ran>) {
        heading(name);
        let started = now();
        let mut counts = Counts::default();
        let mut outcome = Outcome::Passed;
        for cargo in invocations {
            println!("$ {cargo}");
            if self.options.dry_run {
                continue;
            }
            let succeeded = match run(cargo) {
                Ok(ran) => {
                    counts += ran.counts;
                    ran.succeeded
                }
                Err(error) => {
                    eprintln!("error: cannot run cargo: {error}");
                    false
                }
            };
            if !succeeded {
                outcome = Outcome::Failed;
                break;
            }
        }
        if !self.options.dry_run {
            self.end(name, outcome, counts, started.elapsed());
        }
    }

    fn end(&mut self, name: &str, outcome: Outcome, counts: Counts, took: Duration) {
        let step = Step { name: name.to_owned(), outcome, counts, took };
        println!("{step}");
        self.steps.push(step);
    }

    /// Tests, and each step that failed without naming a test as one failure.
    fn total(&self) -> Counts {
        let mut total = Counts::default();
        for step in &self.steps {
            total += step.counts;
            if step.outcome == Outcome::Failed && step.counts.failed == 0 {
                total.failed += 1;
            }
        }
        total
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for step in &self.steps {
            writeln!(f, "{step}")?;
        }
        for note in &self.notes {
            writeln!(f, "NOTE: {note}")?;
        }
        let total = self.total();
        if total == Counts::default() {
            return Ok(());
        }
        writeln!(f, "{} passed, {} failed", total.passed, total.failed)
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = match self.outcome {
            Outcome::Passed => "ok",
            Outcome::Failed => "FAILED",
            Outcome::NotRun => "NOT RUN",
        };
        write!(f, "{verdict:>8}  {:<24}{:>6.1} s", self.name, self.took.as_secs_f64())?;
        if self.counts != Counts::default() {
            write!(f, "  {} of {} tests", self.counts.passed, self.counts.passed + self.counts.failed)?;
        }
        Ok(())
    }
}

fn heading(name: &str) {
    println!("\n== {name}");
}

#[expect(clippy::disallowed_methods, reason = "how long a step took is no decision about a request")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn report(ci: bool) -> Report {
        Report::new(Options { ci, dry_run: false })
    }

    #[track_caller]
    fn check(report: &Report, last: &str) {
        assert_eq!(report.to_string().lines().last(), Some(last), "{report}");
    }

    #[test]
    fn ends_with_the_tests_counted() {
        let mut report = report(true);
        report.end("tests", Outcome::Passed, Counts { passed: 40, failed: 0 }, Duration::ZERO);
        report.end("doctests", Outcome::Passed, Counts { passed: 2, failed: 0 }, Duration::ZERO);
        report.note("something was left out");
        check(&report, "42 passed, 0 failed");
    }

    #[test]
    fn counts_a_failed_step_without_tests_as_one_failure() {
        let mut report = report(false);
        report.end("tests", Outcome::Failed, Counts { passed: 4, failed: 3 }, Duration::ZERO);
        report.check("budget", || Err("too many".to_owned()));
        report.check("something", || Ok("fine".to_owned()));
        check(&report, "4 passed, 4 failed");
    }

    #[test]
    fn fails_in_ci_for_what_cannot_run() {
        let mut here = report(false);
        here.cannot("clippy", "not installed");
        check(&here, "NOTE: clippy: not installed");
        assert!(here.to_string().contains("NOT RUN  clippy"), "{here}");
        let mut there = report(true);
        there.cannot("clippy", "not installed");
        check(&there, "0 passed, 1 failed");
    }
}
