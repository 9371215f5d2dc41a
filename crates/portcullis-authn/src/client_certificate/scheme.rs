//! From a certificate to a principal.

use std::fmt;
use std::sync::Arc;

use portcullis_core::escape::Escaped;
use portcullis_core::{
    Challenge, Clock, ConfigCode, ConfigError, ConfigErrors, Confirmation, CredentialMethod, Denial,
    Principal, PrincipalBuilder, Reason, RequestView, Step,
};
use sha2::{Digest, Sha256};

use super::identity::CertificateIdentity;
use super::read::ReadCertificate;
use super::spiffe;
use crate::authenticator::{Authenticator, Credential};
use crate::scheme::{IntoScheme, SchemeContext, SchemeParts};
use crate::shape::CredentialShape;

type Identify = Arc<dyn Fn(&CertificateIdentity<'_>) -> Option<PrincipalBuilder> + Send + Sync>;

/// A scheme of TLS client certificates.
///
/// A certificate is a credential on routes that take this scheme, in requests that carry no other credential. In all
/// others it is none: beside a token it can bind that token, and no more. Where it is one, whoever ended TLS must have
/// verified it, it must be valid by the clock, meant for clients, and name somebody.
///
/// The principal has the issuer's name, the serial number as its token identifier, the end of the certificate as its
/// own, and the certificate as its [`Confirmation`].
///
/// ```
/// use http::Request;
/// use portcullis_authn::{ClientCertificates, Requirement, Schemes};
/// use portcullis_core::{Clock, ConnectionFacts, RequestView, TlsFacts, Trail};
///
/// # let mut params = rcgen::CertificateParams::default();
/// # params.distinguished_name = rcgen::DistinguishedName::new();
/// # params.distinguished_name.push(rcgen::DnType::CommonName, "alice");
/// # let der = params.self_signed(&rcgen::KeyPair::generate().unwrap()).unwrap().der().to_vec();
/// let schemes = Schemes::builder("documents", Clock::system())
///     .scheme("certificate", ClientCertificates::by_distinguished_name())
///     .build()?;
/// let route = schemes.default_set(Requirement::Required)?;
/// /// Stands for `portcullis-tls`, where a client proved to hold this certificate.
/// let ask = |verified| {
///     let mut tls = TlsFacts::default();
///     tls.client_certificates = vec![der.clone()];
///     tls.client_verified = verified;
///     let mut request = Request::new(());
///     request.extensions_mut().insert(ConnectionFacts::tls("192.0.2.1:443".parse().unwrap(), tls.into()));
///     let trail = Trail::ensure(request.extensions_mut(), &Clock::system()).clone();
///     let answer = route.authenticate(&RequestView::of(&request).unwrap()).done().unwrap();
///     answer.map(|()| trail.principal().unwrap().subject().to_owned()).map_err(|denial| denial.reason().code())
/// };
/// assert_eq!(ask(true).as_deref(), Ok("CN=alice"));
/// assert_eq!(ask(false), Err("certificate_unverified")); // refused: no authority says that she is called so
/// # Ok::<(), portcullis_core::ConfigErrors>(())
/// ```
///
/// Customised: workloads of a mesh, by their SPIFFE IDs, with roles. Refused: a trust domain that is none.
///
/// ```
/// use portcullis_authn::{ClientCertificates, Schemes};
/// use portcullis_core::Clock;
///
/// let schemes = Schemes::builder("documents", Clock::system())
///     .scheme("mesh", ClientCertificates::by_spiffe_id("example.org").describe(|identity, principal| {
///         match identity.spiffe_id() {
///             Some(id) if id.path().starts_with("/ns/admin/") => principal.role("admin"),
///             _ => principal,
///         }
///     }))
///     .build();
/// assert!(schemes.is_ok());
///
/// let refused = Schemes::builder("documents", Clock::system())
///     .scheme("mesh", ClientCertificates::by_spiffe_id("spiffe://example.org"))
///     .build();
/// assert_eq!(refused.unwrap_err().codes().collect::<Vec<_>>(), ["P113"]);
/// ```
#[derive(Clone)]
#[must_use]
pub struct ClientCertificates {
    identify: Identify,
    only_where_named: bool,
    errors: ConfigErrors,
}

impl ClientCertificates {
    /// The function says who the holder is, starting from [`CertificateIdentity::principal`]; `None` refuses the
    /// certificate with `certificate_unmapped`. It is asked at each request, so let it be quick.
    pub fn new(
        identify: impl Fn(&CertificateIdentity<'_>) -> Option<PrincipalBuilder> + Send + Sync + 'static,
    ) -> Self {
        Self { identify: Arc::new(identify), only_where_named: false, errors: ConfigErrors::new() }
    }

    /// The subject is the distinguished name, such as `CN=alice,O=Example` (RFC 4514).
    pub fn by_distinguished_name() -> Self {
        Self::new(|identity| Some(identity.principal(identity.subject()?)))
    }

    /// The subject is the only DNS name, in lower case. A wildcard names nobody.
    pub fn by_dns_name() -> Self {
        Self::new(|identity| {
            let name = only(identity.dns_names()).filter(|name| !name.contains('*'))?;
            Some(identity.principal(name.to_ascii_lowercase()))
        })
    }

    /// The subject is the only e-mail address.
    pub fn by_email() -> Self {
        Self::new(|identity| Some(identity.principal(only(identity.emails())?)))
    }

    /// The subject is the only URI.
    pub fn by_uri() -> Self {
        Self::new(|identity| Some(identity.principal(only(identity.uris())?)))
    }

    /// The subject is the SPIFFE ID of a workload of this trust domain, and the domain its issuer. Certificates of other
    /// domains are refused, whoever issued them.
    pub fn by_spiffe_id(trust_domain: &str) -> Self {
        let domain: Box<str> = trust_domain.into();
        let error = (!spiffe::is_trust_domain(trust_domain)).then(|| {
            let message = format!("`{}` is no trust domain", trust_domain.escape_debug());
            ConfigError::new(ConfigCode::InvalidTrustDomain, message)
        });
        let mut scheme = Self::new(move |identity| {
            let id = identity.spiffe_id().filter(|id| id.trust_domain() == &*domain)?;
            Some(identity.principal(id.as_str()).issuer(format!("spiffe://{domain}")))
        });
        scheme.errors.extend(error);
        scheme
    }

    /// Adds to the principal what else is known of the holder, such as roles. By default, nothing is.
    pub fn describe(
        self,
        describe: impl Fn(&CertificateIdentity<'_>, PrincipalBuilder) -> PrincipalBuilder + Send + Sync + 'static,
    ) -> Self {
        let identify = self.identify;
        Self { identify: Arc::new(move |identity| Some(describe(identity, identify(identity)?))), ..self }
    }

    /// Offers the scheme on routes that name it, and on no others. By default, it is part of the default set.
    pub fn only_where_named(self) -> Self {
        Self { only_where_named: true, ..self }
    }
}

fn only<'a>(names: &[&'a str]) -> Option<&'a str> {
    match *names {
        [name] => Some(name),
        _ => None,
    }
}

