//! Refusals that whoever reads the audit can explain.

use super::fault::{MatrixFault, MatrixFaultKind};
use super::run::Seen;

/// Every refusal that the framework gave must say more to the audit than its reason. Returns how many there were. What a
/// handler writes by itself is not looked at: it leaves no refusal in the event.
pub(super) fn check(seen: &[Seen<'_>], faults: &mut Vec<MatrixFault>) -> usize {
    let mut explained = 0;
    for one in seen {
        match one.answer.as_ref().and_then(super::answer::Answer::is_explained) {
            Some(true) => explained += 1,
            Some(false) => {
                let about = one.row.about(one.persona);
                let answer = one.answer.as_ref().map(ToString::to_string).unwrap_or_default();
                let message =
                    format!("{about}: the audit cannot explain {answer}: it has no text and no tree");
                faults.push(MatrixFault::new(MatrixFaultKind::Unexplained, message).at(one.row.line));
            }
            None => {}
        }
    }
    explained
}
