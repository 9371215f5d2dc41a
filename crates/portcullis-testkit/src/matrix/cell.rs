use std::fmt;

use super::answer::Answer;

/// What a cell promises.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cell {
    /// The caller has no such resource.
    NotApplicable,
    /// The caller is refused, whichever way.
    Refused,
    /// The answer has that status.
    Status(u16),
}

impl Cell {
    /// Reads the text of a cell; `None` for anything but `-`, `n/a` and a final status (RFC 9110 §15).
    pub(super) fn parse(text: &str) -> Option<Self> {
        match text {
            "-" => return Some(Self::Refused),
            "n/a" => return Some(Self::NotApplicable),
            _ => {}
        }
        let digits = text.len() == 3 && text.bytes().all(|octet| octet.is_ascii_digit());
        let status = if digits { text.parse().ok() } else { None };
        status.filter(|status| (200..600).contains(status)).map(Self::Status)
    }

    /// Whether the answer is what the cell promises.
    pub(super) fn holds(self, answer: &Answer) -> bool {
        match self {
            Self::NotApplicable => false,
            Self::Refused => answer.is_refusal(),
            Self::Status(status) => answer.status() == status,
        }
    }

    /// Whether the caller gets what it asks for.
    pub(super) fn is_success(self) -> bool {
        matches!(self, Self::Status(200..300))
    }

    /// What the cell wants, for a message.
    pub(super) fn wish(self) -> String {
        match self {
            Self::NotApplicable => "no such resource".to_owned(),
            Self::Refused => "a refusal".to_owned(),
            Self::Status(status) => status.to_string(),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotApplicable => f.write_str("n/a"),
            Self::Refused => f.write_str("-"),
            Self::Status(status) => write!(f, "{status}"),
        }
    }
}
