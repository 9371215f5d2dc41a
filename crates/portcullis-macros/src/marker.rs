//! The type that stands for a handler's demand.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote};
use syn::{Attribute, FnArg, Ident, Signature, Visibility, parse_quote_spanned};

use crate::demand::Demand;

/// The marker of one handler: an item that stands beside the function, or beside the block that the function is in.
pub(crate) struct Marker<'a> {
    pub(crate) name: Ident,
    pub(crate) visibility: &'a Visibility,
    pub(crate) demand: &'a Demand,
    /// The function's `#[cfg(..)]`.
    pub(crate) conditions: Vec<&'a Attribute>,
}

impl<'a> Marker<'a> {
    /// `place` tells functions of one name apart that stand in different blocks.
    pub(crate) fn new(
        place: &str,
        signature: &Signature,
        attributes: &'a [Attribute],
        visibility: &'a Visibility,
        demand: &'a Demand,
    ) -> Self {
        let name = format_ident!("__Authorize{place}{}", camel_case(&signature.ident.to_string()));
        let conditions = attributes.iter().filter(|attribute| attribute.path().is_ident("cfg")).collect();
        Self { name, visibility, demand, conditions }
    }

    /// The argument that goes in front of the others.
    pub(crate) fn argument(&self, span: Span) -> FnArg {
        let (name, facade) = (&self.name, &self.demand.facade);
        parse_quote_spanned!(span=> _: #facade::__private::Authorized<#name>)
    }
}

impl ToTokens for Marker<'_> {
    fn to_tokens(&self, tokens: &mut TokenStream) {
        let Self { name, visibility, demand, conditions } = self;
        let (facade, policy) = (&demand.facade, demand.policy());
        tokens.extend(quote! {
            #(#conditions)*
            #[doc(hidden)]
            #[derive(::core::fmt::Debug)]
            #visibility enum #name {}

            #(#conditions)*
            impl #facade::__private::Annotation for #name {
                fn policy() -> &'static #facade::__private::RoutePolicy {
                    static __AUTHORIZE_POLICY: ::std::sync::LazyLock<#facade::__private::RoutePolicy> =
                        ::std::sync::LazyLock::new(|| #policy);
                    &__AUTHORIZE_POLICY
                }
            }
        });
    }
}

/// `list_all` as `ListAll`.
fn camel_case(name: &str) -> String {
    let name = name.strip_prefix("r#").unwrap_or(name);
    name.split('_')
        .flat_map(|word| {
            let mut letters = word.chars();
            let first = letters.next().into_iter().flat_map(char::to_uppercase);
            first.chain(letters.collect::<Vec<_>>())
        })
        .collect()
}

/// The letters and digits of a type or a trait: `Api<T>` as `ApiT`.
pub(crate) fn plain(tokens: impl ToTokens) -> String {
    tokens.to_token_stream().to_string().chars().filter(|c| c.is_alphanumeric()).collect()
}
