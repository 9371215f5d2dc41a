//! Prints the allocations of each goal; with `--check`, fails where one is missed. An ordinary test holds them.

use std::process::ExitCode;

use allocation_counter::measure;
use portcullis_bench::case;
use portcullis_bench::goals::ALLOCATIONS;
use portcullis_bench::report::Report;

const ITERATIONS: u32 = 64;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    // What is asked of the other benchmark alone is not meant for this one.
    let filtered = arguments.iter().any(|argument| !argument.starts_with("--"));
    if !has("--bench") || has("--instructions") || filtered {
        return ExitCode::SUCCESS;
    }
    let mut report = Report::default();
    report.heading("Allocations per request");
    for goal in ALLOCATIONS {
        report.add(goal, goal.measure(goal.ours, allocations), "", &[]);
    }
    if report.conclude() || !has("--check") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn allocations(name: &str) -> f64 {
    let mut case = case(name).unwrap_or_else(|| panic!("there is a case named `{name}`"));
    case.run(ITERATIONS);
    case.settle();
    let counted = measure(|| case.run(ITERATIONS)).count_total;
    (counted as f64 / f64::from(ITERATIONS)).round()
}
