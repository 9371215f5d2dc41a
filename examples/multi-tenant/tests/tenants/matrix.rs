//! Who may do what, in two tenants: the table is `../matrix.md`. `PORTCULLIS_UPDATE=1 cargo test -p multi-tenant --test tenants`
//! writes it anew, for review.

use multi_tenant::{Limits, app, issuer};
use portcullis::Clock;
use portcullis_testkit::{Matrix, Persona, Relation};

use super::support::{Api, Tokens};

const TENANT: &str = "/tenants/{tenant}";
const PROJECT: &str = "/tenants/{tenant}/projects/{id}";
const MINE: &str = "/mine/projects/{id}";

/// Where a persona belongs.
struct Place {
    /// `None` for a persona without a tenant.
    own: Option<Tenant>,
    other: Tenant,
}

#[derive(Clone, Copy)]
struct Tenant {
    name: &'static str,
    member: &'static str,
    admin: &'static str,
}

const ACME: Tenant = Tenant { name: "acme", member: "ann", admin: "amy" };
const GLOBEX: Tenant = Tenant { name: "globex", member: "gus", admin: "gia" };

fn place(persona: &str) -> Place {
    match persona {
        "ann" | "amy" => Place { own: Some(ACME), other: GLOBEX },
        "gus" | "gia" => Place { own: Some(GLOBEX), other: ACME },
        _ => Place { own: None, other: ACME },
    }
}

impl Tenant {
    fn projects(self) -> String {
        format!("/tenants/{}/projects", self.name)
    }

    /// Somebody else of the tenant.
    fn fellow(self, persona: &str) -> &'static str {
        if persona == self.admin { self.member } else { self.admin }
    }
}

/// A relation to a project that is made anew for each cell: below which path, and whose.
fn fresh(
    api: &Api,
    name: &str,
    template: &str,
    find: fn(&str) -> Option<(String, &'static str)>,
) -> Relation {
    let api = api.clone();
    Relation::loading(name, template, async move |persona: &str| {
        let (path, owner) = find(persona)?;
        Some(format!("{path}/{}", api.create(owner).await))
    })
}

/// The number of a project that the other tenant has and the persona's own has not: both count from 1.
fn number_of_the_other(api: &Api) -> Relation {
    let api = api.clone();
    Relation::loading("other", MINE, async move |persona: &str| {
        let Place { own, other } = place(persona);
        let id = api.create(other.member).await;
        if let Some(own) = own {
            api.remove(own.admin, id).await;
        }
        Some(format!("/mine/projects/{id}"))
    })
}

fn mine() -> String {
    "/mine/projects".to_owned()
}

fn myself(persona: &str) -> &'static str {
    ["ann", "amy", "gus", "gia"].into_iter().find(|name| *name == persona).unwrap_or("nobody")
}

/// A21.1, A21.5, ASVS 8.4.1.
#[tokio::test]
async fn nobody_reaches_across_the_wall_between_tenants() {
    let issuer = issuer();
    let app = app(&issuer.jwks_json(), Clock::system(), Limits { per_tenant: 1_000_000 }).unwrap();
    let tokens = Tokens::new(&issuer);
    let persona = |name: &str| Persona::bearer(name, tokens.of(name));
    let api = Api::new(&app, &tokens);

    let report = Matrix::read("tests/matrix.md")
        .routes(app.route_table().rows())
        .persona(Persona::anonymous("anonymous"))
        .persona(persona("ann"))
        .persona(persona("amy"))
        .persona(persona("gus"))
        .persona(persona("gia"))
        .persona(persona("otto"))
        .relation(Relation::new("own", TENANT, |p| Some(format!("/tenants/{}", place(p).own?.name))))
        .relation(Relation::new("other", TENANT, |p| Some(format!("/tenants/{}", place(p).other.name))))
        .relation(Relation::fixed("absent", TENANT, "/tenants/nowhere"))
        .relation(fresh(&api, "own", PROJECT, |p| Some((place(p).own?.projects(), myself(p)))))
        .relation(fresh(&api, "fellow", PROJECT, |p| {
            let own = place(p).own?;
            Some((own.projects(), own.fellow(p)))
        }))
        .relation(fresh(&api, "other", PROJECT, |p| {
            let other = place(p).other;
            Some((other.projects(), other.member))
        }))
        .relation(Relation::new("absent", PROJECT, |p| Some(format!("{}/999999", place(p).own?.projects()))))
        .relation(Relation::new("other absent", PROJECT, |p| {
            Some(format!("{}/999999", place(p).other.projects()))
        }))
        .relation(fresh(&api, "own", MINE, |p| place(p).own.map(|_| (mine(), myself(p)))))
        .relation(fresh(&api, "fellow", MINE, |p| place(p).own.map(|own| (mine(), own.fellow(p)))))
        .relation(number_of_the_other(&api))
        .relation(Relation::fixed("absent", MINE, "/mine/projects/999999"))
        .absent("absent")
        .absent_beside("other", "other absent")
        .json("POST /tenants/{tenant}/projects", r#"{"name":"New"}"#)
        .json("PUT /tenants/{tenant}/projects/{id}", r#"{"name":"Renamed"}"#)
        .json("POST /mine/projects", r#"{"name":"New"}"#)
        .json("PUT /mine/projects/{id}", r#"{"name":"Renamed"}"#)
        .run(app)
        .await;
    assert!(report.compared > 20, "{report}");
}
