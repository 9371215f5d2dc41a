//! Credentials do not travel in clear.

use http::header::{AUTHORIZATION, FORWARDED};
use http::{HeaderMap, HeaderName};
use portcullis_core::{ClientAddress, Denial, FromBytes, Reason, RequestView, Room, Step};
use portcullis_tower::{Decide, DecideLayer};

/// Applies [`PlainHttp`], as a layer of its own. It stands inside of
/// [`ClientAddressLayer`](crate::ClientAddressLayer), which finds out how the request came.
///
/// ```
/// use std::convert::Infallible;
///
/// use bytes::Bytes;
/// use http::{HeaderName, Request, Response};
/// use portcullis_core::ConnectionFacts;
/// use portcullis_edge::{ClientAddressLayer, Edge, PlainHttp, PlainHttpLayer};
/// use tower::{ServiceBuilder, ServiceExt, service_fn};
///
/// # tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(async {
/// let stack = |policy| {
///     ServiceBuilder::new()
///         .layer(ClientAddressLayer::new(Edge::default()))
///         .layer(PlainHttpLayer::new(policy))
///         .service(service_fn(async |_: Request<()>| Ok::<_, Infallible>(Response::new(Bytes::new()))))
/// };
/// let peer = "192.0.2.1:50000".parse().unwrap();
/// let with = |field, facts| Request::get("/").header(field, "s3cret").extension(facts).body(()).unwrap();
///
/// // By default, `Authorization` passes over TLS and is refused in clear.
/// let default = stack(PlainHttp::default());
/// let over_tls = with("authorization", ConnectionFacts::tls(peer, Default::default()));
/// assert_eq!(default.clone().oneshot(over_tls).await.unwrap().status(), 200);
/// let in_clear = with("authorization", ConnectionFacts::plain(peer));
/// assert_eq!(default.clone().oneshot(in_clear).await.unwrap().status(), 400);
///
/// // Customised: the field of an API key is a credential too.
/// let keys = stack(PlainHttp::default().credential_header(HeaderName::from_static("x-api-key")));
/// let key = || with("x-api-key", ConnectionFacts::plain(peer));
/// assert_eq!(default.oneshot(key()).await.unwrap().status(), 200);
/// assert_eq!(keys.oneshot(key()).await.unwrap().status(), 400);
/// # });
/// ```
pub type PlainHttpLayer<F = FromBytes> = DecideLayer<PlainHttp, F>;

/// What becomes of credentials that came over plain HTTP (RFC 6750 §5.3).
///
/// By default, they are refused, although the harm is done by then: the client learns at its first request that
/// it must not do so, and not when somebody has used what leaked.
///
/// ```
/// use http::{HeaderName, Request};
/// use portcullis_core::{Clock, ExternalOrigin, RequestView, Trail};
/// use portcullis_edge::PlainHttp;
///
/// /// Stands for [`Edge`](portcullis_edge::Edge), which found that the request came that way.
/// fn request(secure: bool, field: &'static str) -> Request<()> {
///     let mut request = Request::get("/documents").header(field, "s3cret").body(()).unwrap();
///     let trail = Trail::ensure(request.extensions_mut(), &Clock::system());
///     trail.set_origin(ExternalOrigin::new(secure, None, false));
///     request
/// }
/// let status = |policy: &PlainHttp, request: Request<()>| {
///     let checked = policy.check_credentials_allowed(&RequestView::of(&request).unwrap());
///     checked.map_err(|denial| (denial.status().as_u16(), denial.reason().code()))
/// };
///
/// let policy = PlainHttp::default();
/// assert_eq!(status(&policy, request(true, "authorization")), Ok(()));
/// assert_eq!(status(&policy, request(false, "authorization")), Err((400, "plain_http")));
///
/// // Customised: keys come in a field of their own.
/// assert_eq!(status(&policy, request(false, "x-api-key")), Ok(()));
/// let policy = policy.credential_header(HeaderName::from_static("x-api-key"));
/// assert_eq!(status(&policy, request(false, "x-api-key")), Err((400, "plain_http")));
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct PlainHttp {
    /// `None` if everything is allowed.
    refused: Option<Vec<HeaderName>>,
}

