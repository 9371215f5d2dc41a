use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use portcullis_core::{ConfigErrors, CredentialMethod, Principal, StoreError};
use proptest::prelude::*;

use super::*;

#[cfg(feature = "reload")]
mod upkeep;

fn caller(roles: &[&str]) -> Principal {
    Principal::builder("alice", CredentialMethod::Jwt).roles(roles.iter().copied()).build()
}

fn model() -> RoleModelBuilder {
    RoleModel::builder().role("editor").includes("viewer").permits("write").role("viewer").permits("read")
}

#[track_caller]
fn check(model: RoleModelBuilder, expected: &[&str]) {
    let errors = model.build().err();
    let codes: Vec<_> = errors.iter().flat_map(ConfigErrors::codes).collect();
    assert_eq!(codes, expected, "{errors:?}");
}

#[test]
fn everything_that_is_wrong_is_reported_at_once() {
    check(model(), &[]);
    check(RoleModel::builder(), &[]);
    check(
        RoleModel::builder()
            .permits("stray")
            .role("")
            .role("a")
            .permits("b\n")
            .includes("x")
            .role("a")
            .includes("a")
            .includes("a"),
        &["P220", "P220", "P220", "P221", "P221", "P222"],
    );
    check(model().role("x").permits("p").permits("p"), &["P221"]);
    check(RoleModel::builder().role("a").includes("a"), &["P223"]);
    check(
        RoleModel::builder()
            .role("a")
            .includes("b")
            .role("b")
            .includes("a")
            .role("c")
            .includes("d")
            .role("d")
            .includes("c"),
        &["P223", "P223"],
    );
}

#[test]
fn a_model_is_as_large_as_its_limits_and_not_larger() {
    let roles = |count: usize| (0..count).fold(RoleModel::builder(), |model, n| model.role(format!("r{n}")));
    check(roles(MAX_ROLES), &[]);
    check(roles(MAX_ROLES + 1), &["P226"]);
    let permits = |model: RoleModelBuilder, count: usize| {
        (0..count).fold(model, |model, n| model.permits(format!("p{n}")))
    };
    check(permits(roles(1), MAX_PERMISSIONS), &[]);
    check(permits(roles(1), MAX_PERMISSIONS + 1), &["P226"]);
    let many = (0..=MAX_GRANTS / MAX_PERMISSIONS)
        .fold(RoleModel::builder(), |model, n| permits(model.role(format!("r{n}")), MAX_PERMISSIONS));
    check(many, &["P226"]);
    check(RoleModel::builder().role("x".repeat(MAX_NAME)), &[]);
    check(RoleModel::builder().role("x".repeat(MAX_NAME + 1)), &["P220"]);
}

#[test]
fn messages_say_what_was_written_on_one_line() {
    let errors = RoleModel::builder()
        .role("a\n")
        .role("editor")
        .includes("veiwer")
        .role("viewer")
        .build()
        .unwrap_err();
    let text: Vec<_> = errors.iter().map(|error| error.message().to_owned()).collect();
    assert!(text[0].contains("`a\\u{a}`") && text[1].contains("did you mean `viewer`?"), "{text:?}");
}

#[test]
fn a_role_of_another_model_permits_nothing() {
    let model = model().build().unwrap();
    assert!(model.permits(&caller(&["editor"]), "read") && model.has_role(&caller(&["editor"]), "viewer"));
    assert!(!model.permits(&caller(&["Editor"]), "read") && !model.has_role(&caller(&["viewer"]), "editor"));
    assert!(!model.permits(&caller(&["editor"]), "delete"));
    // What a caller has is not taken away by a model that does not know it.
    assert!(model.has_role(&caller(&["other"]), "other"));
}

