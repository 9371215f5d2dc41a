use http::Request;
use portcullis_core::{CredentialMethod, Effect, Principal};
use proptest::prelude::*;

use super::*;
use crate::test_support::{Who, known, noted, request};
use crate::{Guard, Load, Policy, Read, Resource};
use portcullis_core::{Mode, RequestView, Room, StoreError};

#[derive(Clone, Debug)]
struct Thing {
    owner: String,
    team: Option<String>,
    level: Option<i64>,
    public: bool,
}

const OWNER: Field<Thing, str> = Field::text("owner", |thing| Some(&thing.owner));
const TEAM: Field<Thing, str> = Field::text("t.team", |thing| thing.team.as_deref());
const LEVEL: Field<Thing, i64> = Field::integer("level", |thing| thing.level);
const PUBLIC: Field<Thing, bool> = Field::boolean("public", |thing| Some(thing.public));

#[track_caller]
fn check(filter: &Filter<Thing>, postgres: &str, sqlite: &str, shown: &str) {
    assert_eq!(filter.to_sql(Dialect::Postgres, 3).unwrap().sql(), postgres);
    let predicate = filter.to_sql(Dialect::Sqlite, 1).unwrap();
    assert_eq!(predicate.sql(), sqlite);
    assert_eq!(predicate.values().len(), sqlite.matches('?').count());
    assert_eq!(filter.to_string(), shown);
}

#[test]
fn filters_are_written_as_sql_with_bound_values() {
    check(&Filter::all(), "1=1", "1=1", "everything");
    check(&Filter::nothing(), "1=0", "1=0", "nothing");
    check(&OWNER.equals("a"), "owner = $3", "owner COLLATE BINARY = ?", "owner = ?");
    check(&LEVEL.equals(7), "level = $3", "level = ?", "level = ?");
    check(&PUBLIC.equals(true), "public = $3", "public = ?", "public = ?");
    check(&TEAM.is_null(), "t.team IS NULL", "t.team IS NULL", "t.team is null");
    check(&LEVEL.one_of([1, 2]), "level IN ($3, $4)", "level IN (?, ?)", "level in (2 values)");
    check(
        &LEVEL.equals(1).and(LEVEL.equals(2).or(LEVEL.is_null())).and(PUBLIC.equals(false)),
        "(level = $3 AND (level = $4 OR level IS NULL) AND public = $5)",
        "(level = ? AND (level = ? OR level IS NULL) AND public = ?)",
        "level = ? and (level = ? or level is null) and public = ?",
    );
}

#[test]
fn a_null_is_false_and_not_unknown_where_it_is_negated() {
    check(
        &!LEVEL.equals(1).or(TEAM.one_of(["a"])),
        "NOT (((level IS NOT NULL AND level = $3) OR (t.team IS NOT NULL AND t.team IN ($4))))",
        "NOT (((level IS NOT NULL AND level = ?) OR (t.team IS NOT NULL AND t.team COLLATE BINARY IN (?))))",
        "not (level = ? or t.team in (1 values))",
    );
}

#[test]
fn a_refusal_tells_which_comparisons_failed() {
    let thing = Thing { owner: "bob".into(), team: Some("legal".into()), level: Some(1), public: false };
    let told = |filter: Filter<Thing>| {
        let decision = filter.into_decision(&thing);
        decision.explanation().map(|explained| explained.tree(None).to_string())
    };
    assert_eq!(
        told(OWNER.equals("alice").or(LEVEL.equals(1).and(!TEAM.one_of(["legal"])))).unwrap(),
        "* any of: fails\n  owner = 'alice': fails, held 'bob'\n  all of: fails\n    level = 1: holds, held 1\n    \
         not: fails\n      t.team in ('legal'): holds, held 'legal'\n"
    );
    assert_eq!(told(Filter::nothing()).unwrap(), "* nothing: fails\n");
    assert_eq!(told(OWNER.equals("bob")), None, "what is let through needs no tree");
    // Of very many comparisons, the last are told as not asked.
    let many = (2..80).fold(LEVEL.equals(0), |filter, level| filter.or(LEVEL.equals(level)));
    let tree = many.into_decision(&thing).explanation().unwrap().tree(None);
    assert_eq!(tree.finding(), portcullis_core::Finding::NotAsked);
    assert_eq!(tree.children().len() + tree.omitted(), 79);
}

