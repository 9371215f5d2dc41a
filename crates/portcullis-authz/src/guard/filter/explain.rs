//! Why a filter did not let a resource through: each comparison, with what the resource has instead.

use std::hint::black_box;
use std::sync::Arc;
use std::{fmt, iter, slice};

use portcullis_core::text::Text;
use portcullis_core::{Decision, Explain, Explained, Explanation, Finding, Principal, Reason};

use super::field::{Seen, Value};
use super::probe::Probe;
use super::{Filter, Node, too_large};

/// How many comparisons are told apart. Later ones are told as not asked.
const MAX_TOLD: usize = 64;

/// How many octets of a text are told.
const MAX_TEXT: usize = 64;

/// How many values of a list are told.
const MAX_LISTED: usize = 8;

impl<R: 'static> Filter<R> {
    /// The decision about this one, as [`decide`](Self::decide) makes it, with the tree of what was compared where it is
    /// refused: each field with the value that was asked for and the one that the resource has, 64 octets of each at most.
    /// Fields that are [undisclosed](crate::Field::undisclosed) are told without values. The tree is made when somebody
    /// reads it.
    pub fn into_decision(self, resource: &R) -> Decision {
        let decision = self.decide(resource);
        if decision.reason() != Reason::PolicyDenied {
            return decision;
        }
        decision.explained(self.into_explained(Some(resource)))
    }

    /// The decision about one that is not there, with the tree of what would have been asked. It is as dear as a refusal: as much
    /// is compared and kept.
    pub(super) fn into_absent(self) -> Decision {
        if self.is_too_large() {
            return too_large();
        }
        black_box(self.node.matches(None));
        Decision::deny(Reason::ResourceNotFound).explained(self.into_explained(None))
    }

    fn into_explained(self, resource: Option<&R>) -> Explained {
        let mut held = Vec::with_capacity(self.node.comparisons().min(MAX_TOLD));
        self.node.compare(resource, &mut held);
        Explained::later(Arc::new(Compared { filter: self, held }), u64::from(resource.is_some()))
    }
}

/// A filter that let nothing through, and what the resource had in place of what was asked for.
struct Compared<R> {
    filter: Filter<R>,
    /// In the order of the comparisons.
    held: Vec<Held>,
}

/// What came of one comparison.
struct Held {
    fits: bool,
    /// `None` if it must not be told.
    value: Option<HeldValue>,
}

/// What a resource has in a field: a copy, since the resource is gone when it is told, and bounded, since it may be long.
enum HeldValue {
    Boolean(bool),
    Integer(i64),
    Null,
    Text(Text<[u8; MAX_TEXT]>),
}

impl From<Option<Seen<'_>>> for HeldValue {
    fn from(seen: Option<Seen<'_>>) -> Self {
        match seen {
            None | Some(Seen::Unknown) => Self::Null,
            Some(Seen::Boolean(value)) => Self::Boolean(value),
            Some(Seen::Integer(value)) => Self::Integer(value),
            Some(Seen::Text(text)) => Self::Text(Text::bounded(text, MAX_TEXT)),
        }
    }
}

impl<R> Node<R> {
    fn comparisons(&self) -> usize {
        match self {
            Self::And(parts) | Self::Or(parts) => parts.iter().map(Self::comparisons).sum(),
            Self::Not(inner) => inner.comparisons(),
            Self::All | Self::Nothing => 0,
            Self::Equals(..) | Self::IsNull(_) | Self::OneOf(..) => 1,
        }
    }

    /// What is not there is as dear to compare and to keep as what is.
    fn compare(&self, resource: Option<&R>, held: &mut Vec<Held>) {
        let (column, asked) = match self {
            Self::And(parts) | Self::Or(parts) => {
                return parts.iter().for_each(|part| part.compare(resource, held));
            }
            Self::Not(inner) => return inner.compare(resource, held),
            Self::All | Self::Nothing => return,
            Self::IsNull(column) => (column, &[][..]),
            Self::Equals(column, value) => (column, slice::from_ref(value)),
            Self::OneOf(column, values) => (column, &**values),
        };
        if held.len() >= MAX_TOLD {
            return;
        }
        let seen = resource.and_then(|resource| column.seen(Some(resource)));
        let probe = Probe::of(seen.unwrap_or(Seen::Unknown));
        let fits = asked.iter().fold(asked.is_empty() && seen.is_none(), |any, value| probe.is(value) | any);
        // Something is copied where the resource has nothing, too. Of one that is not there nobody reads it.
        let copied = HeldValue::from(seen.or_else(|| asked.last().map(Seen::from)));
        let has_nothing = resource.is_some() && seen.is_none();
        let value = if has_nothing { black_box(HeldValue::Null) } else { copied };
        held.push(Held { fits, value: column.is_told().then_some(value) });
    }

