//! Two tenants from outside: who reaches what (`matrix`, proven from `../matrix.md`), and what answers hold (`walls`).

#![expect(clippy::expect_used, reason = "the helpers of a test")]

mod matrix;
mod support;
mod walls;
