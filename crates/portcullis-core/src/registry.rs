//! The one registry of reason codes, problem types and configuration codes.
//!
//! Codes are part of the public contract: a code, once released, keeps its meaning. The tables below are the
//! only place where one is added; [`crate::registry_macros`] turns them into types.

use http::StatusCode;

use crate::registry_macros::{config_codes, problems, reasons};

reasons! {
    // What was allowed, and by what.
    /// The rule of the route was satisfied.
    RuleSatisfied = "rule_satisfied" => Allow,
    /// A policy allowed the action on the resource.
    PolicyAllowed = "policy_allowed" => Allow,
    /// A decision point failed, and the application chose to go on without it.
    DecisionPointBypassed = "decision_point_bypassed" => Allow,
    /// The route is declared public.
    PublicRoute = "public_route" => Allow,
    /// The credential was verified.
    Authenticated = "authenticated" => Allow,
    /// No credential was sent to a route where authentication is optional.
    Anonymous = "anonymous" => Allow,
    /// A CORS preflight was answered.
    PreflightAnswered = "preflight_answered" => Allow,

    // The request is malformed: 400 and its relatives.
    /// The `Authorization` field is not a scheme followed by exactly one credential.
    MalformedAuthorization = "malformed_authorization" => InvalidRequest,
    /// More than one `Authorization` field, or a credential field that must stand alone was repeated.
    RepeatedCredentialField = "repeated_credential_field" => InvalidRequest,
    /// Two credentials by different schemes in one request.
    MultipleCredentials = "multiple_credentials" => InvalidRequest,
    /// A credential came over plain HTTP.
    PlainHttp = "plain_http" => InvalidRequest,
    /// A client certificate was named in a field by somebody who is no trusted proxy.
    ForgedClientCertificate = "forged_client_certificate" => InvalidRequest,
    /// Forwarding fields of a trusted proxy could not be parsed.
    MalformedForwarding = "malformed_forwarding" => InvalidRequest,
    /// The path, the query or a header could not be parsed.
    MalformedRequest = "malformed_request" => InvalidRequest,
    /// The path is encoded in more than one possible reading.
    AmbiguousPath = "ambiguous_path" => InvalidRequest,
    /// The body is larger than the route accepts.
    BodyTooLarge = "body_too_large" => ContentTooLarge,
    /// The media type of the body is not one that the route reads.
    UnsupportedMediaType = "unsupported_media_type" => UnsupportedMediaType,
    /// The body is well-formed, but not what the route expects.
    UnprocessableBody = "unprocessable_body" => UnprocessableContent,
    /// A back-channel logout request has no logout token, or one that is refused.
    LogoutTokenRefused = "logout_token_refused" => InvalidRequest,

    // Who calls: 401.
    /// No credential was sent.
    MissingCredentials = "missing_credentials" => Unauthenticated,
    /// The credential is of a scheme that this route does not take.
    SchemeNotAccepted = "scheme_not_accepted" => InvalidCredentials,
    /// Unknown user or wrong password.
    WrongPassword = "wrong_password" => InvalidCredentials,
    /// The API key is unknown.
    ApiKeyUnknown = "api_key_unknown" => InvalidCredentials,
    /// The API key has expired.
    ApiKeyExpired = "api_key_expired" => InvalidCredentials,
    /// The decoded credential is not well-formed.
    CredentialMalformed = "credential_malformed" => InvalidCredentials,
    /// The client certificate cannot be read, or is not one for clients.
    CertificateMalformed = "certificate_malformed" => InvalidCredentials,
    /// The client certificate has expired.
    CertificateExpired = "certificate_expired" => InvalidCredentials,
    /// The client certificate is not valid yet.
    CertificateNotYetValid = "certificate_not_yet_valid" => InvalidCredentials,
    /// No trusted authority vouches for the client certificate.
    CertificateUnverified = "certificate_unverified" => InvalidCredentials,
    /// The client certificate names nobody that this application knows.
    CertificateUnmapped = "certificate_unmapped" => InvalidCredentials,
    /// The token is not a well-formed JWT.
    TokenMalformed = "token_malformed" => InvalidToken,
    /// The token is longer than the limit.
    TokenTooLarge = "token_too_large" => InvalidToken,
    /// The token's algorithm is not allowed, or does not fit its key.
    TokenAlgorithmRefused = "token_algorithm_refused" => InvalidToken,
    /// The token carries a critical header parameter that is not understood.
    TokenCriticalHeader = "token_critical_header" => InvalidToken,
    /// The token is of another kind than an access token.
    TokenTypeRefused = "token_type_refused" => InvalidToken,
    /// The token is encrypted.
    TokenEncrypted = "token_encrypted" => InvalidToken,
    /// No key of the issuer fits the token.
    TokenKeyUnknown = "token_key_unknown" => InvalidToken,
    /// The signature does not verify.
    TokenSignatureInvalid = "token_signature_invalid" => InvalidToken,
    /// The token's issuer is not configured.
    TokenIssuerUnknown = "token_issuer_unknown" => InvalidToken,
    /// The token is meant for another audience.
    TokenAudienceMismatch = "token_audience_mismatch" => InvalidToken,
    /// The token has expired.
    TokenExpired = "token_expired" => InvalidToken,
    /// The token is not valid yet.
    TokenNotYetValid = "token_not_yet_valid" => InvalidToken,
    /// A required claim is missing.
    TokenClaimMissing = "token_claim_missing" => InvalidToken,
    /// A claim has the wrong type or an impossible value.
    TokenClaimInvalid = "token_claim_invalid" => InvalidToken,
    /// The token is bound to a key or certificate that was not proven.
    TokenBindingUnproven = "token_binding_unproven" => InvalidToken,
    /// The token is bound to no key and no certificate, where it must be.
    TokenUnbound = "token_unbound" => InvalidToken,
    /// The token was revoked.
    TokenRevoked = "token_revoked" => InvalidToken,
    /// A token came by the scheme `DPoP` without a proof.
    DpopProofMissing = "dpop_proof_missing" => InvalidDpopProof,
    /// The DPoP proof is not one well-formed JWT, a required claim is missing, or one has the wrong type.
    DpopProofMalformed = "dpop_proof_malformed" => InvalidDpopProof,
    /// The DPoP proof's algorithm is not allowed.
    DpopProofAlgorithmRefused = "dpop_proof_algorithm_refused" => InvalidDpopProof,
    /// The key in the DPoP proof is private, malformed, too weak, or does not fit the algorithm.
    DpopProofKeyRefused = "dpop_proof_key_refused" => InvalidDpopProof,
    /// The signature of the DPoP proof does not verify.
    DpopProofSignatureInvalid = "dpop_proof_signature_invalid" => InvalidDpopProof,
    /// The DPoP proof was made for another method, another URL, or another token.
    DpopProofMismatch = "dpop_proof_mismatch" => InvalidDpopProof,
    /// The DPoP proof is too old, or dated in the future.
    DpopProofExpired = "dpop_proof_expired" => InvalidDpopProof,
    /// The DPoP proof was used before.
    DpopProofReplayed = "dpop_proof_replayed" => InvalidDpopProof,
    /// The DPoP proof has no nonce of this server, or an old one.
    DpopNonceRequired = "dpop_nonce_required" => UseDpopNonce,
    /// The issuer says that the token is not active: unknown, expired or revoked.
    TokenInactive = "token_inactive" => InvalidToken,

    // Who calls is known, but not surely enough: 401 once more (RFC 9470).
    /// The login was of another kind than the route asks for.
    AuthenticationTooWeak = "authentication_too_weak" => InsufficientUserAuthentication,
    /// The login was too long ago, or it is not known when it took place.
    AuthenticationTooOld = "authentication_too_old" => InsufficientUserAuthentication,

    // May they: 403 and 404.
    /// A required scope is not held.
    InsufficientScope = "insufficient_scope" => InsufficientScope,
    /// A required role is not held.
    InsufficientRole = "insufficient_role" => Forbidden,
    /// A required claim is absent or differs.
    ClaimMismatch = "claim_mismatch" => Forbidden,
    /// A user is asked for, but a client calls on its own behalf.
    UserRequired = "user_required" => Forbidden,
    /// No role of the caller has a required permission.
    InsufficientPermission = "insufficient_permission" => Forbidden,
    /// The path is that of another tenant than the caller's.
    TenantMismatch = "tenant_mismatch" => Forbidden,
    /// A condition on the client, its network, the credential or the time is not met.
    ConditionNotMet = "condition_not_met" => Forbidden,
    /// A condition that must not hold does hold.
    ExplicitlyDenied = "explicitly_denied" => Forbidden,
    /// A policy refused the action on the resource.
    PolicyDenied = "policy_denied" => Forbidden,
    /// The request sets a field that the caller may not set, or that does not exist.
    FieldNotAllowed = "field_not_allowed" => Forbidden,
    /// The `Origin` is not allowed.
    OriginNotAllowed = "origin_not_allowed" => Forbidden,
    /// The client or principal is banned.
    Banned = "banned" => Forbidden,
    /// The resource does not exist.
    ResourceNotFound = "resource_not_found" => NotFound,
    /// A policy refused, and the existence of the resource is hidden.
    ResourceHidden = "resource_hidden" => NotFound,
    /// No route matches the path.
    RouteNotFound = "route_not_found" => NotFound,
    /// The path exists, but not with this method.
    MethodNotAllowed = "method_not_allowed" => MethodNotAllowed,

    // How often: 429.
    /// The quota is used up.
    QuotaExceeded = "quota_exceeded" => QuotaExceeded,
    /// The cost of the request is larger than the quota will ever allow.
    CostExceedsQuota = "cost_exceeds_quota" => ContentTooLarge,
    /// Too many attempts to log in.
    AttemptsExceeded = "attempts_exceeded" => QuotaExceeded,
    /// As many requests of the client as may be are in flight.
    InFlightExceeded = "in_flight_exceeded" => QuotaExceeded,

    // The server's own failures: 500 and 503.
    /// A layer that this one needs is missing or stands in the wrong place.
    Misconfigured = "misconfigured" => InternalError,
    /// The handler panicked.
    Panicked = "panicked" => InternalError,
    /// An unexpected failure.
    InternalError = "internal_error" => InternalError,
    /// The issuer's keys cannot be had.
    KeySetUnavailable = "key_set_unavailable" => Unavailable,
    /// The issuer cannot be asked about a token, or its answer cannot be used.
    IntrospectionUnavailable = "introspection_unavailable" => Unavailable,
    /// A store of users, keys or resources failed.
    StoreUnavailable = "store_unavailable" => Unavailable,
    /// A policy did not decide in time.
    PolicyDeadlineExceeded = "policy_deadline_exceeded" => Unavailable,
    /// Too many passwords are being hashed at once.
    HashingSaturated = "hashing_saturated" => Unavailable,
    /// The store of one-time values failed, or is full.
    ReplayStoreUnavailable = "replay_store_unavailable" => Unavailable,
    /// The store of limits failed.
    LimitStoreUnavailable = "limit_store_unavailable" => Unavailable,
    /// A decision point failed, or its answer cannot be used.
    DecisionPointUnavailable = "decision_point_unavailable" => Unavailable,
    /// A policy could not be evaluated, or the question does not fit the schema of the policies.
    PolicyError = "policy_error" => Unavailable,
    /// As many requests of all clients as may be are in flight.
    CapacityExhausted = "capacity_exhausted" => ReducedCapacity,
    /// The audit event could not be queued, and the request must not go unrecorded.
    AuditUnavailable = "audit_unavailable" => Unavailable,
}

