//! The configuration of [`Security`].

use std::fmt;
use std::sync::Arc;

use http::HeaderName;
use portcullis_audit::{Audit, AuditBuilder, IntoSink};
use portcullis_authn::{IntoScheme, Requirement, RouteSchemes, Schemes, SchemesBuilder};
use portcullis_authz::{RoleModel, Rule, ScopeCatalog, Vocabulary};
use portcullis_core::{
    Bans, Clock, ConfigCode, ConfigError, ConfigErrors, PublicUrl, Readiness, Refuse, RenderDenial,
};
use portcullis_edge::{Cors, CorsBuilder, Edge, PathPolicy, PlainHttp, TrustedProxies};
use portcullis_ratelimit::{
    InFlight, InFlightLimiter, Limit, Limiter, Limiters, Phase, client_ip, in_flight,
};

use crate::lint::KnownScheme;
use crate::resource::{ProtectedResource, Resource, conflicts};
use crate::security::{Inner, Security};
use crate::table::Everywhere;

/// The realm of challenges, unless said otherwise.
pub const DEFAULT_REALM: &str = "api";

/// Collects the settings of [`Security`]; nothing is checked before [`build`](Self::build).
#[must_use]
pub struct SecurityBuilder {
    realm: String,
    public_url: Option<String>,
    clock: Clock,
    schemes: Vec<Box<dyn FnOnce(SchemesBuilder) -> SchemesBuilder + Send>>,
    resources: Vec<ProtectedResource>,
    limits: Vec<Limit>,
    in_flight: Option<InFlight>,
    cors: Option<CorsBuilder>,
    proxies: TrustedProxies,
    plain_http: PlainHttp,
    paths: PathPolicy,
    bans: Option<Arc<dyn Bans>>,
    dependencies: Vec<Arc<dyn Readiness>>,
    explain_denials_to: Option<Rule>,
    scopes: Option<ScopeCatalog>,
    roles: Option<RoleModel>,
    forbidden: Vec<Rule>,
    audit: AuditBuilder,
    has_sink: bool,
    refuse: Refuse,
}

impl SecurityBuilder {
    pub(crate) fn new() -> Self {
        Self {
            realm: DEFAULT_REALM.to_owned(),
            public_url: None,
            clock: Clock::system(),
            schemes: Vec::new(),
            resources: Vec::new(),
            limits: Vec::new(),
            in_flight: Some(in_flight(client_ip())),
            cors: None,
            proxies: TrustedProxies::none(),
            plain_http: PlainHttp::default(),
            paths: PathPolicy::strict(),
            bans: None,
            dependencies: Vec::new(),
            explain_denials_to: None,
            scopes: None,
            roles: None,
            forbidden: Vec::new(),
            audit: Audit::builder(),
            has_sink: false,
            refuse: Refuse::new(),
        }
    }

    /// Sets the realm of every challenge. By default, this is [`DEFAULT_REALM`].
    pub fn realm(mut self, realm: impl Into<String>) -> Self {
        self.realm = realm.into();
        self
    }

    /// Sets the URL under which clients know the API, if a proxy ends TLS, changes the host or takes a prefix off the path
    /// without saying so: `https://api.example.com/v1`. Proofs of possession name it, and so does what is published.
    /// Whether a request came over TLS is told by the connection and by trusted proxies alone. By default, each
    /// request tells it.
    pub fn public_url(mut self, public_url: impl Into<String>) -> Self {
        self.public_url = Some(public_url.into());
        self
    }

    /// Adds a scheme under a name that routes can refer to. By default, there is none, and only public routes can
    /// be served.
    pub fn scheme(mut self, name: &str, scheme: impl IntoScheme + Send + 'static) -> Self {
        let name = name.to_owned();
        self.schemes.push(Box::new(move |schemes| schemes.scheme(&name, scheme)));
        self
    }

