//! From a question to the entity that policies call `resource`.

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityUid, RestrictedExpression};
use portcullis_authz::engine::Question;
use serde_json::{Map, Value, json};

use crate::index::Bucket;
use crate::schema::Vocabulary;
use crate::shape::Form;

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
    bucket: &Bucket,
    vocabulary: &Vocabulary,
) -> Result<Vec<Entity>, String> {
    let attributes = question.attributes();
    if attributes.is_empty() {
        return Ok(vec![Entity::new_no_attrs(uid.clone(), HashSet::new())]);
    }
    if let Some(plain) = plain(attributes, bucket, vocabulary) {
        return Ok(vec![Entity::new(uid.clone(), plain, HashSet::new()).map_err(|error| said(&error))?]);
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
        entities.push(
            Entity::from_json_value(described, Some(&vocabulary.schema)).map_err(|error| said(&error))?,
        );
    }
    Ok(entities)
}

/// Attributes of plain types as the schema has them, without the detour over the engine's reader of JSON; `None` if there is
/// one that it has to look at.
fn plain(
    attributes: &Map<String, Value>,
    bucket: &Bucket,
    vocabulary: &Vocabulary,
) -> Option<HashMap<String, RestrictedExpression>> {
    let text = |text: &String| RestrictedExpression::new_string(text.clone());
    let mut plain = HashMap::with_capacity(attributes.len());
    for (name, value) in attributes.iter().filter(|(_, value)| !value.is_null()) {
        let value = match (bucket.forms.get(name)?, value) {
            (Form::Flag, Value::Bool(flag)) => RestrictedExpression::new_bool(*flag),
            (Form::Number, Value::Number(number)) => RestrictedExpression::new_long(number.as_i64()?),
            (Form::Text, Value::String(value)) => text(value),
            (Form::Texts, Value::Array(list)) => {
                let members: Option<Vec<_>> = list
                    .iter()
                    .map(|member| if let Value::String(member) = member { Some(text(member)) } else { None })
                    .collect();
                RestrictedExpression::new_set(members?)
            }
            (Form::Entity, Value::Object(members)) if members.len() == 2 => {
                let entity_type = vocabulary.types.get(members.get("type")?.as_str()?)?;
                let id = EntityId::new(members.get("id")?.as_str()?);
                let uid = EntityUid::from_type_name_and_id(entity_type.clone(), id);
                RestrictedExpression::new_entity_uid(uid)
            }
            _ => return None,
        };
        plain.insert(name.clone(), value);
    }
    Some(plain)
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
