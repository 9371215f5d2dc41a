//! From what is enforced into a finished document.

use std::fmt;

use http::{Method, StatusCode};
use portcullis_core::ConfigErrors;
use portcullis_stack::{RouteTable, Security};
use utoipa::openapi::OpenApi;
use utoipa::openapi::path::PathsMap;

use crate::any::OnlyMethods;
use crate::describe::Describe;
use crate::operations::operations;
use crate::path;
use crate::problems;
use crate::routes::{Internal, Routes};
use crate::schemes::Keys;

/// Writes what an application enforces into its OpenAPI document. See the crate's docs.
#[derive(Clone)]
#[must_use = "nothing is written before `write`"]
pub struct OpenApiSecurity<'a> {
    security: &'a Security,
    table: &'a RouteTable,
    internal: Vec<Internal>,
    only: Vec<OnlyMethods>,
    open_id_connect: Vec<String>,
    /// `None` if nobody named any.
    problems: Option<Vec<StatusCode>>,
    conditions: bool,
}

impl<'a> OpenApiSecurity<'a> {
    /// The document of the application with these routes behind this security: `app.security()` and
    /// `app.route_table()` of portcullis-axum.
    pub fn new(security: &'a Security, table: &'a RouteTable) -> Self {
        Self {
            security,
            table,
            internal: Vec::new(),
            only: Vec::new(),
            open_id_connect: Vec::new(),
            problems: None,
            conditions: true,
        }
    }

    /// Leaves the routes of this path, as it is routed, and below it out of the document, and says why. By default, every
    /// route must be documented, but for the metadata of protected resources.
    ///
    /// An exclusion without a reason, of no route, or of a documented one is an error (`P282`).
    pub fn internal(mut self, path: impl Into<String>, reason: impl Into<String>) -> Self {
        self.internal.push(Internal { path: path.into(), reason: reason.into() });
        self
    }

    /// Documents the route for all methods of this path by these alone, and says why the others are left out: that the handler
    /// refuses them, as a rule. By default, such a route is documented by `GET`, `POST`, `PUT`, `PATCH` and `DELETE`; `GET` stands
    /// for `HEAD` too.
    ///
    /// One without a reason, without methods, of no such route, or of one that is documented by other methods is an error
    /// (`P282`). A method that is named and not documented is one too (`P280`).
    pub fn only_methods(
        mut self,
        path: impl Into<String>,
        methods: impl IntoIterator<Item = Method>,
        reason: impl Into<String>,
    ) -> Self {
        let methods = methods.into_iter().collect();
        self.only.push(OnlyMethods { path: path.into(), methods, reason: reason.into() });
        self
    }

    /// Writes the scheme of this name, which takes the tokens of one issuer, as OpenID Connect: with the address of the
    /// issuer's discovery document (OpenID Connect Discovery §4). By default, schemes for tokens are written as
    /// `http` schemes.
    ///
    /// A scheme that is not there, takes no tokens, or takes those of no or several issuers is an error (`P284`).
    pub fn open_id_connect(mut self, scheme: impl Into<String>) -> Self {
        self.open_id_connect.push(scheme.into());
        self
    }

    /// Adds problem responses of these statuses, to each operation those that it can answer with. By default, these are
    /// [`DEFAULT_PROBLEMS`](crate::DEFAULT_PROBLEMS). Of others, 408 (of routes that read a body, where a server
    /// asks for a least rate, as `App::serve` of portcullis-axum does), 500 and 503 are known. Where 400 is named here, each operation
    /// has it, since the head of any request may be malformed; by default only those that read more than the head. What is not
    /// known is added nowhere. A response that the document has already stays as it is.
    pub fn problems(mut self, statuses: impl IntoIterator<Item = StatusCode>) -> Self {
        self.problems = Some(statuses.into_iter().collect());
        self
    }

    /// Says nothing of roles and of other conditions for which OpenAPI has no words. By default, they stand in the
    /// extension `x-portcullis` of the operation, without the values that claims are compared with.
    pub fn hide_conditions(mut self) -> Self {
        self.conditions = false;
        self
    }

    /// The document with everything that the application enforces.
    ///
    /// # Errors
    /// Everything in which document and application disagree, at once: a route, or a method of a route for all methods, that is not documented (`P280`),
    /// a documented operation that is not routed (`P281`), an exclusion that means nothing (`P282`), a security scheme
    /// that is not what is enforced (`P283`), a scheme that cannot be written (`P284`).
    pub fn write(&self, mut document: OpenApi) -> Result<OpenApi, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let keys = errors.take(Keys::new(self.security.schemes(), &self.open_id_connect)).unwrap_or_default();
        let mut routes = Routes::new(self.table, &self.internal, &self.only);
        let mut describe = Describe::new(self.security, &keys, self.problems.as_deref(), self.conditions);
        let documented = std::mem::take(&mut document.paths.paths);
        let mut paths = PathsMap::new();
        for (path, mut item) in documented {
            for (method, operation) in operations(&mut item) {
                match routes.documented(&path, &method) {
                    Ok(row) => {
                        let _ = errors.take(describe.operation(operation, row));
                    }
                    Err(error) => errors.push(error),
                }
            }
            paths.insert(path::documented(&path), item);
        }
        document.paths.paths = paths;
        errors.extend(routes.into_errors());
        let (used, problems) = describe.into_used();
        let components = document.components.get_or_insert_default();
        errors.extend(keys.write(&used, &mut components.security_schemes));
        problems::write(&problems, components);
        // Each operation says for itself.
        document.security = None;
        errors.into_result(document)
    }
}

impl fmt::Debug for OpenApiSecurity<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpenApiSecurity").field("internal", &self.internal).finish_non_exhaustive()
    }
}
