//! Looks at a file that somebody may be writing.

use std::path::Path;
use std::sync::{Mutex, TryLockError};

use portcullis_core::StoreError;

use super::file;
use super::load::RoleModelError;
use super::model::RoleModel;

/// What a look at the file saw last; one looks at a time.
#[derive(Default)]
pub(super) struct Looks(Mutex<Option<Vec<u8>>>);

impl Looks {
    /// Takes over what the file holds if it held the same at the last look: a file that is half written is not taken for a
    /// whole one.
    pub(super) fn look(&self, path: &Path, model: &RoleModel) -> Result<bool, RoleModelError> {
        let mut seen = match self.0.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::new("the reading before has not ended").into());
            }
        };
        let reading = model.begin();
        let octets = file::octets(path)?;
        if seen.as_ref() != Some(&octets) {
            *seen = Some(octets);
            return Ok(false);
        }
        Ok(model.take(reading, file::parse_octets(path, &octets)?)?)
    }
}
