use std::fmt;
use std::sync::Arc;

use portcullis_authz::engine::{DecisionPoint, Question};
use portcullis_core::{ConfigErrors, Decision, Readiness, Step, Wait};

use crate::builder::CedarBuilder;
use crate::reload::{Reloaded, Store};
use crate::watch::{self, Watch};

/// Cedar policies as a decision point. Clones share the same policies. See the crate's docs.
#[derive(Clone)]
pub struct Cedar(Arc<Store>);

impl Cedar {
    /// Starts an engine.
    pub fn builder() -> CedarBuilder {
        CedarBuilder::new()
    }

    pub(crate) fn new(store: Store) -> Self {
        Self(Arc::new(store))
    }

    pub(crate) fn store(&self) -> &Arc<Store> {
        &self.0
    }

    /// How many policies are in force, those made from templates included.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.0.current().whole.num_of_policies()
    }

    /// The identifiers of the policies in force, in order.
    #[must_use]
    pub fn policy_ids(&self) -> Vec<String> {
        let current = self.0.current();
        let mut ids: Vec<String> = current.whole.policies().map(|policy| policy.id().to_string()).collect();
        ids.sort_unstable();
        ids
    }

    /// Reads files again, at once. It blocks: within a runtime, call it by `spawn_blocking`.
    ///
    /// # Errors
    /// Whatever [`CedarBuilder::build`] reports. The policies before stay in force then.
    pub fn reload(&self) -> Result<Reloaded, ConfigErrors> {
        self.0.reload()
    }

    /// Why what the files hold now is not in force; `None` if it is, as far as somebody looked.
    #[must_use]
    pub fn problems(&self) -> Option<Arc<ConfigErrors>> {
        self.0.problems()
    }

    /// Looks at the files at the [interval](CedarBuilder::poll_interval) until the watch is dropped, and takes over
    /// what has changed. A server that does the [upkeep](Readiness::upkeep) of the engine needs no watch.
    ///
    /// # Panics
    /// Outside a runtime of tokio.
    pub fn spawn_watch(&self) -> Watch {
        Watch::spawn(self)
    }
}

impl DecisionPoint for Cedar {
    fn name(&self) -> &str {
        &self.0.settings().name
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        Step::Done(self.0.current().decide(question))
    }
}

/// It is ready as soon as it is built: policies that are refused later leave those before in force.
impl Readiness for Cedar {
    fn name(&self) -> &str {
        &self.0.settings().name
    }

    fn is_ready(&self) -> bool {
        true
    }

    fn upkeep(&self) -> Option<Wait<()>> {
        self.0
            .settings()
            .has_files()
            .then(|| -> Wait<()> { Box::pin(watch::keep_looking(Arc::downgrade(&self.0))) })
    }
}

impl fmt::Debug for Cedar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
