use proc_macro2::TokenStream;
use quote::quote;

use crate::item::expand;

/// The expansion without spaces, so that the printer does not matter.
#[track_caller]
fn expanded(arguments: TokenStream, item: TokenStream) -> String {
    expand(arguments, item).unwrap().to_string().replace(char::is_whitespace, "")
}

#[track_caller]
fn check(arguments: &TokenStream, expected: &[&str]) {
    let text = expanded(
        arguments.clone(),
        quote!(
            async fn list() {}
        ),
    );
    for part in expected {
        assert!(text.contains(&part.replace(' ', "")), "{text} has no {part}");
    }
}

#[track_caller]
fn refused(arguments: TokenStream, item: TokenStream, expected: &[&str]) {
    let error = expand(arguments, item).unwrap_err();
    let messages: Vec<String> = error.into_iter().map(|error| error.to_string()).collect();
    assert_eq!(messages.len(), expected.len(), "{messages:?}");
    for (message, expected) in messages.iter().zip(expected) {
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn the_rule_becomes_a_policy_and_an_argument() {
    check(
        &quote!(scope("a").and(role("b"))),
        &[
            "RoutePolicy::requires(scope(\"a\").and(role(\"b\")))",
            "enum __AuthorizeList {}",
            "impl ::portcullis::__private::Annotation for __AuthorizeList",
            "async fn list(_: ::portcullis::__private::Authorized<__AuthorizeList>)",
        ],
    );
}

#[test]
fn settings_may_stand_in_any_order_and_end_with_a_comma() {
    let via = "RoutePolicy::requires(rule()).via([\"a\"])";
    check(&quote!(rule(), via = "a"), &[via]);
    check(&quote!(via = "a", rule(),), &[via]);
    check(&quote!(rule(), via = ["a", NAME]), &["RoutePolicy::requires(rule()).via([\"a\", NAME])"]);
    check(&quote!(public = "why"), &["RoutePolicy::public(\"why\")"]);
    for gate in [quote!(crate = "gate::inner", rule()), quote!(rule(), crate = gate::inner)] {
        check(
            &gate,
            &["impl gate::inner::__private::Annotation", "gate::inner::__private::RoutePolicy::requires"],
        );
    }
    check(&quote!(crate = "::gate", rule()), &["impl ::gate::__private::Annotation"]);
}

/// A comparison is an expression, not a setting.
#[test]
fn a_rule_may_be_any_expression() {
    check(&quote!(if a == b { x } else { y }), &["requires(if a == b { x } else { y })"]);
    check(&quote!(RULES.write.clone()), &["requires(RULES.write.clone())"]);
    check(&quote!(via == x), &["requires(via == x)"]);
}

#[test]
fn the_function_stays_as_it_is() {
    let text = expanded(
        quote!(rule()),
        quote! {
            /// Docs.
            #[cfg(feature = "x")]
            #[inline]
            pub(crate) async fn r#type<'a, T: Copy, const N: usize>(State(s): State<T>, mut b: [u8; N]) -> &'a str
            where
                T: Send,
            {
                s
            }
        },
    );
    for part in [
        r##"#[doc=r"Docs."]#[cfg(feature="x")]#[inline]pub(crate)asyncfnr#type<'a,T:Copy,constN:usize>(_:"##,
        "__AuthorizeType>,State(s):State<T>,mutb:[u8;N])->&'astrwhereT:Send,{s}",
        r##"#[cfg(feature="x")]#[doc(hidden)]#[derive(::core::fmt::Debug)]pub(crate)enum__AuthorizeType{}"##,
        r##"#[cfg(feature="x")]impl::portcullis"##,
    ] {
        assert!(text.contains(part), "{text} has no {part}");
    }
}

#[test]
fn markers_of_a_block_stand_beside_it_under_names_of_their_own() {
    let text = expanded(
        quote!(),
        quote! {
            impl<T> Api<T> {
                #[authorize(a())]
                async fn list() {}
                #[portcullis::authorize(public = "p")]
                pub async fn show() {}
                async fn free() {}
                const N: u8 = 1;
            }
        },
    );
    let (markers, block) = text.split_once("impl<T>Api<T>{").unwrap();
    assert!(
        markers.contains("enum__AuthorizeApiTList{}") && markers.contains("pubenum__AuthorizeApiTShow{}")
    );
    assert!(
        block.contains("asyncfnlist(_:::portcullis::__private::Authorized<__AuthorizeApiTList>){}"),
        "{block}"
    );
    assert!(block.contains("asyncfnfree(){}constN:u8=1;}") && !block.contains("authorize("), "{block}");
}

#[test]
fn markers_of_a_trait_are_as_visible_as_the_trait() {
    let block = quote!(impl Handlers for Api { #[authorize(a())] async fn list() {} });
    assert!(expanded(quote!(), block).contains("pubenum__AuthorizeApiHandlersList{}"));
}

#[test]
fn refuses_what_is_no_handler() {
    refused(
        quote!(a()),
        quote!(
            fn list() {}
        ),
        &["a handler is an `async fn`"],
    );
    refused(
        quote!(a()),
        quote!(
            async fn list(&self) {}
        ),
        &["a handler has no `self`"],
    );
    refused(
        quote!(a()),
        quote!(
            fn list(self, x: u8) {}
        ),
        &["a handler is an `async fn`", "a handler has no `self`"],
    );
    refused(
        quote!(a()),
        quote!(
            struct List;
        ),
        &["a rule stands on a handler"],
    );
    refused(
        quote!(a()),
        quote!(
            mod list {}
        ),
        &["a rule stands on a handler"],
    );
    let names = (0..16).map(|n| quote::format_ident!("a{n}"));
    refused(quote!(a()), quote!(async fn list(#(#names: u8),*) {}), &["at most 15 arguments"]);
    let names = (0..15).map(|n| quote::format_ident!("a{n}"));
    assert!(expand(quote!(a()), quote!(async fn list(#(#names: u8),*) {})).is_ok());
}

#[test]
fn refuses_a_second_rule() {
    let twice = quote!(
        #[authorize(b())]
        async fn list() {}
    );
    refused(quote!(a()), twice, &["carries a rule already"]);
    refused(
        quote!(a(), b()),
        quote!(
            async fn list() {}
        ),
        &["a rule stands twice", "join rules with `.and(..)`"],
    );
    refused(
        quote!(a(), public = "x"),
        quote!(
            async fn list() {}
        ),
        &["is not public"],
    );
    let block = quote!(impl Api { #[authorize(a())] #[authorize(b())] async fn list() {} });
    refused(quote!(), block, &["carries a rule already"]);
}

#[test]
fn refuses_settings_that_mean_nothing() {
    let list = || {
        quote!(
            async fn list() {}
        )
    };
    refused(quote!(), list(), &["who may call?"]);
    refused(quote!(via = "x"), list(), &["who may call?"]);
    refused(quote!("documents:read"), list(), &["`scope(\"documents:read\")` or `role(\"documents:read\")`"]);
    refused(quote!(a(), via = "x", via = "y"), list(), &["`via = ..` stands twice"]);
    refused(quote!(a(), via = []), list(), &["name a scheme"]);
    refused(quote!(a(), limit = 5), list(), &["there is no setting `limit`"]);
    refused(quote!(public = true), list(), &["give the reason as a text"]);
    refused(quote!(public = " "), list(), &["why is it public?"]);
    refused(quote!(public = "x", via = "y"), list(), &["leave `via` away"]);
    refused(quote!(a() b()), list(), &["expected `,`"]);
}

#[test]
fn refuses_a_block_without_rules_and_one_with_a_rule_of_its_own() {
    refused(quote!(), quote!(impl Api { async fn list() {} }), &["no function of the block says a rule"]);
    refused(
        quote!(a()),
        quote!(impl Api { async fn list() {} }),
        &["each function of the block says its own rule"],
    );
    let bare = quote!(impl Api { #[authorize] async fn list() {} });
    refused(quote!(), bare, &["who may call?"]);
    let own = quote!(impl Api { #[authorize(a())] async fn list(&self) {} });
    refused(quote!(), own, &["a handler has no `self`"]);
}
