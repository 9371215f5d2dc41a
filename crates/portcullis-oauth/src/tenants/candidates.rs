//! Tenants whose keys are not known yet: everyone can invent some.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::directory::Tenant;
use super::settings::{CANDIDATE_BURST, CANDIDATE_INTERVAL, MAX_CANDIDATES};
use crate::bucket::Bucket;

/// How long a candidate keeps its place without keys.
const GRACE: Duration = Duration::from_secs(60);

pub(super) struct Candidates {
    places: Vec<(Instant, Arc<Tenant>)>,
    bucket: Bucket,
}

impl Candidates {
    pub(super) fn new() -> Self {
        Self { places: Vec::new(), bucket: Bucket::new(CANDIDATE_BURST, CANDIDATE_INTERVAL) }
    }

    pub(super) fn find(&self, identifier: &str) -> Option<&Arc<Tenant>> {
        self.places.iter().map(|(_, tenant)| tenant).find(|tenant| tenant.identifier() == identifier)
    }

    pub(super) fn remove(&mut self, identifier: &str) {
        self.places.retain(|(_, tenant)| tenant.identifier() != identifier);
    }

    /// Makes room for one more, or says how long there is none.
    pub(super) fn admit(&mut self, now: Instant) -> Result<(), Duration> {
        if self.places.len() >= MAX_CANDIDATES {
            let (place, since) = self.oldest().unwrap_or((0, now));
            let remaining = GRACE.saturating_sub(now.saturating_duration_since(since));
            if !remaining.is_zero() {
                return Err(remaining);
            }
            self.places.swap_remove(place);
        }
        self.bucket.take(now)
    }

    pub(super) fn add(&mut self, now: Instant, tenant: Arc<Tenant>) {
        self.places.push((now, tenant));
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.places.len()
    }

    fn oldest(&self) -> Option<(usize, Instant)> {
        let places = self.places.iter().enumerate().map(|(place, (since, _))| (place, *since));
        places.min_by_key(|(_, since)| *since)
    }
}