impl PlainHttp {
    /// Refuses requests over plain HTTP that carry `Authorization`. This is the default.
    pub fn refuse_credentials() -> Self {
        Self { refused: Some(vec![AUTHORIZATION]) }
    }

    /// Lets credentials travel in clear.
    ///
    /// # What must protect them instead
    /// A network in which nobody can listen, from the client to this server: an encrypted overlay, or one
    /// machine.
    pub fn insecure_allow() -> Self {
        Self { refused: None }
    }

    /// Also refuses requests with this field, such as that of an API key. By default, `Authorization` alone is
    /// a credential.
    pub fn credential_header(mut self, name: HeaderName) -> Self {
        if let Some(refused) = &mut self.refused
            && !refused.contains(&name)
        {
            refused.push(name);
        }
        self
    }

    /// Whether anything is refused.
    #[must_use]
    pub fn refuses(&self) -> bool {
        self.refused.is_some()
    }

    /// Refuses a request that carries a credential, unless it is known that it came over TLS.
    ///
    /// It goes by the external origin that [`Edge`](crate::Edge) wrote to the Trail. What comes from a trusted proxy that did not
    /// say the scheme counts as plain HTTP, also where that proxy speaks TLS to this server, unless
    /// [`TrustedProxies::insecure_assume_https`](crate::TrustedProxies::insecure_assume_https) says otherwise: name proxies by their
    /// own addresses, not by a network in which clients live too. Two kinds of
    /// requests pass although they may have come over plain HTTP: those over a loopback connection, for which there is no
    /// wire to listen to, unless a proxy that nobody named says there that the client used plain HTTP; and those of which nobody knows anything, because the server
    /// left no connection facts, or none of the peer, as on a Unix socket.
    ///
    /// # Errors
    /// 400 `plain_http`, with an explanation for the operator. The Trail then has a note of it.
    pub fn check_credentials_allowed(&self, view: &RequestView<'_>) -> Result<(), Denial> {
        let Some(refused) = &self.refused else { return Ok(()) };
        let carries = || refused.iter().any(|name| view.headers().contains_key(name));
        let explanation = match view.trail().origin() {
            Some(origin) if origin.secure => return Ok(()),
            Some(origin) if origin.loopback && !(carries() && says_plain_http(view.headers())) => {
                return Ok(());
            }
            Some(_) if claims_a_proxy(view) => BEHIND_PROXY,
            Some(_) if view.connection().is_some_and(|facts| facts.tls.is_some()) => SILENT,
            Some(_) => DIRECT,
            None if has_come_through_a_proxy(view) => UNSAID,
            None => return Ok(()),
        };
        if !carries() {
            return Ok(());
        }
        let denial = Denial::new(Reason::PlainHttp)
            .hint("credentials are accepted over https only; replace the one that was sent")
            .explained(explanation);
        view.trail().denied(Room::Edge, &denial);
        Err(denial)
    }
}

impl Default for PlainHttp {
    fn default() -> Self {
        Self::refuse_credentials()
    }
}

impl Decide for PlainHttp {
    fn decide(&self, request: &RequestView<'_>) -> Step<Result<(), Denial>> {
        Step::Done(self.check_credentials_allowed(request))
    }
}

/// Whether somebody, whom nobody need trust, says that there is a proxy.
fn claims_a_proxy(view: &RequestView<'_>) -> bool {
    let headers = view.headers();
    headers.contains_key(FORWARDED)
        || headers.contains_key("x-forwarded-for")
        || headers.contains_key("x-forwarded-proto")
}

static X_FORWARDED_PROTO: HeaderName = HeaderName::from_static("x-forwarded-proto");

