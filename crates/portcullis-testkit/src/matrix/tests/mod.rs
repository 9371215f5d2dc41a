mod absent;
mod any;
mod app;
mod bodies;
mod coverage;
mod explained;
mod file;
mod proof;
mod update;

use std::fs;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU32, Ordering};

use http::{HeaderName, Method};

use self::app::{Flaw, app};
use super::update::Update;
use super::*;

/// The table that the flawless application of the tests keeps.
const TABLE: &str = "\
| Route                         | anonymous | alice | bob |
| ----------------------------- | --------- | ----- | --- |
| POST /documents               | 401       | 201   | 403 |
| DELETE /documents/{id} (gone) | -         | 404   | -   |
| DELETE /documents/{id} (own)  | n/a       | 204   | n/a |
| DELETE /documents/{id} (priv) | -         | n/a   | -   |
| GET /documents/{id} (gone)    | -         | 404   | 404 |
| GET /documents/{id} (own)     | n/a       | 200   | n/a |
| GET /documents/{id} (priv)    | -         | n/a   | -   |
| GET /health                   | 200       | 200   | 200 |
";

const ROUTES: [(Method, &str); 4] = [
    (Method::GET, "/health"),
    (Method::POST, "/documents"),
    (Method::GET, "/documents/{id}"),
    (Method::DELETE, "/documents/{id}"),
];

/// A file of its own, removed in the end.
struct File(PathBuf);

impl File {
    fn absent() -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(0);
        let name =
            format!("portcullis-matrix-{}-{}.md", std::process::id(), NEXT.fetch_add(1, Ordering::Relaxed));
        Self(std::env::temp_dir().join(name))
    }

    fn with(text: &str) -> Self {
        let file = Self::absent();
        fs::write(&file.0, text).unwrap();
        file
    }

    fn text(&self) -> String {
        fs::read_to_string(&self.0).unwrap()
    }
}

impl Drop for File {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

/// The matrix of the application, without the environment's say.
fn matrix(file: &File) -> Matrix {
    let user = |name| Persona::header(name, HeaderName::from_static("x-user"), name);
    let mine = |persona: &str| (persona == "alice").then_some("/documents/1");
    let hers = |persona: &str| (persona != "alice").then_some("/documents/1");
    let matrix = Matrix::read(&file.0)
        .routes(ROUTES.map(|(method, path)| (Some(method), path.to_owned())))
        .persona(Persona::anonymous("anonymous"))
        .persona(user("alice"))
        .persona(user("bob"))
        .relation(Relation::new("own", "/documents/{id}", mine))
        .relation(Relation::new("priv", "/documents/{id}", hers))
        .relation(Relation::fixed("gone", "/documents/{id}", "/documents/9"))
        .json("POST /documents", r#"{"title":"x"}"#)
        .absent("gone");
    Matrix { update: Update::Never, ..matrix }
}

async fn check(table: &str, flaw: Flaw) -> Result<MatrixReport, MatrixError> {
    matrix(&File::with(table)).check(app(flaw)).await
}

/// The faults of a table and an application, each as its kind and its text.
async fn faults(matrix: Matrix, flaw: Flaw) -> Vec<(MatrixFaultKind, String)> {
    let error = matrix.check(app(flaw)).await.unwrap_err();
    error.faults().iter().map(|fault| (fault.kind(), fault.to_string())).collect()
}
