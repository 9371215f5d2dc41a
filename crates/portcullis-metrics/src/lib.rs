#![doc = include_str!("../README.md")]

mod sink;

pub use self::sink::{DEFAULT_PREFIX, InvalidPrefix, MetricsSink};