/// Whether somebody, whom nobody need trust, says that the client used plain HTTP. Who lies harms nobody else.
fn says_plain_http(headers: &HeaderMap) -> bool {
    // As a rule, nobody says anything: to see that takes less than to look two names up.
    headers.keys().any(|name| *name == FORWARDED || *name == X_FORWARDED_PROTO) && says_http(headers)
}

fn says_http(headers: &HeaderMap) -> bool {
    let says = |name: &HeaderName, is_it: fn(&str) -> bool| {
        let values = headers.get_all(name).iter().filter_map(|value| value.to_str().ok());
        values.flat_map(|value| value.split([',', ';'])).any(|part| is_it(part.trim()))
    };
    says(&X_FORWARDED_PROTO, |scheme| scheme.eq_ignore_ascii_case("http"))
        || says(&FORWARDED, |pair| {
            pair.split_once('=').is_some_and(|(name, scheme)| {
                let scheme = scheme.trim_matches('"');
                name.eq_ignore_ascii_case("proto") && scheme.eq_ignore_ascii_case("http")
            })
        })
}

/// Whether there is a client whose address was looked for, and a proxy before it.
fn has_come_through_a_proxy(view: &RequestView<'_>) -> bool {
    match view.trail().resolved_client() {
        None => false,
        Some(ClientAddress::Forwarded(_)) => true,
        Some(_) => claims_a_proxy(view),
    }
}

const BEHIND_PROXY: &str = "a credential came over plain HTTP, with fields of a proxy: if the proxy ends TLS, name its \
                            network in `TrustedProxies` and have it send the scheme (`X-Forwarded-Proto`)";
const DIRECT: &str = "a credential came over plain HTTP: serve TLS, or name the proxy that ends it in `TrustedProxies` and \
                      have it send the scheme (`X-Forwarded-Proto`)";
const SILENT: &str = "a credential came over TLS from an address of `TrustedProxies` that did not say the client's scheme: have \
                      the proxy send `X-Forwarded-Proto`; if it is no proxy, name the proxies by their own addresses";
const UNSAID: &str = "a credential came through a proxy that did not say the scheme: have the proxy send \
                      `X-Forwarded-Proto`, or `proto` in `Forwarded` where that is read; if it speaks TLS with every \
                      client and cannot, set `TrustedProxies::insecure_assume_https`";

#[cfg(test)]
mod tests {
    use portcullis_core::ConnectionFacts;

    use super::*;
    use crate::testing::Head;
    use crate::{Edge, ForwardingField, TrustedProxies};

    fn proxies() -> TrustedProxies {
        TrustedProxies::none().network("10.0.0.0/8").network("127.0.0.2").field(ForwardingField::Forwarded)
    }

    fn resolved(proxies: TrustedProxies, head: Head) -> Head {
        head.ask(|view| Edge::new(proxies).unwrap().resolve(view)).unwrap();
        head
    }

    #[track_caller]
    fn check(policy: &PlainHttp, head: Head, allowed: bool) {
        check_behind(proxies(), policy, head, allowed);
    }

    #[track_caller]
    fn check_behind(proxies: TrustedProxies, policy: &PlainHttp, head: Head, allowed: bool) {
        let head = resolved(proxies, head);
        let result = head.ask(|view| policy.check_credentials_allowed(view));
        assert_eq!(result.as_ref().err().map(Denial::reason), (!allowed).then_some(Reason::PlainHttp));
        assert_eq!(head.noted().is_empty(), allowed);
    }

    fn with_token(head: Head) -> Head {
        head.field("authorization", "Bearer mF_9.B5f-4.1JqM")
    }