#[test]
fn a_wrong_model_leaves_the_old_one_in_use() {
    let model = model().build().unwrap();
    let alice = caller(&["editor"]);
    let clone = model.clone();
    let errors = model.replace(RoleModel::builder().role("editor").includes("nobody")).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P222"]);
    assert!(clone.permits(&alice, "write"));
    assert!(!model.replace(self::model()).unwrap(), "nothing has changed");
    // As a source that forgot everything would leave it.
    let errors = model.replace(RoleModel::builder()).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P227"]);
    assert!(clone.permits(&alice, "write"));
    assert!(model.replace(RoleModel::builder().role("editor").permits("other")).unwrap());
    assert!(clone.permits(&alice, "other") && !clone.permits(&alice, "write"), "clones share the model");
}

/// With a name that a rule forbids gone, the rule would forbid nothing.
#[test]
fn a_model_without_what_a_bound_rule_asks_for_is_not_taken() {
    let permits = |permission: &str| RoleModel::builder().role("editor").permits("write").permits(permission);
    for rule in [
        !crate::permission("frozen"),
        crate::scope("a").unless(crate::permission("frozen")),
        crate::authenticated().and(crate::permission("frozen")),
    ] {
        let model = permits("frozen").build().unwrap();
        assert!(model.replace(permits("thawed")).unwrap(), "nobody asks for it yet");
        assert!(model.replace(permits("frozen")).unwrap());
        let words = crate::Vocabulary::new().with_roles(model.clone());
        let _bound = rule.within(&words).unwrap();
        let errors = model.replace(permits("thawed")).unwrap_err();
        assert_eq!(errors.codes().collect::<Vec<_>>(), ["P225"], "{rule}");
        assert!(errors.to_string().contains("`frozen`"), "{errors}");
        assert!(model.permits(&caller(&["editor"]), "frozen"), "the old one stays in use");
        let retired = RoleModel::builder().role("editor").role("nobody").permits("frozen");
        assert!(model.replace(retired).unwrap() && !model.permits(&caller(&["editor"]), "frozen"));
    }
}

#[test]
fn each_role_and_permission_that_would_be_missing_is_named_at_once() {
    let model = model().build().unwrap();
    let words = crate::Vocabulary::new().with_roles(model.clone());
    let rule = crate::role("editor").unless(crate::permission("read").or(crate::role("viewer")));
    let _bound = rule.within(&words).unwrap();
    let errors = model.replace(RoleModel::builder().role("editor").permits("write")).unwrap_err();
    assert_eq!(errors.codes().collect::<Vec<_>>(), ["P224", "P225"]);
    // What could not be bound asks for nothing.
    assert!(crate::permission("none").within(&words).is_err());
    assert!(model.replace(self::model().role("admin")).unwrap());
}

/// A table that changes, and fails now and then.
#[derive(Clone, Default)]
struct Table(Arc<AtomicU32>);

impl LoadRoles for Table {
    async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
        match self.0.fetch_add(1, Ordering::Relaxed) {
            0 => Ok(model()),
            1 => Err(StoreError::new("the database is away")),
            2 => Ok(RoleModel::builder().role("editor").role("editor")),
            _ => Ok(model().role("admin").permits("delete")),
        }
    }
}

#[tokio::test]
async fn a_model_from_a_database_is_reloaded_without_a_gap() {
    let model = RoleModel::load(Table::default()).await.unwrap();
    let (editor, admin) = (caller(&["editor"]), caller(&["admin"]));
    assert!(matches!(model.reload().await, Err(RoleModelError::Unavailable(_))));
    assert!(model.permits(&editor, "read"));
    assert!(matches!(model.reload().await, Err(RoleModelError::Invalid(_))));
    assert!(model.permits(&editor, "read") && !model.permits(&admin, "delete"));
    assert!(model.reload().await.unwrap());
    assert!(model.permits(&editor, "read") && model.permits(&admin, "delete"));
    assert!(!model.reload().await.unwrap());
    // At first there must be one.
    let gone = Table(Arc::new(AtomicU32::new(1)));
    assert!(matches!(RoleModel::load(gone).await, Err(RoleModelError::Unavailable(_))));
}