#[test]
fn values_are_never_part_of_the_text() {
    let hostile = "'; DROP TABLE documents; --";
    let predicate = OWNER.equals(hostile).and(TEAM.one_of([hostile])).to_sql(Dialect::Sqlite, 1).unwrap();
    let (sql, values) = predicate.into_parts();
    assert!(!sql.contains("DROP"));
    assert_eq!(values, [Value::from(hostile.to_owned()), Value::from(hostile.to_owned())]);
    assert!(!format!("{:?} {:?}", OWNER.equals(hostile), OWNER).contains("DROP"));
}

#[test]
fn a_caller_who_lacks_a_value_gets_nothing_and_not_what_lacks_it_too() {
    let homeless = Thing { owner: String::new(), team: None, level: None, public: false };
    assert!(!TEAM.equals_some(None::<&str>).matches(&homeless));
    assert!(TEAM.equals_some(None::<&str>).is_nothing());
    assert!(TEAM.one_of([] as [&str; 0]).is_nothing());
    assert!(TEAM.is_null().matches(&homeless));
    assert!((!TEAM.equals("a")).matches(&homeless));
}

#[test]
fn what_is_known_without_a_look_is_simplified() {
    let some = || OWNER.equals("a");
    assert!(some().or(Filter::all()).is_all() && some().and(Filter::nothing()).is_nothing());
    assert_eq!(some().and(Filter::all()).to_string(), "owner = ?");
    assert_eq!(some().or(Filter::nothing()).to_string(), "owner = ?");
    assert_eq!((!!some()).to_string(), "owner = ?");
    assert!((!Filter::<Thing>::nothing()).is_all() && (!Filter::<Thing>::all()).is_nothing());
}

#[test]
fn a_filter_at_the_limit_works_and_one_beyond_it_lets_nothing_through() {
    let thing = Thing { owner: "0".to_owned(), team: None, level: None, public: true };
    let many = |count: usize| OWNER.one_of((0..count).map(|number| number.to_string()));
    assert!(many(MAX_FILTER_TERMS).matches(&thing));
    assert_eq!(many(MAX_FILTER_TERMS).to_sql(Dialect::Sqlite, 1).unwrap().values().len(), 1024);
    for large in [
        many(MAX_FILTER_TERMS + 1),
        !many(100_000),
        many(MAX_FILTER_TERMS).or(OWNER.equals("0")),
        many(100_000).or(Filter::all()),
        !many(100_000).and(Filter::nothing()),
    ] {
        assert!(!large.matches(&thing) && !large.is_all());
        assert_eq!(large.to_sql(Dialect::Sqlite, 1), Err(FilterTooLarge));
        assert_eq!(large.decide(&thing).reason(), Reason::InternalError);
        assert_eq!(large.to_string(), "too large");
    }
    // Neither depth nor number is a way to make it dear.
    let folded = (0..100_000).fold(Filter::all(), |filter, number| match number % 2 {
        0 => filter.or(OWNER.equals("x")).and(OWNER.equals("y")),
        _ => !filter,
    });
    assert!(folded.is_too_large());
}

#[derive(Clone)]
struct Rules(Mode);

impl Resource for Thing {
    type Id = u32;
    type Store = Things;
    type Rules = Filtered<Rules>;
}

struct Things;

impl Load<Thing> for Things {
    async fn load(&self, _: &u32) -> Result<Option<Thing>, StoreError> {
        Ok(None)
    }
}

impl ListPolicy<Read, Thing> for Rules {
    fn filter(&self, caller: &Principal) -> Filter<Thing> {
        if caller.has_role("everything") {
            return OWNER.one_of((0..2000).map(|number| number.to_string()));
        }
        OWNER.equals(caller.subject()).or(PUBLIC.equals(true))
    }

