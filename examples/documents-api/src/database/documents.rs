use portcullis::authz::Filter;
use portcullis::core::StoreError;
use portcullis::sqlx::PushFilter as _;
use sqlx::sqlite::SqliteRow;
use sqlx::{QueryBuilder, Row, Sqlite};

use super::{Database, malformed, store_error};
use crate::model::{Document, DocumentId, NewDocument, Summary};

impl Database {
    /// The document with the id, whoever asks.
    pub async fn document(&self, id: &DocumentId) -> Result<Option<Document>, StoreError> {
        let row = sqlx::query("SELECT * FROM documents WHERE id = ?")
            .bind(id.as_str())
            .fetch_optional(&self.pool)
            .await
            .map_err(store_error)?;
        row.map(|row| document(&row)).transpose()
    }

    /// What the filter of the policy lets through, oldest first, from after the document with that id on.
    pub async fn readable_documents(
        &self,
        readable: &Filter<Document>,
        after: Option<&DocumentId>,
        limit: u32,
    ) -> Result<Vec<Summary>, StoreError> {
        let columns = "SELECT id, owner, team, visibility, title, updated_at FROM documents WHERE ";
        let mut query = QueryBuilder::<Sqlite>::new(columns);
        query.push_filter(readable).map_err(StoreError::new)?;
        query.push(" AND id > ").push_bind(after.map_or("", DocumentId::as_str));
        query.push(" ORDER BY id LIMIT ").push_bind(limit);
        let rows = query.build().fetch_all(&self.pool).await.map_err(store_error)?;
        rows.iter().map(summary).collect()
    }

    /// Stores a document of the owner.
    pub async fn insert_document(&self, owner: &str, new: &NewDocument) -> Result<Document, StoreError> {
        let now = self.now();
        let row = sqlx::query(
            "INSERT INTO documents (id, owner, team, visibility, title, body, created_at, updated_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?7) RETURNING *",
        )
        .bind(DocumentId::generate(now).map_err(StoreError::new)?.as_str().to_owned())
        .bind(owner)
        .bind(new.team.as_ref().map(|team| team.as_str()))
        .bind(new.visibility.as_str())
        .bind(new.title.as_str())
        .bind(new.body.as_str())
        .bind(i64::try_from(now.as_secs()).map_err(StoreError::new)?)
        .fetch_one(&self.pool)
        .await
        .map_err(store_error)?;
        document(&row)
    }

    /// Replaces everything but id, owner and time of creation; `None` if the document is gone.
    pub async fn replace_document(
        &self,
        id: &DocumentId,
        new: &NewDocument,
    ) -> Result<Option<Document>, StoreError> {
        let row = sqlx::query(
            "UPDATE documents SET team = ?2, visibility = ?3, title = ?4, body = ?5, updated_at = ?6
             WHERE id = ?1 RETURNING *",
        )
        .bind(id.as_str())
        .bind(new.team.as_ref().map(|team| team.as_str()))
        .bind(new.visibility.as_str())
        .bind(new.title.as_str())
        .bind(new.body.as_str())
        .bind(i64::try_from(self.now().as_secs()).map_err(StoreError::new)?)
        .fetch_optional(&self.pool)
        .await
        .map_err(store_error)?;
        row.map(|row| document(&row)).transpose()
    }

    /// Removes the document; `false` if it was gone.
    pub async fn delete_document(&self, id: &DocumentId) -> Result<bool, StoreError> {
        let done = sqlx::query("DELETE FROM documents WHERE id = ?")
            .bind(id.as_str())
            .execute(&self.pool)
            .await
            .map_err(store_error)?;
        Ok(done.rows_affected() > 0)
    }
}

fn document(row: &SqliteRow) -> Result<Document, StoreError> {
    let Summary { id, owner, team, visibility, title, updated_at } = summary(row)?;
    let body = row.try_get("body").map_err(store_error)?;
    let created_at = seconds(row, "created_at")?;
    Ok(Document { id, owner, team, visibility, title, body, created_at, updated_at })
}

fn summary(row: &SqliteRow) -> Result<Summary, StoreError> {
    let text = |column| row.try_get::<&str, _>(column).map_err(store_error);
    Ok(Summary {
        id: text("id")?.parse().map_err(StoreError::new)?,
        owner: text("owner")?.into(),
        team: row.try_get("team").map_err(store_error)?,
        visibility: text("visibility")?.parse().map_err(StoreError::new)?,
        title: text("title")?.into(),
        updated_at: seconds(row, "updated_at")?,
    })
}

fn seconds(row: &SqliteRow, column: &str) -> Result<u64, StoreError> {
    let seconds: i64 = row.try_get(column).map_err(store_error)?;
    u64::try_from(seconds).map_err(|_| malformed("a time before 1970"))
}
