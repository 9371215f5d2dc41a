//! A row as it is printed.

use portcullis_authz::{Demand, Rule};
use portcullis_core::escape::Escaped;
use serde::Serialize;

use super::{Everywhere, RouteRow, method_name};

/// What stands in a cell that has nothing to say.
const NOTHING: &str = "-";

/// The words of a row, without any markup.
#[derive(Debug, Serialize)]
pub(super) struct Printed {
    pub(super) method: String,
    pub(super) path: String,
    /// The rule, what is asked of decision points after it, and what the handler demands besides; or `public: ` and the
    /// reason.
    pub(super) access: String,
    pub(super) asks: Vec<String>,
    /// What the rule forbids whoever allows it, and the application whatever the rule.
    pub(super) forbids: Vec<String>,
    /// What the handler takes besides.
    pub(super) demands: Vec<String>,
    /// How seriously each of the demands is taken.
    pub(super) modes: Vec<String>,
    pub(super) public: bool,
    pub(super) schemes: String,
    pub(super) limits: String,
    pub(super) handler: String,
}

/// The columns that people see, after method and path.
pub(super) const HEADINGS: [&str; 5] = ["Method", "Path", "Access", "Schemes", "Limits"];

impl Printed {
    pub(super) fn of(row: &RouteRow, everywhere: &Everywhere) -> Self {
        let policy = &row.policy;
        let public = policy.public_reason();
        let rule =
            policy.rule().map(|rule| everywhere.forbidden.iter().cloned().fold(rule.clone(), Rule::unless));
        let access = match (public, &rule) {
            (Some(reason), _) => format!("{PUBLIC}{}", Escaped::new(reason)),
            (None, Some(rule)) => rule.to_string(),
            (None, None) => String::new(),
        };
        let asks: Vec<String> = policy.questions().iter().map(ToString::to_string).collect();
        let written = |text: &str| Escaped::new(text).with_limit(usize::MAX).to_string();
        let demands: Vec<String> =
            policy.demands().iter().map(|demand| written(&demand.to_string())).collect();
        let besides = asks.iter().chain(&demands);
        let access = besides.fold(access, |access, besides| format!("{access}, then {besides}"));
        let everywhere_limits =
            everywhere.limits.iter().filter(|(identity, _)| public.is_none() || !identity);
        let limits = everywhere_limits.map(|(_, text)| text.clone());
        let limits: Vec<String> = limits.chain(policy.limits.iter().map(ToString::to_string)).collect();
        Self {
            method: method_name(row).to_owned(),
            path: written(&row.path),
            access,
            public: public.is_some(),
            asks,
            forbids: rule.as_ref().map(Rule::forbidden).unwrap_or_default(),
            demands: policy.demands().iter().map(ToString::to_string).collect(),
            modes: policy.demands().iter().map(Demand::mode_text).collect(),
            schemes: written(&policy.schemes_text(everywhere.schemes.as_deref())),
            limits: if limits.is_empty() { NOTHING.to_owned() } else { limits.join(", ") },
            handler: row.handler.clone(),
        }
    }

    /// The cells under [`HEADINGS`].
    pub(super) fn cells(&self) -> [&str; 5] {
        [&self.method, &self.path, &self.access, &self.schemes, &self.limits]
    }

    /// Why it is public, if it is.
    pub(super) fn reason(&self) -> Option<&str> {
        self.access.strip_prefix(PUBLIC).filter(|_| self.public)
    }
}

const PUBLIC: &str = "public: ";
