//! Requests that name one host.

use http::header::HOST;
use http::{HeaderMap, Uri, Version};
use portcullis_core::escape::Escaped;
use portcullis_core::{Denial, FromBytes, Reason, RequestView, Room, Step};
use portcullis_tower::{Decide, DecideLayer};

use crate::authority::{Fault, fault};

/// Applies [`OneHost`], as a layer of its own.
///
/// ```
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use http::{Request, Response};
/// use portcullis_core::ConnectionFacts;
/// use portcullis_edge::{OneHost, OneHostLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let service = ServiceBuilder::new()
///     .layer(OneHostLayer::new(OneHost))
///     .service(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::new()))));
/// let status = async |request: Request<()>| service.clone().oneshot(request).await.unwrap().status();
///
/// let to = |host| Request::get("/").header("host", host).body(()).unwrap();
/// assert_eq!(status(to("api.example.com:8443")).await, 200);
/// assert_eq!(status(to("api.example.com, evil.example")).await, 400);
/// // RFC 9113 §8.3.1: two names for one thing.
/// let two = Request::get("https://api.example.com/").header("host", "evil.example").body(()).unwrap();
/// assert_eq!(status(two).await, 400);
///
/// // What came over a connection needs a host; what a test makes in the process does not.
/// assert_eq!(status(Request::new(())).await, 200);
/// let facts = ConnectionFacts::plain("192.0.2.1:50000".parse().unwrap());
/// assert_eq!(status(Request::get("/").extension(facts).body(()).unwrap()).await, 400);
/// # });
/// ```
pub type OneHostLayer<F = FromBytes> = DecideLayer<OneHost, F>;

/// Refuses requests of which two parties may think that they are for different hosts (RFC 9112 §3.2, RFC 9113 §8.3.1).
///
/// A host is a name or an address with at most a port: no user information, no registered name beyond letters, digits,
/// `-`, `.` and `_`, no port without a number. A request must name one if it came over a connection, which is to say
/// that somebody left [`ConnectionFacts`](portcullis_core::ConnectionFacts): by `Host` in HTTP/1.1, by `:authority` or
/// `Host` in later versions. HTTP/1.0 need not, nor need a request that was made in the process.
#[derive(Clone, Copy, Debug, Default)]
#[must_use]
#[expect(clippy::exhaustive_structs, reason = "a unit to be named in expressions")]
pub struct OneHost;

impl OneHost {
    /// Checks the host of a request and notes a refusal in its Trail.
    ///
    /// # Errors
    /// 400 `malformed_request` for
    /// 1. `Host` more than once, also if it is the same;
    /// 2. a `Host` or an authority of the target that is no host and port, such as an empty one;
    /// 3. a target and a `Host` that name different hosts, or ports other than the one that the scheme has anyway;
    /// 4. no host where one is needed.
    pub fn check(&self, view: &RequestView<'_>) -> Result<(), Denial> {
        let denial = match fault(view.uri(), view.headers()) {
            Some(fault) => denial(fault),
            None if view.connection().is_some() => {
                match missing(view.version(), view.uri(), view.headers()) {
                    Some(hint) => Denial::new(Reason::MalformedRequest).hint(hint).explained(hint),
                    None => return Ok(()),
                }
            }
            None => return Ok(()),
        };
        view.trail().denied(Room::Edge, &denial);
        Err(denial)
    }
}

impl Decide for OneHost {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(self.check(request))
    }
}

fn denial(fault: Fault<'_>) -> Denial {
    let malformed = |hint: &'static str| Denial::new(Reason::MalformedRequest).hint(hint);
    let quoted = |octets: &[u8]| {
        let text = String::from_utf8_lossy(octets);
        format!("`{}` is no host and port", Escaped::new(&text).with_limit(MAX_QUOTED))
    };
    match fault {
        Fault::Repeated => malformed(REPEATED).explained(REPEATED),
        Fault::Differing => malformed(DIFFERING).explained(DIFFERING),
        Fault::Field(host) => {
            malformed("the Host field is no host and port").explained(format!("Host: {}", quoted(host)))
        }
        Fault::Target(host) => {
            let explanation = format!("the request target: {}", quoted(host.as_bytes()));
            malformed("the authority of the request target is no host and port").explained(explanation)
        }
    }
}

/// What is missing in the head of a request.
fn missing(version: Version, uri: &Uri, headers: &HeaderMap) -> Option<&'static str> {
    match version {
        Version::HTTP_09 | Version::HTTP_10 => None,
        // RFC 9112 §3.2: also beside a target in absolute form.
        Version::HTTP_11 => (!headers.contains_key(HOST)).then_some("the request has no Host field"),
        _ if uri.authority().is_some() || headers.contains_key(HOST) => None,
        _ => Some("the request has neither :authority nor Host"),
    }
}

/// How many characters of a host are shown in an event.
const MAX_QUOTED: usize = 64;

