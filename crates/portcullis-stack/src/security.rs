//! The finished security of an application.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use http::uri::PathAndQuery;
use http::{Extensions, HeaderMap, StatusCode, Uri};
use portcullis_audit::{Audit, AuditService, SinkError};
use portcullis_authn::{RouteSchemes, Schemes};
use portcullis_authz::engine::Ask;
use portcullis_authz::{Rule, Vocabulary};
use portcullis_core::{
    AttemptGuard, Bans, Clock, ConfigCode, ConfigError, ConfigErrors, ConnectionFacts, Denial, FromBytes,
    OpenerId, Readiness, Reason, Refuse, Room,
};
use portcullis_edge::{Cors, Edge, PathPolicy, PlainHttp};
use portcullis_ratelimit::{InFlightLimiter, Limiters, Phase, ReleaseWithHead};
use tower_layer::Layer;

use crate::builder::SecurityBuilder;
use crate::gate::{Checks, Gate};
use crate::lint;
use crate::outer::{Opener, Outer, OuterService, ReadConnection, ReadTarget};
use crate::policy::RoutePolicy;
use crate::resource::{Resource, of_route};
use crate::table::Everywhere;

/// Every layer in the right order, configured once. Clones are free.
///
/// Make one by [`Security::builder`]; hand it to a `SecureRouter`, or put it around a service of one's own by
/// [`Security::protect`].
#[derive(Clone)]
pub struct Security(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) schemes: Schemes,
    pub(crate) edge: Edge,
    pub(crate) plain_http: PlainHttp,
    pub(crate) cors: Cors,
    pub(crate) paths: PathPolicy,
    pub(crate) bans: Option<Arc<dyn Bans>>,
    /// Those of the schemes are with the schemes.
    pub(crate) dependencies: Vec<Arc<dyn Readiness>>,
    pub(crate) explain_denials_to: Option<Rule>,
    /// What rules are bound to.
    pub(crate) vocabulary: Vocabulary,
    /// What every rule forbids besides.
    pub(crate) forbidden: Vec<Rule>,
    pub(crate) in_flight: Option<InFlightLimiter>,
    /// The limits of every route.
    pub(crate) limits: Limiters,
    pub(crate) resources: Vec<Resource>,
    /// What the route table says of every route.
    pub(crate) everywhere: Everywhere,
    pub(crate) audit: Audit,
    pub(crate) refuse: Refuse,
    pub(crate) clock: Clock,
}

impl Security {
    /// Starts a configuration. Nothing is offered that was not configured, and [`SecurityBuilder::build`] names
    /// every missing or contradictory setting at once.
    pub fn builder() -> SecurityBuilder {
        SecurityBuilder::new()
    }

    pub(crate) fn new(inner: Inner) -> Self {
        Self(Arc::new(inner))
    }

