#![doc = include_str!("../README.md")]

#[cfg(feature = "macros")]
#[doc(inline)]
pub use portcullis_axum::authorize;
#[doc(inline)]
pub use portcullis_core::{
    Claims, Clock, ConfigCode, ConfigError, ConfigErrors, CredentialMethod, Decision, Denial, Mode,
    Principal, ProblemType, Reason, Scope, Scopes, Secret,
};
#[doc(inline)]
pub use portcullis_stack::{
    MatchedRoute, Protected, RouteList, RoutePolicy, RouteTable, Security, SecurityBuilder,
};

/// The words that every room shares.
pub mod core {
    pub use portcullis_core::*;
}

/// Where a request comes from: trusted proxies, client address, external URL, CORS.
pub mod edge {
    pub use portcullis_edge::*;
}

/// Who calls: the authentication layer, named schemes, HTTP Basic, API keys, client certificates.
pub mod authn {
    pub use portcullis_authn::*;
}

/// Who calls, by OAuth 2 bearer token.
#[cfg(feature = "oauth")]
pub mod oauth {
    pub use portcullis_oauth::*;
}

/// From others: the outbound HTTP client of key sets and introspection, for settings of one's own.
#[cfg(any(feature = "decisions", feature = "discovery"))]
pub mod client {
    pub use portcullis_client::*;
}

/// May they: rules over the request and guards over a resource.
pub mod authz {
    pub use portcullis_authz::*;
}

/// How often: quotas, keys, limits on attempts.
pub mod ratelimit {
    pub use portcullis_ratelimit::*;
}

/// What happened: one event per request.
pub mod audit {
    pub use portcullis_audit::*;
}

/// How many: requests, decisions and what would have been denied.
#[cfg(feature = "metrics")]
pub mod metrics {
    pub use portcullis_metrics::*;
}

/// The layers in the right order, on any tower stack.
pub mod stack {
    pub use portcullis_stack::*;
}

/// May they, says another server: AuthZEN, Open Policy Agent, OpenFGA.
#[cfg(feature = "decisions")]
pub mod decisions {
    pub use portcullis_decisions::*;
}

/// May they, by Cedar policies.
#[cfg(feature = "cedar")]
pub mod cedar {
    pub use portcullis_cedar::*;
}

/// From a database: filters of policies in the queries of sqlx 0.9.
#[cfg(feature = "sqlx")]
pub mod sqlx {
    pub use portcullis_sqlx::*;
}

/// Over which connection: TLS with rustls, client certificates, files that are reloaded.
#[cfg(feature = "tls")]
pub mod tls {
    pub use portcullis_tls::*;
}

/// What is enforced, in an OpenAPI document.
#[cfg(feature = "openapi")]
pub mod openapi {
    pub use portcullis_openapi::*;
}

/// A layer of one's own: decide, refuse, forward.
pub mod tower {
    pub use portcullis_tower::*;
}

/// Routes, router and server for axum.
#[cfg(feature = "axum")]
pub mod axum {
    pub use portcullis_axum::*;
}

/// What `#[authorize(..)]` writes.
#[cfg(feature = "axum")]
#[doc(hidden)]
pub mod __private {
    pub use portcullis_axum::__private::*;
}

/// What most applications name.
///
/// ```
/// use portcullis::prelude::*;
///
/// let rule: Rule = scope("documents:read").or(role("admin"));
/// assert_eq!(rule.to_string(), "scope(documents:read) or role(admin)");
/// ```
pub mod prelude {
    pub use portcullis_audit::{JsonLines, MemorySink, TracingSink};
    #[cfg(feature = "client-certificates")]
    pub use portcullis_authn::ClientCertificates;
    pub use portcullis_authn::{ApiKey, ApiKeySet, ApiKeys, Basic};
    pub use portcullis_authz::{
        Permit, Rule, Scoped, Visible, acr, all_scopes, any_acr, any_scope, authenticated, claim, max_age,
        permission, role, scope, sender_constrained, tenant_matches, user_only,
    };
    #[cfg(feature = "macros")]
    pub use portcullis_axum::authorize;
    #[cfg(feature = "axum")]
    pub use portcullis_axum::{
        App, DeclareGuards, Routes, SecureRouter, any, connect, delete, get, head, options, patch, post, put,
        service,
    };
    #[cfg(feature = "cedar")]
    pub use portcullis_cedar::Cedar;
    pub use portcullis_core::{ConfigErrors, CredentialMethod, Decision, Denial, Principal, Reason, Scopes};
    #[cfg(feature = "decisions")]
    pub use portcullis_decisions::{AuthZen, Opa, OpenFga};
    pub use portcullis_edge::{Cors, TrustedProxies};
    #[cfg(feature = "logout")]
    pub use portcullis_oauth::BackChannelLogout;
    #[cfg(feature = "introspection")]
    pub use portcullis_oauth::Introspection;
    #[cfg(feature = "oauth")]
    pub use portcullis_oauth::{DenyList, Dpop, IdentityProvider, Issuer, JwtBearer};
    pub use portcullis_ratelimit::{DAY, HOUR, MINUTE, SECOND, attempted_user, client_ip, per, principal};
    pub use portcullis_stack::{ProtectedResource, RouteList, RoutePolicy, Security};
    #[cfg(feature = "tls")]
    pub use portcullis_tls::TlsAcceptor;
}

#[cfg(doctest)]
mod front_page;
pub mod guide;
