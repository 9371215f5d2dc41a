//! From the text of policies to policies that know where they stand.

use cedar_policy::{ParseErrors, Policy, PolicyId, PolicySet, Template};
use miette::Diagnostic;
use portcullis_core::{ConfigCode, ConfigErrors};

use crate::source::{Document, line_of};

/// How long an identifier of a policy may be, in octets.
pub(crate) const MAX_ID: usize = 128;

/// A policy or a template with its identifier.
pub(crate) enum Statement {
    Policy(Policy),
    Template(Template),
}

impl Statement {
    pub(crate) fn id(&self) -> &PolicyId {
        match self {
            Self::Policy(policy) => policy.id(),
            Self::Template(template) => template.id(),
        }
    }

    fn annotated_id(&self) -> Option<&str> {
        match self {
            Self::Policy(policy) => policy.annotation("id"),
            Self::Template(template) => template.annotation("id"),
        }
    }

    fn named(self, id: PolicyId) -> Self {
        match self {
            Self::Policy(policy) => Self::Policy(policy.new_id(id)),
            Self::Template(template) => Self::Template(template.new_id(id)),
        }
    }

    fn text(&self) -> String {
        match self {
            Self::Policy(policy) => policy.to_string(),
            Self::Template(template) => template.to_string(),
        }
    }
}

/// A statement and its line.
pub(crate) struct Found {
    pub(crate) statement: Statement,
    pub(crate) line: usize,
}

/// The statements of a text in order, each named by its annotation `@id("..")`, else by file and line.
pub(crate) fn statements(document: &Document) -> Result<Vec<Found>, ConfigErrors> {
    let set = document.text.parse::<PolicySet>().map_err(|errors| syntax(document, &errors))?;
    let mut statements: Vec<Statement> = set.policies().cloned().map(Statement::Policy).collect();
    statements.extend(set.templates().cloned().map(Statement::Template));
    // The parser numbers them in order: `policy0`, `policy1`, ..
    statements.sort_by_key(|statement| number(statement.id()));

    let mut errors = ConfigErrors::new();
    let mut found = Vec::with_capacity(statements.len());
    let mut end = 0;
    let mut last_line = 0;
    for statement in statements {
        let start = skip_trivia(&document.text, end);
        let line = line_of(&document.text, start);
        end = start + statement.text().len();
        let id = match statement.annotated_id() {
            Some(id) if id.is_empty() || id.len() > MAX_ID => {
                let what = format!("`@id` is empty or longer than {MAX_ID} octets");
                errors.push(document.error(ConfigCode::InvalidCedarPolicy, line, &what));
                continue;
            }
            Some(id) => id.to_owned(),
            None if line == last_line => format!("{}:{line}:{}", document.short, found.len()),
            None => format!("{}:{line}", document.short),
        };
        last_line = line;
        found.push(Found { statement: statement.named(PolicyId::new(id)), line });
    }
    errors.into_result(found)
}

/// What an engine says about a text, and at which line.
pub(crate) fn described(text: &str, diagnostic: &(impl Diagnostic + ?Sized)) -> (usize, String) {
    let label = diagnostic.labels().and_then(|mut labels| labels.next());
    let line = label.as_ref().map_or(1, |label| line_of(text, label.offset()));
    let mut said = diagnostic.to_string();
    for more in [
        label.and_then(|label| label.label().map(str::to_owned)),
        diagnostic.help().map(|help| help.to_string()),
    ] {
        if let Some(more) = more.filter(|more| !said.contains(more.as_str())) {
            said.push_str("; ");
            said.push_str(&more);
        }
    }
    (line, said)
}

fn syntax(document: &Document, errors: &ParseErrors) -> ConfigErrors {
    let mut reported = ConfigErrors::new();
    for error in errors.iter() {
        let (line, said) = described(&document.text, error);
        reported.push(document.error(ConfigCode::InvalidCedarPolicy, line, &said));
    }
    reported
}

fn number(id: &PolicyId) -> usize {
    let text: &str = id.as_ref();
    text.strip_prefix("policy").and_then(|number| number.parse().ok()).unwrap_or(usize::MAX)
}

/// The offset of the next octet that is neither white space nor part of a comment.
fn skip_trivia(text: &str, from: usize) -> usize {
    let mut at = from;
    loop {
        let Some(rest) = text.get(at..) else { return from };
        let trimmed = rest.trim_start();
        at += rest.len() - trimmed.len();
        if !trimmed.starts_with("//") {
            return at;
        }
        at += trimmed.find('\n').unwrap_or(trimmed.len());
    }
}
