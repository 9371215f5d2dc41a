//! What the service keeps and what it accepts.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use thiserror::Error;
use utoipa::ToSchema;

/// A document as it is stored and shown.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Document {
    pub id: DocumentId,
    /// The name of a user; for a caller of an outside issuer, `issuer#subject`.
    pub owner: String,
    pub team: Option<String>,
    pub visibility: Visibility,
    pub title: String,
    pub body: String,
    /// Seconds since 1970.
    pub created_at: u64,
    /// Seconds since 1970.
    pub updated_at: u64,
}

/// A document in a list: everything but its body.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Summary {
    pub id: DocumentId,
    pub owner: String,
    pub team: Option<String>,
    pub visibility: Visibility,
    pub title: String,
    pub updated_at: u64,
}

/// The content of `POST` and `PUT`: what is left out of a `PUT` is reset, not kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDocument {
    pub title: Title,
    #[serde(default)]
    pub body: Body,
    #[serde(default)]
    pub team: Option<Team>,
    #[serde(default)]
    pub visibility: Visibility,
}

/// Who may read a document besides its owner, the managers of its team and the admins.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    /// Nobody.
    #[default]
    Private,
    /// Every authenticated caller.
    Public,
}

impl Visibility {
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Private => "private",
            Self::Public => "public",
        }
    }
}

impl FromStr for Visibility {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        match text {
            "private" => Ok(Self::Private),
            "public" => Ok(Self::Public),
            _ => Err(InvalidText("a visibility is `private` or `public`")),
        }
    }
}

/// A UUID of version 7 (RFC 9562 §5.7): it sorts by creation and cannot be guessed.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, format = "uuid")]
pub struct DocumentId(Box<str>);

