//! Cross-origin resource sharing (the CORS protocol of the Fetch standard).

mod builder;
mod policy;

pub use self::builder::{
    CorsBuilder, DEFAULT_ALLOWED_HEADERS, DEFAULT_EXPOSED_HEADERS, DEFAULT_MAX_AGE, DEFAULT_METHODS,
};
pub use self::policy::{Cors, CorsAnswer};
