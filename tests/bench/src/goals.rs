//! The goals. What is asked, of which cases, and what the peers do in the same round.

use crate::formula::Formula;

mod allocations;
mod instructions;
mod times;

pub use self::allocations::ALLOCATIONS;
pub use self::instructions::INSTRUCTIONS;
pub use self::times::TIMES;

/// A yardstick or another crate, measured in the same way.
const fn peer(name: &'static str, formula: &'static str) -> (&'static str, Formula) {
    (name, Formula::new(formula))
}

/// One goal.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// Its number, or `-` for something that is only to be known.
    pub number: &'static str,
    /// What it is about.
    pub what: &'static str,
    /// What is measured.
    pub ours: Formula,
    /// In units of what; `None` for a plain count.
    pub unit: Option<Formula>,
    /// The most that is asked for; `None` if nothing is.
    pub at_most: Option<f64>,
    /// What is asserted as long as the goal is missed.
    pub held: Option<f64>,
    /// The same of others, and of what was written by hand for the same duties.
    pub peers: &'static [(&'static str, Formula)],
}

impl Goal {
    const fn new(number: &'static str, what: &'static str, ours: &'static str) -> Self {
        Self { number, what, ours: Formula::new(ours), unit: None, at_most: None, held: None, peers: &[] }
    }

    const fn of(mut self, unit: &'static str) -> Self {
        self.unit = Some(Formula::new(unit));
        self
    }

    const fn at_most(mut self, ceiling: f64) -> Self {
        self.at_most = Some(ceiling);
        self
    }

    const fn held_at(mut self, ceiling: f64) -> Self {
        self.held = Some(ceiling);
        self
    }

    const fn beside(mut self, peers: &'static [(&'static str, Formula)]) -> Self {
        self.peers = peers;
        self
    }

    /// The formulas that it needs.
    pub fn formulas(&self) -> impl Iterator<Item = Formula> {
        [Some(self.ours), self.unit]
            .into_iter()
            .flatten()
            .chain(self.peers.iter().map(|(_, formula)| *formula))
    }

    /// The cases that it needs, each once.
    #[must_use]
    pub fn cases(&self) -> Vec<&'static str> {
        let mut names: Vec<_> = self.formulas().flat_map(Formula::names).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What a formula amounts to, in the goal's unit.
    pub fn measure(&self, formula: Formula, mut of: impl FnMut(&'static str) -> f64) -> f64 {
        let value = formula.value(&mut of);
        self.unit.map_or(value, |unit| value / unit.value(of))
    }

    /// Whether a value is what is asked for; nothing is asked for by some.
    #[must_use]
    pub fn is_met_by(&self, value: f64) -> bool {
        self.at_most.is_none_or(|ceiling| value <= ceiling)
    }
}
