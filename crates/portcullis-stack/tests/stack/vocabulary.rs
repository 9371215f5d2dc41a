//! Scopes, roles and denials of a whole application.

use http::{Method, StatusCode};
use portcullis_authz::{
    Demand, LoadRoles, RoleModel, RoleModelBuilder, Rule, ScopeCatalog, anonymous, authenticated, network,
    permission, role, scope, tenant_matches, via_method,
};
use portcullis_core::{CredentialMethod, Principal, Scopes, StoreError};
use portcullis_stack::{RouteList, RoutePolicy, RouteTable, Security, SecurityBuilder};

use crate::support::Bench;

fn alice(scopes: &str, roles: &[&str]) -> Principal {
    Principal::builder("alice", CredentialMethod::ApiKey)
        .scopes(Scopes::parse(scopes).unwrap())
        .roles(roles.iter().copied())
        .tenant("acme")
        .build()
}

fn catalog() -> ScopeCatalog {
    ScopeCatalog::new(["read", "write"]).implies("write", ["read"])
}

fn model() -> RoleModel {
    let roles = RoleModel::builder().role("viewer").permits("notes:read").role("editor").includes("viewer");
    roles.role("suspended").build().unwrap()
}

/// The status and the reason for Alice, at `/acme/notes` under that rule.
async fn call(
    alice: Principal,
    rule: Rule,
    change: impl FnOnce(SecurityBuilder) -> SecurityBuilder,
) -> (u16, &'static str) {
    let routes = RouteList::new().route(Method::GET, "/{tenant}/notes", "notes", RoutePolicy::requires(rule));
    let bench = Bench::for_alice(alice, &routes, change);
    let status = bench.call(bench.as_alice("GET", "/acme/notes")).await.status().as_u16();
    (status, bench.last_reason())
}

#[tokio::test]
async fn routes_are_bound_to_the_scopes_and_roles_of_the_application() {
    let bound = |security: SecurityBuilder| security.scopes(catalog()).roles(model());
    for (alice, rule, expected) in [
        (alice("write", &[]), scope("read"), (200, "-")),
        (alice("read", &[]), scope("write"), (403, "insufficient_scope")),
        (alice("", &["editor"]), role("viewer"), (200, "-")),
        (alice("", &["editor"]), permission("notes:read"), (200, "-")),
        (alice("", &["suspended"]), permission("notes:read"), (403, "insufficient_permission")),
        (alice("", &[]), tenant_matches("tenant"), (200, "-")),
    ] {
        assert_eq!(call(alice, rule.clone(), bound).await, expected, "{rule}");
    }
    assert_eq!(call(alice("write", &["editor"]), scope("read"), |security| security).await.0, 403);
}

/// A21.1: another tenant's path is refused, whatever else is allowed.
#[tokio::test]
async fn another_tenants_path_is_refused() {
    let rule = scope("read").and(tenant_matches("tenant"));
    let routes = RouteList::new().route(Method::GET, "/{tenant}/notes", "notes", RoutePolicy::requires(rule));
    let bench = Bench::for_alice(alice("read", &[]), &routes, |security| security);
    for (path, status, reason) in [
        ("/acme/notes", StatusCode::OK, "-"),
        ("/globex/notes", StatusCode::FORBIDDEN, "tenant_mismatch"),
        ("/nobody/notes", StatusCode::FORBIDDEN, "tenant_mismatch"),
    ] {
        assert_eq!(bench.call(bench.as_alice("GET", path)).await.status(), status, "{path}");
        assert_eq!(bench.last_reason(), reason);
    }
    assert_eq!(bench.times_reached(), 1);
}

#[tokio::test]
async fn what_is_forbidden_everywhere_beats_what_a_route_allows() {
    let forbid = |security: SecurityBuilder| security.roles(model()).forbid(role("suspended"));
    assert_eq!(call(alice("", &["editor"]), role("viewer"), forbid).await.0, 200);
    let refused = call(alice("", &["editor", "suspended"]), role("viewer"), forbid).await;
    assert_eq!(refused, (403, "explicitly_denied"));
    // It may be watched first.
    let watched = |security: SecurityBuilder| security.forbid(role("suspended").shadowed());
    assert_eq!(call(alice("", &["suspended"]), authenticated(), watched).await.0, 200);
}

#[tokio::test]
async fn what_is_forbidden_asks_nobody_on_a_public_route_and_callers_without_credentials_as_nobody() {
    let open = RoutePolicy::requires(anonymous().or(authenticated())).optional();
    let routes = RouteList::new()
        .route(Method::GET, "/public", "public", RoutePolicy::public("probe"))
        .route(Method::GET, "/open", "open", open);
    let bench =
        Bench::of(&routes, |security| security.forbid(role("suspended")).forbid(network("192.0.2.0/24")));
    let get = |path| crate::support::request("GET", path);
    for (path, peer, status) in [
        ("/public", "10.0.0.1", 200),
        ("/public", "192.0.2.7", 200),
        ("/open", "10.0.0.1", 200),
        ("/open", "192.0.2.7", 403),
    ] {
        let request = crate::support::from_peer(get(path), peer);
        assert_eq!(bench.call(request).await.status(), status, "{path} {peer}");
    }
    // Whoever hides their address is in no network that is allowed, and out of none that is forbidden.
    for (path, status) in [("/public", 200), ("/open", 403)] {
        assert_eq!(bench.call(get(path)).await.status(), status, "{path}");
    }
}

