//! Names, labels, ports and addresses: what is well formed, and what the API server says of the rest.
//!
//! k8s: apimachinery pkg/util/validation/{validation,ip}.go (1.36)

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// A complaint about one value.
pub(crate) type Complaint = String;

const LABEL: &str = "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')";
const LABEL_1035: &str = "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character (e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
const SUBDOMAIN: &str = "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and end with an alphanumeric character (e.g. 'example.com', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const WILDCARD: &str = "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character (e.g. '*.example.com', regex used for validation is '\\*\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?(\\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')";
const QUALIFIED_NAME: &str = "name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')";
const QUALIFIED_FORM: &str = "a qualified name must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]') with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')";
const LABEL_VALUE: &str = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')";

pub(crate) const BAD_IP: &str = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)";
pub(crate) const BAD_CIDR: &str = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)";

fn too_long(text: &str, max: usize, found: &mut Vec<Complaint>) {
    if text.len() > max {
        found.push(format!("must be no more than {max} characters"));
    }
}

fn is_edge(byte: Option<&u8>) -> bool {
    byte.is_some_and(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit())
}

fn is_label(text: &str) -> bool {
    let bytes = text.as_bytes();
    let inner = |&byte: &u8| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit();
    is_edge(bytes.first()) && is_edge(bytes.last()) && bytes.iter().all(inner)
}

fn is_subdomain(text: &str) -> bool {
    !text.is_empty() && text.split('.').all(is_label)
}

/// k8s: IsDNS1123Label
pub(crate) fn dns_label(text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    too_long(text, 63, &mut found);
    if !is_label(text) {
        let message = if is_subdomain(text) { "must not contain dots" } else { LABEL };
        found.push(message.into());
    }
    found
}

/// k8s: IsDNS1035Label
pub(crate) fn dns_1035_label(text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    too_long(text, 63, &mut found);
    if !is_label(text) || !text.starts_with(|c: char| c.is_ascii_lowercase()) {
        found.push(LABEL_1035.into());
    }
    found
}

/// k8s: IsDNS1123Subdomain
pub(crate) fn dns_subdomain(text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    too_long(text, 253, &mut found);
    if !is_subdomain(text) {
        found.push(SUBDOMAIN.into());
    }
    found
}

/// k8s: IsWildcardDNS1123Subdomain
pub(crate) fn wildcard_subdomain(text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    too_long(text, 253, &mut found);
    if !text.strip_prefix("*.").is_some_and(is_subdomain) {
        found.push(WILDCARD.into());
    }
    found
}

/// `[A-Za-z0-9]`, between them also `-`, `_` and `.`.
fn is_qualified(text: &str) -> bool {
    let bytes = text.as_bytes();
    let edge = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let inner = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    edge(bytes.first()) && edge(bytes.last()) && bytes.iter().all(inner)
}

/// A label key, an annotation key, an appProtocol.
///
/// k8s: IsQualifiedName
pub(crate) fn qualified_name(text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    let parts: Vec<&str> = text.split('/').collect();
    let name = match parts.as_slice() {
        [name] => name,
        [prefix, name] => {
            if prefix.is_empty() {
                found.push("prefix part must be non-empty".to_owned());
            } else {
                found.extend(
                    dns_subdomain(prefix).into_iter().map(|complaint| format!("prefix part {complaint}")),
                );
            }
            name
        }
        _ => {
            found.push(QUALIFIED_FORM.into());
            return found;
        }
    };
    if name.is_empty() {
        found.push("name part must be non-empty".into());
    } else if name.len() > 63 {
        found.push("name part must be no more than 63 characters".into());
    }
    if !is_qualified(name) {
        found.push(QUALIFIED_NAME.into());
    }
    found
}

/// k8s: IsValidLabelValue
pub(crate) fn label_value(text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    too_long(text, 63, &mut found);
    if !text.is_empty() && !is_qualified(text) {
        found.push(LABEL_VALUE.into());
    }
    found
}

