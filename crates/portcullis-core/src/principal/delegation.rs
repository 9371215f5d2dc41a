//! For whom a caller acts, and who acts for a caller (RFC 8693 §1.1, RFC 9068 §5).

use super::Principal;

/// Somebody who acts for a caller (RFC 8693 §4.1).
///
/// ```
/// use portcullis_core::{Actor, CredentialMethod, Principal};
///
/// let gateway = Actor::new().subject("gateway").issuer("https://login.example.com");
/// let caller = Principal::builder("alice", CredentialMethod::Jwt).actors([gateway]).build();
/// assert_eq!(caller.subject(), "alice");
/// assert_eq!(caller.actor().and_then(Actor::subject_name), Some("gateway"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Actor {
    subject: Option<Box<str>>,
    issuer: Option<Box<str>>,
    client_id: Option<Box<str>>,
}

impl Actor {
    /// Somebody of whom nothing is known yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the identifier of the actor (`sub`).
    pub fn subject(mut self, subject: impl Into<Box<str>>) -> Self {
        self.subject = Some(subject.into());
        self
    }

    /// Sets who vouches for the actor (`iss`).
    pub fn issuer(mut self, issuer: impl Into<Box<str>>) -> Self {
        self.issuer = Some(issuer.into());
        self
    }

    /// Sets the OAuth client that the actor is or uses (`client_id`).
    pub fn client_id(mut self, client_id: impl Into<Box<str>>) -> Self {
        self.client_id = Some(client_id.into());
        self
    }

    /// The identifier of the actor.
    #[must_use]
    pub fn subject_name(&self) -> Option<&str> {
        self.subject.as_deref()
    }

    /// Who vouches for the actor; `None` if the token's issuer does.
    #[must_use]
    pub fn issuer_name(&self) -> Option<&str> {
        self.issuer.as_deref()
    }

    /// The OAuth client.
    #[must_use]
    pub fn client_name(&self) -> Option<&str> {
        self.client_id.as_deref()
    }

    /// Everything that is known of it.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        [&self.subject, &self.issuer, &self.client_id].into_iter().flatten().map(AsRef::as_ref)
    }
}

impl Principal {
    /// Who acts for the caller: the outermost `act`, which decisions may look at. `None` if the caller acts alone, or
    /// is impersonated: then nothing in the credential tells (RFC 8693 §1.1).
    #[must_use]
    pub fn actor(&self) -> Option<&Actor> {
        self.actor_chain().first()
    }

    /// Everybody who acts for the caller, the outermost first. Those after the first are for the audit event alone:
    /// decisions must not look at them (RFC 8693 §4.1).
    pub fn actor_chain(&self) -> &[Actor] {
        &self.0.rare().actors
    }

    /// Whether somebody else acts for the caller, who is told apart (RFC 8693 §1.1).
    #[must_use]
    pub fn is_delegated(&self) -> bool {
        !self.actor_chain().is_empty()
    }

    /// Whether the caller is an OAuth client on its own behalf and not a person: the subject is the client
    /// (RFC 9068 §5), or the credential says so in another way.
    #[must_use]
    pub fn is_client(&self) -> bool {
        self.0.acts_as_client || self.client_id() == Some(self.subject())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::CredentialMethod;

    /// A12.1 and A12.3, RFC 8693 §1.1, §4.1.
    #[test]
    fn the_outermost_actor_is_the_one_who_acts() {
        let caller = || Principal::builder("alice", CredentialMethod::Jwt);
        let chain = ["gateway", "robot"].map(|name| Actor::new().subject(name));
        let delegated = caller().actors(chain).build();
        assert_eq!(delegated.actor().and_then(Actor::subject_name), Some("gateway"));
        assert_eq!(delegated.actor_chain().len(), 2);
        let alone = caller().build();
        assert!(delegated.is_delegated() && !alone.is_delegated() && alone.actor().is_none());
    }

    /// A3.11, RFC 9068 §5.
    #[test]
    fn a_client_is_told_from_a_user() {
        let caller = |subject: &str| Principal::builder(subject, CredentialMethod::Jwt).client_id("robot");
        assert!(caller("robot").build().is_client());
        assert!(!caller("alice").build().is_client());
        assert!(caller("robot@clients").as_client().build().is_client());
        assert!(!Principal::builder("alice", CredentialMethod::Basic).build().is_client());
    }
}