    /// Publishes the metadata of this OAuth protected resource, and points to it in challenges (RFC 9728). By default,
    /// nothing is published.
    pub fn protected_resource(mut self, resource: ProtectedResource) -> Self {
        self.resources.push(resource);
        self
    }

    /// Adds a limit that counts every request, whatever its route. By default, there is none.
    pub fn limit(mut self, limit: impl Into<Limit>) -> Self {
        self.limits.push(limit.into());
        self
    }

    /// Caps how many requests are in flight at once, whatever their routes, by a key that needs no identity. By default,
    /// this is `in_flight(client_ip())`:
    /// [500](portcullis_ratelimit::DEFAULT_AT_ONCE) requests of one client, and
    /// [10,000](portcullis_ratelimit::DEFAULT_TOTAL_AT_ONCE) of all. A request is in flight until the head of its response
    /// is ready; on axum, and wherever a server says how a body [holds its place](crate::OuterLayer::with_held_bodies),
    /// until the client has the body.
    ///
    /// Behind a proxy that is not [trusted](Self::trusted_proxies), all clients are one.
    pub fn in_flight(mut self, cap: InFlight) -> Self {
        self.in_flight = Some(cap);
        self
    }

    /// Serves any number of requests at once.
    ///
    /// # Security
    /// One client's many slow requests can take all memory and every connection to a backend. The server in front, or
    /// a layer of your own, must cap them instead.
    pub fn insecure_unlimited_in_flight(mut self) -> Self {
        self.in_flight = None;
        self
    }

    /// Allows browsers of other origins. By default, none is.
    pub fn cors(mut self, cors: CorsBuilder) -> Self {
        self.cors = Some(cors);
        self
    }

    /// Believes the forwarding fields of these proxies. By default, nobody's.
    pub fn trusted_proxies(mut self, proxies: TrustedProxies) -> Self {
        self.proxies = proxies;
        self
    }

    /// Says what becomes of credentials that came over plain HTTP. By default, they are refused unless the
    /// connection is a loopback one. What a trusted proxy does not say the scheme of counts as plain HTTP, unless
    /// [`TrustedProxies::insecure_assume_https`] says otherwise.
    pub fn plain_http(mut self, plain_http: PlainHttp) -> Self {
        self.plain_http = plain_http;
        self
    }

    /// Says which paths have more than one reading and are refused. By default, this is
    /// [`PathPolicy::strict`].
    pub fn paths(mut self, paths: PathPolicy) -> Self {
        self.paths = paths;
        self
    }

    /// Shuts out the clients that this knows. By default, nobody is.
    pub fn bans(mut self, bans: impl Bans) -> Self {
        self.bans = Some(Arc::new(bans));
        self
    }

    /// Also names what handlers, guards or decision points need from outside the process: it is among the
    /// [dependencies](Security::dependencies), and a server keeps it up. Schemes name theirs themselves.
    pub fn depends_on(mut self, dependencies: impl IntoIterator<Item = Arc<dyn Readiness>>) -> Self {
        self.dependencies.extend(dependencies);
        self
    }

    /// Tells callers who satisfy this rule why they are refused: the problem has a member `explanation` with what was
    /// asked, what they have, and what decided, of rules and of guards, hidden resources included. By default, nobody is
    /// told more than the type of the problem; the audit event always has it.
    ///
    /// A part of it in shadow, or for a share of requests, is an error (`P219`).
    ///
    /// # Security
    /// It shows how the application decides, and that a hidden resource exists: name a permission that only those have who
    /// may know.
    pub fn explain_denials_to(mut self, rule: Rule) -> Self {
        self.explain_denials_to = Some(rule);
        self
    }

    /// Adds a sink for audit events. At least one is needed, or [`insecure_no_audit`](Self::insecure_no_audit).
    pub fn audit(mut self, sink: impl IntoSink) -> Self {
        self.audit = self.audit.sink(sink);
        self.has_sink = true;
        self
    }

