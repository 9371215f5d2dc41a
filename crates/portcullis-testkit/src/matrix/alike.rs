//! Refusals that do not tell what exists (OWASP API1:2023).

use http::{HeaderMap, HeaderName, HeaderValue};

use super::answer::Answer;
use super::builder::Matrix;
use super::exempt;
use super::fault::{MatrixFault, MatrixFaultKind};
use super::run::Seen;

/// Fields whose value differs from one answer to the next by their nature.
const VOLATILE: [&str; 8] = [
    "age",
    "date",
    "dpop-nonce",
    "ratelimit",
    "ratelimit-policy",
    "retry-after",
    "traceparent",
    "x-request-id",
];

/// Compares every refusal with the answer that the same persona got by the same route for an absent resource. Returns
/// how many there were.
pub(super) fn compare(matrix: &Matrix, seen: &[Seen<'_>], faults: &mut Vec<MatrixFault>) -> usize {
    let mut compared = 0;
    for one in seen {
        let Some(answer) = one.answer.as_ref().filter(|answer| answer.is_refusal()) else { continue };
        let names = matrix.absent_for(one.row);
        let mut fault = |wrong: String| {
            let message = format!("{}: {wrong}", one.row.about(one.persona));
            faults.push(MatrixFault::new(MatrixFaultKind::Telltale, message).at(one.row.line));
        };
        match names.iter().find_map(|name| answer_for(name, one, seen)) {
            Some(of_absent) => {
                compared += 1;
                if let Some(wrong) = difference(answer, of_absent) {
                    fault(format!("the answer tells that the resource exists: {wrong}"));
                }
            }
            // A route that has nothing absent for anybody is told of once.
            None if names.iter().any(|name| exempt::has_row(name, one.row, seen.iter().map(|s| s.row))) => {
                fault("it is refused, and there is nothing absent to compare it with".to_owned());
            }
            None => {}
        }
    }
    compared
}

/// What the same persona got by the same route for the other relation.
fn answer_for<'a>(relation: &str, one: &Seen<'_>, seen: &'a [Seen<'_>]) -> Option<&'a Answer> {
    let other = seen.iter().find(|other| {
        let same = (other.row.route, &other.row.method, other.persona.name())
            == (one.row.route, &one.row.method, one.persona.name());
        same && other.row.label.relation.as_deref() == Some(relation)
    });
    other?.answer.as_ref()
}

fn difference(one: &Answer, absent: &Answer) -> Option<String> {
    if one.status() != absent.status() {
        return Some(format!("{one}, and {absent} if it is absent"));
    }
    if one.body != absent.body {
        return Some("its body is another if it is absent".to_owned());
    }
    let (fields, others) = (fields(&one.headers), fields(&absent.headers));
    let differing = fields
        .iter()
        .find(|field| !others.contains(field))
        .or_else(|| others.iter().find(|field| !fields.contains(field)));
    differing.map(|(name, _)| format!("its field `{name}` is another if it is absent"))
}

fn fields(headers: &HeaderMap) -> Vec<(&HeaderName, Option<&HeaderValue>)> {
    let value = |name: &HeaderName| VOLATILE.contains(&name.as_str());
    headers.iter().map(|(name, field)| (name, (!value(name)).then_some(field))).collect()
}
