//! From an attribute and an item to what the compiler sees.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, Item, ItemFn, Result};

use crate::block;
use crate::demand::Demand;
use crate::function;
use crate::marker::Marker;

/// Expands the attribute on an item.
pub(crate) fn expand(arguments: TokenStream, item: TokenStream) -> Result<TokenStream> {
    match syn::parse2(item)? {
        Item::Fn(function) => expand_function(arguments, function),
        Item::Impl(block) if arguments.is_empty() => block::expand(block),
        Item::Impl(block) => Err(Error::new(
            block.impl_token.span,
            "each function of the block says its own rule: leave the parentheses of this one away",
        )),
        other => Err(Error::new_spanned(other, NOT_A_FUNCTION)),
    }
}

const NOT_A_FUNCTION: &str =
    "a rule stands on a handler, which is an `async fn`, or on an `impl` block of handlers";

fn expand_function(arguments: TokenStream, mut function: ItemFn) -> Result<TokenStream> {
    function::check(&function.sig, &function.attrs)?;
    let demand: Demand = syn::parse2(arguments)?;
    let marker = Marker::new("", &function.sig, &function.attrs, &function.vis, &demand);
    function.sig.inputs.insert(0, marker.argument(function.sig.ident.span()));
    Ok(quote!(#marker #function))
}
