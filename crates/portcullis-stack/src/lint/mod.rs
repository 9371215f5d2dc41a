//! What is wrong with a list of routes.

mod advice;
mod effect;
mod reach;
mod tenants;

use std::collections::HashMap;
use std::fmt::Write as _;

use http::Method;
use portcullis_core::{ConfigCode, ConfigError};

pub(crate) use self::advice::{KnownScheme, advice};
pub(crate) use self::effect::without_effect;
pub(crate) use self::reach::unreachable;
use crate::table::{RouteRow, method_name};

/// Duplicates, paths that match the same requests, invalid paths, paths that can be spelt in a way that another route
/// matches, and tenants in paths that some routes look at and others do not.
pub(crate) fn lint(rows: &[RouteRow]) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let mut matcher = matchit::Router::new();
    let mut methods: HashMap<&str, Vec<&Option<Method>>> = HashMap::new();
    for row in rows {
        let known = methods.entry(&row.path).or_default();
        if known.iter().any(|other| other.is_none() || row.method.is_none() || **other == row.method) {
            let message = format!("`{} {}` stands twice", method_name(row), row.path);
            errors.push(ConfigError::new(ConfigCode::DuplicateRoute, message));
        }
        if known.is_empty()
            && let Err(error) = check_path(&row.path).and_then(|()| {
                matcher.insert(row.path.clone(), ()).map_err(|error| insertion(&row.path, &error))
            })
        {
            errors.push(error);
        }
        known.push(&row.method);
    }
    errors.extend(respelt(rows));
    errors.extend(tenants::unchecked(rows));
    errors
}

fn check_path(path: &str) -> Result<(), ConfigError> {
    let old_syntax = path.split('/').any(|segment| segment.starts_with([':', '*']));
    if path.starts_with('/') && !old_syntax {
        return Ok(());
    }
    let message =
        format!("path `{path}` begins with a slash and writes parameters as `{{name}}` or `{{*name}}`");
    Err(ConfigError::new(ConfigCode::InvalidPath, message))
}

fn insertion(path: &str, error: &matchit::InsertError) -> ConfigError {
    match error {
        matchit::InsertError::Conflict { with } => {
            let message = format!("paths `{path}` and `{with}` match the same requests");
            ConfigError::new(ConfigCode::ConflictingPaths, message)
        }
        other => ConfigError::new(ConfigCode::InvalidPath, format!("path `{path}`: {other}")),
    }
}

/// A router compares octets, but many a service behind a wildcard decodes: a request that spells `@` as `%40` would
/// pass by the rule of the literal route and meet another one. (Encoded letters are refused by `PathPolicy`.)
fn respelt(rows: &[RouteRow]) -> Vec<ConfigError> {
    let mut errors = Vec::new();
    let mut seen: Vec<&str> = Vec::new();
    for row in rows {
        let Some(respelling) = respelling(&row.path) else { continue };
        if seen.contains(&row.path.as_str()) {
            continue;
        }
        seen.push(&row.path);
        let mut others = matchit::Router::new();
        for other in rows.iter().filter(|other| other.path != row.path) {
            // What cannot be inserted is reported by `lint`.
            let _ = others.insert(other.path.clone(), other.path.as_str());
        }
        let Ok(matched) = others.at(&respelling) else { continue };
        let (own, other) = (policies(rows, &row.path), policies(rows, matched.value));
        let differ = own.iter().any(|own| other.iter().any(|other| other != own));
        if differ {
            let message = format!(
                "path `{}` can also be written `{respelling}`, which `{}` matches under another rule",
                row.path, matched.value
            );
            errors.push(ConfigError::new(ConfigCode::RespelledPath, message));
        }
    }
    errors
}

fn policies(rows: &[RouteRow], path: &str) -> Vec<String> {
    rows.iter().filter(|row| row.path == path).map(|row| row.policy.to_string()).collect()
}

/// A path that the template means, with every octet encoded that a client may write in either way; `None` if there
/// is none.
fn respelling(template: &str) -> Option<String> {
    let mut path = String::new();
    let mut respelt = false;
    let mut rest = template;
    while let Some(c) = rest.chars().next() {
        let after = rest.get(c.len_utf8()..)?;
        rest = match after.split_once('}') {
            Some((_, after)) if c == '{' => {
                path.push('x');
                after
            }
            _ => after,
        };
        if c == '{' {
            continue;
        }
        if c.is_ascii_alphanumeric() || "/-._~".contains(c) {
            path.push(c);
            continue;
        }
        respelt = true;
        for octet in c.to_string().bytes() {
            let _ = write!(path, "%{octet:02X}");
        }
    }
    respelt.then_some(path)
}

#[cfg(test)]
mod tests {
    use portcullis_authz::scope;

    use super::*;
    use crate::{RoutePolicy, RouteTable};

    #[track_caller]
    fn check(routes: &[(&str, &str)], expected: &[&str]) {
        let mut table = RouteTable::new();
        for (path, rule) in routes {
            let policy =
                if *rule == "public" { RoutePolicy::public("x") } else { RoutePolicy::requires(scope(rule)) };
            table.add(Some(Method::GET), path, policy, "handler");
        }
        let codes: Vec<_> = table.lint().iter().map(|error| error.code().code()).collect();
        assert_eq!(codes, expected, "{routes:?}");
    }

    #[test]
    fn a_literal_that_another_route_matches_when_spelt_otherwise_is_an_error() {
        check(&[("/files/@me", "a"), ("/files/{*path}", "public")], &["P210"]);
        check(&[("/users/@me", "a"), ("/users/{id}", "b")], &["P210"]);
        check(&[("/teams/{team}/a:b", "a"), ("/teams/{team}/{item}", "public")], &["P210"]);
        check(&[("/caf%C3%A9", "a"), ("/{*rest}", "public")], &["P210"]);
    }

    #[test]
    fn literals_without_another_spelling_or_another_rule_are_none() {
        check(&[("/files/private", "a"), ("/files/{*path}", "public")], &[]);
        check(&[("/files/@me", "a"), ("/files/{*path}", "a")], &[]);
        check(&[("/files/@me", "a"), ("/other/{*path}", "public")], &[]);
    }

    #[test]
    fn a_respelling_encodes_what_a_client_may_write_in_either_way() {
        assert_eq!(respelling("/a-b/{id}/@x").as_deref(), Some("/a-b/x/%40x"));
        assert_eq!(respelling("/a/{*rest}"), None);
    }
}
