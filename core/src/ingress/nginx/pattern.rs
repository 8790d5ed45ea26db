//! The regular expressions of a host's locations, taken apart so that one request need not try them all.
//!
//! nginx tries the locations of such a host one after the other. The answer is the same when those that
//! cannot match, because the path does not begin with their literal part, are skipped.

use crate::ingress::regex::{Regex, Trouble};
use std::collections::BTreeMap;
use std::sync::Arc;

/// `~* "^path"` of one location.
#[derive(Clone, Debug)]
pub(crate) struct Pattern {
    /// What a path begins with, in lower case; possibly empty.
    literal: Box<str>,
    rest: Rest,
}

#[derive(Clone, Debug)]
enum Rest {
    /// The literal is the whole pattern.
    Nothing,
    /// Compared with what follows the literal; shared by all patterns that end alike.
    Tail(Arc<Regex>),
    /// Compared with the whole path: the pattern looks back at its literal.
    Whole(Arc<Regex>),
}

/// Compiled tails, so that a thousand paths that end in `(/|$)(.*)` cost one compilation.
#[derive(Debug, Default)]
pub(super) struct Tails(BTreeMap<Box<str>, Result<Arc<Regex>, Trouble>>);

impl Tails {
    fn compile(&mut self, pattern: &str) -> Result<Arc<Regex>, Trouble> {
        if let Some(known) = self.0.get(pattern) {
            return known.clone();
        }
        let compiled = Regex::new(&format!("^{pattern}"), true).map(Arc::new);
        self.0.insert(pattern.into(), compiled.clone());
        compiled
    }
}

impl Pattern {
    /// Compiles the path of a location.
    pub(super) fn new(path: &str, tails: &mut Tails) -> (Box<str>, Result<Self, Trouble>) {
        let (literal, tail) = split(path);
        let key: Box<str> = literal.to_ascii_lowercase().into();
        let rest = if tail.is_empty() {
            Ok(Rest::Nothing)
        } else if looks_back(tail) {
            tails.compile(path).map(Rest::Whole)
        } else {
            tails.compile(tail).map(Rest::Tail)
        };
        (key.clone(), rest.map(|rest| Self { literal: key, rest }))
    }

    /// Whether `path` matches.
    pub(crate) fn is_match(&self, path: &str) -> bool {
        let Some((head, rest)) = path.split_at_checked(self.literal.len()) else { return false };
        head.eq_ignore_ascii_case(&self.literal)
            && match &self.rest {
                Rest::Nothing => true,
                Rest::Tail(regex) => regex.is_match(rest),
                Rest::Whole(regex) => regex.is_match(path),
            }
    }
}

/// The characters at the start that stand for themselves, and what follows.
fn split(path: &str) -> (&str, &str) {
    if has_alternation(path) {
        return ("", path);
    }
    let special = |c: char| !c.is_ascii() || "\\.[]()*+?{}|^$".contains(c);
    let mut end = path.find(special).unwrap_or(path.len());
    // a quantifier takes the character before it with it
    if path.get(end..).is_some_and(|rest| rest.starts_with(['*', '+', '?', '{'])) {
        end = end.saturating_sub(1);
    }
    path.split_at_checked(end).unwrap_or(("", path))
}

/// Walks over a pattern: each character, whether it is escaped, in a class, and the depth of groups.
fn walk(pattern: &str, mut each: impl FnMut(char, bool, bool, usize) -> bool) -> bool {
    let (mut escaped, mut class, mut depth) = (false, false, 0usize);
    let mut before = ' ';
    for c in pattern.chars() {
        if each(c, escaped, class, depth) {
            return true;
        }
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            // `]` right after `[` or `[^` is a literal, which the engine here refuses anyway
            ']' if class && before != '[' => class = false,
            _ if class => {}
            '[' => class = true,
            '(' => depth += 1,
            ')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        before = c;
    }
    false
}

fn has_alternation(pattern: &str) -> bool {
    walk(pattern, |c, escaped, class, depth| c == '|' && !escaped && !class && depth == 0)
}

/// Whether the pattern asks what stands before it: anchors, word boundaries, `\K`.
fn looks_back(tail: &str) -> bool {
    walk(tail, |c, escaped, class, _| match c {
        '^' => !escaped && !class,
        'b' | 'B' | 'A' | 'G' | 'K' => escaped && !class,
        _ => false,
    }) || tail.contains("(?<")
}

