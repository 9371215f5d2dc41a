//! What limits leave on a Trail.

use std::fmt;
use std::time::Instant;

use http::{HeaderName, HeaderValue};

use super::{MAX_ENTRIES, Placement, Room, Trail, TrailEntry, TrailLimit, TrailState};
use crate::{Clock, Denial};

/// Where a limit writes the response fields that tell the client, and a refusal; see [`Trail::limited_telling`].
pub struct LimitFields<'a>(&'a mut TrailState);

impl LimitFields<'_> {
    /// Adds a field, to stand beside others of its name.
    #[inline]
    pub fn add(&mut self, name: HeaderName, value: HeaderValue) {
        self.0.add_field(name, value, Placement::Append);
    }

    /// Notes that the limit refuses the request, as [`Trail::denied`] does, in the same turn of the lock.
    #[inline]
    pub fn denied(&mut self, room: Room, denial: &Denial) {
        self.0.enter(TrailEntry::refusal(room, denial));
    }
}

impl Trail {
    /// When the request came, by a clock of that source, if somebody wrote that down as it came; `None` otherwise.
    ///
    /// For whoever decides before anything could wait: then it is the time by now, and need not be read again.
    #[must_use]
    #[inline]
    pub fn arrived(&self, clock: &Clock) -> Option<Instant> {
        let birth = self.0.opening.birth.as_ref().filter(|_| self.0.clock.shares_source(clock))?;
        Some(birth.moment.monotonic())
    }

    /// Notes what a limit counted.
    pub fn limited(&self, limit: TrailLimit) {
        self.limited_telling(|| limit, |_| ());
    }

    /// Notes what a limit counted, and lets it write the response fields that tell the client:
    /// [`limited`](Self::limited) and [`response_field`](Self::response_field) at once.
    ///
    /// The closures are not called if the Trail is closed. They must not ask the Trail anything: the Trail waits
    /// for them.
    #[inline]
    pub fn limited_telling(
        &self,
        limit: impl FnOnce() -> TrailLimit,
        tell: impl FnOnce(&mut LimitFields<'_>),
    ) {
        let Some(mut state) = self.lock_open() else {
            return;
        };
        if state.limits.len() < MAX_ENTRIES {
            state.limits.push(limit());
        } else {
            state.overflow += 1;
        }
        tell(&mut LimitFields(&mut state));
    }

    /// The same with what to note and to tell in one: [`limited_telling`](Self::limited_telling) moves less.
    pub fn counted<const N: usize>(
        &self,
        count: impl FnOnce() -> (TrailLimit, Option<[(HeaderName, HeaderValue); N]>),
    ) {
        let Some(mut state) = self.lock_open() else {
            return;
        };
        let (limit, fields) = count();
        if state.limits.len() < MAX_ENTRIES {
            state.limits.push(limit)
        } else {
            state.overflow += 1
        }
        for (name, value) in fields.into_iter().flatten() {
            state.add_field(name, value, Placement::Append);
        }
    }
}

impl fmt::Debug for LimitFields<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LimitFields").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderMap;

    use super::*;
    use crate::Opening;
    use crate::trail::MAX_FIELDS;

    /// By the one method or the other: they say the same.
    fn count(trail: &Trail, number: u64) {
        let (name, value) = (HeaderName::from_static("ratelimit"), HeaderValue::from(number));
        let limit = || TrailLimit::new("quota".into(), number, true);
        if number.is_multiple_of(2) {
            trail.counted(|| (limit(), Some([(name, value)])));
        } else {
            trail.limited_telling(limit, |fields| fields.add(name, value));
        }
    }

    #[test]
    fn what_a_limit_counted_and_its_fields_are_kept_up_to_the_limit_and_the_rest_is_counted() {
        let trail = Trail::open(&Clock::system());
        (0..=MAX_ENTRIES as u64).for_each(|number| count(&trail, number));
        let kept = trail.read(|state| (state.limits.len(), state.fields.len(), state.overflow));
        assert_eq!(kept, (MAX_ENTRIES, MAX_FIELDS, 2));
        let mut headers = HeaderMap::new();
        trail.apply_fields(&mut headers);
        assert_eq!(headers.get_all("ratelimit").iter().count(), MAX_FIELDS);
    }

    #[test]
    fn the_arrival_of_a_request_is_known_where_it_was_dated_by_the_same_clock() {
        let clock = Clock::system();
        let before = clock.monotonic();
        let trail = Trail::open(&clock);
        assert!(
            trail.arrived(&clock).is_some_and(|arrived| before <= arrived && arrived <= clock.monotonic())
        );
        struct Other;
        impl crate::TimeSource for Other {
            fn wall(&self) -> std::time::SystemTime {
                std::time::UNIX_EPOCH
            }
            fn monotonic(&self) -> Instant {
                Clock::system().monotonic()
            }
        }
        assert_eq!(trail.arrived(&Clock::new(Other)), None);
        let undated = Trail::open_with(&clock, Opening::default());
        let _ = undated.opened_at();
        assert_eq!(undated.arrived(&clock), None, "that is when somebody asked, not when the request came");
    }

    #[test]
    fn a_refusal_is_noted_as_it_would_be_by_itself() {
        let denial = Denial::new(crate::Reason::QuotaExceeded).explained("why");
        let (at_once, by_itself) = (Trail::open(&Clock::system()), Trail::open(&Clock::system()));
        let limit = || TrailLimit::new("quota".into(), 0, false);
        at_once.limited_telling(limit, |told| told.denied(Room::Limit, &denial));
        by_itself.limited(limit());
        by_itself.denied(Room::Limit, &denial);
        let shown = |trail: &Trail| trail.read(|state| format!("{state:?}"));
        assert_eq!(shown(&at_once), shown(&by_itself));
    }

    #[test]
    fn a_limit_without_fields_leaves_none() {
        let trail = Trail::open(&Clock::system());
        trail.counted::<2>(|| (TrailLimit::new("quota".into(), 7, false), None));
        let kept = trail.read(|state| (state.limits[0].remaining, state.fields.len()));
        assert_eq!(kept, (7, 0));
    }

    #[test]
    fn nothing_is_made_for_a_closed_trail() {
        let trail = Trail::open(&Clock::system());
        trail.close();
        let (mut made, mut told) = (false, false);
        let limit = || TrailLimit::new("quota".into(), 1, true);
        trail.counted::<0>(|| {
            made = true;
            (limit(), None)
        });
        trail.limited_telling(limit, |_| told = true);
        assert!(!made && !told && trail.read(|state| state.limits.is_empty()));
    }
}