    /// A1.13.
    #[test]
    fn refuses_tokens_over_plain_http() {
        let policy = PlainHttp::default();
        check(&policy, with_token(Head::from("192.0.2.1")), false);
        check(&policy, with_token(Head::over_tls("192.0.2.1")), true);
        check(&policy, Head::from("192.0.2.1"), true);
        check(&policy, with_token(Head::from("127.0.0.1")), true);
        check(&policy, with_token(Head::from("::1")), true);
        check(&policy, with_token(Head::new()), true);
        check(&PlainHttp::insecure_allow(), with_token(Head::from("192.0.2.1")), true);
    }

    /// A1.13, A19.7: a proxy that is trusted says which scheme the client used, and nobody else.
    #[test]
    fn goes_by_what_trusted_proxies_say() {
        let policy = PlainHttp::default();
        let said = |peer, scheme| {
            with_token(Head::from(peer).field("forwarded", format!("for=192.0.2.1;proto={scheme}")))
        };
        check(&policy, said("10.0.0.1", "https"), true);
        check(&policy, said("10.0.0.1", "http"), false);
        check(&policy, said("192.0.2.9", "https"), false);
    }

    /// A1.13: TLS between the proxy and this server tells nothing of what stands before the proxy.
    #[test]
    fn a_proxy_that_speaks_tls_to_this_server_must_say_the_scheme_all_the_same() {
        let over_tls = |peer| with_token(Head::over_tls(peer));
        let policy = PlainHttp::default();
        check(&policy, over_tls("10.0.0.1"), false);
        check(&policy, over_tls("10.0.0.1").field("forwarded", "for=192.0.2.1"), false);
        check(&policy, over_tls("10.0.0.1").field("forwarded", "for=192.0.2.1;proto=http"), false);
        check(&policy, over_tls("10.0.0.1").field("forwarded", "for=192.0.2.1;proto=https"), true);
        check(&policy, over_tls("192.0.2.1"), true);
        check_behind(proxies().insecure_assume_https(), &policy, over_tls("10.0.0.1"), true);

        let silent = resolved(proxies(), over_tls("10.0.0.1"));
        let denial = silent.ask(|view| policy.check_credentials_allowed(view)).unwrap_err();
        assert_eq!(denial.explanation(), Some(SILENT));
    }

