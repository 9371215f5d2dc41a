//! Finds rules that mean nothing, or something else than they seem to say, when the configuration is read.

mod condition;
mod formula;
mod implication;
mod possible;
mod redundant;
mod words;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use self::formula::Analysis;
use super::Rule;
use super::node::Node;

impl Rule {
    /// Everything that is wrong with the rule, whatever the request.
    ///
    /// Words that mean nothing:
    /// - `P206`: a scope has characters that RFC 6749 §3.3 does not allow,
    /// - `P107`: an `acr` has characters that no challenge can carry (RFC 9470 §3),
    /// - `P404`: a network is no address range,
    /// - `P218`: a permission is asked for, but the rule is [bound](Self::within) to no role model,
    /// - `P219`: a [mode](Self::in_mode) stands where what is passed over would let everybody in,
    /// - `P204`: a list is empty, a role, a claim or a method has no name, an age is shorter than a second, hours are no
    ///   part of a day.
    ///
    /// Rules that say something else than they seem to. What the scopes of the application imply is taken into account,
    /// and that a request has one client, issuer, credential, login, address and moment: networks and times may overlap, hold
    /// one another, or have nothing in common. What roles include is not, since a role model may change, nor is what a
    /// [`claim`](crate::claim) is, which may be a list:
    /// - `P204`: the rule contradicts itself, or only [forbids](Self::unless),
    /// - `P214`: an alternative lets nobody in whom the others do not, or a network of a list is part of another,
    /// - `P215`: the same stands twice in a list,
    /// - `P216`: the rule admits every caller and does not say [`authenticated`](crate::authenticated),
    /// - `P217`: a condition refuses nobody whom the others let pass.
    ///
    /// None of these is reported where it is not so. One may go unnoticed in a rule with more than a dozen different
    /// conditions (one that may fail, such as a network or a [`when`](crate::when), counts twice), where clients or networks are
    /// more than 256, and where it follows from anything else than what is named here.
    ///
    /// ```
    /// use portcullis_authz::{role, scope};
    ///
    /// let code = |rule: portcullis_authz::Rule| rule.lint().first().map(|error| error.code().code());
    /// assert_eq!(code(scope("a").and(!role("guest"))), None);
    /// assert_eq!(code(scope("a").and(!scope("a"))), Some("P204"));
    /// assert_eq!(code(scope("a").or(scope("a").and(role("r")))), Some("P214"));
    /// assert_eq!(code(scope("two words")), Some("P206"));
    /// ```
    #[must_use]
    pub fn lint(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        self.lint_words(&mut errors);
        self.lint_modes(true, &mut errors);
        let meaning = self.lint_meaning();
        if meaning.is_empty() && errors.is_empty() {
            self.lint_redundancy(&mut errors);
        }
        errors.extend(meaning);
        errors
    }

    /// The rule, if nothing is wrong with it.
    ///
    /// # Errors
    /// All that [`lint`](Self::lint) finds.
    pub fn checked(self) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.lint());
        errors.into_result(self)
    }

    /// Whether the rule, and each part of it that is watched, can be satisfied, and not by everybody.
    fn lint_meaning(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let analysis = Analysis::of(self);
        if analysis.never_allows() {
            let message = format!("rule `{self}` contradicts itself and refuses every request");
            errors.push(ConfigError::new(ConfigCode::RuleNeverSatisfied, message));
        } else if analysis.admits_everybody() && !self.says_whom() {
            let message = format!("rule `{self}` admits every caller: say `authenticated` if that is meant");
            errors.push(ConfigError::new(ConfigCode::RuleAlwaysSatisfied, message));
        }
        for watched in self.watched() {
            errors.extend(watched.lint_meaning());
        }
        errors
    }

    /// Whether it says that every caller is meant, or leaves it open for the time being.
    fn says_whom(&self) -> bool {
        match self.node() {
            Node::Authenticated | Node::InMode(..) => true,
            Node::All(rules) | Node::Any(rules) => rules.iter().any(Self::says_whom),
            Node::Not(rule) => rule.says_whom(),
            Node::Unless(unless) => unless.allow.iter().chain(&unless.deny).any(Self::says_whom),
            _ => false,
        }
    }

    /// The parts that have a mode of their own and are not what is forbidden.
    fn watched(&self) -> Vec<&Self> {
        match self.node() {
            Node::InMode(_, rule) => vec![rule],
            Node::All(rules) | Node::Any(rules) => rules.iter().flat_map(Self::watched).collect(),
            Node::Unless(unless) => unless.allow.iter().flat_map(Self::watched).collect(),
            _ => Vec::new(),
        }
    }
}
