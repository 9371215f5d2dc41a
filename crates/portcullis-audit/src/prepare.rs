//! What is known of a request before its Trail is opened.

use http::{Extensions, HeaderMap, Uri};
use portcullis_core::Opening;

/// Finds out what a Trail is opened with, in a stack that knows more than the audit does.
///
/// It is asked for every request whose Trail is not open yet, and not behind the guard against panics.
pub trait Prepare: Clone + Send + Sync + 'static {
    /// Writes down what is known of the request.
    fn prepare(&self, uri: &Uri, headers: &HeaderMap, extensions: &Extensions, opening: &mut Opening);
}

/// Nothing is known of a request but that it came.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::exhaustive_structs, reason = "a unit to be named in expressions")]
pub struct Unprepared;

impl Prepare for Unprepared {
    fn prepare(&self, _: &Uri, _: &HeaderMap, _: &Extensions, _: &mut Opening) {}
}