    fn from_proxy(fields: &[(&'static str, &str)]) -> Head {
        with_token(fields.iter().fold(Head::from("10.0.0.1"), |head, (name, value)| head.field(name, value)))
    }

    /// A1.13, A19.7: what nobody said counts as plain HTTP, unless the deployer vouches for his proxies.
    #[test]
    fn a_scheme_that_no_proxy_says_is_plain_http_unless_the_deployer_says_otherwise() {
        let de_facto = || proxies().field(ForwardingField::XForwardedFor);
        let silent: [(TrustedProxies, &[(&str, &str)]); 7] = [
            (proxies(), &[("forwarded", "for=192.0.2.1")]),
            (proxies(), &[("forwarded", "for=unknown")]),
            (proxies(), &[("forwarded", "for=192.0.2.1"), ("x-forwarded-proto", "https")]),
            (proxies(), &[]),
            (de_facto(), &[("x-forwarded-for", "192.0.2.1")]),
            (de_facto(), &[("x-forwarded-for", "192.0.2.1"), ("forwarded", "proto=https")]),
            (de_facto(), &[]),
        ];
        for (proxies, fields) in silent {
            check_behind(proxies.clone(), &PlainHttp::default(), from_proxy(fields), false);
            check_behind(proxies.clone(), &PlainHttp::insecure_allow(), from_proxy(fields), true);
            let without = fields.iter().fold(Head::from("10.0.0.1"), |head, (name, v)| head.field(name, v));
            check_behind(proxies.clone(), &PlainHttp::default(), without, true);
            let assumed = proxies.insecure_assume_https();
            check_behind(assumed, &PlainHttp::default(), from_proxy(fields), true);
        }
        // What a proxy says counts, and nobody else is vouched for.
        let assumed = || proxies().insecure_assume_https();
        let policy = PlainHttp::default();
        check_behind(assumed(), &policy, from_proxy(&[("forwarded", "for=192.0.2.1;proto=http")]), false);
        check_behind(assumed(), &policy, with_token(Head::from("192.0.2.9")), false);
    }

    /// A1.13: a proxy on this machine is no client of this machine.
    #[test]
    fn a_loopback_proxy_that_says_nothing_is_no_client_on_this_machine() {
        let policy = PlainHttp::default();
        check(&policy, with_token(Head::from("127.0.0.2")), false);
        check(&policy, with_token(Head::from("127.0.0.1")), true);
    }

    /// A1.13: a proxy on this machine that nobody named. What else it or its client says is not believed (A19.3).
    #[test]
    fn on_a_loopback_connection_whoever_says_plain_http_is_taken_at_their_word() {
        let policy = PlainHttp::default();
        let said = |name, value: &str| with_token(Head::from("127.0.0.1")).field(name, value);
        for (name, value) in [
            ("x-forwarded-proto", "http"),
            ("x-forwarded-proto", "https, HTTP"),
            ("forwarded", "for=192.0.2.1;proto=http"),
            ("forwarded", "for=\"[2001:db8::1]\"; Proto=\"http\", for=192.0.2.1"),
        ] {
            check(&policy, said(name, value), false);
        }
        for (name, value) in [
            ("x-forwarded-proto", "https"),
            ("x-forwarded-proto", "httpx"),
            ("x-forwarded-for", "192.0.2.1"),
            ("forwarded", "for=192.0.2.1;proto=https"),
            ("forwarded", "proto"),
            ("forwarded", "by=http"),
        ] {
            check(&policy, said(name, value), true);
        }
        check(&policy, with_token(Head::over_tls("127.0.0.1")).field("x-forwarded-proto", "http"), true);
    }

    /// A1.13: nobody has a network there, and still a proxy says what it knows.
    #[test]
    fn a_socket_without_an_address_is_believed_to_be_local_unless_a_proxy_is_named() {
        let local = || with_token(Head::new().facts(ConnectionFacts::default()));
        let through = |value: &str| local().field("forwarded", value);
        let policy = PlainHttp::default();
        check(&policy, local(), true);
        check(&policy, through("for=192.0.2.1"), false);
        let hop = || TrustedProxies::none().hops(1).field(ForwardingField::Forwarded);
        check_behind(hop(), &policy, local(), false);
        check_behind(hop(), &policy, through("for=unknown"), false);
        check_behind(hop(), &policy, through("for=unknown;proto=https"), true);
    }

    #[test]
    fn refuses_configured_fields_too() {
        let key = || Head::from("192.0.2.1").field("x-api-key", "k");
        check(&PlainHttp::default(), key(), true);
        let policy = PlainHttp::default().credential_header(HeaderName::from_static("x-api-key"));
        check(&policy, key(), false);
        check(&policy, with_token(Head::from("192.0.2.1")), false);
        check(&PlainHttp::insecure_allow().credential_header(AUTHORIZATION), key(), true);
    }

    #[test]
    fn tells_the_operator_what_to_do_and_nobody_the_token() {
        for (head, expected) in [
            (Head::from("192.0.2.1"), DIRECT),
            (Head::from("192.0.2.1").field("x-forwarded-proto", "https"), BEHIND_PROXY),
            (Head::from("10.0.0.1").field("forwarded", "for=192.0.2.1"), UNSAID),
        ] {
            assert!(expected.contains("`X-Forwarded-Proto`"));
            let head = resolved(proxies(), with_token(head));
            let denial = head.ask(|view| PlainHttp::default().check_credentials_allowed(view)).unwrap_err();
            assert_eq!((denial.status().as_u16(), denial.explanation()), (400, Some(expected)));
            assert!(!format!("{denial:?} {:?}", denial.hint_text()).contains("mF_9"));
        }
    }
}
