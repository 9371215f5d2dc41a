//! Allocations of one request beside their goals: P3 to P10 and P13. The cases, and the reasons where a
//! goal is missed, stand in `tests/bench`.

use allocation_counter::measure;
use portcullis_bench::case;
use portcullis_bench::goals::{ALLOCATIONS, Goal};

const ITERATIONS: u32 = 64;

#[test]
fn no_request_allocates_more_than_its_goal() {
    check(|goal, measured| {
        let ceiling = goal.held.or(goal.at_most).unwrap_or(f64::INFINITY);
        (measured > ceiling).then(|| format!("{measured} instead of {ceiling}"))
    });
}

/// So that the table does not lag behind: a goal that is met is held from then on.
#[test]
fn no_goal_that_is_met_is_held_above_itself() {
    check(|goal, measured| {
        let needless = goal.held.is_some() && goal.is_met_by(measured);
        needless.then(|| format!("{measured} meets the goal: remove `held_at`"))
    });
}

#[track_caller]
fn check(complaint: impl Fn(&Goal, f64) -> Option<String>) {
    let complaints: Vec<String> = ALLOCATIONS
        .iter()
        .filter_map(|goal| {
            let measured = goal.measure(goal.ours, allocations);
            let text = complaint(goal, measured)?;
            Some(format!("{} {} ({}): {text}", goal.number, goal.what.trim(), goal.ours.text()))
        })
        .collect();
    assert!(complaints.is_empty(), "{complaints:#?}");
}

/// Those of the thread that handles requests; what a sink does elsewhere is not on their way.
fn allocations(name: &str) -> f64 {
    let mut case = case(name).unwrap_or_else(|| panic!("there is a case named `{name}`"));
    case.run(ITERATIONS);
    case.settle();
    let counted = measure(|| case.run(ITERATIONS)).count_total;
    (counted as f64 / f64::from(ITERATIONS)).round()
}