/// Two reload at once: what was read first and comes last is older than what is in use, also where that has not changed.
#[tokio::test]
async fn an_older_reading_never_follows_a_newer_one() {
    struct Slow(AtomicU32);
    impl LoadRoles for Slow {
        async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
            let reading = self.0.fetch_add(1, Ordering::Relaxed);
            if reading != 1 {
                return Ok(model());
            }
            // A right that was there for a moment, read late.
            tokio::task::yield_now().await;
            Ok(model().role("admin").permits("delete"))
        }
    }
    let model = RoleModel::load(Slow(AtomicU32::new(0))).await.unwrap();
    let (older, newer) = tokio::join!(model.reload(), model.reload());
    assert_eq!((older.unwrap(), newer.unwrap()), (false, false));
    assert!(!model.permits(&caller(&["admin"]), "delete"));
}

#[test]
fn readers_never_find_half_a_model() {
    let both = |first: &str, second: &str| RoleModel::builder().role("r").permits(first).permits(second);
    let model = both("a", "b").build().unwrap();
    let caller = caller(&["r"]);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for round in 0..2000 {
                let next = if round % 2 == 0 { both("a", "c") } else { both("a", "b") };
                model.replace(next).unwrap();
            }
        });
        for _ in 0..20_000 {
            assert!(model.permits(&caller, "a"));
        }
    });
}

#[tokio::test]
async fn a_reload_that_drops_what_is_forbidden_is_refused() {
    struct Dropping(AtomicU32);
    impl LoadRoles for Dropping {
        async fn load_roles(&self) -> Result<RoleModelBuilder, StoreError> {
            let reading = self.0.fetch_add(1, Ordering::Relaxed);
            Ok(RoleModel::builder().role("editor").permits(if reading == 1 { "other" } else { "frozen" }))
        }
    }
    let model = RoleModel::load(Dropping(AtomicU32::new(0))).await.unwrap();
    let rule =
        (!crate::permission("frozen")).within(&crate::Vocabulary::new().with_roles(model.clone())).unwrap();
    let request = crate::test_support::request(&crate::test_support::known("", &["editor"]));
    let view = portcullis_core::RequestView::of(&request).unwrap();
    assert!(!rule.evaluate(&view).is_allowed());
    let Err(RoleModelError::Invalid(errors)) = model.reload().await else { panic!("it was taken") };
    assert!(errors.to_string().contains("P225") && errors.to_string().contains("`frozen`"), "{errors}");
    assert!(!rule.evaluate(&view).is_allowed(), "the deny has not vanished");
    assert!(!model.reload().await.unwrap(), "the next one is the one in use");
}

