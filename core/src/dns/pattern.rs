//! The regular expressions that `rewrite` and `template` rules use, a subset of RE2: literals, `.`,
//! classes, `\d \w \s`, groups (also named), alternation, `* + ? {m,n}` greedy and lazy, `^ $`, `(?i)`.
//! Anything else does not parse, and the rule is named as not modelled.

use std::collections::BTreeMap;

/// A parsed expression.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    root: Node,
    groups: usize,
    names: BTreeMap<String, usize>,
    ignore_case: bool,
}

#[derive(Clone, Debug)]
enum Node {
    Literal(char),
    Any,
    Class { negated: bool, ranges: Vec<(char, char)> },
    Start,
    End,
    Group(Option<usize>, Box<Self>),
    Sequence(Vec<Self>),
    Either(Vec<Self>),
    Repeat { node: Box<Self>, min: u32, max: u32, greedy: bool },
}

/// The text does not parse as an expression of the subset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotModelled;

/// What matched: group 0 is the whole match.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Captures {
    spans: Vec<Option<(usize, usize)>>,
    text: Vec<char>,
}

impl Captures {
    /// Text of a group, empty when it took no part.
    pub(super) fn group(&self, index: usize) -> String {
        let span = self.spans.get(index).copied().flatten();
        span.and_then(|(start, end)| self.text.get(start..end)).unwrap_or_default().iter().collect()
    }
}

