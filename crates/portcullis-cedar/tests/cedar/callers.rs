//! What policies see of a caller.

use portcullis_authz::engine::Question;
use portcullis_cedar::Cedar;
use portcullis_core::{Actor, Assurance, Claims, CredentialMethod, Principal, Reason, Scopes};
use serde_json::json;

use crate::support::{SCHEMA, alice, built, decide, engine, may_read};

fn claims(value: &serde_json::Value) -> Claims {
    Claims::from_checked_json(value.to_string())
}

#[track_caller]
fn check(condition: &str, caller: &Principal, expected: bool) {
    let schema = r#"
        entity Role; entity Group;
        entity User in [Role, Group] = {
            subject: String, issuer?: String, tenant?: String, client_id?: String, scopes: Set<String>,
            roles: Set<String>, groups: Set<String>, method: String, acr?: String, amr: Set<String>, auth_time?: Long,
            actor?: String,
        };
        entity Document;
        action Read appliesTo { principal: User, resource: Document };
    "#;
    let policy = format!("permit(principal, action, resource) when {{ {condition} }};");
    let cedar = built(Cedar::builder().schema("s", schema).policies("p", &policy));
    let decision = decide(&cedar, &Question::new(caller, "Read", "Document", "1"));
    assert_eq!(decision.is_allowed(), expected, "{condition}: {decision:?}");
}

#[test]
fn policies_see_what_the_credential_says() {
    let mut login = Assurance::default();
    login.acr = Some("mfa".into());
    login.amr = vec!["otp".into()];
    login.auth_time = Some(std::time::SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1_000));
    let caller = alice()
        .tenant("acme")
        .client_id("app")
        .scopes(Scopes::parse("documents:read").unwrap())
        .role("editor")
        .groups(["red"])
        .actors([Actor::new().subject("gateway").issuer("https://b.example")])
        .assurance(login)
        .build();
    for condition in [
        "principal == User::\"alice\" && principal.subject == \"alice\"",
        "principal has tenant && principal.tenant == \"acme\"",
        "principal has client_id && principal.client_id == \"app\"",
        "principal.scopes.contains(\"documents:read\")",
        "principal.roles.contains(\"editor\") && principal in Role::\"editor\"",
        "principal.groups.contains(\"red\") && principal in Group::\"red\"",
        "principal.method == \"jwt\"",
        "principal has acr && principal.acr == \"mfa\" && principal.amr.contains(\"otp\")",
        "principal has auth_time && principal.auth_time == 1000",
        "principal has actor && principal.actor == \"https://b.example#gateway\"",
    ] {
        check(condition, &caller, true);
    }
    let nobody = Principal::builder("nobody", CredentialMethod::Basic).build();
    for condition in [
        "principal has tenant || principal has client_id || principal has acr || principal has auth_time",
        "principal has issuer || principal has actor",
        "principal in Role::\"editor\" || principal in Group::\"red\" || principal == User::\"alice\"",
        "principal.scopes.contains(\"documents:read\") || principal.method == \"jwt\"",
    ] {
        check(condition, &nobody, false);
    }
}

/// OWASP ASVS 10.3.3: a subject is somebody only together with its issuer.
#[test]
fn an_outside_issuers_alice_is_not_the_local_alice() {
    let policies = "permit(principal == User::\"alice\", action, resource);";
    let outside = alice().issuer("https://login.example.com").build();
    let spoofed = Principal::builder("https://login.example.com#alice", CredentialMethod::Basic).build();

    let cedar = engine(policies);
    assert!(may_read(&cedar, &alice().build()));
    assert!(!may_read(&cedar, &outside));
    let cedar = engine("permit(principal == User::\"https://login.example.com#alice\", action, resource);");
    assert!(may_read(&cedar, &outside));
    assert!(!may_read(&cedar, &spoofed));

    let home = Cedar::builder().schema("s", SCHEMA).policies("p", policies);
    let home = built(home.home_issuer("https://login.example.com"));
    assert!(may_read(&home, &outside));
    assert!(!may_read(&home, &alice().build()));
    assert!(!may_read(&home, &alice().issuer("https://evil.example").build()));

    let alone = built(Cedar::builder().schema("s", SCHEMA).policies("p", policies).insecure_subject_alone());
    assert!(may_read(&alone, &alice().issuer("https://evil.example").build()));
}

/// RFC 9068 §5: a client must not be taken for the user of the same name.
#[test]
fn a_client_on_its_own_behalf_is_no_user() {
    let policies = "permit(principal, action, resource);";
    let client = alice().as_client().build();
    let cedar = engine(policies);
    let refused = decide(&cedar, &Question::new(&client, "Read", "Document", "1"));
    assert_eq!(refused.reason(), Reason::UserRequired);

    let schema =
        format!("{SCHEMA} entity Client; action Sync appliesTo {{ principal: Client, resource: Document }};");
    let policies = "permit(principal == User::\"alice\", action, resource);\n\
        permit(principal == Client::\"alice\", action == Action::\"Sync\", resource);";
    let cedar = built(Cedar::builder().schema("s", &schema).policies("p", policies));
    assert!(decide(&cedar, &Question::new(&client, "Sync", "Document", "1")).is_allowed());
    assert!(!may_read(&cedar, &client));
    let alike = built(
        Cedar::builder()
            .schema("s", SCHEMA)
            .policies("p", "permit(principal, action, resource);")
            .client_type("User"),
    );
    assert!(may_read(&alike, &client));
}

