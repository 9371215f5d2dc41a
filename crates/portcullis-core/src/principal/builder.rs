//! The one way to make a principal.

use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use super::texts::{Span, Texts};
use super::{Actor, Assurance, Confirmation, CredentialMethod, Inner, Principal};
use crate::claims::Claims;
use crate::scope::Scopes;

/// Makes a [`Principal`]. By default everything but subject and method is absent.
#[must_use]
pub struct PrincipalBuilder(Box<Draft>);

/// It is large, and every setter hands it on: so it stands in memory of its own.
struct Draft {
    texts: Texts,
    roles: Vec<Span>,
    groups: Vec<Span>,
    /// Without its texts and lists, which are still being collected.
    inner: Inner,
}

impl PrincipalBuilder {
    pub(super) fn new(subject: &str, method: CredentialMethod) -> Self {
        let mut texts = Texts::default();
        let inner = Inner {
            texts: Box::default(),
            subject: texts.add(subject),
            issuer: Span::NONE,
            tenant: Span::NONE,
            client_id: Span::NONE,
            token_id: Span::NONE,
            session_id: Span::NONE,
            scopes: Scopes::EMPTY,
            roles: Box::default(),
            groups: Box::default(),
            method,
            assurance: Assurance::default(),
            confirmation: None,
            expires_at: None,
            actors: Box::default(),
            acts_as_client: false,
            claims: Claims::default(),
        };
        Self(Box::new(Draft { texts, roles: Vec::new(), groups: Vec::new(), inner }))
    }

    /// Sets who vouches for the caller.
    pub fn issuer(mut self, issuer: impl AsRef<str>) -> Self {
        self.0.inner.issuer = self.0.texts.add(issuer.as_ref());
        self
    }

    /// Sets the tenant.
    pub fn tenant(mut self, tenant: impl AsRef<str>) -> Self {
        self.0.inner.tenant = self.0.texts.add(tenant.as_ref());
        self
    }

    /// Sets the OAuth client.
    pub fn client_id(mut self, client_id: impl AsRef<str>) -> Self {
        self.0.inner.client_id = self.0.texts.add(client_id.as_ref());
        self
    }

    /// Sets the identifier of the credential.
    pub fn token_id(mut self, token_id: impl AsRef<str>) -> Self {
        self.0.inner.token_id = self.0.texts.add(token_id.as_ref());
        self
    }

    /// Sets the identifier of the login session.
    pub fn session_id(mut self, session_id: impl AsRef<str>) -> Self {
        self.0.inner.session_id = self.0.texts.add(session_id.as_ref());
        self
    }

    /// Sets the scopes.
    pub fn scopes(mut self, scopes: Scopes) -> Self {
        self.0.inner.scopes = scopes;
        self
    }

    /// Adds a role.
    pub fn role(self, role: impl AsRef<str>) -> Self {
        self.roles([role])
    }

    /// Adds roles.
    pub fn roles(mut self, roles: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let Draft { texts, roles: list, .. } = &mut *self.0;
        texts.add_all(roles, list);
        self
    }

    /// Adds groups.
    pub fn groups(mut self, groups: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let Draft { texts, groups: list, .. } = &mut *self.0;
        texts.add_all(groups, list);
        self
    }

    /// Sets how and when the caller logged in.
    pub fn assurance(mut self, assurance: Assurance) -> Self {
        self.0.inner.assurance = assurance;
        self
    }

    /// Sets the proven key or certificate.
    pub fn confirmation(mut self, confirmation: Confirmation) -> Self {
        self.0.inner.confirmation = Some(confirmation);
        self
    }

    /// Sets when the credential ends.
    pub fn expires_at(mut self, expires_at: SystemTime) -> Self {
        self.0.inner.expires_at = Some(expires_at);
        self
    }

    /// Sets the claims.
    pub fn claims(mut self, claims: Claims) -> Self {
        self.0.inner.claims = claims;
        self
    }

    /// Sets who acts for the caller, the outermost first.
    pub fn actors(mut self, actors: impl IntoIterator<Item = Actor>) -> Self {
        self.0.inner.actors = actors.into_iter().collect();
        self
    }

    /// Says that the caller is an OAuth client on its own behalf, whatever its subject is called.
    pub fn as_client(mut self) -> Self {
        self.0.inner.acts_as_client = true;
        self
    }

    /// The finished principal.
    #[must_use]
    pub fn build(self) -> Principal {
        let Draft { texts, mut roles, mut groups, inner } = *self.0;
        for list in [&mut roles, &mut groups] {
            list.sort_unstable_by(|a, b| texts.get(*a).cmp(&texts.get(*b)));
            list.dedup_by(|a, b| texts.get(*a) == texts.get(*b));
        }
        let (roles, groups) = (roles.into_boxed_slice(), groups.into_boxed_slice());
        Principal(Arc::new(Inner { texts: texts.finish(), roles, groups, ..inner }))
    }
}

impl fmt::Debug for PrincipalBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrincipalBuilder")
            .field("subject", &self.0.texts.get(self.0.inner.subject))
            .finish_non_exhaustive()
    }
}
