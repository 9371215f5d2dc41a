#![doc = include_str!("../README.md")]

mod any;
mod describe;
mod operations;
mod path;
mod problems;
mod routes;
mod schemes;
mod writer;

pub use self::problems::{DEFAULT_PROBLEMS, PROBLEM_SCHEMA};
pub use self::writer::OpenApiSecurity;
