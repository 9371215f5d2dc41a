//! Routes for all methods: which of them the document must have.

use std::collections::BTreeSet;

use http::Method;
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError};

use crate::path;
use crate::routes::{Known, name};

/// What a route for all methods is documented by, unless its methods are named. `HEAD` is documented by `GET`; what `OPTIONS` and
/// `TRACE` answer is no business of the handler.
const METHODS: [Method; 5] = [Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The methods by which a route for all of them is documented, and why the others are left out.
#[derive(Clone, Debug)]
pub(crate) struct OnlyMethods {
    pub(crate) path: String,
    pub(crate) methods: Vec<Method>,
    pub(crate) reason: String,
}

impl OnlyMethods {
    /// Whether it speaks of the route.
    fn is_of(&self, known: &Known<'_>) -> bool {
        known.row.method.is_none() && known.shape == path::shape(&self.path)
    }

    /// What is wrong with it, if anything is.
    pub(crate) fn meaningless(&self, rows: &[Known<'_>]) -> Option<ConfigError> {
        let path = Escaped::new(&self.path);
        let message = if self.reason.trim().is_empty() {
            format!("methods of `{path}` are left out of the document without a reason")
        } else if self.methods.is_empty() {
            format!("every method of `{path}` is left out of the document: say `internal`")
        } else {
            let Some(known) = rows.iter().find(|known| self.is_of(known)) else {
                let message = format!(
                    "methods of `{path}` are left out of the document, but no route for all methods is there"
                );
                return Some(ConfigError::new(ConfigCode::InvalidExclusion, message));
            };
            let extra = known.documented.iter().find(|method| !takes(&self.methods, method))?;
            let extra = Escaped::new(extra);
            format!(
                "`{extra} {path}` is left out of the document, which has it: name `{extra}` among its methods"
            )
        };
        Some(ConfigError::new(ConfigCode::InvalidExclusion, message))
    }
}

/// How the document falls short of a route for all methods; `None` if it does not.
pub(crate) fn shortfall(known: &Known<'_>, rows: &[Known<'_>], only: &[OnlyMethods]) -> Option<String> {
    let named = only.iter().find(|only| only.is_of(known)).map(|only| only.methods.as_slice());
    let has_own = |method: &Method| {
        rows.iter().any(|other| other.shape == known.shape && other.row.method.as_ref() == Some(method))
    };
    let missing = named.unwrap_or(&METHODS).iter().filter(|method| !has_own(method));
    let missing = missing.filter(|method| !has(&known.documented, method)).map(Method::as_str);
    let missing: Vec<&str> = missing.collect();
    if missing.is_empty() {
        return None;
    }
    let (route, missing) = (name(known.row), list(missing));
    if named.is_some() {
        return Some(format!("`{route}` is to be documented by {missing} too"));
    }
    let has = list(known.documented.iter().map(String::as_str));
    Some(format!(
        "`{route}` is routed, but documented by {has} alone: document {missing} too, route no other methods than those that the \
         handler takes, or name these by `only_methods`"
    ))
}

/// RFC 9110 §9.3.2: what takes `GET` takes `HEAD` too.
fn has(documented: &BTreeSet<String>, method: &Method) -> bool {
    documented.contains(method.as_str()) || (*method == Method::HEAD && documented.contains("GET"))
}

fn takes(methods: &[Method], documented: &str) -> bool {
    methods.iter().any(|method| method == documented || (*method == Method::GET && documented == "HEAD"))
}

fn list<'t>(methods: impl IntoIterator<Item = &'t str>) -> String {
    let methods: Vec<String> =
        methods.into_iter().map(|method| format!("`{}`", Escaped::new(method))).collect();
    methods.join(", ")
}
