//! A cap at work.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_core::{
    ConfigCode, ConfigError, ConfigErrors, Decision, Denial, Mode, Reason, RequestView, Room, Trail,
    TrailLimit,
};

use super::permit::Permit;
use super::places::{Places, Taken};
use super::{InFlight, MAX_TOTAL_AT_ONCE};
use crate::described::{Beyond, Described};
use crate::fields::Fields;
use crate::key::LimitKey;
use crate::limiter::Phase;
use crate::seed::Seed;

/// A cap on requests in flight with its counts. Clones share them.
#[derive(Clone, Debug)]
pub struct InFlightLimiter(pub(super) Arc<Shared>);

pub(super) struct Shared {
    name: Arc<str>,
    key: LimitKey,
    seed: Seed,
    at_most: u32,
    total: u32,
    mode: Mode,
    /// The refusal of a client that has too many requests in flight.
    exceeded: Denial,
    /// The refusal of whoever comes when everybody together has.
    exhausted: Denial,
    fields: Option<Fields>,
    pub(super) places: Places,
    serving: AtomicU32,
}

impl InFlightLimiter {
    pub(super) fn new(cap: &InFlight) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if cap.at_most == 0 || cap.total == 0 {
            let message = format!("`{cap}` in flight: that serves nobody");
            errors.push(ConfigError::new(ConfigCode::EmptyQuota, message));
        }
        if cap.total > MAX_TOTAL_AT_ONCE {
            let message = format!("`{}` requests in flight are more than {MAX_TOTAL_AT_ONCE}", cap.total);
            errors.push(ConfigError::new(ConfigCode::LimitOutOfRange, message));
        }
        errors.extend(cap.key.lint());
        if cap.key.phase == Phase::Attempt {
            let message = "attempts to log in are not in flight: count requests by another key";
            errors.push(ConfigError::new(ConfigCode::LimitNeverApplies, message));
        }
        let fields = errors.take(Fields::of_concurrent_requests(&cap.name, cap.at_most));
        let (Some(fields), true) = (fields, errors.is_empty()) else { return Err(errors) };
        let refusal = |reason| {
            let described = match reason {
                Reason::InFlightExceeded => format!("{} in flight by {}", cap.at_most, cap.key.label),
                _ => format!("{} in flight of everybody", cap.total),
            };
            let described = Described::new(&cap.name, format!("cap {}: {described}", cap.name));
            let denial = Denial::new(reason).with_explanation(described.explained(Beyond::UsedUp));
            let denial = denial.retry_after(cap.retry_after);
            denial.violated_policy(Arc::clone(&cap.name)).prepared()
        };
        Ok(Self(Arc::new(Shared {
            name: Arc::clone(&cap.name),
            key: cap.key.clone(),
            seed: Seed::random(),
            at_most: cap.at_most,
            total: cap.total,
            mode: cap.mode,
            exceeded: refusal(Reason::InFlightExceeded),
            exhausted: refusal(Reason::CapacityExhausted),
            fields: cap.fields.then_some(fields),
            places: Places::new(cap.total),
            serving: AtomicU32::new(0),
        })))
    }

    /// The name of the cap.
    #[must_use]
    pub fn name(&self) -> &Arc<str> {
        &self.0.name
    }

    /// Where it is to be asked.
    #[must_use]
    pub fn phase(&self) -> Phase {
        self.0.key.phase
    }

    /// How many requests are in flight.
    #[must_use]
    pub fn serving(&self) -> u32 {
        self.0.serving.load(Ordering::Relaxed)
    }

    /// Takes a place for the request; it is given back when the permit is dropped.
    ///
    /// `None` is for a request that has no place and goes on all the same, because the cap is only watched: it is
    /// not counted. A refusal is written to the Trail with its response fields.
    ///
    /// # Errors
    /// 429 `in_flight_exceeded` if as many requests of the key are in flight as may be; 503 `capacity_exhausted` if as
    /// many of everybody are. Both come with `Retry-After`. 500 `misconfigured` for an unknown client that is to be
    /// refused.
    pub fn enter(&self, request: &RequestView<'_>) -> Result<Option<Permit>, Denial> {
        let refused = match self.0.key.of_request(request, &self.0.seed) {
            Ok(hash) => match self.0.take(hash) {
                Ok(counted) => return Ok(Some(Permit::new(Arc::clone(&self.0), counted))),
                Err(refusal) => refusal.clone(),
            },
            Err(denial) => denial,
        };
        let trail = request.trail();
        if trail.enforces(self.0.mode) {
            self.0.report(&refused, trail);
            return Err(refused);
        }
        trail.shadowed(Room::Limit, &Decision::deny(refused.reason()).because(self.0.name.to_string()));
        Ok(None)
    }
}

impl Shared {
    /// Counts the request by its key and among all; says by which hash it is counted.
    ///
    /// The key is asked first, so that who holds too much is told so even if nothing is left. For the time of this
    /// call, a request that is refused may hold what it is about to give back; a parallel one can be refused for it,
    /// never served.
    fn take(&self, hash: u64) -> Result<Option<u64>, &Denial> {
        let counted = match self.places.take(hash, self.at_most) {
            Taken::Counted(_) => Some(hash),
            Taken::Full => return Err(&self.exceeded),
            Taken::Uncounted => None,
        };
        let before = self.serving.fetch_add(1, Ordering::Relaxed);
        if before >= self.total {
            self.leave(counted);
            return Err(&self.exhausted);
        }
        Ok(counted)
    }

    /// Gives back what [`take`](Self::take) counted.
    pub(super) fn leave(&self, counted: Option<u64>) {
        self.serving.fetch_sub(1, Ordering::Relaxed);
        if let Some(hash) = counted {
            self.places.give_back(hash);
        }
    }

    fn report(&self, denial: &Denial, trail: &Trail) {
        // Nothing is left of the client's own policy only if it is that which refuses.
        let own = denial.reason() == Reason::InFlightExceeded;
        trail.limited_telling(
            || TrailLimit::new(Arc::clone(&self.name), 0, false),
            |answer| {
                if let Some(fields) = self.fields.as_ref().filter(|_| own) {
                    fields.tell_used_up(answer);
                }
                answer.denied(Room::Limit, denial);
            },
        );
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("name", &self.name)
            .field("key", &self.key)
            .field("at_most", &self.at_most)
            .field("total", &self.total)
            .field("serving", &self.serving)
            .field("places", &self.places)
            .finish_non_exhaustive()
    }
}
