//! Which attributes the schema gives an entity type: what the engine checks with, but does not tell.

use cedar_policy::{EntityTypeName, SchemaFragment};
use serde_json::{Map, Value};

/// How many names of types are followed until a type is found.
const MAX_HOPS: usize = 16;

/// The schemas in their JSON form.
pub(crate) struct Shapes {
    fragments: Vec<Value>,
    /// Whether some schema has no JSON form.
    is_partial: bool,
}

/// An attribute of an entity type.
pub(crate) struct Attribute {
    pub(crate) name: String,
    pub(crate) is_required: bool,
    pub(crate) form: Form,
}

/// The type of an attribute, as far as callers need it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Entity,
    Flag,
    Number,
    Other,
    Text,
    Texts,
}

impl Shapes {
    pub(crate) fn of(fragments: &[SchemaFragment]) -> Self {
        // Fragments whose JSON cannot be written have no attributes for us; the engine checks all the same.
        let json: Vec<Value> =
            fragments.iter().filter_map(|fragment| fragment.clone().to_json_value().ok()).collect();
        Self { is_partial: json.len() < fragments.len(), fragments: json }
    }

    /// The attributes of the type.
    pub(crate) fn attributes(&self, entity_type: &EntityTypeName) -> Vec<Attribute> {
        let namespace = entity_type.namespace();
        let shape = self.entity_type(entity_type).and_then(|entry| entry.get("shape"));
        let record = shape.map(|shape| self.resolved(&namespace, shape));
        let attributes = record.and_then(|record| record.get("attributes")).and_then(Value::as_object);
        attributes
            .into_iter()
            .flatten()
            .map(|(name, value)| self.attribute(&namespace, name, value))
            .collect()
    }

    /// The identifiers that the type may have, if the schema lists them.
    pub(crate) fn choices(&self, entity_type: &EntityTypeName) -> Option<Vec<String>> {
        let choices = self.entity_type(entity_type)?.get("enum")?.as_array()?;
        Some(choices.iter().filter_map(Value::as_str).map(str::to_owned).collect())
    }

    fn attribute(&self, namespace: &str, name: &str, value: &Value) -> Attribute {
        let is_required = value.get("required").and_then(Value::as_bool).unwrap_or(true);
        Attribute { name: name.to_owned(), is_required, form: self.form(namespace, value) }
    }

    fn form(&self, namespace: &str, value: &Value) -> Form {
        let found = self.resolved(namespace, value);
        match name_of(found) {
            "Bool" | "Boolean" => Form::Flag,
            "Long" => Form::Number,
            "String" => Form::Text,
            "Set" => match found.get("element").map(|element| self.form(namespace, element)) {
                Some(Form::Text) => Form::Texts,
                _ => Form::Other,
            },
            "" => Form::Other,
            name if self.is_entity_type(namespace, name) => Form::Entity,
            _ => Form::Other,
        }
    }

    fn is_entity_type(&self, namespace: &str, name: &str) -> bool {
        let (namespace, name) = name.rsplit_once("::").unwrap_or((namespace, name));
        let within = |namespace| self.find(namespace, "entityTypes", name).is_some();
        within(namespace) || within("")
    }

    /// Whether an attribute, a tag or a context can hold an action.
    pub(crate) fn hold_actions(&self) -> bool {
        let namespaces = self.fragments.iter().filter_map(Value::as_object).flatten();
        self.is_partial
            || namespaces.map(|(_, namespace)| namespace).any(|namespace| {
                let contexts = namespace.get("actions").and_then(Value::as_object).into_iter().flatten();
                let contexts = contexts.filter_map(|(_, action)| action.get("appliesTo")?.get("context"));
                let types =
                    ["entityTypes", "commonTypes"].into_iter().filter_map(|section| namespace.get(section));
                types.chain(contexts).any(names_an_action)
            })
    }

    /// Follows the names of common types.
    fn resolved<'a>(&'a self, namespace: &str, value: &'a Value) -> &'a Value {
        let mut found = value;
        for _ in 0..MAX_HOPS {
            let Some(next) = self.common_type(namespace, name_of(found)) else { break };
            found = next;
        }
        found
    }

    fn common_type(&self, namespace: &str, name: &str) -> Option<&Value> {
        let (namespace, name) = name.rsplit_once("::").unwrap_or((namespace, name));
        let within = |namespace| self.find(namespace, "commonTypes", name);
        within(namespace).or_else(|| within(""))
    }

    fn entity_type(&self, entity_type: &EntityTypeName) -> Option<&Value> {
        self.find(&entity_type.namespace(), "entityTypes", entity_type.basename())
    }

    fn find(&self, namespace: &str, section: &str, name: &str) -> Option<&Value> {
        let sections = self.fragments.iter().filter_map(|fragment| fragment.get(namespace)?.get(section));
        sections.filter_map(Value::as_object).find_map(|section: &Map<String, Value>| section.get(name))
    }
}

/// What a type is called: its `name` where it refers to another, else its `type`.
fn name_of(value: &Value) -> &str {
    let text = |key| value.get(key).and_then(Value::as_str);
    let name = text("name").or_else(|| text("type")).unwrap_or_default();
    name.strip_prefix("__cedar::").unwrap_or(name)
}

/// Whether the name of an action's type stands anywhere in it, as a value.
fn names_an_action(value: &Value) -> bool {
    match value {
        Value::String(name) => name == "Action" || name.ends_with("::Action"),
        Value::Array(list) => list.iter().any(names_an_action),
        Value::Object(members) => members.values().any(names_an_action),
        Value::Bool(_) | Value::Null | Value::Number(_) => false,
    }
}