    /// Nothing was asked where nothing is held.
    fn tell<'h>(&self, held: &mut impl Iterator<Item = &'h Held>) -> Explanation {
        match self {
            Self::And(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.tell(held)).collect();
                list("all of", parts, [Finding::Fails, Finding::NotAsked, Finding::Holds])
            }
            Self::Or(parts) => {
                let parts: Vec<_> = parts.iter().map(|part| part.tell(held)).collect();
                list("any of", parts, [Finding::Holds, Finding::NotAsked, Finding::Fails])
            }
            Self::Not(inner) => {
                let inner = inner.tell(held);
                let finding = match inner.finding() {
                    Finding::Holds => Finding::Fails,
                    Finding::Fails => Finding::Holds,
                    other => other,
                };
                Explanation::new("not", finding).part(inner)
            }
            Self::All => Explanation::new("everything", Finding::Holds),
            Self::Nothing => Explanation::new("nothing", Finding::Fails),
            Self::Equals(column, value) if column.is_told() => {
                tell(format!("{} = {}", column.name(), Told(value)), held.next())
            }
            Self::OneOf(column, values) if column.is_told() => {
                tell(format!("{} in ({})", column.name(), Listed(values)), held.next())
            }
            comparison => tell(comparison.to_string(), held.next()),
        }
    }
}

fn tell(asked: String, held: Option<&Held>) -> Explanation {
    let finding = match held {
        None => Finding::NotAsked,
        Some(held) if held.fits => Finding::Holds,
        Some(_) => Finding::Fails,
    };
    let tree = Explanation::new(asked, finding);
    match held.and_then(|held| held.value.as_ref()) {
        Some(value) => tree.held(value.to_string()),
        None => tree,
    }
}

/// The first finding of the order that a part has decides.
fn list(asked: &'static str, parts: Vec<Explanation>, order: [Finding; 3]) -> Explanation {
    let found = order.into_iter().find(|finding| parts.iter().any(|part| part.finding() == *finding));
    Explanation::new(asked, found.unwrap_or(Finding::NotAsked)).parts(parts)
}

impl<R: 'static> Explain for Compared<R> {
    /// The outcome is whether there was a resource.
    fn explain(&self, there: u64, _: Option<&Principal>) -> Explanation {
        match there {
            1 => self.filter.node.tell(&mut self.held.iter()).decisive(),
            _ => self.filter.node.tell(&mut iter::empty()),
        }
    }
}

/// A value as audit events have it: text in quotes, cut to what is told. They are escaped where the tree is written.
struct Told<'a>(&'a Value);

impl fmt::Display for Told<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Value::Boolean(value) => value.fmt(f),
            Value::Integer(value) => value.fmt(f),
            Value::Text(text) => quoted(f, &Text::bounded(text, MAX_TEXT)),
        }
    }
}

struct Listed<'a>(&'a [Value]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, value) in self.0.iter().take(MAX_LISTED).enumerate() {
            if index > 0 {
                f.write_str(", ")?;
            }
            Told(value).fmt(f)?;
        }
        match self.0.len().saturating_sub(MAX_LISTED) {
            0 => Ok(()),
            more => write!(f, " and {more} more"),
        }
    }
}

impl fmt::Display for HeldValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Boolean(value) => value.fmt(f),
            Self::Integer(value) => value.fmt(f),
            Self::Null => f.write_str("null"),
            Self::Text(text) => quoted(f, text),
        }
    }
}

fn quoted(f: &mut fmt::Formatter<'_>, text: &Text<[u8; MAX_TEXT]>) -> fmt::Result {
    write!(f, "'{}{}'", text.as_str(), if text.is_truncated() { "…" } else { "" })
}
