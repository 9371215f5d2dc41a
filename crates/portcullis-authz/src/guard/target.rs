use std::borrow::Cow;
use std::fmt::{self, Write};
use std::marker::PhantomData;

use portcullis_core::escape::Escaped;
use portcullis_core::{Decision, Explain, Explained, Explanation, Finding, Principal, Reason};

use super::action::Action;
use super::path_parameters::PathParameters;
use super::resource::Resource;
use super::submitted::Submitted;
use super::told::Told;

/// How many characters of an identifier an audit event shows.
const SHOWN: usize = 64;

/// How much room the text of a refusal gets at once, so that one text is as dear as another.
const ROOM: usize = 256;

/// What is done to what, for audit events: `Read Document/7`.
#[derive(Clone, Copy)]
pub(super) struct Target<'t> {
    subject: &'static Subject,
    id: Option<&'t str>,
    parameter: Option<(&'t PathParameters, usize)>,
}

/// A target that outlives the request.
pub(super) struct OwnedTarget {
    subject: &'static Subject,
    id: Option<Box<str>>,
}

impl OwnedTarget {
    pub(super) fn lent(&self) -> Target<'_> {
        Target { subject: self.subject, id: self.id.as_deref(), parameter: None }
    }
}

/// An action on a kind of resources: one for each pair of types. The kind is asked for when somebody reads it.
pub(super) struct Subject {
    pub(super) action: &'static str,
    pub(super) kind: Option<fn() -> &'static str>,
}

/// The subject of a pair of types.
struct Of<A, R>(PhantomData<(A, R)>);

impl<A: Action, R: Resource> Of<A, R> {
    const RESOURCE: &'static Subject = &Subject { action: A::NAME, kind: Some(R::kind) };
}

impl<A: Action, T: Submitted> Of<A, T> {
    const SUBMITTED: &'static Subject = &Subject { action: A::NAME, kind: Some(T::kind) };
}

impl<A: Action> Of<A, ()> {
    const VALUE: &'static Subject = &Subject { action: A::NAME, kind: None };
}

impl<'t> Target<'t> {
    /// A loaded resource.
    pub(super) fn resource<A: Action, R: Resource>(id: Option<&'t str>) -> Self {
        Self { subject: Of::<A, R>::RESOURCE, id, parameter: None }
    }

    /// A value that came in the body of the request.
    pub(super) fn submitted<A: Action, T: Submitted>() -> Self {
        Self { subject: Of::<A, T>::SUBMITTED, id: None, parameter: None }
    }

    /// A value that came with the request.
    pub(super) fn value<A: Action>() -> Self {
        Self { subject: Of::<A, ()>::VALUE, id: None, parameter: None }
    }

