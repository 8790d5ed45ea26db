//! Certificates: what a Secret of type kubernetes.io/tls holds, as far as routing needs to know.
//!
//! A walk over the DER of the first certificate: subject and issuer common name, subject alternative
//! names, validity. Not modelled: signatures, chains, and whether the key fits the certificate.

use crate::manifest::api::core_v1::Secret;
use serde::Serialize;

/// The names and validity of a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CertificateData {
    /// Subject common name.
    pub common_name: String,
    /// Issuer common name.
    pub issuer: String,
    /// DNS names and addresses of the subject alternative name extension.
    pub names: Vec<String>,
    /// URIs of the subject alternative name extension.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uris: Vec<String>,
    /// Start of validity, RFC 3339.
    pub not_before: String,
    /// End of validity, RFC 3339.
    pub not_after: String,
}

impl CertificateData {
    /// Whether the certificate holds for `host`: subject alternative names, else the common name.
    // k8s: crypto/x509 Certificate.VerifyHostname; ingress-nginx: controller/util.go verifyHostname
    pub fn covers(&self, host: &str) -> bool {
        let mut names: Vec<&str> = self.names.iter().map(String::as_str).collect();
        if names.is_empty() && !self.common_name.is_empty() {
            names.push(&self.common_name);
        }
        names.iter().any(|name| name_covers(name, host))
    }

    /// Whether it is within its validity at `time` (RFC 3339); `None` when the time cannot be read.
    pub fn valid_at(&self, time: &str) -> Option<bool> {
        let time = seconds(time)?;
        Some(seconds(&self.not_before)? <= time && time <= seconds(&self.not_after)?)
    }
}

/// `*.example.com` stands for exactly one label; names are compared without case.
fn name_covers(pattern: &str, host: &str) -> bool {
    let (pattern, host) = (pattern.to_ascii_lowercase(), host.to_ascii_lowercase());
    if pattern == host {
        return true;
    }
    match (pattern.strip_prefix("*."), host.split_once('.')) {
        (Some(parent), Some((label, rest))) => !label.is_empty() && parent == rest,
        _ => false,
    }
}

/// The certificate in a Secret; the error says what is missing.
///
/// # Errors
/// One sentence without its subject: `has no tls.crt`, `holds no readable certificate in tls.crt`.
pub fn from_secret(secret: &Secret) -> Result<CertificateData, &'static str> {
    let value = |key: &str| {
        let plain = secret.string_data.get(key).map(|text| text.clone().into_bytes());
        plain.or_else(|| secret.data.get(key).and_then(|encoded| base64(encoded)))
    };
    let certificate = value("tls.crt").filter(|bytes| !bytes.is_empty()).ok_or("has no tls.crt")?;
    value("tls.key").filter(|bytes| !bytes.is_empty()).ok_or("has no tls.key")?;
    let text = String::from_utf8_lossy(&certificate);
    parse_pem(&text).ok_or("holds no readable certificate in tls.crt")
}

/// The first certificate of a PEM text.
pub fn parse_pem(text: &str) -> Option<CertificateData> {
    let (_, rest) = text.split_once("-----BEGIN CERTIFICATE-----")?;
    let (body, _) = rest.split_once("-----END CERTIFICATE-----")?;
    parse_der(&base64(body)?)
}

pub(crate) fn base64(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len() * 3 / 4);
    let (mut buffer, mut bits) = (0u32, 0u32);
    for byte in text.bytes() {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => break,
            b' ' | b'\n' | b'\r' | b'\t' => continue,
            _ => return None,
        };
        buffer = buffer << 6 | u32::from(value);
        bits += 6;
        if bits >= 8 {
            bits -= 8;
            out.push((buffer >> bits) as u8);
            buffer &= (1 << bits) - 1;
        }
    }
    Some(out)
}

/// One DER element: its tag, its content, and what follows.
fn element(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&tag, rest) = bytes.split_first()?;
    let (&first, rest) = rest.split_first()?;
    let (length, rest) = if first < 0x80 {
        (usize::from(first), rest)
    } else {
        let count = usize::from(first & 0x7f);
        if count > 4 {
            return None;
        }
        let (digits, rest) = rest.split_at_checked(count)?;
        (digits.iter().fold(0usize, |sum, digit| sum << 8 | usize::from(*digit)), rest)
    };
    let (content, rest) = rest.split_at_checked(length)?;
    Some((tag, content, rest))
}

fn children(mut bytes: &[u8]) -> Vec<(u8, &[u8])> {
    let mut out = Vec::new();
    while let Some((tag, content, rest)) = element(bytes) {
        out.push((tag, content));
        bytes = rest;
    }
    out
}

// RFC 5280 section 4.1
fn parse_der(der: &[u8]) -> Option<CertificateData> {
    let (_, certificate, _) = element(der)?;
    let (_, tbs, _) = element(certificate)?;
    let mut fields = children(tbs).into_iter().peekable();
    if fields.peek()?.0 == 0xa0 {
        fields.next();
    }
    let (_serial, _signature) = (fields.next()?, fields.next()?);
    let issuer = common_name(fields.next()?.1);
    let validity = children(fields.next()?.1);
    let subject = common_name(fields.next()?.1);
    let mut times = validity.iter().map(|(tag, text)| time(*tag, text));
    let mut data = CertificateData {
        common_name: subject,
        issuer,
        not_before: times.next()??,
        not_after: times.next()??,
        ..CertificateData::default()
    };
    for (_, extensions) in fields.filter(|(tag, _)| *tag == 0xa3) {
        for (_, extension) in children(extensions).into_iter().flat_map(|(_, list)| children(list)) {
            let parts = children(extension);
            let is_san = parts.first().is_some_and(|(tag, oid)| *tag == 6 && *oid == [0x55, 0x1d, 0x11]);
            let Some((_, value)) = parts.last().filter(|_| is_san) else { continue };
            for (tag, name) in element(value).map(|(_, names, _)| children(names)).unwrap_or_default() {
                match tag {
                    0x82 => data.names.push(String::from_utf8_lossy(name).into_owned()),
                    0x86 => data.uris.push(String::from_utf8_lossy(name).into_owned()),
                    0x87 => data.names.extend(address(name)),
                    _ => {}
                }
            }
        }
    }
    Some(data)
}

