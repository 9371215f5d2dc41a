//! Resources of many tenants.

use portcullis_core::CredentialMethod;

use super::*;

#[derive(Debug)]
struct Invoice {
    tenant: &'static str,
}

#[derive(Debug)]
struct Line {
    tenant: Option<&'static str>,
}

#[derive(Default)]
struct Books {
    asked: AtomicU32,
}

impl Resource for Invoice {
    type Id = u32;
    type Store = TenantStore<Books>;
    type Rules = AllowAll;
    const PARAM: &'static str = "invoice";
}

impl Resource for Line {
    type Id = u32;
    type Store = TenantStore<Books>;
    type Rules = AllowAll;
    const PARAM: &'static str = "line";
}

impl TenantScoped for Invoice {
    const TENANT: Field<Self, str> = Field::text("tenant", |invoice| Some(invoice.tenant));
}

impl TenantScoped for Line {
    const TENANT: Field<Self, str> = Field::text("tenant", |line| line.tenant);
}

impl ChildOf<Invoice> for Line {
    type Through = Read;
}

/// Invoice 1 is of `red`, 2 of `blue`. Invoice 3 is of `blue`, but this store forgets to look.
impl LoadInTenant<Invoice> for Books {
    async fn load_in_tenant(&self, tenant: &str, id: &u32) -> Result<Option<Invoice>, StoreError> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        Ok(match (tenant, id) {
            ("red", 1) => Some(Invoice { tenant: "red" }),
            ("blue", 2) | (_, 3) => Some(Invoice { tenant: "blue" }),
            _ => None,
        })
    }
}

/// Line 9 is one of another tenant that got into the books, line 8 one of no tenant.
impl LoadWithin<Invoice, Line> for Books {
    async fn load_within(&self, parent: &Invoice, id: &u32) -> Result<Option<Line>, StoreError> {
        let tenant = match id {
            8 => None,
            9 => Some("green"),
            _ => Some(parent.tenant),
        };
        Ok(Some(Line { tenant }))
    }
}

struct AllowAll;

impl<A, R> Policy<A, R> for AllowAll {
    fn decide(&self, _: &Principal, _: &R) -> Decision {
        Decision::allow(Reason::PolicyAllowed)
    }
}

fn caller_of(tenant: Option<&str>) -> Request<()> {
    let caller = Principal::builder("alice", CredentialMethod::Jwt);
    request(&Who::Known(
        tenant
            .map_or_else(|| Principal::builder("alice", CredentialMethod::Jwt), |t| caller.tenant(t))
            .build(),
    ))
}

async fn asked(request: &Request<()>, store: &TenantStore<Books>, id: &str) -> Result<Invoice, Denial> {
    let view = RequestView::of(request).unwrap();
    let guard = Guard::new(&AllowAll);
    guard.load_and_authorize::<Read, Invoice>(&view, store, id).await.map(Permit::into_inner)
}

#[tokio::test]
async fn callers_see_what_their_tenant_has() {
    let store = TenantStore::new(Books::default());
    assert_eq!(asked(&caller_of(Some("red")), &store, "1").await.unwrap().tenant, "red");
    assert_eq!(asked(&caller_of(Some("blue")), &store, "2").await.unwrap().tenant, "blue");
    assert_eq!(asked(&caller_of(Some("blue")), &store, "3").await.unwrap().tenant, "blue");
}

/// A21.1: before any policy, and although this one allows everything.
#[tokio::test]
async fn what_another_tenant_has_is_absent_also_where_the_store_forgets_to_look() {
    let store = TenantStore::new(Books::default());
    let request = caller_of(Some("red"));
    for id in ["2", "3", "4"] {
        let denial = asked(&request, &store, id).await.unwrap_err();
        assert_eq!((denial.status().as_u16(), denial.reason()), (404, Reason::ResourceNotFound), "{id}");
    }
    assert_eq!(noted(&request, Room::Guard)[0].3, "Read Invoice/2: not in the tenant `red`");
}

#[tokio::test]
async fn a_caller_without_a_tenant_sees_nothing_and_nothing_is_loaded() {
    let (store, request) = (TenantStore::new(Books::default()), caller_of(None));
    for id in ["1", "2", "3"] {
        assert_eq!(asked(&request, &store, id).await.unwrap_err().status(), 404);
    }
    assert_eq!(store.danger_all_tenants().asked.load(Ordering::Relaxed), 0);
    assert_eq!(noted(&request, Room::Guard)[0].3, "Read Invoice/1: the caller is of no tenant");
    assert!(Load::<Invoice>::load(&store, &1).await.is_err());
}

impl ViewOfTenant for Books {
    type View = String;

    fn view_of_tenant(&self, tenant: &str) -> String {
        format!("the books of {tenant}")
    }
}

#[test]
fn handlers_get_what_the_callers_tenant_has_and_not_the_store() {
    let store = TenantStore::new(Books::default());
    let caller = || Principal::builder("alice", CredentialMethod::Jwt);
    assert_eq!(store.view_for(&caller().tenant("red").build()).as_deref(), Some("the books of red"));
    for homeless in [caller().build(), caller().tenant("").build()] {
        assert_eq!(store.view_for(&homeless), None);
    }
    assert_eq!(format!("{store:?}"), "TenantStore(..)");
}

#[tokio::test]
async fn what_lies_within_a_parent_is_of_its_tenant() {
    let store = TenantStore::new(Books::default());
    let mut request = caller_of(Some("red"));
    for (line, found) in [("1", true), ("8", false), ("9", false)] {
        request.extensions_mut().insert(PathParameters::new([("invoice", "1"), ("line", line)]));
        let view = RequestView::of(&request).unwrap();
        let guard = Guard::new(&AllowAll);
        let invoice = guard.from_request::<Read, Invoice>(&view, &store).await.unwrap();
        let permit = guard.within::<Write, Line, Invoice>(&view, invoice, &store).await;
        assert_eq!(permit.is_ok(), found, "{line}");
    }
}

/// A21.1: the parent came by another way, and its own policy let it through.
#[tokio::test]
async fn nothing_is_loaded_within_a_parent_of_another_tenant() {
    let store = TenantStore::new(Books::default());
    for (tenant, found) in [(Some("red"), true), (Some("blue"), false), (Some(""), false), (None, false)] {
        let mut request = caller_of(tenant);
        request.extensions_mut().insert(PathParameters::new([("line", "1")]));
        let view = RequestView::of(&request).unwrap();
        let guard = Guard::new(&AllowAll);
        let invoice = || Invoice { tenant: "red" };
        let parent = guard.danger_any_tenant().authorize::<Read, Invoice>(&view, invoice()).unwrap();
        // What came by another way is kept to the caller's tenant too, whatever the policy forgets.
        let authorized = guard.authorize::<Read, Invoice>(&view, invoice()).map_err(|denial| denial.reason());
        assert_eq!(authorized.map(drop), if found { Ok(()) } else { Err(Reason::ResourceNotFound) });
        let later = guard.authorize_async::<Read, Invoice>(&view, invoice()).await;
        assert_eq!(later.is_ok(), found, "{tenant:?}");
        let permit = guard.within::<Read, Line, Invoice>(&view, parent, &store).await;
        assert_eq!(permit.map_err(|denial| denial.reason()).is_ok(), found, "{tenant:?}");
    }
}
