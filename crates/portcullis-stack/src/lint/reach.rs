//! Routes that no request reaches.

use http::Uri;
use portcullis_core::{ConfigCode, ConfigError};
use portcullis_edge::PathPolicy;

/// A path that would be refused, or read otherwise, before any route is looked for: whatever stands behind it is never
/// called. Paths that are no templates are told of by [`lint`](super::lint).
pub(crate) fn unreachable(template: &str, policy: &PathPolicy) -> Option<ConfigError> {
    super::check_path(template).ok()?;
    matchit::Router::new().insert(template, ()).ok()?;
    let path = example(template)?;
    let problem = match path.parse::<Uri>() {
        Ok(uri) if uri.path() != path => "holds what ends a path, such as `?` or `#`".to_owned(),
        Ok(uri) => match policy.check_path(&uri) {
            Ok(()) => return None,
            Err(denial) => format!("is refused before routes are looked for: {}", denial.hint_text()?),
        },
        Err(_) => "holds characters that no request can send as they are".to_owned(),
    };
    let message = format!("no request reaches the route: its path {problem}");
    Some(ConfigError::new(ConfigCode::RouteNeverReached, message))
}

/// A path that the template means, with its literals as they are; `None` if it has literal braces.
fn example(template: &str) -> Option<String> {
    if template.contains("{{") || template.contains("}}") {
        return None;
    }
    let mut path = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        let (_, after) = after.split_once('}')?;
        path.push_str(literal);
        path.push('x');
        rest = after;
    }
    path.push_str(rest);
    Some(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(template: &str, expected: Option<&str>) {
        let told = unreachable(template, &PathPolicy::strict());
        let told = told.as_ref().map(ConfigError::message);
        assert_eq!(told.is_some(), expected.is_some(), "{template}: {told:?}");
        assert!(told.unwrap_or_default().contains(expected.unwrap_or_default()), "{template}: {told:?}");
    }

    #[test]
    fn paths_that_are_refused_before_the_match_are_never_reached() {
        for template in
            ["/a//b", "/a/../b", "/a/./b", "/%61dmin", "/a\\b", "/caf\u{e9}", "/a%2Fb", "/100%", "/a/%2e%2e"]
        {
            check(template, Some("no request reaches the route"));
        }
        check("/a?b", Some("ends a path"));
        check("/a#b", Some("ends a path"));
        check("/two words", Some("no request can send"));
    }

    #[test]
    fn paths_that_a_client_can_send_are_reached() {
        for template in [
            "/",
            "/a/",
            "/a-b_c.d~e",
            "/caf%C3%A9",
            "/{a}/b/{*rest}",
            "/@me",
            "/a:b",
            "/.well-known/x",
            "/a/{id}.json",
        ] {
            check(template, None);
        }
    }

    #[test]
    fn what_the_application_allows_is_reached() {
        assert!(unreachable("/a%2Fb", &PathPolicy::strict().allow_encoded_slash()).is_none());
    }

    #[test]
    fn what_is_no_template_is_told_of_elsewhere() {
        for template in ["", "a", "/:id", "/*rest", "/{", "/{a}{b}", "/{*rest}/more", "/{}", "/{{a}}"] {
            check(template, None);
        }
    }
}
