//! What an argument of a handler demands, told when the application starts.

use std::borrow::Cow;
use std::fmt;

use portcullis_core::{ConfigError, Mode, ProblemType, Scope, Scopes};

use crate::guard::Policy;
use crate::{Load, Resource, Vocabulary};

#[cfg(test)]
mod tests;

/// An argument of a handler that refuses requests by itself, such as [`Permit`](crate::Permit) and
/// [`Scoped`](crate::Scoped).
pub trait Demands {
    /// What it demands, as far as its type says it: `permit(Read Document)`, or `permit(Read Invoice of the caller's
    /// tenant)` where the store keeps tenants apart.
    fn demands() -> Demand;
}

/// What a demand says of a resource whose store keeps tenants apart.
pub(crate) fn of_the_tenant<R: Resource>() -> &'static str
where
    R::Store: Load<R>,
{
    if <R::Store as Load<R>>::TENANTS_APART.is_some() { " of the caller's tenant" } else { "" }
}

/// An argument of a handler that is proof of a check: whoever has it got it from a guard.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no proof of a check",
    note = "`Permit<A, R>` is one: its action is `A`, its resource `R`"
)]
pub trait Proof: Demands {
    /// What the caller may do.
    type Action;
    /// To what.
    type Resource;
}

/// What an argument of a handler demands of callers, for the route table and for those who describe routes. It checks
/// nothing.
///
/// ```
/// use portcullis_authz::Demand;
/// use portcullis_core::{Mode, ProblemType};
///
/// let read = Demand::new("permit(Read Document)").refusing_with([ProblemType::NotFound]).in_mode(Mode::Shadow);
/// assert_eq!(read.to_string(), "permit(Read Document) [shadow]");
/// assert!(read.is_watched() && read.may_answer(ProblemType::NotFound));
///
/// let scopes = Demand::new("scopes(documents:read)");
/// assert_eq!((scopes.to_string().as_str(), scopes.mode_text().as_str()), ("scopes(documents:read)", "enforced"));
/// assert!(!scopes.asks_policy());
/// ```
///
/// One that asks for scopes names them, so that those who describe routes can say so, and so that a misspelt one is found:
///
/// ```
/// use portcullis_authz::{Demand, ScopeCatalog, Vocabulary};
/// use portcullis_core::Scopes;
///
/// let words = Vocabulary::new().with_scopes(ScopeCatalog::new(["documents:read"]))?;
/// let asks = |scope: &str| Demand::new(format!("scopes({scope})")).asking_scopes(Scopes::parse(scope).unwrap());
/// assert!(asks("documents:read").lint(&words).is_empty());
/// assert_eq!(
///     asks("document:read").lint(&words)[0].to_string(),
///     "P211: `scopes(document:read)`: scope `document:read` is not declared; did you mean `documents:read`?"
/// );
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Demand {
    name: Cow<'static, str>,
    problems: Cow<'static, [ProblemType]>,
    /// The credential must carry all of them.
    scopes: Scopes,
    /// `None` where no policy is asked.
    policy: Option<Asked>,
    /// What must be allowed before.
    parent: Option<Box<Self>>,
}

/// What is known of the policy that is asked.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Asked {
    /// `None` if nobody asked it.
    mode: Option<Mode>,
    waits_with_resource: bool,
    awaited_unenforced: bool,
}

impl Demand {
    /// A demand as the route table prints it: `scopes(documents:read)`. Unless it says otherwise, it asks no policy, is
    /// always enforced and refuses with 403.
    pub fn new(name: impl Into<Cow<'static, str>>) -> Self {
        Self {
            name: name.into(),
            problems: Cow::Borrowed(&[ProblemType::Forbidden]),
            scopes: Scopes::EMPTY,
            policy: None,
            parent: None,
        }
    }

    /// The refusals that it may answer with, beside that of a caller who is not known.
    pub fn refusing_with(self, problems: impl Into<Vec<ProblemType>>) -> Self {
        Self { problems: Cow::Owned(problems.into()), ..self }
    }

    /// The credential must carry all of these scopes, or others that imply them. By default, none.
    pub fn asking_scopes(self, scopes: Scopes) -> Self {
        Self { scopes, ..self }
    }

    /// A policy decides, and nobody has asked it yet how seriously it is taken.
    pub fn by_policy(self) -> Self {
        Self { policy: Some(self.policy.unwrap_or_default()), ..self }
    }

    /// A policy decides, which is taken this seriously.
    pub fn in_mode(self, mode: Mode) -> Self {
        let asked = self.policy.unwrap_or_default();
        Self { policy: Some(Asked { mode: Some(mode), ..asked }), ..self }
    }

    /// This policy decides: how seriously it is taken, and what becomes of it where it is not enforced and has to wait.
    pub fn asking<A, R>(self, policy: &impl Policy<A, R>) -> Self {
        let asked = Asked {
            mode: Some(policy.mode()),
            waits_with_resource: policy.waits_with_resource(),
            awaited_unenforced: policy.danger_await_unenforced(),
        };
        Self { policy: Some(asked), ..self }
    }

    /// That demand must be met before.
    pub fn within(self, parent: Self) -> Self {
        Self { parent: Some(Box::new(parent)), ..self }
    }

