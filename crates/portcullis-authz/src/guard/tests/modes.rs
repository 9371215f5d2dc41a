//! Policies that are watched before they are enforced.

use portcullis_core::Mode;

use super::*;

/// Refuses, fails or never answers, and is taken as seriously as it says.
struct Watched(Mode);

impl Policy<Read, Document> for Watched {
    fn decide(&self, _: &Principal, document: &Document) -> Decision {
        match document.owner.as_str() {
            "panicking" => panic!("a policy that is not ready yet"),
            "failing" => Decision::deny(Reason::StoreUnavailable),
            "alice" => Decision::allow(Reason::PolicyAllowed),
            _ => Decision::deny(Reason::PolicyDenied).because("not yet"),
        }
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

async fn asked(request: &Request<()>, mode: Mode, owner: &str) -> Result<Permit<Read, Document>, Denial> {
    let view = RequestView::of(request).unwrap();
    Guard::new(&Watched(mode)).load_and_authorize(&view, &Store::default(), owner).await
}

#[tokio::test]
async fn what_would_have_been_refused_is_noted_and_handed_over() {
    let request = request(&known("", &[]));
    assert_eq!(asked(&request, Mode::Shadow, "bob").await.unwrap().owner, "bob");
    assert_eq!(asked(&request, Mode::Shadow, "failing").await.unwrap().owner, "failing");
    let told = |reason, detail: &str| (Effect::Deny, reason, false, detail.to_owned());
    assert_eq!(
        noted(&request, Room::Guard),
        [
            told(Reason::PolicyDenied, "Read Document/bob: policy_denied, not yet"),
            told(Reason::StoreUnavailable, "Read Document/failing: store_unavailable"),
        ]
    );
}

/// So that those who would be refused can be counted beside those who would not.
#[tokio::test]
async fn what_would_have_been_allowed_is_noted_as_watched_too() {
    for (mode, enforced) in [(Mode::Shadow, false), (Mode::Percent(0), false), (Mode::Percent(100), true)] {
        let request = request(&known("", &[]));
        assert!(asked(&request, mode, "alice").await.is_ok());
        let expected = (Effect::Allow, Reason::PolicyAllowed, enforced, "Read Document/alice".to_owned());
        assert_eq!(noted(&request, Room::Guard), [expected], "{mode:?}");
    }
}

/// Like every failure of a watched policy.
#[tokio::test]
async fn a_watched_policy_that_panics_changes_no_answer() {
    let request = request(&known("", &[]));
    assert!(asked(&request, Mode::Shadow, "panicking").await.is_ok());
    let noted = noted(&request, Room::Guard).remove(0);
    assert_eq!((noted.0, noted.1, noted.2), (Effect::Deny, Reason::Panicked, false));
}

/// There is nothing to hand over, whatever the mode.
#[tokio::test]
async fn what_is_absent_or_cannot_be_loaded_is_refused_in_shadow_too() {
    let request = request(&known("", &[]));
    assert_eq!(asked(&request, Mode::Shadow, "absent").await.unwrap_err().status(), 404);
    assert_eq!(asked(&request, Mode::Shadow, "broken").await.unwrap_err().status(), 503);
    let anonymous = super::request(&Who::Anonymous);
    assert_eq!(asked(&anonymous, Mode::Shadow, "bob").await.unwrap_err().status(), 401);
}

#[tokio::test]
async fn a_share_of_the_requests_is_refused() {
    let request = request(&known("", &[]));
    assert_eq!(asked(&request, Mode::Percent(100), "bob").await.unwrap_err().status(), 404);
    assert!(asked(&request, Mode::Percent(0), "bob").await.is_ok());
    // The same request has the same lot each time.
    let half = asked(&request, Mode::Percent(50), "bob").await.is_ok();
    for _ in 0..10 {
        assert_eq!(asked(&request, Mode::Percent(50), "bob").await.is_ok(), half);
    }
}
