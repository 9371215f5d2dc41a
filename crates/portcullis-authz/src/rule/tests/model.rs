//! Random rules over few conditions, against plain logic.

use proptest::prelude::*;
use serde_json::json;

use super::super::*;
use crate::test_support::{Who, request, with_login};

/// A rule as data.
#[derive(Clone, Debug)]
enum Model {
    /// The class at this place.
    Acr(usize),
    All(Vec<Self>),
    Any(Vec<Self>),
    Anonymous,
    Authenticated,
    Claim,
    Not(Box<Self>),
    Role,
    Scope(usize),
    Scopes(bool, Vec<usize>),
}

const SCOPES: [&str; 3] = ["a", "b", "c"];

/// What holds for a known caller.
#[derive(Clone, Copy, Debug)]
struct World {
    scopes: [bool; 3],
    role: bool,
    claim: bool,
    /// The class of the login; beyond the list, it is of none.
    class: usize,
}

const CLASSES: [&str; 2] = ["weak", "strong"];

impl World {
    fn all() -> impl Iterator<Item = Self> {
        (0_u8..96).map(|bits| {
            let bit = |number: u8| bits >> number & 1 == 1;
            let class = usize::from(bits / 32);
            Self { scopes: [bit(0), bit(1), bit(2)], role: bit(3), claim: bit(4), class }
        })
    }

    fn caller(self) -> Who {
        let held: Vec<_> =
            SCOPES.iter().zip(self.scopes).filter(|(_, held)| *held).map(|(s, _)| *s).collect();
        let roles: &[&str] = if self.role { &["r"] } else { &[] };
        let claim = json!(if self.claim { "yes" } else { "no" });
        with_login(&held.join(" "), roles, "n", claim, CLASSES.get(self.class).copied())
    }
}

impl Model {
    fn rule(&self) -> Rule {
        let join =
            |rules: &[Self], word: fn(Rule, Rule) -> Rule| rules.iter().map(Self::rule).reduce(word).unwrap();
        match self {
            Self::Acr(class) => acr(CLASSES[*class]),
            Self::All(rules) => join(rules, Rule::and),
            Self::Any(rules) => join(rules, Rule::or),
            Self::Anonymous => anonymous(),
            Self::Authenticated => authenticated(),
            Self::Claim => claim("n", "yes"),
            Self::Not(rule) => !rule.rule(),
            Self::Role => role("r"),
            Self::Scope(number) => scope(SCOPES[*number]),
            Self::Scopes(true, numbers) => all_scopes(numbers.iter().map(|number| SCOPES[*number])),
            Self::Scopes(false, numbers) => any_scope(numbers.iter().map(|number| SCOPES[*number])),
        }
    }

    fn holds(&self, world: World) -> bool {
        match self {
            Self::Acr(class) => world.class == *class,
            Self::All(rules) => rules.iter().all(|rule| rule.holds(world)),
            Self::Any(rules) => rules.iter().any(|rule| rule.holds(world)),
            Self::Anonymous => false,
            Self::Authenticated => true,
            Self::Claim => world.claim,
            Self::Not(rule) => !rule.holds(world),
            Self::Role => world.role,
            Self::Scope(number) => world.scopes[*number],
            Self::Scopes(true, numbers) => numbers.iter().all(|number| world.scopes[*number]),
            Self::Scopes(false, numbers) => numbers.iter().any(|number| world.scopes[*number]),
        }
    }
}

fn models() -> impl Strategy<Value = Model> {
    let atom = prop_oneof![
        (0..CLASSES.len()).prop_map(Model::Acr),
        Just(Model::Anonymous),
        Just(Model::Authenticated),
        Just(Model::Claim),
        Just(Model::Role),
        (0..3_usize).prop_map(Model::Scope),
        (any::<bool>(), prop::collection::vec(0..3_usize, 1..4)).prop_map(|(all, s)| Model::Scopes(all, s)),
    ];
    atom.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..4).prop_map(Model::All),
            prop::collection::vec(inner.clone(), 1..4).prop_map(Model::Any),
            inner.prop_map(|rule| Model::Not(Box::new(rule))),
        ]
    })
}

/// Whether a list has a part without which it says the same to everybody, tried out.
fn has_idle_part(rule: &Rule, requests: &[http::Request<()>]) -> bool {
    let (rules, conjunction) = match rule.node() {
        Node::All(rules) => (rules, true),
        Node::Any(rules) => (rules, false),
        Node::Not(rule) => return has_idle_part(rule, requests),
        Node::Scopes(list) => return list.set.len() < list.written.len(),
        _ => return false,
    };
    let says = |rule: &Rule| -> Vec<bool> {
        requests
            .iter()
            .map(|request| rule.evaluate(&RequestView::of(request).unwrap()).is_allowed())
            .collect()
    };
    let is_idle = |number: usize| {
        let mut others = rules.to_vec();
        let part = others.remove(number);
        let said = conjunction && part == authenticated() && !others.contains(&part);
        let others = Rule::new(if conjunction { Node::All(others.into()) } else { Node::Any(others.into()) });
        !said && says(&others) == says(rule)
    };
    (0..rules.len()).any(is_idle) || rules.iter().any(|rule| has_idle_part(rule, requests))
}

