//! What the compiler tells whoever forgets a check: the texts that the README promises. Only these are compared, since
//! what the compiler says around them differs from release to release.
#![expect(
    clippy::expect_used,
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test fails by panicking, in its helpers too"
)]

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::time::SystemTime;

// So that cargo builds it for this test.
use portcullis_axum as _;

/// Compiles a file of `tests/refused` against the crate as cargo built it for this test; what the compiler makes goes to its standard
/// output, and no file is left.
struct Compiler {
    folder: PathBuf,
    library: PathBuf,
}

impl Compiler {
    /// The newest build of the crate that a right program compiles with: there may be others, of other features.
    fn find() -> Self {
        let folder = env::current_exe().unwrap().parent().expect("the test is in a folder").to_owned();
        let built = |path: &Path| {
            fs::metadata(path).and_then(|data| data.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
        };
        let files = fs::read_dir(&folder).unwrap().filter_map(|entry| Some(entry.ok()?.path()));
        let mut libraries: Vec<PathBuf> = files
            .filter(|path| {
                let name = path.file_name().unwrap_or_default().to_string_lossy();
                name.starts_with("libportcullis_axum-") && name.ends_with(".rlib")
            })
            .collect();
        libraries.sort_by_key(|path| std::cmp::Reverse(built(path)));
        let mut said = String::new();
        for library in libraries {
            let compiler = Self { folder: folder.clone(), library };
            let output = compiler.compile("nothing_forgotten.rs");
            if output.status.success() {
                return compiler;
            }
            said = String::from_utf8_lossy(&output.stderr).into_owned();
        }
        panic!("no build of the crate compiles a right program: {said}")
    }

    fn compile(&self, file: &str) -> Output {
        let mut library = std::ffi::OsString::from("portcullis_axum=");
        library.push(&self.library);
        Command::new(env::var_os("RUSTC").unwrap_or_else(|| "rustc".into()))
            .args(["--edition", "2024", "--crate-type", "bin", "--emit", "metadata=-"])
            .arg("--extern")
            .arg(library)
            .arg("-L")
            .arg({
                let mut dependencies = std::ffi::OsString::from("dependency=");
                dependencies.push(&self.folder);
                dependencies
            })
            .arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/refused").join(file))
            .output()
            .expect("rustc can be run")
    }

    /// Each of the texts, on one line, wherever the compiler broke it.
    #[track_caller]
    fn check(&self, file: &str, texts: &[&str]) {
        let output = self.compile(file);
        assert!(!output.status.success(), "{file} compiles");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        let line = said.split_whitespace().filter(|word| *word != "|").collect::<Vec<_>>().join(" ");
        for text in texts {
            assert!(line.contains(text), "{file}: `{text}` is not in\n{said}");
        }
    }
}

#[test]
fn a_forgotten_check_is_named_where_it_is_forgotten() {
    let compiler = Compiler::find();
    compiler.check(
        "route_without_a_rule.rs",
        &[
            "error[E0277]: this handler has no rule",
            "route_without_a_rule.rs:9:",
            "say `.requires(..)` or `.public(\"why\")` after the handler",
            "note: every route of a Portcullis application names who may call it",
        ],
    );
    compiler.check(
        "guard_that_the_handler_does_not_take.rs",
        &[
            "error[E0277]: the handler takes no `Permit<Read, Document>`",
            "guard_that_the_handler_does_not_take.rs:12:",
            "no argument of the handler is proof of that check",
            "`.guards::<A, R>()` says that nobody reaches the handler without a `Permit<A, R>`: take one as an argument",
        ],
    );
    compiler.check(
        "no_handler.rs",
        &["is no handler", "not an async function of extractors that returns a response"],
    );
}
