//! Refreshes that no request has to set off.

use std::sync::Weak;
use std::time::Duration;

use super::key_set::Shared;

/// The shortest and the longest sleep between two looks at the time: the clock is asked each time, so that neither a
/// machine that was asleep nor a clock of one's own leads to a refresh that comes late by more.
const NAP: [Duration; 2] = [Duration::from_secs(1), Duration::from_secs(10)];

/// Fetches the keys ahead of their time, the first ones at once, for as long as anybody holds the key set.
pub(super) async fn keep(shared: Weak<Shared>) {
    loop {
        let nap = match shared.upgrade() {
            Some(shared) => {
                let now = shared.now();
                shared.refresh_if_due(now);
                shared.next_refresh(now).unwrap_or_default()
            }
            None => return,
        };
        let [shortest, longest] = NAP;
        tokio::time::sleep(nap.clamp(shortest, longest)).await;
    }
}
