//! The scheme: how it is configured (`config`), and what it answers behind the layer (`layer`).

mod config;
mod layer;
