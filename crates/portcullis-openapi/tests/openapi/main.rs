//! Documents of utoipa, made by hand and by its macros, for routes that exist and some that do not.
#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test fails by panicking, in its helpers too"
)]

mod agreement;
mod macros;
mod modes;
mod problems;
mod requirements;
mod schemes;
mod support;
mod validity;
