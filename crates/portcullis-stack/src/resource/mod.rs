//! The API as an OAuth protected resource (RFC 9728): what is published about it, from the values that enforce.

mod document;
mod identifier;
mod route;

use std::time::Duration;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, PublicUrl};

use self::identifier::Identifier;
pub use self::route::MetadataRoute;

/// How long clients may keep the metadata, unless said otherwise: an hour.
pub const DEFAULT_METADATA_MAX_AGE: Duration = Duration::from_secs(3600);

/// A protected resource whose metadata is published at its well-known address, so that a client which knows nothing but
/// the URL finds the authorization server and the scopes (RFC 9728).
///
/// Authorization servers, scopes and kinds of tokens are those of the routes that the resource covers and their
/// schemes; only what people read is said here. Challenges of those routes point to the metadata.
///
/// ```
/// use portcullis_stack::{ProtectedResource, Security};
///
/// let security = Security::builder()
///     .protected_resource(ProtectedResource::new("https://api.example.com").name("Documents"))
///     .insecure_no_audit()
///     .build();
/// assert!(security.is_ok());
///
/// let refused = Security::builder()
///     .protected_resource(ProtectedResource::new("http://api.example.com/#me"))
///     .insecure_no_audit()
///     .build();
/// assert_eq!(refused.unwrap_err().codes().collect::<Vec<_>>(), ["P114"]);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ProtectedResource {
    identifier: String,
    covers: Option<String>,
    texts: Texts,
    authorization_details_types: Vec<String>,
    hides_scopes: bool,
    max_age: Duration,
    http_on_loopback: bool,
}

/// What people read.
#[derive(Clone, Debug, Default)]
struct Texts {
    name: Option<String>,
    documentation: Option<String>,
    policy_uri: Option<String>,
    tos_uri: Option<String>,
}

impl ProtectedResource {
    /// The resource of this identifier: an https URL without fragment, which clients name as `resource` (RFC 8707) and
    /// which stands in the metadata as it is written here.
    pub fn new(identifier: impl Into<String>) -> Self {
        Self {
            identifier: identifier.into(),
            covers: None,
            texts: Texts::default(),
            authorization_details_types: Vec::new(),
            hides_scopes: false,
            max_age: DEFAULT_METADATA_MAX_AGE,
            http_on_loopback: false,
        }
    }

    /// Covers the routes at and below this path, as routes are written: `/tenants/a`. By default, these are those at and
    /// below the path of the identifier, without what the path of
    /// [`public_url`](crate::SecurityBuilder::public_url) has before it. Of two resources that cover a route, it belongs
    /// to that of the longer path.
    pub fn covers(mut self, path: impl Into<String>) -> Self {
        self.covers = Some(path.into());
        self
    }

    /// Sets the name for people (`resource_name`).
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.texts.name = Some(name.into());
        self
    }

    /// Sets the URL of the documentation for developers (`resource_documentation`).
    pub fn documentation(mut self, url: impl Into<String>) -> Self {
        self.texts.documentation = Some(url.into());
        self
    }

    /// Sets the URL of what clients may do with the data (`resource_policy_uri`).
    pub fn policy_uri(mut self, url: impl Into<String>) -> Self {
        self.texts.policy_uri = Some(url.into());
        self
    }

    /// Sets the URL of the terms of service (`resource_tos_uri`).
    pub fn tos_uri(mut self, url: impl Into<String>) -> Self {
        self.texts.tos_uri = Some(url.into());
        self
    }

    /// Adds a type of authorization details that guards of the application understand (RFC 9396,
    /// `authorization_details_types_supported`).
    pub fn authorization_details_type(mut self, kind: impl Into<String>) -> Self {
        self.authorization_details_types.push(kind.into());
        self
    }

    /// Publishes no scopes. By default, every scope that a rule of a covered route or an argument of its handler can ask for
    /// is published; a challenge names it to every caller anyway.
    pub fn hide_scopes(mut self) -> Self {
        self.hides_scopes = true;
        self
    }

    /// Sets how long clients may keep the metadata, in whole seconds. By default, this is
    /// [`DEFAULT_METADATA_MAX_AGE`].
    pub fn max_age(mut self, age: Duration) -> Self {
        self.max_age = age;
        self
    }

    /// Takes an identifier with plain `http` if its host is a loopback address or `localhost`.
    ///
    /// # What must protect it instead
    /// Nothing does: whoever sits between client and server can name another authorization server. It is for
    /// development and tests.
    pub fn insecure_http_on_loopback(mut self) -> Self {
        self.http_on_loopback = true;
        self
    }

    pub(crate) fn build(self, public_url: Option<&PublicUrl>) -> Result<Resource, ConfigError> {
        let identifier = Identifier::read(&self.identifier, self.http_on_loopback).ok_or_else(|| {
            let message = format!(
                "protected resource `{}` is not an https url without fragment",
                Escaped::new(&self.identifier)
            );
            ConfigError::new(ConfigCode::InvalidProtectedResource, message)
        })?;
        let prefix = public_url.map(PublicUrl::prefix).unwrap_or_default();
        let path =
            identifier.path.strip_prefix(prefix).filter(|rest| rest.is_empty() || rest.starts_with('/'));
        let covers = self.covers.as_deref().unwrap_or_else(|| path.unwrap_or(&identifier.path));
        let covers = covers.trim_end_matches('/').to_owned();
        Ok(Resource { covers, identifier, settings: self })
    }
}

/// A protected resource that can be published.
#[derive(Debug)]
pub(crate) struct Resource {
    /// A path without a slash at its end, so that the root is empty.
    covers: String,
    identifier: Identifier,
    settings: ProtectedResource,
}

impl Resource {
    fn is_over(&self, route: &str) -> bool {
        let below = route.strip_prefix(self.covers.as_str());
        below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// Where the metadata is.
    pub(crate) fn metadata_url(&self) -> &str {
        &self.identifier.metadata_url
    }
}

/// The resource that a route belongs to.
pub(crate) fn of_route<'r>(resources: &'r [Resource], route: &str) -> Option<&'r Resource> {
    let over = resources.iter().filter(|resource| resource.is_over(route));
    over.max_by_key(|resource| resource.covers.len())
}

/// What is wrong with the resources as a whole.
pub(crate) fn conflicts(resources: &[Resource]) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let mut rest = resources;
    while let [one, others @ ..] = rest {
        rest = others;
        for other in others {
            let [path, other_path] = [one, other].map(|resource| &resource.identifier.metadata_path);
            if one.covers == other.covers || path == other_path {
                let [one, other] = [one, other].map(|resource| Escaped::new(&resource.settings.identifier));
                let message = format!("protected resources `{one}` and `{other}` stand for the same path");
                errors.push(ConfigError::new(ConfigCode::InvalidProtectedResource, message));
            }
        }
    }
    errors
}
