//! Two tenants from outside: who reaches what (`matrix`, proven from `../matrix.md`), what answers hold (`walls`), and who sees and
//! sets which fields (`fields`).

#![expect(clippy::expect_used, reason = "the helpers of a test")]

mod fields;
mod matrix;
mod support;
mod walls;
