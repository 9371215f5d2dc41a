//! Against the running documents example, over real sockets. Each test ends by counting the audit events: one for
//! each request, also for what is no HTTP, and none more.

mod certificates;
mod forgery;
mod headers;
mod kids;
mod logins;
mod logouts;
mod naughty;
mod opaque;
mod proofs;
mod record;
mod smuggling;
mod tokens;

use crate::support::challenges::{self, Challenge};
use crate::support::client::Answer;
use crate::support::documents::Record;

/// The route takes tokens and API keys: the challenge of the scheme that was tried, and it alone, names the error.
#[track_caller]
fn check_refused(answer: &Answer, what: &str) {
    assert!([400, 401].contains(&answer.status), "{what}: {answer:?}");
    answer.check_problem(answer.status);
    let error = if answer.status == 400 { "invalid_request" } else { "invalid_token" };
    let bearer = challenges(answer).into_iter().find(|challenge| challenge.scheme == "Bearer");
    let bearer = bearer.unwrap_or_else(|| panic!("{what}: no Bearer challenge: {answer:?}"));
    assert_eq!(bearer.parameter("error"), Some(error), "{what}");
    assert_eq!(bearer.parameter("realm"), Some("documents"), "{what}");
}

#[track_caller]
fn challenges(answer: &Answer) -> Vec<Challenge> {
    let fields = answer.all("www-authenticate");
    fields.flat_map(|field| challenges::parse(field).unwrap_or_else(|| panic!("{field}"))).collect()
}

/// A1.14: neither the token nor a part of it is in what the caller gets or the audit keeps.
#[track_caller]
fn check_not_repeated(token: &str, answer: &Answer, record: &Record) {
    let shown = format!("{answer:?}");
    for part in token.split(['.', ' ']).filter(|part| part.len() > 12) {
        assert!(!shown.contains(part) && !record.text.contains(part), "{part} is shown");
    }
}
