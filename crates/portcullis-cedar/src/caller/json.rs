use cedar_policy::RestrictedExpression;
use serde_json::Value;

/// A claim as a value of Cedar. No form of text makes an entity or a call out of it.
///
/// # Errors
/// Says what Cedar has no value for.
pub(super) fn expression(value: &Value) -> Result<RestrictedExpression, &'static str> {
    match value {
        Value::Null => Err("holds null, which Cedar has no value for"),
        Value::Bool(flag) => Ok(RestrictedExpression::new_bool(*flag)),
        Value::Number(number) => number
            .as_i64()
            .map(RestrictedExpression::new_long)
            .ok_or("holds a number that is not an integer of 64 bits"),
        Value::String(text) => Ok(RestrictedExpression::new_string(text.clone())),
        Value::Array(list) => {
            let members: Result<Vec<_>, _> = list.iter().map(expression).collect();
            Ok(RestrictedExpression::new_set(members?))
        }
        Value::Object(members) => {
            let members: Result<Vec<_>, &str> =
                members.iter().map(|(name, value)| Ok((name.clone(), expression(value)?))).collect();
            RestrictedExpression::new_record(members?).map_err(|_| "has a member twice")
        }
    }
}
