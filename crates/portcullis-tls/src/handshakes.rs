//! How many handshakes are under way, and who has to give way.

use std::time::Duration;

use tokio::sync::{Semaphore, SemaphorePermit};

/// The part of the deadline that a handshake has to itself, also while others wait.
const UNDISTURBED: u32 = 10;

/// Bounds handshakes. Those who come when all places are taken wait in order. Somebody who stalls cannot keep them
/// waiting: once it has been under way for a tenth of the deadline, the oldest handshake gives way to each of them.
#[derive(Debug)]
pub(crate) struct Handshakes {
    places: Semaphore,
    /// One permit for each who waits; whoever takes it away gives up its own place.
    pressure: Semaphore,
    undisturbed: Duration,
}

/// A place in the table.
pub(crate) struct Place<'a> {
    handshakes: &'a Handshakes,
    _permit: Option<SemaphorePermit<'a>>,
}

impl Handshakes {
    pub(crate) fn new(max: usize, deadline: Duration) -> Self {
        let places = Semaphore::new(max.min(Semaphore::MAX_PERMITS));
        Self { places, pressure: Semaphore::new(0), undisturbed: deadline / UNDISTURBED }
    }

    /// Waits for a place.
    pub(crate) async fn enter(&self) -> Place<'_> {
        let permit = match self.places.try_acquire() {
            Ok(permit) => Some(permit),
            Err(_) => {
                let _waiting = Waiting::new(&self.pressure);
                // INVARIANT: the semaphore is never closed, so that there always is a permit.
                self.places.acquire().await.ok()
            }
        };
        Place { handshakes: self, _permit: permit }
    }
}

impl Place<'_> {
    /// Resolves when this handshake must give way.
    pub(crate) async fn must_give_way(&self) {
        tokio::time::sleep(self.handshakes.undisturbed).await;
        if let Ok(pressure) = self.handshakes.pressure.acquire().await {
            pressure.forget();
        }
    }
}

/// Presses for a place, for as long as it lives.
struct Waiting<'a>(&'a Semaphore);

impl<'a> Waiting<'a> {
    fn new(pressure: &'a Semaphore) -> Self {
        pressure.add_permits(1);
        Self(pressure)
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        // Nobody has to give way any more, unless somebody has done so already.
        if let Ok(pressure) = self.0.try_acquire() {
            pressure.forget();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::pin::pin;

    use super::*;

    const DEADLINE: Duration = Duration::from_secs(10);

    async fn is_pending(future: impl Future) -> bool {
        tokio::select! {
            biased;
            _ = future => false,
            () = std::future::ready(()) => true,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_oldest_gives_way_to_who_waits_once_it_had_its_time() {
        let table = Handshakes::new(2, DEADLINE);
        let oldest = table.enter().await;
        let mut oldest_gives_way = Box::pin(oldest.must_give_way());
        assert!(is_pending(&mut oldest_gives_way).await);
        tokio::time::advance(Duration::from_millis(500)).await;
        let younger = table.enter().await;
        let mut younger_gives_way = pin!(younger.must_give_way());
        assert!(is_pending(&mut younger_gives_way).await);

        let mut third = pin!(table.enter());
        assert!(is_pending(&mut third).await);
        assert!(is_pending(&mut oldest_gives_way).await, "it has a tenth of the deadline to itself");
        tokio::time::advance(Duration::from_millis(501)).await;
        oldest_gives_way.await;
        tokio::time::advance(DEADLINE).await;
        assert!(is_pending(&mut younger_gives_way).await, "one waits, so one gives way");
        drop(oldest);
        let _third = third.await;
    }

    #[tokio::test(start_paused = true)]
    async fn nobody_gives_way_while_nobody_waits_or_after_the_wait_is_over() {
        let table = Handshakes::new(1, DEADLINE);
        let only = table.enter().await;
        let mut gives_way = pin!(only.must_give_way());
        tokio::time::advance(DEADLINE).await;
        assert!(is_pending(&mut gives_way).await);

        let young = Handshakes::new(1, DEADLINE);
        let only = young.enter().await;
        let mut gives_way = pin!(only.must_give_way());
        let mut impatient = Box::pin(young.enter());
        assert!(is_pending(&mut impatient).await);
        drop(impatient);
        tokio::time::advance(DEADLINE).await;
        assert!(is_pending(&mut gives_way).await, "who waited has gone away");
    }
}