// A problem's title is the same for every occurrence (RFC 9457 §3.1.3). A hidden resource is told apart from a
// refused one by nothing but its status, in gRPC too.
problems! {
    /// 400: the request is malformed.
    InvalidRequest: BAD_REQUEST, grpc 3, "The request is malformed", "urn:portcullis:problem:invalid-request";
    /// 401: no credential was sent.
    Unauthenticated: UNAUTHORIZED, grpc 16, "Authentication is required", "urn:portcullis:problem:unauthenticated";
    /// 401: the credential was refused.
    InvalidCredentials: UNAUTHORIZED, grpc 16, "The credentials were refused", "urn:portcullis:problem:invalid-credentials";
    /// 401: the bearer token was refused (RFC 6750 §3.1 `invalid_token`).
    InvalidToken: UNAUTHORIZED, grpc 16, "The access token was refused", "urn:portcullis:problem:invalid-token";
    /// 401: the login behind the token is too weak or too old (RFC 9470 §3 `insufficient_user_authentication`).
    InsufficientUserAuthentication: UNAUTHORIZED, grpc 16, "A stronger or more recent login is required", "urn:portcullis:problem:insufficient-user-authentication";
    /// 401: the DPoP proof was refused (RFC 9449 §7.1 `invalid_dpop_proof`).
    InvalidDpopProof: UNAUTHORIZED, grpc 16, "The DPoP proof was refused", "urn:portcullis:problem:invalid-dpop-proof";
    /// 401: the DPoP proof must carry the nonce that the answer brings (RFC 9449 §9 `use_dpop_nonce`).
    UseDpopNonce: UNAUTHORIZED, grpc 16, "The DPoP proof needs the server's nonce", "urn:portcullis:problem:use-dpop-nonce";
    /// 403: the token lacks a scope (RFC 6750 §3.1 `insufficient_scope`).
    InsufficientScope: FORBIDDEN, grpc 7, "The access token lacks a required scope", "urn:portcullis:problem:insufficient-scope";
    /// 403: the caller may not do this.
    Forbidden: FORBIDDEN, grpc 7, "Not allowed", "urn:portcullis:problem:forbidden";
    /// 404: there is nothing here for this caller.
    NotFound: NOT_FOUND, grpc 5, "Not found", "urn:portcullis:problem:not-found";
    /// 405: the path exists, but not with this method.
    MethodNotAllowed: METHOD_NOT_ALLOWED, grpc 12, "The method is not allowed here", "urn:portcullis:problem:method-not-allowed";
    /// 413: the content is larger than accepted.
    ContentTooLarge: PAYLOAD_TOO_LARGE, grpc 8, "The content is too large", "urn:portcullis:problem:content-too-large";
    /// 415: the media type is not accepted.
    UnsupportedMediaType: UNSUPPORTED_MEDIA_TYPE, grpc 3, "The media type is not supported", "urn:portcullis:problem:unsupported-media-type";
    /// 422: the content does not make sense to the route.
    UnprocessableContent: UNPROCESSABLE_ENTITY, grpc 3, "The content cannot be processed", "urn:portcullis:problem:unprocessable-content";
    /// 429: the quota is used up (draft-ietf-httpapi-ratelimit-headers §5).
    QuotaExceeded: TOO_MANY_REQUESTS, grpc 8, "The quota is used up", "https://iana.org/assignments/http-problem-types#quota-exceeded";
    /// 500: the server failed.
    InternalError: INTERNAL_SERVER_ERROR, grpc 13, "The server failed", "urn:portcullis:problem:internal-error";
    /// 503: the server has no capacity left for the request (draft-ietf-httpapi-ratelimit-headers §5).
    ReducedCapacity: SERVICE_UNAVAILABLE, grpc 14, "No capacity is left at the moment", "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";
    /// 503: something that the server depends on failed.
    Unavailable: SERVICE_UNAVAILABLE, grpc 14, "Temporarily unavailable", "urn:portcullis:problem:unavailable";
}

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
    /// A path of a field cannot be used, or there are too many.
    InvalidFieldPath = "P230",
    /// A route is public, but its handler carries a rule, or the reverse.
    PublicAgainstRule = "P240",
    /// A route says nothing that its handler does not say already.
    RequirementAddsNothing = "P241",
    /// A handler and its route both name schemes.
    SchemesNamedTwice = "P242",
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
    /// Advice: a public route may change something.
    PublicChange = "P275",
    /// Advice: every caller may change something by a route.
    AnyCallerChanges = "P276",
    /// Advice: passwords may be guessed without limit.
    UnlimitedAttempts = "P277",
    /// Advice: no route takes a scheme.
    SchemeNeverTaken = "P278",

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
    /// A limit per attempted user stands where no scheme takes user names.
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
