//! The route that serves the metadata.

use bytes::Bytes;
use http::header::{ACCESS_CONTROL_ALLOW_ORIGIN, CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderValue, Method, Response};
use portcullis_core::escape::Escaped;
use portcullis_core::{BodyFrom, ConfigCode, ConfigError, ConfigErrors, FromBytes};

use super::document::Enforced;
use super::of_route;
use crate::policy::RoutePolicy;
use crate::security::Security;
use crate::table::RouteTable;

/// A public route that a router adds to those of the application: `GET` of its path is answered with the metadata of a
/// protected resource (RFC 9728 §3). Clones are cheap.
#[derive(Clone, Debug)]
pub struct MetadataRoute {
    path: String,
    document: Bytes,
    cache_control: HeaderValue,
}

impl MetadataRoute {
    /// The name of its handler in the route table.
    pub const HANDLER: &'static str = "oauth_protected_resource";

    /// Its path, such as `/.well-known/oauth-protected-resource`.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// What it demands: nothing.
    pub fn policy(&self) -> RoutePolicy {
        RoutePolicy::public("OAuth protected resource metadata (RFC 9728)")
    }

    /// The document as JSON.
    #[must_use]
    pub fn document(&self) -> &Bytes {
        &self.document
    }

    /// The answer to a request by `GET` or `HEAD`. Pages of every origin may read it, and caches may keep it.
    #[must_use]
    pub fn response<B>(&self, method: &Method) -> Response<B>
    where
        FromBytes: BodyFrom<B>,
    {
        let document = if method == Method::HEAD { Bytes::new() } else { self.document.clone() };
        let mut response = Response::new(FromBytes.body(document));
        let fields = response.headers_mut();
        fields.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
        fields.insert(CACHE_CONTROL, self.cache_control.clone());
        fields.insert(ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
        response
    }
}

impl Security {
    /// The routes that serve the metadata of the protected resources, made from the routes of the application. A router
    /// adds them; [`Security::protect`] and portcullis-axum's `SecureRouter` do.
    ///
    /// # Errors
    /// [`ConfigCode::InvalidProtectedResource`] for a resource that covers no route which takes OAuth access tokens.
    pub fn metadata_routes(&self, table: &RouteTable) -> Result<Vec<MetadataRoute>, ConfigErrors> {
        let resources = self.resources();
        let mut enforced: Vec<Enforced> = resources.iter().map(|_| Enforced::default()).collect();
        for row in table.rows() {
            let Some(resource) = of_route(resources, &row.path) else { continue };
            // What is wrong with the schemes of a route is told by its gate.
            let Ok(Some(schemes)) = self.schemes_of(&row.policy) else { continue };
            let mut both = resources.iter().zip(&mut enforced);
            if let Some((_, enforced)) = both.find(|(known, _)| std::ptr::eq(*known, resource)) {
                enforced.add(&row.policy, &schemes);
            }
        }
        let mut errors = ConfigErrors::new();
        let mut routes = Vec::with_capacity(resources.len());
        for (resource, enforced) in resources.iter().zip(enforced) {
            if enforced.is_empty() {
                let message = format!(
                    "protected resource `{}` covers no route that takes access tokens",
                    Escaped::new(&resource.settings.identifier)
                );
                errors.push(ConfigError::new(ConfigCode::InvalidProtectedResource, message));
            }
            let max_age = format!("public, max-age={}", resource.settings.max_age.as_secs());
            routes.push(MetadataRoute {
                path: resource.identifier.metadata_path.clone(),
                document: enforced.document(resource),
                // INVARIANT: digits are what a field value may hold.
                cache_control: HeaderValue::try_from(max_age).unwrap_or(HeaderValue::from_static("no-cache")),
            });
        }
        errors.into_result(routes)
    }
}
