//! The tables: goal, measured, peer side by side.

use crate::goals::Goal;

/// The lines of one table.
#[derive(Debug, Default)]
pub struct Report {
    missed: Vec<String>,
}

impl Report {
    /// Begins a table.
    pub fn heading(&self, title: &str) {
        println!("\n{title}\n");
        line("goal", "what", "asked", "measured", "", "peers");
    }

    /// Adds what was measured of a goal. `spread` is what else there is to say about the figure.
    pub fn add(&mut self, goal: &Goal, measured: f64, spread: &str, peers: &[f64]) {
        let asked = goal.at_most.map_or_else(String::new, |ceiling| format!("<= {}", figure(ceiling)));
        let met = goal.is_met_by(measured);
        let verdict = match goal.at_most {
            None => "",
            Some(_) if met => "met",
            Some(_) => "MISSED",
        };
        let named =
            goal.peers.iter().zip(peers).map(|((name, _), value)| format!("{name} {}", figure(*value)));
        let named = named.collect::<Vec<_>>().join(", ");
        line(goal.number, goal.what, &asked, &format!("{} {spread}", figure(measured)), verdict, &named);
        if let (Some(ceiling), false) = (goal.at_most, met) {
            let what = goal.what.trim();
            let by = figure(measured - ceiling);
            self.missed.push(format!(
                "{} {what} ({}): {} instead of {}, {by} too much",
                goal.number,
                goal.ours.text(),
                figure(measured),
                figure(ceiling)
            ));
        }
    }

    /// Prints which goals were missed, and by how much. Whether none was.
    #[must_use]
    pub fn conclude(&self) -> bool {
        if self.missed.is_empty() {
            println!("\nEvery goal is met.");
        } else {
            println!("\nMissed goals: {}", self.missed.len());
            self.missed.iter().for_each(|missed| println!("  {missed}"));
        }
        self.missed.is_empty()
    }
}

fn line(number: &str, what: &str, asked: &str, measured: &str, verdict: &str, peers: &str) {
    let text = format!("{number:<4} {what:<44} {asked:>10}  {measured:<24} {verdict:<7} {peers}");
    println!("{}", text.trim_end());
}

/// Ratios with two decimals, counts with none.
fn figure(value: f64) -> String {
    if value.abs() < 100.0 && value.fract() != 0.0 { format!("{value:.2}") } else { format!("{value:.0}") }
}