    /// The gate for a route of that template.
    ///
    /// # Errors
    /// Everything that is wrong with the policy: unknown schemes (`P104`), no scheme for a rule that needs a
    /// caller (`P101`), rules that [`Rule::within`] refuses, arguments of the handler that ask for scopes which are not
    /// declared (`P211`), rules that can never be satisfied (`P204`) or read a parameter that the
    /// route does not have (`P228`), limits that allow nothing (`P301`) or never
    /// apply (`P303`), a public route without a reason (`P205`), with schemes (`P209`) or with a guard (`P243`), a path that no
    /// request can have (`P270`), credentials that are optional for nothing, or a rule for callers without them where they are
    /// not (`P271`).
    pub fn gate(&self, route: &str, policy: &RoutePolicy) -> Result<Gate, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if policy.public_reason().is_some_and(|reason| reason.trim().is_empty()) {
            errors.push(ConfigError::new(ConfigCode::PublicWithoutReason, "a public route gives its reason"));
        }
        if policy.public_reason().is_some() && policy.speaks_of_credentials() {
            let message = "a public route looks at no credential: it names no scheme and calls none optional";
            errors.push(ConfigError::new(ConfigCode::PublicWithCredentials, message));
        }
        if policy.public_reason().is_some()
            && let Some(demand) = policy.demands().first()
        {
            let message = format!("the handler demands `{demand}` of its callers, but the route is public");
            errors.push(ConfigError::new(ConfigCode::PublicWithGuard, message));
        }
        let rule = policy.rule().and_then(|rule| errors.take(self.bound(route, rule)));
        errors.extend(policy.demands().iter().flat_map(|demand| demand.lint(&self.0.vocabulary)));
        errors.extend(lint::without_effect(policy));
        errors.extend(lint::unreachable(route, &self.0.paths));
        errors.extend(unanswerable(route, policy));
        let schemes = errors.take(self.schemes_of(policy)).flatten();
        let schemes = schemes.map(|schemes| match of_route(&self.0.resources, route) {
            Some(resource) => schemes.with_resource_metadata(resource.metadata_url()),
            None => schemes,
        });
        let own = errors.take(Limiters::build(&policy.limits, &self.0.clock));
        let Some(own) = own else { return Err(errors.located(route)) };
        // Clients tell policies apart by name: those of every route and those of this one share one answer.
        let all = errors.take(Limiters::new(self.0.limits.iter().chain(own.iter()).cloned()));
        let Some(all) = all else { return Err(errors.located(route)) };
        for limit in own.iter().filter(|limit| limit.phase() != Phase::Anonymous && schemes.is_none()) {
            let message =
                format!("limit `{}` needs a caller, but the route looks at no credential", limit.name());
            errors.push(ConfigError::new(ConfigCode::LimitNeverApplies, message));
        }
        let guesses = schemes.as_ref().is_none_or(RouteSchemes::ask_attempts);
        for limit in own.iter().filter(|limit| limit.phase() == Phase::Attempt && !guesses) {
            let message = format!(
                "limit `{}` counts attempts to log in, but no scheme of the route reads a user's name: take another key, or a \
                 scheme for passwords",
                limit.name()
            );
            errors.push(ConfigError::new(ConfigCode::LimitNeverApplies, message));
        }
        let attempts = all.of_phase(Phase::Attempt);
        let guards = schemes.is_some() && !attempts.is_empty();
        let gate = Gate::new(Checks {
            has_parameters: route.contains('{'),
            route: route.into(),
            early_limits: own.of_phase(Phase::Anonymous),
            attempts: guards.then(|| Arc::new(attempts) as Arc<dyn AttemptGuard>),
            // Limits of every route that need an identity count here, where it is known.
            late_limits: all.of_phase(Phase::Identity),
            schemes,
            explain_denials_to: self.0.explain_denials_to.clone(),
            rule,
            vocabulary: self.0.vocabulary.clone(),
            asks: policy.asks.clone(),
            refuse: self.0.refuse.clone(),
        });
        errors.into_result(gate).map_err(|errors| errors.located(route))
    }

    /// The schemes, for those who describe them.
    #[must_use]
    pub fn schemes(&self) -> &Schemes {
        &self.0.schemes
    }

    /// The schemes that a route of this policy takes, for those who describe it; `None` for a public route, which looks
    /// at no credential.
    ///
    /// # Errors
    /// Unknown schemes (`P104`), and no scheme for a rule (`P101`).
    pub fn route_schemes(&self, policy: &RoutePolicy) -> Result<Option<RouteSchemes>, ConfigErrors> {
        self.schemes_of(policy)
    }

    /// The rule that a route of this template and policy enforces, for those who describe it: within the words of the
    /// application, with what every rule forbids. `None` for a public route.
    ///
    /// # Errors
    /// What [`gate`](Self::gate) finds in the rule.
    pub fn route_rule(&self, route: &str, policy: &RoutePolicy) -> Result<Option<Rule>, ConfigErrors> {
        policy.rule().map(|rule| self.bound(route, rule)).transpose()
    }

    /// Whether a route of this policy may answer that somebody sends too much: it or every route has a limit, or requests
    /// in flight are capped.
    #[must_use]
    pub fn is_limited(&self, policy: &RoutePolicy) -> bool {
        self.0.in_flight.is_some() || !self.0.limits.is_empty() || !policy.limits.is_empty()
    }

    /// The rule of a route within the words of the application, with what every rule forbids.
    fn bound(&self, route: &str, rule: &Rule) -> Result<Rule, ConfigErrors> {
        let own = rule.within(&self.0.vocabulary)?;
        let rule = self.0.forbidden.iter().cloned().fold(own, Rule::unless);
        let mut errors = ConfigErrors::new();
        // That a route is stricter by itself is no mistake; that nobody is left is one.
        errors.extend(rule.lint().into_iter().filter(|e| e.code() == ConfigCode::RuleNeverSatisfied));
        for name in rule.path_parameters().into_iter().filter(|name| !has_parameter(route, name)) {
            let message = format!("rule `{rule}` reads a path parameter `{name}`");
            errors.push(ConfigError::new(ConfigCode::MissingPathParameter, message));
        }
        errors.into_result(rule)
    }

    /// The layer of everything that stands before the match: audit, CORS, client address, bans, limits that need
    /// no identity. What is behind it must ask a [`Gate`] for every route.
    pub fn outer_layer(&self) -> OuterLayer {
        OuterLayer {
            security: self.clone(),
            id: OpenerId::next(),
            connection: None,
            target: None,
            hold: ReleaseWithHead,
        }
    }

    /// How refusals are answered.
    #[must_use]
    pub fn refuse(&self) -> &Refuse {
        &self.0.refuse
    }

    /// The audit, to read its counters.
    #[must_use]
    pub fn audit(&self) -> &Audit {
        &self.0.audit
    }

    /// Records a request that the server refused by itself, with this status and for this reason, because what the client sent
    /// is no HTTP. No layer sees it: whoever runs the connection says so. The client is known unless a trusted proxy
    /// connected; see [`Audit::record_unread`].
    pub fn record_unread(
        &self,
        connection: &ConnectionFacts,
        status: StatusCode,
        why: impl Into<Cow<'static, str>>,
    ) {
        let denial = Denial::new(Reason::MalformedRequest).explained(why);
        self.0.audit.record_unread(Room::Edge, status, &denial, |opening| {
            opening.peer = connection.peer;
            if let Some((client, origin)) =
                self.0.edge.direct(connection, &Uri::default(), &HeaderMap::default())
            {
                (opening.client, opening.origin) = (Some(client), origin);
            }
        });
    }

    /// Waits until every audit event so far is written, for at most that long.
    ///
    /// # Errors
    /// If some are not.
    pub async fn drain(&self, timeout: Duration) -> Result<(), SinkError> {
        self.0.audit.drain(timeout).await
    }

    /// What requests need from outside the process, such as the keys of an issuer. The handler of a readiness probe
    /// asks them; a server [keeps them up](Readiness::upkeep).
    pub fn dependencies(&self) -> impl Iterator<Item = &Arc<dyn Readiness>> {
        self.0.schemes.dependencies().chain(&self.0.dependencies)
    }

    pub(crate) fn everywhere(&self) -> Everywhere {
        self.0.everywhere.clone()
    }

    pub(crate) fn resources(&self) -> &[Resource] {
        &self.0.resources
    }

    pub(crate) fn schemes_of(&self, policy: &RoutePolicy) -> Result<Option<RouteSchemes>, ConfigErrors> {
        if policy.public_reason().is_some() {
            return Ok(None);
        }
        let schemes = match &policy.schemes {
            None => self.0.schemes.default_set(policy.requirement)?,
            Some(names) => {
                let names: Vec<&str> = names.iter().map(Cow::as_ref).collect();
                self.0.schemes.named(&names, policy.requirement)?
            }
        };
        Ok(Some(schemes))
    }
}

