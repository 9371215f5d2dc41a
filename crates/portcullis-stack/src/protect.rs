//! Security around a service without a router of its own: the route table is the only authority.

use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};

use http::{HeaderValue, Method, Request, Response};
use portcullis_core::{
    BodyFrom, ConfigCode, ConfigError, ConfigErrors, Denial, FromBytes, Reason, RefusedRequest, RequestView,
};
use portcullis_tower::{ResponseFuture, take_ready};
use tower_layer::Layer;
use tower_service::Service;

use crate::gate::{Gate, Progress};
use crate::policy::RoutePolicy;
use crate::resource::MetadataRoute;
use crate::security::{OuterLayer, Security};
use crate::table::RouteTable;

/// The row of the route table that a request was let through by. The application dispatches by it and by nothing
/// else: a path that is looked at twice can be read in two ways.
#[derive(Clone, Debug)]
pub struct MatchedRoute(Arc<str>);

impl MatchedRoute {
    /// The name under which the route was added.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }
}

/// The routes of an application without a router. See the crate's docs.
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct RouteList {
    table: RouteTable,
}

impl RouteList {
    /// No route yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a method of a path under a name: `/documents/{id}`, `/files/{*path}`.
    pub fn route(mut self, method: Method, path: &str, name: &str, policy: RoutePolicy) -> Self {
        self.table.add(Some(method), path, policy, name);
        self
    }

    /// The routes with what they demand.
    #[must_use]
    pub fn table(&self) -> &RouteTable {
        &self.table
    }
}

impl Security {
    /// Puts everything around a service that has no router of its own. A method and path that the list does not
    /// have is refused with 404 or 405; the service finds the [`MatchedRoute`] in the request's extensions. What is worth a look
    /// in the list is [logged](RouteTable::log_advice).
    ///
    /// # Errors
    /// All that is wrong with the routes, at once, as in [`Security::gate`] and [`RouteTable::lint`].
    pub fn protect<S>(&self, routes: &RouteList, inner: S) -> Result<Protected<S>, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if routes.table.rows().is_empty() {
            errors.push(ConfigError::new(ConfigCode::NoRoutes, "the application has no route"));
        }
        let mut table = routes.table.clone().within(self);
        let metadata = errors.take(self.metadata_routes(&table)).unwrap_or_default();
        table.add_metadata(&metadata);
        errors.extend(table.lint());
        let mut paths: Vec<(String, Vec<Row>)> = Vec::new();
        // The metadata stands behind the routes of the application.
        let own = std::iter::repeat_n(None, routes.table.rows().len());
        let answers = own.chain(metadata.into_iter().map(Some));
        for (row, answer) in table.rows().iter().zip(answers) {
            let Some(gate) = errors.take(self.gate(&row.path, &row.policy)) else { continue };
            let entry = Row { method: row.method.clone(), gate, name: row.handler.as_str().into(), answer };
            match paths.iter_mut().find(|(path, _)| *path == row.path) {
                Some((_, rows)) => rows.push(entry),
                None => paths.push((row.path.clone(), vec![entry])),
            }
        }
        let mut matcher = matchit::Router::new();
        for (path, rows) in paths {
            // What cannot be inserted was found by the table's lint.
            let _ = matcher.insert(path, Methods::new(rows));
        }
        let not_found = Denial::new(Reason::RouteNotFound).explained("no route has this path").prepared();
        let routes = Arc::new(Matcher { paths: matcher, not_found });
        let dispatch = Dispatch { inner, routes, security: self.clone() };
        errors.into_result(())?;
        table.log_advice();
        Ok(self.outer_layer().layer(dispatch))
    }
}

/// A service behind [`Security`].
pub type Protected<S> = <OuterLayer as Layer<Dispatch<S>>>::Service;

/// Finds the row, asks its gate, then calls the application.
pub struct Dispatch<S> {
    inner: S,
    routes: Arc<Matcher>,
    security: Security,
}

struct Matcher {
    paths: matchit::Router<Methods>,
    not_found: Denial,
}

/// What there is at one path.
struct Methods {
    rows: Vec<Row>,
    not_allowed: Denial,
}

struct Row {
    method: Option<Method>,
    gate: Gate,
    name: Arc<str>,
    /// What is answered without the application.
    answer: Option<MetadataRoute>,
}

