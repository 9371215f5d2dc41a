//! The parameters of a path that matched.

use percent_encoding::percent_decode_str;
use portcullis_authz::PathParameters;

/// Reads the parameters of a path that a router matched to the template; `None` if the template has none.
///
/// Values are percent-decoded; octets that are no UTF-8 become U+FFFD, which no identifier has.
///
/// ```
/// let parameters = portcullis_stack::path_parameters("/teams/{team}/files/{*path}", "/teams/a%20b/files/c/d");
/// let parameters = parameters.unwrap();
/// assert_eq!((parameters.get("team"), parameters.get("path")), (Some("a b"), Some("c/d")));
/// assert!(portcullis_stack::path_parameters("/health", "/health").is_none());
/// ```
#[must_use]
pub fn path_parameters(template: &str, path: &str) -> Option<PathParameters> {
    if !template.contains('{') {
        return None;
    }
    let mut parameters: Vec<(&str, String)> = Vec::new();
    let (mut templates, mut rest) = (template.split('/'), Some(path));
    while let (Some(part), Some(path)) = (templates.next(), rest) {
        let (segment, after) =
            path.split_once('/').map_or((path, None), |(segment, after)| (segment, Some(after)));
        match parameter(part) {
            Some((_, name)) if name.starts_with('*') => {
                parameters.push((name.trim_start_matches('*'), decoded(path)));
                break;
            }
            Some((prefix, name)) => {
                parameters.push((name, decoded(segment.strip_prefix(prefix).unwrap_or(segment))));
            }
            None => {}
        }
        rest = after;
    }
    Some(PathParameters::new(parameters))
}

/// The literal text before a segment's parameter, and its name.
fn parameter(part: &str) -> Option<(&str, &str)> {
    let (prefix, rest) = part.split_once('{')?;
    Some((prefix, rest.strip_suffix('}')?))
}

fn decoded(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, path: &str, expected: &[(&str, &str)]) {
        let parameters = path_parameters(template, path).unwrap();
        assert_eq!(parameters.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn reads_what_the_router_matched() {
        check("/{a}/{b}", "/1/2", &[("a", "1"), ("b", "2")]);
        check("/v{version}/x", "/v2/x", &[("version", "2")]);
        check("/{*rest}", "/a/b%2fc", &[("rest", "a/b/c")]);
        check("/{id}", "/%ff%00", &[("id", "\u{fffd}\0")]);
    }
}
