//! Keeps a role model fresh while requests are served.

use portcullis_core::StoreError;
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use super::load::RoleModelError;
use super::model::RoleModel;

/// Reads the model again and again. What cannot be taken is told to the log; the old model stays in use.
pub(super) async fn keep_fresh(model: RoleModel) {
    let readings = Readings::default();
    loop {
        sleep(model.interval()).await;
        let Some(outcome) = readings.read(&model).await.transpose() else { continue };
        let failures = model.note(&outcome);
        match outcome {
            Ok(true) => tracing::info!("the role model was reloaded"),
            Ok(false) => {}
            Err(RoleModelError::Invalid(errors)) => {
                tracing::error!(failures, %errors, "the role model is wrong; the old one stays in use");
            }
            Err(RoleModelError::Unavailable(_)) => {
                tracing::error!(failures, "the role model could not be read; the old one stays in use");
            }
        }
    }
}

#[derive(Default)]
struct Readings {
    #[cfg(feature = "toml")]
    looks: std::sync::Arc<super::look::Looks>,
}

impl Readings {
    /// One reading, within the deadline of the model. It has a task of its own, which ends with the wait: neither a loader
    /// that hangs nor one that panics is the last. `None` where the next one must confirm what this one saw.
    async fn read(&self, model: &RoleModel) -> Result<Option<bool>, RoleModelError> {
        let mut reading = JoinSet::new();
        self.begin(model.clone(), &mut reading);
        match timeout(model.deadline(), reading.join_next()).await {
            Ok(Some(Ok(outcome))) => outcome,
            Ok(_) => Err(StoreError::new("the reading panicked").into()),
            Err(_) => Err(StoreError::new("the reading took too long").into()),
        }
    }

    fn begin(&self, model: RoleModel, reading: &mut JoinSet<Result<Option<bool>, RoleModelError>>) {
        #[cfg(feature = "toml")]
        if let Some(path) = model.path() {
            let looks = std::sync::Arc::clone(&self.looks);
            reading.spawn_blocking(move || looks.look(&path, &model));
            return;
        }
        reading.spawn(async move { model.read().await.map(Some) });
    }
}
