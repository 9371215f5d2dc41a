//! What a route demands, independent of any router.

use std::borrow::Cow;
use std::fmt;

use portcullis_authn::Requirement;
use portcullis_authz::engine::Ask;
use portcullis_authz::{Demand, Rule};
use portcullis_core::ProblemType;
use portcullis_ratelimit::Limit;

/// What a route demands of its callers: a rule or a reason to be public, the schemes it takes, its own limits.
///
/// ```
/// use portcullis_authz::scope;
/// use portcullis_stack::RoutePolicy;
///
/// let read = RoutePolicy::requires(scope("documents:read"));
/// let login = RoutePolicy::requires(portcullis_authz::authenticated()).via(["password"]);
/// let health = RoutePolicy::public("load balancer probe");
/// assert_eq!(read.to_string(), "scope(documents:read)");
/// assert_eq!(login.to_string(), "authenticated via password");
/// assert_eq!(health.to_string(), "public: load balancer probe");
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct RoutePolicy {
    pub(crate) access: Access,
    pub(crate) schemes: Option<Vec<Cow<'static, str>>>,
    pub(crate) requirement: Requirement,
    pub(crate) limits: Vec<Limit>,
    pub(crate) asks: Vec<Ask>,
    pub(crate) demands: Vec<Demand>,
    pub(crate) problems: Vec<ProblemType>,
    pub(crate) carried: Carried,
}

/// How the policy stands to the one that the handler carries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Carried {
    /// It was not joined to one.
    Apart,
    /// It is to be joined to one, and says nothing of who may call.
    Awaited,
    /// It says all that the carried one says.
    Contained,
    /// The handler asks the carried one itself: this one is stricter, or alone needs no caller.
    Implied,
}

#[derive(Clone, Debug)]
pub(crate) enum Access {
    Public(Cow<'static, str>),
    Rule(Rule),
}

impl RoutePolicy {
    /// Callers must satisfy the rule.
    pub fn requires(rule: Rule) -> Self {
        Self::new(Access::Rule(rule))
    }

    /// Anybody may call, and no credential is looked at. The reason stands in the route table.
    pub fn public(reason: impl Into<Cow<'static, str>>) -> Self {
        Self::new(Access::Public(reason.into()))
    }

    /// Takes these schemes alone. By default, a route takes every scheme that is not `only_where_named`.
    pub fn via<N: Into<Cow<'static, str>>>(mut self, schemes: impl IntoIterator<Item = N>) -> Self {
        self.schemes = Some(schemes.into_iter().map(Into::into).collect());
        self
    }

    /// Also takes callers without credentials, as far as the rule lets them; a bad credential is still refused.
    /// By default, a credential is required.
    pub fn optional(mut self) -> Self {
        self.requirement = Requirement::Optional;
        self
    }

    /// Adds a limit of this route alone.
    pub fn limit(mut self, limit: impl Into<Limit>) -> Self {
        self.limits.push(limit.into());
        self
    }

    /// Also asks a decision point, after the rule allowed: both must allow. Several are asked one after the other.
    pub fn asks(mut self, ask: Ask) -> Self {
        self.asks.push(ask);
        self
    }

    /// The questions to decision points, in the order in which they are asked.
    pub fn questions(&self) -> &[Ask] {
        &self.asks
    }

    /// Notes what the handler demands of its callers besides, for the route table: `permit(Read Document)`. It checks
    /// nothing but that there are callers: with it, a public route is an error (`P243`).
    ///
    /// Of one that was declared and one that is told of its policy, the latter stays.
    pub fn demand(mut self, demand: impl Into<Demand>) -> Self {
        let demand = demand.into();
        let is_same = |known: &Demand| {
            known.name() == demand.name() && (*known == demand || !known.is_told() || !demand.is_told())
        };
        match self.demands.iter_mut().find(|known| is_same(known)) {
            None => self.demands.push(demand),
            Some(known) if !known.is_told() => *known = demand,
            Some(_) => {}
        }
        self
    }

    /// What the handler demands besides the rule, in the order of its arguments.
    pub fn demands(&self) -> &[Demand] {
        &self.demands
    }

    /// Notes how the handler may refuse what it is sent, such as a body that it cannot read, for those who describe routes. It
    /// changes nothing.
    pub fn may_refuse_with(mut self, problems: impl IntoIterator<Item = ProblemType>) -> Self {
        for problem in problems {
            if !self.problems.contains(&problem) {
                self.problems.push(problem);
            }
        }
        self
    }

    /// Whether the handler may refuse so, as far as its arguments tell: for what it [demands](Self::demands) of callers, or for
    /// what it is sent.
    #[must_use]
    pub fn handler_may_answer(&self, problem: ProblemType) -> bool {
        self.problems.contains(&problem) || self.demands.iter().any(|demand| demand.may_answer(problem))
    }

    /// The rule; `None` for a public route.
    #[must_use]
    pub fn rule(&self) -> Option<&Rule> {
        match &self.access {
            Access::Public(_) => None,
            Access::Rule(rule) => Some(rule),
        }
    }

    /// Why the route is public; `None` for a route with a rule.
    #[must_use]
    pub fn public_reason(&self) -> Option<&str> {
        match &self.access {
            Access::Public(reason) => Some(reason),
            Access::Rule(_) => None,
        }
    }

    /// Whether a caller must be known.
    #[must_use]
    pub fn requirement(&self) -> Requirement {
        self.requirement
    }

    /// Whether schemes were named, or credentials made optional.
    pub(crate) fn speaks_of_credentials(&self) -> bool {
        self.schemes.is_some() || self.requirement == Requirement::Optional
    }

    /// The schemes as the route table prints them.
    pub(crate) fn schemes_text(&self, default: Option<&str>) -> String {
        let optional = if self.requirement == Requirement::Optional { " (optional)" } else { "" };
        match (&self.access, &self.schemes) {
            (Access::Public(_), _) => "-".to_owned(),
            (Access::Rule(_), None) => format!("{}{optional}", default.unwrap_or("default")),
            (Access::Rule(_), Some(names)) => format!("{}{optional}", names.join(", ")),
        }
    }

    pub(crate) fn new(access: Access) -> Self {
        Self {
            access,
            schemes: None,
            requirement: Requirement::Required,
            limits: Vec::new(),
            asks: Vec::new(),
            demands: Vec::new(),
            problems: Vec::new(),
            carried: Carried::Apart,
        }
    }
}

impl fmt::Display for RoutePolicy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.access {
            Access::Public(reason) => write!(f, "public: {reason}")?,
            Access::Rule(rule) => rule.fmt(f)?,
        }
        for ask in &self.asks {
            write!(f, " and {ask}")?;
        }
        if let Some(schemes) = &self.schemes {
            write!(f, " via {}", schemes.join(", "))?;
        }
        if self.requirement == Requirement::Optional { f.write_str(", credentials optional") } else { Ok(()) }
    }
}
