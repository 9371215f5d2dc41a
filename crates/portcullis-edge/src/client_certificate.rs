//! The client's certificate, in a field of the proxy that ended TLS.

mod read;

use std::net::IpAddr;

use http::header::VARY;
use http::{HeaderMap, HeaderName, HeaderValue};
use portcullis_core::{ClientCertificate, ConfigErrors, Denial, Placement, Reason, RequestView, Room};

use crate::proxies::TrustedProxies;

/// The longest certificate that is read from a field, in octets of DER.
pub const MAX_CERTIFICATE_OCTETS: usize = 16 * 1024;

/// How many certificates beside the client's own one are read from a field.
pub const MAX_CHAIN: usize = 10;

/// `Client-Cert` (RFC 9440 §2.2).
const CLIENT_CERT: HeaderName = HeaderName::from_static("client-cert");

/// `Client-Cert-Chain` (RFC 9440 §2.3).
const CLIENT_CERT_CHAIN: HeaderName = HeaderName::from_static("client-cert-chain");

/// What Envoy writes.
const X_FORWARDED_CLIENT_CERT: HeaderName = HeaderName::from_static("x-forwarded-client-cert");

/// In which field a trusted proxy names the certificate that the client proved to hold.
///
/// The proxy **must set the field, or remove it, on every request**: one that passes a client's own field on lets the
/// client choose who it is. From anybody who is not trusted the field is refused with 400
/// `forged_client_certificate`. What cannot be read is refused with 400 `malformed_forwarding`.
///
/// ```
/// use portcullis_edge::{ClientCertificateField, Edge, TrustedProxies};
///
/// let proxies = TrustedProxies::none()
///     .network("10.0.0.0/8")
///     .client_certificates(ClientCertificateField::rfc9440().verified_by_proxy());
/// assert!(Edge::new(proxies).is_ok());
///
/// let nobody = ClientCertificateField::rfc9440().only_from(TrustedProxies::none().network("0.0.0.0/0"));
/// let refused = Edge::new(TrustedProxies::none().client_certificates(nobody)).unwrap_err();
/// assert_eq!(refused.codes().collect::<Vec<_>>(), ["P401"]);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientCertificateField {
    form: Form,
    verified: bool,
    only_from: Option<Box<TrustedProxies>>,
}

/// How the certificate is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Envoy,
    EscapedPem(HeaderName),
    Rfc9440,
}

impl ClientCertificateField {
    /// `Client-Cert` and `Client-Cert-Chain`, as RFC 9440 has them.
    pub fn rfc9440() -> Self {
        Self::of(Form::Rfc9440)
    }

    /// A field of that name with the certificate as PEM, percent-encoded, such as nginx writes by
    /// `proxy_set_header X-SSL-Client-Cert $ssl_client_escaped_cert;`. An empty field is no certificate.
    pub fn escaped_pem(name: HeaderName) -> Self {
        Self::of(Form::EscapedPem(name))
    }

    /// `X-Forwarded-Client-Cert`, as Envoy writes it with `forward_client_cert_details: SANITIZE_SET` and
    /// `set_current_client_cert_details: { cert: true }`. Several elements are refused: nobody could say whose the
    /// certificate is.
    pub fn envoy() -> Self {
        Self::of(Form::Envoy)
    }

    fn of(form: Form) -> Self {
        Self { form, verified: false, only_from: None }
    }

    /// Says that the proxy lets no certificate pass but those that an authority vouches for, so that the names in it
    /// count. By default, it does not say so, and the certificate serves for tokens that are bound to it alone.
    pub fn verified_by_proxy(self) -> Self {
        Self { verified: true, ..self }
    }

    /// Reads the field from these proxies alone. By default, this is from all that are trusted.
    pub fn only_from(self, proxies: TrustedProxies) -> Self {
        Self { only_from: Some(Box::new(proxies)), ..self }
    }

    pub(crate) fn check(&self) -> Result<(), ConfigErrors> {
        self.only_from.as_ref().map_or(Ok(()), |proxies| proxies.check())
    }

    /// Whether others than the trusted proxies may write the field.
    pub(crate) fn trusts_others(&self) -> bool {
        self.only_from.is_some()
    }

    /// Whether the request has one of the fields.
    pub(crate) fn is_in(&self, headers: &HeaderMap) -> bool {
        match &self.form {
            Form::Envoy => headers.contains_key(X_FORWARDED_CLIENT_CERT),
            Form::EscapedPem(name) => headers.contains_key(name),
            Form::Rfc9440 => headers.contains_key(CLIENT_CERT) || headers.contains_key(CLIENT_CERT_CHAIN),
        }
    }

    /// Writes the certificate to the Trail, or that there is none.
    ///
    /// # Errors
    /// 400 for a field from somebody who is not trusted, and for one that cannot be read.
    pub(crate) fn resolve(
        &self,
        trusted: &TrustedProxies,
        peer: Option<IpAddr>,
        view: &RequestView<'_>,
    ) -> Result<(), Denial> {
        let trail = view.trail();
        let refuse = |denial: Denial| {
            trail.denied(Room::Edge, &denial);
            Err(denial)
        };
        if !self.only_from.as_deref().unwrap_or(trusted).trusts(0, peer) {
            if self.is_in(view.headers()) {
                let why = "a client certificate in a field, and not from a proxy that is trusted with it";
                return refuse(Denial::new(Reason::ForgedClientCertificate).explained(why));
            }
            return Ok(());
        }
        // RFC 9440 §2.4: an answer that depends on the certificate is for nobody else.
        trail.response_field(VARY, HeaderValue::from(self.name()), Placement::Append);
        match read::read(&self.form, view.headers()) {
            Ok(certificate) => {
                let verified = |certificate: ClientCertificate| certificate.with_verified(self.verified);
                trail.set_client_certificate(certificate.map(verified));
                Ok(())
            }
            Err(why) => {
                let why = format!("a trusted proxy sent {} that cannot be read: {why}", self.name());
                refuse(Denial::new(Reason::MalformedForwarding).explained(why))
            }
        }
    }

    fn name(&self) -> HeaderName {
        match &self.form {
            Form::Envoy => X_FORWARDED_CLIENT_CERT,
            Form::EscapedPem(name) => name.clone(),
            Form::Rfc9440 => CLIENT_CERT,
        }
    }
}

#[cfg(test)]
mod tests;
