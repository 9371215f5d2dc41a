//! A decision point that answers when it is told to, and what comes of the request meanwhile.

use std::sync::{Arc, Mutex};

use http::Request;
use portcullis_core::{Decision, Reason, Step, Trail};
use tokio::sync::watch;

use crate::engine::{DecisionPoint, MAX_WATCHED, Question};

/// Answers when it is told to: no, or by a panic.
pub(super) struct Slow {
    told: watch::Receiver<bool>,
    panics: bool,
    /// For each question that was asked in earnest, whether it was only watched.
    polled: Arc<Mutex<Vec<bool>>>,
}

impl Slow {
    /// Whoever tells it, the decision point, and what it was asked in earnest.
    pub(super) fn new(panics: bool) -> (watch::Sender<bool>, Self, Arc<Mutex<Vec<bool>>>) {
        let (tell, told) = watch::channel(false);
        let polled = Arc::<Mutex<Vec<bool>>>::default();
        (tell, Self { told, panics, polled: Arc::clone(&polled) }, polled)
    }
}

impl DecisionPoint for Slow {
    fn name(&self) -> &str {
        "slow"
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        let (mut told, panics) = (self.told.clone(), self.panics);
        let (watched, polled) = (question.is_watched(), Arc::clone(&self.polled));
        Step::wait(async move {
            polled.lock().unwrap().push(watched);
            let _ = told.wait_for(|told| *told).await;
            assert!(!panics, "told to panic");
            Decision::deny(Reason::PolicyDenied).because("no policy")
        })
    }
}

/// Ends the request, and keeps what comes late.
pub(super) fn finish(request: &Request<()>) -> Arc<Mutex<Vec<Reason>>> {
    let late = Arc::<Mutex<Vec<Reason>>>::default();
    let trail = Trail::of(request.extensions()).unwrap();
    if trail.finish(None).awaits {
        let late = Arc::clone(&late);
        trail.tell_late(move |entry| late.lock().unwrap().push(entry.reason));
    }
    late
}

/// Lets what was spawned go on.
pub(super) async fn settle() {
    for _ in 0..4 * MAX_WATCHED {
        tokio::task::yield_now().await;
    }
}