/// k8s: IsValidPortNum
pub(crate) fn port_number(port: i32) -> Option<&'static str> {
    (!(1..=65535).contains(&port)).then_some("must be between 1 and 65535, inclusive")
}

/// k8s: IsValidPortName
pub(crate) fn port_name(text: &str) -> Vec<Complaint> {
    let mut found = Vec::new();
    too_long(text, 15, &mut found);
    if text.is_empty()
        || !text.bytes().all(|byte| byte == b'-' || byte.is_ascii_lowercase() || byte.is_ascii_digit())
    {
        found.push("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)".into());
    }
    if !text.bytes().any(|byte| byte.is_ascii_lowercase()) {
        found.push("must contain at least one letter (a-z)".into());
    }
    if text.contains("--") {
        found.push("must not contain consecutive hyphens".into());
    }
    if text.starts_with('-') || text.ends_with('-') {
        found.push("must not begin or end with a hyphen".into());
    }
    found
}

/// An object name that becomes a part of a URL.
///
/// k8s: apimachinery pkg/api/validate/content/path.go IsPathSegmentName
pub(crate) fn path_segment(text: &str) -> Vec<Complaint> {
    if text == "." || text == ".." {
        return vec![format!("may not be '{text}'")];
    }
    let bad = ["/", "%"].iter().filter(|part| text.contains(**part));
    bad.map(|part| format!("may not contain '{part}'")).collect()
}

/// An address as `net.ParseIP` of old read it: leading zeros are allowed.
///
/// k8s: utils/net/parse.go ParseIPSloppy
pub(crate) fn parse_ip(text: &str) -> Option<IpAddr> {
    if let Ok(ip) = text.parse() {
        return Some(ip);
    }
    let parts: Vec<&str> = text.split('.').collect();
    if parts.len() != 4 {
        return None;
    }
    let mut octets = [0_u8; 4];
    for (octet, part) in octets.iter_mut().zip(parts) {
        if part.is_empty() || part.len() > 15 || !part.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        *octet = part
            .trim_start_matches('0')
            .parse()
            .or_else(|error| match part.bytes().all(|byte| byte == b'0') {
                true => Ok(0),
                false => Err(error),
            })
            .ok()?;
    }
    Some(IpAddr::V4(Ipv4Addr::from(octets)))
}

/// A block, read as leniently as addresses.
///
/// k8s: utils/net/parse.go ParseCIDRSloppy
pub(crate) fn parse_cidr(text: &str) -> Option<(IpAddr, u8)> {
    let (ip, prefix) = text.split_once('/')?;
    let digits = !prefix.is_empty() && prefix.bytes().all(|byte| byte.is_ascii_digit());
    let ip = parse_ip(ip)?;
    let prefix: u8 = digits.then(|| prefix.parse().ok())??;
    (prefix <= if ip.is_ipv4() { 32 } else { 128 }).then_some((ip, prefix))
}

/// The network address of a block.
pub(crate) fn network(ip: IpAddr, prefix: u8) -> IpAddr {
    match ip {
        IpAddr::V4(ip) => {
            let mask = u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V4(Ipv4Addr::from(u32::from(ip) & mask))
        }
        IpAddr::V6(ip) => {
            let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
            IpAddr::V6(Ipv6Addr::from(u128::from(ip) & mask))
        }
    }
}

fn is_mapped(text: &str, ip: IpAddr) -> bool {
    text.contains(':') && matches!(ip, IpAddr::V6(ip) if ip.to_ipv4_mapped().is_some())
}

fn has_leading_zeros(text: &str) -> bool {
    // Only IPv4 is meant: a group of IPv6 may start with zeros.
    let quads = text.rsplit(':').next().unwrap_or(text);
    quads.contains('.') && quads.split('.').any(|part| part.len() > 1 && part.starts_with('0'))
}

