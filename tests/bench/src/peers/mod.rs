//! What others would take instead. Each stands where its own documentation puts it: `Router::layer`.

mod governed;
mod jsonwebtoken_from_fn;
mod resource_server;

use crate::cases::Entry;

pub(crate) const CASES: &[&[Entry]] = &[governed::CASES, jsonwebtoken_from_fn::CASES, resource_server::CASES];
