//! Guards that answer 404, for what they hide and for what is not there.

use std::borrow::Cow;
use std::hint::black_box;
use std::pin::pin;
use std::sync::LazyLock;
use std::task::{Context, Poll, Waker};

use portcullis::Principal;
use portcullis::authz::engine::{DecisionPoint, Describe, EnginePolicy, Question};
use portcullis::authz::{
    Absent, Field, Filter, Filtered, Guard, ListPolicy, Load, LoadInTenant, Policy, Read, Resource,
    TenantScoped, TenantStore,
};
use portcullis::core::{Decision, Reason, Step, StoreError};
use serde_json::{Map, Value};

use crate::case::Case;
use crate::cases::Entry;
use crate::cases::guards::in_requests;

pub(super) const CASES: &[Entry] = &[
    ("guard hidden", || refused::<Plan>(Filtered(Readers), 7)),
    ("guard absent", || refused::<Plan>(Filtered(Readers), 8)),
    ("guard hidden plainly", || refused::<Plan>(Nobody, 7)),
    ("guard absent plainly", || refused::<Plan>(Nobody, 8)),
    ("guard hidden by conditions", || refused::<Plan>(Filtered(Careful), 7)),
    ("guard absent by conditions", || refused::<Plan>(Filtered(Careful), 8)),
    ("guard hidden of many", || refused::<Plan>(Filtered(Members), 7)),
    ("guard hidden of many by nothing", || refused::<Plan>(Filtered(Members), 6)),
    ("guard hidden of many alike", || refused::<Plan>(Filtered(Members), 5)),
    ("guard absent of many", || refused::<Plan>(Filtered(Members), 8)),
    ("guard hidden by an engine", || refused::<Told>(EnginePolicy::new(Engine), 7)),
    ("guard absent by an engine", || refused::<Told>(EnginePolicy::new(Engine), 8)),
    ("guard hidden of a tenant", || refused_in_tenant(7)),
    ("guard absent of a tenant", || refused_in_tenant(8)),
    ("guard found", || found(7)),
];

/// What a filter of the library hides.
#[derive(Debug)]
struct Plan {
    owner: String,
    team: Option<String>,
    public: bool,
}

const OWNER: Field<Plan, str> = Field::text("owner", |plan| Some(&plan.owner));
const TEAM: Field<Plan, str> = Field::text("team", |plan| plan.team.as_deref());
const PUBLIC: Field<Plan, bool> = Field::boolean("public", |plan| Some(plan.public));

/// The same, kept apart by tenants.
#[derive(Debug)]
struct Kept(Plan);

const KEPT_OWNER: Field<Kept, str> = Field::text("owner", |kept| Some(&kept.0.owner));
const KEPT_TEAM: Field<Kept, str> = Field::text("team", |kept| kept.0.team.as_deref());
const KEPT_PUBLIC: Field<Kept, bool> = Field::boolean("public", |kept| Some(kept.0.public));

struct Plans;
struct Readers;

impl Resource for Kept {
    type Id = u64;
    type Store = TenantStore<Plans>;
    type Rules = Filtered<Readers>;
}

impl TenantScoped for Kept {
    const TENANT: Field<Self, str> = Field::text("tenant", |_| Some("red"));
}

impl LoadInTenant<Kept> for Plans {
    async fn load_in_tenant(&self, _: &str, id: &u64) -> Result<Option<Kept>, StoreError> {
        Ok(Self::find(*id).map(Kept))
    }
}

impl ListPolicy<Read, Kept> for Readers {
    fn filter(&self, caller: &Principal) -> Filter<Kept> {
        let owned = KEPT_OWNER.equals(caller.subject());
        owned.or(KEPT_PUBLIC.equals(true)).or(KEPT_TEAM.one_of(["sales", "legal"]))
    }
}

impl Resource for Plan {
    type Id = u64;
    type Store = Plans;
    type Rules = Filtered<Readers>;
}

impl Plans {
    /// Does the same work for what it has and for what it does not have.
    fn find(id: u64) -> Option<Plan> {
        let team = match black_box(id) {
            5 => Some("0195c1d0-7f3a-7c41-9b8e-000000000100".to_owned()),
            6 => None,
            _ => Some("finance".to_owned()),
        };
        let plan = Plan { owner: "robert".to_owned(), team, public: false };
        Some(plan).filter(|_| (5..8).contains(&black_box(id)))
    }
}

