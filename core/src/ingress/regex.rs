//! Regular expressions of paths and headers: PCRE as nginx uses it, answered by a linear-time engine.
//!
//! Not modelled: look-around, back-references, atomic groups, possessive quantifiers and recursion. A
//! pattern that needs one of them is reported as not modelled, never as "does not match".

/// Why a pattern could not be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trouble {
    /// PCRE itself refuses it: nginx does not start with it.
    Invalid,
    /// PCRE knows it, this model does not.
    NotModelled,
}

/// A compiled pattern.
#[derive(Clone, Debug)]
pub(crate) struct Regex {
    #[cfg(feature = "ingress-nginx")]
    inner: regex_lite::Regex,
}

#[cfg(feature = "ingress-nginx")]
impl Regex {
    /// Compiles `pattern`.
    pub(crate) fn new(pattern: &str, case_insensitive: bool) -> Result<Self, Trouble> {
        let built = regex_lite::RegexBuilder::new(pattern).case_insensitive(case_insensitive).build();
        built
            .map(|inner| Self { inner })
            .map_err(|_| if needs_backtracking(pattern) { Trouble::NotModelled } else { Trouble::Invalid })
    }

    /// Whether it is found anywhere in `text`.
    pub(crate) fn is_match(&self, text: &str) -> bool {
        self.inner.is_match(text)
    }

    /// The first match: its groups, absent ones empty; `[0]` is the whole match.
    pub(crate) fn captures(&self, text: &str) -> Option<Vec<String>> {
        let captures = self.inner.captures(text)?;
        Some(
            captures
                .iter()
                .map(|group| group.map_or(String::new(), |found| found.as_str().to_owned()))
                .collect(),
        )
    }
}

#[cfg(not(feature = "ingress-nginx"))]
impl Regex {
    pub(crate) fn new(_pattern: &str, _case_insensitive: bool) -> Result<Self, Trouble> {
        Err(Trouble::NotModelled)
    }

    pub(crate) fn is_match(&self, _text: &str) -> bool {
        false
    }

    pub(crate) fn captures(&self, _text: &str) -> Option<Vec<String>> {
        None
    }
}

#[cfg(feature = "ingress-nginx")]
fn needs_backtracking(pattern: &str) -> bool {
    ["(?=", "(?!", "(?<=", "(?<!", "(?>", "(?R", "(?1", "(?|", "\\1", "\\2", "\\K", "\\G", "++", "*+", "?+"]
        .iter()
        .any(|token| pattern.contains(token))
}

#[cfg(all(test, feature = "ingress-nginx"))]
mod tests {
    use super::*;

    #[test]
    fn groups_that_took_no_part_are_empty() {
        let regex = Regex::new("^/something(/|$)(.*)", true).unwrap();
        assert_eq!(regex.captures("/SOMETHING/a").unwrap(), ["/SOMETHING/a", "/", "a"]);
        assert_eq!(regex.captures("/something").unwrap(), ["/something", "", ""]);
        assert!(regex.captures("/somethingelse").is_none());
    }

    #[test]
    fn what_pcre_knows_and_this_model_does_not_is_told_apart_from_nonsense() {
        assert_eq!(Regex::new("^/(?!api)", false).unwrap_err(), Trouble::NotModelled);
        assert_eq!(Regex::new("^/(", false).unwrap_err(), Trouble::Invalid);
    }
}
