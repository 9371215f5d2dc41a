use portcullis_core::{Decision, Principal};

/// Decides whether a caller may do something to a resource.
///
/// One policy type usually decides several actions on several resources; a combination that it does not decide
/// does not compile. It sees nothing but the caller and the loaded resource: what else it needs is part of the
/// resource, or of the policy itself.
///
/// ```
/// use portcullis_authz::{Policy, Read};
/// use portcullis_core::{Decision, Principal, Reason};
///
/// struct Document { owner: String }
/// struct Rules;
///
/// impl Policy<Read, Document> for Rules {
///     fn decide(&self, caller: &Principal, document: &Document) -> Decision {
///         Decision::allow_if(document.owner == caller.subject(), Reason::PolicyDenied)
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no policy for the action `{A}` on `{R}`",
    label = "no policy decides this",
    note = "write `impl Policy<{A}, {R}> for {Self}`; without it nobody may do it"
)]
pub trait Policy<A, R>: Send + Sync {
    /// Whether the caller may. A refusal's reason goes to the audit event; the caller is told it only where the
    /// resource is not hidden. A reason that is a failure of the server is answered as that failure.
    fn decide(&self, caller: &Principal, resource: &R) -> Decision;
}
