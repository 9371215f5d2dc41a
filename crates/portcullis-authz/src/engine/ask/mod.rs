//! Questions that a route puts to a decision point.

mod decide;
mod lint;
mod print;
mod source;

use std::sync::Arc;

use portcullis_core::{Mode, RequestView};
use serde_json::Value;

use self::source::{Id, Source};
use super::point::DecisionPoint;
use crate::beside::Places;

/// How many answers that change nothing a question and its clones wait for at once, beside the requests; what would be
/// one more is not waited for, and noted as a decision point that is unavailable. How many reach a decision point that other
/// questions are put to as well is up to it: it can tell them by [`Question::is_watched`](crate::engine::Question::is_watched).
pub const MAX_WATCHED: usize = 256;

/// Asks the decision point about each request. By default, whether the caller may do what the method says (`GET`) to
/// the `route` whose template matched (`/documents/{id}`), as API gateways do (AuthZEN Authorization API 1.0).
pub fn ask(point: impl DecisionPoint + 'static) -> Ask {
    Ask {
        point: Arc::new(point),
        mode: Mode::Enforce,
        action: None,
        kind: "route".into(),
        id: Id::Route,
        attributes: Vec::new(),
        context: Vec::new(),
        places: Places::new(MAX_WATCHED),
    }
}

/// A question to a decision point about the request itself, made by [`ask`]. It is put after the route's own rule
/// allowed the request, and both must allow.
///
/// ```
/// use portcullis_authz::engine::{DecisionPoint, ask};
/// use portcullis_core::Mode;
///
/// fn route(opa: impl DecisionPoint + 'static) {
///     let ask = ask(opa)
///         .action("can_update_todo")
///         .resource("todo")
///         .id_from_path("id")
///         .attribute_from_path("list", "list")
///         .context_from("tls", |request| request.connection().is_some_and(|facts| facts.tls.is_some()).into())
///         .in_mode(Mode::Shadow);
///     assert!(ask.to_string().ends_with(": can_update_todo todo/{id})"));
///     assert_eq!(ask.path_parameters().collect::<Vec<_>>(), ["id", "list"]);
/// }
/// ```
#[derive(Clone)]
#[must_use = "a question that nobody puts decides nothing"]
pub struct Ask {
    point: Arc<dyn DecisionPoint>,
    mode: Mode,
    /// `None` for the method.
    action: Option<Box<str>>,
    kind: Box<str>,
    id: Id,
    attributes: Vec<(Box<str>, Source)>,
    context: Vec<(Box<str>, Source)>,
    places: Places,
}

impl Ask {
    /// Sets the name of the action. By default, it is the request's method, such as `GET`.
    pub fn action(self, name: impl Into<Box<str>>) -> Self {
        Self { action: Some(name.into()), ..self }
    }

    /// Sets the kind of resource. By default, it is `route`.
    pub fn resource(self, kind: impl Into<Box<str>>) -> Self {
        Self { kind: kind.into(), ..self }
    }

    /// Sets which resource of its kind. By default, it is the template of the route that matched; where no router
    /// said which one did, the answer is 500.
    pub fn id(self, id: impl Into<Box<str>>) -> Self {
        Self { id: Id::Text(id.into()), ..self }
    }

    /// Takes the identifier of the resource from this parameter of the route's path
    /// ([`PathParameters`](crate::PathParameters)). A value that is not percent-encoded UTF-8 is 404.
    pub fn id_from_path(self, parameter: impl Into<Box<str>>) -> Self {
        Self { id: Id::Path(parameter.into()), ..self }
    }

    /// Adds something that is known of the resource.
    pub fn attribute(self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        self.with_attribute(name.into(), Source::Value(value.into()))
    }

    /// Adds a parameter of the route's path to what is known of the resource.
    pub fn attribute_from_path(self, name: impl Into<Box<str>>, parameter: impl Into<Box<str>>) -> Self {
        self.with_attribute(name.into(), Source::Path(parameter.into()))
    }

    /// Adds what the function reads from the request to what is known of the resource.
    pub fn attribute_from(
        self,
        name: impl Into<Box<str>>,
        read: impl Fn(&RequestView<'_>) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.with_attribute(name.into(), Source::Read(Arc::new(read)))
    }

    /// Adds something to what is known of the circumstances.
    pub fn context(self, name: impl Into<Box<str>>, value: impl Into<Value>) -> Self {
        self.with_context(name.into(), Source::Value(value.into()))
    }

    /// Adds what the function reads from the request to what is known of the circumstances.
    pub fn context_from(
        self,
        name: impl Into<Box<str>>,
        read: impl Fn(&RequestView<'_>) -> Value + Send + Sync + 'static,
    ) -> Self {
        self.with_context(name.into(), Source::Read(Arc::new(read)))
    }

    /// Takes the decision less seriously, to watch it before it is enforced. By default, this is [`Mode::Enforce`].
    ///
    /// What is not enforced is open to everybody whom the route's rule lets pass, also while the decision point fails.
    /// Nobody waits for such an answer: it is awaited beside the request, [`MAX_WATCHED`] at once, as long as the decision
    /// point takes. In the event it stands if it comes before the response; a later one is told to the audit by itself. That
    /// needs a runtime of tokio and the feature `deadlines`: without them the decision point is polled once, and what it does
    /// not know by then is noted as a failure.
    pub fn in_mode(self, mode: Mode) -> Self {
        Self { mode, ..self }
    }

    /// How seriously the decision is taken.
    #[must_use]
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The name of the decision point that is asked.
    #[must_use]
    pub fn point(&self) -> &str {
        self.point.name()
    }

    /// The parameters of the path that the route must have.
    pub fn path_parameters(&self) -> impl Iterator<Item = &str> {
        let id = match &self.id {
            Id::Path(parameter) => Some(&**parameter),
            Id::Route | Id::Text(_) => None,
        };
        let sources = self.attributes.iter().chain(&self.context);
        id.into_iter().chain(sources.filter_map(|(_, source)| source.parameter()))
    }

    fn with_attribute(mut self, name: Box<str>, source: Source) -> Self {
        self.attributes.push((name, source));
        self
    }

    fn with_context(mut self, name: Box<str>, source: Source) -> Self {
        self.context.push((name, source));
        self
    }
}
