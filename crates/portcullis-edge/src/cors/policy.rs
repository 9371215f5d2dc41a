use http::header::{
    ACCESS_CONTROL_ALLOW_CREDENTIALS, ACCESS_CONTROL_ALLOW_HEADERS, ACCESS_CONTROL_ALLOW_METHODS,
    ACCESS_CONTROL_ALLOW_ORIGIN, ACCESS_CONTROL_EXPOSE_HEADERS, ACCESS_CONTROL_MAX_AGE,
    ACCESS_CONTROL_REQUEST_METHOD, ORIGIN, VARY,
};
use http::{HeaderMap, HeaderName, HeaderValue, Method};
use portcullis_core::{Decision, Placement, Reason, RequestView, Room, Trail};

use super::builder::CorsBuilder;

/// Which pages of other origins may read answers. See the crate's docs.
///
/// By default, none may.
///
/// ```
/// use portcullis_edge::Cors;
///
/// assert!(Cors::allow("https://app.example.com").origin("http://localhost:3000").build().is_ok());
///
/// let errors = Cors::allow("*.example.com").origin("null").build().unwrap_err();
/// assert_eq!(errors.codes().collect::<Vec<_>>(), ["P402", "P402"]);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Cors {
    pub(super) origins: Origins,
    pub(super) credentials: bool,
    pub(super) methods: Option<HeaderValue>,
    pub(super) headers: Option<HeaderValue>,
    pub(super) exposed: Option<HeaderValue>,
    pub(super) max_age: Option<HeaderValue>,
}

/// What becomes of a request.
#[derive(Clone, Debug)]
#[must_use = "a preflight that nobody answers ends at a route that does not exist"]
#[expect(clippy::exhaustive_enums, reason = "every caller must handle both, and there is no third")]
pub enum CorsAnswer {
    /// It goes on. The fields for its answer are in the Trail.
    Continue,
    /// It is a preflight: answer 204 with these fields and no content.
    Preflight(HeaderMap),
}

#[derive(Clone, Debug, Default)]
pub(super) enum Origins {
    Any,
    /// Sorted, as browsers write them.
    Listed(Vec<HeaderValue>),
    #[default]
    None,
}

impl Cors {
    /// Lets pages of one origin read answers, such as `https://app.example.com`; add others to the builder.
    pub fn allow(origin: impl AsRef<str>) -> CorsBuilder {
        CorsBuilder::new(Origins::Listed(Vec::new())).origin(origin)
    }

    /// Lets every page read answers, without credentials that browsers attach by themselves.
    pub fn any_origin() -> CorsBuilder {
        CorsBuilder::new(Origins::Any)
    }

    /// Answers preflights, and adds fields to the answers of all other requests, errors too.
    ///
    /// A preflight of an origin that is not allowed is answered as well, without any `Access-Control-Allow-*`
    /// field: the browser refuses on that ground, and learns nothing else.
    pub fn decide(&self, view: &RequestView<'_>) -> CorsAnswer {
        if matches!(self.origins, Origins::None) {
            return CorsAnswer::Continue;
        }
        let allowed = self.allowed(view.headers());
        if is_preflight(view) {
            let decision = Decision::allow(Reason::PreflightAnswered);
            let refused = decision.clone().because("the origin is not allowed");
            view.trail().decided(Room::Edge, if allowed.is_some() { &decision } else { &refused });
            return CorsAnswer::Preflight(self.preflight(allowed));
        }
        self.add_fields(allowed, view.trail());
        CorsAnswer::Continue
    }

    fn preflight(&self, allowed: Option<HeaderValue>) -> HeaderMap {
        let mut fields = HeaderMap::new();
        if self.varies() {
            fields.insert(VARY, BY_ORIGIN);
        }
        let Some(origin) = allowed else { return fields };
        fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            fields.insert(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        let lists = [
            (ACCESS_CONTROL_ALLOW_METHODS, &self.methods),
            (ACCESS_CONTROL_ALLOW_HEADERS, &self.headers),
            (ACCESS_CONTROL_MAX_AGE, &self.max_age),
        ];
        fields.extend(lists.into_iter().filter_map(|(name, value)| Some((name, value.clone()?))));
        fields
    }

    fn add_fields(&self, allowed: Option<HeaderValue>, trail: &Trail) {
        if self.varies() && !says_so_already(trail) {
            trail.response_field(VARY, BY_ORIGIN, Placement::Append);
        }
        let Some(origin) = allowed else { return };
        let add = |name: HeaderName, value| trail.response_field(name, value, Placement::Replace);
        add(ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        if self.credentials {
            add(ACCESS_CONTROL_ALLOW_CREDENTIALS, TRUE);
        }
        if let Some(exposed) = &self.exposed {
            add(ACCESS_CONTROL_EXPOSE_HEADERS, exposed.clone());
        }
    }

    /// The configured value that fits the request's `Origin`; what the client sent is never sent back.
    fn allowed(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let origin = single_origin(headers)?;
        match &self.origins {
            Origins::Any => Some(ANY),
            Origins::Listed(_) => self.listed(origin),
            Origins::None => None,
        }
    }

    pub(super) fn listed(&self, origin: &HeaderValue) -> Option<HeaderValue> {
        let Origins::Listed(origins) = &self.origins else { return None };
        let found = origins.binary_search(origin).ok()?;
        origins.get(found).cloned()
    }

    /// Where every origin gets the same answer, caches need not tell them apart.
    fn varies(&self) -> bool {
        matches!(self.origins, Origins::Listed(_))
    }
}

/// The Fetch standard, "CORS-preflight request".
fn is_preflight(view: &RequestView<'_>) -> bool {
    view.method() == Method::OPTIONS
        && view.headers().contains_key(ORIGIN)
        && view.headers().contains_key(ACCESS_CONTROL_REQUEST_METHOD)
}

/// A browser sends one; two are none.
pub(super) fn single_origin(headers: &HeaderMap) -> Option<&HeaderValue> {
    let mut origins = headers.get_all(ORIGIN).iter();
    origins.next().filter(|_| origins.next().is_none())
}

/// A17.5: no duplicates where layers are stacked.
fn says_so_already(trail: &Trail) -> bool {
    trail.read(|state| state.fields.iter().any(|(name, value, _)| name == VARY && value == BY_ORIGIN))
}

const ANY: HeaderValue = HeaderValue::from_static("*");
const BY_ORIGIN: HeaderValue = HeaderValue::from_static("Origin");
const TRUE: HeaderValue = HeaderValue::from_static("true");
