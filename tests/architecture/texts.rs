//! The texts of the root say what is there.

use super::support::{files, packages, read, root, rust_files};

#[test]
fn readme_and_architecture_list_every_crate() {
    let (readme, architecture) = (read("README.md"), read("ARCHITECTURE.md"));
    for package in packages() {
        let (name, folder) = (&package.name, &package.folder);
        if folder.starts_with("crates/") || folder.starts_with("examples/") {
            let row = format!("| [`{name}`]({folder}) |");
            assert!(readme.contains(&row), "README.md has no row `{row}`");
        }
        assert!(architecture.contains(&format!("`{name}`")), "ARCHITECTURE.md does not name {name}");
    }
}

#[test]
fn every_example_is_a_package() {
    let names: Vec<String> = packages().into_iter().map(|package| package.folder).collect();
    for folder in ["crates", "examples"] {
        for entry in root().join(folder).read_dir().unwrap().flatten() {
            let path = format!("{folder}/{}", entry.file_name().to_str().unwrap());
            assert!(names.contains(&path), "{path} is no package of the workspace");
        }
    }
}

#[test]
fn the_smallest_example_has_fewer_than_forty_lines() {
    let lines = read("examples/minimal/src/main.rs").lines().count();
    assert!(lines < 40, "{lines}");
}

#[test]
fn links_between_texts_lead_somewhere() {
    let mut followed = 0;
    for (path, text) in files().iter().filter(|(path, _)| path.ends_with(".md") && !path.contains("/src/")) {
        let folder = root().join(path).parent().unwrap().to_owned();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let target = target.split('#').next().unwrap();
            // What has no slash and no ending is an item of the crate whose docs the page is.
            let is_file = !target.contains(':')
                && (target.contains('/') || target.ends_with(".md") || target.starts_with("LICENSE"));
            if is_file {
                followed += 1;
                assert!(folder.join(target).exists(), "{path} links to {target}");
            }
        }
    }
    assert!(followed > 15, "{followed}");
}

#[test]
fn every_invariant_is_held_by_tests_that_exist() {
    let sources: String = rust_files().into_iter().map(|(_, text)| text).collect();
    let page = read("ARCHITECTURE.md");
    let rows: Vec<&str> = page
        .lines()
        .filter(|line| line.starts_with("| ") && line[2..].starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    assert_eq!(rows.len(), 11, "{rows:#?}");
    for row in rows {
        let held_by = row.trim_end_matches(" |").rsplit(" | ").next().unwrap();
        let tests: Vec<&str> = held_by.split('`').skip(1).step_by(2).collect();
        assert!(!tests.is_empty(), "held by nothing: {row}");
        for test in tests {
            assert!(sources.contains(&format!("fn {test}()")), "no test `{test}`: {row}");
        }
    }
}

#[test]
fn texts_name_commands_that_exist() {
    let help = cargo_xtask_commands();
    for (path, text) in files().iter().filter(|(path, _)| path.ends_with(".md")) {
        for command in text
            .split("cargo xtask ")
            .skip(1)
            .filter_map(|rest| rest.split(|c: char| !c.is_alphanumeric()).next())
        {
            assert!(
                command.is_empty() || help.contains(&command.to_owned()),
                "{path}: cargo xtask {command}"
            );
        }
    }
}

/// The commands as the runner's own help lists them.
fn cargo_xtask_commands() -> Vec<String> {
    let source = read("crates/xtask/src/cli.rs");
    let (_, list) = source.split_once("\nCommands:\n").unwrap();
    let (list, _) = list.split_once("\n\n").unwrap();
    let commands: Vec<String> =
        list.lines().filter_map(|line| line.split_whitespace().next()).map(str::to_owned).collect();
    assert!(commands.len() >= 6, "{commands:?}");
    commands
}
