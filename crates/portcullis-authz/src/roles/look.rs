//! Looks at a file that somebody may be writing.

use std::path::Path;
use std::sync::{Mutex, TryLockError};

use portcullis_core::StoreError;

use super::definition::RoleModelBuilder;
use super::file;
use super::load::RoleModelError;
use super::model::RoleModel;

/// What a look at the file saw last; one looks at a time.
#[derive(Default)]
pub(super) struct Looks(Mutex<Option<Seen>>);

struct Seen {
    octets: Vec<u8>,
    /// The model that the file held, if it held one.
    definition: Option<RoleModelBuilder>,
    /// Whether the look before had seen something else.
    changed: bool,
}

impl Seen {
    /// Whether that is the same model, and no more of what somebody is still writing.
    fn confirms(&self, definition: &RoleModelBuilder, octets: &[u8]) -> bool {
        let grows = octets.len() > self.octets.len() && octets.starts_with(&self.octets);
        self.definition.as_ref() == Some(definition) && !grows
    }
}

impl Looks {
    /// Takes over the model that the file holds if it held the same at the last look: a file that is half written is not taken
    /// for a whole one. `None` at the first look at a change, of which nothing is known.
    ///
    /// # Errors
    /// That of a file that is wrong at two looks, and one for a file with another model at each of three.
    pub(super) fn look(&self, path: &Path, model: &RoleModel) -> Result<Option<bool>, RoleModelError> {
        let mut seen = match self.0.try_lock() {
            Ok(seen) => seen,
            Err(TryLockError::Poisoned(poisoned)) => poisoned.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::new("the reading before has not ended").into());
            }
        };
        let reading = model.begin();
        let octets = file::octets(path)?;
        let (definition, fault) = match file::parse_octets(path, &octets) {
            Ok(definition) => (Some(definition), None),
            Err(fault) => (None, Some(fault)),
        };
        let now = Seen { octets: octets.clone(), definition: definition.clone(), changed: false };
        let last = seen.replace(now);
        match (last, definition, fault) {
            (Some(Seen { definition: None, .. }), _, Some(fault)) => Err(fault.into()),
            (Some(last), Some(definition), _) if last.confirms(&definition, &octets) => {
                Ok(Some(model.take(reading, definition)?))
            }
            (last, ..) => {
                let (changed, again) = (last.is_some(), last.is_some_and(|last| last.changed));
                if let Some(now) = seen.as_mut() {
                    now.changed = changed;
                }
                if again {
                    Err(StoreError::new("it holds something else at each look").into())
                } else {
                    Ok(None)
                }
            }
        }
    }
}
