//! The routes alone, for whoever must go through all of them and knows nothing of policies.

use http::Method;

use crate::table::RouteRow;

/// Method and path; `None` stands for all methods.
///
/// ```
/// use http::Method;
/// use portcullis_stack::{RoutePolicy, RouteTable};
///
/// let mut table = RouteTable::new();
/// table.add(Some(Method::GET), "/health", RoutePolicy::public("probe"), "health");
/// let routes: Vec<(Option<Method>, String)> = table.rows().iter().map(Into::into).collect();
/// assert_eq!(routes, [(Some(Method::GET), "/health".to_owned())]);
/// ```
impl From<&RouteRow> for (Option<Method>, String) {
    fn from(row: &RouteRow) -> Self {
        (row.method.clone(), row.path.clone())
    }
}
