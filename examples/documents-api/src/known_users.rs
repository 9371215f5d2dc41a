//! From credentials to callers: whoever has a row in the database becomes that user.

use std::sync::Arc;

use portcullis::authn::{
    ApiKey, ApiKeyStore, Authenticator, Credential, CredentialShape, IntoScheme, PasswordHashString, Rehash,
    SchemeContext, SchemeParts, TokenSupport, UserStore,
};
use portcullis::core::{Challenge, RequestView, Room, Step, StoreError, Trail};
use portcullis::{ConfigErrors, CredentialMethod, Decision, Denial, Principal, Reason};

use crate::database::Database;
use crate::tokens::OWN_ISSUER;
use crate::users::intersection;

/// A scheme for tokens whose callers are looked up by `sub`:
///
/// 1. A user of the database gets the roles and teams that stand there now, and those scopes of the token that
///    the user may have.
/// 2. A token of the service's own for a user who is gone counts as revoked.
/// 3. A client of an outside issuer that speaks for itself (`sub` is its `client_id`) is no user, whatever its name
///    (RFC 9068 §5).
/// 4. Any other caller keeps the scopes of its token and nothing else: no role, no group, no claim.
pub(crate) struct KnownUsers<T> {
    pub(crate) tokens: T,
    pub(crate) database: Database,
}

impl<T: IntoScheme> IntoScheme for KnownUsers<T> {
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        let parts = self.tokens.into_scheme(context)?;
        let look_up = LookUp { tokens: Arc::clone(parts.authenticator()), database: self.database };
        Ok(SchemeParts::new(look_up).depends_on(parts.dependencies().cloned()))
    }
}

struct LookUp {
    tokens: Arc<dyn Authenticator>,
    database: Database,
}

impl Authenticator for LookUp {
    fn shapes(&self) -> Vec<CredentialShape> {
        self.tokens.shapes()
    }

    fn method(&self) -> CredentialMethod {
        self.tokens.method()
    }

    fn authenticate(
        &self,
        credential: &Credential<'_>,
        request: &RequestView<'_>,
    ) -> Step<Result<Principal, Denial>> {
        let verified = match self.tokens.authenticate(credential, request) {
            Step::Done(Err(denial)) => return Step::Done(Err(denial)),
            verified => verified,
        };
        let (database, trail) = (self.database.clone(), request.trail().clone());
        Step::wait(async move { look_up(&database, &trail, &verified.resolve().await?).await })
    }

    fn challenge(&self, shape: &CredentialShape, realm: &str, refused: Option<&Denial>) -> Option<Challenge> {
        self.tokens.challenge(shape, realm, refused)
    }

    fn token_support(&self) -> Option<TokenSupport> {
        self.tokens.token_support()
    }
}

async fn look_up(database: &Database, trail: &Trail, token: &Principal) -> Result<Principal, Denial> {
    let own = token.issuer() == Some(OWN_ISSUER);
    let client = !own && token.client_id() == Some(token.subject());
    let user = if client { Ok(None) } else { database.user(token.subject()).await };
    let user = user.map_err(|error| error.into_denial(Reason::StoreUnavailable))?;
    let mut caller = match user {
        None if own => return Err(Denial::new(Reason::TokenRevoked).explained("the user is gone")),
        None => Principal::builder(token.subject(), token.method())
            .issuer(token.issuer().unwrap_or_default())
            .scopes(token.scopes().clone()),
        Some(user) => {
            if let (false, Some(issuer)) = (own, token.issuer()) {
                let known = Decision::allow(Reason::Authenticated).because(format!("by a token of {issuer}"));
                trail.decided(Room::Authentication, &known);
            }
            user.principal(token.method(), intersection(token.scopes(), &user.scopes()))
        }
    };
    caller = caller.assurance(token.assurance().clone());
    if let Some(client) = token.client_id() {
        caller = caller.client_id(client);
    }
    if let Some(id) = token.token_id() {
        caller = caller.token_id(id);
    }
    if let Some(confirmation) = token.confirmation() {
        caller = caller.confirmation(confirmation.clone());
    }
    if let Some(at) = token.expires_at() {
        caller = caller.expires_at(at);
    }
    Ok(caller.build())
}

/// The users of `POST /login`.
impl UserStore for Database {
    async fn find(&self, name: &str) -> Result<Option<portcullis::authn::User>, StoreError> {
        let Some((user, hash)) = self.user_with_password(name).await? else { return Ok(None) };
        let caller = user.principal(CredentialMethod::Basic, user.scopes()).build();
        Ok(Some(portcullis::authn::User::new(hash, caller)))
    }

    async fn rehashed(
        &self,
        name: &str,
        outdated: &PasswordHashString,
        renewed: PasswordHashString,
    ) -> Result<Rehash, StoreError> {
        self.replace_password_hash(name, outdated.expose(), renewed.expose()).await?;
        Ok(Rehash::Kept)
    }
}

impl ApiKeyStore for Database {
    async fn find(&self, hash: &[u8; 32]) -> Result<Option<ApiKey>, StoreError> {
        let Some(owner) = self.api_key(hash).await? else { return Ok(None) };
        let caller =
            owner.user.principal(CredentialMethod::ApiKey, owner.scopes).token_id(owner.key_id.as_str());
        let key = ApiKey::from_hash(&owner.key_id, *hash, caller.build());
        Ok(Some(match owner.expires_at {
            Some(at) => key.expires_at(at),
            None => key,
        }))
    }
}
