//! Networks that a client may be in.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use portcullis_core::escape::Escaped;
use portcullis_core::{ClientAddress, ConfigCode, ConfigError};

/// Networks as written, and as ranges.
pub(in crate::rule) struct Networks {
    written: Box<[Box<str>]>,
    ranges: Box<[IpNet]>,
}

impl Networks {
    pub(super) fn new(written: Box<[Box<str>]>) -> Self {
        let ranges = written.iter().filter_map(|text| parse(text)).collect();
        Self { written, ranges }
    }

    pub(in crate::rule) fn written(&self) -> &[Box<str>] {
        &self.written
    }

    /// Whether the client's address is in one of them; `None` if it is not known.
    pub(super) fn contain(&self, client: ClientAddress) -> Option<bool> {
        client.ip().map(|ip| self.have(ip))
    }

    /// Whether the address is in one of them.
    pub(in crate::rule) fn have(&self, address: IpAddr) -> bool {
        self.ranges.iter().any(|range| range.contains(&address))
    }

    /// The first address of each range, and the first one behind it.
    pub(in crate::rule) fn borders(&self) -> impl Iterator<Item = IpAddr> {
        self.ranges.iter().flat_map(|range| {
            let behind = match range.broadcast() {
                IpAddr::V4(last) => {
                    last.to_bits().checked_add(1).map(|next| Ipv4Addr::from_bits(next).into())
                }
                IpAddr::V6(last) => {
                    last.to_bits().checked_add(1).map(|next| Ipv6Addr::from_bits(next).into())
                }
            };
            [Some(range.network()), behind].into_iter().flatten()
        })
    }

    /// Those that say nothing beside another one of the list: the range, and the one that is as wide or wider.
    pub(in crate::rule) fn needless(&self) -> Vec<(IpNet, IpNet)> {
        let mut ranges = self.ranges.to_vec();
        // The wider of two that begin alike is the first of them.
        ranges.sort_unstable_by_key(|range| (range.network(), range.prefix_len()));
        let mut wide: Option<IpNet> = None;
        let needless = ranges.into_iter().filter_map(|range| match wide {
            Some(wide) if wide.contains(&range) => Some((range, wide)),
            _ => {
                wide = Some(range);
                None
            }
        });
        needless.collect()
    }

    pub(super) fn is_broken(&self) -> bool {
        self.written.is_empty() || self.ranges.len() != self.written.len()
    }

    pub(super) fn errors(&self) -> Vec<ConfigError> {
        let bad = self.written.iter().filter(|text| parse(text).is_none());
        let bad = bad.map(|text| {
            let message = format!("network `{}` is no address and no address range", Escaped::new(text));
            ConfigError::new(ConfigCode::InvalidNetwork, message)
        });
        let none = self
            .written
            .is_empty()
            .then(|| ConfigError::new(ConfigCode::RuleNeverSatisfied, "`any_network()` names no network"));
        bad.chain(none).collect()
    }
}

impl PartialEq for Networks {
    fn eq(&self, other: &Self) -> bool {
        self.written == other.written
    }
}

/// A range whose host bits are zero, or one address. An IPv4-mapped address is never seen, so one is no network.
fn parse(text: &str) -> Option<IpNet> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text.parse().ok()?,
    };
    let mapped = matches!(network, IpNet::V6(v6) if v6.network().to_ipv4_mapped().is_some());
    (network.trunc() == network && !mapped).then_some(network)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(network: &str, client: &str, expected: bool) {
        let networks = Networks::new([network.into()].into());
        assert!(!networks.is_broken(), "{network}");
        assert_eq!(
            networks.contain(ClientAddress::Peer(client.parse().unwrap())),
            Some(expected),
            "{network} {client}"
        );
        assert_eq!(networks.contain(ClientAddress::Forwarded(client.parse().unwrap())), Some(expected));
        assert_eq!(networks.contain(ClientAddress::Unknown), None);
    }

    #[test]
    fn a_network_has_its_addresses_and_no_others() {
        check("10.0.0.0/8", "10.255.0.1", true);
        check("10.0.0.0/8", "11.0.0.1", false);
        check("10.0.0.0/8", "::ffff:10.1.2.3", true);
        check("10.0.0.0/8", "::1", false);
        check("192.0.2.7", "192.0.2.7", true);
        check("192.0.2.7", "192.0.2.8", false);
        check("2001:db8::/32", "2001:db8::1", true);
        check("2001:db8::/32", "2001:db9::1", false);
    }

    #[test]
    fn what_is_no_network_is_an_error() {
        for text in ["", "10.0.0.0/33", "10.0.0.1/8", "ten", "::ffff:10.0.0.0/104", "10.0.0.0/8 "] {
            let networks = Networks::new([text.into()].into());
            assert!(networks.is_broken(), "{text}");
            assert_eq!(networks.errors()[0].code().code(), "P404", "{text}");
        }
        assert_eq!(Networks::new(Box::default()).errors()[0].code().code(), "P204");
    }
}
