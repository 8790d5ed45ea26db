//! Addresses as the API server accepts them.

use ipnet::IpNet;
use std::net::{IpAddr, Ipv4Addr};

/// Reads an address as Go's net.ParseIP did when most stored objects were written: decimal octets may
/// have leading zeros, and an IPv4-mapped IPv6 address is the IPv4 address.
///
/// k8s: k8s.io/utils/net ParseIPSloppy
pub(super) fn parse_ip(text: &str) -> Option<IpAddr> {
    match text.parse::<IpAddr>() {
        Ok(ip) => Some(ip.to_canonical()),
        Err(_) => {
            let octets: Vec<u8> = text
                .split('.')
                .map(|part| {
                    (!part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
                        .then(|| part.parse::<u32>().ok())
                        .flatten()
                        .and_then(|number| u8::try_from(number).ok())
                })
                .collect::<Option<_>>()?;
            let octets: [u8; 4] = octets.try_into().ok()?;
            Some(IpAddr::V4(Ipv4Addr::from(octets)))
        }
    }
}

/// Reads a block and clears the host bits, as Go's net.ParseCIDR does. Blanks around it are ignored:
/// the API server accepts `loadBalancerSourceRanges` with them.
pub(super) fn parse_cidr(text: &str) -> Option<IpNet> {
    let (address, length) = text.trim().split_once('/')?;
    IpNet::new(parse_ip(address)?, length.parse().ok()?).ok().map(|net| net.trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leading_zeros_are_decimal() {
        assert_eq!(parse_ip("010.0.0.001"), Some(IpAddr::from([10, 0, 0, 1])));
        assert_eq!(parse_ip("::ffff:1.2.3.4"), Some(IpAddr::from([1, 2, 3, 4])));
        assert_eq!(parse_ip("10.0.0.256"), None);
        assert_eq!(parse_ip("10.0.0"), None);
    }

    #[test]
    fn blocks_lose_host_bits_and_blanks() {
        assert_eq!(parse_cidr(" 203.0.113.7/25 ").map(|net| net.to_string()), Some("203.0.113.0/25".into()));
        assert_eq!(parse_cidr("203.0.113.7"), None);
    }
}
