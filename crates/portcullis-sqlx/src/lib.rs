#![doc = include_str!("../README.md")]

mod error;
mod push;

pub use self::error::UnusableFilter;
pub use self::push::PushFilter;
