//! Which proxies are believed, and what they say.

use std::fmt::Display;
use std::net::IpAddr;
use std::str::FromStr;

use ipnet::{IpNet, Ipv4Net};
use portcullis_core::escape::Escaped;
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors};

use crate::client_certificate::ClientCertificateField;

/// How many elements of the forwarding field are walked through, from the right. A request that came through
/// more trusted proxies is refused.
pub const MAX_FORWARDED_ELEMENTS: usize = 64;

/// The field from which the client's address is read. The other one is never looked at (A19.4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ForwardingField {
    /// `Forwarded` (RFC 7239), with its `proto` and `host` parameters.
    Forwarded,
    /// `X-Forwarded-For`, with `X-Forwarded-Proto`.
    ///
    /// The default, since it is what proxies and load balancers write of their own accord. Few of them write
    /// `Forwarded` unasked, and those that do not pass a client's own on as it is.
    #[default]
    XForwardedFor,
}

/// The proxies that stand between the clients and this server.
///
/// By default, nobody is trusted: the client is the peer of the connection, and forwarding fields are text of
/// the client that nobody reads. Wrong settings are kept and reported by [`Edge::new`](crate::Edge::new), all
/// at once.
///
/// ```
/// use portcullis_edge::{Edge, ForwardingField, TrustedProxies};
///
/// let proxies = TrustedProxies::none().network("10.0.0.0/8").field(ForwardingField::Forwarded);
/// assert!(Edge::new(proxies).is_ok());
///
/// let errors = Edge::new(TrustedProxies::none().network("0.0.0.0/0").network("10.0.0.0/99")).unwrap_err();
/// assert_eq!(errors.codes().collect::<Vec<_>>(), ["P404", "P401"]);
/// ```
#[derive(Clone, Debug, Default)]
#[must_use]
pub struct TrustedProxies {
    networks: Vec<IpNet>,
    hops: Option<u8>,
    everyone: bool,
    field: ForwardingField,
    host: bool,
    https: bool,
    certificates: Option<ClientCertificateField>,
    errors: ConfigErrors,
}

impl TrustedProxies {
    /// Trusts nobody.
    pub fn none() -> Self {
        Self::default()
    }

    /// Trusts these networks; items are [`IpNet`]s or text, such as the values of a repeatable flag.
    ///
    /// # Errors
    /// [`ConfigCode::InvalidNetwork`] for each item that is none, [`ConfigCode::TrustsEveryone`] if they hold
    /// every address together.
    pub fn from_networks<I>(networks: I) -> Result<Self, ConfigErrors>
    where
        I: IntoIterator<Item: Display>,
    {
        let proxies =
            networks.into_iter().fold(Self::none(), |proxies, net| proxies.network(net.to_string()));
        proxies.check()?;
        Ok(proxies)
    }

    /// Trusts the proxies of a network, written as `10.0.0.0/8`, `fd00::/8`, or as one address.
    ///
    /// By default, no network is trusted. What is no network is reported as [`ConfigCode::InvalidNetwork`].
    pub fn network(mut self, network: impl AsRef<str>) -> Self {
        match parse_network(network.as_ref()) {
            Ok(network) => self.networks.push(network),
            Err(error) => self.errors.push(error),
        }
        self
    }

    /// Trusts at most so many proxies, the peer of the connection being the first.
    ///
    /// Beside networks it is a second bound. Alone it means that exactly so many proxies stand in front, whatever
    /// their addresses: then **this server must be reachable through them only**, since whoever reaches it
    /// another way is taken for the proxy. If a request brings fewer elements than that, the leftmost one is the
    /// client. By default, there is no bound, and `0` trusts nobody.
    pub fn hops(self, proxies: u8) -> Self {
        Self { hops: Some(proxies), ..self }
    }

    /// Reads another forwarding field. By default, this is [`ForwardingField::XForwardedFor`].
    pub fn field(self, field: ForwardingField) -> Self {
        Self { field, ..self }
    }

    /// Also reads `X-Forwarded-Host` of trusted proxies. By default, it is not read, because many proxies pass
    /// a client's own on; then `Host` counts. It has no bearing on `Forwarded`, whose `host` is always read.
    pub fn with_x_forwarded_host(self) -> Self {
        Self { host: true, ..self }
    }

    /// Reads the client's certificate from this field of theirs. By default, it is not read: behind a proxy no client
    /// has a certificate.
    pub fn client_certificates(self, field: ClientCertificateField) -> Self {
        Self { certificates: Some(field), ..self }
    }

    /// Believes every forwarding field of everybody: any client can choose its address, scheme and host.
    ///
    /// # What must protect it instead
    /// A network in which nobody but proxies can reach this server, and proxies that remove what clients send in
    /// these fields. By default, this is off.
    pub fn insecure_trust_everyone(self) -> Self {
        Self { everyone: true, ..self }
    }