impl DocumentId {
    /// A fresh one, for a document created so long after 1970.
    ///
    /// # Errors
    /// If the system has no random octets to give.
    pub fn generate(now: Duration) -> Result<Self, getrandom::Error> {
        let mut random = [0; 10];
        getrandom::fill(&mut random)?;
        let [a, b, rest @ ..] = random;
        let random_a = u16::from_be_bytes([a, b]) & 0x0fff;
        let [c, d, node @ ..] = rest;
        let random_b = (u16::from_be_bytes([c, d]) & 0x3fff) | 0x8000;
        let node = node.iter().fold(0_u64, |all, octet| (all << 8) | u64::from(*octet));
        let millis = now.as_millis() & 0xffff_ffff_ffff;
        let (high, low) = (millis >> 16, millis & 0xffff);
        Ok(Self(format!("{high:08x}-{low:04x}-7{random_a:03x}-{random_b:04x}-{node:012x}").into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Only the canonical spelling is an id, so that a document has one address.
impl FromStr for DocumentId {
    type Err = InvalidText;

    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let canonical = text.len() == 36
            && text.bytes().enumerate().all(|(at, octet)| match at {
                8 | 13 | 18 | 23 => octet == b'-',
                _ => matches!(octet, b'0'..=b'9' | b'a'..=b'f'),
            });
        if canonical { Ok(Self(text.into())) } else { Err(InvalidText("not the id of a document")) }
    }
}

impl TryFrom<String> for DocumentId {
    type Error = InvalidText;

    fn try_from(text: String) -> Result<Self, InvalidText> {
        text.parse()
    }
}

impl From<DocumentId> for String {
    fn from(id: DocumentId) -> Self {
        id.0.into()
    }
}

impl fmt::Display for DocumentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Declares a text with limits that deserialising checks.
macro_rules! limited_text {
    ($( $(#[$attribute:meta])+ $name:ident: $complaint:literal, $valid:expr; )+) => { $(
        $(#[$attribute])+
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, ToSchema)]
        #[serde(try_from = "String")]
        #[schema(value_type = String)]
        pub struct $name(String);

        impl $name {
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = InvalidText;

            fn try_from(text: String) -> Result<Self, InvalidText> {
                let valid: fn(&str) -> bool = $valid;
                if valid(&text) { Ok(Self(text)) } else { Err(InvalidText($complaint)) }
            }
        }

        impl FromStr for $name {
            type Err = InvalidText;

            fn from_str(text: &str) -> Result<Self, InvalidText> {
                text.to_owned().try_into()
            }
        }
    )+ };
}

limited_text! {
    /// One line of 1 to 200 octets.
    Title: "a title is one line of 1 to 200 octets",
        |text| (1..=200).contains(&text.len()) && !text.chars().any(breaks_a_line);
    /// Up to 64 KiB.
    #[derive(Default)]
    Body: "a body has at most 65536 octets",
        |text| text.len() <= 65_536;
    /// 1 to 64 lower-case letters, digits and hyphens.
    Team: "a team is 1 to 64 lower-case letters, digits and hyphens",
        |text| (1..=64).contains(&text.len())
            && text.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'-'));
}

/// Control characters, separators of lines, and what turns the direction of text for the rest of the line.
fn breaks_a_line(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// How many documents a page of the list holds: 1 to 1000, by default 1000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "u32")]
pub struct PageSize(u32);

impl PageSize {
    pub const MAX: u32 = 1000;

    pub const fn get(self) -> u32 {
        self.0
    }
}

impl Default for PageSize {
    fn default() -> Self {
        Self(Self::MAX)
    }
}

impl TryFrom<u32> for PageSize {
    type Error = InvalidText;

    fn try_from(size: u32) -> Result<Self, InvalidText> {
        if (1..=Self::MAX).contains(&size) {
            Ok(Self(size))
        } else {
            Err(InvalidText("a page has 1 to 1000 documents"))
        }
    }
}

/// Text that is not what it should be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{0}")]
pub struct InvalidText(&'static str);

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(json: &str, accepted: bool) {
        assert_eq!(serde_json::from_str::<NewDocument>(json).is_ok(), accepted, "{json}");
    }

    #[test]
    fn only_a_title_is_needed_and_nothing_unknown_is_taken() {
        check(r#"{"title":"a"}"#, true);
        check(r#"{"title":"a","body":"b","team":"engineering","visibility":"public"}"#, true);
        check(r#"{"title":"a","team":null}"#, true);
        check(r"{}", false);
        check(r#"{"title":"a","owner":"mallory"}"#, false);
        check(r#"{"title":"a","visibility":"secret"}"#, false);
        check(r#"{"title":"a","title":"b"}"#, false);
        check(r#"{"title":"a","team":"Engineering"}"#, false);
        check(r#"{"title":"a\nb"}"#, false);
        check(r#"{"title":"a\u2028b"}"#, false);
        check(r#"{"title":"a\u202eb"}"#, false);
        check(r#"{"title":["a"]}"#, false);
    }

    #[test]
    fn texts_end_at_their_limits() {
        let title = |n| Title::try_from("x".repeat(n)).is_ok();
        assert!(!title(0) && title(1) && title(200) && !title(201));
        let body = |n| Body::try_from("x".repeat(n)).is_ok();
        assert!(body(0) && body(65_536) && !body(65_537));
        let team = |n| Team::try_from("x".repeat(n)).is_ok();
        assert!(!team(0) && team(64) && !team(65));
    }

    #[test]
    fn ids_sort_by_time_differ_and_parse_back() {
        let early = DocumentId::generate(Duration::from_secs(1_700_000_000)).unwrap();
        let late = DocumentId::generate(Duration::from_secs(1_800_000_000)).unwrap();
        assert!(early < late);
        assert_ne!(late, DocumentId::generate(Duration::from_secs(1_800_000_000)).unwrap());
        assert_eq!(late.as_str().parse(), Ok(late));
    }

    #[test]
    fn an_id_has_one_spelling() {
        let id = "018bcfe5-6800-7abc-8def-0123456789ab";
        assert!(id.parse::<DocumentId>().is_ok());
        let bad = [id.to_uppercase(), format!("{id}0"), id.replace('-', ""), String::new(), "ä".repeat(18)];
        for bad in bad {
            assert!(bad.parse::<DocumentId>().is_err(), "{bad}");
        }
    }
}
