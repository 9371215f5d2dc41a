//! Secure an HTTP API on axum, hyper or any tower stack: authentication, scopes, guards, limits, audit.