const REPEATED: &str = "the request has more than one Host field";
const DIFFERING: &str = "the request target and the Host field name different hosts";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{Head, naughty_strings};

    #[track_caller]
    fn check(head: &Head, expected: Result<(), &str>) {
        let found = head.ask(|view| OneHost.check(view));
        let found = found.map_err(|denial| {
            assert_eq!((denial.status().as_u16(), denial.reason()), (400, Reason::MalformedRequest));
            denial.hint_text().unwrap().to_owned()
        });
        assert_eq!(found, expected.map_err(str::to_owned));
        assert_eq!(head.noted().len(), usize::from(expected.is_err()));
    }

    fn over_the_wire(uri: &str, version: Version) -> Head {
        Head::from("192.0.2.1").target(uri, version)
    }

    /// RFC 9112 §3.2, RFC 9113 §8.3.1.
    #[test]
    fn what_came_over_a_connection_needs_a_host_and_what_was_made_in_the_process_does_not() {
        let (field, neither) =
            (Err("the request has no Host field"), Err("the request has neither :authority nor Host"));
        check(&over_the_wire("/a", Version::HTTP_11), field);
        check(&over_the_wire("http://a.example/a", Version::HTTP_11), field);
        check(&over_the_wire("/a", Version::HTTP_10), Ok(()));
        check(&over_the_wire("/a", Version::HTTP_2), neither);
        check(&over_the_wire("/a", Version::HTTP_3), neither);
        check(&over_the_wire("https://a.example/a", Version::HTTP_2), Ok(()));
        for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
            check(&over_the_wire("/a", version).field("host", "a.example"), Ok(()));
            check(&Head::new().target("/a", version), Ok(()));
            check(&Head::new().target("http://a.example/a", version), Ok(()));
        }
    }

    /// RFC 9112 §3.2: in every version, and wherever the request comes from.
    #[test]
    fn a_host_that_is_none_and_a_second_one_are_refused_always() {
        let none = Err("the Host field is no host and port");
        for host in ["", "a b", "@evil", "a:99999", "a:", "a/b", "a, b", "u@a", "a:80:80", "[::1", "*"] {
            for version in [Version::HTTP_10, Version::HTTP_11, Version::HTTP_2] {
                check(&over_the_wire("/a", version).field("host", host), none);
                check(&Head::new().target("/a", version).field("host", host), none);
            }
            check(&over_the_wire("http://a.example/", Version::HTTP_11).field("host", host), none);
        }
        check(&Head::from("192.0.2.1").field("host", b"\xff"), none);
        let twice = |a: &str, b: &str| Head::new().field("host", a).field("vary", "a").field("host", b);
        check(&twice("a.example", "a.example"), Err(REPEATED));
        check(&twice("a.example", "b.example"), Err(REPEATED));
        check(&Head::new().field("host", "a.example").field("vary", "a").field("vary", "b"), Ok(()));
        let target = Err("the authority of the request target is no host and port");
        for authority in ["u@a.example", "a.example:99999", "a.example:"] {
            check(&over_the_wire(&format!("https://{authority}/"), Version::HTTP_2), target);
            check(&Head::new().target(&format!("https://{authority}/"), Version::HTTP_11), target);
        }
    }

    /// RFC 9113 §8.3.1, RFC 3986 §6.2.
    #[test]
    fn the_target_and_the_field_name_the_same_host() {
        let both = |uri: &str, host: &str| {
            let head = over_the_wire(uri, Version::HTTP_2).field("host", host);
            head.ask(|view| OneHost.check(view)).err().map(|denial| denial.hint_text().unwrap().to_owned())
        };
        for (uri, host) in [
            ("https://a.example/", "a.example"),
            ("https://a.example/", "A.Example"),
            ("https://a.example/", "a.example:443"),
            ("https://a.example:443/", "a.example"),
            ("http://a.example:80/", "a.example"),
            ("http://[::1]:8080/", "[::1]:8080"),
        ] {
            assert_eq!(both(uri, host), None, "{uri} {host}");
        }
        for (uri, host) in [
            ("https://a.example/", "b.example"),
            ("https://a.example/", "a.example.evil.example"),
            ("https://a.example/", "a.example:80"),
            ("http://a.example/", "a.example:443"),
            ("https://a.example:8443/", "a.example"),
        ] {
            assert_eq!(both(uri, host).as_deref(), Some(DIFFERING), "{uri} {host}");
        }
    }

    #[test]
    fn the_event_shows_what_was_sent_escaped_and_cut_off() {
        let sent = format!("a\t{}", "x".repeat(1000));
        let head = Head::new().field("host", sent);
        let denial = head.ask(|view| OneHost.check(view)).unwrap_err();
        let explanation = denial.explanation().unwrap();
        assert!(explanation.starts_with(r"Host: `a\u{9}xxx") && explanation.len() < 120, "{explanation}");
    }

    /// What is refused and what has no authority are the same, but for what is missing.
    #[test]
    fn whatever_names_no_host_is_refused() {
        for host in naughty_strings() {
            let head = Head::from("192.0.2.1").field("host", host.as_bytes());
            let known = crate::authority::of_request(head.0.uri(), head.0.headers()).is_some();
            assert_eq!(head.ask(|view| OneHost.check(view)).is_ok(), known, "{host:?}");
        }
    }
}
