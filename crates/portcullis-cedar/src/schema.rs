//! The schema: which entities, attributes and actions there are.

use std::collections::{BTreeSet, HashMap};

use cedar_policy::{EntityTypeName, EntityUid, Schema, SchemaFragment};
use miette::Diagnostic;
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use crate::parse::described;
use crate::shape::Shapes;
use crate::source::{Document, Kind};

/// The words that policies and questions may use.
pub(crate) struct Vocabulary {
    pub(crate) schema: Schema,
    pub(crate) shapes: Shapes,
    /// By their full names.
    pub(crate) types: HashMap<String, EntityTypeName>,
    /// Where names without one are looked for; empty for none.
    namespace: String,
}

impl Vocabulary {
    /// Reads the schemas of the documents as one.
    pub(crate) fn read(documents: &[Document], namespace: Option<&str>) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let mut fragments = Vec::new();
        for document in documents {
            match document.kind {
                Kind::Schema => fragments.extend(errors.take(cedar_syntax(document))),
                Kind::JsonSchema => fragments.extend(errors.take(json(document))),
                Kind::Links | Kind::Policies => {}
            }
        }
        if errors.is_empty() && fragments.is_empty() {
            errors.push(ConfigError::new(
                ConfigCode::InvalidCedarSchema,
                "there is no schema: without one, a policy with a misspelled name would load and never apply",
            ));
        }
        errors.into_result(())?;
        let namespace = namespace.map_or_else(|| only_namespace(&fragments), str::to_owned);
        let shapes = Shapes::of(&fragments);
        let schema = Schema::from_schema_fragments(fragments).map_err(|error| {
            ConfigError::new(
                ConfigCode::InvalidCedarSchema,
                Escaped::new(&said(&error)).with_limit(500).to_string(),
            )
        })?;
        let types = schema.entity_types().map(|known| (known.to_string(), known.clone())).collect();
        Ok(Self { schema, shapes, types, namespace })
    }

    /// The type of that name, in the namespace unless it names one.
    pub(crate) fn entity_type(&self, name: &str) -> Option<EntityTypeName> {
        let full = if name.contains("::") || self.namespace.is_empty() {
            name.to_owned()
        } else {
            format!("{}::{name}", self.namespace)
        };
        let wanted: EntityTypeName = full.parse().ok()?;
        self.schema.entity_types().find(|known| **known == wanted).cloned()
    }

    /// What a question may call a type: its name with the namespace, and without if it is the common one.
    pub(crate) fn names_of_type(&self, entity_type: &EntityTypeName) -> BTreeSet<String> {
        let mut names = BTreeSet::from([entity_type.to_string()]);
        if entity_type.namespace() == self.namespace {
            names.insert(entity_type.basename().to_owned());
        }
        names
    }

    /// What a question may call an action: as policies write it, and by its identifier alone in the common namespace.
    pub(crate) fn names_of_action(&self, action: &EntityUid) -> BTreeSet<String> {
        let mut names = BTreeSet::from([action.to_string()]);
        if action.type_name().namespace() == self.namespace {
            names.insert(action.id().unescaped().to_owned());
        }
        names
    }
}

fn cedar_syntax(document: &Document) -> Result<SchemaFragment, ConfigErrors> {
    match SchemaFragment::from_cedarschema_str(&document.text) {
        Ok((fragment, warnings)) => {
            for warning in warnings {
                let warning = warning.to_string();
                tracing::warn!(schema = %Escaped::new(&document.name), warning = %Escaped::new(&warning), "a Cedar schema looks odd");
            }
            Ok(fragment)
        }
        Err(error) => Err(problems(document, &error)),
    }
}

fn json(document: &Document) -> Result<SchemaFragment, ConfigErrors> {
    // A syntax error first: it is the one that knows its line.
    if let Err(error) = serde_json::from_str::<serde::de::IgnoredAny>(&document.text) {
        let what = error.to_string();
        return Err(document.error(ConfigCode::InvalidCedarSchema, error.line(), &what).into());
    }
    SchemaFragment::from_json_str(&document.text)
        .map_err(|error| document.error(ConfigCode::InvalidCedarSchema, 1, &said(&error)).into())
}

/// Every problem that the parser found.
fn problems(document: &Document, error: &dyn Diagnostic) -> ConfigErrors {
    let mut errors = ConfigErrors::new();
    let mut report = |problem: &dyn Diagnostic| {
        let (line, what) = described(&document.text, problem);
        errors.push(document.error(ConfigCode::InvalidCedarSchema, line, &what));
    };
    report(error);
    for related in error.related().into_iter().flatten() {
        report(related);
    }
    errors
}

fn said(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(inner) = source {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text.push_str(": ");
            text.push_str(&inner_text);
        }
        source = inner.source();
    }
    text
}

/// The namespace of a schema that has no other.
fn only_namespace(fragments: &[SchemaFragment]) -> String {
    let namespaces: BTreeSet<String> = fragments
        .iter()
        .flat_map(SchemaFragment::namespaces)
        .map(|namespace| namespace.map(|namespace| namespace.to_string()).unwrap_or_default())
        .collect();
    let mut namespaces = namespaces.into_iter();
    match (namespaces.next(), namespaces.next()) {
        (Some(only), None) => only,
        _ => String::new(),
    }
}
