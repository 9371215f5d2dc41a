//! Which addresses may be connected to.

use std::error::Error;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};
use std::vec;

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

/// The networks that a client may reach besides the public ones.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Networks {
    pub(crate) loopback: bool,
    pub(crate) private: bool,
}

impl Networks {
    /// OWASP API7:2023 (SSRF): nothing but public addresses unless the user chose otherwise.
    pub(crate) fn admit(self, address: IpAddr) -> bool {
        match Kind::of(address) {
            Kind::Public => true,
            Kind::Loopback => self.loopback || self.private,
            Kind::Private => self.private,
            Kind::Never => false,
        }
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Public,
    Loopback,
    Private,
    Never,
}

impl Kind {
    fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => Self::of_v4(v4),
            IpAddr::V6(v6) => match embedded_v4(v6) {
                Some(v4) => Self::of_v4(v4),
                None => Self::of_v6(v6),
            },
        }
    }

    fn of_v4(v4: Ipv4Addr) -> Self {
        let [first, second, third, _] = v4.octets();
        // RFC 6890: this network, reserved, benchmarking, protocol assignments.
        let reserved = first == 0
            || first >= 240
            || (first == 198 && matches!(second, 18 | 19))
            || (first == 192 && second == 0 && third == 0);
        if v4.is_loopback() {
            Self::Loopback
        } else if v4.is_private() || (first == 100 && (64..128).contains(&second)) {
            // RFC 1918 and RFC 6598.
            Self::Private
        } else if reserved || v4.is_link_local() || v4.is_multicast() || v4.is_documentation() {
            Self::Never
        } else {
            Self::Public
        }
    }

    fn of_v6(v6: Ipv6Addr) -> Self {
        let [first, second, ..] = v6.segments();
        if v6.is_loopback() {
            Self::Loopback
        } else if v6.is_unique_local() {
            Self::Private
        } else if (first & 0xe000) == 0x2000 && (first, second) != (0x2001, 0x0db8) {
            // RFC 4291 §2.4: everything else outside 2000::/3 is not global unicast.
            Self::Public
        } else {
            Self::Never
        }
    }
}

/// The IPv4 address behind a mapped, NAT64 or 6to4 address (RFC 4291 §2.5.5.2, RFC 6052 §2.1, RFC 3056 §2).
fn embedded_v4(v6: Ipv6Addr) -> Option<Ipv4Addr> {
    let v4 = |high: u16, low: u16| Ipv4Addr::from_bits(u32::from(high) << 16 | u32::from(low));
    match v6.segments() {
        [0, 0, 0, 0, 0, 0xffff, high, low]
        | [0x64, 0xff9b, 0, 0, 0, 0, high, low]
        | [0x2002, high, low, ..] => Some(v4(high, low)),
        _ => None,
    }
}

/// Asks the system's name service and keeps the addresses that may be connected to.
#[derive(Clone)]
pub(crate) struct CheckedResolver {
    system: GaiResolver,
    networks: Networks,
}

impl CheckedResolver {
    pub(crate) fn new(networks: Networks) -> Self {
        Self { system: GaiResolver::new(), networks }
    }
}

impl Service<Name> for CheckedResolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = Box<dyn Error + Send + Sync>;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Self::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        self.system.poll_ready(cx).map_err(Into::into)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let networks = self.networks;
        let answer = self.system.call(name);
        Box::pin(async move { keep_admitted(networks, answer.await?) })
    }
}

fn keep_admitted(
    networks: Networks,
    found: impl Iterator<Item = SocketAddr>,
) -> Result<vec::IntoIter<SocketAddr>, Box<dyn Error + Send + Sync>> {
    let mut found = found.peekable();
    let any = found.peek().is_some();
    let admitted: Vec<_> = found.filter(|address| networks.admit(address.ip())).collect();
    if admitted.is_empty() && any { Err(Box::new(AddressRefused)) } else { Ok(admitted.into_iter()) }
}

/// Every address of a name is in a network that may not be reached.
#[derive(Clone, Copy, Debug)]
pub(crate) struct AddressRefused;

impl fmt::Display for AddressRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("name has no address in a network that may be reached")
    }
}

impl Error for AddressRefused {}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(expected: Kind, addresses: &[&str]) {
        for address in addresses {
            assert_eq!(Kind::of(address.parse().unwrap()), expected, "{address}");
        }
    }

    /// A21.6: no private ranges.
    #[test]
    fn tells_public_addresses_from_all_others() {
        check(Kind::Public, &["8.8.8.8", "100.128.0.1", "172.32.0.1", "2606:4700::1", "64:ff9b::808:808"]);
        check(Kind::Loopback, &["127.0.0.1", "127.255.0.1", "::1", "::ffff:127.0.0.1", "64:ff9b::7f00:1"]);
        check(
            Kind::Private,
            &["10.1.2.3", "172.16.0.1", "192.168.1.1", "100.64.0.1", "fd00::1", "2002:a00:1::"],
        );
        check(
            Kind::Never,
            &[
                "0.0.0.0",
                "169.254.169.254",
                "224.0.0.1",
                "240.0.0.1",
                "255.255.255.255",
                "198.18.0.1",
                "192.0.2.1",
                "192.0.0.8",
                "::",
                "fe80::1",
                "ff02::1",
                "2001:db8::1",
                "::ffff:169.254.169.254",
                "::7f00:1",
            ],
        );
    }

    #[test]
    fn link_local_addresses_are_refused_whatever_is_allowed() {
        let everything = Networks { loopback: true, private: true };
        assert!(!everything.admit([169, 254, 169, 254].into()));
        assert!(everything.admit([10, 0, 0, 1].into()));
        assert!(!Networks::default().admit([10, 0, 0, 1].into()));
        assert!(!Networks { loopback: true, private: false }.admit([10, 0, 0, 1].into()));
    }

    #[test]
    fn keeps_the_admitted_addresses_of_a_name_and_says_when_none_is() {
        let addresses =
            |texts: &[&str]| -> Vec<SocketAddr> { texts.iter().map(|t| t.parse().unwrap()).collect() };
        let keep = |texts: &[&str]| keep_admitted(Networks::default(), addresses(texts).into_iter());
        assert_eq!(
            keep(&["10.0.0.1:443", "8.8.8.8:443"]).unwrap().collect::<Vec<_>>(),
            addresses(&["8.8.8.8:443"])
        );
        assert!(keep(&["10.0.0.1:443"]).unwrap_err().is::<AddressRefused>());
        assert_eq!(keep(&[]).unwrap().count(), 0);
    }
}