impl Row {
    /// `GET` also stands for `HEAD` (RFC 9110 §9.3.2).
    fn takes(&self, method: &Method) -> bool {
        match &self.method {
            None => true,
            Some(own) => own == method || (own == Method::GET && method == Method::HEAD),
        }
    }
}

impl Matcher {
    /// The row for a method and path, or why there is none.
    fn find<A>(&self, request: &Request<A>) -> Result<&Row, &Denial> {
        let methods = self.paths.at(request.uri().path()).map_err(|_| &self.not_found)?.value;
        let exact = methods.rows.iter().find(|row| row.method.as_ref() == Some(request.method()));
        let found = exact.or_else(|| methods.rows.iter().find(|row| row.takes(request.method())));
        found.ok_or(&methods.not_allowed)
    }
}

impl Methods {
    fn new(rows: Vec<Row>) -> Self {
        let not_allowed = Denial::new(Reason::MethodNotAllowed)
            .explained("the path has other methods")
            .allow(allowed(&rows))
            .prepared();
        Self { rows, not_allowed }
    }
}

impl<S, A, B> Service<Request<A>> for Dispatch<S>
where
    S: Service<Request<A>, Response = Response<B>> + Clone + Send + 'static,
    S::Future: Send,
    FromBytes: BodyFrom<B>,
    A: Send + 'static,
    B: 'static,
{
    type Response = Response<B>;
    type Error = S::Error;
    type Future = ResponseFuture<S::Future, B, S::Error>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        let Row { gate, name, answer, .. } = match self.routes.find(&request) {
            Ok(row) => row,
            Err(denial) => {
                let refused = RefusedRequest::of(&request);
                let refuse = self.security.refuse();
                return ResponseFuture::refuse(refuse.answer(denial.clone(), request, &refused));
            }
        };
        gate.prepare(&mut request);
        let (progress, refused) = match RequestView::of(&request) {
            Ok(view) => (gate.start(&view), view.refused()),
            Err(denial) => (Progress::Done(Err(denial)), RefusedRequest::of(&request)),
        };
        match progress {
            Progress::Done(Err(denial)) => {
                ResponseFuture::refuse(gate.refuse().answer(denial, request, &refused))
            }
            Progress::Done(Ok(())) => {
                if let Some(answer) = answer {
                    return ResponseFuture::refuse(answer.response(request.method()));
                }
                admit(&mut request, gate, name);
                ResponseFuture::forward(self.inner.call(request))
            }
            Progress::Wait(pending) => {
                let (gate, name, answer) = (gate.clone(), Arc::clone(name), answer.clone());
                let mut ready = take_ready(&mut self.inner);
                ResponseFuture::wait(async move {
                    let (parts, body) = request.into_parts();
                    let decided = gate.finish(pending, &parts).await;
                    let mut request = Request::from_parts(parts, body);
                    if let Err(denial) = decided {
                        return Ok(gate.refuse().answer(denial, request, &refused));
                    }
                    if let Some(answer) = answer {
                        return Ok(answer.response(request.method()));
                    }
                    admit(&mut request, &gate, &name);
                    ready.call(request).await
                })
            }
        }
    }
}

fn admit<A>(request: &mut Request<A>, gate: &Gate, name: &Arc<str>) {
    request.extensions_mut().insert(MatchedRoute(Arc::clone(name)));
    gate.admit(request);
}

/// The value of `Allow` for a path with these rows.
fn allowed(rows: &[Row]) -> HeaderValue {
    let mut methods: Vec<&str> =
        rows.iter().filter_map(|row| row.method.as_ref()).map(Method::as_str).collect();
    if methods.contains(&"GET") && !methods.contains(&"HEAD") {
        methods.push("HEAD");
    }
    // INVARIANT: methods are tokens.
    HeaderValue::try_from(methods.join(", ")).unwrap_or(HeaderValue::from_static(""))
}

impl<S: Clone> Clone for Dispatch<S> {
    fn clone(&self) -> Self {
        Self { inner: self.inner.clone(), routes: Arc::clone(&self.routes), security: self.security.clone() }
    }
}

impl<S: fmt::Debug> fmt::Debug for Dispatch<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Dispatch").field("inner", &self.inner).finish_non_exhaustive()
    }
}
