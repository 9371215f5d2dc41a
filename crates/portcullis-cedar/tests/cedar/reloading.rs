//! Files that change while requests are served.

use std::time::Duration;

use portcullis_cedar::{Cedar, Reloaded};
use portcullis_core::Readiness;

use crate::support::{Folder, SCHEMA, alice, built, may_read};

const NOBODY: &str = "permit(principal == User::\"nobody\", action, resource);";
const EVERYBODY: &str = "permit(principal, action, resource);";

fn folder(policies: &str) -> (Folder, Cedar) {
    let folder = Folder::new();
    folder.write("schema.cedarschema", SCHEMA);
    folder.write("documents.cedar", policies);
    let cedar = built(Cedar::builder().directory(folder.path()).poll_interval(Duration::from_secs(1)));
    (folder, cedar)
}

#[test]
fn a_changed_file_is_taken_over() {
    let (folder, cedar) = folder(NOBODY);
    let alice = alice().build();
    assert!(!may_read(&cedar, &alice));
    assert_eq!(cedar.reload(), Ok(Reloaded::Unchanged));
    folder.write("documents.cedar", EVERYBODY);
    let other = cedar.clone();
    assert_eq!(cedar.reload(), Ok(Reloaded::Replaced));
    assert!(may_read(&cedar, &alice) && may_read(&other, &alice));
    folder.write("frozen.cedar", "forbid(principal, action, resource);");
    assert_eq!(cedar.reload(), Ok(Reloaded::Replaced));
    assert!(!may_read(&cedar, &alice));
    assert_eq!(cedar.policy_count(), 2);
}

#[test]
fn a_broken_file_leaves_the_policies_before_in_force_and_is_told() {
    let (folder, cedar) = folder(EVERYBODY);
    let alice = alice().build();
    for broken in
        ["permit(principal", "", "permit(principal, action, resource) when { principal.nmae == 1 };"]
    {
        folder.write("documents.cedar", broken);
        let errors = cedar.reload().unwrap_err();
        assert!(!errors.is_empty());
        assert_eq!(cedar.problems().as_deref(), Some(&errors), "{broken}");
        assert!(may_read(&cedar, &alice) && cedar.is_ready(), "{broken}");
    }
    folder.write("documents.cedar", EVERYBODY);
    assert_eq!(cedar.reload(), Ok(Reloaded::Unchanged));
    assert!(cedar.problems().is_none());
    folder.remove("documents.cedar");
    assert_eq!(cedar.reload().unwrap_err().codes().collect::<Vec<_>>(), ["P265"]);
    assert!(may_read(&cedar, &alice));
}

/// Waits for as many looks.
async fn looks(number: u32) {
    for _ in 0..number {
        tokio::time::sleep(Duration::from_millis(1_001)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn a_watch_takes_over_what_two_looks_found_alike() {
    let (folder, cedar) = folder(NOBODY);
    let alice = alice().build();
    let watch = cedar.spawn_watch();
    folder.write("documents.cedar", EVERYBODY);
    looks(4).await;
    assert!(may_read(&cedar, &alice));
    folder.write("documents.cedar", "permit(");
    looks(4).await;
    assert!(may_read(&cedar, &alice));
    assert_eq!(cedar.problems().unwrap().codes().collect::<Vec<_>>(), ["P260"]);

    drop(watch);
    folder.write("documents.cedar", NOBODY);
    looks(4).await;
    assert!(may_read(&cedar, &alice), "nobody looks any more");
}

/// A file that is still being written may be whole without its last policies, such as one that forbids.
#[tokio::test(start_paused = true)]
async fn a_file_that_changes_between_two_looks_is_not_taken() {
    let (folder, cedar) = folder(NOBODY);
    let alice = alice().build();
    let _watch = cedar.spawn_watch();
    for number in 0..6 {
        folder.write("documents.cedar", &format!("{EVERYBODY} // {number}"));
        looks(1).await;
        assert!(!may_read(&cedar, &alice), "look {number}");
    }
    looks(3).await;
    assert!(may_read(&cedar, &alice));
}

#[tokio::test(start_paused = true)]
async fn upkeep_looks_after_files_and_ends_with_the_engine() {
    let (folder, cedar) = folder(NOBODY);
    let alice = alice().build();
    let upkeep = tokio::spawn(cedar.upkeep().unwrap());
    folder.write("documents.cedar", EVERYBODY);
    looks(4).await;
    assert!(may_read(&cedar, &alice));
    drop(cedar);
    looks(2).await;
    assert!(upkeep.is_finished());
}

#[test]
fn what_the_program_brings_along_needs_no_upkeep() {
    let cedar = built(Cedar::builder().schema("s", SCHEMA).policies("p", EVERYBODY).name("documents"));
    assert!(cedar.upkeep().is_none() && cedar.is_ready());
    assert_eq!(Readiness::name(&cedar), "documents");
    assert_eq!(cedar.reload(), Ok(Reloaded::Unchanged));
}

/// Whoever asks sees the old policies or the new ones, never something between.
#[test]
fn decisions_during_reloads_are_by_one_set_or_the_other() {
    let (folder, cedar) = folder("permit(principal, action == Action::\"Read\", resource);");
    let alice = alice().build();
    std::thread::scope(|scope| {
        let asking = scope.spawn(|| (0..500).all(|_| may_read(&cedar, &alice)));
        for number in 0..20 {
            folder.write("documents.cedar", &format!("{EVERYBODY} // {number}"));
            assert_eq!(cedar.reload(), Ok(Reloaded::Replaced));
        }
        assert!(asking.join().unwrap());
    });
}