/// What stands around a router. See [`Security::outer_layer`].
#[derive(Clone, Debug)]
#[must_use]
pub struct OuterLayer<H = ReleaseWithHead> {
    security: Security,
    id: Option<OpenerId>,
    connection: Option<ReadConnection>,
    target: Option<ReadTarget>,
    hold: H,
}

impl<H> OuterLayer<H> {
    /// Says by a closure how a body holds its request's place among those in flight until the client has it:
    /// `|body, permit| Body::new(HeldBody::new(body, Some(permit)))`, in whatever body takes every other in. By default,
    /// the place is given back when the head of the response is ready.
    pub fn with_held_bodies<G>(self, hold: G) -> OuterLayer<G> {
        OuterLayer {
            security: self.security,
            id: self.id,
            connection: self.connection,
            target: self.target,
            hold,
        }
    }

    /// Says how to find out about the connection of a request that has no
    /// [`ConnectionFacts`](portcullis_core::ConnectionFacts) in its extensions, because its server leaves them in another
    /// form. By default, nothing is known of it then.
    pub fn with_connection(self, read: fn(&Extensions) -> Option<ConnectionFacts>) -> Self {
        Self { connection: Some(read), ..self }
    }

    /// Says how to find out which path and query the client asked for, where a router in front has taken a prefix away
    /// and left the whole in the extensions; `None` if nothing was taken. Proofs of possession name it. By default, the
    /// request's own is taken.
    pub fn with_target(self, read: fn(&Extensions, &Uri) -> Option<PathAndQuery>) -> Self {
        Self { target: Some(read), ..self }
    }
}

impl<S, H: Clone> Layer<S> for OuterLayer<H> {
    type Service = AuditService<OuterService<S, H>, FromBytes, Opener>;

    fn layer(&self, inner: S) -> Self::Service {
        let security = &self.security.0;
        let outer = Arc::new(Outer {
            id: self.id,
            connection: self.connection,
            target: self.target,
            edge: security.edge.clone(),
            plain_http: security.plain_http.clone(),
            cors: security.cors.clone(),
            bans: security.bans.clone(),
            paths: security.paths.clone(),
            in_flight: security.in_flight.clone(),
            limits: security.limits.of_phase(Phase::Anonymous),
        });
        let hold = self.hold.clone();
        let service = OuterService::new(inner, Arc::clone(&outer), security.refuse.clone(), hold);
        AuditService::new(service, security.audit.clone(), security.refuse.clone())
            .with_prepare(Opener(outer))
    }
}

impl fmt::Debug for Security {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Security").field("schemes", &self.0.schemes).finish_non_exhaustive()
    }
}

/// What is wrong with the questions of a route.
fn unanswerable(route: &str, policy: &RoutePolicy) -> Vec<ConfigError> {
    let mut errors: Vec<ConfigError> = policy.asks.iter().flat_map(Ask::lint).collect();
    let wrong = |message| ConfigError::new(ConfigCode::InvalidQuestion, message);
    if policy.public_reason().is_some() {
        let on_public = |ask: &Ask| wrong(format!("`{ask}` needs a caller, but the route is public"));
        errors.extend(policy.asks.iter().map(on_public));
    }
    for ask in &policy.asks {
        let missing = ask.path_parameters().filter(|name| !has_parameter(route, name));
        errors.extend(missing.map(|name| wrong(format!("`{ask}` needs a path parameter `{name}`"))));
    }
    errors
}

pub(crate) fn has_parameter(route: &str, name: &str) -> bool {
    route.contains(&format!("{{{name}}}")) || route.contains(&format!("{{*{name}}}"))
}
