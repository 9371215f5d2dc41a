//! How many decisions of guards are awaited beside the requests. It is one number for the process, and so a test apart.

#![expect(clippy::unwrap_used, reason = "helpers of tests are no test functions")]

use std::sync::{Arc, Mutex};

use http::Request;
use portcullis_authz::{AsyncPolicy, Awaited, Detached, Guard, MAX_WATCHED_POLICIES, Policy, Read};
use portcullis_core::{Clock, CredentialMethod, Decision, Mode, Principal, Reason, RequestView, Step, Trail};
use tokio::sync::watch;

/// Refuses when it is told to; in the shadow.
struct Slow {
    told: watch::Receiver<bool>,
    asked: Arc<Mutex<Vec<u32>>>,
}

impl AsyncPolicy<Read, u32> for Slow {
    async fn decide(&self, _: &Principal, resource: &u32) -> Decision {
        self.asked.lock().unwrap().push(*resource);
        let _ = self.told.clone().wait_for(|told| *told).await;
        Decision::deny(Reason::PolicyDenied)
    }

    fn mode(&self) -> Mode {
        Mode::Shadow
    }
}

/// Takes along what it needs by itself.
struct Frugal(Detached<Slow>);

impl AsyncPolicy<Read, u32> for Frugal {
    async fn decide(&self, caller: &Principal, resource: &u32) -> Decision {
        self.0.decide_async(caller, resource).await
    }

    fn decide_detached(&self, caller: &Principal, resource: &u32) -> Option<Step<Decision>> {
        self.0.decide_detached(caller, resource)
    }

    fn mode(&self) -> Mode {
        Policy::<Read, u32>::mode(&self.0)
    }
}

fn slow() -> (watch::Sender<bool>, Detached<Slow>, Arc<Mutex<Vec<u32>>>) {
    let (tell, told) = watch::channel(false);
    let asked = Arc::<Mutex<Vec<u32>>>::default();
    (tell, Detached::new(Slow { told, asked: Arc::clone(&asked) }), asked)
}

fn request() -> Request<()> {
    let mut request = Request::new(());
    let alice = Principal::builder("alice", CredentialMethod::Jwt).build();
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice).unwrap();
    request
}

fn reasons(request: &Request<()>) -> Vec<(Reason, bool)> {
    let trail = Trail::of(request.extensions()).unwrap();
    trail.read(|state| state.entries.iter().map(|entry| (entry.reason, entry.enforced)).collect())
}

#[track_caller]
fn watch(policy: &impl Policy<Read, u32>, resource: u32) -> Request<()> {
    let request = request();
    let view = RequestView::of(&request).unwrap();
    // Made without waiting.
    let permit = Guard::new(policy).check::<Read, _>(&view, resource).unwrap();
    assert_eq!(*permit, resource);
    request
}

/// Lets what was spawned go on.
async fn settle() {
    for _ in 0..4 * MAX_WATCHED_POLICIES {
        tokio::task::yield_now().await;
    }
}

#[tokio::test]
async fn no_more_policies_are_awaited_than_there_are_places_and_places_are_given_back() {
    let (tell, policy, asked) = slow();
    let most = u32::try_from(MAX_WATCHED_POLICIES).unwrap();
    let requests: Vec<_> = (0..most).map(|resource| watch(&policy.clone(), resource)).collect();
    assert!(requests.iter().all(|request| reasons(request).is_empty()));

    // Whichever policy it is: it goes on, and is not asked.
    let (_, another, not_asked) = slow();
    let one_more = watch(&another, most);
    assert_eq!(reasons(&one_more), [(Reason::DecisionPointUnavailable, false)]);
    let detail = Trail::of(one_more.extensions()).unwrap().read(|state| state.entries[0].detail.clone());
    assert!(detail.as_deref().unwrap().contains("64 answers"), "{detail:?}");
    assert!(not_asked.lock().unwrap().is_empty());

    tell.send(true).unwrap();
    settle().await;
    assert!(requests.iter().all(|request| reasons(request) == [(Reason::PolicyDenied, false)]));
    assert_eq!(*asked.lock().unwrap(), (0..most).collect::<Vec<_>>(), "each about its own resource");

    tell.send(false).unwrap();
    let after = watch(&Awaited(Frugal(policy)), 7);
    assert!(reasons(&after).is_empty(), "it is awaited again");
    tell.send(true).unwrap();
    settle().await;
    assert_eq!(reasons(&after), [(Reason::PolicyDenied, false)]);
}
