//! The one registry of reason codes, problem types and configuration codes.
//!
//! Codes are part of the public contract: a code, once released, keeps its meaning. The tables below and in
//! `registry/` are the only places where one is added; [`crate::registry_macros`] turns them into types.

mod config_codes;

use http::StatusCode;

pub use self::config_codes::ConfigCode;
use crate::registry_macros::{problems, reasons};

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
    /// An extractor of the application refused the request, with a status of its own.
    ExtractorRejected = "extractor_rejected" => InvalidRequest,
    /// The client sent the body too slowly, or stopped.
    BodyTooSlow = "body_too_slow" => RequestTimeout,
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
    /// A store of users, keys or resources did not answer in time.
    StoreDeadlineExceeded = "store_deadline_exceeded" => Unavailable,
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
    InsufficientScope: FORBIDDEN, grpc 7, "A required scope is missing", "urn:portcullis:problem:insufficient-scope";
    /// 403: the caller may not do this.
    Forbidden: FORBIDDEN, grpc 7, "Not allowed", "urn:portcullis:problem:forbidden";
    /// 404: there is nothing here for this caller.
    NotFound: NOT_FOUND, grpc 5, "Not found", "urn:portcullis:problem:not-found";
    /// 405: the path exists, but not with this method.
    MethodNotAllowed: METHOD_NOT_ALLOWED, grpc 12, "The method is not allowed here", "urn:portcullis:problem:method-not-allowed";
    /// 408: the request did not come in time.
    RequestTimeout: REQUEST_TIMEOUT, grpc 4, "The request took too long to come", "urn:portcullis:problem:request-timeout";
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

impl ProblemType {
    /// What the status means in general; `None` if none of the types stands for it.
    pub(crate) fn of_status(status: StatusCode) -> Option<Self> {
        const GENERAL: [ProblemType; 12] = [
            ProblemType::InvalidRequest,
            ProblemType::Unauthenticated,
            ProblemType::Forbidden,
            ProblemType::NotFound,
            ProblemType::MethodNotAllowed,
            ProblemType::RequestTimeout,
            ProblemType::ContentTooLarge,
            ProblemType::UnsupportedMediaType,
            ProblemType::UnprocessableContent,
            ProblemType::QuotaExceeded,
            ProblemType::InternalError,
            ProblemType::Unavailable,
        ];
        GENERAL.into_iter().find(|problem| problem.status() == status)
    }
}