#[test]
fn the_route_table_shows_what_is_forbidden_everywhere() {
    let security = Security::builder().insecure_no_audit().forbid(role("suspended")).build().unwrap();
    let mut table = RouteTable::of(&security);
    table.add(Some(Method::GET), "/notes", RoutePolicy::requires(scope("read")), "notes");
    table.add(Some(Method::GET), "/health", RoutePolicy::public("probe"), "health");
    let text = table.to_string();
    assert!(
        text.contains("scope(read) unless role(suspended)") && text.contains("public: probe  "),
        "{text}"
    );
    let json: serde_json::Value = serde_json::from_str(&table.to_json()).unwrap();
    assert_eq!((&json[0]["path"], &json[0]["forbids"]), (&"/health".into(), &serde_json::json!([])));
    assert_eq!(json[1]["forbids"], serde_json::json!(["role(suspended)"]));
}

#[test]
fn what_no_route_may_name_is_found_when_the_gate_is_made() {
    let key = |security: SecurityBuilder| security.insecure_no_audit().scopes(catalog()).roles(model());
    let gate = |security: SecurityBuilder, route: &str, rule: Rule| {
        let errors = security.build().unwrap().gate(route, &RoutePolicy::requires(rule)).unwrap_err();
        // No scheme is there, which is not what this is about.
        let codes: Vec<_> = errors.codes().filter(|code| *code != "P101").collect();
        assert!(errors.to_string().contains(route), "{errors}");
        codes
    };
    let builder = || key(Security::builder());
    assert_eq!(
        gate(builder(), "/a", scope("raed").and(role("edtior")).and(permission("x"))),
        ["P211", "P224", "P225"]
    );
    assert_eq!(gate(Security::builder().insecure_no_audit(), "/a", permission("x")), ["P218"]);
    assert_eq!(gate(builder(), "/{other}/a", tenant_matches("tenant")), ["P228"]);
    assert_eq!(gate(builder().forbid(scope("read")), "/a", scope("write")), ["P204"]);
    // That a route says by itself what is forbidden everywhere is no mistake.
    let strict = builder().forbid(!via_method(CredentialMethod::Jwt));
    assert!(gate(strict, "/a", via_method(CredentialMethod::Jwt).and(scope("read"))).is_empty());
}

#[test]
fn scopes_that_an_argument_of_the_handler_asks_for_are_declared_or_the_gate_is_not_made() {
    let scoped = |scopes| {
        let demand = Demand::new(format!("scopes({scopes})")).asking_scopes(Scopes::parse(scopes).unwrap());
        RoutePolicy::requires(authenticated()).demand(demand)
    };
    let security = |scopes: Option<ScopeCatalog>| {
        let builder = Security::builder().insecure_no_audit();
        scopes.into_iter().fold(builder, SecurityBuilder::scopes).build().unwrap()
    };
    let errors = |policy: &RoutePolicy, security: Security| {
        let errors = security.gate("/a", policy).map(drop).err();
        let told = errors.iter().flat_map(|errors| errors.iter().map(ToString::to_string));
        told.filter(|error| !error.starts_with("P101")).collect::<Vec<_>>()
    };
    assert_eq!(
        errors(&scoped("reads write"), security(Some(catalog()))),
        ["P211: /a: `scopes(reads write)`: scope `reads` is not declared; did you mean `read`?"]
    );
    assert_eq!(errors(&scoped("read write"), security(Some(catalog()))), [""; 0]);
    assert_eq!(errors(&scoped("raed write"), security(None)), [""; 0]);
}

#[test]
fn what_is_wrong_for_the_whole_application_is_found_when_it_is_built() {
    let wrong = Security::builder()
        .insecure_no_audit()
        .scopes(catalog().implies("read", ["write"]))
        .roles(model())
        .forbid(role("suspnded"))
        .explain_denials_to(permission("debug"));
    let errors = wrong.build().unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P213", "P225", "P224"]);
}

/// For `App::serve`, and for whoever serves otherwise.
#[tokio::test]
async fn a_role_model_that_is_kept_elsewhere_has_an_upkeep() {
    struct Table;
    impl LoadRoles for Table {
        async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
            Ok(RoleModel::builder().role("viewer").permits("notes:read"))
        }
    }
    let upkeeps = |model: RoleModel| {
        let security = Security::builder().insecure_no_audit().roles(model).build().unwrap();
        security.dependencies().filter(|dependency| dependency.upkeep().is_some()).count()
    };
    assert_eq!(upkeeps(RoleModel::load(Table).await.unwrap()), 1);
    assert_eq!(upkeeps(model()), 0, "one that is written in the program never changes");
}

/// The parameters of a route around this one, such as that of an application around this application.
#[tokio::test]
async fn the_parameters_of_another_route_name_no_tenant() {
    use portcullis_authz::PathParameters;

    let path = |template: &str, rule| {
        RouteList::new().route(Method::GET, template, "notes", RoutePolicy::requires(rule))
    };
    let theirs = || PathParameters::new([("tenant", "acme"), ("id", "7")]);
    let routes = path("/{tenant}/notes", tenant_matches("tenant"));
    let bench = Bench::for_alice(alice("read", &[]), &routes, |security| security);
    for (path, status) in [("/globex/notes", 403), ("/acme/notes", 200)] {
        let request = bench.as_alice("GET", path).extension(theirs());
        assert_eq!(bench.call(request).await.status(), status, "{path}");
    }
    let bench = Bench::for_alice(alice("read", &[]), &path("/notes", scope("read")), |security| security);
    let response = bench.call(bench.as_alice("GET", "/notes").extension(theirs())).await;
    assert_eq!(crate::support::text(response).await, "notes ", "a guard finds nothing");
}
