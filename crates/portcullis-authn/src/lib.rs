//! Who calls: the authentication layer, named schemes, HTTP Basic and API keys.
