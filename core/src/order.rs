//! Sorting that is compiled once. The sort of the standard library is compiled again for each type and
//! each comparison, four kilobytes at a time, and a page has to download them all; here only the comparison
//! and a loop of exchanges are.

use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// Stable sorting: equal elements keep their order.
pub(crate) trait SliceOrder<T> {
    /// Sorts by a comparison.
    fn order_by(&mut self, compare: impl FnMut(&T, &T) -> Ordering);

    /// Sorts by a key, which is made for each comparison.
    fn order_by_key<K: Ord>(&mut self, mut key: impl FnMut(&T) -> K) {
        self.order_by(|a, b| key(a).cmp(&key(b)));
    }

    /// Sorts by the elements themselves.
    fn order(&mut self)
    where
        T: Ord,
    {
        self.order_by(T::cmp);
    }
}

impl<T> SliceOrder<T> for [T] {
    fn order_by(&mut self, mut compare: impl FnMut(&T, &T) -> Ordering) {
        let exchanges = exchanges(self.len(), &mut |a, b| match (self.get(a), self.get(b)) {
            (Some(a), Some(b)) => compare(a, b),
            _ => Ordering::Equal,
        });
        for (a, b) in exchanges {
            self.swap(a, b);
        }
    }
}

/// The exchanges that sort `len` elements, given how the elements at two places compare.
#[inline(never)]
fn exchanges(len: usize, compare: &mut dyn FnMut(usize, usize) -> Ordering) -> Vec<(usize, usize)> {
    if (1..len).all(|at| compare(at - 1, at).is_le()) {
        return Vec::new();
    }
    // What belongs at each place, by where it stands now.
    let mut wanted: Vec<usize> = (0..len).collect();
    #[expect(clippy::disallowed_methods, reason = "the one place where it is compiled")]
    wanted.sort_by(|&a, &b| compare(a, b));
    let mut exchanges = Vec::new();
    for start in 0..len {
        // Along the cycle that begins here: fill a place, go on where the displaced element went.
        let mut at = start;
        while let Some(slot) = wanted.get_mut(at) {
            let from = std::mem::replace(slot, at);
            if from == start || from == at {
                break;
            }
            exchanges.push((at, from));
            at = from;
        }
    }
    exchanges
}

/// A map of pairs; of equal keys the last one counts. `collect` would bring another sort.
pub(crate) fn map<K: Ord, V>(pairs: impl IntoIterator<Item = (K, V)>) -> BTreeMap<K, V> {
    let mut map = BTreeMap::new();
    for (key, value) in pairs {
        map.insert(key, value);
    }
    map
}

/// A set of members. `collect` would bring another sort.
pub(crate) fn set<K: Ord>(members: impl IntoIterator<Item = K>) -> BTreeSet<K> {
    let mut set = BTreeSet::new();
    for member in members {
        set.insert(member);
    }
    set
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Numbers that look random and are the same each time.
    fn shuffled(len: u32) -> Vec<u32> {
        (0..len).map(|at| at.wrapping_mul(2_654_435_761) >> 7).collect()
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "what the result is held against")]
    fn sorts_as_the_standard_library_does() {
        for len in [0, 1, 2, 3, 5, 19, 20, 21, 64, 1000] {
            let mut ours = shuffled(len);
            let mut theirs = ours.clone();
            ours.order();
            theirs.sort();
            assert_eq!(ours, theirs);
        }
    }

    #[test]
    #[expect(clippy::disallowed_methods, reason = "what the result is held against")]
    fn equal_elements_keep_their_order() {
        let mut ours: Vec<(u32, usize)> =
            shuffled(500).into_iter().enumerate().map(|(at, number)| (number % 7, at)).collect();
        let mut theirs = ours.clone();
        ours.order_by_key(|(key, _)| *key);
        theirs.sort_by_key(|(key, _)| *key);
        assert_eq!(ours, theirs);
        let mut backwards = ours.clone();
        backwards.order_by(|a, b| b.0.cmp(&a.0));
        theirs.sort_by_key(|(key, _)| std::cmp::Reverse(*key));
        assert_eq!(backwards, theirs);
    }

    #[test]
    fn cycles_of_every_shape_are_followed() {
        for rotation in 0..12 {
            let mut places: Vec<usize> = (0..12).map(|at| (at + rotation) % 12).collect();
            places.order();
            assert_eq!(places, (0..12).collect::<Vec<_>>());
        }
    }
}
