//! What the owner of the application reads of a guard's decision.

use portcullis_core::{Explanation, Finding, Trail};

use super::*;

/// Attaches the tree of an engine to its decision.
struct Engine;

impl Policy<Read, Document> for Engine {
    fn decide(&self, caller: &Principal, document: &Document) -> Decision {
        let owns = document.owner == caller.subject();
        let finding = if owns { Finding::Holds } else { Finding::Fails };
        let tree = Explanation::new("owner", finding).held(document.owner.clone()).decisive();
        Decision::allow_if(owns, Reason::PolicyDenied).explained(tree)
    }
}

async fn told<P: Policy<Read, Document>>(policy: &P, id: &str) -> String {
    let request = request(&known("", &[]));
    let view = RequestView::of(&request).unwrap();
    let store = Store::default();
    let denial = Guard::new(policy).load_and_authorize::<Read, Document>(&view, &store, id).await.err();
    let trail = Trail::of(request.extensions()).unwrap();
    let tree =
        trail.read(|state| state.entries.last().unwrap().explained.clone()).unwrap().tree(trail.principal());
    if let Some(denial) = denial {
        // What the event has is what the refusal carries, and the caller sees none of it.
        assert_eq!(denial.explanation_tree().unwrap().tree(trail.principal()), tree);
        assert!(denial.disclosed().is_none());
        assert!(!String::from_utf8_lossy(response(denial).body()).contains("Document"));
    }
    tree.to_string()
}

#[tokio::test]
async fn a_refusal_says_what_was_asked_and_what_came_of_it() {
    assert_eq!(told(&Rules, "bob").await, "* Read Document/bob: fails, held policy_denied\n");
    assert_eq!(told(&Rules, "absent").await, "* Read Document/absent: fails, held resource_not_found\n");
    assert_eq!(told(&Rules, "broken").await, "* Read Document/broken: unknown, held store_unavailable\n");
    assert_eq!(told(&Rules, "failing").await, "* Read Document/failing: unknown, held store_unavailable\n");
}

#[tokio::test]
async fn the_tree_of_the_policy_stands_below_that_of_the_guard() {
    assert_eq!(
        told(&Engine, "bob").await,
        "Read Document/bob: fails, held policy_denied\n* owner: fails, held bob\n"
    );
    assert_eq!(
        told(&Engine, "alice").await,
        "Read Document/alice: holds, held policy_allowed\n* owner: holds, held alice\n"
    );
}

#[tokio::test]
async fn identifiers_are_cut_and_escaped() {
    let text = told(&Rules, &format!("\n{}", "x".repeat(900))).await;
    assert!(text.starts_with(r"* Read Document/\u{a}xxx") && text.len() < 200, "{text}");
}

/// A caller whom the application trusts with explanations learns why something is absent for them, too.
#[tokio::test]
async fn whom_the_application_names_is_told() {
    let request = request(&known("", &[]));
    let trail = Trail::of(request.extensions()).unwrap();
    trail.disclose();
    let view = RequestView::of(&request).unwrap();
    for (id, told) in [("bob", "policy_denied"), ("absent", "resource_not_found")] {
        let store = Store::default();
        let refused = Guard::new(&Rules).load_and_authorize::<Read, Document>(&view, &store, id).await;
        assert_eq!(refused.unwrap_err().disclosed().unwrap().held_text(), Some(told));
    }
}
