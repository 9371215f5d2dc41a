//! Lists of resources that have tenants: they show what single reads show, whatever the policy forgets.

use std::sync::Arc;

use portcullis_core::{CredentialMethod, Mode};
use proptest::prelude::*;

use super::*;
use crate::{Demands, MAX_FILTER_TERMS};

#[derive(Clone, Debug)]
struct Note {
    tenant: Option<String>,
    owner: String,
}

const OWNER: Field<Note, str> = Field::text("owner", |note| Some(&note.owner));

/// Forgets to look at the tenant that it is asked for.
#[derive(Clone, Default)]
struct Notes(Arc<[Note]>);

impl Resource for Note {
    type Id = usize;
    type Store = TenantStore<Notes>;
    type Rules = Filtered<Forgetful>;
}

impl TenantScoped for Note {
    const TENANT: Field<Self, str> = Field::text("tenant", |note| note.tenant.as_deref());
}

impl LoadInTenant<Note> for Notes {
    async fn load_in_tenant(&self, _: &str, id: &usize) -> Result<Option<Note>, StoreError> {
        Ok(self.0.get(*id).cloned())
    }
}

/// Its filter has no word of tenants. An auditor sees everything.
struct Forgetful(Mode);

impl ListPolicy<Read, Note> for Forgetful {
    fn filter(&self, caller: &Principal) -> Filter<Note> {
        OWNER.equals(caller.subject()).or(Filter::all_if(caller.has_role("auditor")))
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

fn caller(tenant: Option<&str>, role: &str) -> Principal {
    let caller = Principal::builder("alice", CredentialMethod::Jwt).role(role);
    match tenant {
        Some(tenant) => caller.tenant(tenant).build(),
        None => caller.build(),
    }
}

fn visible<P: ListPolicy<Read, Note>>(request: &Request<()>, policy: &P) -> Result<Filter<Note>, Denial> {
    let view = RequestView::of(request).unwrap();
    Guard::new(policy).visible::<Read, Note>(&view).map(|visible| visible.filter().clone())
}

#[track_caller]
fn check(mode: Mode, tenant: Option<&str>, role: &str, shown: &str, detail: &str) {
    let request = request(&Who::Known(caller(tenant, role)));
    assert_eq!(visible(&request, &Forgetful(mode)).unwrap().to_string(), shown);
    assert_eq!(noted(&request, Room::Guard)[0].3, detail);
}

/// A21.1: a list of another tenant's, by a policy that forgets tenants.
#[test]
fn a_list_has_the_callers_tenant_although_the_policy_forgets_it_and_the_event_says_so() {
    let both = "tenant = ? and owner = ?";
    check(Mode::Enforce, Some("red"), "auditor", "tenant = ?", "Read Note where tenant = ?");
    check(Mode::Enforce, Some("red"), "", both, "Read Note where tenant = ? and owner = ?");
}

#[test]
fn a_caller_without_a_tenant_lists_nothing_and_the_policy_is_not_asked() {
    struct Panics;
    impl ListPolicy<Read, Note> for Panics {
        fn filter(&self, _: &Principal) -> Filter<Note> {
            panic!("asked although nothing is within reach")
        }
    }
    let detail = "Read Note where nothing: the caller is of no tenant";
    for tenant in [None, Some("")] {
        for mode in [Mode::Enforce, Mode::Shadow] {
            check(mode, tenant, "auditor", "nothing", detail);
        }
        let request = request(&Who::Known(caller(tenant, "auditor")));
        assert!(visible(&request, &Panics).unwrap().is_nothing());
    }
}

#[test]
fn a_policy_in_the_shadow_does_not_take_the_wall_down() {
    let would = "Read Note where tenant = ? and owner = ?";
    check(Mode::Shadow, Some("red"), "", "tenant = ?", would);
    check(Mode::Percent(0), Some("red"), "", "tenant = ?", would);
    struct Panics;
    impl ListPolicy<Read, Note> for Panics {
        fn filter(&self, _: &Principal) -> Filter<Note> {
            panic!("a policy that is not ready yet")
        }
        fn mode(&self) -> Mode {
            Mode::Shadow
        }
    }
    let request = request(&Who::Known(caller(Some("red"), "")));
    assert_eq!(visible(&request, &Panics).unwrap().to_string(), "tenant = ?");
}

/// What is borne by a single read is borne by a list: the tenant is not counted.
#[test]
fn a_filter_at_the_limit_is_no_larger_for_the_tenant() {
    struct Many(usize);
    impl ListPolicy<Read, Note> for Many {
        fn filter(&self, _: &Principal) -> Filter<Note> {
            OWNER.one_of((0..self.0).map(|number| number.to_string()))
        }
    }
    let request = request(&Who::Known(caller(Some("red"), "")));
    let largest = visible(&request, &Many(MAX_FILTER_TERMS)).unwrap();
    assert_eq!(largest.to_sql(Dialect::Postgres, 1).unwrap().values().len(), MAX_FILTER_TERMS + 1);
    let own = Note { tenant: Some("red".into()), owner: "7".into() };
    assert!(largest.matches(&own) && !largest.matches(&Note { tenant: Some("blue".into()), ..own }));
    let denial = visible(&request, &Many(MAX_FILTER_TERMS + 1)).unwrap_err();
    assert_eq!((denial.status().as_u16(), denial.reason()), (500, Reason::InternalError));
}

/// For the route table.
#[test]
fn demands_say_that_tenants_are_apart() {
    assert_eq!(Visible::<Read, Note>::demands(), "visible(Read Note of the caller's tenant)");
    assert_eq!(Permit::<Read, Note>::demands(), "permit(Read Note of the caller's tenant)");
    assert_eq!(Permit::<Read, Document>::demands(), "permit(Read Document)");
}

fn tenant() -> impl Strategy<Value = Option<&'static str>> {
    proptest::option::of(prop::sample::select(vec!["red", "Red", "blue", ""]))
}

proptest! {
    /// A21.1.
    #[test]
    fn lists_and_single_reads_agree_on_tenants(
        notes in prop::collection::vec((tenant(), "alice|bob"), 0..6),
        of in tenant(),
        auditor: bool,
        mode in prop::sample::select(vec![Mode::Enforce, Mode::Shadow]),
    ) {
        let notes = notes.into_iter().map(|(tenant, owner)| Note { tenant: tenant.map(Into::into), owner });
        let notes: Arc<[Note]> = notes.collect();
        let request = request(&Who::Known(caller(of, if auditor { "auditor" } else { "" })));
        let view = RequestView::of(&request).unwrap();
        let (rules, store) = (Filtered(Forgetful(mode)), TenantStore::new(Notes(Arc::clone(&notes))));
        let guard = Guard::new(&rules);
        let listed = guard.visible::<Read, Note>(&view).unwrap();
        for (id, note) in notes.iter().enumerate() {
            let id = id.to_string();
            let single = guard.load_and_authorize::<Read, Note>(&view, &store, &id);
            let single = deadline::at_once(single).unwrap();
            prop_assert_eq!(single.is_ok(), listed.filter().matches(note), "{:?} {:?}", of, note);
        }
    }
}
