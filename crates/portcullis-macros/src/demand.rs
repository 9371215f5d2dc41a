//! What stands in the parentheses: a rule or a reason to be public, schemes, the path of the facade.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::ext::IdentExt;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::spanned::Spanned;
use syn::{Error, Expr, ExprArray, ExprLit, Ident, Lit, LitStr, Path, Result, Token};

/// What a handler demands.
pub(crate) struct Demand {
    access: Access,
    via: Vec<Expr>,
    /// Where the facade is.
    pub(crate) facade: Path,
}

enum Access {
    Public(LitStr),
    Rule(Box<Expr>),
}

/// One part between commas.
enum Part {
    Facade(Path),
    Public(LitStr),
    Rule(Box<Expr>),
    Via(Vec<Expr>),
}

impl Demand {
    /// The policy as an expression.
    pub(crate) fn policy(&self) -> TokenStream {
        let Self { access, via, facade } = self;
        let policy = match access {
            Access::Public(reason) => quote!(#facade::__private::RoutePolicy::public(#reason)),
            Access::Rule(rule) => quote!(#facade::__private::RoutePolicy::requires(#rule)),
        };
        if via.is_empty() { policy } else { quote!(#policy.via([#(#via),*])) }
    }
}

impl Parse for Demand {
    fn parse(input: ParseStream<'_>) -> Result<Self> {
        let (mut facade, mut public, mut rule, mut via) = (None, None, None, None);
        for part in Punctuated::<(Span, Part), Token![,]>::parse_terminated_with(input, part)? {
            match part {
                (span, Part::Facade(path)) => once(&mut facade, path, span, "`crate = ..`")?,
                (span, Part::Public(reason)) => once(&mut public, reason, span, "`public = ..`")?,
                (span, Part::Rule(expression)) => {
                    once(&mut rule, expression, span, "a rule").map_err(|mut error| {
                        error.combine(Error::new(span, "join rules with `.and(..)` or `.or(..)`"));
                        error
                    })?
                }
                (span, Part::Via(schemes)) => once(&mut via, schemes, span, "`via = ..`")?,
            }
        }
        let access = match (rule, public) {
            (Some(rule), None) => Access::Rule(rule),
            (None, Some(reason)) => Access::Public(reason),
            (Some(_), Some(reason)) => {
                return Err(Error::new(
                    reason.span(),
                    "a handler with a rule is not public: say one of them",
                ));
            }
            (None, None) => return Err(Error::new(input.span(), MISSING)),
        };
        if let (Access::Public(reason), Some(_)) = (&access, &via) {
            return Err(Error::new(
                reason.span(),
                "a public handler looks at no credential: leave `via` away",
            ));
        }
        Ok(Self { access, via: via.unwrap_or_default(), facade: facade.unwrap_or_else(default_facade) })
    }
}

pub(crate) const MISSING: &str = "who may call? say a rule, `#[authorize(scope(\"documents:read\"))]`, or `#[authorize(public = \"why\")]`";

fn once<T>(slot: &mut Option<T>, value: T, span: Span, what: &str) -> Result<()> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(Error::new(span, format!("{what} stands twice"))),
    }
}

fn default_facade() -> Path {
    syn::parse_quote!(::portcullis)
}

/// A part with where it stands.
fn part(input: ParseStream<'_>) -> Result<(Span, Part)> {
    // `crate` is a keyword; `a == b` is an expression.
    let is_setting = input.peek(Ident::peek_any) && input.peek2(Token![=]) && !input.peek2(Token![==]);
    if !is_setting {
        let rule: Expr = input.parse()?;
        return Ok((rule.span(), Part::Rule(Box::new(a_rule(rule)?))));
    }
    let name = input.call(Ident::parse_any)?;
    let _: Token![=] = input.parse()?;
    let part = match name.to_string().as_str() {
        "crate" => Part::Facade(facade(input)?),
        "public" => Part::Public(reason(input)?),
        "via" => Part::Via(schemes(input.parse()?)?),
        other => {
            let message = format!(
                "there is no setting `{other}`: a rule, `public`, `via` and `crate` may stand here; say the rest on the route"
            );
            return Err(Error::new(name.span(), message));
        }
    };
    Ok((name.span(), part))
}

/// What people write first, told apart from a rule.
fn a_rule(expression: Expr) -> Result<Expr> {
    let Expr::Lit(ExprLit { lit: Lit::Str(text), .. }) = &expression else { return Ok(expression) };
    let text = text.value();
    Err(Error::new(
        expression.span(),
        format!("is `{text}` a scope or a role? write `scope(\"{text}\")` or `role(\"{text}\")`"),
    ))
}

fn facade(input: ParseStream<'_>) -> Result<Path> {
    if input.peek(LitStr) {
        input.parse::<LitStr>()?.parse_with(Path::parse_mod_style)
    } else {
        Path::parse_mod_style(input)
    }
}

fn reason(input: ParseStream<'_>) -> Result<LitStr> {
    let reason: LitStr = input.parse().map_err(|error| {
        Error::new(
            error.span(),
            "why is it public? give the reason as a text: `public = \"load balancer probe\"`",
        )
    })?;
    if reason.value().trim().is_empty() {
        return Err(Error::new(reason.span(), "why is it public? the reason stands in the route table"));
    }
    Ok(reason)
}

/// One name, or a list of them.
fn schemes(expression: Expr) -> Result<Vec<Expr>> {
    match expression {
        Expr::Array(ExprArray { elems, bracket_token, .. }) if elems.is_empty() => {
            Err(Error::new(bracket_token.span.join(), "name a scheme"))
        }
        Expr::Array(ExprArray { elems, .. }) => Ok(elems.into_iter().collect()),
        other => Ok(vec![other]),
    }
}
