use std::fmt;
use std::path::PathBuf;
use std::pin::Pin;
use std::rc::Rc;
use std::time::Duration;

use http::Method;

use super::persona::Persona;
use super::relation::Relation;
use super::sheet::RouteName;
use super::target::Content;
use super::update::Update;

/// How long a matrix waits for each answer, each resource and each reset that is given no other deadline.
pub const DEFAULT_DEADLINE: Duration = Duration::from_secs(10);

/// The methods by which a route of all methods is asked, as far as its path has no routes for them.
pub const METHODS_OF_ANY: [Method; 6] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE];

/// The authorization matrix of an application: a table in a file, and what is needed to prove it. See the module docs.
#[must_use = "nothing is proven before `run` or `check`"]
pub struct Matrix {
    pub(super) file: PathBuf,
    pub(super) routes: Vec<RouteName>,
    pub(super) personas: Vec<Persona>,
    pub(super) relations: Vec<Relation>,
    pub(super) contents: Vec<(String, Content)>,
    pub(super) variants: Vec<Variant>,
    /// The relation to what does not exist; beside which relation, if it is not for all.
    pub(super) absent: Vec<(Option<String>, String)>,
    pub(super) telling: Vec<String>,
    /// The paths that are compared with nothing, each with the reason.
    pub(super) exempt: Vec<(String, String)>,
    pub(super) reset: Option<Box<Reset>>,
    pub(super) deadline: Duration,
    pub(super) update: Update,
}

/// One of several bodies of a route.
pub(super) struct Variant {
    /// As the file has it.
    pub(super) route: String,
    pub(super) name: String,
    pub(super) content: Content,
}

type Reset = dyn Fn() -> Pin<Box<dyn Future<Output = ()>>>;

impl Matrix {
    /// The table in that file, by a path from the folder of the package, such as `tests/matrix.md`.
    pub fn read(file: impl Into<PathBuf>) -> Self {
        Self {
            file: file.into(),
            routes: Vec::new(),
            personas: Vec::new(),
            relations: Vec::new(),
            contents: Vec::new(),
            variants: Vec::new(),
            absent: Vec::new(),
            telling: Vec::new(),
            exempt: Vec::new(),
            reset: None,
            deadline: DEFAULT_DEADLINE,
            update: Update::from_environment(),
        }
    }

    /// Adds the routes of the application: `app.route_table().rows()`, or pairs of method and path. Each of them must
    /// have a row in the file.
    ///
    /// A route of all methods, `ANY`, is asked by each of [`METHODS_OF_ANY`]; its row holds for all of them but those that
    /// have a row of their own: `POST /hook` beside `ANY /hook`.
    pub fn routes<R>(mut self, routes: impl IntoIterator<Item = R>) -> Self
    where
        R: Into<(Option<Method>, String)>,
    {
        for route in routes {
            let (method, path) = route.into();
            self.routes.push(RouteName::new(method.as_ref(), &path));
        }
        self
    }

    /// Adds a caller: a column.
    pub fn persona(mut self, persona: Persona) -> Self {
        self.personas.push(persona);
        self
    }

    /// Adds what a resource can be to a caller: a row for each route that it speaks for.
    pub fn relation(mut self, relation: Relation) -> Self {
        self.relations.push(relation);
        self
    }

    /// Sets the JSON body of a route, written as in the file: `POST /documents`. By default, requests have no body.
    pub fn json(mut self, route: &str, text: &str) -> Self {
        self.contents.push((route.to_owned(), Content::json(text.to_owned())));
        self
    }

    /// Adds another body of a route without path parameters, by a name of its own: a row `POST /documents (to a team)`. What a
    /// policy decides by the body is proven so for every persona. A route that has such bodies has no row without a name,
    /// unless [`json`](Self::json) gives it a body, too.
    pub fn json_named(mut self, route: &str, name: &str, text: &str) -> Self {
        let content = Content::json(text.to_owned());
        self.variants.push(Variant { route: route.to_owned(), name: name.to_owned(), content });
        self
    }

    /// Says which relation is to resources that do not exist. Every refusal for another relation must then be, octet by
    /// octet, the answer for this one, so that nobody learns what exists (OWASP API1:2023). A refusal for which this
    /// relation has no path is a fault, unless its path is [exempt](Self::without_absent). By default, nothing is compared.
    pub fn absent(mut self, relation: &str) -> Self {
        self.absent.push((None, relation.to_owned()));
        self
    }

    /// As [`absent`](Self::absent), beside one relation alone: where resources of another tenant are refused by the path
    /// already, what does not exist there is what they must not differ from.
    pub fn absent_beside(mut self, relation: &str, absent: &str) -> Self {
        self.absent.push((Some(relation.to_owned()), absent.to_owned()));
        self
    }

    /// Allows the routes of this path to tell whether a resource exists.
    pub fn may_tell_what_exists(mut self, path: &str) -> Self {
        self.telling.push(path.to_owned());
        self
    }

    /// Exempts the routes of this path from the comparison with what is absent, because no path of theirs means something
    /// that does not exist. The file lists the path with the reason.
    pub fn without_absent(mut self, path: &str, reason: &str) -> Self {
        self.exempt.push((path.to_owned(), reason.to_owned()));
        self
    }

    /// Does this before each cell: puts back what a request may have changed. By default, nothing is done.
    pub fn reset<F: AsyncFn() + 'static>(mut self, reset: F) -> Self {
        let reset = Rc::new(reset);
        self.reset = Some(Box::new(move || {
            let reset = Rc::clone(&reset);
            Box::pin(async move { reset().await })
        }));
        self
    }

    /// Sets how long each answer, each resource and each reset may take. By default, this is [`DEFAULT_DEADLINE`].
    pub fn deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }
}

impl fmt::Debug for Matrix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matrix")
            .field("file", &self.file)
            .field("routes", &self.routes.len())
            .field("personas", &self.personas)
            .field("relations", &self.relations)
            .finish_non_exhaustive()
    }
}
