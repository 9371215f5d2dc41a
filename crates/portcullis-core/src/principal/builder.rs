//! The one way to make a principal.

use std::fmt;
use std::mem;
use std::sync::Arc;
use std::time::SystemTime;

use super::numbered::Numbered;
use super::texts::Texts;
use super::{Actor, Assurance, Confirmation, CredentialMethod, Inner, Principal, Rare};
use crate::claims::Claims;
use crate::scope::Scopes;
use crate::source::{SourceText, Span};

/// Makes a [`Principal`]. By default everything but subject and method is absent.
#[must_use]
pub struct PrincipalBuilder(Box<Draft>);

/// It is large, and every setter hands it on: so it stands in memory of its own.
struct Draft {
    texts: Texts,
    roles: Vec<Span>,
    groups: Vec<Span>,
    /// Without its texts and names, which are still being collected.
    inner: Inner,
}

impl PrincipalBuilder {
    pub(super) fn new(source: Option<SourceText>, subject: &str, method: CredentialMethod) -> Self {
        let claims = source.as_ref().map(Claims::from_source).unwrap_or_default();
        let mut texts = Texts::new(source);
        let inner = Inner {
            claims,
            shared: 0,
            texts: Box::default(),
            subject: texts.add(subject),
            issuer: Span::NONE,
            tenant: Span::NONE,
            client_id: Span::NONE,
            token_id: Span::NONE,
            session_id: Span::NONE,
            scopes: Scopes::EMPTY,
            names: Box::default(),
            roles: 0,
            acts_as_client: false,
            method: Numbered::of(method),
            expires_at: None,
            rare: match method {
                CredentialMethod::Other(name) => {
                    Some(Box::new(Rare { other_method: name, ..Rare::default() }))
                }
                _ => None,
            },
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
        if self.0.inner.rare.is_some() || assurance != Assurance::default() {
            self.rare().assurance = assurance;
        }
        self
    }

    /// Sets the proven key or certificate.
    pub fn confirmation(mut self, confirmation: Confirmation) -> Self {
        self.rare().confirmation = Some(confirmation);
        self
    }

    fn rare(&mut self) -> &mut Rare {
        self.0.inner.rare.get_or_insert_default()
    }

    /// Sets when the credential ends.
    pub fn expires_at(mut self, expires_at: SystemTime) -> Self {
        self.0.inner.expires_at = Some(expires_at);
        self
    }

    /// Sets the claims. By default, these are those of the text that the principal is
    /// [made from](Principal::builder_from), if it is.
    pub fn claims(mut self, claims: Claims) -> Self {
        let Draft { texts, roles, groups, inner } = &mut *self.0;
        if !texts.shared().is_empty() {
            // The names that stand in the claims so far stay as they are.
            let fixed = [
                &mut inner.subject,
                &mut inner.issuer,
                &mut inner.tenant,
                &mut inner.client_id,
                &mut inner.token_id,
                &mut inner.session_id,
            ];
            let mut all: Vec<&mut Span> = fixed.into_iter().chain(roles).chain(groups).collect();
            *texts = mem::replace(texts, Texts::new(None)).without_source(&mut all);
        }
        inner.claims = claims;
        self
    }

    /// Sets who acts for the caller, the outermost first.
    pub fn actors(mut self, actors: impl IntoIterator<Item = Actor>) -> Self {
        let mut actors = actors.into_iter().peekable();
        if self.0.inner.rare.is_some() || actors.peek().is_some() {
            self.rare().actors = actors.collect();
        }
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
        let mut names = roles;
        let roles = names.len();
        names.append(&mut groups);
        let (shared, texts) = texts.finish();
        Principal(Arc::new(Inner { shared, texts, names: names.into(), roles, ..inner }))
    }
}

impl fmt::Debug for PrincipalBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrincipalBuilder")
            .field("subject", &self.0.texts.get(self.0.inner.subject))
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const READ: &str =
        r#"{"iss":"issuer","sub":"alice","client_id":"robot","roles":["writer","admin","writer"]}"#;

    fn part(text: &'static str) -> &'static str {
        let (before, _) = READ.split_once(text).unwrap();
        READ.get(before.len()..before.len() + text.len()).unwrap()
    }

    fn named(builder: PrincipalBuilder) -> PrincipalBuilder {
        let builder = builder
            .issuer(part("issuer"))
            .client_id(part("robot"))
            .roles(["writer", "admin", "writer"].map(part));
        // Of other texts: an escape was read, or a name comes from elsewhere.
        builder.roles(["mapped"]).groups(["other"]).token_id("1").tenant("")
    }

    #[track_caller]
    fn check(caller: &Principal) {
        let texts =
            (caller.subject(), caller.issuer(), caller.client_id(), caller.token_id(), caller.tenant());
        assert_eq!(texts, ("alice", Some("issuer"), Some("robot"), Some("1"), Some("")));
        assert_eq!(caller.roles().collect::<Vec<_>>(), ["admin", "mapped", "writer"]);
        assert_eq!(caller.groups().collect::<Vec<_>>(), ["other"]);
        assert!(caller.has_role("mapped") && caller.has_role("admin") && !caller.has_role("other"));
        assert!(caller.in_group("other") && !caller.in_group("admin"));
        assert_eq!(caller.session_id(), None);
    }

    #[test]
    fn a_caller_is_the_same_with_and_without_a_source_and_whatever_claims_follow() {
        let source = SourceText::new(READ);
        let method = CredentialMethod::Jwt;
        let own = named(Principal::builder("alice", method)).build();
        check(&own);
        assert!(own.claims().is_empty());
        let read = named(Principal::builder_from(&source, part("alice"), method)).build();
        check(&read);
        assert_eq!(read.claims().text("sub"), Some("alice"));
        assert!(read.memory() > read.claims().memory());
        let other = Claims::from_checked_json(json!({"a": "b"}).to_string());
        let changed =
            named(Principal::builder_from(&source, part("alice"), method)).claims(other).role("writer");
        let changed = changed.build();
        check(&changed);
        assert_eq!((changed.claims().text("sub"), changed.claims().text("a")), (None, Some("b")));
    }

    #[test]
    fn what_few_callers_have_is_there_if_it_was_said() {
        let caller = || Principal::builder("alice", CredentialMethod::Jwt);
        let plain = caller().assurance(Assurance::default()).actors([]).build();
        assert!(plain.0.rare.is_none() && plain.confirmation().is_none() && !plain.is_delegated());
        assert_eq!(plain.assurance(), &Assurance::default());
        let assurance = Assurance { acr: Some("high".into()), ..Assurance::default() };
        let confirmation = Confirmation::DpopKey([7; 32]);
        let bound = caller().confirmation(confirmation.clone()).assurance(assurance.clone());
        let bound = bound.actors([Actor::new().subject("robot")]).build();
        assert_eq!((bound.assurance(), bound.confirmation()), (&assurance, Some(&confirmation)));
        assert!(bound.is_delegated() && bound.memory() > plain.memory());
    }

    /// Thousands are remembered: what is added here is added to each.
    #[test]
    fn a_principal_is_small() {
        assert!(size_of::<Inner>() <= 168, "{}", size_of::<Inner>());
    }
}
