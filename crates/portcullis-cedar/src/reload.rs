//! Policies that are read, and read again when their files change.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use arc_swap::{ArcSwap, ArcSwapOption};
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use crate::builder::Settings;
use crate::caller::Callers;
use crate::decide::Loaded;
use crate::explain::Origins;
use crate::index::Index;
use crate::policies::Policies;
use crate::schema::Vocabulary;
use crate::source::{self, Document};

/// What came of reading the policies again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reloaded {
    /// They are in force from now on. Decisions under way end with those before.
    Replaced,
    /// Nothing has changed.
    Unchanged,
}

/// What is in force, and where it came from.
pub(crate) struct Store {
    settings: Settings,
    current: ArcSwap<Loaded>,
    problems: ArcSwapOption<ConfigErrors>,
    /// One reader at a time: an older reading must not replace a newer one.
    reading: Mutex<Reading>,
}

/// The texts behind what is in force, and those that a look at the files saw last.
struct Reading {
    loaded: Vec<Document>,
    seen: Option<Vec<Document>>,
}

impl Store {
    pub(crate) fn open(settings: Settings) -> Result<Self, ConfigErrors> {
        let documents = source::read(&settings.sources, settings.max_octets)?;
        let loaded = load(&documents, &settings)?;
        Ok(Self {
            settings,
            current: ArcSwap::from_pointee(loaded),
            problems: ArcSwapOption::empty(),
            reading: Mutex::new(Reading { loaded: documents, seen: None }),
        })
    }

    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    pub(crate) fn current(&self) -> arc_swap::Guard<Arc<Loaded>> {
        self.current.load()
    }

    pub(crate) fn problems(&self) -> Option<Arc<ConfigErrors>> {
        self.problems.load_full()
    }

    /// Takes over what the sources hold now.
    pub(crate) fn reload(&self) -> Result<Reloaded, ConfigErrors> {
        let mut reading = self.reading();
        let documents = self.read()?;
        self.take(&mut reading, documents)
    }

    /// Takes over what the sources hold now if they held the same at the last look: whoever is still writing is not
    /// disturbed, and a file that is half written is not taken for a whole one.
    pub(crate) fn look(&self) -> Result<Reloaded, ConfigErrors> {
        let mut reading = self.reading();
        let documents = self.read()?;
        if documents == reading.loaded {
            return self.take(&mut reading, documents);
        }
        if reading.seen.as_ref() != Some(&documents) {
            reading.seen = Some(documents);
            return Ok(Reloaded::Unchanged);
        }
        self.take(&mut reading, documents)
    }

    fn take(&self, reading: &mut Reading, documents: Vec<Document>) -> Result<Reloaded, ConfigErrors> {
        reading.seen = None;
        if documents == reading.loaded {
            self.problems.store(None);
            return Ok(Reloaded::Unchanged);
        }
        let loaded = load(&documents, &self.settings).map_err(|errors| self.refused(errors))?;
        let count = loaded.whole.num_of_policies();
        self.current.store(Arc::new(loaded));
        self.problems.store(None);
        reading.loaded = documents;
        tracing::info!(name = &*self.settings.name, policies = count, "Cedar policies were replaced");
        Ok(Reloaded::Replaced)
    }

    fn read(&self) -> Result<Vec<Document>, ConfigErrors> {
        source::read(&self.settings.sources, self.settings.max_octets).map_err(|errors| self.refused(errors))
    }

    /// Tells the same problem once.
    fn refused(&self, errors: ConfigErrors) -> ConfigErrors {
        if self.problems.load().as_deref() != Some(&errors) {
            tracing::error!(name = &*self.settings.name, %errors, "new Cedar policies are refused, those before stay");
            self.problems.store(Some(Arc::new(errors.clone())));
        }
        errors
    }

    fn reading(&self) -> MutexGuard<'_, Reading> {
        // A panic while reading leaves what was loaded before.
        self.reading.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cedar")
            .field("name", &self.settings.name)
            .field("policies", &self.current().whole.num_of_policies())
            .finish_non_exhaustive()
    }
}

/// From texts to policies in force, or everything that is wrong with them.
fn load(documents: &[Document], settings: &Settings) -> Result<Loaded, ConfigErrors> {
    let mut errors = ConfigErrors::new();
    let policies = errors.take(Policies::read(documents, settings.max_policies));
    let vocabulary = errors.take(Vocabulary::read(documents, settings.namespace.as_deref()));
    if let (Some(policies), Some(vocabulary)) = (&policies, &vocabulary) {
        errors.extend(policies.check(documents, vocabulary));
    }
    let callers =
        vocabulary.as_ref().and_then(|vocabulary| errors.take(Callers::read(&settings.callers, vocabulary)));
    errors.into_result(())?;
    let (Some(policies), Some(vocabulary), Some(callers)) = (policies, vocabulary, callers) else {
        // INVARIANT: what is missing has left an error.
        return Err(ConfigErrors::new());
    };
    let origins = Origins::of(&policies.set, |id| policies.place(documents, id));
    let whole = Arc::new(policies.set);
    let index = Index::build(&whole, &vocabulary, callers.types())
        .map_err(|error| ConfigError::new(ConfigCode::InvalidCedarSchema, error))?;
    Ok(Loaded { vocabulary, callers, whole, index, origins })
}
