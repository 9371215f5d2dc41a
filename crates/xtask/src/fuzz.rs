//! The fuzz targets of `tests/fuzz`, which is a workspace of its own.

use std::fs;

use crate::cargo::Cargo;
use crate::report::Report;

/// Where the targets stand.
const FOLDER: &str = "tests/fuzz";

/// Runs one target, or all of them, for some seconds each.
pub(crate) fn run(report: &mut Report, target: Option<&str>, seconds: u32) {
    if !Cargo::new("fuzz --version").works() {
        report.cannot("fuzz", "cargo-fuzz is not installed (cargo install --locked cargo-fuzz)");
        return;
    }
    let targets = match target {
        Some(name) => vec![name.to_owned()],
        None => names(),
    };
    for name in targets {
        // Without a sanitizer, so that the stable toolchain will do: this code has no `unsafe` to catch.
        let cargo = Cargo::new("fuzz run --sanitizer none")
            .arguments([name.as_str(), "--", &format!("-max_total_time={seconds}"), "-max_len=4096"])
            .folder(FOLDER);
        report.step(&format!("fuzz {name}"), &cargo);
    }
}

/// The targets there are, in alphabetical order.
fn names() -> Vec<String> {
    let files = fs::read_dir(format!("{FOLDER}/fuzz_targets")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        files.filter_map(|file| file.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)).collect();
    names.sort();
    names
}
