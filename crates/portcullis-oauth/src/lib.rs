//! Bearer tokens for an OAuth 2 resource server: strict JWT checks, key sets, discovery.