fn address(bytes: &[u8]) -> Option<String> {
    if let Ok(v4) = <[u8; 4]>::try_from(bytes) {
        return Some(std::net::Ipv4Addr::from(v4).to_string());
    }
    <[u8; 16]>::try_from(bytes).ok().map(|v6| std::net::Ipv6Addr::from(v6).to_string())
}

fn common_name(name: &[u8]) -> String {
    for (_, set) in children(name) {
        for (_, attribute) in children(set) {
            let parts = children(attribute);
            if let [(6, [0x55, 0x04, 0x03]), (_, value)] = parts.as_slice() {
                return String::from_utf8_lossy(value).into_owned();
            }
        }
    }
    String::new()
}

/// UTCTime or GeneralizedTime as RFC 3339.
fn time(tag: u8, text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?.strip_suffix('Z')?;
    let full = match tag {
        0x17 => format!("{}{text}", if text.get(..2)?.parse::<u8>().ok()? < 50 { "20" } else { "19" }),
        0x18 => text.to_owned(),
        _ => return None,
    };
    let part = |range: std::ops::Range<usize>| full.get(range);
    Some(format!(
        "{}-{}-{}T{}:{}:{}Z",
        part(0..4)?,
        part(4..6)?,
        part(6..8)?,
        part(8..10)?,
        part(10..12)?,
        part(12..14).unwrap_or("00")
    ))
}

/// Seconds since 1970 of an RFC 3339 time.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let number = |range: std::ops::Range<usize>| text.get(range)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    let (hour, minute, second) = (number(11..13)?, number(14..16)?, number(17..19)?);
    let zone = text.get(19..)?.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let offset = match zone.split_at_checked(1) {
        Some(("Z" | "z", "")) => 0,
        Some((sign @ ("+" | "-"), rest)) => {
            let (hours, minutes) = rest.split_once(':')?;
            let seconds = hours.parse::<i64>().ok()? * 3600 + minutes.parse::<i64>().ok()? * 60;
            if sign == "+" { seconds } else { -seconds }
        }
        _ => return None,
    };
    // Days from the civil calendar, with March as the first month.
    let (y, m) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    let era = y.div_euclid(400);
    let of_era = y.rem_euclid(400);
    let days =
        era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + hour * 3600 + minute * 60 + second - offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
        let mut out = vec![tag];
        match content.len() {
            length @ 0..=127 => out.push(length as u8),
            length => out.extend([0x82, (length >> 8) as u8, length as u8]),
        }
        out.extend_from_slice(content);
        out
    }

    fn name(common: &str) -> Vec<u8> {
        let attribute = tlv(0x30, &[tlv(6, &[0x55, 4, 3]), tlv(0x0c, common.as_bytes())].concat());
        tlv(0x30, &tlv(0x31, &attribute))
    }

    #[test]
    fn names_and_validity_are_read_from_der() {
        let validity = tlv(0x30, &[tlv(0x17, b"260101000000Z"), tlv(0x18, b"20500101000000Z")].concat());
        let san = tlv(
            0x30,
            &[tlv(0x82, b"a.example.com"), tlv(0x82, b"*.b.example.com"), tlv(0x87, &[10, 0, 0, 1])].concat(),
        );
        let extension = tlv(0x30, &[tlv(6, &[0x55, 0x1d, 0x11]), tlv(4, &san)].concat());
        let tbs = [
            tlv(0xa0, &tlv(2, &[2])),
            tlv(2, &[1]),
            tlv(0x30, &[]),
            name("issuer"),
            validity,
            name("subject"),
            tlv(0x30, &[]),
            tlv(0xa3, &tlv(0x30, &extension)),
        ]
        .concat();
        let data = parse_der(&tlv(0x30, &tlv(0x30, &tbs))).unwrap();
        assert_eq!(data.common_name, "subject");
        assert_eq!(data.issuer, "issuer");
        assert_eq!(data.names, ["a.example.com", "*.b.example.com", "10.0.0.1"]);
        assert_eq!(data.not_after, "2050-01-01T00:00:00Z");
        assert!(data.covers("A.example.com") && data.covers("x.b.example.com"));
        assert!(!data.covers("x.y.b.example.com") && !data.covers("subject"));
        assert_eq!(data.valid_at("2026-06-01T00:00:00Z"), Some(true));
        assert_eq!(data.valid_at("2025-12-31T23:59:59Z"), Some(false));
        assert_eq!(data.valid_at("2026-01-01T00:30:00+01:00"), Some(false));
    }

    #[test]
    fn times_are_seconds_since_1970() {
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2026-11-23T00:00:00.5Z"), Some(1_795_392_000));
        assert_eq!(seconds("soon"), None);
    }
}
