use std::borrow::Cow;
use std::fmt;
use std::sync::{Arc, OnceLock};

use portcullis_core::{Denial, Explain, Explained, Explanation, Finding, Principal, Reason, RequestView};
use smallvec::SmallVec;

use super::target::Subject;
use super::{template, told};

/// The parameters of the matched path, percent-decoded: an extension that the router leaves for guards.
///
/// It is as long as the route's template says and no larger than the request target. Clones are free.
///
/// ```
/// use portcullis_authz::PathParameters;
///
/// let parameters = PathParameters::read("/teams/{team}/files/{*file}", "/teams/a%20b/files/x/y").unwrap();
/// assert_eq!(parameters.get("team"), Some("a b"));
/// assert_eq!(parameters.get("file"), Some("x/y"));
/// assert!(PathParameters::read("/teams/{team}", "/users/7").is_none());
/// ```
#[derive(Clone)]
pub struct PathParameters(Arc<Captured>);

struct Captured {
    parameters: SmallVec<[Parameter; 2]>,
    /// What guards asked about the parameters, so that an audit event can say it without a copy.
    asked: [OnceLock<(&'static Subject, usize)>; 2],
}

/// A name and its decoded value; no value if what the client wrote cannot be decoded.
type Parameter = (Box<str>, Option<Box<str>>);

impl PathParameters {
    /// Takes the names and decoded values over.
    pub fn new<N: Into<Box<str>>, V: Into<Box<str>>>(parameters: impl IntoIterator<Item = (N, V)>) -> Self {
        Self::of_parameters(parameters.into_iter().map(|(name, value)| (name.into(), Some(value.into()))))
    }

    /// Reads the path of a request by the template of the route that matched it: `{name}` stands for text
    /// without a slash, `{*name}` for the rest of the path, `{{` and `}}` for braces. `None` if the path does not
    /// fit the template.
    ///
    /// A value that is not percent-encoded UTF-8 is there, but has no text: a guard answers as if nothing had
    /// that identifier.
    #[must_use]
    pub fn read(template: &str, path: &str) -> Option<Self> {
        let captured = template::captures(template, path)?;
        let decoded = captured.into_iter().map(|(name, raw)| (name.into(), template::percent_decoded(raw)));
        Some(Self::of_parameters(decoded))
    }

    fn of_parameters(parameters: impl Iterator<Item = Parameter>) -> Self {
        Self(Arc::new(Captured { parameters: parameters.collect(), asked: Default::default() }))
    }

    /// The value of the parameter; of two with the same name the first.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.find(name)?
    }

    /// The names and values in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.parameters.iter().filter_map(|(name, value)| Some((name.as_ref(), value.as_deref()?)))
    }

    /// The value of a parameter of the request's route.
    ///
    /// # Errors
    /// - 404 if the client wrote what cannot be decoded,
    /// - 500 `misconfigured` if no router left the parameters, or the route has none of that name.
    pub fn of<'a>(request: &RequestView<'a>, name: &str) -> Result<&'a str, Denial> {
        let Some(parameters) = request.extensions().get::<Self>() else {
            return Err(Denial::misconfigured(
                "a guard needs a path parameter, but no router left `PathParameters` in the request's extensions",
            ));
        };
        match parameters.find(name) {
            Some(Some(value)) => Ok(value),
            Some(None) => Err(Denial::new(Reason::ResourceNotFound)
                .explained(format!("the path parameter `{name}` is not percent-encoded utf-8"))),
            None => Err(Denial::misconfigured(format!(
                "a guard needs the path parameter `{name}`, which the route does not have"
            ))),
        }
    }

    /// The parameters of the request, and the place of that one among them.
    pub(super) fn place<'a>(request: &RequestView<'a>, name: &str) -> Option<(&'a Self, usize)> {
        let parameters = request.extensions().get::<Self>()?;
        let place = parameters.0.parameters.iter().position(|(known, _)| known.as_ref() == name)?;
        Some((parameters, place))
    }

    /// What was asked about the parameter at that place, to be read later. Allocates nothing; `None` if two others were
    /// asked before.
    pub(super) fn explain(&self, subject: &'static Subject, place: usize) -> Option<Explained> {
        let free = (0_u64..).zip(&self.0.asked).find(|(_, slot)| slot.set((subject, place)).is_ok());
        free.map(|(slot, _)| Explained::later(Arc::clone(&self.0) as Arc<dyn Explain>, slot))
    }

    fn find(&self, name: &str) -> Option<Option<&str>> {
        self.0.parameters.iter().find(|(known, _)| known.as_ref() == name).map(|(_, value)| value.as_deref())
    }
}

/// Prints the names alone: the values are text of the client.
impl fmt::Debug for PathParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.parameters.iter().map(|(name, _)| name)).finish()
    }
}

/// The same names and values in the same order.
impl PartialEq for PathParameters {
    fn eq(&self, other: &Self) -> bool {
        self.0.parameters == other.0.parameters
    }
}

impl Eq for PathParameters {}

/// What a guard asked and a policy allowed.
impl Explain for Captured {
    fn explain(&self, slot: u64, _: Option<&Principal>) -> Explanation {
        let asked = usize::try_from(slot).ok().and_then(|slot| self.asked.get(slot)?.get());
        let text = asked.map(|(subject, place)| {
            let id = self.parameters.get(*place).and_then(|(_, value)| value.as_deref());
            told::asked(subject, id.unwrap_or_default())
        });
        Explanation::new(text.unwrap_or_default(), Finding::Holds).decisive()
    }

    fn part(&self, slot: u64) -> Option<Cow<'_, str>> {
        let (subject, _) = self.asked.get(usize::try_from(slot).ok()?)?.get()?;
        subject.part(0)
    }
}