    fn mode(&self) -> Mode {
        self.0
    }
}

/// The tree of the refusal of this thing to alice.
#[track_caller]
fn told(filter: Filter<Thing>, thing: &Thing) -> String {
    let decision = filter.into_decision(thing);
    assert!(!decision.is_allowed());
    decision.explanation().unwrap().tree(None).to_string()
}

fn thing(owner: &str) -> Thing {
    Thing { owner: owner.into(), team: None, level: Some(2), public: false }
}

#[test]
fn a_refusal_tells_what_was_asked_for_and_what_the_resource_has() {
    let readable = OWNER.equals("alice").or(PUBLIC.equals(true)).or(TEAM.one_of(["law", "sales"]));
    assert_eq!(
        told(readable.clone(), &thing("bob")),
        "* any of: fails\n  owner = 'alice': fails, held 'bob'\n  public = true: fails, held false\n  t.team in ('law', 'sales'): fails, held null\n"
    );
    let never = LEVEL.equals(3).and(!OWNER.equals("bob")).and(TEAM.is_null());
    assert_eq!(
        told(never, &thing("bob")),
        "* all of: fails\n  level = 3: fails, held 2\n  not: fails\n    owner = 'bob': holds, held 'bob'\n  t.team is null: holds, held null\n"
    );
    assert_eq!(told(Filter::nothing(), &thing("bob")), "* nothing: fails\n");
    // Of what is not there nothing was asked.
    let unasked = readable.into_absent().explanation().unwrap().tree(None).to_string();
    assert!(unasked.starts_with("any of: not_asked\n  owner = 'alice': not_asked\n"), "{unasked}");
}

#[test]
fn what_is_told_of_a_refusal_is_escaped_and_bounded() {
    let owner = format!("\n\u{202e}{}", "x".repeat(1000));
    let text = told(OWNER.equals("y".repeat(1000)), &thing(&owner));
    assert!(text.contains(r"held '\u{a}\u{202e}xxx") && text.contains("y…'") && text.len() < 250, "{text}");
    let many = TEAM.one_of((0..40).map(|number| format!("team-{number}")));
    assert!(told(many, &thing("bob")).contains("'team-7' and 32 more): fails"));
    // No more than there are bits for are told apart.
    let long = (0..100).fold(Filter::all(), |all, number| all.and(LEVEL.equals(number)));
    let decision = long.into_decision(&thing("bob"));
    let json = serde_json::to_value(&*decision.explanation().unwrap().tree(None)).unwrap();
    assert!(json["parts"].as_array().unwrap().len() < 64 && json["omitted"].as_u64().unwrap() > 30, "{json}");
}

#[test]
fn a_field_that_is_undisclosed_is_told_without_values() {
    const SECRET: Field<Thing, str> = OWNER.undisclosed();
    let filter = SECRET.equals("CANARY").or(SECRET.one_of(["CANARY"])).or(!SECRET.is_null());
    let text = told(filter.and(LEVEL.equals(7)), &thing("CANARY"));
    assert!(!text.contains("CANARY") && text.contains("owner = ?: holds\n"), "{text}");
    assert!(text.contains("level = 7: fails, held 2"), "{text}");
}

fn visible(request: &Request<()>, mode: Mode) -> Result<Filter<Thing>, u16> {
    let view = RequestView::of(request).unwrap();
    let visible = Guard::new(&Filtered(Rules(mode))).visible::<Read, Thing>(&view);
    visible.map(|visible| visible.filter().clone()).map_err(|denial| denial.status().as_u16())
}

#[test]
fn a_list_is_filtered_by_what_the_caller_may_see_and_the_event_says_how() {
    let request = request(&known("", &[]));
    assert_eq!(visible(&request, Mode::Enforce).unwrap().to_string(), "owner = ? or public = ?");
    let noted = noted(&request, Room::Guard).remove(0);
    assert_eq!(
        (noted.0, noted.2, noted.3.as_str()),
        (Effect::Allow, true, "Read Thing where owner = ? or public = ?")
    );
}

