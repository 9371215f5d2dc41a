use std::fmt;
use std::pin::Pin;
use std::rc::Rc;

use super::target::Target;
use super::template;

/// What a resource is to the caller (`own`, `team`, `stranger`, `absent`): a name, and where to find such a resource.
///
/// It speaks for every route whose path begins with the template and has no parameter besides those of the template:
/// with `/documents/{id}` also for `/documents/{id}/history`. A template without parameters speaks for that path alone.
///
/// ```
/// use portcullis_testkit::matrix::{Relation, Target};
///
/// let absent = Relation::fixed("absent", "/documents/{id}", "/documents/0");
/// let own = Relation::new("own", "/documents/{id}", |persona| match persona {
///     "alice" => Some("/documents/1"),
///     "bob" => Some("/documents/2"),
///     _ => None, // `n/a` in the table
/// });
/// // Made anew for each request, where a request may use it up:
/// let fresh = Relation::loading("fresh", "/documents/{id}", async |_: &str| Some(Target::new("/documents/3")));
/// assert_eq!([absent.name(), own.name(), fresh.name()], ["absent", "own", "fresh"]);
/// ```
pub struct Relation {
    name: String,
    template: String,
    find: Box<Find>,
}

type Find = dyn for<'a> Fn(&'a str) -> Finding<'a>;
pub(super) type Finding<'a> = Pin<Box<dyn Future<Output = Option<Target>> + 'a>>;

impl Relation {
    /// The same resource for every persona.
    pub fn fixed(name: &str, template: &str, target: impl Into<Target>) -> Self {
        let target = target.into();
        Self::new(name, template, move |_| Some(target.clone()))
    }

    /// A resource by the name of the persona; `None` if that persona has none.
    pub fn new<T: Into<Target>>(
        name: &str,
        template: &str,
        find: impl Fn(&str) -> Option<T> + 'static,
    ) -> Self {
        let find: Box<Find> = Box::new(move |persona| {
            let found = find(persona).map(Into::into);
            Box::pin(std::future::ready(found))
        });
        Self { name: name.to_owned(), template: template.to_owned(), find }
    }

    /// A resource by the name of the persona that has to be made or looked for first, before every request.
    pub fn loading<T, F>(name: &str, template: &str, find: F) -> Self
    where
        T: Into<Target>,
        F: AsyncFn(&str) -> Option<T> + 'static,
    {
        let find = Rc::new(find);
        let find: Box<Find> = Box::new(move |persona| {
            let find = Rc::clone(&find);
            Box::pin(async move { find(persona).await.map(Into::into) })
        });
        Self { name: name.to_owned(), template: template.to_owned(), find }
    }

    /// The name, as the rows have it in brackets.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    pub(super) fn template(&self) -> &str {
        &self.template
    }

    pub(super) fn speaks_for(&self, path: &str) -> bool {
        template::rest(&self.template, path).is_some()
    }

    pub(super) fn find<'a>(&self, persona: &'a str) -> Finding<'a> {
        (self.find)(persona)
    }
}

impl fmt::Debug for Relation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Relation")
            .field("name", &self.name)
            .field("template", &self.template)
            .finish_non_exhaustive()
    }
}
