//! From a question to the entity that policies call `resource`.

use std::collections::HashSet;

use cedar_policy::{Entity, EntityUid, Schema};
use portcullis_authz::engine::Question;
use serde_json::{Map, Value, json};

/// The attribute of a question that names the entities which the resource is in, as a list of
/// `{"type": "Folder", "id": "7"}`. It becomes no attribute of the resource.
pub const PARENTS: &str = "__parents";

/// The attribute of a question that describes further entities, as a list of `{"uid": {"type": "Folder", "id": "7"},
/// "attrs": {..}, "parents": [..]}`: what policies ask about the folder that a document is in. It becomes no attribute
/// of the resource.
pub const ENTITIES: &str = "__entities";

/// The resource, and whatever else the question describes.
///
/// # Errors
/// Says what does not fit the schema.
pub(crate) fn entities(
    question: &Question<'_>,
    uid: &EntityUid,
    schema: &Schema,
) -> Result<Vec<Entity>, String> {
    let attributes = question.attributes();
    if attributes.is_empty() {
        return Ok(vec![Entity::new_no_attrs(uid.clone(), HashSet::new())]);
    }
    let parents = list(attributes, PARENTS)?;
    let further = list(attributes, ENTITIES)?;
    let own: Map<String, Value> = attributes
        .iter()
        .filter(|(name, value)| !matches!(name.as_str(), PARENTS | ENTITIES) && !value.is_null())
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let resource = json!({
        "uid": { "type": uid.type_name().to_string(), "id": uid.id().unescaped() },
        "attrs": own,
        "parents": parents,
    });
    let mut entities = Vec::with_capacity(1 + further.len());
    for described in std::iter::once(resource).chain(further) {
        entities.push(Entity::from_json_value(described, Some(schema)).map_err(|error| said(&error))?);
    }
    Ok(entities)
}

fn list(attributes: &Map<String, Value>, name: &str) -> Result<Vec<Value>, String> {
    match attributes.get(name) {
        None => Ok(Vec::new()),
        Some(Value::Array(list)) => Ok(list.clone()),
        Some(_) => Err(format!("`{name}` is no list")),
    }
}

/// An error with what is behind it.
pub(crate) fn said(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}
