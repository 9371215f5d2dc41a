//! The operations of a path, whatever their method.

use http::Method;
use utoipa::openapi::PathItem;
use utoipa::openapi::path::Operation;

/// Each operation with the name of its method.
pub(crate) fn operations(item: &mut PathItem) -> Vec<(String, &mut Operation)> {
    let known = [
        (Method::GET, &mut item.get),
        (Method::PUT, &mut item.put),
        (Method::POST, &mut item.post),
        (Method::DELETE, &mut item.delete),
        (Method::OPTIONS, &mut item.options),
        (Method::HEAD, &mut item.head),
        (Method::PATCH, &mut item.patch),
        (Method::TRACE, &mut item.trace),
    ];
    let known =
        known.into_iter().filter_map(|(method, operation)| Some((method.to_string(), operation.as_mut()?)));
    let query = item.query.as_mut().map(|operation| ("QUERY".to_owned(), operation));
    let others = item.additional_operations.iter_mut().map(|(method, operation)| (method.clone(), operation));
    known.chain(query).chain(others).collect()
}
