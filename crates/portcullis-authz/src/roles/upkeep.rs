//! Keeps a role model fresh while requests are served.

use super::load::RoleModelError;
use super::model::RoleModel;

/// Reads the model again and again. What cannot be taken is told to the log; the old model stays in use.
pub(super) async fn keep_fresh(model: RoleModel) {
    loop {
        tokio::time::sleep(model.interval()).await;
        match model.reload().await {
            Ok(true) => tracing::info!("the role model was reloaded"),
            Ok(false) => {}
            Err(RoleModelError::Invalid(errors)) => {
                tracing::error!(%errors, "the role model is wrong; the old one stays in use");
            }
            Err(RoleModelError::Unavailable(_)) => {
                tracing::error!("the role model could not be read; the old one stays in use");
            }
        }
    }
}
