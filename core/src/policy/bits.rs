//! Sets of small numbers as bits, stored only between the first and the last member: a set that lies in
//! one namespace costs a word or two however large the cluster is.

/// A set of numbers. Invariant: neither the first nor the last word is zero, so equal sets compare equal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Bits {
    /// Index of the word that `words` begins with.
    first: u32,
    words: Vec<u64>,
}

impl Bits {
    /// No member.
    pub(crate) const EMPTY: Self = Self { first: 0, words: Vec::new() };

    /// The numbers `start..end`.
    pub(crate) fn range(start: u32, end: u32) -> Self {
        if start >= end {
            return Self::default();
        }
        let (first, last) = (start / 64, (end - 1) / 64);
        let mut words = vec![u64::MAX; (last - first + 1) as usize];
        if let Some(word) = words.first_mut() {
            *word &= u64::MAX << (start % 64);
        }
        if let Some(word) = words.last_mut() {
            *word &= u64::MAX >> (63 - (end - 1) % 64);
        }
        Self { first, words }
    }

    /// The given numbers, in ascending order.
    pub(crate) fn from_sorted(numbers: &[u32]) -> Self {
        let (Some(low), Some(high)) = (numbers.first(), numbers.last()) else { return Self::default() };
        let first = low / 64;
        let mut words = vec![0; (high / 64 - first + 1) as usize];
        for number in numbers {
            if let Some(word) = words.get_mut((number / 64 - first) as usize) {
                *word |= 1_u64 << (number % 64);
            }
        }
        Self { first, words }
    }

    fn trimmed(mut self) -> Self {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
        let zeros = self.words.iter().take_while(|word| **word == 0).count();
        if zeros > 0 {
            self.words.drain(..zeros);
            self.first += zeros as u32;
        }
        if self.words.is_empty() {
            self.first = 0;
        }
        self
    }

    fn end(&self) -> u32 {
        self.first + self.words.len() as u32
    }

    fn word(&self, at: u32) -> u64 {
        at.checked_sub(self.first).and_then(|at| self.words.get(at as usize)).copied().unwrap_or(0)
    }

    /// Whether `number` is a member.
    pub(crate) fn contains(&self, number: u32) -> bool {
        self.word(number / 64) >> (number % 64) & 1 == 1
    }

    /// Whether there is no member.
    pub(crate) fn is_empty(&self) -> bool {
        self.words.is_empty()
    }

    /// How many members there are.
    pub(crate) fn count(&self) -> u32 {
        self.words.iter().map(|word| word.count_ones()).sum()
    }

    /// The words of `self` between `first` and `end`, which must not reach outside of it.
    fn window(&self, first: u32, end: u32) -> &[u64] {
        self.words.get((first - self.first) as usize..(end - self.first) as usize).unwrap_or_default()
    }

    /// Members of both.
    pub(crate) fn and(&self, other: &Self) -> Self {
        let (first, end) = (self.first.max(other.first), self.end().min(other.end()));
        if first >= end {
            return Self::default();
        }
        let words =
            self.window(first, end).iter().zip(other.window(first, end)).map(|(a, b)| a & b).collect();
        Self { first, words }.trimmed()
    }

    /// Members of `self` that are not members of `other`.
    pub(crate) fn and_not(&self, other: &Self) -> Self {
        let mut out = self.clone();
        let (first, end) = (self.first.max(other.first), self.end().min(other.end()));
        if first < end {
            let from = (first - self.first) as usize;
            for (word, hole) in out.words.iter_mut().skip(from).zip(other.window(first, end)) {
                *word &= !hole;
            }
        }
        out.trimmed()
    }

    /// Adds every member of `other`.
    pub(crate) fn add(&mut self, other: &Self) {
        if other.is_empty() {
            return;
        }
        if self.is_empty() {
            self.clone_from(other);
            return;
        }
        let (first, end) = (self.first.min(other.first), self.end().max(other.end()));
        if first < self.first || end > self.end() {
            let mut words = vec![0; (end - first) as usize];
            for (word, old) in words.iter_mut().skip((self.first - first) as usize).zip(&self.words) {
                *word = *old;
            }
            (self.first, self.words) = (first, words);
        }
        let from = (other.first - self.first) as usize;
        for (word, more) in self.words.iter_mut().skip(from).zip(&other.words) {
            *word |= more;
        }
    }

    /// The members, ascending.
    pub(crate) fn iter(&self) -> impl Iterator<Item = u32> + '_ {
        self.words.iter().zip(self.first..).flat_map(|(word, at)| {
            let mut rest = *word;
            std::iter::from_fn(move || {
                if rest == 0 {
                    return None;
                }
                let bit = rest.trailing_zeros();
                rest &= rest - 1;
                Some(at * 64 + bit)
            })
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn operations_agree_with_sets() {
        let mut seed = 3_u32;
        let mut random = move |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 12) % below
        };
        for _ in 0..2000 {
            let mut set = || {
                let (low, span) = (random(400), random(300) + 1);
                (0..random(20)).map(|_| low + random(span)).collect::<BTreeSet<u32>>()
            };
            let (a, b) = (set(), set());
            let bits = |set: &BTreeSet<u32>| Bits::from_sorted(&set.iter().copied().collect::<Vec<_>>());
            let (x, y) = (bits(&a), bits(&b));
            assert_eq!(x.and(&y), bits(&a.intersection(&b).copied().collect()));
            assert_eq!(x.and_not(&y), bits(&a.difference(&b).copied().collect()));
            let mut both = x.clone();
            both.add(&y);
            assert_eq!(both, bits(&a.union(&b).copied().collect()));
            assert_eq!(both.count() as usize, a.union(&b).count());
            assert_eq!(x.iter().collect::<BTreeSet<_>>(), a);
            assert!((0..800).all(|n| x.contains(n) == a.contains(&n)));
        }
    }

    #[test]
    fn ranges_have_exact_ends() {
        for (start, end) in [(0, 0), (0, 1), (0, 64), (63, 65), (64, 128), (5, 200)] {
            let range = Bits::range(start, end);
            assert_eq!(range.iter().collect::<Vec<_>>(), (start..end).collect::<Vec<_>>());
        }
    }
}