/// The literals of a host's locations, so that those which can match a path are found without trying all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Literals {
    /// Sorted, without repetition.
    keys: Vec<Box<str>>,
    /// The longest other key that this one begins with.
    parents: Vec<Option<u32>>,
    /// Positions of the locations with this literal, ascending.
    positions: Vec<Vec<u32>>,
}

impl Literals {
    /// Indexes the literals of locations in their order.
    pub(super) fn new(literals: Vec<Box<str>>) -> Self {
        let mut sorted: BTreeMap<Box<str>, Vec<u32>> = BTreeMap::new();
        for (position, literal) in literals.into_iter().enumerate() {
            sorted.entry(literal).or_default().push(position as u32);
        }
        let mut index = Self::default();
        let mut open: Vec<u32> = Vec::new();
        for (key, positions) in sorted {
            let begins = |id: &u32| index.keys.get(*id as usize).is_some_and(|open| key.starts_with(&**open));
            while open.last().is_some_and(|id| !begins(id)) {
                open.pop();
            }
            index.parents.push(open.last().copied());
            open.push(index.keys.len() as u32);
            index.keys.push(key);
            index.positions.push(positions);
        }
        index
    }

    /// The positions of all locations whose literal `path` (in lower case) begins with, in order.
    pub(crate) fn fitting(&self, path: &str) -> impl Iterator<Item = u32> + use<'_> {
        // every key that path begins with is the greatest key up to path, or an ancestor of it
        let after = self.keys.partition_point(|key| **key <= *path);
        let mut at = after.checked_sub(1).map(|last| last as u32);
        let mut lists: Vec<&[u32]> = Vec::new();
        while let Some(id) = at {
            if self.keys.get(id as usize).is_some_and(|key| path.starts_with(&**key)) {
                lists.extend(self.positions.get(id as usize).map(Vec::as_slice));
            }
            at = self.parents.get(id as usize).copied().flatten();
        }
        std::iter::from_fn(move || {
            let least = lists.iter_mut().min_by_key(|list| list.first().copied().unwrap_or(u32::MAX))?;
            let (first, rest) = least.split_first()?;
            *least = rest;
            Some(*first)
        })
    }
}

#[cfg(all(test, feature = "ingress-nginx"))]
mod tests {
    use super::*;

    fn matches(pattern: &str, path: &str) -> bool {
        let compiled = Pattern::new(pattern, &mut Tails::default()).1.map(|taken| taken.is_match(path));
        let whole = Regex::new(&format!("^{pattern}"), true).map(|whole| whole.is_match(path));
        assert_eq!(compiled, whole, "{pattern} on {path}");
        whole == Ok(true)
    }

    #[test]
    fn taking_a_pattern_apart_changes_no_answer() {
        let patterns = [
            "/",
            "/cart",
            "/cart(/|$)(.*)",
            "/ab*",
            "/ab?c",
            "/ab{2}",
            "/a|/b",
            "/(a|b)/c",
            "/v1.0",
            "/a[/|]b",
            "/a\\.b",
            "/a\\bc",
            "/a\\b/c",
            "/x(^/y)?",
            "/a$",
            "/[^/]+/x",
            "/café",
            "/(?i)A",
            "",
        ];
        let paths = [
            "/", "/cart", "/CART/7", "/carts", "/a", "/ab", "/abb", "/abbb", "/ac", "/abc", "/b", "/b/c",
            "/a/c", "/v1x0", "/a|b", "/a.b", "/a/b", "/x", "/z/x", "/café", "/b/a",
        ];
        let found = patterns.iter().flat_map(|pattern| paths.iter().map(|path| matches(pattern, path)));
        assert!(found.filter(|found| *found).count() > 30);
    }

    #[test]
    fn literals_find_every_location_that_can_match_in_order() {
        let literals = ["/shop/cart", "/shop", "/sho", "/other", "/", "/shop", ""];
        let index = Literals::new(literals.iter().map(|literal| (*literal).into()).collect());
        let naive = |path: &str| -> Vec<u32> {
            (0..7).filter(|at| path.starts_with(literals[*at as usize])).collect()
        };
        for path in ["/shop/cart/7", "/shop", "/shopping", "/", "/otherwise", "/zzz", "", "/a"] {
            assert_eq!(index.fitting(path).collect::<Vec<_>>(), naive(path), "{path}");
        }
    }
}
