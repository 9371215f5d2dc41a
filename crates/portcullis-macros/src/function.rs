//! What a function must be to carry a rule.

use proc_macro2::TokenStream;
use syn::{Attribute, Error, Meta, Result, Signature};

use crate::demand::MISSING;

/// How many arguments of its own a handler may have: axum takes 16, and one is the rule.
const MAX_ARGUMENTS: usize = 15;

/// Whether the attribute is ours, by its last name.
pub(crate) fn is_ours(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "authorize")
}

/// What stands in the parentheses of one of our attributes.
pub(crate) fn arguments(attribute: &Attribute) -> Result<TokenStream> {
    match &attribute.meta {
        Meta::List(list) => Ok(list.tokens.clone()),
        _ => Err(Error::new_spanned(attribute, MISSING)),
    }
}

/// Refuses functions that are no handlers, or that carry a rule already. Everything that is wrong is told at once.
pub(crate) fn check(signature: &Signature, attributes: &[Attribute]) -> Result<()> {
    let mut errors = Vec::new();
    if let Some(again) = attributes.iter().find(|attribute| is_ours(attribute)) {
        let message = "the handler carries a rule already: join the two with `.and(..)`";
        errors.push(Error::new_spanned(again, message));
    }
    if signature.asyncness.is_none() {
        errors.push(Error::new_spanned(signature.fn_token, "a handler is an `async fn`"));
    }
    if let Some(receiver) = signature.receiver() {
        let message =
            "a handler has no `self`: nobody calls it on a value. Take the state as an argument, `State<..>`";
        errors.push(Error::new_spanned(receiver, message));
    }
    if signature.inputs.len() > MAX_ARGUMENTS {
        let message = "a handler with a rule has at most 15 arguments of its own";
        errors.push(Error::new_spanned(&signature.inputs, message));
    }
    let joined = errors.into_iter().reduce(|mut all, error| {
        all.combine(error);
        all
    });
    joined.map_or(Ok(()), Err)
}
