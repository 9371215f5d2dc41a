//! What can be wrong with a configuration: the only place where a code is added.

use crate::registry_macros::config_codes;

config_codes! {
    // P1: schemes and the whole of `Security`.
    /// No authentication scheme is configured, but a route needs one.
    NoScheme = "P101",
    /// Two schemes have the same name.
    DuplicateScheme = "P102",
    /// Two schemes claim the same shape of credential.
    OverlappingShapes = "P103",
    /// A route or a default set names a scheme that does not exist.
    UnknownScheme = "P104",
    /// A header that carries a credential has a name that cannot be used.
    InvalidCredentialHeader = "P105",
    /// A password hash cannot be used.
    InvalidPasswordHash = "P106",
    /// A realm or another challenge parameter has characters that RFC 9110 does not allow.
    InvalidChallengeParameter = "P107",
    /// An API key is too short to be secret.
    WeakApiKey = "P108",
    /// Two API keys are the same.
    DuplicateApiKey = "P109",
    /// A limit on concurrency or size is zero.
    ZeroLimit = "P110",
    /// The prefix of API keys is empty or has characters that a bearer token cannot carry.
    InvalidKeyPrefix = "P111",
    /// A configured user has a name that is taken or that HTTP Basic cannot carry.
    InvalidUser = "P112",
    /// A SPIFFE trust domain is not well-formed.
    InvalidTrustDomain = "P113",
    /// The metadata of a protected resource cannot be published.
    InvalidProtectedResource = "P114",

    // P2: routes and rules.
    /// Two routes have the same method and path.
    DuplicateRoute = "P201",
    /// Two paths match the same requests.
    ConflictingPaths = "P202",
    /// A path is not valid.
    InvalidPath = "P203",
    /// A rule can never be satisfied.
    RuleNeverSatisfied = "P204",
    /// A public route gives no reason.
    PublicWithoutReason = "P205",
    /// A scope has characters that RFC 6749 §3.3 does not allow.
    InvalidScope = "P206",
    /// The application has no route.
    NoRoutes = "P208",
    /// A public route names schemes, or calls credentials optional: it looks at none.
    PublicWithCredentials = "P209",
    /// A path can be spelt in a way that a route with another rule matches.
    RespelledPath = "P210",
    /// A rule names a scope that the application does not declare.
    UndeclaredScope = "P211",
    /// A catalog of scopes cannot be used.
    InvalidScopeCatalog = "P212",
    /// Scopes imply one another in a circle.
    ScopeCycle = "P213",
    /// An alternative of a rule never matters.
    ShadowedAlternative = "P214",
    /// A rule says the same twice.
    DuplicateCondition = "P215",
    /// A rule admits every caller without saying so.
    RuleAlwaysSatisfied = "P216",
    /// A condition of a rule has no effect.
    ConditionWithoutEffect = "P217",
    /// A rule asks for a permission, but there is no role model.
    RoleModelMissing = "P218",
    /// A part of a rule has a mode where it could let more callers in.
    MisplacedMode = "P219",
    /// A name in a role model cannot be used.
    InvalidRoleName = "P220",
    /// A role model names a role twice, or a role the same include or permission.
    DuplicateRole = "P221",
    /// A role includes one that the model does not have.
    UnknownIncludedRole = "P222",
    /// Roles include one another in a circle.
    RoleCycle = "P223",
    /// A rule names a role that the model does not have.
    UndeclaredRole = "P224",
    /// A rule names a permission that no role of the model has.
    UndeclaredPermission = "P225",
    /// A role model is larger than its limits.
    RoleModelTooLarge = "P226",
    /// A role model cannot be read.
    RoleModelUnreadable = "P227",
    /// A rule reads a path parameter that its route does not have.
    MissingPathParameter = "P228",
    /// A route does not look at a tenant in its path, and others do.
    UncheckedTenant = "P229",
    /// A path of a field cannot be used, or there are too many.
    InvalidFieldPath = "P230",
    /// A route is public, but its handler carries a rule, or the reverse.
    PublicAgainstRule = "P240",
    /// A route says nothing that its handler does not say already.
    RequirementAddsNothing = "P241",
    /// A handler and its route both name schemes.
    SchemesNamedTwice = "P242",
    /// A route is public, but an argument of its handler needs a caller.
    PublicWithGuard = "P243",
    /// A setting of a decision point cannot be used.
    InvalidDecisionPoint = "P250",
    /// A question to a decision point cannot be asked.
    InvalidQuestion = "P251",
    /// A Cedar policy cannot be parsed.
    InvalidCedarPolicy = "P260",
    /// A Cedar schema is missing, cannot be parsed, or is not consistent.
    InvalidCedarSchema = "P261",
    /// A Cedar policy does not fit the schema.
    CedarPolicyRefused = "P262",
    /// A Cedar policy can never apply.
    CedarPolicyNeverApplies = "P263",
    /// Two Cedar policies have the same identifier.
    DuplicateCedarPolicy = "P264",
    /// Cedar policies cannot be read, are too many or too long, or there are none.
    CedarSourceUnusable = "P265",
    /// No caller can be what the Cedar schema says of callers.
    CedarCallerMismatch = "P266",
    /// A Cedar template is linked wrongly, or never.
    InvalidCedarLink = "P267",

    /// No request reaches a route: its path is none that a request can have.
    RouteNeverReached = "P270",
    /// Credentials are optional where the rule wants a caller, or the other way round.
    SettingWithoutEffect = "P271",
    /// Advice: nothing but scopes is asked for, whatever a path parameter names.
    UnguardedParameter = "P274",
    /// Advice: a public route may change something.
    PublicChange = "P275",
    /// Advice: every caller may change something by a route.
    AnyCallerChanges = "P276",
    /// Advice: passwords may be guessed without limit.
    UnlimitedAttempts = "P277",
    /// Advice: no route takes a scheme.
    SchemeNeverTaken = "P278",
    /// Advice: a policy that is not enforced for all requests is not awaited, or they wait for it all the same.
    UnenforcedPolicyHolds = "P279",

    /// A route is not in the OpenAPI document.
    UndocumentedRoute = "P280",
    /// The OpenAPI document has an operation that is not routed.
    UnroutedOperation = "P281",
    /// A route is left out of the OpenAPI document without a reason, is not there, or is documented.
    InvalidExclusion = "P282",
    /// The OpenAPI document has a security scheme that is not what is enforced.
    ContradictingSecurityScheme = "P283",
    /// A scheme cannot be written into an OpenAPI document.
    UnwritableScheme = "P284",

    // P3: limits.
    /// A quota allows nothing.
    EmptyQuota = "P301",
    /// The name of a quota cannot be written as a structured-field string.
    InvalidQuotaName = "P302",
    /// A limit stands where nothing asks it.
    LimitNeverApplies = "P303",
    /// The bounded store of a limit has no room.
    EmptyLimitStore = "P304",
    /// Two quotas of one request have the same name.
    DuplicateQuotaName = "P305",
    /// A window, a capacity or an address prefix of a limit is out of range.
    LimitOutOfRange = "P306",

    // P4: where a request comes from.
    /// A proxy network trusts every address.
    TrustsEveryone = "P401",
    /// A CORS origin is not a scheme, a host and a port.
    InvalidOrigin = "P402",
    /// A CORS setting allows credentials together with any origin.
    CredentialsWithAnyOrigin = "P403",
    /// A network is not an address range.
    InvalidNetwork = "P404",
    /// The public URL is no http or https URL with a host, or has a query, a fragment or a user name.
    InvalidPublicUrl = "P405",

    // P5: audit.
    /// The audit queue has no room.
    EmptyAuditQueue = "P501",
    /// The audit file cannot be opened.
    AuditFileUnusable = "P502",
    /// No audit sink is configured.
    NoAuditSink = "P503",

    // P6: tokens.
    /// An issuer has no audience.
    MissingAudience = "P601",
    /// An issuer identifier is not an https URL.
    InvalidIssuer = "P602",
    /// Two issuers have the same identifier.
    DuplicateIssuer = "P603",
    /// An issuer has no key that can verify.
    NoUsableKey = "P605",
    /// A key is too weak, malformed, or does not fit its algorithm.
    UnusableKey = "P606",
    /// No algorithm is allowed, or one is allowed that no key can serve.
    NoUsableAlgorithm = "P607",
    /// The leeway is larger than a few minutes.
    LeewayTooLarge = "P608",
    /// The HTTPS client cannot be set up.
    ClientUnusable = "P609",
    /// A setting of how keys are fetched is out of range.
    KeyFetchingOutOfRange = "P610",
    /// DPoP proofs name a URL, but the origin of this API is not known.
    DpopOriginUnknown = "P620",
    /// The lifetime of DPoP proofs or nonces, or the room for proofs that were used, is out of range.
    DpopOutOfRange = "P621",
    /// The secret of DPoP nonces is too short to be one.
    WeakNonceSecret = "P622",
    /// A setting of introspection cannot be used.
    InvalidIntrospection = "P640",
    /// What this application proves itself with at its issuer cannot be used.
    InvalidClientAuthentication = "P641",

    // P7: TLS.
    /// A certificate of the TLS server cannot be used.
    TlsCertificateUnusable = "P701",
    /// A private key of the TLS server cannot be used, or is not that of its certificate.
    TlsKeyUnusable = "P702",
    /// The authorities that issue client certificates cannot be used.
    TlsClientCaUnusable = "P703",
}
