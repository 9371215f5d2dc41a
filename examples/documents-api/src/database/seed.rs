use portcullis::authn::PasswordHashString;
use portcullis::core::StoreError;

use super::{Database, store_error};
use crate::model::{DocumentId, NewDocument};
use crate::users::User;

/// What is in the database after the first start.
#[derive(Debug)]
pub(crate) struct Seed {
    pub(crate) users: Vec<SeedUser>,
    /// Each with the name of its owner.
    pub(crate) documents: Vec<(&'static str, NewDocument)>,
    pub(crate) api_key: SeedApiKey,
}

#[derive(Debug)]
pub(crate) struct SeedUser {
    pub(crate) user: User,
    pub(crate) password_hash: PasswordHashString,
}

#[derive(Debug)]
pub(crate) struct SeedApiKey {
    pub(crate) id: &'static str,
    pub(crate) user: &'static str,
    pub(crate) scopes: &'static str,
    pub(crate) hash: [u8; 32],
}

impl Database {
    /// Writes all of it, or nothing; nothing either if there is a user by now.
    pub(crate) async fn seed(&self, seed: &Seed) -> Result<(), StoreError> {
        let now = self.now();
        let seconds = i64::try_from(now.as_secs()).map_err(StoreError::new)?;
        let mut transaction = self.pool.begin_with("BEGIN IMMEDIATE").await.map_err(store_error)?;
        let seeded: bool = sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)")
            .fetch_one(&mut *transaction)
            .await
            .map_err(store_error)?;
        if seeded {
            return Ok(());
        }
        for SeedUser { user, password_hash } in &seed.users {
            sqlx::query("INSERT INTO users (name, password_hash) VALUES (?, ?)")
                .bind(&user.name)
                .bind(password_hash.expose())
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
            for role in &user.roles {
                sqlx::query("INSERT INTO user_roles (user, role) VALUES (?, ?)")
                    .bind(&user.name)
                    .bind(role)
                    .execute(&mut *transaction)
                    .await
                    .map_err(store_error)?;
            }
            for team in &user.manages {
                sqlx::query("INSERT INTO managed_teams (user, team) VALUES (?, ?)")
                    .bind(&user.name)
                    .bind(team)
                    .execute(&mut *transaction)
                    .await
                    .map_err(store_error)?;
            }
        }
        for (owner, document) in &seed.documents {
            sqlx::query(
                "INSERT INTO documents (id, owner, team, visibility, title, body, created_at, updated_at)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7)",
            )
            .bind(DocumentId::generate(now).map_err(StoreError::new)?.as_str().to_owned())
            .bind(owner)
            .bind(document.team.as_ref().map(|team| team.as_str()))
            .bind(document.visibility.as_str())
            .bind(document.title.as_str())
            .bind(document.body.as_str())
            .bind(seconds)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        }
        sqlx::query("INSERT INTO api_keys (hash, id, user, scopes) VALUES (?, ?, ?, ?)")
            .bind(seed.api_key.hash.as_slice())
            .bind(seed.api_key.id)
            .bind(seed.api_key.user)
            .bind(seed.api_key.scopes)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)
    }
}
