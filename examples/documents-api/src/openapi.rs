//! What the service tells of itself to programs: an OpenAPI document, whose security is written from what is enforced.

use std::sync::{Arc, OnceLock};

use portcullis::axum::App;
use portcullis::core::{ConfigCode, ConfigError};
use portcullis::openapi::OpenApiSecurity;
use portcullis::prelude::*;
use utoipa::OpenApi;

use crate::docs;
use crate::routes::{self, LOGOUT};

/// The operations as their handlers describe them; nothing here speaks of security.
#[derive(OpenApi)]
#[openapi(
    info(title = "Documents", description = "A documents service, protected end to end by Portcullis."),
    paths(
        routes::health,
        routes::ready,
        routes::login,
        routes::me,
        routes::list,
        routes::create,
        routes::show,
        routes::replace,
        routes::remove,
        routes::audit,
    )
)]
struct Documentation;

/// The document, once the routes that it describes are finished: one of them serves it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Published(Arc<OnceLock<String>>);

impl Published {
    /// Writes the document of the application.
    ///
    /// # Errors
    /// Every operation that is documented and not routed, or the reverse.
    pub(crate) fn publish(&self, app: &App) -> Result<(), ConfigErrors> {
        let table = app.route_table();
        let security = OpenApiSecurity::new(app.security(), table)
            .internal(docs::DOCUMENT, "it is this document")
            .internal(docs::PAGE, "a page for people");
        let has_logout = table.rows().iter().any(|row| row.path == LOGOUT);
        let security = if has_logout { security.internal(LOGOUT, "for the issuer alone") } else { security };
        let document = security.write(Documentation::openapi())?;
        let json = document.to_json().map_err(|error| {
            ConfigError::new(ConfigCode::UnwritableScheme, format!("the document is no json: {error}"))
        })?;
        // A second application from the same routes has the same document.
        let _ = self.0.set(json);
        Ok(())
    }

    pub(crate) fn json(&self) -> Option<&str> {
        self.0.get().map(String::as_str)
    }
}
