//! JSON Schema, as far as the schema of problem details uses it.

use serde_json::{Map, Value};

/// Everything that does not fit, by the path to it. A keyword that is not known here is an error as well: the schema
/// would ask for more than is checked.
pub fn errors(schema: &Value, instance: &Value) -> Vec<String> {
    let mut errors = Vec::new();
    check(schema.as_object().expect("a schema is an object"), instance, "$", &mut errors);
    errors
}

fn check(schema: &Map<String, Value>, instance: &Value, path: &str, errors: &mut Vec<String>) {
    for (keyword, demand) in schema {
        let fits = match keyword.as_str() {
            "$schema" | "title" | "description" => true,
            "type" => has_type(instance, demand),
            "format" => has_format(instance, demand),
            "minimum" => number(instance).is_none_or(|value| value >= number(demand).unwrap()),
            "maximum" => number(instance).is_none_or(|value| value <= number(demand).unwrap()),
            "properties" => {
                for (name, schema) in demand.as_object().unwrap() {
                    if let Some(member) = instance.get(name) {
                        check(schema.as_object().unwrap(), member, &format!("{path}.{name}"), errors);
                    }
                }
                true
            }
            unknown => panic!("the keyword `{unknown}` is not understood"),
        };
        if !fits {
            errors.push(format!("{path}: {keyword} {demand} is not met by {instance}"));
        }
    }
}

fn has_type(instance: &Value, demand: &Value) -> bool {
    match demand.as_str().unwrap() {
        "object" => instance.is_object(),
        "string" => instance.is_string(),
        "integer" => number(instance).is_some_and(|value| value.fract() == 0.0),
        unknown => panic!("the type `{unknown}` is not understood"),
    }
}

/// RFC 3986 §4.1, by its characters and by what stands before the first colon.
fn has_format(instance: &Value, demand: &Value) -> bool {
    assert_eq!(demand, "uri-reference");
    let Some(text) = instance.as_str() else { return true };
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b"-._~:/?#[]@!$&'()*+,;=%".contains(&b);
    let escapes = text.split('%').skip(1);
    let mut escapes = escapes.map(|rest| rest.bytes().take(2).filter(u8::is_ascii_hexdigit).count() == 2);
    let scheme =
        text.split(['/', '?', '#']).next().unwrap_or_default().split_once(':').map(|(scheme, _)| scheme);
    let is_scheme = |scheme: &str| {
        scheme.starts_with(|c: char| c.is_ascii_alphabetic())
            && scheme.bytes().all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(&b))
    };
    text.bytes().all(allowed)
        && escapes.all(|whole| whole)
        && text.matches('#').count() <= 1
        && scheme.is_none_or(is_scheme)
}

fn number(value: &Value) -> Option<f64> {
    value.as_f64()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[track_caller]
    fn check_count(instance: &Value, expected: usize) {
        let schema = json!({"type": "object", "properties": {
            "type": {"type": "string", "format": "uri-reference"},
            "status": {"type": "integer", "minimum": 100, "maximum": 599},
        }});
        let found = errors(&schema, instance);
        assert_eq!(found.len(), expected, "{found:?}");
    }

    #[test]
    fn the_reader_of_the_schema_refuses_what_does_not_fit() {
        check_count(&json!({"type": "urn:a:b", "status": 404, "other": []}), 0);
        check_count(&json!({"type": "https://example.com/a#b", "status": 599}), 0);
        check_count(&json!({"type": "not a uri", "status": 600}), 2);
        check_count(&json!({"type": "1rn:a", "status": 99}), 2);
        check_count(&json!({"type": "/a%2g"}), 1);
        check_count(&json!({"type": "/a#b#c"}), 1);
        check_count(&json!({"type": 7, "status": "404"}), 2);
        check_count(&json!({"status": 404.5}), 1);
        check_count(&json!([]), 1);
    }
}