    /// Takes it that clients used https wherever a trusted proxy does not say the scheme: it sends no
    /// `X-Forwarded-Proto`, or no `proto` in `Forwarded`. What it says counts all the same. By default, nobody knows the
    /// scheme then, and [`PlainHttp`](crate::PlainHttp) takes it for plain HTTP.
    ///
    /// # What must protect it instead
    /// Proxies that speak TLS with every client, and redirect or refuse plain HTTP on their other ports. Better have them
    /// send the scheme.
    pub fn insecure_assume_https(self) -> Self {
        Self { https: true, ..self }
    }

    /// Everything that is wrong with these settings.
    ///
    /// # Errors
    /// [`ConfigCode::InvalidNetwork`] and [`ConfigCode::TrustsEveryone`].
    pub fn check(&self) -> Result<(), ConfigErrors> {
        let mut errors = self.errors.clone();
        if let Some(Err(wrong)) = self.certificates.as_ref().map(ClientCertificateField::check) {
            errors.extend(wrong);
        }
        // Two halves of the address space are as much as the whole.
        if !self.everyone
            && let Some(all) = IpNet::aggregate(&self.networks).iter().find(|net| net.prefix_len() == 0)
        {
            let message = format!("trusted proxies `{all}` are every address there is");
            errors.push(ConfigError::new(ConfigCode::TrustsEveryone, message));
        }
        errors.into_result(())
    }

    /// Whether the `passed`-th address from the right is a proxy's; the peer is number 0. An unknown peer, such
    /// as that of a Unix socket, is in no network.
    pub(crate) fn trusts(&self, passed: usize, address: Option<IpAddr>) -> bool {
        if self.everyone {
            return true;
        }
        let known = match (self.networks.as_slice(), address) {
            ([], _) => self.hops.is_some(),
            (_, None) => false,
            (networks, Some(address)) => networks.iter().any(|network| network.contains(&address)),
        };
        known && self.hops.is_none_or(|hops| passed < usize::from(hops))
    }

    pub(crate) fn certificates(&self) -> Option<&ClientCertificateField> {
        self.certificates.as_ref()
    }

    pub(crate) fn reads(&self) -> ForwardingField {
        self.field
    }

    pub(crate) fn assumes_https(&self) -> bool {
        self.https
    }

    pub(crate) fn reads_x_forwarded_host(&self) -> bool {
        self.host
    }
}

fn parse_network(text: &str) -> Result<IpNet, ConfigError> {
    let text = text.trim();
    let parsed =
        IpNet::from_str(text).or_else(|error| IpAddr::from_str(text).map(IpNet::from).map_err(|_| error));
    let network = parsed.map_err(|_| {
        let message = format!("`{}` is no network such as `10.0.0.0/8`", Escaped::new(text));
        ConfigError::new(ConfigCode::InvalidNetwork, message)
    })?;
    Ok(canonical(network).trunc())
}

/// IPv4-mapped networks are IPv4 networks, as addresses are (A19.5).
fn canonical(network: IpNet) -> IpNet {
    match (network.network().to_canonical(), network.prefix_len().checked_sub(96)) {
        (IpAddr::V4(address), Some(prefix)) if matches!(network, IpNet::V6(_)) => {
            Ipv4Net::new(address, prefix).map_or(network, IpNet::V4)
        }
        _ => network,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(proxies: &TrustedProxies, expected: &[&str]) {
        let found = proxies.check().err().unwrap_or_default();
        assert_eq!(found.codes().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn networks_and_single_addresses_are_taken() {
        for good in
            ["10.0.0.0/8", " 10.1.2.3/8 ", "10.0.0.1", "fd00::/8", "::1", "::ffff:10.0.0.0/104", "0.0.0.0/1"]
        {
            check(&TrustedProxies::none().network(good), &[]);
        }
        assert!(TrustedProxies::from_networks(["10.0.0.0/8".parse::<IpNet>().unwrap()]).is_ok());
        assert!(TrustedProxies::from_networks(Vec::<String>::new()).is_ok());
        // Host bits do not matter.
        assert!(TrustedProxies::none().network("10.1.2.3/8").trusts(0, "10.9.9.9".parse().ok()));
    }

    #[test]
    fn what_is_no_network_is_refused() {
        for bad in
            ["", "10.0.0.0/33", "10.0.0/8", "proxy.example", "10.0.0.0/8,10.0.0.1", "::/129", "10.0.0.1/-1"]
        {
            check(&TrustedProxies::none().network(bad), &["P404"]);
        }
    }

    #[test]
    fn to_trust_everyone_takes_a_word_of_its_own() {
        for everyone in ["0.0.0.0/0", "::/0", "::ffff:0.0.0.0/96", "10.0.0.0/0"] {
            check(&TrustedProxies::none().network(everyone), &["P401"]);
        }
        check(&TrustedProxies::none().network("0.0.0.0/1").network("128.0.0.0/1"), &["P401"]);
        check(&TrustedProxies::none().network("0.0.0.0/0").insecure_trust_everyone(), &[]);
    }

    #[test]
    fn every_error_is_reported_and_untrusted_text_escaped() {
        let errors = TrustedProxies::from_networks(["a\nb", "::/0", "x"]).unwrap_err();
        assert_eq!(errors.codes().collect::<Vec<_>>(), ["P404", "P404", "P401"]);
        assert!(errors.to_string().contains(r"`a\u{a}b`"), "{errors}");
    }
}