impl Pattern {
    pub(super) fn parse(text: &str) -> Result<Self, NotModelled> {
        let (ignore_case, text) = match text.strip_prefix("(?i)") {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let mut parser = Parser { rest: text.chars().collect(), at: 0, groups: 0, names: BTreeMap::new() };
        let root = parser.either()?;
        if parser.at < parser.rest.len() {
            return Err(NotModelled);
        }
        Ok(Self { root, groups: parser.groups, names: parser.names, ignore_case })
    }

    /// The leftmost match in `text`. Gives up (no match) after a million steps.
    pub(super) fn find(&self, text: &str) -> Option<Captures> {
        let text: Vec<char> = text.chars().collect();
        let mut run = Run { text: &text, ignore_case: self.ignore_case, fuel: 1_000_000 };
        for start in 0..=text.len() {
            let mut spans = vec![None; self.groups + 1];
            let mut end = None;
            if run.step(&self.root, start, &mut spans, &mut |_, at, _| {
                end = Some(at);
                true
            }) {
                if let Some(first) = spans.first_mut() {
                    *first = end.map(|end| (start, end));
                }
                return Some(Captures { spans, text });
            }
        }
        None
    }

    /// Index of a named group.
    pub(super) fn name(&self, name: &str) -> Option<usize> {
        self.names.get(name).copied()
    }
}

struct Parser {
    rest: Vec<char>,
    at: usize,
    groups: usize,
    names: BTreeMap<String, usize>,
}

impl Parser {
    fn peek(&self) -> Option<char> {
        self.rest.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    fn eat(&mut self, c: char) -> bool {
        let found = self.peek() == Some(c);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<Node, NotModelled> {
        let mut branches = vec![self.sequence()?];
        while self.eat('|') {
            branches.push(self.sequence()?);
        }
        Ok(if branches.len() == 1 { branches.remove(0) } else { Node::Either(branches) })
    }

    fn sequence(&mut self) -> Result<Node, NotModelled> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek() {
            if c == '|' || c == ')' {
                break;
            }
            let atom = self.atom()?;
            nodes.push(self.repeat(atom)?);
        }
        Ok(Node::Sequence(nodes))
    }

    fn repeat(&mut self, node: Node) -> Result<Node, NotModelled> {
        let (min, max) = match self.peek() {
            Some('*') => (0, u32::MAX),
            Some('+') => (1, u32::MAX),
            Some('?') => (0, 1),
            Some('{') => {
                self.at += 1;
                let mut inside = String::new();
                while let Some(c) = self.next().filter(|c| *c != '}') {
                    inside.push(c);
                }
                let (low, high) = inside.split_once(',').unwrap_or((&inside, &inside));
                let min = low.parse().map_err(|_| NotModelled)?;
                let max = if high.is_empty() { u32::MAX } else { high.parse().map_err(|_| NotModelled)? };
                let greedy = !self.eat('?');
                return Ok(Node::Repeat { node: Box::new(node), min, max, greedy });
            }
            _ => return Ok(node),
        };
        self.at += 1;
        let greedy = !self.eat('?');
        Ok(Node::Repeat { node: Box::new(node), min, max, greedy })
    }

    fn atom(&mut self) -> Result<Node, NotModelled> {
        Ok(match self.next().ok_or(NotModelled)? {
            '.' => Node::Any,
            '^' => Node::Start,
            '$' => Node::End,
            '[' => self.class()?,
            '\\' => self.escape()?,
            '(' => {
                let mut index = None;
                if self.eat('?') {
                    if self.eat('P') || self.peek() == Some('<') {
                        if !self.eat('<') {
                            return Err(NotModelled);
                        }
                        let mut name = String::new();
                        while let Some(c) = self.next().filter(|c| *c != '>') {
                            name.push(c);
                        }
                        self.groups += 1;
                        self.names.insert(name, self.groups);
                        index = Some(self.groups);
                    } else if !self.eat(':') {
                        return Err(NotModelled);
                    }
                } else {
                    self.groups += 1;
                    index = Some(self.groups);
                }
                let inside = self.either()?;
                if !self.eat(')') {
                    return Err(NotModelled);
                }
                Node::Group(index, Box::new(inside))
            }
            '*' | '+' | '?' | '{' => return Err(NotModelled),
            c => Node::Literal(c),
        })
    }

    fn escape(&mut self) -> Result<Node, NotModelled> {
        let c = self.next().ok_or(NotModelled)?;
        Ok(match shorthand(c) {
            Some((ranges, negated)) => Node::Class { negated, ranges },
            None if c.is_ascii_alphanumeric() => return Err(NotModelled),
            None => Node::Literal(c),
        })
    }

    fn class(&mut self) -> Result<Node, NotModelled> {
        let negated = self.eat('^');
        let mut ranges = Vec::new();
        loop {
            let low = match self.next().ok_or(NotModelled)? {
                ']' if !ranges.is_empty() => break,
                '\\' => {
                    let c = self.next().ok_or(NotModelled)?;
                    match shorthand(c) {
                        Some((more, false)) => {
                            ranges.extend(more);
                            continue;
                        }
                        Some(_) => return Err(NotModelled),
                        None => c,
                    }
                }
                c => c,
            };
            let is_range = self.peek() == Some('-') && self.rest.get(self.at + 1).is_some_and(|c| *c != ']');
            if is_range {
                self.at += 1;
                ranges.push((low, self.next().ok_or(NotModelled)?));
            } else {
                ranges.push((low, low));
            }
        }
        Ok(Node::Class { negated, ranges })
    }
}

fn shorthand(c: char) -> Option<(Vec<(char, char)>, bool)> {
    let ranges = match c.to_ascii_lowercase() {
        'd' => vec![('0', '9')],
        'w' => vec![('a', 'z'), ('A', 'Z'), ('0', '9'), ('_', '_')],
        's' => vec![(' ', ' '), ('\t', '\t')],
        _ => return None,
    };
    Some((ranges, c.is_ascii_uppercase()))
}

type Spans = Vec<Option<(usize, usize)>>;
type Next<'n> = &'n mut dyn FnMut(&mut Run<'_>, usize, &mut Spans) -> bool;

struct Run<'t> {
    text: &'t [char],
    ignore_case: bool,
    fuel: u32,
}

impl Run<'_> {
    fn step(&mut self, node: &Node, at: usize, spans: &mut Spans, next: Next<'_>) -> bool {
        let Some(fuel) = self.fuel.checked_sub(1) else { return false };
        self.fuel = fuel;
        match node {
            Node::Start => at == 0 && next(self, at, spans),
            Node::End => at == self.text.len() && next(self, at, spans),
            Node::Literal(_) | Node::Any | Node::Class { .. } => {
                self.text.get(at).is_some_and(|c| self.is_match(node, *c)) && next(self, at + 1, spans)
            }
            Node::Group(index, inside) => self.step(inside, at, spans, &mut |run, end, spans| {
                let Some(index) = index else { return next(run, end, spans) };
                let before = spans.get(*index).copied().flatten();
                if let Some(span) = spans.get_mut(*index) {
                    *span = Some((at, end));
                }
                if next(run, end, spans) {
                    return true;
                }
                if let Some(span) = spans.get_mut(*index) {
                    *span = before;
                }
                false
            }),
            Node::Sequence(nodes) => match nodes.split_first() {
                None => next(self, at, spans),
                Some((first, rest)) => {
                    let rest = Node::Sequence(rest.to_vec());
                    self.step(first, at, spans, &mut |run, at, spans| run.step(&rest, at, spans, next))
                }
            },
            Node::Either(branches) => branches.iter().any(|branch| self.step(branch, at, spans, next)),
            Node::Repeat { node, min, max, greedy } => {
                self.repeat((node, *min, *max, *greedy), at, spans, next)
            }
        }
    }

