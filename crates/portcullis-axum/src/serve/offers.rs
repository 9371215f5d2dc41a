//! What is offered to the clients of HTTP/2 and waits for them to open a window.
//!
//! The socket does not tell: a client may read all that comes, and keep one stream shut.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use portcullis_core::Clock;

use super::patience::Pace;
use super::requests::Traffic;

/// The offers of one connection: there are as many as it has streams, at most.
pub(super) struct Offers {
    pace: Pace,
    clock: Clock,
    places: Mutex<Vec<Place>>,
}

#[derive(Clone, Copy)]
enum Place {
    Free,
    /// The stream has nothing that its client could take.
    Quiet,
    /// It has, and this is when it is to be taken.
    Until(Option<Instant>),
}

impl Offers {
    pub(super) const fn new(pace: Pace, clock: Clock) -> Self {
        Self { pace, clock, places: Mutex::new(Vec::new()) }
    }

    /// The longest pause.
    pub(super) const fn pause(&self) -> Duration {
        self.pace.pause
    }

    /// How many offers were not taken in time.
    pub(super) fn late(&self) -> usize {
        let now = self.clock.monotonic();
        let is_late = |place: &Place| matches!(place, Place::Until(Some(end)) if *end <= now);
        self.with(|places| places.iter().filter(|place| is_late(place)).count())
    }

    fn open(&self) -> usize {
        self.with(|places| {
            let free = places.iter().position(|place| matches!(place, Place::Free));
            let place = free.unwrap_or(places.len());
            match places.get_mut(place) {
                Some(free) => *free = Place::Quiet,
                None => places.push(Place::Quiet),
            }
            place
        })
    }

    fn set(&self, place: usize, to: Place) {
        self.with(|places| {
            if let Some(place) = places.get_mut(place) {
                *place = to;
            }
        });
    }

    fn with<T>(&self, act: impl FnOnce(&mut Vec<Place>) -> T) -> T {
        act(&mut self.places.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What one stream offers, until it is dropped.
pub(super) struct Offer {
    traffic: Traffic,
    place: usize,
    /// How many octets were taken over from the body before, and may be under way still.
    ahead: usize,
}

impl Offer {
    pub(super) fn new(traffic: Traffic) -> Self {
        let place = traffic.offers().open();
        Self { traffic, place, ahead: 0 }
    }

    /// The stream asks for more: what it had is on its way.
    pub(super) fn taken(&self) {
        self.traffic.offers().set(self.place, Place::Quiet);
    }

    /// So many octets wait for a window, behind those that were there before.
    pub(super) fn waits(&mut self, octets: usize) {
        let offers = self.traffic.offers();
        let Pace { pause, rate } = offers.pace;
        let seconds = Duration::from_secs(u64::try_from(self.ahead).unwrap_or(u64::MAX));
        let allowed =
            rate.and_then(|rate| seconds.checked_div(rate)).unwrap_or_default().saturating_add(pause);
        offers.set(self.place, Place::Until(offers.clock.monotonic().checked_add(allowed)));
        self.ahead = octets;
    }
}

impl Drop for Offer {
    fn drop(&mut self) {
        self.traffic.offers().set(self.place, Place::Free);
    }
}

#[cfg(test)]
mod tests;
