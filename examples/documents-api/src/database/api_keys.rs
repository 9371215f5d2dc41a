use std::time::{Duration, UNIX_EPOCH};

use portcullis::Scopes;
use portcullis::core::StoreError;
use sqlx::Row;

use super::{Database, malformed, store_error, users};
use crate::users::{ApiKeyOwner, intersection};

impl Database {
    /// Whose key it is that has this SHA-256. Whether it has expired is for the asker to see.
    pub async fn api_key(&self, hash: &[u8; 32]) -> Result<Option<ApiKeyOwner>, StoreError> {
        let row = sqlx::query(
            "SELECT k.id AS key_id, k.scopes, k.expires_at, u.name,
                 (SELECT json_group_array(role) FROM user_roles WHERE user = u.name) AS roles,
                 (SELECT json_group_array(team) FROM managed_teams WHERE user = u.name) AS manages
             FROM api_keys AS k JOIN users AS u ON u.name = k.user WHERE k.hash = ?",
        )
        .bind(hash.as_slice())
        .fetch_optional(&self.pool)
        .await
        .map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };

        let user = users::user(&row)?;
        let scopes: &str = row.try_get("scopes").map_err(store_error)?;
        let scopes = intersection(&Scopes::parse(scopes).map_err(StoreError::new)?, &user.scopes());
        let expires_at: Option<i64> = row.try_get("expires_at").map_err(store_error)?;
        let expires_at = match expires_at.map(u64::try_from).transpose() {
            Ok(seconds) => seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds)),
            Err(_) => return Err(malformed("a time before 1970")),
        };
        Ok(Some(ApiKeyOwner {
            key_id: row.try_get("key_id").map_err(store_error)?,
            user,
            scopes,
            expires_at,
        }))
    }
}
