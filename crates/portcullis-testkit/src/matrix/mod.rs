//! Who may do what, as a table that people read and a test proves.
//!
//! The table is a Markdown file. Its rows are the routes, one for each relation that a caller can have to the resource;
//! its columns are the callers:
//!
//! ```text
//! | Route                       | anonymous | rita | alice |
//! | --------------------------- | --------- | ---- | ----- |
//! | GET /documents              | -         | 200  | 200   |
//! | GET /documents/{id} (own)   | n/a       | n/a  | 200   |
//! | GET /documents/{id} (other) | -         | 404  | 404   |
//! | GET /health                 | 200       | 200  | 200   |
//! ```
//!
//! A number is that status; `-` is a refusal, whichever (401, 403, or a 404 of a guard); `n/a` says that this caller has
//! no such resource. Where a route is asked with several bodies, the brackets hold the name of the body:
//! `POST /documents (to a team)`. [`Matrix`] sends every cell to the real application, and demands a row for every route. Below the table
//! stand the paths that are not compared with what is absent, each with the reason.
//!
//! ```
//! # tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
//! use std::convert::Infallible;
//! use bytes::Bytes;
//! use http::{Request, Response};
//! use http_body_util::Full;
//! use portcullis_testkit::matrix::{Matrix, MatrixFaultKind, Persona, Relation};
//!
//! # let file = std::env::temp_dir().join(format!("portcullis-matrix-doc-{}.md", std::process::id()));
//! # std::fs::write(&file, "| Route | anonymous |\n| - | - |\n| ANY /documents/{id} (own) | - |\n").unwrap();
//! // It answers 200 to everyone, whatever the table says.
//! let app = tower::service_fn(|_: Request<Full<Bytes>>| async {
//!     Ok::<_, Infallible>(Response::new(Full::<Bytes>::from("the document")))
//! });
//! let error = Matrix::read(&file)
//!     .routes([(None, "/documents/{id}".to_owned())])
//!     .persona(Persona::anonymous("anonymous"))
//!     .relation(Relation::fixed("own", "/documents/{id}", "/documents/7"))
//!     .check(app)
//!     .await
//!     .unwrap_err();
//! assert_eq!(error.faults()[0].kind(), MatrixFaultKind::Cell);
//! assert!(error.to_string().contains("ANY /documents/{id} (own) by GET as anonymous: expected a refusal, got 200"));
//! # std::fs::remove_file(&file).unwrap();
//! # });
//! ```

mod alike;
mod answer;
mod ask;
mod builder;
mod cell;
mod cover;
mod exempt;
mod explained;
mod fault;
mod parse;
mod persona;
mod probe;
mod relation;
mod report;
mod run;
mod sheet;
mod target;
mod template;
#[cfg(test)]
mod tests;
mod update;
mod write;

pub use self::builder::{DEFAULT_DEADLINE, METHODS_OF_ANY, Matrix};
pub use self::fault::{MatrixError, MatrixFault, MatrixFaultKind};
pub use self::persona::Persona;
pub use self::relation::Relation;
pub use self::report::MatrixReport;
pub use self::target::Target;
