//! Templates of paths: as they are routed, and as OpenAPI writes them.

/// The path as OpenAPI writes it: it has no word for the rest of a path, so `{*rest}` is a parameter like any other,
/// and what is routed as a literal brace must be encoded.
pub(crate) fn documented(template: &str) -> String {
    template.replace("{{", "%7B").replace("}}", "%7D").replace("{*", "{")
}

/// The path without the names of its parameters: OpenAPI takes templates that differ in nothing else for the same.
pub(crate) fn shape(template: &str) -> String {
    let path = documented(template);
    let mut shape = String::with_capacity(path.len());
    let mut rest = path.as_str();
    while let Some((literal, after)) = rest.split_once('{') {
        shape.push_str(literal);
        let Some((_, after)) = after.split_once('}') else { break };
        shape.push_str("{}");
        rest = after;
    }
    shape.push_str(rest);
    shape
}

/// Whether a path is this one, or stands below it.
pub(crate) fn is_at_or_below(path: &str, top: &str) -> bool {
    let below = path.strip_prefix(top.trim_end_matches('/'));
    path == top || below.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn templates_are_the_same_whatever_their_parameters_are_called() {
        for (routed, documented) in [
            ("/", "/"),
            ("/documents/{id}", "/documents/{document}"),
            ("/files/{*rest}", "/files/{path}"),
            ("/files/{*rest}", "/files/{*rest}"),
            ("/a/{x}/b/{y}", "/a/{y}/b/{x}"),
            ("/a/{{b}}", "/a/%7Bb%7D"),
        ] {
            assert_eq!(shape(routed), shape(documented), "{routed} {documented}");
        }
        for (routed, documented) in
            [("/a", "/a/"), ("/a/{x}", "/a/x"), ("/a/{x}", "/a/{x}/{y}"), ("/a", "/A")]
        {
            assert_ne!(shape(routed), shape(documented), "{routed} {documented}");
        }
    }

    #[test]
    fn below_is_told_by_whole_segments() {
        for (path, top, below) in [
            ("/docs", "/docs", true),
            ("/docs/", "/docs", true),
            ("/docs/{*rest}", "/docs", true),
            ("/docs/a", "/docs/", true),
            ("/docs2", "/docs", false),
            ("/", "/docs", false),
            ("/a", "/", true),
        ] {
            assert_eq!(is_at_or_below(path, top), below, "{path} {top}");
        }
    }

    proptest! {
        #[test]
        fn any_text_has_a_shape(text in "[a-z{}*/]{0,20}") {
            let _ = shape(&text);
        }
    }
}
