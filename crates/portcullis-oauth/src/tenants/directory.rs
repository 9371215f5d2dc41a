//! The tenants that are known, and how one becomes known.

use std::collections::HashMap;
#[cfg(feature = "discovery")]
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
#[cfg(feature = "discovery")]
use std::time::Duration;
use std::time::Instant;

use arc_swap::ArcSwap;
use portcullis_core::{Clock, ConfigCode, ConfigError, ConfigErrors, Denial, Readiness, Reason, Step};

use super::candidates::Candidates;
use super::pattern::Pattern;
use super::settings::{Allow, Template};
use super::used::Used;
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
    known: ArcSwap<HashMap<Box<str>, Arc<Tenant>>>,
    candidates: Mutex<Candidates>,
}

/// One tenant.
pub(super) struct Tenant {
    rules: Arc<Rules>,
    used: Arc<Used>,
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
            known.used.at(self.seconds(now));
            return Some(Ok(Arc::clone(&known.rules)));
        }
        Some(self.candidate(identifier, tenant, now))
    }

    fn candidate(&self, identifier: &str, tenant: &str, now: Instant) -> Result<Arc<Rules>, Denial> {
        let mut candidates = self.candidates();
        if let Some(tenant) = candidates.find(identifier).cloned() {
            if tenant.has_keys() {
                candidates.remove(identifier);
                self.keep(&tenant, now);
            }
            return Ok(Arc::clone(&tenant.rules));
        }
        // Another request may have made it known meanwhile.
        if let Some(known) = self.known.load().get(identifier) {
            return Ok(Arc::clone(&known.rules));
        }
        candidates.admit(now).map_err(|remaining| {
            let denial = Denial::new(Reason::KeySetUnavailable).retry_after(remaining);
            denial.explained("too many new tenants of the issuer come at once")
        })?;
        let tenant = self.make(tenant).map(Arc::new).map_err(|errors| {
            Denial::misconfigured("the issuer of a tenant cannot be made").caused_by(errors)
        })?;
        let rules = Arc::clone(&tenant.rules);
        if tenant.has_keys() {
            self.keep(&tenant, now);
        } else {
            candidates.add(now, tenant);
        }
        Ok(rules)
    }

    /// The tenant with its finished issuer.
    pub(super) fn make(&self, tenant: &str) -> Result<Tenant, ConfigErrors> {
        let identifier = self.pattern.identifier(tenant);
        let issuer = (self.template)(Issuer::new(identifier.as_str()), tenant);
        if issuer.identifier() != identifier {
            let message = "template for tenants gives back another issuer than the one that it was given";
            return Err(ConfigError::new(ConfigCode::InvalidIssuer, message).into());
        }
        let Rules { issuer, keys } = issuer.sharing(self.client.clone()).build(&self.clock)?;
        let (used, allow) = (Arc::<Used>::default(), Arc::clone(&self.allow));
        let keys = Arc::new(OfTenant { keys, allow, tenant: tenant.into(), used: Arc::clone(&used) });
        Ok(Tenant { rules: Arc::new(Rules { issuer, keys }), used })
    }

    /// Keeps a tenant whose keys are known, in place of the one that was asked for least recently if need be.
    fn keep(&self, tenant: &Arc<Tenant>, now: Instant) {
        let now = self.seconds(now);
        tenant.used.at(now);
        // Under the lock on candidates: nobody else changes the map.
        let mut map = HashMap::clone(&self.known.load());
        while map.len() >= self.max_tenants {
            let oldest = map.iter().min_by_key(|(_, known)| known.used.settle(now));
            let Some(oldest) = oldest.map(|(identifier, _)| identifier.clone()) else { break };
            map.remove(&oldest);
        }
        map.insert(tenant.identifier().into(), Arc::clone(tenant));
        self.known.store(Arc::new(map));
    }

    /// Begins refreshes of keys that are due, so many at most, of the tenants that a token named within that time, whoever
    /// made it, beginning with the tenant in that place of the map. Says with which place to go on. A panic of what is
    /// asked about one tenant counts as a refresh, and stops the upkeep of nobody else.
    #[cfg(feature = "discovery")]
    pub(super) fn refresh_from(&self, first: usize, most: usize, in_use_for: Duration) -> usize {
        let now = self.seconds(self.clock.monotonic());
        let known = self.known.load();
        let (mut begun, mut place) = (0, first);
        for tenant in known.values().cycle().skip(first).take(known.len()) {
            place += 1;
            let idle = now.saturating_sub(tenant.used.settle(now));
            if idle < in_use_for.as_secs() && tenant.refresh_if_due() {
                begun += 1;
            }
            if begun == most {
                break;
            }
        }
        place.checked_rem(known.len()).unwrap_or_default()
    }

    /// What a server keeps up, if there is a timer for it.
    pub(crate) fn dependency(self: &Arc<Self>) -> Option<Arc<dyn Readiness>> {
        #[cfg(feature = "discovery")]
        return Some(Arc::new(super::upkeep::OfTenants::new(self, self.pattern.identifier("{tenant}"))));
        #[cfg(not(feature = "discovery"))]
        return None;
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

impl Tenant {
    pub(super) fn identifier(&self) -> &str {
        &self.rules.issuer.identifier
    }

    /// Whether a refresh began, or panicked.
    #[cfg(feature = "discovery")]
    fn refresh_if_due(&self) -> bool {
        catch_unwind(AssertUnwindSafe(|| self.rules.keys.refresh_if_due())).unwrap_or(true)
    }

    fn has_keys(&self) -> bool {
        self.rules.keys.current().is_some_and(|keys| !keys.is_empty())
    }
}

/// The keys of a tenant for as long as it is allowed: tokens that were verified before are looked at anew when it no
/// longer is.
struct OfTenant {
    keys: Arc<dyn KeySource>,
    allow: Arc<Allow>,
    tenant: Box<str>,
    used: Arc<Used>,
}

impl KeySource for OfTenant {
    fn find(&self, kid: Option<&str>) -> Step<Result<KeyLookup, Denial>> {
        self.keys.find(kid)
    }

    fn current(&self) -> Option<KeySet> {
        self.keys.current()
    }

    fn standing(&self, key: &VerifyingKey) -> KeyStanding {
        if !(self.allow)(&self.tenant) {
            return KeyStanding::Ask;
        }
        self.used.again();
        self.keys.standing(key)
    }

    fn look_again(&self, kid: Option<&str>, tried: &KeyLookup) -> Option<Step<Result<KeyLookup, Denial>>> {
        self.keys.look_again(kid, tried)
    }

    fn may_be_due(&self) -> bool {
        self.keys.may_be_due()
    }

    fn refresh_if_due(&self) -> bool {
        self.keys.may_be_due() && (self.allow)(&self.tenant) && self.keys.refresh_if_due()
    }
}
