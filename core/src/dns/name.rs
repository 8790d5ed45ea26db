//! Names as text: labels, zones, reverse names. Comparison ignores ASCII case; spelling is kept.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// `name` with exactly one trailing dot.
pub fn fqdn(name: &str) -> String {
    if name.ends_with('.') { name.to_owned() } else { format!("{name}.") }
}

/// `name` without its trailing dot; the root stays `.`.
pub fn without_dot(name: &str) -> &str {
    match name.strip_suffix('.') {
        Some("") | None => name,
        Some(rest) => rest,
    }
}

/// Whether `name` is `zone` or lies under it. Both are fully qualified.
///
/// k8s DNS is ASCII: `miekg/dns` IsSubDomain compares label by label, ignoring case.
pub fn is_under(zone: &str, name: &str) -> bool {
    prefix_of(name, zone).is_some()
}

/// What is left of `zone` in `name`, without the dot between: `db.prod` for `db.prod.svc.` in `svc.`, empty
/// when they are equal. `None` when `name` is not under `zone`.
pub fn prefix_of<'n>(name: &'n str, zone: &str) -> Option<&'n str> {
    if zone == "." {
        return Some(name.strip_suffix('.').unwrap_or(name));
    }
    let cut = name.len().checked_sub(zone.len())?;
    let (left, right) = name.split_at_checked(cut)?;
    if !right.eq_ignore_ascii_case(zone) {
        return None;
    }
    if left.is_empty() { Some("") } else { left.strip_suffix('.') }
}

/// The zone of `zones` that holds `name` and is the longest.
///
/// coredns: plugin/normalize.go Zones.Matches
pub fn longest_zone<'z>(zones: &'z [String], name: &str) -> Option<&'z str> {
    let mut best: Option<&str> = None;
    for zone in zones {
        if is_under(zone, name) && best.is_none_or(|best| zone.len() > best.len()) {
            best = Some(zone);
        }
    }
    best
}

/// Labels of a name, from the left.
pub fn labels(name: &str) -> impl DoubleEndedIterator<Item = &str> {
    name.split('.').filter(|label| !label.is_empty())
}

/// Whether a resolver could put `name` on the wire: labels of 1 to 63 bytes, 253 bytes in all.
pub fn is_valid(name: &str) -> bool {
    let name = without_dot(name);
    name == "." || (name.len() <= 253 && name.split('.').all(|label| (1..=63).contains(&label.len())))
}

/// Go's `net.ParseIP`: as Rust's, but an IPv4-mapped IPv6 address is IPv4.
pub fn parse_ip(text: &str) -> Option<IpAddr> {
    Some(match text.parse().ok()? {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(IpAddr::V6(v6), IpAddr::V4),
        v4 => v4,
    })
}

/// The reverse name of an address: `34.12.96.10.in-addr.arpa.`.
pub fn reverse(ip: IpAddr) -> String {
    let mut name = String::with_capacity(73);
    match ip {
        IpAddr::V4(ip) => {
            for octet in ip.octets().iter().rev() {
                let _ = write!(name, "{octet}.");
            }
            name.push_str("in-addr.arpa.");
        }
        IpAddr::V6(ip) => {
            for octet in ip.octets().iter().rev() {
                let _ = write!(name, "{:x}.{:x}.", octet & 15, octet >> 4);
            }
            name.push_str("ip6.arpa.");
        }
    }
    name
}

/// Whether a name lies in a reverse zone.
///
/// coredns: plugin/pkg/dnsutil/reverse.go IsReverse
pub fn is_reverse(name: &str) -> bool {
    is_below(name, ".in-addr.arpa.") || is_below(name, ".ip6.arpa.")
}

fn is_below(name: &str, suffix: &str) -> bool {
    strip_suffix_ignore_case(name, suffix).is_some()
}

fn strip_suffix_ignore_case<'n>(name: &'n str, suffix: &str) -> Option<&'n str> {
    let (left, right) = name.split_at_checked(name.len().checked_sub(suffix.len())?)?;
    right.eq_ignore_ascii_case(suffix).then_some(left)
}

