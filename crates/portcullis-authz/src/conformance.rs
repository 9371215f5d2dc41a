//! What every implementation of a trait of this room must do, as functions that its tests call. They panic where it
//! does not.

mod decision_points;

pub use self::decision_points::{decision_points, failing_decision_points};
