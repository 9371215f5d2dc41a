//! What engines that take the question as AuthZEN writes it are told of the caller besides.

use std::sync::Arc;

use portcullis_core::Principal;
use serde_json::Value;

use crate::authzen::AuthZenApi;
use crate::opa::OpaApi;
use crate::remote::Remote;

/// An engine that takes properties of the subject: [`AuthZen`](crate::AuthZen) in `subject.properties`, and
/// [`Opa`](crate::Opa) in `input.subject.properties`. There are no others.
pub trait TakesProperties: sealed::Sealed {}

impl TakesProperties for AuthZenApi {}

impl TakesProperties for OpaApi {}

impl<P: TakesProperties> Remote<P> {
    /// Sends the caller's claims of these names along, in the subject's property `claims`. By default, none.
    pub fn claims(mut self, names: impl IntoIterator<Item = impl Into<Box<str>>>) -> Self {
        self.shape.claims.extend(names.into_iter().map(Into::into));
        self
    }

    /// Adds what the function says of the caller to the subject's properties, for an engine that wants it by a name
    /// of its own. By default, there is nothing.
    pub fn subject_property(
        mut self,
        name: impl Into<Box<str>>,
        read: impl Fn(&Principal) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.shape.properties.push((name.into(), Arc::new(read)));
        self
    }
}

mod sealed {
    #[expect(unnameable_types, reason = "nobody outside may implement it")]
    pub trait Sealed {}

    impl Sealed for super::AuthZenApi {}

    impl Sealed for super::OpaApi {}
}
