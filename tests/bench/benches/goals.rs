//! Prints every goal of time and, if asked, of instructions.
//!
//! Arguments: a text that the goal's number or description must hold; `--quick`; `--instructions`; `--check` to
//! fail where a goal is missed.

use std::process::ExitCode;

use portcullis_bench::callgrind;
use portcullis_bench::goals::{Goal, INSTRUCTIONS, TIMES};
use portcullis_bench::report::Report;
use portcullis_bench::rounds::{Plan, Track};

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let has = |flag: &str| arguments.iter().any(|argument| argument == flag);
    if let Some(child) = arguments.iter().position(|argument| argument == callgrind::CHILD) {
        callgrind::child(&arguments[child + 1]);
        return ExitCode::SUCCESS;
    }
    if !has("--bench") {
        println!("benchmarks are run by `cargo bench`");
        return ExitCode::SUCCESS;
    }
    let filters: Vec<&String> = arguments.iter().filter(|argument| !argument.starts_with("--")).collect();
    let wanted = |goal: &&Goal| {
        filters.is_empty()
            || filters.iter().any(|filter| goal.number == *filter || goal.what.contains(*filter))
    };
    let mut report = Report::default();
    if has("--instructions") {
        instructions(&mut report, INSTRUCTIONS.iter().filter(wanted));
    } else {
        let plan = if has("--quick") { Plan::QUICK } else { Plan::FULL };
        times(&mut report, TIMES.iter().filter(wanted), plan);
    }
    if report.conclude() || !has("--check") { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn times<'a>(report: &mut Report, goals: impl Iterator<Item = &'a Goal>, plan: Plan) {
    report.heading("Time: medians of the ratios of each round (and quartiles)");
    let mut track = Track::default();
    for goal in goals {
        let (ours, peers) = track.measure(goal, plan);
        let peers: Vec<f64> = peers.iter().map(|peer| peer.median).collect();
        report.add(goal, ours.median, &format!("({:.2}..{:.2})", ours.lower, ours.upper), &peers);
    }
}

fn instructions<'a>(report: &mut Report, goals: impl Iterator<Item = &'a Goal>) {
    report.heading("Instructions per request (callgrind)");
    let mut known = std::collections::HashMap::new();
    for goal in goals {
        for name in goal.cases() {
            if !known.contains_key(name) {
                let Some(count) = callgrind::instructions(name) else {
                    println!("SKIPPED: `valgrind` is not installed, or cannot run `{name}`");
                    return;
                };
                known.insert(name, count);
            }
        }
        let measure = |formula| {
            let measured = goal.measure(formula, |name| known[name]);
            if goal.unit.is_some() { measured } else { measured.round() }
        };
        let peers: Vec<f64> = goal.peers.iter().map(|(_, formula)| measure(*formula)).collect();
        report.add(goal, measure(goal.ours), "", &peers);
    }
}