#[test]
fn a_list_is_for_known_callers_and_filters_of_bearable_size() {
    assert_eq!(visible(&request(&Who::Anonymous), Mode::Enforce).unwrap_err(), 401);
    assert_eq!(visible(&request(&Who::NotAsked), Mode::Enforce).unwrap_err(), 500);
    assert_eq!(visible(&request(&known("", &["everything"])), Mode::Enforce).unwrap_err(), 500);
}

#[test]
fn a_watched_list_shows_everything_and_notes_what_it_would_have_left() {
    for (role, reason, detail) in [
        ("", Reason::PolicyDenied, "owner = ? or public = ?"),
        ("everything", Reason::InternalError, "too large"),
    ] {
        let request = request(&known("", &[role]));
        assert!(visible(&request, Mode::Shadow).unwrap().is_all());
        let noted = noted(&request, Room::Guard).remove(0);
        assert_eq!((noted.0, noted.1, noted.2), (Effect::Deny, reason, false));
        assert_eq!(noted.3, format!("Read Thing where {detail}"));
    }
}

/// A list in the shadow is no worse off than a single read.
#[test]
fn a_watched_list_shows_everything_even_if_its_policy_panics() {
    struct Panics(Mode);
    impl ListPolicy<Read, Thing> for Panics {
        fn filter(&self, _: &Principal) -> Filter<Thing> {
            panic!("a policy that is not ready yet")
        }
        fn mode(&self) -> Mode {
            self.0
        }
    }
    for mode in [Mode::Shadow, Mode::Percent(0)] {
        let request = request(&known("", &[]));
        let view = RequestView::of(&request).unwrap();
        assert!(Guard::new(&Panics(mode)).visible::<Read, Thing>(&view).unwrap().filter().is_all());
        let expected = (Effect::Deny, Reason::Panicked, false, "Read Thing: panicked, the policy panicked");
        let noted = noted(&request, Room::Guard).remove(0);
        assert_eq!((noted.0, noted.1, noted.2, &*noted.3), expected);
    }
}

fn filter() -> impl Strategy<Value = Filter<Thing>> {
    let name = || prop_oneof![Just("a"), Just("b"), Just("")];
    let leaf = prop_oneof![
        Just(Filter::all()),
        Just(Filter::nothing()),
        name().prop_map(|value| OWNER.equals(value)),
        name().prop_map(|value| TEAM.equals(value)),
        Just(TEAM.is_null()),
        (0..3_i64).prop_map(|value| LEVEL.equals(value)),
        any::<bool>().prop_map(|value| PUBLIC.equals(value)),
    ];
    leaf.prop_recursive(4, 24, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.and(b)),
            (inner.clone(), inner.clone()).prop_map(|(a, b)| a.or(b)),
            inner.prop_map(|inner| !inner),
        ]
    })
}

proptest! {
    /// The algebra is that of logic, whatever is simplified.
    #[test]
    fn and_or_and_not_are_those_of_logic(
        first in filter(),
        second in filter(),
        owner in "[ab]?",
        team in proptest::option::of("[ab]?"),
        level in proptest::option::of(0..3_i64),
        public: bool,
    ) {
        let thing = Thing { owner, team, level, public };
        let (one, two) = (first.matches(&thing), second.matches(&thing));
        prop_assert_eq!(first.clone().and(second.clone()).matches(&thing), one && two);
        prop_assert_eq!(first.clone().or(second).matches(&thing), one || two);
        prop_assert_eq!((!first.clone()).matches(&thing), !one);
        prop_assert_eq!(first.decide(&thing).is_allowed(), one);
    }

    #[test]
    fn a_single_read_asks_the_filter_of_the_list(owner in "[ab]?|alice", public: bool) {
        let thing = Thing { owner, team: None, level: None, public };
        let alice = Principal::builder("alice", CredentialMethod::Jwt).build();
        let policy = Filtered(Rules(Mode::Enforce));
        let listed = ListPolicy::<Read, Thing>::filter(&policy, &alice).matches(&thing);
        prop_assert_eq!(Policy::<Read, _>::decide(&policy, &alice, &thing).is_allowed(), listed);
    }
}
