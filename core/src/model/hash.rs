//! Names and hashes as controllers make them, without chance.

/// FNV-1 or FNV-1a in 32 bits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fnv(u32);

impl Fnv {
    pub(crate) fn new() -> Self {
        Self(0x811c_9dc5)
    }

    pub(crate) fn write(mut self, bytes: &[u8]) -> Self {
        for &byte in bytes {
            self.0 = (self.0 ^ u32::from(byte)).wrapping_mul(0x0100_0193);
        }
        self
    }

    pub(crate) fn finish(self) -> u32 {
        self.0
    }
}

// k8s: apimachinery pkg/util/rand/rand.go alphanums: no vowels, no 0, 1 or 3, so that no words arise.
const ALPHABET: &[u8; 27] = b"bcdfghjklmnpqrstvwxz2456789";
const LETTERS: u32 = 27;

fn letter(index: u32) -> char {
    ALPHABET.get((index % LETTERS) as usize).map_or('b', |&byte| char::from(byte))
}

/// k8s: apimachinery pkg/util/rand/rand.go SafeEncodeString
pub(crate) fn safe_encode(text: &str) -> String {
    text.bytes().map(|byte| letter(u32::from(byte))).collect()
}

/// The hash of a text as controllers write hashes: FNV-32a in decimal, safely encoded.
pub(crate) fn hash_text(text: &str) -> String {
    safe_encode(&Fnv::new().write(text.as_bytes()).finish().to_string())
}

/// The five characters a controller adds to a generated name. For one `seed` every `index` below
/// 27^5 gives another suffix.
pub(crate) fn suffix(seed: &str, index: u32) -> String {
    const SPACE: u64 = 27 * 27 * 27 * 27 * 27;
    // A factor without the prime 3 in it makes this a permutation of the space.
    let start = u64::from(Fnv::new().write(seed.as_bytes()).finish());
    let mut number = (start + u64::from(index) * 5_764_801) % SPACE;
    let mut text = String::with_capacity(5);
    for _ in 0..5 {
        #[expect(clippy::cast_possible_truncation, reason = "a remainder below 27")]
        text.push(letter((number % u64::from(LETTERS)) as u32));
        number /= u64::from(LETTERS);
    }
    text
}

/// A UUID made from a text, for objects whose own is not given.
pub(crate) fn uid(text: &str) -> String {
    let part = |salt: &[u8]| Fnv::new().write(salt).write(text.as_bytes()).finish();
    let (a, b, c, d) = (part(b"a"), part(b"b"), part(b"c"), part(b"d"));
    format!("{a:08x}-{:04x}-4{:03x}-a{:03x}-{:04x}{d:08x}", b >> 16, b & 0xfff, c >> 20, c & 0xffff)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn fnv_is_32a() {
        assert_eq!(Fnv::new().write(b"a").finish(), 0xe40c_292c);
    }

    #[test]
    fn encoding_is_the_controllers() {
        // '1' is 49, 49 % 27 = 22: the 23rd letter.
        assert_eq!(safe_encode("1"), "5");
        assert_eq!(safe_encode("0123456789").len(), 10);
    }

    #[test]
    fn suffixes_of_one_seed_differ() {
        let suffixes: BTreeSet<String> = (0..50_000).map(|index| suffix("web", index)).collect();
        assert_eq!(suffixes.len(), 50_000);
        assert_ne!(suffix("web", 0), suffix("api", 0));
    }

    #[test]
    fn uids_look_like_uids() {
        let uid = uid("default/web");
        assert_eq!(uid.split('-').map(str::len).collect::<Vec<_>>(), [8, 4, 4, 4, 12]);
    }
}
