//! Methods that a path does not have, and fields that claim another method (OWASP API5:2023).

use http::Method;

use super::answer::Answer;
use super::ask::{Application, Question};
use super::builder::Matrix;
use super::cell::Cell;
use super::cover::Planned;
use super::fault::{MatrixFault, MatrixFaultKind};
use super::persona::Persona;

/// What a client may try. OPTIONS is left out, since CORS answers it.
const METHODS: [Method; 7] =
    [Method::GET, Method::HEAD, Method::POST, Method::PUT, Method::PATCH, Method::DELETE, Method::TRACE];

/// Asks every path, as every persona, by every method that it does not have, while the fields of the request claim one
/// that it has: all of that is 405. Returns how many requests there were.
pub(super) async fn methods(
    matrix: &Matrix,
    app: &mut Application,
    planned: &[Planned<'_>],
    faults: &mut Vec<MatrixFault>,
) -> usize {
    let mut asked = 0;
    let mut paths: Vec<&str> = planned.iter().map(|row| row.route.path.as_str()).collect();
    paths.dedup();
    for path in paths {
        let rows: Vec<&Planned<'_>> = planned.iter().filter(|row| row.route.path == path).collect();
        if rows.iter().any(|row| row.route.is_any()) {
            continue;
        }
        let routed = matrix.methods_of(path);
        for (column, persona) in matrix.personas.iter().enumerate() {
            let Some(place) = somewhere(matrix, &rows, column, persona).await else { continue };
            for method in METHODS.into_iter().filter(|method| !answers(&routed, method)) {
                let disguise = routed.first();
                let question =
                    Question { persona, method: method.clone(), path: &place, content: None, disguise };
                asked += 1;
                let wrong = match app.ask(&question).await {
                    Ok(answer) if answer.status() == 405 => continue,
                    Ok(answer) => format!("got {answer}"),
                    Err(wrong) => wrong,
                };
                let message = format!("{method} {path} as {}: expected 405, {wrong}", persona.name());
                faults.push(MatrixFault::new(MatrixFaultKind::Method, message));
            }
        }
    }
    asked
}

/// Repeats a GET while its fields claim another method: the answer has the same status.
pub(super) async fn disguised(
    matrix: &Matrix,
    app: &mut Application,
    row: &Planned<'_>,
    persona: &Persona,
    plain: &Answer,
) -> Option<MatrixFault> {
    let route = row.route;
    if row.method != Method::GET || route.is_any() {
        return None;
    }
    let other = matrix.methods_of(&route.path).into_iter().find(|method| *method != Method::GET);
    let claimed = other.unwrap_or(Method::DELETE);
    let place = matrix.place(row, persona).await.ok()??;
    let question = Question {
        persona,
        method: Method::GET,
        path: &place.path,
        content: place.content.as_ref(),
        disguise: Some(&claimed),
    };
    let wrong = match app.ask(&question).await {
        Ok(answer) if answer.status() == plain.status() => return None,
        Ok(answer) => format!("{} without them, {answer} with them", plain.status()),
        Err(wrong) => wrong,
    };
    let message = format!(
        "{} as {}: fields that claim {claimed} change the answer: {wrong}",
        row.label,
        persona.name()
    );
    Some(MatrixFault::new(MatrixFaultKind::Method, message).at(row.line))
}

/// HEAD is answered wherever GET is (RFC 9110 §9.3.2).
fn answers(routed: &[Method], method: &Method) -> bool {
    routed.contains(method) || (*method == Method::HEAD && routed.contains(&Method::GET))
}

/// A path that the rows are about and the persona has a resource for; one that it reaches, if there is any.
async fn somewhere(
    matrix: &Matrix,
    rows: &[&Planned<'_>],
    column: usize,
    persona: &Persona,
) -> Option<String> {
    let is_reached =
        |row: &&&Planned<'_>| row.cells.get(column).is_some_and(|cell| cell.is_some_and(Cell::is_success));
    for row in rows.iter().filter(is_reached).chain(rows) {
        if let Ok(Some(place)) = matrix.place(row, persona).await {
            return Some(place.path);
        }
    }
    None
}
