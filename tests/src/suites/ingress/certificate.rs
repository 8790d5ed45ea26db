//! Certificates for test Secrets: just enough X.509 for names and validity to be read.

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
    let attribute = [tlv(6, &[0x55, 4, 3]), tlv(0x0c, common.as_bytes())].concat();
    tlv(0x30, &tlv(0x31, &tlv(0x30, &attribute)))
}

/// A certificate for `names` (URIs told by `://`), valid from 2000 to 2049.
pub fn pem(names: &[String]) -> String {
    let alternative: Vec<u8> = names
        .iter()
        .flat_map(|name| tlv(if name.contains("://") { 0x86 } else { 0x82 }, name.as_bytes()))
        .collect();
    let extension = [tlv(6, &[0x55, 0x1d, 0x11]), tlv(4, &tlv(0x30, &alternative))].concat();
    let validity = [tlv(0x17, b"000101000000Z"), tlv(0x17, b"491231235959Z")].concat();
    let tbs = [
        tlv(0xa0, &tlv(2, &[2])),
        tlv(2, &[1]),
        tlv(0x30, &[]),
        name("Test CA"),
        tlv(0x30, &validity),
        name(names.first().map_or("", String::as_str)),
        tlv(0x30, &[]),
        tlv(0xa3, &tlv(0x30, &tlv(0x30, &extension))),
    ]
    .concat();
    let der = tlv(0x30, &tlv(0x30, &tbs));
    format!("-----BEGIN CERTIFICATE-----\n{}\n-----END CERTIFICATE-----\n", base64(&der))
}

/// Standard base64.
pub fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let word =
            chunk.iter().fold(0u32, |sum, byte| sum << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for position in 0..4 {
            if position <= chunk.len() {
                out.push(char::from(ALPHABET[(word >> (18 - 6 * position)) as usize & 63]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

/// A Secret of type kubernetes.io/tls with a certificate for `names`.
pub fn secret(namespace: &str, secret: &str, names: &[String]) -> String {
    let (certificate, key) = (base64(pem(names).as_bytes()), base64(b"key"));
    format!(
        "apiVersion: v1\nkind: Secret\nmetadata: {{name: '{secret}', namespace: '{namespace}'}}\n\
         type: kubernetes.io/tls\ndata: {{tls.crt: {certificate}, tls.key: {key}}}\n"
    )
}
