//! Questions as text, for people, and as JSON, for the route table.

use std::fmt;

use portcullis_core::Mode;
use portcullis_core::escape::Escaped;
use serde::{Serialize, Serializer};

use super::Ask;
use super::source::Id;

impl Ask {
    /// `{method}` where each request says it.
    fn written_action(&self) -> &str {
        self.action.as_deref().unwrap_or("{method}")
    }

    fn written_id(&self) -> String {
        match &self.id {
            Id::Path(parameter) => format!("{{{parameter}}}"),
            Id::Route => "{route}".to_owned(),
            Id::Text(text) => text.to_string(),
        }
    }
}

/// `ask(opa: can_read_todos todo/{id})`, and how seriously it is taken if not at once.
impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (point, action) = (Escaped::new(self.point.name()), Escaped::new(self.written_action()));
        let id = self.written_id();
        write!(f, "ask({point}: {action} {}/{})", Escaped::new(&self.kind), Escaped::new(&id))?;
        match self.mode {
            Mode::Enforce => Ok(()),
            Mode::Percent(share) => write!(f, " [{share} %]"),
            _ => f.write_str(" [shadow]"),
        }
    }
}

impl fmt::Debug for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Ask({self})")
    }
}

/// `{"ask": {"point": "opa", "action": "can_read_todos", "resource": "todo", "id": "{id}", "mode": "shadow"}}`, without
/// `mode` where it is enforced; `{method}`, `{route}` and `{parameter}` stand for what each request says.
impl Serialize for Ask {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mode = match self.mode {
            Mode::Enforce => None,
            Mode::Percent(share) => Some(format!("{share} %")),
            _ => Some("shadow".to_owned()),
        };
        let ask = Written {
            point: self.point.name(),
            action: self.written_action(),
            resource: &self.kind,
            id: self.written_id(),
            mode,
        };
        Tagged { ask }.serialize(serializer)
    }
}

#[derive(Serialize)]
struct Tagged<'a> {
    ask: Written<'a>,
}

#[derive(Serialize)]
struct Written<'a> {
    point: &'a str,
    action: &'a str,
    resource: &'a str,
    id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    mode: Option<String>,
}
