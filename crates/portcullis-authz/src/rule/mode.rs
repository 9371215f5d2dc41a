//! Parts of a rule that are watched before they are enforced.

use std::panic::{AssertUnwindSafe, catch_unwind};

use portcullis_core::{Decision, Mode, Reason, Room};

use super::Rule;
use super::node::{Node, Unless};
use super::verdict::{Facts, Obstacle, Verdict};

impl Rule {
    /// Watches this part of a rule without enforcing it: a refusal is noted in the Trail as one that would have been,
    /// and changes nothing; neither does a failure or a panic in it. The same as
    /// [`in_mode(Mode::Shadow)`](Self::in_mode).
    ///
    /// ```
    /// use portcullis_authz::{role, scope, tenant_matches};
    ///
    /// let rule = scope("a").and(tenant_matches("tenant").shadowed()).unless(role("leaver").shadowed());
    /// assert_eq!(rule.to_string(), "(scope(a) and shadow(tenant_matches(tenant))) unless shadow(role(leaver))");
    /// assert!(rule.lint().is_empty());
    ///
    /// // An alternative that is passed over would let everybody in.
    /// assert_eq!(scope("a").or(role("r").shadowed()).lint()[0].code().code(), "P219");
    /// ```
    pub fn shadowed(self) -> Self {
        self.in_mode(Mode::Shadow)
    }

    /// Takes this part of a rule as seriously as the mode says: a condition beside others, a whole rule, or what
    /// [`unless`](Self::unless) forbids. Anywhere else it is enforced, and an error (`P219`) when the configuration is
    /// read.
    ///
    /// [`Mode::Percent`] enforces it for that share of requests; all parts of one request are in the same share. A
    /// rule still needs a caller, whatever is watched.
    pub fn in_mode(self, mode: Mode) -> Self {
        match (mode, self.node()) {
            (Mode::Enforce, _) => self,
            // What only forbids is watched where it stands: around the whole rule.
            (mode, Node::Unless(Unless { allow: None, deny })) => {
                let deny = deny.iter().map(|deny| Self::new(Node::InMode(mode, deny.clone())));
                Self::new(Node::Unless(Unless { allow: None, deny: deny.collect() }))
            }
            (mode, _) => Self::new(Node::InMode(mode, self)),
        }
    }

    /// The rule without its mode.
    pub(super) fn firm(&self) -> &Self {
        match self.node() {
            Node::InMode(_, rule) => rule.firm(),
            _ => self,
        }
    }

    /// Whether every part of it may be passed over, so that it admits everybody.
    pub(super) fn is_all_watched(&self) -> bool {
        matches!(self.node(), Node::All(rules) if rules.iter().all(|rule| matches!(rule.node(), Node::InMode(..))))
    }

    /// An alternative counts in earnest; within it, parts may be watched beside others that are not.
    pub(super) fn ask_alternative(&self, facts: &Facts<'_>) -> Verdict<'_> {
        match self.firm() {
            rule if rule.is_all_watched() => rule.ask_firmly(facts),
            rule => rule.ask(facts),
        }
    }

    pub(super) fn ask_in_mode(&self, mode: Mode, facts: &Facts<'_>) -> Verdict<'_> {
        facts.ask_in_mode(mode, self, || self.ask(facts))
    }
}

impl Facts<'_> {
    /// Asks, and takes a refusal as seriously as the mode says.
    pub(super) fn ask_in_mode<'r>(
        &self,
        mode: Mode,
        part: &Rule,
        ask: impl FnOnce() -> Verdict<'r>,
    ) -> Verdict<'r> {
        if self.request.trail().enforces(mode) {
            return ask();
        }
        let decision = match self.ask_safely(ask) {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(obstacle)) => Obstacle::into_decision(obstacle),
            Err(panicked) => panicked,
        };
        if self.notes {
            self.request.trail().note(Room::Rule, part.of_watched(decision), false);
        }
        Ok(())
    }

    /// Asks what may panic without harm; the decision then says so.
    pub(super) fn ask_safely<'r>(&self, ask: impl FnOnce() -> Verdict<'r>) -> Result<Verdict<'r>, Decision> {
        // What is asked is only read; what the facts remember of the asking is put back.
        let nobody = self.nobody.get();
        catch_unwind(AssertUnwindSafe(ask)).map_err(|_| {
            self.nobody.set(nobody);
            Decision::deny(Reason::Panicked).because("a predicate panicked")
        })
    }
}
