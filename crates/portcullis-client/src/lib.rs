//! The one outbound HTTP client of Portcullis: https only, no redirects, capped and time-limited.
