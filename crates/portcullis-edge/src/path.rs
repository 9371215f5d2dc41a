//! Paths that can be read in more than one way.

use std::borrow::Cow;

use http::Uri;
use portcullis_core::{Denial, FromBytes, Reason, RequestView, Room, Step, octets};
use portcullis_tower::{Decide, DecideLayer};

/// Applies [`PathPolicy`], as a layer of its own.
///
/// ```
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use portcullis_core::{Denial, Reason};
/// use portcullis_edge::{PathPolicy, PathPolicyLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let stack = |policy| {
///     ServiceBuilder::new()
///         .layer(PathPolicyLayer::new(policy))
///         .service(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::new()))))
/// };
/// let get = |path| Request::get(path).body(()).unwrap();
///
/// // By default, a path has one reading or is refused.
/// let strict = stack(PathPolicy::strict());
/// assert_eq!(strict.clone().oneshot(get("/public/logo.svg")).await.unwrap().status(), 200);
/// let refused = strict.clone().oneshot(get("/public/%2e%2e/admin")).await.unwrap();
/// assert_eq!(refused.status(), 400);
/// assert_eq!(refused.extensions().get::<Denial>().unwrap().reason(), Reason::AmbiguousPath);
///
/// // Customised: a parameter may hold a slash, and nothing else changes.
/// let lenient = stack(PathPolicy::strict().allow_encoded_slash());
/// assert_eq!(strict.oneshot(get("/files/a%2Fb")).await.unwrap().status(), 400);
/// assert_eq!(lenient.clone().oneshot(get("/files/a%2Fb")).await.unwrap().status(), 200);
/// assert_eq!(lenient.oneshot(get("/files/..%2Fb")).await.unwrap().status(), 400);
/// # });
/// ```
pub type PathPolicyLayer<F = FromBytes> = DecideLayer<PathPolicy, F>;

/// Refuses paths that a proxy, a router and a handler may read differently: a rule for one reading does not
/// protect the other. Nothing is normalised, since normalising is one more reading.
///
/// ```
/// use portcullis_edge::PathPolicy;
///
/// let strict = PathPolicy::strict();
/// assert!(strict.check_path(&"/documents/caf%C3%A9?next=/../".parse().unwrap()).is_ok());
/// for ambiguous in ["/public/../admin", "/public/%2e%2e/admin", "/%61dmin", "/a//b", "/a%2Fb", "/a%00", "/100%"] {
///     assert_eq!(strict.check_path(&ambiguous.parse().unwrap()).unwrap_err().status(), 400, "{ambiguous}");
/// }
///
/// // Customised: an identifier in one segment may have a slash in it.
/// let lenient = PathPolicy::strict().allow_encoded_slash();
/// assert!(lenient.check_path(&"/files/a%2Fb".parse().unwrap()).is_ok());
/// assert!(lenient.check_path(&"/files/%2e%2e%2Fadmin".parse().unwrap()).is_err());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct PathPolicy {
    encoded_slash: bool,
}

impl PathPolicy {
    /// Refuses everything that is listed at [`check_path`](Self::check_path). This is the default.
    pub fn strict() -> Self {
        Self::default()
    }

    /// Lets `%2F` pass, for path parameters that may hold a slash. By default, it is refused, because some
    /// proxies decode it and then see other segments; make sure that those in front do not.
    pub fn allow_encoded_slash(self) -> Self {
        Self { encoded_slash: true }
    }

    /// Checks the path of a request and notes a refusal in its Trail.
    ///
    /// # Errors
    /// See [`check_path`](Self::check_path).
    pub fn check(&self, view: &RequestView<'_>) -> Result<(), Denial> {
        self.check_path(view.uri()).inspect_err(|denial| view.trail().denied(Room::Edge, denial))
    }

    /// Checks the path of a URI; the query is no part of it.
    ///
    /// # Errors
    /// 400 `ambiguous_path` for
    /// 1. octets that are not printable ASCII, and `\`;
    /// 2. empty segments (`//`), but for the last;
    /// 3. dot segments (`.` and `..`), also encoded, and also with parameters (`..;x`);
    /// 4. an encoded `/`, unless it is allowed, an encoded `\`, and encoded control characters;
    /// 5. `%` without two hexadecimal digits, and encoded octets that are not UTF-8;
    /// 6. what would be refused after decoding a second time, such as `%252e`;
    /// 7. encoded letters, digits, `-`, `.`, `_` and `~`, which nobody has a reason to encode: `/%61dmin` and
    ///    `/admin` are the same (RFC 3986 §2.3), but routers tell them apart and file servers do not.
    pub fn check_path(&self, uri: &Uri) -> Result<(), Denial> {
        match self.ambiguity(uri.path()) {
            None => Ok(()),
            Some(hint) => Err(Denial::new(Reason::AmbiguousPath).hint(hint)),
        }
    }

