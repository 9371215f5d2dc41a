use std::fmt;
use std::sync::Arc;

use portcullis_core::{Denial, RequestView};

/// The parameters of the matched path, percent-decoded: an extension that the router leaves for guards.
///
/// It is as long as the route's template says and no larger than the request target. Clones are free.
///
/// ```
/// use portcullis_authz::PathParameters;
///
/// let parameters = PathParameters::new([("id", "7")]);
/// assert_eq!(parameters.get("id"), Some("7"));
/// assert_eq!(parameters.get("team"), None);
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct PathParameters(Arc<[(Box<str>, Box<str>)]>);

impl PathParameters {
    /// Takes the names and decoded values over.
    pub fn new<N: Into<Box<str>>, V: Into<Box<str>>>(parameters: impl IntoIterator<Item = (N, V)>) -> Self {
        Self(parameters.into_iter().map(|(name, value)| (name.into(), value.into())).collect())
    }

    /// The value of the parameter; of two with the same name the first.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter().find(|(known, _)| *known == name).map(|(_, value)| value)
    }

    /// The names and values in the order of the path.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_ref(), value.as_ref()))
    }

    /// The value of a parameter of the request's route.
    ///
    /// # Errors
    /// 500 `misconfigured` if no router left the parameters, or the route has none of that name.
    pub fn of<'a>(request: &RequestView<'a>, name: &str) -> Result<&'a str, Denial> {
        let Some(parameters) = request.extensions().get::<Self>() else {
            return Err(Denial::misconfigured(
                "a guard needs a path parameter, but no router left `PathParameters` in the request's extensions",
            ));
        };
        parameters.get(name).ok_or_else(|| {
            Denial::misconfigured(format!(
                "a guard needs the path parameter `{name}`, which the route does not have"
            ))
        })
    }
}

/// Prints the names alone: the values are text of the client.
impl fmt::Debug for PathParameters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter().map(|(name, _)| name)).finish()
    }
}
