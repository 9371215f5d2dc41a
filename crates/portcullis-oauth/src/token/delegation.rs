//! Who acts for the caller (RFC 8693 §4.1).

use portcullis_core::{Actor, Denial};

use super::refusal::invalid_claim;
use crate::json::Members;

/// The actors that `act` tells, the outermost first; none for a token without it. `may_act` (RFC 8693 §4.4) is a word
/// for token services, and is not looked at.
///
/// # Errors
/// 401 if an `act` is no object, names nobody, has a name that is no text, or if there are more actors than the limit.
pub(crate) fn actors(claims: Members<'_, '_>, limit: usize) -> Result<Vec<Actor>, Denial> {
    let mut actors = Vec::new();
    let mut next = claims.get("act");
    while let Some(act) = next {
        let act = act.as_object().ok_or_else(|| invalid_claim("`act` is not an object"))?;
        if actors.len() == limit {
            return Err(invalid_claim("too many actors stand within each other"));
        }
        let name = |name: &str| match act.get(name).map(|value| value.as_text()) {
            None => Ok(None),
            Some(Some(text)) if !text.is_empty() => Ok(Some(text)),
            Some(_) => Err(invalid_claim("a name of an actor is no text")),
        };
        let (subject, client_id, issuer) = (name("sub")?, name("client_id")?, name("iss")?);
        if subject.is_none() && client_id.is_none() {
            return Err(invalid_claim("`act` names nobody"));
        }
        let actor = subject.into_iter().fold(Actor::new(), Actor::subject);
        let actor = client_id.into_iter().fold(actor, Actor::client_id);
        actors.push(issuer.into_iter().fold(actor, Actor::issuer));
        next = act.get("act");
    }
    Ok(actors)
}

#[cfg(test)]
mod tests {
    use portcullis_core::Reason;

    use super::*;
    use crate::json;

    fn read(claims: &str) -> Result<Vec<Actor>, Reason> {
        let claims = json::object(claims.as_bytes()).expect("a JSON object");
        actors(claims.members(), 2).map_err(|denial| denial.reason())
    }

    /// A12.1 and A12.2, RFC 8693 §4.1 with its own examples.
    #[test]
    fn actors_are_read_from_the_outermost_to_the_limit() {
        assert_eq!(read(r#"{"sub":"user@example.com"}"#), Ok(vec![]));
        assert_eq!(
            read(r#"{"act":{"sub":"admin@example.com"}}"#),
            Ok(vec![Actor::new().subject("admin@example.com")])
        );
        let nested = r#"{"act":{"sub":"https://service16.example.com","act":{"sub":"https://service77.example.com"}}}"#;
        let chain = ["https://service16.example.com", "https://service77.example.com"];
        assert_eq!(read(nested), Ok(chain.map(|name| Actor::new().subject(name)).into()));
        let three = r#"{"act":{"sub":"a","act":{"sub":"b","act":{"sub":"c"}}}}"#;
        assert_eq!(read(three), Err(Reason::TokenClaimInvalid));
        let full = r#"{"act":{"sub":"a","iss":"https://i.example","client_id":"c","exp":1}}"#;
        assert_eq!(
            read(full),
            Ok(vec![Actor::new().subject("a").issuer("https://i.example").client_id("c")])
        );
        assert_eq!(read(r#"{"act":{"client_id":"c"}}"#), Ok(vec![Actor::new().client_id("c")]));
    }

    /// A12.2.
    #[test]
    fn an_act_that_is_no_object_or_names_nobody_is_refused() {
        for act in [
            r#""a""#,
            "[]",
            "null",
            "{}",
            r#"{"sub":1}"#,
            r#"{"sub":""}"#,
            r#"{"iss":"a"}"#,
            r#"{"sub":"a","act":1}"#,
        ] {
            assert_eq!(read(&format!(r#"{{"act":{act}}}"#)), Err(Reason::TokenClaimInvalid), "{act}");
        }
    }

    /// A12.2, RFC 8693 §4.4.
    #[test]
    fn whoever_may_act_does_not_act() {
        assert_eq!(read(r#"{"may_act":{"sub":"a"}}"#), Ok(vec![]));
        assert_eq!(read(r#"{"may_act":1}"#), Ok(vec![]));
    }
}
