//! Finds questions that cannot be asked, when the configuration is read.

use std::collections::HashSet;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use super::Ask;
use super::source::Id;

impl Ask {
    /// Everything that is wrong with the question, whatever the request.
    ///
    /// - `P251`: the action, the kind, the identifier, an attribute or a path parameter has no name, or two attributes
    ///   have the same.
    #[must_use]
    pub fn lint(&self) -> Vec<ConfigError> {
        let mut errors = Vec::new();
        let mut wrong = |what: String| {
            let message = format!("the question `{self}` {what}");
            errors.push(ConfigError::new(ConfigCode::InvalidQuestion, message));
        };
        let id = match &self.id {
            Id::Path(text) | Id::Text(text) => text,
            Id::Route => "{route}",
        };
        let parts = [
            ("action", self.action.as_deref().unwrap_or("{method}")),
            ("kind", &*self.kind),
            ("identifier", id),
        ];
        for (part, _) in parts.iter().filter(|(_, text)| text.is_empty()) {
            wrong(format!("has an empty {part}"));
        }
        for (list, what) in [(&self.attributes, "attributes"), (&self.context, "context")] {
            let mut names = HashSet::new();
            for (name, source) in list {
                if name.is_empty() || source.parameter().is_some_and(str::is_empty) {
                    wrong(format!("has no name for a value of its {what}"));
                } else if !names.insert(name) {
                    wrong(format!("names `{name}` twice in its {what}"));
                }
            }
        }
        errors
    }

    /// The question, if nothing is wrong with it.
    ///
    /// # Errors
    /// All that [`lint`](Self::lint) finds.
    pub fn checked(self) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        errors.extend(self.lint());
        errors.into_result(self)
    }
}
