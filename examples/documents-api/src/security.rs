//! Who may get in at all, how often, and who keeps the record.

use http::HeaderName;
use portcullis::Clock;
use portcullis::audit::MemorySink;
use portcullis::authz::ScopeCatalog;
use portcullis::core::Readiness;
use portcullis::edge::{ClientCertificateField, PlainHttp};
use portcullis::oauth::logout::LogoutReceiver;
use portcullis::prelude::*;
use portcullis::stack::ProtectedResource;

use std::sync::Arc;

use crate::bound::LoginKeys;
use crate::database::Database;
use crate::known_users::KnownUsers;
use crate::options::Options;
use crate::schemes::Schemes;
use crate::users::{READ, WRITE};

/// The name of the scheme that `POST /login` takes, and nothing else does.
pub(crate) const PASSWORD: &str = "password";
/// The header of API keys.
pub(crate) const API_KEY: HeaderName = HeaderName::from_static("x-api-key");
/// The realm of every challenge.
pub(crate) const REALM: &str = "documents";

/// The security of the application, and what its routes need of it.
pub(crate) struct Guarded {
    pub(crate) security: Security,
    pub(crate) dependencies: Arc<[Arc<dyn Readiness>]>,
    pub(crate) keys: LoginKeys,
    pub(crate) logout: Option<LogoutReceiver>,
}

/// `url` is where clients find the service.
///
/// # Errors
/// Everything that is missing or contradictory, at once.
pub(crate) fn security(
    options: &Options,
    clock: Clock,
    database: &Database,
    own_keys: &str,
    events: MemorySink,
    url: &str,
) -> Result<Guarded, ConfigErrors> {
    let mut wrong = ConfigErrors::default();
    let rate = options.rate;
    let schemes = Schemes::new(options, own_keys, clock.clone(), url)?;
    let known = |tokens| KnownUsers { tokens, database: database.clone() };
    let mut security = Security::builder()
        .clock(clock)
        .realm(REALM)
        // A route that asks for any other scope is misspelt, and an error at the start.
        .scopes(ScopeCatalog::new([READ, WRITE]))
        .public_url(url)
        .protected_resource(resource(url))
        .scheme("token", known(schemes.signed()))
        .scheme("key", ApiKeys::header(API_KEY).store(database.clone()))
        .scheme(PASSWORD, Basic::new(database.clone()).only_where_named())
        .limit(per(client_ip()).requests(rate.requests()).every(rate.period()).named("client"))
        .plain_http(PlainHttp::default().credential_header(API_KEY))
        .audit(TracingSink::new())
        .audit(events);
    if let Some(proxies) = wrong.take(proxies(options)) {
        security = security.trusted_proxies(proxies);
    }
    if let Some(opaque) = schemes.opaque() {
        security = security.scheme("opaque", KnownUsers { tokens: opaque, database: database.clone() });
    }
    if let Some(file) = &options.audit {
        security = security.audit(JsonLines::append(file));
    }
    let logout = wrong.take(schemes.logout()).flatten();
    let dependency = logout.as_ref().and_then(LogoutReceiver::dependency);
    let Some(security) = wrong.take(security.depends_on(dependency).build()) else { return Err(wrong) };
    // Of the same URL and keys as the schemes, whose faults are said once.
    let keys = wrong.into_result(()).and_then(|()| schemes.login_keys())?;
    let dependencies = security.dependencies().cloned().collect();
    Ok(Guarded { dependencies, keys, logout, security })
}

/// What clients may know of the service (RFC 9728).
fn resource(url: &str) -> ProtectedResource {
    let resource = ProtectedResource::new(url).name("Documents");
    // Only loopback is let pass so: it is for trying it out on one machine.
    if url.starts_with("http://") { resource.insecure_http_on_loopback() } else { resource }
}

/// Who is believed about the client's address, and who about its certificate.
fn proxies(options: &Options) -> Result<TrustedProxies, ConfigErrors> {
    let proxies = TrustedProxies::from_networks(&options.trusted_proxies)?;
    if options.tokens.client_cert_from.is_empty() {
        return Ok(proxies);
    }
    let from = TrustedProxies::from_networks(&options.tokens.client_cert_from)?;
    Ok(proxies.client_certificates(ClientCertificateField::rfc9440().only_from(from)))
}