fn allows(rule: &Rule, who: &Who) -> bool {
    rule.evaluate(&RequestView::of(&request(who)).unwrap()).is_allowed()
}

proptest! {
    #[test]
    fn a_known_caller_is_answered_as_logic_says(model in models()) {
        let rule = model.rule();
        for world in World::all() {
            prop_assert_eq!(allows(&rule, &world.caller()), model.holds(world), "{} {:?}", rule, world);
        }
    }

    #[test]
    fn nobody_passes_a_rule_and_its_negation(model in models()) {
        let rule = model.rule();
        for who in [Who::NotAsked, Who::Anonymous] {
            prop_assert!(!(allows(&rule, &who) && allows(&!rule.clone(), &who)), "{}", rule);
        }
        prop_assert!(!allows(&rule, &Who::NotAsked), "{}", rule);
        prop_assert_eq!(rule.needs_principal(), !allows(&rule, &Who::Anonymous), "{}", rule);
    }

    #[test]
    fn lint_reports_just_the_rules_that_refuse_every_request(model in models()) {
        let rule = model.rule();
        let satisfiable = World::all().any(|world| model.holds(world)) || allows(&rule, &Who::Anonymous);
        let never = rule.lint().iter().any(|error| error.code() == portcullis_core::ConfigCode::RuleNeverSatisfied);
        prop_assert_eq!(!never, satisfiable, "{}", rule);
    }

    #[test]
    fn lint_reports_just_the_rules_with_a_part_that_changes_nothing(model in models()) {
        use portcullis_core::ConfigCode::{ConditionWithoutEffect, DuplicateCondition, RuleAlwaysSatisfied, RuleNeverSatisfied, ShadowedAlternative};

        let rule = model.rule();
        prop_assume!(!rule.to_string().contains("anonymous"));
        let codes: Vec<_> = rule.lint().iter().map(portcullis_core::ConfigError::code).collect();
        let requests: Vec<_> = World::all().map(|world| request(&world.caller())).collect();
        let always = requests.iter().all(|request| rule.evaluate(&RequestView::of(request).unwrap()).is_allowed());
        let never = codes.contains(&RuleNeverSatisfied);
        prop_assert_eq!(codes.contains(&RuleAlwaysSatisfied), always && !rule.to_string().contains("authenticated"), "{}", rule);
        if !never && !codes.contains(&RuleAlwaysSatisfied) {
            let reported = codes.iter().any(|code| matches!(code, ConditionWithoutEffect | DuplicateCondition | ShadowedAlternative));
            prop_assert_eq!(reported, has_idle_part(&rule, &requests), "{} {:?}", rule, codes);
        }
    }

    #[test]
    fn the_scopes_of_a_challenge_would_do(model in models()) {
        let rule = model.rule();
        for world in World::all() {
            let request = request(&world.caller());
            let Err(denial) = rule.decide(&RequestView::of(&request).unwrap()) else { continue };
            let wanted = rule.wanted_of(&RequestView::of(&request).unwrap()).map(|wanted| wanted.into_scopes());
            if denial.reason() != portcullis_core::Reason::InsufficientScope || rule.to_string().contains("not ") {
                continue;
            }
            let wanted = wanted.unwrap();
            let mut mended = world;
            for (number, scope) in SCOPES.iter().enumerate() {
                mended.scopes[number] |= wanted.contains(scope);
            }
            prop_assert!(model.holds(mended), "{} {:?} {}", rule, world, wanted);
        }
    }

    /// What is left out because another rule implies it is missed by nobody.
    #[test]
    fn one_rule_implies_another_just_where_it_lets_nobody_else_in(
        one in models(), other in models(), deny in models(), own_deny in models(), denies in any::<(bool, bool)>(),
    ) {
        let unless = |rule: Rule, deny: &Model, has: bool| if has { rule.unless(deny.rule()) } else { rule };
        let (one, other) = (unless(one.rule(), &deny, denies.0), unless(other.rule(), &own_deny, denies.1));
        let callers = World::all().map(World::caller).chain([Who::Anonymous]);
        let follows = callers.into_iter().all(|who| !allows(&one, &who) || allows(&other, &who));
        prop_assert_eq!(one.implies(&other), follows, "{} implies {}", one, other);
    }
}
