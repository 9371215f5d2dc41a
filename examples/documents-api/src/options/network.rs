use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

pub(super) fn address(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "not an address with a port, such as 127.0.0.1:8080 or [::1]:8080".into())
}

/// A network, or one address.
pub(super) fn network(text: &str) -> Result<IpNet, String> {
    let network = match text.parse::<IpAddr>() {
        Ok(address) => IpNet::from(address),
        Err(_) => text
            .parse()
            .map_err(|_| "not a network such as 10.0.0.0/8 or fd00::/8, nor one address".to_owned())?,
    };
    if network.prefix_len() == 0 {
        return Err("this trusts everyone: any client could choose its own address".into());
    }
    Ok(network)
}
