//! Who may get in at all, how often, and who keeps the record.

use http::HeaderName;
use portcullis::Clock;
use portcullis::audit::MemorySink;
use portcullis::edge::PlainHttp;
use portcullis::oauth::StaticKeys;
use portcullis::oauth::remote::RemoteKeys;
use portcullis::prelude::*;

use crate::database::Database;
use crate::known_users::KnownUsers;
use crate::options::{IssuerUrl, Options};
use crate::tokens::{OWN_AUDIENCE, OWN_ISSUER};

/// The name of the scheme that `POST /login` takes, and nothing else does.
pub(crate) const PASSWORD: &str = "password";
/// The header of API keys.
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// # Errors
/// Everything that is missing or contradictory, at once.
pub(crate) fn security(
    options: &Options,
    clock: Clock,
    database: &Database,
    own_keys: &str,
    events: MemorySink,
) -> Result<Security, ConfigErrors> {
    let rate = options.rate;
    let security = Security::builder()
        .clock(clock)
        .realm("documents")
        .scheme("token", KnownUsers { tokens: tokens(options, own_keys), database: database.clone() })
        .scheme("key", ApiKeys::header(API_KEY).store(database.clone()))
        .scheme(PASSWORD, Basic::new(database.clone()).only_where_named())
        .limit(per(client_ip()).requests(rate.requests()).every(rate.period()).named("client"))
        .trusted_proxies(TrustedProxies::from_networks(&options.trusted_proxies)?)
        .plain_http(PlainHttp::default().credential_header(API_KEY))
        .audit(TracingSink::new())
        .audit(events);
    match &options.audit {
        Some(file) => security.audit(JsonLines::append(file)).build(),
        None => security.build(),
    }
}

/// The service's own tokens, and those of the outside issuer if there is one.
fn tokens(options: &Options, own_keys: &str) -> JwtBearer {
    let own = Issuer::new(OWN_ISSUER).audience(OWN_AUDIENCE).keys(StaticKeys::new().jwks(own_keys));
    let tokens = JwtBearer::issuer(own);
    match (&options.issuer, &options.audience) {
        (Some(issuer), Some(audience)) => tokens.or_issuer(outside(issuer, audience, options)),
        _ => tokens,
    }
}

fn outside(url: &IssuerUrl, audience: &str, options: &Options) -> Issuer {
    let mut issuer = Issuer::new(url.as_str()).audience(audience);
    if url.is_insecure_plain_http() {
        issuer = issuer.insecure_http_on_loopback();
    }
    match &options.jwks {
        Some(file) => issuer.keys(StaticKeys::new().jwks_file(file)),
        None => issuer.keys(RemoteKeys::discover()),
    }
}
