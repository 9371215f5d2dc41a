use std::collections::BTreeSet;

use portcullis::authn::PasswordHashString;
use portcullis::core::StoreError;
use sqlx::Row;
use sqlx::sqlite::SqliteRow;

use super::{Database, store_error};
use crate::users::User;

impl Database {
    /// The user of that name.
    pub async fn user(&self, name: &str) -> Result<Option<User>, StoreError> {
        Ok(self.user_with_password(name).await?.map(|(user, _)| user))
    }

    /// The user of that name, with the hash of its password.
    pub async fn user_with_password(
        &self,
        name: &str,
    ) -> Result<Option<(User, PasswordHashString)>, StoreError> {
        let row = sqlx::query(
            "SELECT name, password_hash,
                 (SELECT json_group_array(role) FROM user_roles WHERE user = name) AS roles,
                 (SELECT json_group_array(team) FROM managed_teams WHERE user = name) AS manages
             FROM users WHERE name = ?",
        )
        .bind(name)
        .fetch_optional(&self.pool)
        .await
        .map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };
        let hash: &str = row.try_get("password_hash").map_err(store_error)?;
        Ok(Some((user(&row)?, PasswordHashString::parse(hash).map_err(StoreError::new)?)))
    }

    /// Keeps a hash of the same password that was made with better parameters, unless the password has changed.
    pub async fn replace_password_hash(
        &self,
        name: &str,
        outdated: &str,
        renewed: &str,
    ) -> Result<(), StoreError> {
        sqlx::query("UPDATE users SET password_hash = ?3 WHERE name = ?1 AND password_hash = ?2")
            .bind(name)
            .bind(outdated)
            .bind(renewed)
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
        Ok(())
    }

    /// Whether there is any user: if not, the service starts for the first time.
    pub(crate) async fn has_users(&self) -> Result<bool, StoreError> {
        sqlx::query_scalar("SELECT EXISTS (SELECT 1 FROM users)")
            .fetch_one(&self.pool)
            .await
            .map_err(store_error)
    }
}

/// The user in a row with `name`, `roles` and `manages`.
pub(super) fn user(row: &SqliteRow) -> Result<User, StoreError> {
    let name = row.try_get("name").map_err(store_error)?;
    Ok(User { name, roles: set(row, "roles")?, manages: set(row, "manages")? })
}

fn set(row: &SqliteRow, column: &str) -> Result<BTreeSet<String>, StoreError> {
    let json: &str = row.try_get(column).map_err(store_error)?;
    serde_json::from_str(json).map_err(StoreError::new)
}
