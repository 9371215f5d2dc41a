//! The statements of all texts as one set, checked against the schema.

use std::collections::{HashMap, HashSet};

use cedar_policy::{PolicyId, PolicySet, ValidationMode, ValidationWarning, Validator};
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use crate::links;
use crate::parse::{Statement, described, statements};
use crate::schema::Vocabulary;
use crate::source::{Document, Kind};

/// Every policy and template, and where each one stands.
pub(crate) struct Policies {
    pub(crate) set: PolicySet,
    /// The index of the document, and the line.
    places: HashMap<PolicyId, (usize, usize)>,
}

impl Policies {
    /// Reads the policies of the documents and links their templates.
    pub(crate) fn read(documents: &[Document], max_policies: usize) -> Result<Self, ConfigErrors> {
        let mut policies = Self { set: PolicySet::new(), places: HashMap::new() };
        let mut errors = ConfigErrors::new();
        for (number, document) in documents.iter().enumerate() {
            if document.kind == Kind::Policies {
                errors.take(policies.add(number, document));
            }
        }
        for document in documents.iter().filter(|document| document.kind == Kind::Links) {
            errors.take(links::link(document, &mut policies.set));
        }
        if errors.is_empty() {
            errors.extend(policies.amount(documents, max_policies));
        }
        errors.into_result(policies)
    }

    fn add(&mut self, number: usize, document: &Document) -> Result<(), ConfigErrors> {
        let mut errors = ConfigErrors::new();
        for found in statements(document)? {
            let id = found.statement.id().clone();
            let added = match found.statement {
                Statement::Policy(policy) => self.set.add(policy),
                Statement::Template(template) => self.set.add_template(template),
            };
            if added.is_err() {
                let what = format!("the identifier `{id}` is taken: give each policy an `@id` of its own");
                errors.push(document.error(ConfigCode::DuplicateCedarPolicy, found.line, &what));
            } else {
                self.places.insert(id, (number, found.line));
            }
        }
        errors.into_result(())
    }

    fn amount(&self, documents: &[Document], max: usize) -> Option<ConfigError> {
        let count = self.set.num_of_policies();
        let has_links = documents.iter().any(|document| document.kind == Kind::Links);
        if count > max {
            let what = format!("there are {count} policies, and at most {max} are taken");
            return Some(ConfigError::new(ConfigCode::CedarSourceUnusable, what));
        }
        // An empty folder is rather one that was not mounted than a wish to refuse everybody everything.
        if count == 0 && !has_links {
            let what = "there is no policy: nobody could do anything";
            return Some(ConfigError::new(ConfigCode::CedarSourceUnusable, what));
        }
        let unlinked = self.set.templates().next().filter(|_| !has_links)?;
        let what = format!("no template is ever linked, such as `{}`", Escaped::new(unlinked.id().as_ref()));
        Some(ConfigError::new(ConfigCode::InvalidCedarLink, what))
    }

    /// Where a policy or a template stands, by the short name of its file.
    pub(crate) fn place(&self, documents: &[Document], id: &PolicyId) -> Option<String> {
        let (number, line) = self.places.get(id)?;
        Some(format!("{}:{line}", documents.get(*number)?.short))
    }

    /// Everything in which a policy disagrees with the schema.
    pub(crate) fn check(&self, documents: &[Document], vocabulary: &Vocabulary) -> ConfigErrors {
        let validator = Validator::new(vocabulary.schema.clone());
        let result = validator.validate(&self.set, ValidationMode::Strict);
        let mut errors = ConfigErrors::new();
        // What is wrong in itself never applies either: each policy is told once of that, and for the reason.
        let mut told = HashSet::new();
        for error in result.validation_errors() {
            told.insert(error.policy_id());
            errors.push(self.error(documents, ConfigCode::CedarPolicyRefused, error.policy_id(), error));
        }
        for warning in result.validation_warnings() {
            let policy = warning.policy_id();
            match warning {
                ValidationWarning::ImpossiblePolicy(_) | ValidationWarning::InvalidActionApplication(_) => {
                    if told.insert(policy) {
                        let code = ConfigCode::CedarPolicyNeverApplies;
                        errors.push(self.error(documents, code, policy, warning));
                    }
                }
                // Text that reads other than it is.
                ValidationWarning::BidiCharsInIdentifier(_) | ValidationWarning::BidiCharsInString(_) => {
                    errors.push(self.error(documents, ConfigCode::CedarPolicyRefused, policy, warning));
                }
                _ => {
                    let (policy, warning) = (policy.to_string(), warning.to_string());
                    let (policy, warning) = (Escaped::new(&policy), Escaped::new(&warning));
                    tracing::warn!(%policy, %warning, "a Cedar policy looks odd");
                }
            }
        }
        errors
    }

    fn error(
        &self,
        documents: &[Document],
        code: ConfigCode,
        policy: &PolicyId,
        said: &dyn miette::Diagnostic,
    ) -> ConfigError {
        let place = self.places.get(policy);
        let place = place.and_then(|(number, line)| Some((documents.get(*number)?, *line)));
        let Some((document, start)) = place else {
            // It was made from a template.
            let said = said.to_string();
            let (policy, said) = (Escaped::new(policy.as_ref()), Escaped::new(&said));
            return ConfigError::new(code, format!("policy `{policy}`: {said}"));
        };
        let (line, text) = described(&document.text, said);
        let about = format!("for policy `{policy}`, ");
        // Without a label of its own, the line of the policy.
        document.error(code, line.max(start), text.strip_prefix(&about).unwrap_or(&text))
    }
}
