//! A catalog of scopes, ready to be asked.

use std::collections::HashMap;

use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Scope, Scopes};

use super::{MAX_DECLARED_SCOPES, ScopeCatalog, invalid, wildcard_prefix};
use crate::hierarchy::Hierarchy;
use crate::nearest;

/// The most wildcards that declared scopes give rise to: each colon in a scope is the place of one.
const MAX_WILDCARDS: usize = 4096;

/// Every declared scope, every wildcard that covers one, and what each of them covers.
pub(crate) struct CompiledCatalog {
    /// The declared ones, and after them the wildcards.
    names: Vec<Scope>,
    declared: usize,
    numbers: HashMap<Box<str>, usize, foldhash::fast::FixedState>,
    covers: Hierarchy,
}

impl CompiledCatalog {
    pub(super) fn new(catalog: &ScopeCatalog) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        if catalog.declared.len() > MAX_DECLARED_SCOPES {
            errors.push(invalid(format!("more than {MAX_DECLARED_SCOPES} scopes are declared")));
            return Err(errors);
        }
        let mut numbers = HashMap::default();
        let mut names: Vec<Scope> = Vec::new();
        for written in &catalog.declared {
            match declared(written, catalog.wildcards, numbers.contains_key(written)) {
                Ok(scope) => {
                    numbers.insert(written.clone(), names.len());
                    names.push(scope);
                }
                Err(error) => errors.push(error),
            }
        }
        let declared = names.len();
        let mut includes = implications(catalog, &names, &numbers, &mut errors);
        if catalog.wildcards {
            for (prefix, covered) in wildcards(&names, &mut errors) {
                if let Ok(scope) = Scope::new(&format!("{prefix}*")) {
                    numbers.insert(scope.as_str().into(), names.len());
                    names.push(scope);
                    includes.push(covered);
                }
            }
        }
        errors.into_result(())?;
        match Hierarchy::new(&includes) {
            Ok(covers) => Ok(Self { names, declared, numbers, covers }),
            Err(circles) => Err(circles.iter().map(|circle| cycle(&names, circle)).fold(
                ConfigErrors::new(),
                |mut errors, error| {
                    errors.push(error);
                    errors
                },
            )),
        }
    }

    /// Whether the held scopes satisfy a rule that asks for the scope; one that is not declared must be held itself.
    pub(crate) fn covers(&self, held: &Scopes, scope: &str) -> bool {
        if held.contains(scope) {
            return true;
        }
        let Some(asked) = self.numbers.get(scope) else { return false };
        let mut known = held.iter().filter_map(|held| self.numbers.get(held.as_str()));
        known.any(|held| self.covers.includes(*held, *asked))
    }

    /// Each declared scope and each wildcard, with the others that it stands for.
    pub(crate) fn meanings(&self) -> impl Iterator<Item = (String, Vec<String>)> {
        self.names.iter().enumerate().map(|(number, name)| {
            let others =
                self.names.iter().enumerate().take(self.declared).filter(move |(other, _)| *other != number);
            let covered = others.filter(|(other, _)| self.covers.includes(number, *other));
            (name.to_string(), covered.map(|(_, name)| name.to_string()).collect())
        })
    }

    /// Whether a rule may ask for the scope.
    pub(crate) fn declares(&self, scope: &str) -> bool {
        self.numbers.get(scope).is_some_and(|number| *number < self.declared)
    }

    /// The other scopes that satisfy a rule which asks for the scope.
    ///
    /// # Errors
    /// `P211` if the scope is not declared.
    pub(crate) fn covering(&self, scope: &str) -> Result<Scopes, ConfigError> {
        let Some(asked) = self.numbers.get(scope).filter(|number| **number < self.declared) else {
            let declared = self.names.iter().take(self.declared).map(Scope::as_str);
            let hint = nearest::hint(scope, declared);
            let message = format!("scope `{}` is not declared{hint}", Escaped::new(scope));
            return Err(ConfigError::new(ConfigCode::UndeclaredScope, message));
        };
        let others = self.names.iter().enumerate().filter(|(number, _)| number != asked);
        Ok(others
            .filter(|(number, _)| self.covers.includes(*number, *asked))
            .map(|(_, name)| name.clone())
            .collect())
    }
}

