use portcullis_core::{CredentialMethod, Principal, PrincipalBuilder, Scopes};

use crate::must::must;

/// The issuer of the principals and tokens that a test does not give another.
pub const TEST_ISSUER: &str = "https://issuer.example";

/// Starts a caller as a token of [`TEST_ISSUER`] would make it, without scopes and roles.
///
/// ```
/// let editor = portcullis_testkit::principal("alice").role("editor").build();
/// assert!(editor.has_role("editor"));
/// assert_eq!(editor.issuer(), Some(portcullis_testkit::TEST_ISSUER));
/// ```
pub fn principal(subject: &str) -> PrincipalBuilder {
    Principal::builder(subject, CredentialMethod::Jwt).issuer(TEST_ISSUER)
}

/// A caller with those scopes, space-delimited, and nothing else. Text that is no scope ends the test.
///
/// ```
/// let caller = portcullis_testkit::reader("bob", "documents:read");
/// assert!(caller.has_scope("documents:read") && !caller.has_scope("documents:write"));
/// ```
#[must_use]
#[track_caller]
pub fn reader(subject: &str, scopes: &str) -> Principal {
    principal(subject).scopes(must(Scopes::parse(scopes), "these are no scopes")).build()
}
