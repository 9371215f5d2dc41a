//! The tenants that are known, and how one becomes known.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use arc_swap::ArcSwap;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Denial, Reason, Step};

use super::candidates::Candidates;
use super::pattern::Pattern;
use super::settings::{Allow, Template};
use crate::bearer::Issuer;
use crate::jwt::Rules;
use crate::keys::{KeyLookup, KeySet, KeySource, KeyStanding, SharedClient, VerifyingKey};

pub(crate) struct Directory {
    pattern: Pattern,
    template: Arc<Template>,
    allow: Arc<Allow>,
    max_tenants: usize,
    clock: Clock,
    /// One for all tenants.
    client: SharedClient,
    begun: Instant,
    /// Read without a lock; whoever adds one puts another map in its place.
    known: ArcSwap<HashMap<Box<str>, Arc<Known>>>,
    candidates: Mutex<Candidates>,
}

struct Known {
    rules: Arc<Rules>,
    /// Seconds since the directory began: written once a second at most.
    used: AtomicU64,
}

impl Directory {
    pub(super) fn new(
        pattern: Pattern,
        template: Arc<Template>,
        allow: Arc<Allow>,
        max_tenants: usize,
        clock: Clock,
    ) -> Self {
        Self {
            pattern,
            template,
            allow,
            max_tenants,
            begun: clock.monotonic(),
            clock,
            client: SharedClient::default(),
            known: ArcSwap::default(),
            candidates: Mutex::new(Candidates::new()),
        }
    }

    /// The issuer of that identifier; `None` if it is no tenant's, or of one that is not allowed.
    pub(crate) fn find(&self, identifier: &str) -> Option<Result<Arc<Rules>, Denial>> {
        let tenant = self.pattern.tenant(identifier).filter(|tenant| (self.allow)(tenant))?;
        let now = self.clock.monotonic();
        if let Some(known) = self.known.load().get(identifier) {
            known.used_at(self.seconds(now));
            return Some(Ok(Arc::clone(&known.rules)));
        }
        Some(self.candidate(identifier, tenant, now))
    }

    fn candidate(&self, identifier: &str, tenant: &str, now: Instant) -> Result<Arc<Rules>, Denial> {
        let mut candidates = self.candidates();
        if let Some(rules) = candidates.find(identifier).cloned() {
            if has_keys(&rules) {
                candidates.remove(identifier);
                self.keep(&rules, now);
            }
            return Ok(rules);
        }
        // Another request may have made it known meanwhile.
        if let Some(known) = self.known.load().get(identifier) {
            return Ok(Arc::clone(&known.rules));
        }
        candidates.admit(now).map_err(|remaining| {
            let denial = Denial::new(Reason::KeySetUnavailable).retry_after(remaining);
            denial.explained("too many new tenants of the issuer come at once")
        })?;
        let rules = self.issuer_of(tenant).map(Arc::new).map_err(|errors| {
            Denial::misconfigured("the issuer of a tenant cannot be made").caused_by(errors)
        })?;
        if has_keys(&rules) {
            self.keep(&rules, now);
        } else {
            candidates.add(now, Arc::clone(&rules));
        }
        Ok(rules)
    }

    /// The finished issuer of the tenant.
    pub(super) fn issuer_of(&self, tenant: &str) -> Result<Rules, ConfigErrors> {
        let identifier = self.pattern.identifier(tenant);
        let issuer = (self.template)(Issuer::new(identifier.as_str()), tenant);
        if issuer.identifier() != identifier {
            let message = "template for tenants gives back another issuer than the one that it was given";
            return Err(ConfigError::new(ConfigCode::InvalidIssuer, message).into());
        }
        let Rules { issuer, keys } = issuer.sharing(self.client.clone()).build(&self.clock)?;
        let keys = Arc::new(OfTenant { keys, allow: Arc::clone(&self.allow), tenant: tenant.into() });
        Ok(Rules { issuer, keys })
    }

    /// Keeps a tenant whose keys are known, in place of the one that was asked for least recently if need be.
    fn keep(&self, rules: &Arc<Rules>, now: Instant) {
        let used = AtomicU64::new(self.seconds(now));
        let known = Arc::new(Known { rules: Arc::clone(rules), used });
        // Under the lock on candidates: nobody else changes the map.
        let mut map = HashMap::clone(&self.known.load());
        while map.len() >= self.max_tenants {
            let oldest = map.iter().min_by_key(|(_, known)| known.used.load(Ordering::Relaxed));
            let Some(oldest) = oldest.map(|(identifier, _)| identifier.clone()) else { break };
            map.remove(&oldest);
        }
        map.insert(rules.issuer.identifier.clone(), known);
        self.known.store(Arc::new(map));
    }

    fn seconds(&self, now: Instant) -> u64 {
        now.saturating_duration_since(self.begun).as_secs()
    }

    fn candidates(&self) -> MutexGuard<'_, Candidates> {
        self.candidates.lock().unwrap_or_else(PoisonError::into_inner)
    }

    #[cfg(test)]
    pub(super) fn sizes(&self) -> (usize, usize) {
        (self.known.load().len(), self.candidates().len())
    }
}

impl Known {
    fn used_at(&self, seconds: u64) {
        if self.used.load(Ordering::Relaxed) != seconds {
            self.used.store(seconds, Ordering::Relaxed);
        }
    }
}

fn has_keys(rules: &Rules) -> bool {
    rules.keys.current().is_some_and(|keys| !keys.is_empty())
}

/// The keys of a tenant for as long as it is allowed: tokens that were verified before are looked at anew when it no
/// longer is.
struct OfTenant {
    keys: Arc<dyn KeySource>,
    allow: Arc<Allow>,
    tenant: Box<str>,
}

impl KeySource for OfTenant {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        self.keys.find(kid)
    }

    fn current(&self) -> Option<KeySet> {
        self.keys.current()
    }

    fn standing(&self, key: &VerifyingKey) -> KeyStanding {
        if (self.allow)(&self.tenant) { self.keys.standing(key) } else { KeyStanding::Ask }
    }

    fn look_again(&self, kid: Option<&str>, tried: &KeyLookup) -> Option<Step<Result<KeyLookup, Denial>>> {
        self.keys.look_again(kid, tried)
    }
}
