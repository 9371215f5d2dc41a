//! Portcullis on axum: Routes, SecureRouter, App, route table, extractors.
