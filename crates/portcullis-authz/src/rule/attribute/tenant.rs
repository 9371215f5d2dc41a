//! Whether a path is one of the caller's own tenant.

use portcullis_core::escape::Escaped;
use portcullis_core::{Principal, RequestView};

use crate::guard::PathParameters;
use crate::guard::template;

/// Whether the path parameter names the caller's tenant, octet by octet. A caller without a tenant owns no path.
///
/// The handler's [`PathParameters`] are not there yet when a rule is asked on axum or behind `Security`: then the
/// template of the route that matched tells where the parameter is.
pub(super) fn is_own(caller: &Principal, parameter: &str, request: &RequestView<'_>) -> Result<bool, String> {
    let tenant = caller.tenant().filter(|tenant| !tenant.is_empty());
    if request.extensions().get::<PathParameters>().is_some() {
        return match PathParameters::of(request, parameter) {
            Ok(named) => Ok(tenant == Some(named)),
            Err(denial) if denial.is_failure() => Err(missing(parameter)),
            // What cannot be decoded names nobody.
            Err(_) => Ok(false),
        };
    }
    let route = request.trail().route().ok_or_else(|| missing(parameter))?;
    let raw = template::capture(&route, request.uri().path(), parameter).ok_or_else(|| missing(parameter))?;
    Ok(tenant.is_some_and(|tenant| template::is_encoded(raw, tenant)))
}

fn missing(parameter: &str) -> String {
    format!(
        "the route has no path parameter `{}`, or no router says which route matched",
        Escaped::new(parameter)
    )
}