fn declared(written: &str, wildcards: bool, known: bool) -> Result<Scope, ConfigError> {
    let shown = Escaped::new(written);
    let Ok(scope) = Scope::new(written) else {
        let message = format!("scope `{shown}` is empty or has a character outside rfc 6749 section 3.3");
        return Err(ConfigError::new(ConfigCode::InvalidScope, message));
    };
    if known {
        return Err(invalid(format!("scope `{shown}` is declared twice")));
    }
    if wildcards && wildcard_prefix(written).is_some() {
        return Err(invalid(format!("scope `{shown}` is a wildcard: callers hold it, rules do not name it")));
    }
    Ok(scope)
}

/// For each declared scope the numbers of those that it implies.
fn implications(
    catalog: &ScopeCatalog,
    names: &[Scope],
    numbers: &HashMap<Box<str>, usize, foldhash::fast::FixedState>,
    errors: &mut ConfigErrors,
) -> Vec<Vec<usize>> {
    let mut includes = vec![Vec::new(); names.len()];
    let mut number = |written: &str| {
        let number = numbers.get(written).copied();
        if number.is_none() && !catalog.declared.iter().any(|declared| **declared == *written) {
            let hint = nearest::hint(written, names.iter().map(Scope::as_str));
            let shown = Escaped::new(written);
            errors.push(invalid(format!("scope `{shown}` implies or is implied, but is not declared{hint}")));
        }
        number
    };
    for (scope, other) in &catalog.implied {
        let from = number(scope);
        let to = match wildcard_prefix(other).filter(|_| catalog.wildcards) {
            Some(prefix) => with_prefix(names, prefix).filter(|number| Some(*number) != from).collect(),
            None => number(other).into_iter().collect::<Vec<_>>(),
        };
        if let Some(list) = from.and_then(|from| includes.get_mut(from)) {
            list.extend(to);
        }
    }
    includes
}

fn with_prefix(names: &[Scope], prefix: &str) -> impl Iterator<Item = usize> {
    names
        .iter()
        .enumerate()
        .filter(move |(_, name)| name.as_str().starts_with(prefix))
        .map(|(number, _)| number)
}

/// Every prefix that ends in a colon, with the numbers of the scopes that begin with it.
fn wildcards(names: &[Scope], errors: &mut ConfigErrors) -> Vec<(String, Vec<usize>)> {
    let mut found: Vec<(String, Vec<usize>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for (number, name) in names.iter().enumerate() {
        for (colon, _) in name.as_str().match_indices(':') {
            let Some((prefix, rest)) = name.as_str().split_at_checked(colon + 1) else { continue };
            if rest.is_empty() || prefix.len() < 2 {
                continue;
            }
            if found.len() >= MAX_WILDCARDS {
                errors.push(invalid(format!(
                    "the declared scopes give rise to more than {MAX_WILDCARDS} wildcards"
                )));
                return found;
            }
            let place = *places.entry(prefix).or_insert_with(|| {
                found.push((prefix.to_owned(), Vec::new()));
                found.len() - 1
            });
            if let Some((_, covered)) = found.get_mut(place) {
                covered.push(number);
            }
        }
    }
    found
}

fn cycle(names: &[Scope], circle: &[usize]) -> ConfigError {
    let names: Vec<&str> = circle.iter().filter_map(|number| names.get(*number)).map(Scope::as_str).collect();
    let first = names.first().copied().unwrap_or_default();
    let message = format!("scopes imply one another: `{}` -> `{first}`", names.join("` -> `"));
    ConfigError::new(ConfigCode::ScopeCycle, message)
}
