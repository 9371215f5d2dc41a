#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod callgrind;
mod case;
mod cases;
mod drive;
mod formula;
pub mod goals;
#[cfg(feature = "peers")]
mod peers;
pub mod report;
pub mod rounds;
mod tokens;

pub use self::case::Case;
pub use self::cases::case;
pub use self::formula::Formula;