#[cfg(feature = "toml")]
mod toml {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &[&str]) {
        let errors = RoleModel::from_toml(text).err();
        let codes: Vec<_> = errors.iter().flat_map(ConfigErrors::codes).collect();
        assert_eq!(codes, expected, "{errors:?}");
    }

    #[test]
    fn text_that_is_no_model_is_an_error_with_its_line() {
        check("", &[]);
        check("[roles.a]\nincludes = ['b']\n[roles.b]", &[]);
        check("[roles.a]\nincludes = ['b']", &["P222"]);
        check("[roles.a]\nincludes = ['a']\npermits = ['', '']", &["P220", "P221"]);
        for bad in [
            "[roles",
            "[roles.a]\n[roles.a]",
            "roles = 1",
            "[roles.a]\npermit = []",
            "[role.a]",
            "[roles.a]\npermits = [1]",
            "\0",
        ] {
            check(bad, &["P227"]);
        }
        let errors = RoleModel::from_toml("[roles.a]\npermits = []\npermit = []").unwrap_err();
        assert!(errors.to_string().contains("line 3"), "{errors}");
        check(&format!("{}[roles.a]", "#\n".repeat(524_288 - 4)), &["P227"]);
        check(&format!("[roles.a]{}", "\n".repeat(1024 * 1024 - 9)), &[]);
    }

    /// A file of this test's own.
    pub(super) fn file(name: &str) -> std::path::PathBuf {
        std::env::temp_dir().join(format!("portcullis-roles-{}-{name}.toml", std::process::id()))
    }

    #[tokio::test]
    async fn a_wrong_file_keeps_the_old_model_and_reports() {
        let path = file("reload");
        std::fs::write(&path, "[roles.a]\npermits = ['x']").unwrap();
        let model = RoleModel::from_toml_file(&path).unwrap();
        assert!(!model.reload().await.unwrap());
        for (number, bad) in ["[roles.a]\npermits = ['x', 'x']", "nonsense", "", "# a comment", "[roles]"]
            .into_iter()
            .enumerate()
        {
            std::fs::write(&path, bad).unwrap();
            assert!(matches!(model.reload().await, Err(RoleModelError::Invalid(_))));
            assert!(model.permits(&caller(&["a"]), "x"));
            assert_eq!(model.failed_reloads(), u32::try_from(number).unwrap() + 1);
        }
        std::fs::remove_file(&path).unwrap();
        let gone = model.reload().await.unwrap_err().to_string();
        assert!(gone.contains("P227") && model.permits(&caller(&["a"]), "x"), "{gone}");
        std::fs::write(&path, "[roles.a]\npermits = ['y']").unwrap();
        assert!(model.reload().await.unwrap());
        assert_eq!(model.failed_reloads(), 0);
        assert!(model.permits(&caller(&["a"]), "y") && !model.permits(&caller(&["a"]), "x"));
        std::fs::remove_file(&path).unwrap();
        assert_eq!(RoleModel::from_toml_file(&path).unwrap_err().codes().collect::<Vec<_>>(), ["P227"]);
        std::fs::write(&path, "# \u{e9}".as_bytes().split_last().unwrap().1).unwrap();
        assert_eq!(RoleModel::from_toml_file(&path).unwrap_err().codes().collect::<Vec<_>>(), ["P227"]);
        std::fs::remove_file(&path).unwrap();
    }

    proptest! {
        #[test]
        fn no_text_panics(text in "\\PC{0,64}") {
            let _ = RoleModel::from_toml(&text);
        }
    }
}

proptest! {
    /// Against a walk from each of the caller's roles.
    #[test]
    fn what_a_model_says_is_what_following_the_roles_says(
        includes in prop::collection::vec((0..9_usize, 0..9_usize), 0..14),
        permits in prop::collection::vec((0..9_usize, 0..5_usize), 0..9),
        held in prop::collection::btree_set(0..12_usize, 0..4),
    ) {
        let (role, permission) = (|n: usize| format!("r{n}"), |n: usize| format!("p{n}"));
        let mut includes: Vec<_> = includes.into_iter().filter(|(one, other)| one > other).collect();
        includes.sort_unstable();
        includes.dedup();
        let mut permits = permits;
        permits.sort_unstable();
        permits.dedup();
        let mut builder = RoleModel::builder();
        for number in 0..9 {
            builder = builder.role(role(number));
            let own = includes.iter().filter(|(one, _)| *one == number);
            builder = own.fold(builder, |builder, (_, other)| builder.includes(role(*other)));
            let own = permits.iter().filter(|(one, _)| *one == number);
            builder = own.fold(builder, |builder, (_, other)| builder.permits(permission(*other)));
        }
        let model = builder.build().unwrap();
        let names: Vec<String> = held.iter().map(|number| role(*number)).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let caller = caller(&names);
        let mut reached: Vec<usize> = held.into_iter().collect();
        let mut next = 0;
        while let Some(at) = reached.get(next).copied() {
            next += 1;
            reached.extend(includes.iter().filter(|(one, _)| *one == at).map(|(_, other)| *other));
        }
        for number in 0..12 {
            prop_assert_eq!(model.has_role(&caller, &role(number)), reached.contains(&number));
        }
        for number in 0..5 {
            let expected = permits.iter().any(|(one, other)| *other == number && reached.contains(one));
            prop_assert_eq!(model.permits(&caller, &permission(number)), expected);
        }
    }
}
