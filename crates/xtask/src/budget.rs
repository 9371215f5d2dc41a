//! How many crates of others a build pulls in: every one is code that guards somebody's door.

use std::collections::BTreeSet;

use crate::cargo::Cargo;
use crate::cli::Options;
use crate::report::Checked;

/// A build, and the most crates of others that it may need. The only place where a bound is raised; the commit
/// that does so says why.
const BUDGETS: &[Budget] = &[
    Budget { what: "the words", selection: "-p portcullis-core", most: 20 },
    Budget {
        what: "rules and guards",
        // Its deadlines need a timer, which is that of tokio. Role models are swapped (arc-swap), networks read (ipnet).
        selection: "-p portcullis-authz --no-default-features",
        most: 25,
    },
    Budget { what: "rules and guards, with deadlines", selection: "-p portcullis-authz", most: 26 },
    Budget { what: "limits", selection: "-p portcullis-ratelimit", most: 50 },
    Budget {
        what: "bearer tokens, local keys",
        selection: "-p portcullis-oauth --no-default-features",
        most: 42,
    },
    Budget { what: "Cedar policies", selection: "-p portcullis-cedar", most: 119 },
    Budget { what: "any tower stack", selection: "-p portcullis --no-default-features", most: 88 },
    Budget { what: "axum, bearer tokens", selection: "-p portcullis", most: 123 },
];

/// Crates that the words and the rules must never bring along.
const FORBIDDEN_BELOW: &[&str] =
    &["axum", "chrono", "hyper", "regex", "reqwest", "time", "tokio", "url", "uuid"];

struct Budget {
    what: &'static str,
    /// The arguments of cargo that select the build.
    selection: &'static str,
    most: usize,
}

/// Counts every build and compares.
pub(crate) fn check(options: Options) -> Checked {
    let mut lines = Vec::new();
    let mut problems = Vec::new();
    for budget in BUDGETS {
        let tree = Cargo::new("tree -e normal,build --prefix none --format {p}")
            .arguments(budget.selection.split_whitespace())
            .locked(options)
            .read()?;
        let crates = crates_of_others(&tree);
        let line =
            format!("{:>4} of {:>4}  {}  ({})", crates.len(), budget.most, budget.what, budget.selection);
        if crates.len() > budget.most {
            let names: Vec<&str> = crates.iter().copied().collect();
            problems.push(format!("over budget: {line}\n{}", names.join(", ")));
        }
        if is_below(budget.selection) {
            problems.extend(forbidden(&crates).map(|name| format!("{} brings in {name}", budget.selection)));
        }
        lines.push(line);
    }
    if problems.is_empty() { Ok(lines.join("\n")) } else { Err(problems.join("\n")) }
}

/// The distinct `name version` pairs of a tree, without our own crates.
fn crates_of_others(tree: &str) -> BTreeSet<&str> {
    let lines = tree.lines().map(|line| {
        let line = line.strip_suffix(" (*)").unwrap_or(line);
        line.strip_suffix(" (proc-macro)").unwrap_or(line).trim()
    });
    lines.filter(|line| !line.is_empty() && !line.starts_with("portcullis")).collect()
}

fn is_below(selection: &str) -> bool {
    matches!(selection, "-p portcullis-core" | "-p portcullis-authz --no-default-features")
}

fn forbidden<'a>(crates: &'a BTreeSet<&'a str>) -> impl Iterator<Item = &'a str> {
    let names = crates.iter().filter_map(|line| line.split_whitespace().next());
    names.filter(|name| FORBIDDEN_BELOW.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TREE: &str = "portcullis-core v0.1.0 (here)\nbytes v1.12.1\nserde v1.0.229\nserde v1.0.229 (*)\n\
                        serde_derive v1.0.229 (proc-macro)\nbase64 v0.22.1\nbase64 v0.23.1\ntokio v1.54.1 (*)\n";

    #[test]
    fn counts_each_version_once_and_ours_not_at_all() {
        let crates = crates_of_others(TREE);
        assert_eq!(crates.len(), 6, "{crates:?}");
        assert!(crates.contains("serde_derive v1.0.229"));
    }

    #[test]
    fn finds_what_the_words_must_not_bring() {
        assert_eq!(forbidden(&crates_of_others(TREE)).collect::<Vec<_>>(), ["tokio"]);
    }

    #[test]
    fn looks_for_it_in_builds_that_exist_in_the_table() {
        assert_eq!(BUDGETS.iter().filter(|budget| is_below(budget.selection)).count(), 2);
    }
}