    fn repeat(
        &mut self,
        what: (&Node, u32, u32, bool),
        at: usize,
        spans: &mut Spans,
        next: Next<'_>,
    ) -> bool {
        let (node, min, max, greedy) = what;
        if min == 0 && !greedy && next(self, at, spans) {
            return true;
        }
        let again =
            (node, min.saturating_sub(1), if max == u32::MAX { max } else { max.saturating_sub(1) }, greedy);
        let more = max > 0
            && self.step(node, at, spans, &mut |run, end, spans| {
                end > at && run.repeat(again, end, spans, next)
            });
        more || (min == 0 && greedy && next(self, at, spans))
    }

    fn is_match(&self, node: &Node, c: char) -> bool {
        match node {
            Node::Any => c != '\n',
            Node::Literal(wanted) => c == *wanted || (self.ignore_case && c.eq_ignore_ascii_case(wanted)),
            Node::Class { negated, ranges } => {
                let within = |c: char| ranges.iter().any(|(low, high)| (*low..=*high).contains(&c));
                let found = within(c)
                    || (self.ignore_case
                        && (within(c.to_ascii_lowercase()) || within(c.to_ascii_uppercase())));
                found != *negated
            }
            _ => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn groups(pattern: &str, text: &str) -> Option<Vec<String>> {
        let pattern = Pattern::parse(pattern).unwrap();
        let found = pattern.find(text)?;
        Some((0..=pattern.groups).map(|index| found.group(index)).collect())
    }

    #[test]
    fn matches_what_corefiles_use() {
        assert_eq!(
            groups(r"(.*)\.example\.com\.", "a.b.example.com."),
            Some(vec!["a.b.example.com.".into(), "a.b".into()])
        );
        assert_eq!(
            groups(r"^ip-(?P<a>[0-9]*)-(\d+)\.x\.$", "ip-10-2.x."),
            Some(vec!["ip-10-2.x.".into(), "10".into(), "2".into()])
        );
        assert_eq!(groups("a(b|cd)?e", "xacde"), Some(vec!["acde".into(), "cd".into()]));
        assert_eq!(groups("(?i)ABC", "xabc"), Some(vec!["abc".into()]));
        assert_eq!(groups("^a{2,3}?$", "aa").map(|found| found.len()), Some(1));
        assert_eq!(groups("^(a+)+$", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab"), None);
        assert_eq!(Pattern::parse(r"(?P<n>x)").unwrap().name("n"), Some(1));
    }

    #[test]
    fn what_is_not_modelled_does_not_parse() {
        for text in [r"\pL", "(?s)a", "*a", r"a\b", "(a"] {
            assert!(Pattern::parse(text).is_err(), "{text}");
        }
    }
}
