//! The named schemes of an application.

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use portcullis_core::challenge::check_realm;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, CredentialMethod, PublicUrl, Readiness};

use crate::authenticator::Authenticator;
use crate::route::{Requirement, RouteSchemes};
use crate::scheme::{IntoScheme, SchemeContext};
use crate::shape::CredentialShape;

/// All authentication schemes of an application, by name; clones are free.
#[derive(Clone, Debug)]
pub struct Schemes(Arc<[Scheme]>, Arc<str>);

/// One of them.
pub(crate) struct Scheme {
    pub(crate) name: Arc<str>,
    pub(crate) authenticator: Arc<dyn Authenticator>,
    pub(crate) shapes: Vec<CredentialShape>,
    pub(crate) only_where_named: bool,
    pub(crate) dependencies: Vec<Arc<dyn Readiness>>,
}

impl Schemes {
    /// Starts a set whose challenges name this realm and whose schemes read this clock.
    pub fn builder(realm: &str, clock: Clock) -> SchemesBuilder {
        let mut errors = ConfigErrors::new();
        let _ = errors.take(check_realm(realm));
        SchemesBuilder { realm: realm.into(), clock, public_url: None, schemes: Vec::new(), errors }
    }

    /// The schemes of a route that names none: all but those that are offered only where named.
    ///
    /// # Errors
    /// [`ConfigCode::NoScheme`] if there is none.
    pub fn default_set(&self, requirement: Requirement) -> Result<RouteSchemes, ConfigError> {
        let accepted = self.0.iter().enumerate().filter(|(_, scheme)| !scheme.only_where_named);
        self.route(accepted.map(|(index, _)| index).collect(), requirement)
    }

    /// The schemes of a route that names them. The challenges stand in the order of configuration.
    ///
    /// # Errors
    /// [`ConfigCode::UnknownScheme`] for each name that is not configured, [`ConfigCode::NoScheme`] if no name is
    /// given.
    pub fn named(&self, names: &[&str], requirement: Requirement) -> Result<RouteSchemes, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut accepted = Vec::with_capacity(names.len());
        for name in names {
            match self.0.iter().position(|scheme| *scheme.name == **name) {
                Some(index) => accepted.push(index),
                None => errors.push(ConfigError::new(
                    ConfigCode::UnknownScheme,
                    format!("no scheme is called `{}`", name.escape_debug()),
                )),
            }
        }
        accepted.sort_unstable();
        accepted.dedup();
        errors.into_result(())?;
        Ok(self.route(accepted, requirement)?)
    }

    /// The names and methods of the schemes, in the order of configuration.
    pub fn iter(&self) -> impl Iterator<Item = (&str, CredentialMethod)> {
        self.0.iter().map(|scheme| (&*scheme.name, scheme.authenticator.method()))
    }

    /// Whether one of the schemes counts [attempts](Authenticator::asks_attempts).
    #[must_use]
    pub fn ask_attempts(&self) -> bool {
        self.0.iter().any(|scheme| scheme.authenticator.asks_attempts())
    }

    /// The header fields, other than `Authorization`, that carry credentials of the schemes.
    pub fn credential_headers(&self) -> impl Iterator<Item = &HeaderName> {
        self.0.iter().flat_map(|scheme| &scheme.shapes).filter_map(|shape| match shape {
            CredentialShape::Header(name) => Some(name),
            _ => None,
        })
    }

    /// What the schemes need from outside the process, in the order of configuration.
    pub fn dependencies(&self) -> impl Iterator<Item = &Arc<dyn Readiness>> {
        self.0.iter().flat_map(|scheme| &scheme.dependencies)
    }

    /// The realm of the challenges.
    #[must_use]
    pub fn realm(&self) -> &str {
        &self.1
    }

    /// Whether there is a scheme of this name.
    #[must_use]
    pub fn contains(&self, name: &str) -> bool {
        self.0.iter().any(|scheme| *scheme.name == *name)
    }

    pub(crate) fn all(&self) -> &[Scheme] {
        &self.0
    }

    fn route(&self, accepted: Vec<usize>, requirement: Requirement) -> Result<RouteSchemes, ConfigError> {
        if accepted.is_empty() {
            return Err(ConfigError::new(
                ConfigCode::NoScheme,
                "a route needs authentication, but takes no scheme",
            ));
        }
        Ok(RouteSchemes::new(Arc::clone(&self.0), accepted, requirement, &self.1, None))
    }
}

/// Collects schemes, and everything that is wrong with them.
#[must_use]
pub struct SchemesBuilder {
    realm: Arc<str>,
    clock: Clock,
    public_url: Option<PublicUrl>,
    schemes: Vec<Scheme>,
    errors: ConfigErrors,
}

impl SchemesBuilder {
    /// Tells the schemes that are added from now on under which URL clients know the API. By default, each request
    /// tells it.
    pub fn public_url(self, public_url: PublicUrl) -> Self {
        Self { public_url: Some(public_url), ..self }
    }

    /// Adds a scheme. The name appears in audit events and in the configuration of routes, never on the wire.
    pub fn scheme(mut self, name: &str, scheme: impl IntoScheme) -> Self {
        let name: Arc<str> = name.into();
        let context = SchemeContext::new(Arc::clone(&name), Arc::clone(&self.realm), self.clock.clone());
        let context = context.with_public_url(self.public_url.clone());
        match scheme.into_scheme(&context) {
            Ok(parts) => self.schemes.push(Scheme {
                name,
                shapes: parts.authenticator.shapes(),
                authenticator: parts.authenticator,
                only_where_named: parts.only_where_named,
                dependencies: parts.dependencies,
            }),
            Err(errors) => self.errors.extend(errors.into_iter().map(|error| {
                ConfigError::new(
                    error.code(),
                    format!("scheme `{}`: {}", name.escape_debug(), error.message()),
                )
            })),
        }
        self
    }

    /// The finished set.
    ///
    /// # Errors
    /// Everything that is wrong with the realm, with single schemes and with the set:
    /// [`ConfigCode::DuplicateScheme`], [`ConfigCode::OverlappingShapes`], ..
    pub fn build(mut self) -> Result<Schemes, ConfigErrors> {
        let mut others = self.schemes.iter();
        while let Some(one) = others.next() {
            for two in others.clone() {
                self.errors.extend(conflicts(one, two));
            }
        }
        self.errors.into_result(Schemes(self.schemes.into(), self.realm))
    }
}

fn conflicts(one: &Scheme, two: &Scheme) -> impl Iterator<Item = ConfigError> {
    let (first, second) = (one.name.escape_debug(), two.name.escape_debug());
    let duplicate = (one.name == two.name)
        .then(|| ConfigError::new(ConfigCode::DuplicateScheme, format!("two schemes are called `{first}`")));
    let shared = one.shapes.iter().find(|shape| two.shapes.iter().any(|other| shape.overlaps(other)));
    let overlap = shared.map(|shape| {
        let message =
            format!("schemes `{first}` and `{second}` both claim credentials of the shape {shape:?}");
        ConfigError::new(ConfigCode::OverlappingShapes, message)
    });
    duplicate.into_iter().chain(overlap)
}

impl fmt::Debug for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Scheme")
            .field("name", &self.name)
            .field("shapes", &self.shapes)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for SchemesBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SchemesBuilder").field("schemes", &self.schemes).finish_non_exhaustive()
    }
}
