//! What the key sets of several issuers have in common.

#[cfg(feature = "discovery")]
use std::sync::{Arc, OnceLock};

#[cfg(feature = "discovery")]
use portcullis_client::OutboundClient;
#[cfg(feature = "discovery")]
use portcullis_core::ConfigErrors;

/// The outbound client with default settings, made once for all who share it: it reads the system's root certificates.
#[derive(Clone, Debug, Default)]
pub(crate) struct SharedClient {
    /// For https alone, and with plain http to loopback addresses.
    #[cfg(feature = "discovery")]
    clients: Arc<[OnceLock<OutboundClient>; 2]>,
}

#[cfg(feature = "discovery")]
impl SharedClient {
    pub(crate) fn get(&self, http_on_loopback: bool) -> Result<OutboundClient, ConfigErrors> {
        let [strict, loopback] = &*self.clients;
        let place = if http_on_loopback { loopback } else { strict };
        if let Some(client) = place.get() {
            return Ok(client.clone());
        }
        let builder = OutboundClient::builder();
        let builder = if http_on_loopback { builder.insecure_allow_loopback_http() } else { builder };
        let client = builder.build()?;
        Ok(place.get_or_init(|| client).clone())
    }
}
