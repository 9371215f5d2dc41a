//! How seriously parts of a rule are taken, beside what is told of them.

use std::borrow::Cow;
use std::fmt::Display;

use portcullis_core::Mode;

use super::Rule;
use super::node::Node;
use crate::demand::written;

/// Whether parts that are not enforced for every request are told as such.
#[derive(Clone, Copy)]
pub(super) enum Marks {
    /// What is enforced for some requests is told as if it were for all, and what is only watched is not told.
    None,
    /// Everything is told, with the mode of what it stands in.
    Within(Mode),
}

impl Marks {
    /// Those of a part that has a mode of its own.
    pub(super) fn within(self, inner: Mode) -> Self {
        match self {
            Self::None => Self::None,
            Self::Within(outer) => Self::Within(both(outer, inner)),
        }
    }

    /// The part as text.
    pub(super) fn on(self, part: &impl Display) -> String {
        match self.mark() {
            Some(mark) => format!("{part} [{mark}]"),
            None => part.to_string(),
        }
    }

    /// Whether a part of this mode is told.
    pub(super) fn is_told(self, mode: Mode) -> bool {
        mode != Mode::Shadow || matches!(self, Self::Within(_))
    }

    /// A condition for what is told otherwise, and has no room for a mark there.
    pub(super) fn beside(self, part: &impl Display) -> Option<String> {
        self.mark().map(|_| self.on(part))
    }

    /// What is only watched, if that is told.
    pub(super) fn on_watched(self, rule: &Rule) -> Option<String> {
        let text = rule.without_values();
        let joins = matches!(rule.node(), Node::All(_) | Node::Any(_) | Node::Unless(_));
        let marks = self.within(Mode::Shadow);
        marks.mark().map(|_| if joins { marks.on(&format_args!("({text})")) } else { marks.on(&text) })
    }

    fn mark(self) -> Option<Cow<'static, str>> {
        match self {
            Self::None => None,
            Self::Within(mode) => written(mode),
        }
    }
}

impl Rule {
    /// The rule without its modes, and how seriously they take it.
    pub(super) fn weighed(&self) -> (Mode, &Self) {
        match self.node() {
            Node::InMode(outer, rule) => {
                let (inner, rule) = rule.weighed();
                (both(*outer, inner), rule)
            }
            _ => (Mode::Enforce, self),
        }
    }
}

/// All parts of one request are in the same share: the smaller one is what is enforced.
pub(super) fn both(outer: Mode, inner: Mode) -> Mode {
    match (outer, inner) {
        (Mode::Percent(outer), Mode::Percent(inner)) => Mode::Percent(outer.min(inner)),
        (Mode::Enforce, mode) | (mode, Mode::Enforce) => mode,
        _ => Mode::Shadow,
    }
}
