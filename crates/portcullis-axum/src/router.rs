//! The root of an application: the one place where routes meet security.

use std::fmt;

use axum::Router;
use axum::body::Body;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::MethodRouter;
use http::Method;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Denial, Reason, Refuse, RefusedRequest};
use portcullis_stack::{MetadataRoute, RouteTable, Security};

use crate::app::App;
use crate::methods::get;
use crate::routes::Routes;

/// Puts routes behind [`Security`]. See the crate's docs.
#[must_use = "nothing is served before `finish`"]
pub struct SecureRouter {
    security: Security,
    routes: Routes,
}

impl SecureRouter {
    /// An application without routes.
    pub fn new(security: Security) -> Self {
        Self { security, routes: Routes::new() }
    }

    /// Adds routes whose state is filled in.
    pub fn mount(mut self, routes: Routes) -> Self {
        self.routes = self.routes.merge(routes);
        self
    }

    /// Checks every route and closes the list: nobody can add an unguarded route behind it. What is allowed and still worth a look
    /// is [logged](RouteTable::log_advice) as a warning.
    ///
    /// # Errors
    /// All duplicates (`P201`), conflicts (`P202`), invalid paths (`P203`), rules that can never be satisfied
    /// (`P204`), routes that do not look at a tenant in their path while others do (`P229`) and every other contradiction,
    /// at once.
    ///
    /// ```
    /// use portcullis_axum::{Routes, SecureRouter, get};
    /// use portcullis_stack::Security;
    ///
    /// async fn health() -> &'static str { "ok" }
    ///
    /// let security = Security::builder().insecure_no_audit().build()?;
    /// let twice = Routes::new()
    ///     .route("/health", get(health).public("load balancer probe"))
    ///     .route("/health", get(health).public(""));
    /// let errors = SecureRouter::new(security).mount(twice).finish().unwrap_err();
    /// assert_eq!(errors.codes().collect::<Vec<_>>(), ["P201", "P205"]);
    /// # Ok::<(), portcullis_core::ConfigErrors>(())
    /// ```
    pub fn finish(self) -> Result<App, ConfigErrors> {
        let Self { security, mut routes } = self;
        let mut errors = ConfigErrors::new();
        if routes.entries.is_empty() {
            errors.push(ConfigError::new(ConfigCode::NoRoutes, "the application has no route"));
        }
        let mut table = RouteTable::of(&security);
        for (path, entry) in &mut routes.entries {
            errors.take(entry.settle().map_err(|errors| errors.located(path)));
            let handler = &entry.handler;
            table.add(handler.method.clone(), path, entry.policy.clone(), handler.name);
        }
        let metadata = errors.take(security.metadata_routes(&table)).unwrap_or_default();
        table.add_metadata(&metadata);
        routes = metadata.into_iter().fold(routes, with_metadata);
        errors.extend(table.lint());
        let mut paths: Vec<(String, MethodRouter)> = Vec::new();
        for (path, entry) in routes.entries {
            let Some(gate) = errors.take(security.gate(&path, &entry.policy)) else { continue };
            // Nothing is registered that axum might refuse with a panic.
            if !errors.is_empty() {
                continue;
            }
            let methods = entry.sealed(gate);
            match paths.iter().position(|(known, _)| *known == path) {
                Some(index) => {
                    let (path, known) = paths.swap_remove(index);
                    paths.push((path, known.merge(methods)));
                }
                None => paths.push((path, methods)),
            }
        }
        errors.into_result(())?;
        table.log_advice();
        let refuse = security.refuse().clone();
        let router =
            paths.into_iter().fold(Router::new(), |router, (path, methods)| router.route(&path, methods));
        let router = router
            .fallback(refusal(Reason::RouteNotFound, refuse.clone()))
            .method_not_allowed_fallback(refusal(Reason::MethodNotAllowed, refuse));
        Ok(App::new(router, security, table))
    }
}

/// Adds the route that serves the metadata of a protected resource.
fn with_metadata(routes: Routes, metadata: MetadataRoute) -> Routes {
    let (path, policy) = (metadata.path().to_owned(), metadata.policy());
    let serve = async move |method: Method| metadata.response::<Body>(&method);
    routes.route(&path, get(serve).public(policy.public_reason().unwrap_or_default().to_owned()))
}

/// Answers every request with the refusal; axum adds `Allow` to a 405.
fn refusal(
    reason: Reason,
    refuse: Refuse,
) -> impl Fn(Request) -> std::future::Ready<Response> + Clone + Send + Sync + 'static {
    let said = match reason {
        Reason::MethodNotAllowed => "the path has other methods",
        _ => "no route has this path",
    };
    let denial = Denial::new(reason).explained(said).prepared();
    move |request: Request| {
        let refused = RefusedRequest::of(&request);
        std::future::ready(refuse.answer(denial.clone(), request, &refused))
    }
}

impl fmt::Debug for SecureRouter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecureRouter").field("routes", &self.routes).finish_non_exhaustive()
    }
}
