//! Random rules over what a request has one of, against every request that there can be.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use http::Request;
use portcullis_core::{ClientAddress, Clock, ConfigCode, CredentialMethod, Principal, TimeSource, Trail};
use proptest::prelude::*;

use super::super::attribute::Attribute;
use super::super::*;

const DAY: u64 = 86_400;
/// The midnights that rules name.
const MIDNIGHTS: [u64; 2] = [20_000 * DAY, 20_002 * DAY];
const CLIENTS: [Option<&str>; 4] = [None, Some("a"), Some("b"), Some("other")];
const ISSUERS: [Option<&str>; 4] = [None, Some("x"), Some("y"), Some("other")];
const METHODS: [CredentialMethod; 4] = [
    CredentialMethod::Jwt,
    CredentialMethod::Basic,
    CredentialMethod::Other("own"),
    CredentialMethod::ApiKey,
];
const NETWORKS: [&str; 6] =
    ["10.0.0.0/8", "10.0.0.0/9", "10.128.0.0/9", "10.1.2.3", "2001:db8::/32", "0.0.0.0/0"];
const HOURS: [(u8, u8); 6] = [(0, 24), (9, 12), (10, 18), (14, 18), (22, 6), (6, 22)];

/// What a rule asks about, and the requests that differ in it.
#[derive(Clone, Copy, Debug, PartialEq)]
enum About {
    Client,
    Issuer,
    Method,
    Network,
    Time,
}

/// One request there can be.
#[derive(Clone, Copy)]
struct World {
    scope: bool,
    client: Option<&'static str>,
    issuer: Option<&'static str>,
    method: CredentialMethod,
    address: Option<&'static str>,
    /// `None` is a moment before 1970.
    seconds: Option<u64>,
}

struct At(SystemTime);

impl TimeSource for At {
    fn wall(&self) -> SystemTime {
        self.0
    }

    fn monotonic(&self) -> Instant {
        Clock::system().monotonic()
    }
}

impl World {
    fn all(about: [About; 2]) -> Vec<Self> {
        let first = Self {
            scope: true,
            client: None,
            issuer: None,
            method: CredentialMethod::Jwt,
            address: Some("192.0.2.1"),
            seconds: Some(0),
        };
        let mut worlds = vec![first, Self { scope: false, ..first }];
        for about in about {
            worlds = worlds.into_iter().flat_map(|world| world.varied(about)).collect();
        }
        worlds
    }

    fn varied(self, about: About) -> Vec<Self> {
        match about {
            About::Client => CLIENTS.map(|client| Self { client, ..self }).to_vec(),
            About::Issuer => ISSUERS.map(|issuer| Self { issuer, ..self }).to_vec(),
            About::Method => METHODS.map(|method| Self { method, ..self }).to_vec(),
            About::Network => {
                let known = ["192.0.2.1", "10.0.0.1", "10.1.2.3", "10.200.0.1", "2001:db8::1", "2001:db9::1"];
                let addresses = known.into_iter().map(Some).chain([None]);
                addresses.map(|address| Self { address, ..self }).collect()
            }
            About::Time => {
                let hours = [0, 6, 9, 10, 12, 14, 18, 22].map(|hour| hour * 3600);
                let days = [MIDNIGHTS[0] - DAY, MIDNIGHTS[0], MIDNIGHTS[1]];
                let moments = days.into_iter().flat_map(|day| hours.map(|hour| Some(day + hour)));
                moments.chain([None]).map(|seconds| Self { seconds, ..self }).collect()
            }
        }
    }

    fn request(self) -> Request<()> {
        let now = self.seconds.map(|seconds| UNIX_EPOCH + Duration::from_secs(seconds));
        let now = now.unwrap_or(UNIX_EPOCH - Duration::from_secs(1));
        let mut request = Request::new(());
        let trail = Trail::ensure(request.extensions_mut(), &Clock::new(At(now)));
        let mut caller = Principal::builder("alice", self.method);
        if let Some(client) = self.client {
            caller = caller.client_id(client);
        }
        if let Some(issuer) = self.issuer {
            caller = caller.issuer(issuer);
        }
        if self.scope {
            caller = caller.scopes(portcullis_core::Scopes::parse("a").unwrap());
        }
        trail.authenticated(caller.build()).unwrap();
        if let Some(address) = self.address {
            trail.set_client(ClientAddress::Peer(address.parse().unwrap()));
        }
        request
    }
}

fn some_of(members: usize) -> impl Strategy<Value = Vec<usize>> {
    prop::collection::vec(0..members, 1..4)
}

