//! Refusals that do not tell what exists (OWASP API1:2023).

use http::{HeaderMap, HeaderName, HeaderValue};

use super::answer::Answer;
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
pub(super) fn compare(
    absent: &[(Option<String>, String)],
    telling: &[String],
    seen: &[Seen<'_>],
    faults: &mut Vec<MatrixFault>,
) -> usize {
    let mut compared = 0;
    for one in seen {
        let label = &one.row.label;
        let Some(answer) = one.answer.as_ref().filter(|answer| answer.is_refusal()) else { continue };
        if absent.iter().any(|(_, name)| label.relation.as_ref() == Some(name))
            || telling.contains(&label.route.path)
        {
            continue;
        }
        let beside = absent.iter().filter(|(beside, _)| beside.is_some() && *beside == label.relation);
        let mut names = beside.chain(absent.iter().filter(|(beside, _)| beside.is_none()));
        let Some(of_absent) = names.find_map(|(_, name)| answer_for(name, one, seen)) else { continue };
        compared += 1;
        if let Some(wrong) = difference(answer, of_absent) {
            let message = format!(
                "{label} as {}: the answer tells that the resource exists: {wrong}",
                one.persona.name()
            );
            faults.push(MatrixFault::new(MatrixFaultKind::Telltale, message).at(one.row.line));
        }
    }
    compared
}

/// What the same persona got by the same route for the other relation.
fn answer_for<'a>(relation: &str, one: &Seen<'_>, seen: &'a [Seen<'_>]) -> Option<&'a Answer> {
    let other = seen.iter().find(|other| {
        let (label, wanted) = (&other.row.label, &one.row.label);
        let same = label.route == wanted.route && other.persona.name() == one.persona.name();
        same && label.relation.as_deref() == Some(relation)
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
