//! May they: rules over the request and guards over a resource.
