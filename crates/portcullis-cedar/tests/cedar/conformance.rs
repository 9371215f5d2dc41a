//! The suite that every decision point passes.

use std::sync::Arc;

use portcullis_authz::conformance::{decision_points, failing_decision_points};
use portcullis_authz::engine::DecisionPoint;
use portcullis_cedar::Cedar;

use crate::support::built;

const SCHEMA: &str =
    "entity user; entity document; action read, write appliesTo { principal: user, resource: document };";

fn point(policies: &str) -> Arc<dyn DecisionPoint> {
    Arc::new(built(Cedar::builder().schema("s", SCHEMA).policies("p", policies).principal_type("user")))
}

#[tokio::test]
async fn decides_as_every_decision_point_must() {
    let policies =
        "permit(principal == user::\"alice\", action == Action::\"read\", resource == document::\"1\");";
    decision_points(&point(policies)).await;
}

#[tokio::test]
async fn fails_as_every_decision_point_must() {
    let policies = "permit(principal, action, resource);
        forbid(principal, action, resource) when { 9223372036854775807 + (if principal == resource then 0 else 1) > 0 };";
    failing_decision_points(&point(policies)).await;
}
