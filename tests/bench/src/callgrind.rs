//! Instructions per iteration, counted by `valgrind --tool=callgrind`.

use std::env;
use std::process::Command;

use crate::case::Case;
use crate::cases::case;

/// The argument by which this program runs itself under valgrind, followed by the name of a case.
pub const CHILD: &str = "--under-callgrind";

/// How many iterations are counted.
const ITERATIONS: u32 = 256;

/// Instructions of one iteration of the case; `None` if valgrind is not there or failed.
#[must_use]
pub fn instructions(name: &str) -> Option<f64> {
    let output = Command::new("valgrind")
        .args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--toggle-collect=*counted_iterations*"])
        .arg(env::current_exe().ok()?)
        .args(["--bench", CHILD, name])
        .output()
        .ok()?;
    let text = String::from_utf8_lossy(&output.stderr);
    let collected =
        text.lines().find_map(|line| line.split_once("Collected : ")).map(|(_, count)| count.trim());
    Some(collected?.parse::<f64>().ok()? / f64::from(ITERATIONS))
}

/// What the program does under valgrind.
///
/// # Panics
/// If there is no case of that name.
pub fn child(name: &str) {
    let mut case = case(name).unwrap_or_else(|| panic!("there is a case named `{name}`"));
    case.run(ITERATIONS);
    case.settle();
    counted_iterations(&mut case);
}

/// Collection is switched on at the entry of the function of this name, and off at its end.
#[inline(never)]
fn counted_iterations(case: &mut Case) {
    case.run(ITERATIONS);
}