/// What is wrong with an address; with `strict` also what only newer versions refuse.
///
/// k8s: IsValidIPForLegacyField
pub(crate) fn legacy_ip(text: &str, strict: bool) -> Vec<&'static str> {
    let Some(ip) = parse_ip(text) else { return vec![BAD_IP] };
    let mut found = Vec::new();
    if strict {
        if has_leading_zeros(text) {
            found.push("must not have leading 0s");
        }
        if is_mapped(text, ip) {
            found.push("must not be an IPv4-mapped IPv6 address");
        }
    }
    found
}

/// What is wrong with a block; with `strict` also what only newer versions refuse.
///
/// k8s: IsValidCIDRForLegacyField
pub(crate) fn legacy_cidr(text: &str, strict: bool) -> Vec<&'static str> {
    let Some((ip, prefix)) = parse_cidr(text) else { return vec![BAD_CIDR] };
    let mut found = Vec::new();
    if strict {
        let (address, length) = text.split_once('/').unwrap_or((text, ""));
        if has_leading_zeros(address) || length.len() > 1 && length.starts_with('0') {
            found.push("must not have leading 0s in IP or prefix length");
        }
        if is_mapped(address, ip) {
            found.push("must not have an IPv4-mapped IPv6 address");
        }
        if network(ip, prefix) != ip {
            found.push("must not have bits set beyond the prefix length");
        }
    }
    found
}

/// What is worth a warning about an accepted address.
///
/// k8s: GetWarningsForIP
pub(crate) fn ip_warning(field: &str, text: &str) -> Option<String> {
    let ip = parse_ip(text)?;
    let standard = match ip {
        IpAddr::V6(v6) if is_mapped(text, ip) => v6.to_ipv4_mapped().map_or(ip, IpAddr::V4),
        ip => ip,
    };
    if has_leading_zeros(text) || is_mapped(text, ip) {
        return Some(format!(
            "{field}: non-standard IP address {text:?} will be considered invalid in a future Kubernetes release: use \"{standard}\""
        ));
    }
    (ip.is_ipv6() && ip.to_string() != text)
        .then(|| format!("{field}: IPv6 address {text:?} should be in RFC 5952 canonical format (\"{ip}\")"))
}

