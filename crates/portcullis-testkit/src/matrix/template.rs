//! Templates of paths, `/documents/{id}`, and paths that are made of them.

/// Whether the path has a parameter.
pub(super) fn has_parameters(path: &str) -> bool {
    path.contains('{')
}

/// What comes after the template in the path of a route, if a resource of the template fills all of its parameters.
pub(super) fn rest<'a>(template: &str, path: &'a str) -> Option<&'a str> {
    let rest = path.strip_prefix(template)?;
    if rest.is_empty() {
        return Some(rest);
    }
    let below = has_parameters(template) && rest.starts_with('/') && !has_parameters(rest);
    below.then_some(rest)
}

/// Whether the path, with or without a query, is one that the template means.
pub(super) fn fits(template: &str, target: &str) -> bool {
    let path = target.split_once('?').map_or(target, |(path, _)| path);
    let mut segments = path.split('/');
    for wanted in template.split('/') {
        if wanted.starts_with("{*") {
            return segments.next().is_some_and(|first| !first.is_empty());
        }
        let Some(segment) = segments.next() else { return false };
        let holds = if has_parameters(wanted) { !segment.is_empty() } else { wanted == segment };
        if !holds {
            return false;
        }
    }
    segments.next().is_none()
}

/// The path of a resource with what the route has after it; the query stays at the end.
pub(super) fn join(target: &str, rest: &str) -> String {
    match target.split_once('?') {
        Some((path, query)) => format!("{path}{rest}?{query}"),
        None => format!("{target}{rest}"),
    }
}
