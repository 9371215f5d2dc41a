//! Where a request comes from: trusted proxies, client address, external URL, CORS.
