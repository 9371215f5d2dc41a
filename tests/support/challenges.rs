//! A reader of `WWW-Authenticate` that shares nothing with the writer.

/// A challenge (RFC 9110 §11.6.1).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Challenge {
    pub scheme: String,
    /// In order, names in lower case.
    pub parameters: Vec<(String, String)>,
}

impl Challenge {
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// Reads one field, which may hold several challenges; `None` if it is not well-formed. Token68 is not needed.
pub fn parse(field: &str) -> Option<Vec<Challenge>> {
    let mut challenges: Vec<Challenge> = Vec::new();
    let mut rest = field.trim();
    while !rest.is_empty() {
        let (word, after) = token(rest)?;
        if let Some(after) = after.strip_prefix('=') {
            let (value, after) = value(after)?;
            challenges.last_mut()?.parameters.push((word.to_ascii_lowercase(), value));
            rest = next(after)?;
        } else {
            challenges.push(Challenge { scheme: word.to_owned(), parameters: Vec::new() });
            rest = after.trim_start_matches(' ');
        }
    }
    Some(challenges)
}

/// What follows the comma, or nothing at the end.
fn next(rest: &str) -> Option<&str> {
    let rest = rest.trim_start();
    if rest.is_empty() { Some(rest) } else { rest.strip_prefix(',').map(str::trim_start) }
}

fn token(text: &str) -> Option<(&str, &str)> {
    let is_token = |c: char| c.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(c);
    let end = text.find(|c| !is_token(c)).unwrap_or(text.len());
    (end > 0).then(|| text.split_at(end))
}

fn value(text: &str) -> Option<(String, &str)> {
    let Some(quoted) = text.strip_prefix('"') else {
        return token(text).map(|(value, rest)| (value.to_owned(), rest));
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((index, character)) = characters.next() {
        match character {
            '"' => return Some((value, &quoted[index + 1..])),
            '\\' => value.push(characters.next()?.1),
            other => value.push(other),
        }
    }
    None
}