    fn ambiguity(&self, path: &str) -> Option<&'static str> {
        if is_plain(path) {
            return None;
        }
        if path.as_bytes().windows(2).any(|pair| pair == b"//") {
            return Some("the path has an empty segment");
        }
        if path.bytes().any(|octet| octet == b'\\' || !octet.is_ascii_graphic()) {
            return Some("the path has characters that must be encoded");
        }
        path.split('/').find_map(|segment| self.ambiguous_segment(segment))
    }

    fn ambiguous_segment(&self, segment: &str) -> Option<&'static str> {
        let decoded = match decode(segment) {
            Ok(decoded) => decoded,
            Err(NotEncoded) => return Some("the path is not percent-encoded UTF-8"),
        };
        if decoded.split('/').any(is_dot_segment) {
            Some("the path has a dot segment")
        } else if decoded.contains('/') && !self.encoded_slash {
            Some("the path has an encoded slash")
        } else if decoded.contains('\\') || decoded.chars().any(char::is_control) {
            Some("the path has an encoded backslash or control character")
        } else if is_encoded_twice(decoded.as_bytes()) {
            Some("the path is encoded twice")
        } else if encodes_unreserved(segment) {
            Some("the path has encoded characters that need no encoding")
        } else {
            None
        }
    }
}

impl Decide for PathPolicy {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(self.check(request))
    }
}

/// Whether the path has no octets but those that have one reading wherever they stand, and no empty segment: most
/// paths are so.
fn is_plain(path: &str) -> bool {
    let mut after_slash = false;
    path.bytes().all(|octet| {
        let doubled = after_slash && octet == b'/';
        after_slash = octet == b'/';
        !doubled && PLAIN.get(usize::from(octet)).is_some_and(|plain| *plain)
    })
}

const PLAIN: [bool; 256] = {
    let mut plain = [false; 256];
    let mut octet = 0_u8;
    while octet < u8::MAX {
        octet += 1;
        // INVARIANT: an octet is below 256.
        #[expect(clippy::indexing_slicing, reason = "evaluated when this is compiled")]
        {
            plain[octet as usize] = octets::is_base64url(octet) || matches!(octet, b'/' | b'~');
        }
    }
    plain
};

struct NotEncoded;

fn decode(segment: &str) -> Result<Cow<'_, str>, NotEncoded> {
    if !segment.contains('%') {
        return Ok(Cow::Borrowed(segment));
    }
    let mut decoded = Vec::with_capacity(segment.len());
    let mut octets = segment.bytes();
    while let Some(octet) = octets.next() {
        decoded.push(match octet {
            b'%' => hexadecimal(octets.next(), octets.next()).ok_or(NotEncoded)?,
            octet => octet,
        });
    }
    // Overlong forms of `.` and `/` are no UTF-8 either.
    String::from_utf8(decoded).map(Cow::Owned).map_err(|_| NotEncoded)
}

/// RFC 3986 §2.3.
fn encodes_unreserved(segment: &str) -> bool {
    segment.as_bytes().windows(3).any(|window| match window {
        [b'%', high, low] => hexadecimal(Some(*high), Some(*low))
            .is_some_and(|octet| octet.is_ascii_alphanumeric() || matches!(octet, b'-' | b'.' | b'_' | b'~')),
        _ => false,
    })
}

/// Some servers take `;` for the beginning of parameters that are not part of the name.
fn is_dot_segment(segment: &str) -> bool {
    matches!(segment.split_once(';').map_or(segment, |(name, _)| name), "." | "..")
}

fn is_encoded_twice(decoded: &[u8]) -> bool {
    decoded.windows(3).any(|window| match window {
        [b'%', high, low] => hexadecimal(Some(*high), Some(*low))
            .is_some_and(|octet| matches!(octet, b'.' | b'/' | b'\\' | b'%') || octet.is_ascii_control()),
        _ => false,
    })
}

fn hexadecimal(high: Option<u8>, low: Option<u8>) -> Option<u8> {
    let digit = |octet: Option<u8>| char::from(octet?).to_digit(16);
    u8::try_from(digit(high)? * 16 + digit(low)?).ok()
}

#[cfg(test)]
mod tests;
