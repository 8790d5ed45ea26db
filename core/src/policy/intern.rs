//! Interning without unordered iteration: equal values get equal small numbers, in order of first sight.

use std::borrow::Borrow;
use std::hash::{Hash, Hasher};

/// The multiply-and-rotate hash of the Rust compiler's own tables: fast on short keys, fixed seed, so the
/// same input always gives the same table.
#[derive(Default)]
struct Fx(u64);

impl Fx {
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x51_7c_c1_b7_27_22_0a_95);
    }
}

impl Hasher for Fx {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 29)
    }
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks::<8>();
        for word in words {
            self.add(u64::from_le_bytes(*word));
        }
        let mut last = 0;
        for byte in rest {
            last = last << 8 | u64::from(*byte);
        }
        if !rest.is_empty() {
            self.add(last);
        }
    }
    fn write_u8(&mut self, n: u8) {
        self.add(n.into());
    }
    fn write_u32(&mut self, n: u32) {
        self.add(n.into());
    }
    fn write_u64(&mut self, n: u64) {
        self.add(n);
    }
    fn write_usize(&mut self, n: usize) {
        self.add(n as u64);
    }
}

fn hash_of<Q: Hash + ?Sized>(value: &Q) -> u32 {
    let mut hasher = Fx::default();
    value.hash(&mut hasher);
    (hasher.finish() >> 20) as u32
}

/// Values numbered in order of first sight; equal values share a number.
#[derive(Clone, Debug)]
pub(crate) struct Interner<T> {
    items: Vec<T>,
    /// Open addressing: (hash, number + 1), 0 = free. Length is a power of two.
    slots: Vec<(u32, u32)>,
}

impl<T> Default for Interner<T> {
    fn default() -> Self {
        Self { items: Vec::new(), slots: Vec::new() }
    }
}

impl<T> Interner<T> {
    /// All values, by number.
    pub(crate) fn items(&self) -> &[T] {
        &self.items
    }

    /// The value with this number.
    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        self.items.get(number as usize)
    }

    /// The number of `value` when it was seen before.
    pub(crate) fn find<Q>(&self, value: &Q) -> Option<u32>
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ?Sized,
    {
        if self.slots.is_empty() {
            return None;
        }
        let hash = hash_of(value);
        let mask = self.slots.len() - 1;
        let mut at = hash as usize & mask;
        loop {
            match self.slots.get(at) {
                Some(&(found, number)) if number > 0 => {
                    if found == hash && self.get(number - 1).is_some_and(|item| item.borrow() == value) {
                        return Some(number - 1);
                    }
                }
                _ => return None,
            }
            at = (at + 1) & mask;
        }
    }

    /// The number of `value`, a new one if it was never seen.
    pub(crate) fn intern<Q>(&mut self, value: &Q) -> u32
    where
        T: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = T> + ?Sized,
    {
        if let Some(number) = self.find(value) {
            return number;
        }
        if self.slots.len() < self.items.len() * 2 + 2 {
            self.grow();
        }
        let number = self.items.len() as u32;
        self.items.push(value.to_owned());
        self.place(hash_of(value), number);
        number
    }

    fn place(&mut self, hash: u32, number: u32) {
        let mask = self.slots.len().saturating_sub(1);
        let mut at = hash as usize & mask;
        while let Some(slot) = self.slots.get_mut(at) {
            if slot.1 == 0 {
                *slot = (hash, number + 1);
                return;
            }
            at = (at + 1) & mask;
        }
    }

    fn grow(&mut self) {
        let size = (self.slots.len() * 2).max(8);
        let old = std::mem::replace(&mut self.slots, vec![(0, 0); size]);
        for (hash, number) in old {
            if number > 0 {
                self.place(hash, number - 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_values_share_a_number_and_others_do_not() {
        let mut interner: Interner<String> = Interner::default();
        for round in 0..2 {
            for n in 0..1000_u32 {
                assert_eq!(interner.intern(n.to_string().as_str()), n, "round {round}");
            }
        }
        assert_eq!(interner.items().len(), 1000);
        assert_eq!(interner.find("1000"), None);
        assert_eq!(interner.get(17).map(String::as_str), Some("17"));
    }

    #[test]
    fn slices_are_values_too() {
        let mut interner: Interner<Vec<u32>> = Interner::default();
        assert_eq!(interner.intern([1, 2].as_slice()), 0);
        assert_eq!(interner.intern([2, 1].as_slice()), 1);
        assert_eq!(interner.intern([].as_slice()), 2);
        assert_eq!(interner.intern([1, 2].as_slice()), 0);
    }
}
