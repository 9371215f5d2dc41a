//! For your tests and ours: a test issuer with real keys, a fake clock, principals, permits.