fn asks(about: About) -> BoxedStrategy<Rule> {
    let moment = |number: usize| UNIX_EPOCH + Duration::from_secs(MIDNIGHTS[number]);
    match about {
        About::Client => some_of(3)
            .prop_map(|list| any_client(list.into_iter().map(|n| CLIENTS[n.max(1)].unwrap())))
            .boxed(),
        About::Issuer => (1..3_usize).prop_map(|number| issuer(ISSUERS[number].unwrap())).boxed(),
        About::Method => (0..3_usize).prop_map(|number| via_method(METHODS[number])).boxed(),
        About::Network => some_of(NETWORKS.len())
            .prop_map(|list| any_network(list.into_iter().map(|n| NETWORKS[n])))
            .boxed(),
        About::Time => prop_oneof![
            (0..HOURS.len()).prop_map(|number| within_hours(HOURS[number].0, HOURS[number].1)),
            (0..2_usize).prop_map(move |number| before(moment(number))),
            (0..2_usize).prop_map(move |number| after(moment(number))),
        ]
        .boxed(),
    }
}

fn abouts() -> impl Strategy<Value = About> {
    prop::sample::select(vec![About::Client, About::Issuer, About::Method, About::Network, About::Time])
}

/// Rules over two things and a scope, with few enough conditions that all of them are combined.
fn rules() -> impl Strategy<Value = ([About; 2], Rule)> {
    [abouts(), abouts()].prop_flat_map(|about| {
        let atom = prop_oneof![2 => asks(about[0]), 2 => asks(about[1]), 1 => Just(scope("a"))];
        let rule = atom.prop_recursive(3, 5, 3, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 2..4)
                    .prop_map(|rules| rules.into_iter().reduce(Rule::and).unwrap()),
                prop::collection::vec(inner.clone(), 2..4)
                    .prop_map(|rules| rules.into_iter().reduce(Rule::or).unwrap()),
                inner.prop_map(|rule| !rule),
            ]
        });
        (Just(about), rule)
    })
}

fn says(rule: &Rule, requests: &[Request<()>]) -> Vec<bool> {
    requests.iter().map(|request| rule.evaluate(&RequestView::of(request).unwrap()).is_allowed()).collect()
}

/// Whether a list has a part without which it says the same of every request, tried out.
fn has_idle_part(rule: &Rule, requests: &[Request<()>]) -> bool {
    let idle = |others: &[Rule], join: fn(Rule, Rule) -> Rule| {
        let others = others.iter().cloned().reduce(join);
        others.is_some_and(|others| says(&others, requests) == says(rule, requests))
    };
    let without = |rules: &[Rule], join: fn(Rule, Rule) -> Rule| {
        (0..rules.len()).any(|number| {
            let mut others = rules.to_vec();
            let _ = others.remove(number);
            idle(&others, join)
        })
    };
    match rule.node() {
        Node::All(rules) => {
            without(rules, Rule::and) || rules.iter().any(|rule| has_idle_part(rule, requests))
        }
        Node::Any(rules) => {
            without(rules, Rule::or) || rules.iter().any(|rule| has_idle_part(rule, requests))
        }
        Node::Not(rule) => has_idle_part(rule, requests),
        Node::Attribute(Attribute::Clients(names)) => {
            without(&names.iter().map(client).collect::<Vec<_>>(), Rule::or)
        }
        Node::Attribute(Attribute::Networks(networks)) => {
            without(&networks.written().iter().map(network).collect::<Vec<_>>(), Rule::or)
        }
        _ => false,
    }
}

proptest! {
    #[test]
    fn lint_reports_just_what_no_request_or_every_request_satisfies((about, rule) in rules()) {
        prop_assume!(rule.conditions() <= 6);
        let requests: Vec<_> = World::all(about).into_iter().map(World::request).collect();
        let says = says(&rule, &requests);
        let codes: Vec<_> = rule.lint().iter().map(portcullis_core::ConfigError::code).collect();
        let reported = |code| codes.contains(&code);
        prop_assert_eq!(reported(ConfigCode::RuleNeverSatisfied), !says.contains(&true), "{}", rule);
        prop_assert_eq!(reported(ConfigCode::RuleAlwaysSatisfied), !says.contains(&false), "{}", rule);
        if !says.contains(&true) || !says.contains(&false) {
            return Ok(());
        }
        let idle = [ConfigCode::ConditionWithoutEffect, ConfigCode::DuplicateCondition, ConfigCode::ShadowedAlternative];
        let found = idle.into_iter().any(reported);
        // Where an address is not known, it also matters whether a part fails or does not hold.
        if found || !about.contains(&About::Network) {
            prop_assert_eq!(found, has_idle_part(&rule, &requests), "{} {:?}", rule, codes);
        }
    }

    #[test]
    fn one_rule_implies_another_just_where_no_request_tells_them_apart((about, rule) in rules(), parts in any::<bool>()) {
        prop_assume!(rule.conditions() <= 6);
        let (Node::All(rules) | Node::Any(rules)) = rule.node() else { return Ok(()) };
        let (one, other) = if parts { (&rules[0], &rules[1]) } else { (&rule, &rules[0]) };
        let requests: Vec<_> = World::all(about).into_iter().map(World::request).collect();
        let follows = says(one, &requests).into_iter().zip(says(other, &requests)).all(|(one, other)| !one || other);
        prop_assert_eq!(one.implies(other), follows, "{} implies {}", one, other);
    }
}
