#![doc = include_str!("../README.md")]

mod block;
mod demand;
mod function;
mod item;
mod marker;

#[cfg(test)]
mod tests;

use proc_macro::TokenStream;

/// Makes a rule part of a handler's type. See the crate's docs.
#[proc_macro_attribute]
pub fn authorize(arguments: TokenStream, item: TokenStream) -> TokenStream {
    item::expand(arguments.into(), item.into()).unwrap_or_else(syn::Error::into_compile_error).into()
}