    /// Its name, without modes: `permit(Read Document)`.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The scopes that it asks for, all of them, and those of what must be allowed before.
    pub fn scopes(&self) -> impl Iterator<Item = &Scope> {
        let demands = std::iter::successors(Some(self), |demand| demand.parent());
        demands.flat_map(|demand| demand.scopes.iter())
    }

    /// Whether it asks for scopes, and for nothing else.
    #[must_use]
    pub fn asks_scopes_alone(&self) -> bool {
        !self.scopes.is_empty() && self.policy.is_none() && self.parent.is_none()
    }

    /// What is wrong with it in an application of these words: scopes that are not declared (`P211`).
    #[must_use]
    pub fn lint(&self, vocabulary: &Vocabulary) -> Vec<ConfigError> {
        let unknown = self.scopes().filter_map(|scope| vocabulary.covering(scope.as_str()).err());
        unknown
            .map(|error| ConfigError::new(error.code(), format!("`{self}`: {}", error.message())))
            .collect()
    }

    /// Whether a policy decides.
    #[must_use]
    pub fn asks_policy(&self) -> bool {
        self.policy.is_some() || self.parent().is_some_and(Self::asks_policy)
    }

    /// Whether it was told how seriously each policy is taken.
    #[must_use]
    pub fn is_told(&self) -> bool {
        self.policy.is_none_or(|asked| asked.mode.is_some()) && self.parent().is_none_or(Self::is_told)
    }

    /// Whether nothing that a policy says is enforced, for any request.
    #[must_use]
    pub fn is_watched(&self) -> bool {
        self.own_mode() == Some(Mode::Shadow) && self.parent().is_none_or(Self::is_watched)
    }

    /// Whether requests wait for a policy that is not enforced for all of them. See [`Policy::danger_await_unenforced`].
    #[must_use]
    pub fn holds_requests(&self) -> bool {
        self.has_unenforced(|asked| asked.awaited_unenforced)
    }

    /// Whether there is a policy that is not enforced for all requests, may have to wait, and is polled only once by those for
    /// which it is not. See [`Policy::waits_with_resource`].
    #[must_use]
    pub fn is_polled_once(&self) -> bool {
        self.has_unenforced(|asked| asked.waits_with_resource && !asked.awaited_unenforced)
    }

    fn has_unenforced(&self, is_so: fn(&Asked) -> bool) -> bool {
        let own = self.policy.filter(is_so).and_then(|asked| asked.mode);
        own.is_some_and(|mode| written(mode).is_some())
            || self.parent().is_some_and(|parent| parent.has_unenforced(is_so))
    }

    /// Whether it may refuse so. What is only watched forbids nothing; what is not there is not found all the same.
    #[must_use]
    pub fn may_answer(&self, problem: ProblemType) -> bool {
        let forbids_nothing = problem == ProblemType::Forbidden && self.own_mode() == Some(Mode::Shadow);
        (self.problems.contains(&problem) && !forbids_nothing)
            || self.parent().is_some_and(|parent| parent.may_answer(problem))
    }

    /// How seriously it is taken, in the words of the route table: `enforced`, `shadow`, or `25 %` for a share of requests;
    /// `unknown` if the policy was not asked. What is said of the parent follows: `shadow, parent 25 %`.
    #[must_use]
    pub fn mode_text(&self) -> String {
        let own = match (self.policy, self.own_mode()) {
            (Some(_), None) => "unknown".into(),
            (_, mode) => mode.and_then(written).unwrap_or("enforced".into()),
        };
        match self.parent().map(Self::mode_text).filter(|parent| parent != "enforced") {
            Some(parent) => format!("{own}, parent {parent}"),
            None => own.into_owned(),
        }
    }

    fn own_mode(&self) -> Option<Mode> {
        self.policy.and_then(|asked| asked.mode)
    }

    fn parent(&self) -> Option<&Self> {
        self.parent.as_deref()
    }

    /// The modes that are not what one expects.
    fn marks(&self) -> Option<String> {
        let own = self.own_mode().and_then(written);
        let parent = self.parent().and_then(Self::marks).map(|marks| format!("parent {marks}"));
        match (own, parent) {
            (Some(own), Some(parent)) => Some(format!("{own}, {parent}")),
            (own, parent) => own.map(Cow::into_owned).or(parent),
        }
    }
}

/// The name, and how seriously it is taken where that is not enforced for every request: `permit(Read Document) [shadow]`.
impl fmt::Display for Demand {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)?;
        self.marks().map_or(Ok(()), |marks| write!(f, " [{marks}]"))
    }
}

/// Whether it is printed so.
impl PartialEq<&str> for Demand {
    fn eq(&self, printed: &&str) -> bool {
        self.to_string() == **printed
    }
}

impl From<&'static str> for Demand {
    fn from(name: &'static str) -> Self {
        Self::new(name)
    }
}

impl From<String> for Demand {
    fn from(name: String) -> Self {
        Self::new(name)
    }
}

/// The mode, unless it enforces every decision.
pub(crate) fn written(mode: Mode) -> Option<Cow<'static, str>> {
    match mode {
        Mode::Enforce | Mode::Percent(100..) => None,
        Mode::Percent(share) => Some(format!("{share} %").into()),
        _ => Some("shadow".into()),
    }
}
