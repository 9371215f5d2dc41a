//! What is hidden is told from what is absent neither by the answer nor by the work of the guard, whichever way it is loaded.

#![expect(clippy::unwrap_used, reason = "the helpers of a test may fail it")]

use allocation_counter::measure;
use http::Request;
use portcullis_authz::{
    ChildOf, Field, Filter, Filtered, Guard, ListPolicy, LoadInTenant, LoadWithin, Policy, Read, Resource,
    Source, TenantScoped, TenantStore,
};
use portcullis_core::{Clock, CredentialMethod, Decision, Principal, Reason, RequestView, StoreError, Trail};

/// Numbers below 10 are of red, those below 20 of blue; what ends in 0 is Alice's.
#[derive(Debug)]
struct Bill {
    number: u32,
    tenant: &'static str,
    owner: String,
}

/// A line of a bill; what is even is there.
#[derive(Debug)]
struct Line {
    text: String,
}

struct Ledger;
struct Rules;

const OWNER: Field<Bill, str> = Field::text("owner", |bill| Some(&bill.owner));
const TEXT: Field<Line, str> = Field::text("text", |line| Some(&line.text));

impl Resource for Bill {
    type Id = u32;
    type Store = TenantStore<Ledger>;
    type Rules = Filtered<Rules>;
    const SOURCE: Source = Source::Query("bill");
}

impl TenantScoped for Bill {
    const TENANT: Field<Self, str> = Field::text("tenant", |bill| Some(bill.tenant));
}

impl Resource for Line {
    type Id = u32;
    type Store = TenantStore<Ledger>;
    type Rules = Filtered<Rules>;
    const SOURCE: Source = Source::Query("line");
}

impl TenantScoped for Line {
    const TENANT: Field<Self, str> = Field::text("tenant", |_| Some("red"));
}

impl ChildOf<Bill> for Line {
    type Through = Read;
}

impl LoadInTenant<Bill> for Ledger {
    /// Does the same work for what it has and for what it does not have.
    async fn load_in_tenant(&self, tenant: &str, id: &u32) -> Result<Option<Bill>, StoreError> {
        let owner = if id.is_multiple_of(10) { "alice" } else { "robert" };
        let of = if *id < 10 { "red" } else { "blue" };
        let bill = Bill { number: *id, tenant: of, owner: owner.to_owned() };
        Ok(Some(bill).filter(|bill| bill.tenant == tenant && bill.number != 9))
    }
}

impl LoadWithin<Bill, Line> for Ledger {
    async fn load_within(&self, _: &Bill, id: &u32) -> Result<Option<Line>, StoreError> {
        Ok(Some(Line { text: "not hers".to_owned() }).filter(|_| id.is_multiple_of(2)))
    }
}

impl ListPolicy<Read, Bill> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Bill> {
        OWNER.equals(caller.subject())
    }
}

impl ListPolicy<Read, Line> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Line> {
        TEXT.equals(caller.subject()).and(!TEXT.is_null())
    }
}

/// In plain code.
struct Plain;

impl Policy<Read, Bill> for Plain {
    fn decide(&self, caller: &Principal, bill: &Bill) -> Decision {
        Decision::allow_if(bill.owner == caller.subject(), Reason::PolicyDenied)
    }
}

impl Policy<Read, Line> for Plain {
    fn decide(&self, _: &Principal, _: &Line) -> Decision {
        Decision::deny(Reason::PolicyDenied)
    }
}

fn request(query: &str) -> Request<()> {
    let mut request = Request::builder().uri(format!("/bills?{query}")).body(()).unwrap();
    let alice = Principal::builder("alice", CredentialMethod::Jwt).tenant("red").build();
    Trail::ensure(request.extensions_mut(), &Clock::system()).authenticated(alice).unwrap();
    request
}

/// A future that never has to wait.
fn now<F: Future>(future: F) -> F::Output {
    let mut context = std::task::Context::from_waker(std::task::Waker::noop());
    let answer = match std::pin::pin!(future).poll(&mut context) {
        std::task::Poll::Ready(answer) => Some(answer),
        std::task::Poll::Pending => None,
    };
    answer.unwrap()
}

/// The allocations of a refusal, and why it was refused.
#[track_caller]
fn refused<P>(policy: &P, query: &str) -> (u64, Reason)
where
    P: Policy<Read, Bill> + Policy<Read, Line>,
{
    let (request, store, guard) = (request(query), TenantStore::new(Ledger), Guard::new(policy));
    let view = RequestView::of(&request).unwrap();
    let mut refused = None;
    let counted = measure(|| {
        let asked = async {
            let bill = guard.from_request::<Read, Bill>(&view, &store).await?;
            guard.within::<Read, Line, Bill>(&view, bill, &store).await.map(drop)
        };
        refused = Some(now(asked).unwrap_err());
    });
    let refused = refused.unwrap();
    assert_eq!(refused.status(), 404);
    (counted.count_total, refused.reason())
}

/// A21.1.
#[test]
fn a_hidden_resource_costs_as_many_allocations_as_an_absent_one_whichever_way_it_is_loaded() {
    fn check(policy: &(impl Policy<Read, Bill> + Policy<Read, Line>)) {
        let (hidden, absent) = (Reason::ResourceHidden, Reason::ResourceNotFound);
        // Of her tenant, not there, and of another tenant.
        let of_hers = refused(policy, "bill=7");
        assert_eq!(of_hers.1, hidden);
        for query in ["bill=9", "bill=17"] {
            assert_eq!(refused(policy, query), (of_hers.0, absent), "{query}");
        }
        // Within a bill that she may see.
        let line = refused(policy, "bill=0&line=2");
        assert_eq!(line.1, hidden);
        assert_eq!(refused(policy, "bill=0&line=1"), (line.0, absent));
    }
    check(&Filtered(Rules));
    check(&Plain);
}
