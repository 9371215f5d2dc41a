//! An `impl` block with handlers in it: their markers stand beside the block, since no type can stand within one.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Error, ImplItem, ImplItemFn, ItemImpl, Result, Visibility};

use crate::demand::{Demand, MISSING};
use crate::function::{self, arguments, is_ours};
use crate::marker::{Marker, plain};

/// Expands a block whose functions say their rules.
pub(crate) fn expand(mut block: ItemImpl) -> Result<TokenStream> {
    let implemented = block.trait_.as_ref().map(|(path, ..)| plain(path)).unwrap_or_default();
    let place = format!("{}{implemented}", plain(&block.self_ty));
    // What a trait offers may be seen wherever the trait is.
    let visible: Option<Visibility> = block.trait_.as_ref().map(|_| syn::parse_quote!(pub));
    let mut markers = TokenStream::new();
    let mut found = false;
    for item in &mut block.items {
        if let ImplItem::Fn(function) = item
            && let Some(marker) = expand_function(&place, visible.as_ref(), function)?
        {
            markers.extend(marker);
            found = true;
        }
    }
    if !found {
        return Err(Error::new(
            block.impl_token.span,
            format!("no function of the block says a rule. {MISSING}"),
        ));
    }
    Ok(quote!(#markers #block))
}

/// The marker of a function that says a rule, which the function takes from here on.
fn expand_function(
    place: &str,
    visible: Option<&Visibility>,
    function: &mut ImplItemFn,
) -> Result<Option<TokenStream>> {
    let Some(ours) = function.attrs.iter().position(is_ours) else { return Ok(None) };
    let attribute = function.attrs.remove(ours);
    let demand: Demand = syn::parse2(arguments(&attribute)?)?;
    function::check(&function.sig, &function.attrs)?;
    let visibility = visible.unwrap_or(&function.vis);
    let marker = Marker::new(place, &function.sig, &function.attrs, visibility, &demand);
    let argument = marker.argument(function.sig.ident.span());
    let marker = quote!(#marker);
    function.sig.inputs.insert(0, argument);
    Ok(Some(marker))
}
