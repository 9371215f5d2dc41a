//! Policies that are made from templates, in the form that Cedar's command line writes.

use std::collections::HashMap;

use cedar_policy::{EntityUid, PolicyId, PolicySet, SlotId};
use portcullis_core::{ConfigCode, ConfigErrors};
use serde::Deserialize;

use crate::parse::MAX_ID;
use crate::source::Document;

/// `{"template_id": "viewers", "link_id": "alice-views-7", "args": {"?principal": "User::\"alice\""}}`
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Link {
    template_id: String,
    link_id: String,
    args: HashMap<String, String>,
}

/// Links the templates of the set as the text says.
pub(crate) fn link(document: &Document, set: &mut PolicySet) -> Result<(), ConfigErrors> {
    let code = ConfigCode::InvalidCedarLink;
    let links: Vec<Link> = serde_json::from_str(&document.text)
        .map_err(|error| document.error(code, error.line(), &error.to_string()))?;
    let mut errors = ConfigErrors::new();
    for link in links {
        if let Err(what) = add(&link, set) {
            let what = format!("link `{}` of template `{}`: {what}", link.link_id, link.template_id);
            errors.push(document.error(code, line_of_link(&document.text, &link.link_id), &what));
        }
    }
    errors.into_result(())
}

fn add(link: &Link, set: &mut PolicySet) -> Result<(), String> {
    if link.link_id.is_empty() || link.link_id.len() > MAX_ID {
        return Err(format!("the identifier is empty or longer than {MAX_ID} octets"));
    }
    let mut values = HashMap::new();
    for (slot, value) in &link.args {
        let slot = match slot.as_str() {
            "?principal" => SlotId::principal(),
            "?resource" => SlotId::resource(),
            other => return Err(format!("there is no slot `{other}`")),
        };
        let entity: EntityUid = value.parse().map_err(|_| format!("`{value}` names no entity"))?;
        values.insert(slot, entity);
    }
    set.link(PolicyId::new(&link.template_id), PolicyId::new(&link.link_id), values)
        .map_err(|error| described(&error))
}

fn described(error: &dyn std::error::Error) -> String {
    error.source().map_or_else(|| error.to_string(), |source| format!("{error}: {source}"))
}

/// Where the identifier stands, as far as it can be found.
fn line_of_link(text: &str, id: &str) -> usize {
    let written = serde_json::Value::from(id).to_string();
    text.find(&written).map_or(1, |at| crate::source::line_of(text, at))
}
