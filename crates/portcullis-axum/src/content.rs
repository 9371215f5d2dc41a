//! How axum's extractors refuse what a request carries, told by the type of their rejections.

use std::any::TypeId;

use axum::extract::rejection::{
    BytesRejection, FormRejection, JsonRejection, PathRejection, QueryRejection, StringRejection,
};
use portcullis_core::ProblemType;

/// A body of a media type and a form of its own: malformed, too large, of another media type, of another form.
pub(crate) const TYPED: &[ProblemType] = &[
    ProblemType::InvalidRequest,
    ProblemType::ContentTooLarge,
    ProblemType::UnsupportedMediaType,
    ProblemType::UnprocessableContent,
];

/// A body that is taken as it is: cut off, no text, or too large.
const PLAIN: &[ProblemType] = &[ProblemType::InvalidRequest, ProblemType::ContentTooLarge];

/// What stands in the target.
const TARGET: &[ProblemType] = &[ProblemType::InvalidRequest];

/// How an extractor with that rejection refuses. Of one that nobody here knows, nothing is said.
pub(crate) fn problems_of<R: 'static>() -> &'static [ProblemType] {
    let is = |known: TypeId| known == TypeId::of::<R>();
    if is(TypeId::of::<JsonRejection>()) || is(TypeId::of::<FormRejection>()) {
        TYPED
    } else if is(TypeId::of::<BytesRejection>()) || is(TypeId::of::<StringRejection>()) {
        PLAIN
    } else if is(TypeId::of::<PathRejection>()) || is(TypeId::of::<QueryRejection>()) {
        TARGET
    } else {
        &[]
    }
}