/// The address a reverse name is about; `None` for partial and malformed names. Labels beyond the 32nd of
/// an IPv6 name are ignored, as the server does.
///
/// coredns: plugin/pkg/dnsutil/reverse.go ExtractAddressFromReverse
pub fn address_of_reverse(name: &str) -> Option<IpAddr> {
    if let Some(rest) = strip_suffix_ignore_case(name, ".in-addr.arpa.") {
        let mut text = String::with_capacity(rest.len());
        for (index, label) in rest.split('.').rev().enumerate() {
            if index > 0 {
                text.push('.');
            }
            text.push_str(label);
        }
        return text.parse::<Ipv4Addr>().ok().map(IpAddr::V4);
    }
    let rest = strip_suffix_ignore_case(name, ".ip6.arpa.")?;
    let nibbles: Vec<&str> = rest.split('.').rev().collect();
    let mut text = String::with_capacity(39);
    for group in nibbles.chunks_exact(4) {
        if !text.is_empty() {
            text.push(':');
        }
        group.iter().for_each(|nibble| text.push_str(nibble));
    }
    text.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

/// The reverse zones that cover a CIDR, split where the prefix is not on a label boundary:
/// `10.96.0.0/12` is `96.10.in-addr.arpa.` to `111.10.in-addr.arpa.`.
///
/// coredns: plugin/normalize.go Host.NormalizeExact, plugin/pkg/cidr Split
pub fn reverse_zones(net: ipnet::IpNet) -> Vec<String> {
    let bits_per_label: u8 = if net.addr().is_ipv4() { 8 } else { 4 };
    let length = net.prefix_len().div_ceil(bits_per_label) * bits_per_label;
    let labels = usize::from(length / bits_per_label);
    let total = usize::from(net.max_prefix_len() / bits_per_label);
    let Ok(subnets) = net.trunc().subnets(length) else { return Vec::new() };
    subnets
        .map(|subnet| {
            let full = reverse(subnet.addr());
            let zone = full.split('.').skip(total - labels).collect::<Vec<_>>().join(".");
            if zone.is_empty() { ".".to_owned() } else { zone }
        })
        .collect()
}

/// Edit distance between two names, small numbers for near ones; gives up above `limit`.
pub fn distance(a: &str, b: &str, limit: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > limit {
        return None;
    }
    // Optimal string alignment: a swap of neighbours counts as one edit.
    let mut rows: [Vec<usize>; 3] = [vec![0; b.len() + 1], (0..=b.len()).collect(), vec![0; b.len() + 1]];
    for (i, x) in a.iter().enumerate() {
        let [before, last, row] = &mut rows;
        let get = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
        if let Some(first) = row.first_mut() {
            *first = i + 1;
        }
        for (j, y) in b.iter().enumerate() {
            let mut best =
                (get(last, j + 1) + 1).min(get(row, j) + 1).min(get(last, j) + usize::from(x != y));
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(get(before, j - 1) + 1);
            }
            if let Some(cell) = row.get_mut(j + 1) {
                *cell = best;
            }
        }
        rows.rotate_left(1);
    }
    let [_, last, _] = &rows;
    last.get(b.len()).copied().filter(|distance| *distance <= limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zones_are_cut_at_labels_and_keep_spelling() {
        assert_eq!(prefix_of("Db.Prod.svc.", "SVC."), Some("Db.Prod"));
        assert_eq!(prefix_of("svc.", "svc."), Some(""));
        assert_eq!(prefix_of("xsvc.", "svc."), None);
        assert_eq!(prefix_of("db.", "."), Some("db"));
    }

    #[test]
    fn reverse_names_lead_back() {
        for text in ["10.96.12.34", "fd00:10:96::21", "::1"] {
            let ip: IpAddr = text.parse().unwrap();
            assert_eq!(address_of_reverse(&reverse(ip)), Some(ip));
        }
        assert_eq!(address_of_reverse("96.10.in-addr.arpa."), None);
        assert_eq!(address_of_reverse("010.0.96.10.in-addr.arpa."), None);
    }

    #[test]
    fn blocks_become_reverse_zones_on_label_boundaries() {
        let zones = reverse_zones("10.96.0.0/12".parse().unwrap());
        assert_eq!(zones.len(), 16);
        assert_eq!(zones.first().map(String::as_str), Some("96.10.in-addr.arpa."));
        assert_eq!(
            reverse_zones("1234:abcd::/64".parse().unwrap()),
            ["0.0.0.0.0.0.0.0.d.c.b.a.4.3.2.1.ip6.arpa."]
        );
    }

    #[test]
    fn near_names_are_near() {
        assert_eq!(distance("prdo", "prod", 2), Some(1));
        assert_eq!(distance("api", "api", 2), Some(0));
        assert_eq!(distance("api", "frontend", 2), None);
    }
}