impl IntoScheme for ClientCertificates {
    fn into_scheme(self, context: &SchemeContext) -> Result<SchemeParts, ConfigErrors> {
        self.errors.into_result(())?;
        let authenticator = Certificates { identify: self.identify, clock: context.clock().clone() };
        Ok(SchemeParts::new(authenticator).only_where_named_if(self.only_where_named))
    }
}

impl fmt::Debug for ClientCertificates {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificates")
            .field("only_where_named", &self.only_where_named)
            .finish_non_exhaustive()
    }
}

struct Certificates {
    identify: Identify,
    clock: Clock,
}

impl Certificates {
    fn judge(&self, request: &RequestView<'_>) -> Result<Principal, Denial> {
        // INVARIANT: the certificate was there when it was picked.
        let certificate = request.client_certificate().ok_or_else(|| Denial::new(Reason::InternalError))?;
        if !certificate.is_verified() {
            return Err(
                Denial::new(Reason::CertificateUnverified).explained("no trusted authority vouches for it")
            );
        }
        // A proxy passes on what nobody has read, and who keeps something else leaves it to us.
        let unkept;
        let read = match certificate.read_once(ReadCertificate::of) {
            Some(read) => read,
            None => {
                unkept = ReadCertificate::of(certificate.leaf());
                &unkept
            }
        };
        let malformed = |why: &&'static str| Denial::new(Reason::CertificateMalformed).explained(*why);
        let identity = CertificateIdentity::new(read.as_ref().map_err(malformed)?);
        let now = self.clock.wall();
        if now < identity.not_before() {
            return Err(Denial::new(Reason::CertificateNotYetValid).explained(holder(&identity)));
        }
        // The handshake may be long ago. RFC 5280 §4.1.2.5: the last second is part of the time.
        if now.duration_since(identity.not_after()).is_ok_and(|late| late.as_secs() > 0) {
            return Err(Denial::new(Reason::CertificateExpired).explained(holder(&identity)));
        }
        let unmapped = || Denial::new(Reason::CertificateUnmapped).explained(holder(&identity));
        let principal = (self.identify)(&identity).ok_or_else(unmapped)?;
        let thumbprint = certificate.thumbprint_s256(|der| Sha256::digest(der).into());
        let principal = principal.expires_at(identity.not_after());
        Ok(principal.confirmation(Confirmation::Certificate(*thumbprint)).build())
    }
}

/// Whose certificate it is: what stands in it is public (RFC 5280 §4.1.2.6).
fn holder(identity: &CertificateIdentity<'_>) -> String {
    let subject = identity.subject().unwrap_or_default();
    let shown = |text| Escaped::new(text).with_limit(MAX_SHOWN);
    let names = identity.dns_names().iter().chain(identity.emails()).chain(identity.uris());
    let names: Vec<String> = names.take(MAX_NAMES).map(|name| shown(name).to_string()).collect();
    format!(
        "subject `{}`, names `{}`, serial {}",
        shown(&subject),
        names.join(" "),
        shown(&identity.serial())
    )
}

/// How many characters of a name, and how many names, an audit event shows.
const MAX_SHOWN: usize = 64;
const MAX_NAMES: usize = 4;

impl Authenticator for Certificates {
    fn shapes(&self) -> Vec<CredentialShape> {
        vec![CredentialShape::ClientCertificate]
    }

    fn method(&self) -> CredentialMethod {
        CredentialMethod::ClientCertificate
    }

    fn authenticate(&self, _: &Credential<'_>, request: &RequestView<'_>) -> Step<Result<Principal, Denial>> {
        Step::Done(self.judge(request))
    }

    /// There is no scheme of HTTP for certificates, so that nothing can be asked for.
    fn challenge(&self, _: &CredentialShape, _: &str, _: Option<&Denial>) -> Option<Challenge> {
        None
    }
}