    /// Records nothing.
    ///
    /// # Security
    /// Nobody will know who did what. A layer of your own in front must keep a record instead.
    pub fn insecure_no_audit(mut self) -> Self {
        self.audit = self.audit.insecure_without_sink();
        self.has_sink = true;
        self
    }

    /// Writes the bodies of refusals. By default, they are problem+json (RFC 9457).
    pub fn renderer(mut self, renderer: impl RenderDenial) -> Self {
        self.refuse = self.refuse.with_renderer(renderer);
        self
    }

    /// Takes another clock. By default, this is the system's.
    pub fn clock(mut self, clock: Clock) -> Self {
        self.clock = clock;
        self
    }

    /// Declares the scopes that rules may name, and which of them imply others. By default, none is declared, and rules
    /// may name any.
    pub fn scopes(mut self, scopes: ScopeCatalog) -> Self {
        self.scopes = Some(scopes);
        self
    }

    /// Takes a role model: rules may name its roles and permissions, and no others. One that is kept elsewhere is
    /// [kept fresh](portcullis_core::Readiness::upkeep) while a server serves. By default, there is none, a role is what
    /// the caller has, and no rule may ask for a permission.
    pub fn roles(mut self, roles: RoleModel) -> Self {
        if roles.is_reloadable() {
            self.dependencies.push(Arc::new(roles.clone()));
        }
        self.roles = Some(roles);
        self
    }

    /// Forbids whom this rule holds for, on every route with a rule, whatever that allows; see [`Rule::unless`]. The
    /// route table shows it. A public route, which looks at no credential, asks nobody. By default, nothing is forbidden.
    pub fn forbid(mut self, rule: Rule) -> Self {
        self.forbidden.push(rule);
        self
    }