impl Load<Plan> for Plans {
    async fn load(&self, id: &u64) -> Result<Option<Plan>, StoreError> {
        Ok(Self::find(*id))
    }
}

impl ListPolicy<Read, Plan> for Readers {
    fn filter(&self, caller: &Principal) -> Filter<Plan> {
        OWNER.equals(caller.subject()).or(PUBLIC.equals(true)).or(TEAM.one_of(["sales", "legal"]))
    }
}

/// A policy in plain code, which looks at the resource and says no.
struct Nobody;

impl Policy<Read, Plan> for Nobody {
    fn decide(&self, caller: &Principal, plan: &Plan) -> Decision {
        Decision::allow_if(plan.owner == caller.subject(), Reason::PolicyDenied)
    }
}

/// Many teams, as a directory names them.
struct Members;

const MANY: usize = 100;

fn team(number: usize) -> String {
    format!("0195c1d0-7f3a-7c41-9b8e-{number:012}")
}

impl ListPolicy<Read, Plan> for Members {
    fn filter(&self, caller: &Principal) -> Filter<Plan> {
        static TEAMS: LazyLock<Vec<String>> = LazyLock::new(|| (0..MANY).map(team).collect());
        OWNER.equals(caller.subject()).or(TEAM.one_of(TEAMS.iter().map(String::as_str)))
    }
}

/// Conditions that must all hold, of which the second fails for the plan.
struct Careful;

impl ListPolicy<Read, Plan> for Careful {
    fn filter(&self, caller: &Principal) -> Filter<Plan> {
        PUBLIC
            .equals(false)
            .and(OWNER.equals(caller.subject()))
            .and(TEAM.one_of(["sales", "finance", "legal"]))
    }
}

/// The same, described to an engine.
struct Told(Plan);

impl Resource for Told {
    type Id = u64;
    type Store = Plans;
    type Rules = EnginePolicy<Engine>;
    const ABSENT: Absent<Self> = Absent::AskedAs(|_| {
        Self(Plan { owner: "nobody".to_owned(), team: Some("nobody".to_owned()), public: false })
    });
}

impl Load<Told> for Plans {
    async fn load(&self, id: &u64) -> Result<Option<Told>, StoreError> {
        Ok(Self::find(*id).map(Told))
    }
}

impl Describe for Told {
    fn kind(&self) -> Cow<'_, str> {
        "plan".into()
    }

    fn id(&self) -> Cow<'_, str> {
        "7".into()
    }

    fn attributes(&self) -> Map<String, Value> {
        [("owner".to_owned(), self.0.owner.as_str().into())].into_iter().collect()
    }
}

/// An engine that looks at one attribute.
struct Engine;

impl DecisionPoint for Engine {
    fn name(&self) -> &str {
        "engine"
    }

    fn decide(&self, question: &Question<'_>) -> Step<Decision> {
        let owner = question.attributes().get("owner").and_then(Value::as_str);
        let decision = Decision::allow_if(owner == Some(question.caller().subject()), Reason::PolicyDenied);
        Step::Done(decision.because("no policy permits it"))
    }
}

/// A guard that answers 404: what is 7 is hidden, and nothing else is there.
fn refused<R>(policy: impl Policy<Read, R> + 'static, id: u64) -> Case
where
    R: Resource<Store = Plans>,
    Plans: Load<R>,
{
    let id = id.to_string();
    in_requests(10, move |view, _| {
        let guard = Guard::new(&policy);
        let permit = now(guard.load_and_authorize::<Read, R>(view, &Plans, black_box(&id)));
        drop(black_box(permit).map(drop).expect_err("a refusal"));
    })
}

/// The same of a tenant.
fn refused_in_tenant(id: u64) -> Case {
    let (store, policy, id) = (TenantStore::new(Plans), Filtered(Readers), id.to_string());
    in_requests(10, move |view, _| {
        let guard = Guard::new(&policy);
        let permit = now(guard.load_and_authorize::<Read, Kept>(view, &store, black_box(&id)));
        drop(black_box(permit).expect_err("a refusal"));
    })
}

/// The request and what the store does, alone.
fn found(id: u64) -> Case {
    in_requests(10, move |_, _| drop(black_box(Plans::find(id))))
}

/// What never has to wait.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = Context::from_waker(Waker::noop());
    match pin!(future).poll(&mut context) {
        Poll::Ready(answer) => answer,
        Poll::Pending => panic!("nothing here waits"),
    }
}
