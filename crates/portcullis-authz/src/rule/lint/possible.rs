//! Which conditions can hold together.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use super::super::attribute::Attribute;
use super::condition::Condition;

/// How many clients or networks the conditions of a rule may name for their lists to be compared. Longer lists count as if
/// they had nothing to do with one another.
const MAX_MEMBERS: usize = 256;

const HOUR: Duration = Duration::from_secs(3600);

/// What can be true of one request: its caller uses one client, has one issuer and one method, logged in once and in one
/// class; it comes from one address, or one that is not known, at one moment; and scopes stand for others. Everything else
/// may hold or not, whatever else does: a claim may be a list.
pub(super) struct Possible {
    /// Sets of conditions of which one value decides.
    single: Vec<Single>,
    /// Where the first condition holds, one of the others does, by their bits.
    implied: Vec<(u32, u32)>,
}

/// The conditions on one value, and which of them hold together for a value that there can be.
struct Single {
    mask: u32,
    patterns: Vec<u32>,
}

impl Possible {
    pub(super) fn of(conditions: &[Condition<'_>]) -> Self {
        let single = [
            classes(conditions),
            clients(conditions),
            issuers(conditions),
            methods(conditions),
            networks(conditions),
            times(conditions),
        ];
        Self { single: single.into_iter().flatten().collect(), implied: implied(conditions) }
    }

    /// Whether just those conditions can hold whose bit is set.
    pub(super) fn has(&self, truths: u32) -> bool {
        self.single.iter().all(|single| single.patterns.contains(&(truths & single.mask)))
            && self.implied.iter().all(|(held, implied)| truths & held == 0 || truths & implied != 0)
    }
}

/// A login younger than a minute is younger than an hour, and a scope holds where another one implies it.
fn implied(conditions: &[Condition<'_>]) -> Vec<(u32, u32)> {
    let follows = |held: &Condition<'_>, other: &Condition<'_>| match (held, other) {
        (Condition::MaxAge(age), Condition::MaxAge(other)) => other > age,
        (Condition::Scope(scope, _), Condition::Scope(_, covering)) => covering.contains(scope),
        _ => false,
    };
    let pairs = conditions.iter().enumerate().flat_map(|(number, held)| {
        let others = conditions.iter().enumerate().filter(move |(_, other)| follows(held, other));
        others.map(move |(other, _)| (bit(number), bit(other)))
    });
    pairs.collect()
}

fn classes(conditions: &[Condition<'_>]) -> Option<Single> {
    let asked = asked(conditions, |condition| match condition {
        Condition::Acr(class) => Some(*class),
        _ => None,
    });
    Single::of(&asked, one_or_none(&asked), |class, login| *login == Some(*class))
}

fn clients(conditions: &[Condition<'_>]) -> Option<Single> {
    let asked = asked(conditions, |condition| match attribute(condition)? {
        Attribute::Clients(names) => Some(names),
        _ => None,
    });
    let named = asked.iter().flat_map(|(_, names)| names.iter());
    if named.clone().count() > MAX_MEMBERS {
        return None;
    }
    let clients = named.map(Some).chain([None]);
    Single::of(&asked, clients, |names, client| client.is_some_and(|client| names.contains(client)))
}

fn issuers(conditions: &[Condition<'_>]) -> Option<Single> {
    let asked = asked(conditions, |condition| match attribute(condition)? {
        Attribute::Issuer(name) => Some(name),
        _ => None,
    });
    Single::of(&asked, one_or_none(&asked), |name, issuer| *issuer == Some(*name))
}

fn methods(conditions: &[Condition<'_>]) -> Option<Single> {
    let asked = asked(conditions, |condition| match attribute(condition)? {
        Attribute::Method(method) => Some(*method),
        _ => None,
    });
    // There is always another one, which the application names.
    Single::of(&asked, one_or_none(&asked), |asked, method| *method == Some(*asked))
}

/// Of an address that is not known, every question fails.
fn networks(conditions: &[Condition<'_>]) -> Option<Single> {
    let asked = asked(conditions, |condition| match attribute(condition)? {
        Attribute::Networks(networks) => Some(networks),
        _ => None,
    });
    if asked.iter().map(|(_, networks)| networks.written().len()).sum::<usize>() > MAX_MEMBERS {
        return None;
    }
    let zero = [Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()];
    let addresses = asked.iter().flat_map(|(_, networks)| networks.borders()).chain(zero);
    let mut single = Single::of(&asked, addresses, |networks, address| networks.have(*address))?;
    // The failure of a condition stands behind it.
    let fails = single.mask << 1;
    single.mask |= fails;
    single.patterns.push(fails);
    Some(single)
}

fn times(conditions: &[Condition<'_>]) -> Option<Single> {
    let asked = asked(conditions, |condition| match attribute(condition)? {
        Attribute::Time(window) => Some(*window),
        _ => None,
    });
    let borders: Vec<_> =
        asked.iter().filter_map(|(_, window)| window.border()).chain([UNIX_EPOCH]).collect();
    let earliest = borders.iter().min().and_then(|first| first.checked_sub(HOUR));
    let moments = borders.iter().flat_map(|border| day_from(*border)).chain(earliest);
    Single::of(&asked, moments, |window, moment| window.is_now(*moment))
}

/// The moment, and the beginning of each of the 24 hours that follow: between two borders, whatever is true at a moment is
/// true at the border before it, or where that hour of the day began first.
fn day_from(moment: SystemTime) -> impl Iterator<Item = SystemTime> {
    let since = moment.duration_since(UNIX_EPOCH).ok();
    let hours = since.into_iter().flat_map(|since| {
        let hour = since.as_secs() / HOUR.as_secs();
        (1..=24).filter_map(move |next| {
            UNIX_EPOCH
                .checked_add(Duration::from_secs(hour.saturating_add(next).saturating_mul(HOUR.as_secs())))
        })
    });
    hours.chain([moment])
}

impl Single {
    /// Which of the conditions hold for each of these values; `None` if nothing asks for the value.
    fn of<A, V>(
        asked: &[(usize, A)],
        values: impl IntoIterator<Item = V>,
        holds: impl Fn(&A, &V) -> bool,
    ) -> Option<Self> {
        let bits = |value: Option<&V>| {
            let held = asked.iter().filter(|(_, asked)| value.is_none_or(|value| holds(asked, value)));
            held.fold(0, |bits, (number, _)| bits | bit(*number))
        };
        let mut patterns: Vec<u32> = values.into_iter().map(|value| bits(Some(&value))).collect();
        patterns.sort_unstable();
        patterns.dedup();
        (!asked.is_empty()).then(|| Self { mask: bits(None), patterns })
    }
}

/// The conditions that ask for a value, by their numbers.
fn asked<'r, A>(
    conditions: &[Condition<'r>],
    asked: impl Fn(&Condition<'r>) -> Option<A>,
) -> Vec<(usize, A)> {
    conditions
        .iter()
        .enumerate()
        .filter_map(|(number, condition)| Some((number, asked(condition)?)))
        .collect()
}

/// What is asked for, and anything else.
fn one_or_none<A: Copy>(asked: &[(usize, A)]) -> impl Iterator<Item = Option<A>> {
    asked.iter().map(|(_, value)| Some(*value)).chain([None])
}

fn attribute<'r>(condition: &Condition<'r>) -> Option<&'r Attribute> {
    if let Condition::Attribute(attribute) = condition { Some(attribute) } else { None }
}

const fn bit(number: usize) -> u32 {
    1 << number
}
