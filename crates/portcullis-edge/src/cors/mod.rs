//! Cross-origin resource sharing (the CORS protocol of the Fetch standard), and what it leaves out.

mod builder;
mod future;
mod layer;
mod policy;
mod service;
mod upgrade;

#[cfg(test)]
mod tests;

pub use self::builder::{
    CorsBuilder, DEFAULT_ALLOWED_HEADERS, DEFAULT_EXPOSED_HEADERS, DEFAULT_MAX_AGE, DEFAULT_METHODS,
};
pub use self::future::ResponseFuture;
pub use self::layer::CorsLayer;
pub use self::policy::{Cors, CorsAnswer};
pub use self::service::CorsService;
pub use self::upgrade::{UpgradeOriginLayer, UpgradeOrigins};
