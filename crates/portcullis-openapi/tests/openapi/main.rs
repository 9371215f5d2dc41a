//! Documents of utoipa, made by hand and by its macros, for routes that exist and some that do not.

mod agreement;
mod macros;
mod problems;
mod requirements;
mod schemes;
mod support;
mod validity;