    /// Checks everything.
    ///
    /// # Errors
    /// Everything that is missing or contradictory, at once, each with a code.
    pub fn build(self) -> Result<Security, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let public_url = self.public_url.as_deref().map(str::parse).transpose();
        let public_url: Option<PublicUrl> = errors.take(public_url.map_err(ConfigError::from)).flatten();
        let resources = self.resources.into_iter().map(|resource| resource.build(public_url.as_ref()));
        let resources: Vec<Resource> = resources.filter_map(|resource| errors.take(resource)).collect();
        errors.extend(conflicts(&resources));
        let schemes = Schemes::builder(&self.realm, self.clock.clone());
        let schemes = public_url.into_iter().fold(schemes, SchemesBuilder::public_url);
        let schemes = self.schemes.into_iter().fold(schemes, |schemes, add| add(schemes));
        let schemes = errors.take(schemes.build());
        let limits = errors.take(Limiters::build(&self.limits, &self.clock));
        let in_flight = self.in_flight.as_ref().map(|cap| build_in_flight(cap, &self.limits)).transpose();
        let in_flight = errors.take(in_flight);
        // What a scheme reads is a credential for the other layers too.
        let credentials: Vec<HeaderName> =
            schemes.iter().flat_map(Schemes::credential_headers).cloned().collect();
        let plain_http = credentials.iter().cloned().fold(self.plain_http, PlainHttp::credential_header);
        let cors = self.cors.map(|cors| credentials.into_iter().fold(cors, CorsBuilder::allow_header));
        let cors = cors.map_or(Ok(Cors::default()), CorsBuilder::build);
        let cors = errors.take(cors);
        let vocabulary = Vocabulary::new();
        let vocabulary = match self.scopes {
            Some(scopes) => errors.take(vocabulary.with_scopes(scopes)).unwrap_or_default(),
            None => vocabulary,
        };
        let vocabulary = self.roles.into_iter().fold(vocabulary, Vocabulary::with_roles);
        let explain_denials_to = self.explain_denials_to.map(|rule| rule.within(&vocabulary)).transpose();
        let explain_denials_to = errors.take(explain_denials_to).flatten();
        if let Some(rule) = explain_denials_to.as_ref().filter(|rule| rule.has_modes()) {
            let message =
                format!("denials are explained to `{rule}`: what is passed over there tells others");
            errors.push(ConfigError::new(ConfigCode::MisplacedMode, message));
        }
        let forbidden = self.forbidden.iter().filter_map(|rule| errors.take(rule.within(&vocabulary)));
        let forbidden: Vec<Rule> = forbidden.collect();
        let edge = errors.take(Edge::new(self.proxies));
        let audit = if self.has_sink {
            errors.take(self.audit.clock(self.clock.clone()).build())
        } else {
            let message = "no audit sink: name one by `audit`, or say `insecure_no_audit`";
            errors.push(ConfigError::new(ConfigCode::NoAuditSink, message));
            None
        };
        if let (Some(schemes), Some(limits)) = (&schemes, &limits) {
            errors.extend(uncounted(schemes, limits));
        }
        let (Some(schemes), Some(limits), Some(in_flight), Some(cors), Some(edge), Some(audit)) =
            (schemes, limits, in_flight, cors, edge, audit)
        else {
            return Err(errors);
        };
        errors.into_result(())?;
        let default = schemes.default_set(Requirement::Required).ok();
        let names = |set: &RouteSchemes| set.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", ");
        let known = schemes.describe().map(|scheme| KnownScheme {
            name: scheme.name().to_owned(),
            method: scheme.method(),
            only_where_named: scheme.is_only_where_named(),
        });
        let described = limits.iter().zip(&self.limits);
        let everywhere = Everywhere {
            schemes: default.as_ref().map(names),
            known: known.collect(),
            counts_attempts: limits.iter().any(|limit| limit.phase() == Phase::Attempt),
            limits: described
                .map(|(built, limit)| (built.phase() != Phase::Anonymous, limit.to_string()))
                .collect(),
            forbidden: forbidden.clone(),
            vocabulary: vocabulary.clone(),
        };
        Ok(Security::new(Inner {
            everywhere,
            resources,
            schemes,
            edge,
            plain_http,
            cors,
            paths: self.paths,
            bans: self.bans,
            dependencies: self.dependencies,
            explain_denials_to,
            vocabulary,
            forbidden,
            in_flight,
            limits,
            audit,
            refuse: self.refuse,
            clock: self.clock,
        }))
    }
}

/// Limits on attempts to log in that no scheme asks.
fn uncounted(schemes: &Schemes, limits: &Limiters) -> Vec<ConfigError> {
    let attempts = limits.iter().filter(|limit| limit.phase() == Phase::Attempt && !schemes.ask_attempts());
    let error = |limit: &Limiter| {
        let message =
            format!("limit `{}` counts attempts to log in, but no scheme reads a user's name", limit.name());
        ConfigError::new(ConfigCode::LimitNeverApplies, message)
    };
    attempts.map(error).collect()
}

fn build_in_flight(cap: &InFlight, limits: &[Limit]) -> Result<InFlightLimiter, ConfigErrors> {
    let mut errors = ConfigErrors::new();
    let built = errors.take(cap.build());
    if built.as_ref().is_some_and(|built| built.phase() == Phase::Identity) {
        let message = "requests in flight are counted before anybody knows who calls: take another key";
        errors.push(ConfigError::new(ConfigCode::LimitNeverApplies, message));
    }
    if built.as_ref().is_some_and(|built| limits.iter().any(|limit| limit.name() == &**built.name())) {
        let message = "a limit has the name of the cap on requests in flight";
        errors.push(ConfigError::new(ConfigCode::DuplicateQuotaName, message));
    }
    match built {
        Some(built) => errors.into_result(built),
        None => Err(errors),
    }
}

impl fmt::Debug for SecurityBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecurityBuilder").field("realm", &self.realm).finish_non_exhaustive()
    }
}
