//! Sets of numbers as sorted, disjoint, non-adjacent inclusive ranges: ports and addresses alike.

/// A number with a successor.
pub(crate) trait Key: Copy + Ord + std::fmt::Debug {
    /// The next larger number, `None` at the end of the type.
    fn next(self) -> Option<Self>;
    /// The next smaller number, `None` at zero.
    fn prev(self) -> Option<Self>;
}

impl Key for u32 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
    fn prev(self) -> Option<Self> {
        self.checked_sub(1)
    }
}

impl Key for u128 {
    fn next(self) -> Option<Self> {
        self.checked_add(1)
    }
    fn prev(self) -> Option<Self> {
        self.checked_sub(1)
    }
}

/// A set of numbers. Invariant: ranges are sorted, `start <= end`, and between two ranges at least one
/// number is missing; so equal sets have equal ranges.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Ranges<K>(Vec<(K, K)>);

impl<K> Default for Ranges<K> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<K> Ranges<K> {
    /// No member.
    pub(crate) const EMPTY: Self = Self(Vec::new());
}

impl<K: Key> Ranges<K> {
    /// The set of the given ranges, in any order, overlapping or not; empty ranges are dropped.
    pub(crate) fn new(mut ranges: Vec<(K, K)>) -> Self {
        ranges.retain(|(start, end)| start <= end);
        #[expect(clippy::disallowed_methods, reason = "the inner loop of every question about policies")]
        ranges.sort_unstable();
        let mut out: Vec<(K, K)> = Vec::with_capacity(ranges.len());
        for (start, end) in ranges {
            match out.last_mut() {
                Some(last) if last.1.next().is_none_or(|next| start <= next) => last.1 = last.1.max(end),
                _ => out.push((start, end)),
            }
        }
        Self(out)
    }

    /// The ranges.
    pub(crate) fn as_slice(&self) -> &[(K, K)] {
        &self.0
    }

    /// Whether the set has no member.
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether `key` is a member.
    pub(crate) fn contains(&self, key: K) -> bool {
        let at = self.0.partition_point(|(_, end)| *end < key);
        self.0.get(at).is_some_and(|(start, _)| *start <= key)
    }

    /// Members of either.
    pub(crate) fn union(&self, other: &Self) -> Self {
        if self.is_empty() {
            return other.clone();
        }
        let mut ranges = self.0.clone();
        ranges.extend_from_slice(&other.0);
        Self::new(ranges)
    }

    /// Members of both.
    pub(crate) fn intersect(&self, other: &Self) -> Self {
        let mut out = Vec::new();
        let (mut left, mut right) = (self.0.iter(), other.0.iter());
        let (mut a, mut b) = (left.next(), right.next());
        while let (Some(&(a0, a1)), Some(&(b0, b1))) = (a, b) {
            if a0.max(b0) <= a1.min(b1) {
                out.push((a0.max(b0), a1.min(b1)));
            }
            if a1 < b1 { a = left.next() } else { b = right.next() }
        }
        Self(out)
    }

    /// Members of `self` that are not members of `other`.
    pub(crate) fn subtract(&self, other: &Self) -> Self {
        let mut out = Vec::new();
        for &(start, end) in &self.0 {
            let mut from = Some(start);
            let first = other.0.partition_point(|(_, hole_end)| *hole_end < start);
            for &(hole_start, hole_end) in other.0.iter().skip(first) {
                let Some(at) = from.filter(|at| *at <= end && hole_start <= end) else { break };
                if let Some(before) = hole_start.prev().filter(|before| at <= *before) {
                    out.push((at, before));
                }
                from = hole_end.next();
            }
            if let Some(at) = from.filter(|at| *at <= end) {
                out.push((at, end));
            }
        }
        Self(out)
    }

    /// Whether every member is a member of `other`.
    pub(crate) fn is_subset(&self, other: &Self) -> bool {
        self.subtract(other).is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn members(set: &Ranges<u32>) -> Vec<u32> {
        (0..40).filter(|n| set.contains(*n)).collect()
    }

    #[test]
    fn algebra_agrees_with_enumeration() {
        let mut seed = 7_u32;
        let mut random = move |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 16) % below
        };
        for _ in 0..2000 {
            let mut set = || {
                Ranges::new(
                    (0..random(5))
                        .map(|_| {
                            let start = random(40);
                            (start, (start + random(8)).min(39))
                        })
                        .collect(),
                )
            };
            let (a, b) = (set(), set());
            let (ma, mb) = (members(&a), members(&b));
            let check = |result: Ranges<u32>, keep: &dyn Fn(u32) -> bool| {
                assert_eq!(members(&result), (0..40).filter(|n| keep(*n)).collect::<Vec<_>>(), "{a:?} {b:?}");
                assert_eq!(Ranges::new(result.0.clone()), result, "canonical form of {a:?} {b:?}");
            };
            check(a.union(&b), &|n| ma.contains(&n) || mb.contains(&n));
            check(a.intersect(&b), &|n| ma.contains(&n) && mb.contains(&n));
            check(a.subtract(&b), &|n| ma.contains(&n) && !mb.contains(&n));
            assert_eq!(a.is_subset(&b), ma.iter().all(|n| mb.contains(n)));
        }
    }

    #[test]
    fn ends_of_the_type_do_not_overflow() {
        let all = Ranges::new(vec![(0, u32::MAX)]);
        assert!(all.subtract(&all).is_empty());
        let low = Ranges::new(vec![(0, 9)]);
        assert_eq!(all.subtract(&low).as_slice(), [(10, u32::MAX)]);
        assert_eq!(all.subtract(&low).union(&low), all);
        assert_eq!(
            Ranges::new(vec![(u128::MAX, u128::MAX), (0, u128::MAX - 1)]).as_slice(),
            [(0, u128::MAX)]
        );
    }
}
