//! What others would take instead. Each stands where its own documentation puts it: `Router::layer`.

mod governed;
mod governed_by_hand;
mod jsonwebtoken_from_fn;
mod resource_server;

use crate::cases::Entry;

pub(crate) const CASES: &[&[Entry]] =
    &[governed::CASES, governed_by_hand::CASES, jsonwebtoken_from_fn::CASES, resource_server::CASES];
