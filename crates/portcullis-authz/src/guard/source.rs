use std::borrow::Cow;

use portcullis_core::{Denial, Reason, RequestView};

use super::path_parameters::PathParameters;
use super::query;

/// Which part of a request names a resource. There must be exactly one value, whichever part it is.
///
/// ```
/// use portcullis_authz::Source;
/// use portcullis_core::{Clock, RequestView, Trail};
///
/// let identifier = |target: &str| {
///     let mut request = http::Request::builder().uri(target).body(()).unwrap();
///     Trail::ensure(request.extensions_mut(), &Clock::system());
///     let found = Source::Query("invoice").identifier(&RequestView::of(&request)?);
///     found.map(|text| text.into_owned())
/// };
/// assert_eq!(identifier("/print?invoice=2026%2F7")?, "2026/7");
/// // Two readers of a repeated parameter may each see another one.
/// assert_eq!(identifier("/print?invoice=7&invoice=8").unwrap_err().status(), 400);
/// # Ok::<(), portcullis_core::Denial>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Source {
    /// The header field of that name. Its value is taken as it stands; it is visible ASCII.
    Header(&'static str),
    /// The path parameter of that name, percent-decoded once ([`PathParameters`]).
    Path(&'static str),
    /// The query parameter of that name. Names and values are decoded once, as forms are: `%` with two hexadecimal
    /// digits, and `+` for a space (WHATWG URL Standard §5.1).
    Query(&'static str),
}

/// The longest identifier in bytes: 1 KiB. A longer one names nothing.
pub const MAX_IDENTIFIER: usize = 1024;

impl Source {
    /// The path parameter that it is, if it is one.
    pub(super) fn parameter<'a>(self, request: &RequestView<'a>) -> Option<(&'a PathParameters, usize)> {
        match self {
            Self::Path(name) => PathParameters::place(request, name),
            Self::Header(_) | Self::Query(_) => None,
        }
    }

    /// The text that the client wrote there.
    ///
    /// # Errors
    /// - 400 `malformed_request` if a query parameter or header field is missing, repeated or not text,
    /// - 404 if a path parameter is not text,
    /// - 500 `misconfigured` if the route has no such path parameter, or the name is none of a header field.
    pub fn identifier<'a>(self, request: &RequestView<'a>) -> Result<Cow<'a, str>, Denial> {
        match self {
            Self::Header(name) => header(request, name).map(Cow::Borrowed),
            Self::Path(name) => PathParameters::of(request, name).map(Cow::Borrowed),
            Self::Query(name) => match query::only(request.uri().query().unwrap_or(""), name) {
                Ok(value) => Ok(value),
                Err(wrong) => Err(malformed(format!("the query parameter `{name}` {}", wrong.told()))),
            },
        }
    }
}

fn header<'a>(request: &RequestView<'a>, name: &str) -> Result<&'a str, Denial> {
    let told = |what| malformed(format!("the field `{name}` {what}"));
    let mut values = request.headers().get_all(name).iter();
    match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().map_err(|_| told("is not visible ASCII")),
        (Some(_), Some(_)) => Err(told("must not be repeated")),
        (None, _) if is_field_name(name) => Err(told("is missing")),
        (None, _) => {
            Err(Denial::misconfigured(format!("a guard reads the field `{name}`, which is no field name")))
        }
    }
}

/// RFC 9110 §5.6.2.
fn is_field_name(name: &str) -> bool {
    let token = |octet: u8| octet.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&octet);
    !name.is_empty() && name.bytes().all(token)
}

/// The names are those of the program, so that the caller may be told them.
fn malformed(hint: String) -> Denial {
    Denial::new(Reason::MalformedRequest).hint(hint)
}
