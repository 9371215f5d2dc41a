//! The fuzz targets of `tests/fuzz`, which is a workspace of its own.

use std::fs;

use crate::cargo::Cargo;
use crate::report::Report;

/// The package whose folder `fuzz` holds the targets, where cargo-fuzz looks for them.
const PACKAGE: &str = "tests";

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
        // What is found goes to the first folder; it must be there.
        let (corpus, seeds) = (format!("fuzz/corpus/{name}"), format!("fuzz/seeds/{name}"));
        if let Err(error) = fs::create_dir_all(format!("{PACKAGE}/{corpus}")) {
            report.check(&format!("fuzz {name}"), || Err(format!("cannot make {corpus}: {error}")));
            continue;
        }
        let limit = format!("-max_total_time={seconds}");
        // Without a sanitizer, so that the stable toolchain will do: this code has no `unsafe` to catch.
        let cargo = Cargo::new("fuzz run --sanitizer none")
            .arguments([name.as_str(), &corpus, &seeds, "--", &limit, "-max_len=4096"])
            .folder(PACKAGE);
        report.step(&format!("fuzz {name}"), &cargo);
    }
}

/// The targets there are, in alphabetical order.
fn names() -> Vec<String> {
    let files = fs::read_dir(format!("{PACKAGE}/fuzz/fuzz_targets")).into_iter().flatten().flatten();
    let mut names: Vec<String> =
        files.filter_map(|file| file.file_name().to_str()?.strip_suffix(".rs").map(str::to_owned)).collect();
    names.sort();
    names
}
