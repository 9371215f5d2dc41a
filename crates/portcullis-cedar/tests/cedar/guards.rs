//! Guards and routes that ask the engine.