    /// The identifier, as the client wrote it.
    pub(super) const fn id(&self) -> Option<&'t str> {
        self.id
    }

    /// The same, whose identifier is that path parameter.
    pub(super) fn of_parameter(self, parameter: Option<(&'t PathParameters, usize)>) -> Self {
        Self { parameter, ..self }
    }

    /// What the Trail is told where the policy allows: a detail and a tree. Where the policy has nothing to say, and the
    /// identifier is one of the path or none is known, this allocates nothing.
    #[inline]
    pub(super) fn allowed(self, decision: &Decision) -> (Cow<'static, str>, Option<Explained>) {
        match (decision.detail(), decision.explanation(), self.id) {
            (None, None, None) => (self.subject.action.into(), Some(Explained::fixed(self.subject))),
            _ => self.allowed_at_length(decision),
        }
    }

    fn allowed_at_length(self, decision: &Decision) -> (Cow<'static, str>, Option<Explained>) {
        let (said, inner) = (decision.detail(), decision.explanation());
        if said.is_none() && inner.is_none() {
            let named =
                self.parameter.and_then(|(parameters, index)| parameters.explain(self.subject, index));
            let detail = if named.is_some() { self.subject.action.into() } else { self.to_string().into() };
            return (detail, named);
        }
        let detail = said.map_or_else(|| self.to_string(), |said| format!("{self}: {said}"));
        (detail.into(), Some(self.told(decision.reason(), inner.cloned())))
    }

    /// The text and the tree of a refusal. This is as dear for all of them, so that a hidden resource is not told from an
    /// absent one by the work that is done.
    pub(super) fn refused(
        self,
        reason: Reason,
        said: &Said<'_>,
        inner: Option<Explained>,
    ) -> (String, Explained) {
        let mut detail = String::with_capacity(ROOM);
        // Writing into a string does not fail.
        let _ = write!(detail, "{self}{said}");
        (detail, self.told_of(reason, inner, said.is_of_stand_in()))
    }

    fn told(self, reason: Reason, inner: Option<Explained>) -> Explained {
        self.told_of(reason, inner, false)
    }

    fn told_of(self, reason: Reason, inner: Option<Explained>, of_stand_in: bool) -> Explained {
        let mut id = String::with_capacity(ROOM);
        id.extend(self.id.unwrap_or_default().chars().take(SHOWN));
        Told { subject: self.subject, id, reason, inner, of_stand_in }.explained()
    }

    /// The same, to be told when the request may be over.
    pub(super) fn owned(self) -> OwnedTarget {
        OwnedTarget { subject: self.subject, id: self.id.map(Into::into) }
    }
}

/// What there is to say of a refusal, after what was asked for.
pub(super) enum Said<'a> {
    Nothing,
    Why(&'a str),
    /// What was decided: its reason, and its detail.
    Policy(&'a Decision),
    /// What is said of a resource that is not there, and what was decided about its stand-in.
    StandIn(Reason, &'a Decision),
    /// The tenant of the caller, who is kept to it, and what was decided about a stand-in.
    NotIn(Option<&'a str>, Option<&'a Decision>),
}

impl Said<'_> {
    fn is_of_stand_in(&self) -> bool {
        matches!(self, Self::StandIn(..) | Self::NotIn(_, Some(_)))
    }
}

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nothing => Ok(()),
            Self::Why(why) => write!(f, ": {why}"),
            Self::Policy(decision) => {
                f.write_str(": ")?;
                f.write_str(decision.reason().code())?;
                match decision.detail() {
                    None => Ok(()),
                    Some(detail) => write!(f, ", {detail}"),
                }
            }
            Self::StandIn(reason, decision) => {
                f.write_str(": ")?;
                f.write_str(reason.code())?;
                if decision.detail().is_some() {
                    f.write_str(", nothing is there")?;
                }
                of_stand_in(f, decision)
            }
            Self::NotIn(None, _) => f.write_str(": the caller is of no tenant"),
            Self::NotIn(Some(tenant), decision) => {
                write!(f, ": not in the tenant `{}`", Escaped::new(tenant).with_limit(SHOWN))?;
                decision.map_or(Ok(()), |decision| of_stand_in(f, decision))
            }
        }
    }
}

fn of_stand_in(f: &mut fmt::Formatter<'_>, decision: &Decision) -> fmt::Result {
    match decision.detail() {
        None => Ok(()),
        Some(detail) => write!(f, "; of a stand-in: {detail}"),
    }
}

impl fmt::Display for Target<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.subject.fmt(f)?;
        match self.id {
            None => Ok(()),
            Some(id) => write!(f, "/{}", Escaped::new(id).with_limit(SHOWN)),
        }
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.action)?;
        match self.kind {
            None => Ok(()),
            Some(kind) => write!(f, " {}", kind()),
        }
    }
}

/// What was allowed about something without an identifier, by a policy that has no more to say.
impl Explain for Subject {
    fn explain(&self, _: u64, _: Option<&Principal>) -> Explanation {
        Explanation::new(self.to_string(), Finding::Holds).decisive()
    }

    fn part(&self, _: u64) -> Option<Cow<'_, str>> {
        Some(match self.kind {
            None => self.action.into(),
            Some(_) => self.to_string().into(),
        })
    }
}
