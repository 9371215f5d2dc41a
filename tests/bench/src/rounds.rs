//! Times, measured in rounds: every case of a goal once per round, one right after the other, so that what else
//! the machine does falls on all of them.

use std::collections::HashMap;
use std::time::Duration;

use portcullis::Clock;

use crate::case::Case;
use crate::cases::case;
use crate::formula::Formula;
use crate::goals::Goal;

/// How long and how often is measured.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Plan {
    /// How many rounds.
    pub rounds: usize,
    /// About how long one case runs in one round.
    pub turn: Duration,
}

impl Plan {
    /// Enough for ratios that repeat within a few percent.
    pub const FULL: Self = Self { rounds: 101, turn: Duration::from_millis(1) };

    /// Enough to see an order of magnitude.
    pub const QUICK: Self = Self { rounds: 9, turn: Duration::from_millis(1) };
}

/// A ratio, and how it spreads over the rounds.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Spread {
    /// Half of the rounds are below, half above.
    pub median: f64,
    /// A quarter of the rounds is below.
    pub lower: f64,
    /// A quarter of the rounds is above.
    pub upper: f64,
}

/// Cases that are ready, with the number of iterations of one turn.
#[derive(Debug, Default)]
pub struct Track {
    clock: Clock,
    cases: HashMap<&'static str, (Case, u32)>,
}

/// Nanoseconds per iteration of every case, for one round.
type Round = HashMap<&'static str, f64>;

/// No turn has more iterations, so that every queue has room for one.
const MOST_ITERATIONS: u32 = 4_000;

impl Track {
    /// What was measured of a goal: our own, and its peers in their order.
    ///
    /// # Panics
    /// If the goal names a case that does not exist.
    pub fn measure(&mut self, goal: &Goal, plan: Plan) -> (Spread, Vec<Spread>) {
        let names = goal.cases();
        for name in &names {
            self.prepare(name, plan);
        }
        let rounds: Vec<Round> = (0..plan.rounds).map(|number| self.round(&names, number)).collect();
        let spread = |formula: Formula| {
            let each = rounds.iter().map(|round| goal.measure(formula, |name| round[name]));
            spread(each.collect())
        };
        (spread(goal.ours), goal.peers.iter().map(|(_, formula)| spread(*formula)).collect())
    }

    /// Makes a case ready, and finds out how many iterations one turn has.
    fn prepare(&mut self, name: &'static str, plan: Plan) {
        if self.cases.contains_key(name) {
            return;
        }
        let mut case = case(name).unwrap_or_else(|| panic!("there is a case named `{name}`"));
        let mut iterations = 1;
        let least = case.least();
        while iterations < least
            || iterations < MOST_ITERATIONS && self.time(&mut case, iterations) < plan.turn
        {
            iterations *= 2;
        }
        self.cases.insert(name, (case, iterations.min(MOST_ITERATIONS)));
    }

    /// Each case once, beginning with another one each round.
    fn round(&mut self, names: &[&'static str], number: usize) -> Round {
        let order = names.iter().cycle().skip(number % names.len()).take(names.len());
        order.map(|name| (*name, self.turn(name))).collect()
    }

    fn turn(&mut self, name: &'static str) -> f64 {
        let (mut case, iterations) = self.cases.remove(name).expect("a case that was prepared");
        // The caches of the processor were another case's.
        case.run(iterations / 8 + 1);
        let time = self.time(&mut case, iterations).as_nanos() as f64 / f64::from(iterations);
        self.cases.insert(name, (case, iterations));
        time
    }

    fn time(&self, case: &mut Case, iterations: u32) -> Duration {
        case.settle();
        let start = self.clock.monotonic();
        let taken = case.time(iterations);
        let time = self.clock.monotonic().saturating_duration_since(start);
        case.settle();
        taken.unwrap_or(time)
    }
}

fn spread(mut values: Vec<f64>) -> Spread {
    values.sort_unstable_by(f64::total_cmp);
    let at = |quarter: usize| values[(values.len() - 1) * quarter / 4];
    Spread { median: at(2), lower: at(1), upper: at(3) }
}
