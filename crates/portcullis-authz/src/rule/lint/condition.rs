//! What a rule asks, by itself.

use std::time::Duration;

use portcullis_core::Scopes;
use serde_json::Value;

use super::super::attribute::Attribute;
use super::super::node::Custom;

/// A condition that may hold or not; whatever the others do, but see [`Possible`](super::possible::Possible).
#[derive(PartialEq)]
pub(super) enum Condition<'r> {
    Acr(&'r str),
    Amr(&'r str),
    Attribute(&'r Attribute),
    Claim(&'r str, &'r Value),
    Custom(&'r Custom),
    /// That the condition before fails.
    Fails,
    MaxAge(Duration),
    Permission(&'r str),
    Role(&'r str),
    /// A scope, and the others that stand for it.
    Scope(&'r str, &'r Scopes),
    SenderConstrained,
    User,
}

impl Condition<'_> {
    pub(super) fn is_of_caller(&self) -> bool {
        match self {
            Self::Attribute(attribute) => attribute.is_of_caller(),
            Self::Custom(_) => false,
            _ => true,
        }
    }

    pub(super) fn may_fail(&self) -> bool {
        match self {
            Self::Attribute(attribute) => attribute.may_fail(),
            Self::Custom(_) => true,
            _ => false,
        }
    }
}
