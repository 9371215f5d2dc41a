//! Security: the layers in the right order around any tower service, and the gate before each handler.
