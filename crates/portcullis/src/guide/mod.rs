//! Pages that are longer than the docs of one item.

#[doc = include_str!("authorization.md")]
pub mod authorization {}

#[doc = include_str!("bound_tokens.md")]
pub mod bound_tokens {}

#[doc = include_str!("browsers.md")]
pub mod browsers {}

#[doc = include_str!("configuration_codes.md")]
pub mod configuration_codes {}

#[doc = include_str!("layers.md")]
pub mod layers {}

#[doc = include_str!("reasons.md")]
pub mod reasons {}

#[cfg(test)]
mod tests;
