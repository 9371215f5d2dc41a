//! Everything that can be measured, by name. Formulas of goals refer to these names.

mod bound;
#[cfg(feature = "casbin")]
mod casbin;
#[cfg(feature = "cedar")]
mod cedar;
mod checks;
mod composite;
mod floors;
mod guards;
mod hidden;
mod layers;
mod loopback;
mod opaque;
mod permits;
mod routes;
mod yardsticks;

#[cfg(feature = "peers")]
pub(crate) use self::checks::Addresses;
#[cfg(feature = "peers")]
pub(crate) use self::floors::{answer, router};
#[cfg(feature = "peers")]
pub(crate) use self::loopback::serving;
use crate::case::Case;

/// A name, and how the case is made ready.
pub(crate) type Entry = (&'static str, fn() -> Case);

/// Makes the case of that name ready; `None` if there is none.
#[must_use]
pub fn case(name: &str) -> Option<Case> {
    let lists = [
        floors::CASES,
        layers::CASES,
        bound::CASES,
        composite::CASES,
        checks::CASES,
        loopback::CASES,
        opaque::CASES,
        permits::CASES,
        #[cfg(feature = "casbin")]
        casbin::CASES,
        #[cfg(feature = "cedar")]
        cedar::CASES,
        guards::CASES,
        hidden::CASES,
        routes::CASES,
        yardsticks::CASES,
    ];
    #[cfg(feature = "peers")]
    let lists = lists.into_iter().chain(crate::peers::CASES.iter().copied());
    let found = lists.into_iter().flatten().find(|(known, _)| *known == name);
    found.map(|(_, make)| make())
}