#[test]
fn policies_see_the_claims_that_were_chosen_and_no_others() {
    let schema = r#"
        entity User = { department?: String, level?: Long, trial?: Bool, regions?: Set<String>, address?: { city: String } };
        entity Document;
        action Read appliesTo { principal: User, resource: Document };
    "#;
    let caller = alice().claims(claims(&json!({
        "department": "law", "level": 3, "trial": false, "regions": ["eu"], "address": { "city": "Bern" }, "x": 1,
    })));
    let caller = caller.build();
    let policy = "permit(principal, action, resource) when { principal has department && principal.department == \"law\" \
        && principal has level && principal.level > 2 && principal has trial && !principal.trial \
        && principal has regions && principal.regions.contains(\"eu\") \
        && principal has address && principal.address.city == \"Bern\" };";
    let builder = Cedar::builder().schema("s", schema).policies("p", policy);
    let chosen = built(builder.clone().claims(["department", "level", "trial", "regions", "address"]));
    assert!(may_read(&chosen, &caller));
    assert!(!may_read(&built(builder.clone().claims(["department"])), &caller));
    assert!(!may_read(&built(builder), &caller));
}

/// A claim of another type is not left out: a policy that forbids could hang on it.
#[test]
fn a_claim_that_does_not_fit_the_schema_is_a_refusal_of_the_caller() {
    let schema = r#"
        entity User = { department?: String, level?: Long, extra?: { a: Long } };
        entity Document;
        action Read appliesTo { principal: User, resource: Document };
    "#;
    let builder = Cedar::builder().schema("s", schema).policies("p", "permit(principal, action, resource);");
    let cedar = built(builder.claims(["department", "level", "extra"]));
    let decide = |value| {
        let caller = alice().claims(claims(&value)).build();
        decide(&cedar, &Question::new(&caller, "Read", "Document", "1"))
    };
    assert!(decide(json!({})).is_allowed());
    assert!(decide(json!({ "department": null })).is_allowed());
    for value in [
        json!({ "department": 1 }),
        json!({ "department": { "__entity": { "type": "User", "id": "root" } } }),
        json!({ "department": ["law"] }),
        json!({ "level": 1.5 }),
        json!({ "level": 18_446_744_073_709_551_615_u64 }),
        json!({ "extra": { "a": [null] } }),
    ] {
        let refused = decide(value.clone());
        assert_eq!(refused.reason(), Reason::ClaimMismatch, "{value}: {refused:?}");
    }
    let refused = decide(json!({ "extra": { "a": "text" } }));
    assert_eq!(refused.reason(), Reason::PolicyError, "{refused:?}");
}

#[test]
fn a_caller_without_what_the_schema_demands_is_refused() {
    let schema = "entity User = { tenant: String }; entity Document; action Read appliesTo { principal: User, resource: Document };";
    let cedar =
        built(Cedar::builder().schema("s", schema).policies("p", "permit(principal, action, resource);"));
    assert!(may_read(&cedar, &alice().tenant("acme").build()));
    let refused = decide(&cedar, &Question::new(&alice().build(), "Read", "Document", "1"));
    assert_eq!(refused.reason(), Reason::ClaimMismatch);
    assert_eq!(refused.detail(), Some("the caller's `tenant` is missing, and the schema demands it"));
}

/// A role that the schema does not list means nothing to any policy, and is no failure.
#[test]
fn roles_that_the_schema_does_not_list_are_left_out() {
    let schema = r#"
        entity Role enum ["editor"]; entity User in [Role]; entity Document;
        action Read appliesTo { principal: User, resource: Document };
    "#;
    let policy = "permit(principal in Role::\"editor\", action, resource);";
    let cedar = built(Cedar::builder().schema("s", schema).policies("p", policy));
    assert!(may_read(&cedar, &alice().roles(["editor", "clown"]).build()));
    let refused = decide(&cedar, &Question::new(&alice().role("clown").build(), "Read", "Document", "1"));
    assert_eq!(refused.reason(), Reason::PolicyDenied);
}

#[test]
fn types_of_callers_can_be_called_otherwise() {
    let schema = r#"
        entity Task; entity Team; entity Person in [Task, Team]; entity Document;
        action Read appliesTo { principal: Person, resource: Document };
    "#;
    let policy = "permit(principal in Task::\"edit\", action, resource) when { principal in Team::\"red\" };";
    let builder = Cedar::builder().schema("s", schema).policies("p", policy).principal_type("Person");
    let cedar = built(builder.role_type("Task").group_type("Team"));
    assert!(may_read(&cedar, &alice().role("edit").groups(["red"]).build()));
    assert!(!may_read(&cedar, &alice().role("edit").build()));
}