/// What is worth a warning about an accepted block.
///
/// k8s: GetWarningsForCIDR
pub(crate) fn cidr_warning(field: &str, text: &str) -> Option<String> {
    let (ip, prefix) = parse_cidr(text)?;
    let network = network(ip, prefix);
    if network != ip {
        let single = if ip.is_ipv4() { 32 } else { 128 };
        return Some(format!(
            "{field}: CIDR value {text:?} is ambiguous in this context (should be \"{network}/{prefix}\" or \"{ip}/{single}\"?)"
        ));
    }
    let (address, length) = text.split_once('/').unwrap_or((text, ""));
    if has_leading_zeros(address) || is_mapped(address, ip) || length.len() > 1 && length.starts_with('0') {
        return Some(format!(
            "{field}: non-standard CIDR value {text:?} will be considered invalid in a future Kubernetes release: use \"{network}/{prefix}\""
        ));
    }
    (ip.is_ipv6() && format!("{ip}/{prefix}") != text).then(|| {
        format!(
            "{field}: IPv6 CIDR value {text:?} should be in RFC 5952 canonical format (\"{ip}/{prefix}\")"
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels() {
        for good in ["a", "a-b", "1a", "123"] {
            assert!(dns_label(good).is_empty(), "{good}");
        }
        for bad in ["", "-a", "a-", "A", "a_b"] {
            assert_eq!(dns_label(bad), [LABEL], "{bad}");
        }
        assert_eq!(dns_label("a.b"), ["must not contain dots"]);
        assert_eq!(dns_label(&"a".repeat(64)), ["must be no more than 63 characters"]);
        assert_eq!(dns_1035_label("1a"), [LABEL_1035]);
        assert!(dns_1035_label("a1").is_empty());
    }

    #[test]
    fn subdomains() {
        assert!(dns_subdomain("a.b-c.1").is_empty());
        for bad in ["", ".a", "a.", "a..b", "A.b", "foobar:80"] {
            assert_eq!(dns_subdomain(bad), [SUBDOMAIN], "{bad}");
        }
        assert!(wildcard_subdomain("*.a.b").is_empty());
        for bad in ["*", "*.", "a.*.b", "**.a"] {
            assert_eq!(wildcard_subdomain(bad), [WILDCARD], "{bad}");
        }
    }

    #[test]
    fn label_keys_and_values() {
        assert!(qualified_name("app.kubernetes.io/name").is_empty());
        assert!(qualified_name("My_Name").is_empty());
        assert_eq!(qualified_name("/a"), ["prefix part must be non-empty"]);
        assert_eq!(qualified_name("a/"), ["name part must be non-empty", QUALIFIED_NAME]);
        assert_eq!(qualified_name("a/b/c"), [QUALIFIED_FORM]);
        assert_eq!(qualified_name("-a"), [QUALIFIED_NAME]);
        assert!(label_value("").is_empty() && label_value("v1.2_x").is_empty());
        assert_eq!(label_value("a b"), [LABEL_VALUE]);
    }

    #[test]
    fn port_names_complain_about_each_fault() {
        assert!(port_name("http").is_empty());
        assert_eq!(port_name("80"), ["must contain at least one letter (a-z)"]);
        assert_eq!(
            port_name("-UPPER--name-too-long-"),
            [
                "must be no more than 15 characters",
                "must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)",
                "must not contain consecutive hyphens",
                "must not begin or end with a hyphen",
            ]
        );
    }

    #[test]
    fn addresses() {
        assert_eq!(parse_ip("010.0.0.1"), Some("10.0.0.1".parse().unwrap()));
        assert_eq!(parse_ip("0.0.0.0"), Some("0.0.0.0".parse().unwrap()));
        assert_eq!(parse_ip("1.2.3"), None);
        assert_eq!(parse_ip("1.2.3.256"), None);
        assert_eq!(legacy_ip("x", false), [BAD_IP]);
        assert!(legacy_ip("010.0.0.1", false).is_empty());
        assert_eq!(legacy_ip("010.0.0.1", true), ["must not have leading 0s"]);
        assert_eq!(legacy_ip("::ffff:1.2.3.4", true), ["must not be an IPv4-mapped IPv6 address"]);
        assert_eq!(
            ip_warning("f", "010.0.0.1").unwrap(),
            "f: non-standard IP address \"010.0.0.1\" will be considered invalid in a future Kubernetes release: use \"10.0.0.1\""
        );
        assert_eq!(ip_warning("f", "10.0.0.1"), None);
        assert!(ip_warning("f", "2001:DB8::1").unwrap().contains("RFC 5952"));
    }

    #[test]
    fn blocks() {
        assert_eq!(legacy_cidr("10.0.0.0", false), [BAD_CIDR]);
        assert_eq!(legacy_cidr("10.0.0.0/33", false), [BAD_CIDR]);
        assert!(legacy_cidr("10.1.2.3/24", false).is_empty());
        assert_eq!(legacy_cidr("10.1.2.3/24", true), ["must not have bits set beyond the prefix length"]);
        assert_eq!(legacy_cidr("10.0.0.0/08", true), ["must not have leading 0s in IP or prefix length"]);
        assert_eq!(
            cidr_warning("f", "10.1.2.3/24").unwrap(),
            "f: CIDR value \"10.1.2.3/24\" is ambiguous in this context (should be \"10.1.2.0/24\" or \"10.1.2.3/32\"?)"
        );
        assert!(legacy_cidr("2001:db8::/64", true).is_empty());
    }
}
