//! The scopes of an application, and which of them imply others.

mod compiled;

use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

pub(crate) use self::compiled::CompiledCatalog;

/// The most scopes that a [`ScopeCatalog`] declares.
pub const MAX_DECLARED_SCOPES: usize = 1024;

/// Every scope that rules of an application may name, and which of them imply others.
///
/// A credential with `documents:write` then also satisfies a rule that asks for `documents:read`, by way of as many
/// scopes as it takes. A rule that names another scope is an error (`P211`) when the configuration is read.
///
/// ```
/// use portcullis_authz::{ScopeCatalog, Vocabulary, scope};
/// use portcullis_core::Scopes;
///
/// let catalog = ScopeCatalog::new(["documents:read", "documents:write", "reports"])
///     .implies("documents:write", ["documents:read"])
///     .allow_wildcards();
/// let words = Vocabulary::new().with_scopes(catalog)?;
///
/// let covers = |held, scope| words.covers(&Scopes::parse(held).unwrap(), scope);
/// assert!(covers("documents:write", "documents:read"));
/// assert!(covers("documents:*", "documents:write"));
/// assert!(!covers("documents:read", "documents:write"));
///
/// let misspelt = scope("document:read").within(&words).unwrap_err();
/// assert_eq!(misspelt.codes().collect::<Vec<_>>(), ["P211"]);
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct ScopeCatalog {
    declared: Vec<Box<str>>,
    /// Each scope with one that it implies.
    implied: Vec<(Box<str>, Box<str>)>,
    wildcards: bool,
}

impl ScopeCatalog {
    /// Declares these scopes; none implies another, and there are no wildcards.
    pub fn new(declared: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        let declared = declared.into_iter().map(|scope| scope.as_ref().into()).collect();
        Self { declared, ..Self::default() }
    }

    /// Says that who holds the scope holds these others too.
    ///
    /// Where [wildcards are allowed](Self::allow_wildcards), `documents:*` among the others stands for every other
    /// declared scope that begins with `documents:`.
    pub fn implies(mut self, scope: &str, others: impl IntoIterator<Item = impl AsRef<str>>) -> Self {
        self.implied.extend(others.into_iter().map(|other| (scope.into(), other.as_ref().into())));
        self
    }

    /// Lets `documents:*` in a credential stand for every declared scope that begins with `documents:`, and for what
    /// those imply. By default, it is a scope like any other, which implies nothing.
    ///
    /// A `*` alone stands for nothing: whoever issues credentials names what is granted.
    pub fn allow_wildcards(mut self) -> Self {
        self.wildcards = true;
        self
    }

    /// Everything that is wrong with it: `P206` for a scope that is none, `P212` and `P213`.
    pub(crate) fn compile(self) -> Result<CompiledCatalog, ConfigErrors> {
        CompiledCatalog::new(&self)
    }
}

/// What stands before the `*`, if the scope is a wildcard: `documents:`.
fn wildcard_prefix(scope: &str) -> Option<&str> {
    scope.strip_suffix('*').filter(|prefix| prefix.len() > 1 && prefix.ends_with(':'))
}

fn invalid(message: String) -> ConfigError {
    ConfigError::new(ConfigCode::InvalidScopeCatalog, message)
}

#[cfg(test)]
mod tests;
