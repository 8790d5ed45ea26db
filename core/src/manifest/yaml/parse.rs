//! Tokens to events.
//!
//! go-yaml: parserc.go (v2)

use super::scan::{Data, Scanner};
use super::{Mark, SyntaxError};
use crate::manifest::source::Span;
use std::borrow::Cow;

/// One event; `span` counts bytes of the text.
#[derive(Debug)]
pub(crate) struct Event<'s> {
    pub(crate) kind: Kind<'s>,
    pub(crate) span: Span,
    /// Line of the start, from 0.
    pub(crate) line: u32,
}

#[derive(Debug)]
pub(crate) enum Kind<'s> {
    DocumentStart,
    DocumentEnd,
    StreamEnd,
    Alias(&'s str),
    Scalar {
        anchor: Option<&'s str>,
        tag: Option<Cow<'s, str>>,
        value: Cow<'s, str>,
        /// Whether what the text looks like decides: it is plain, or has the tag `!`.
        plain: bool,
    },
    SequenceStart {
        anchor: Option<&'s str>,
        flow: bool,
    },
    SequenceEnd,
    MappingStart {
        anchor: Option<&'s str>,
        flow: bool,
    },
    MappingEnd,
}

#[derive(Clone, Copy)]
enum State {
    ImplicitDocumentStart,
    DocumentContent,
    DocumentEnd,
    BlockNode,
    BlockSequenceFirst,
    BlockSequence,
    IndentlessSequence,
    BlockMappingFirst,
    BlockMappingKey,
    BlockMappingValue,
    FlowSequenceFirst,
    FlowSequence,
    FlowPairKey,
    FlowPairValue,
    FlowPairEnd,
    FlowMappingFirst,
    FlowMappingKey,
    FlowMappingValue,
    FlowMappingEmptyValue,
    End,
}

/// Which token comes next, without its content.
#[derive(Clone, Copy, PartialEq)]
enum Next {
    StreamEnd,
    Directive,
    DocumentStart,
    DocumentEnd,
    BlockSequenceStart,
    BlockMappingStart,
    BlockEnd,
    FlowSequenceStart,
    FlowSequenceEnd,
    FlowMappingStart,
    FlowMappingEnd,
    BlockEntry,
    FlowEntry,
    Key,
    Value,
    Alias,
    Anchor,
    Tag,
    Scalar,
}

/// Reads the events of one text.
pub(crate) struct Events<'s> {
    scanner: Scanner<'s>,
    state: State,
    states: Vec<State>,
    marks: Vec<Mark>,
    prefixes: Vec<(&'s str, Cow<'s, str>)>,
}

impl<'s> Events<'s> {
    pub(crate) fn new(text: &'s str) -> Self {
        Self {
            scanner: Scanner::new(text),
            state: State::ImplicitDocumentStart,
            states: Vec::new(),
            marks: Vec::new(),
            prefixes: Vec::new(),
        }
    }

    /// How many bytes have been read so far.
    pub(crate) fn reached(&self) -> usize {
        self.scanner.at
    }

    /// The next event of the first document; the end of the stream again and again after that.
    pub(crate) fn next(&mut self) -> Result<Event<'s>, SyntaxError> {
        match self.state {
            State::ImplicitDocumentStart => self.document_start(),
            State::DocumentContent => self.document_content(),
            State::DocumentEnd => self.document_end(),
            State::BlockNode => self.node(true, false),
            State::BlockSequenceFirst => self.block_sequence(true),
            State::BlockSequence => self.block_sequence(false),
            State::IndentlessSequence => self.indentless_sequence(),
            State::BlockMappingFirst => self.block_mapping_key(true),
            State::BlockMappingKey => self.block_mapping_key(false),
            State::BlockMappingValue => self.block_mapping_value(),
            State::FlowSequenceFirst => self.flow_sequence(true),
            State::FlowSequence => self.flow_sequence(false),
            State::FlowPairKey => self.flow_pair_key(),
            State::FlowPairValue => self.flow_pair_value(),
            State::FlowPairEnd => self.flow_pair_end(),
            State::FlowMappingFirst => self.flow_mapping_key(true),
            State::FlowMappingKey => self.flow_mapping_key(false),
            State::FlowMappingValue => self.flow_mapping_value(false),
            State::FlowMappingEmptyValue => self.flow_mapping_value(true),
            State::End => Ok(event(Kind::StreamEnd, self.scanner.mark(), self.scanner.mark())),
        }
    }

    fn peek(&mut self) -> Result<(Next, Mark, Mark), SyntaxError> {
        let token = self.scanner.peek()?;
        let next = match token.data {
            Data::StreamEnd => Next::StreamEnd,
            Data::Version(..) | Data::TagPrefix { .. } => Next::Directive,
            Data::DocumentStart => Next::DocumentStart,
            Data::DocumentEnd => Next::DocumentEnd,
            Data::BlockSequenceStart => Next::BlockSequenceStart,
            Data::BlockMappingStart => Next::BlockMappingStart,
            Data::BlockEnd => Next::BlockEnd,
            Data::FlowSequenceStart => Next::FlowSequenceStart,
            Data::FlowSequenceEnd => Next::FlowSequenceEnd,
            Data::FlowMappingStart => Next::FlowMappingStart,
            Data::FlowMappingEnd => Next::FlowMappingEnd,
            Data::BlockEntry => Next::BlockEntry,
            Data::FlowEntry => Next::FlowEntry,
            Data::Key => Next::Key,
            Data::Value => Next::Value,
            Data::Alias(_) => Next::Alias,
            Data::Anchor(_) => Next::Anchor,
            Data::Tag { .. } => Next::Tag,
            Data::Scalar { .. } => Next::Scalar,
        };
        Ok((next, token.start, token.end))
    }

    fn take(&mut self) -> Data<'s> {
        self.scanner.take().map_or(Data::StreamEnd, |token| token.data)
    }

    fn error<T>(&self, problem: &str, mark: Mark, context: Mark) -> Result<T, SyntaxError> {
        Err(SyntaxError::new(problem, mark, context, false, self.scanner.at))
    }

    fn pop_state(&mut self) {
        self.state = self.states.pop().unwrap_or(State::End);
    }

    fn pop_mark(&mut self) -> Mark {
        self.marks.pop().unwrap_or_default()
    }

    /// Enters a collection whose first token was seen but not taken.
    fn enter(&mut self) -> Result<(), SyntaxError> {
        let (_, start, _) = self.peek()?;
        self.marks.push(start);
        self.take();
        Ok(())
    }

    fn empty(&self, mark: Mark) -> Event<'s> {
        let kind = Kind::Scalar { anchor: None, tag: None, value: Cow::Borrowed(""), plain: true };
        event(kind, mark, mark)
    }

    fn document_start(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (next, start, end) = self.peek()?;
        match next {
            Next::StreamEnd => {
                self.state = State::End;
                Ok(event(Kind::StreamEnd, start, end))
            }
            Next::Directive | Next::DocumentStart => {
                self.directives()?;
                let (next, mark, end) = self.peek()?;
                if next != Next::DocumentStart {
                    return self.error("did not find expected <document start>", mark, Mark::default());
                }
                self.take();
                self.states.push(State::DocumentEnd);
                self.state = State::DocumentContent;
                Ok(event(Kind::DocumentStart, start, end))
            }
            _ => {
                self.directives()?;
                self.states.push(State::DocumentEnd);
                self.state = State::BlockNode;
                Ok(event(Kind::DocumentStart, start, end))
            }
        }
    }

    fn directives(&mut self) -> Result<(), SyntaxError> {
        let mut version = false;
        loop {
            let (next, mark, _) = self.peek()?;
            if next != Next::Directive {
                break;
            }
            match self.take() {
                Data::Version(..) if version => {
                    return self.error("found duplicate %YAML directive", mark, Mark::default());
                }
                Data::Version(1, 1) => version = true,
                Data::Version(..) => {
                    return self.error("found incompatible YAML document", mark, Mark::default());
                }
                Data::TagPrefix { handle, prefix } => {
                    if self.prefixes.iter().any(|(known, _)| *known == handle) {
                        return self.error("found duplicate %TAG directive", mark, Mark::default());
                    }
                    self.prefixes.push((handle, prefix));
                }
                _ => {}
            }
        }
        for (handle, prefix) in [("!", "!"), ("!!", "tag:yaml.org,2002:")] {
            if self.prefixes.iter().all(|(known, _)| *known != handle) {
                self.prefixes.push((handle, Cow::Borrowed(prefix)));
            }
        }
        Ok(())
    }

    fn document_content(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (next, mark, _) = self.peek()?;
        if matches!(next, Next::Directive | Next::DocumentStart | Next::DocumentEnd | Next::StreamEnd) {
            self.pop_state();
            return Ok(self.empty(mark));
        }
        self.node(true, false)
    }

    fn document_end(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (_, mark, _) = self.peek()?;
        self.state = State::End;
        Ok(event(Kind::DocumentEnd, mark, mark))
    }

    /// An anchor and a tag in either order.
    fn properties(&mut self) -> Result<Properties<'s>, SyntaxError> {
        let (mut next, start, mut end) = self.peek()?;
        let mut found = Properties { anchor: None, tag: None, start, end: start };
        let mut tag_mark = start;
        let mut parts = None;
        for _ in 0..2 {
            let mark = self.peek()?.1;
            match (next, found.anchor.is_some(), parts.is_some()) {
                (Next::Anchor, false, _) => {
                    if let Data::Anchor(name) = self.take() {
                        found.anchor = Some(name);
                    }
                }
                (Next::Tag, _, false) => {
                    tag_mark = mark;
                    if let Data::Tag { handle, suffix } = self.take() {
                        parts = Some((handle, suffix));
                    }
                }
                _ => break,
            }
            found.end = end;
            (next, _, end) = self.peek()?;
        }
        found.tag = match parts {
            None => None,
            Some(("", suffix)) => Some(suffix),
            Some((handle, suffix)) => {
                let prefix = self.prefixes.iter().find(|(known, _)| *known == handle);
                match prefix.map(|(_, prefix)| format!("{prefix}{suffix}")).filter(|tag| !tag.is_empty()) {
                    Some(tag) => Some(Cow::Owned(tag)),
                    None => return self.error("found undefined tag handle", tag_mark, start),
                }
            }
        };
        Ok(found)
    }

    fn node(&mut self, block: bool, indentless: bool) -> Result<Event<'s>, SyntaxError> {
        let (next, start, end) = self.peek()?;
        if next == Next::Alias {
            self.pop_state();
            let Data::Alias(name) = self.take() else { return Ok(self.empty(start)) };
            return Ok(event(Kind::Alias(name), start, end));
        }
        let mut found = Properties { anchor: None, tag: None, start, end: start };
        if matches!(next, Next::Anchor | Next::Tag) {
            found = self.properties()?;
        }
        let (next, mark, end) = self.peek()?;
        let Properties { anchor, tag, start, end: properties_end } = found;
        let collection = |flow| {
            let (sequence, mapping) =
                (Kind::SequenceStart { anchor, flow }, Kind::MappingStart { anchor, flow });
            (sequence, mapping)
        };
        let (kind, state) = match next {
            Next::BlockEntry if indentless => (collection(false).0, State::IndentlessSequence),
            Next::Scalar => {
                self.pop_state();
                let Data::Scalar { value, plain } = self.take() else { return Ok(self.empty(start)) };
                // The tag `!` says no more than a missing one does.
                let (plain, tag) = match tag.as_deref() {
                    None | Some("") => (plain, None),
                    Some("!") => (true, tag),
                    Some(_) => (false, tag),
                };
                return Ok(event(Kind::Scalar { anchor, tag, value, plain }, start, end));
            }
            Next::FlowSequenceStart => (collection(true).0, State::FlowSequenceFirst),
            Next::FlowMappingStart => (collection(true).1, State::FlowMappingFirst),
            Next::BlockSequenceStart if block => (collection(false).0, State::BlockSequenceFirst),
            Next::BlockMappingStart if block => (collection(false).1, State::BlockMappingFirst),
            _ if anchor.is_some() || tag.as_ref().is_some_and(|tag| !tag.is_empty()) => {
                self.pop_state();
                let plain = tag.is_none();
                let kind = Kind::Scalar { anchor, tag, value: Cow::Borrowed(""), plain };
                return Ok(event(kind, start, properties_end));
            }
            _ => return self.error("did not find expected node content", mark, start),
        };
        self.state = state;
        Ok(event(kind, start, end))
    }

    fn block_sequence(&mut self, first: bool) -> Result<Event<'s>, SyntaxError> {
        if first {
            self.enter()?;
        }
        let (next, start, end) = self.peek()?;
        match next {
            Next::BlockEntry => {
                self.take();
                let (next, _, _) = self.peek()?;
                if !matches!(next, Next::BlockEntry | Next::BlockEnd) {
                    self.states.push(State::BlockSequence);
                    return self.node(true, false);
                }
                self.state = State::BlockSequence;
                Ok(self.empty(end))
            }
            Next::BlockEnd => {
                self.take();
                self.pop_state();
                self.pop_mark();
                Ok(event(Kind::SequenceEnd, start, end))
            }
            _ => {
                let context = self.pop_mark();
                self.error("did not find expected '-' indicator", start, context)
            }
        }
    }

    fn indentless_sequence(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (next, start, end) = self.peek()?;
        if next != Next::BlockEntry {
            self.pop_state();
            return Ok(event(Kind::SequenceEnd, start, start));
        }
        self.take();
        let (next, _, _) = self.peek()?;
        if !matches!(next, Next::BlockEntry | Next::Key | Next::Value | Next::BlockEnd) {
            self.states.push(State::IndentlessSequence);
            return self.node(true, false);
        }
        self.state = State::IndentlessSequence;
        Ok(self.empty(end))
    }

    fn block_mapping_key(&mut self, first: bool) -> Result<Event<'s>, SyntaxError> {
        if first {
            self.enter()?;
        }
        let (next, start, end) = self.peek()?;
        match next {
            Next::Key => {
                self.take();
                let (next, _, _) = self.peek()?;
                if !matches!(next, Next::Key | Next::Value | Next::BlockEnd) {
                    self.states.push(State::BlockMappingValue);
                    return self.node(true, true);
                }
                self.state = State::BlockMappingValue;
                Ok(self.empty(end))
            }
            Next::BlockEnd => {
                self.take();
                self.pop_state();
                self.pop_mark();
                Ok(event(Kind::MappingEnd, start, end))
            }
            _ => {
                let context = self.pop_mark();
                self.error("did not find expected key", start, context)
            }
        }
    }

    fn block_mapping_value(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (next, start, end) = self.peek()?;
        self.state = State::BlockMappingKey;
        if next != Next::Value {
            return Ok(self.empty(start));
        }
        self.take();
        let (next, _, _) = self.peek()?;
        if !matches!(next, Next::Key | Next::Value | Next::BlockEnd) {
            self.states.push(State::BlockMappingKey);
            return self.node(true, true);
        }
        Ok(self.empty(end))
    }

    fn flow_sequence(&mut self, first: bool) -> Result<Event<'s>, SyntaxError> {
        if first {
            self.enter()?;
        }
        let (mut next, mut start, mut end) = self.peek()?;
        if next != Next::FlowSequenceEnd {
            if !first {
                if next != Next::FlowEntry {
                    let context = self.pop_mark();
                    return self.error("did not find expected ',' or ']'", start, context);
                }
                self.take();
                (next, start, end) = self.peek()?;
            }
            if next == Next::Key {
                self.take();
                self.state = State::FlowPairKey;
                return Ok(event(Kind::MappingStart { anchor: None, flow: true }, start, end));
            }
            if next != Next::FlowSequenceEnd {
                self.states.push(State::FlowSequence);
                return self.node(false, false);
            }
        }
        self.take();
        self.pop_state();
        self.pop_mark();
        Ok(event(Kind::SequenceEnd, start, end))
    }

    fn flow_pair_key(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (next, _, end) = self.peek()?;
        if !matches!(next, Next::Value | Next::FlowEntry | Next::FlowSequenceEnd) {
            self.states.push(State::FlowPairValue);
            return self.node(false, false);
        }
        self.take();
        self.state = State::FlowPairValue;
        Ok(self.empty(end))
    }

    fn flow_pair_value(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (mut next, mut start, _) = self.peek()?;
        if next == Next::Value {
            self.take();
            (next, start, _) = self.peek()?;
            if !matches!(next, Next::FlowEntry | Next::FlowSequenceEnd) {
                self.states.push(State::FlowPairEnd);
                return self.node(false, false);
            }
        }
        self.state = State::FlowPairEnd;
        Ok(self.empty(start))
    }

    fn flow_pair_end(&mut self) -> Result<Event<'s>, SyntaxError> {
        let (_, start, _) = self.peek()?;
        self.state = State::FlowSequence;
        Ok(event(Kind::MappingEnd, start, start))
    }

    fn flow_mapping_key(&mut self, first: bool) -> Result<Event<'s>, SyntaxError> {
        if first {
            self.enter()?;
        }
        let (mut next, mut start, mut end) = self.peek()?;
        if next != Next::FlowMappingEnd {
            if !first {
                if next != Next::FlowEntry {
                    let context = self.pop_mark();
                    return self.error("did not find expected ',' or '}'", start, context);
                }
                self.take();
                (next, start, end) = self.peek()?;
            }
            if next == Next::Key {
                self.take();
                let (next, start, _) = self.peek()?;
                if !matches!(next, Next::Value | Next::FlowEntry | Next::FlowMappingEnd) {
                    self.states.push(State::FlowMappingValue);
                    return self.node(false, false);
                }
                self.state = State::FlowMappingValue;
                return Ok(self.empty(start));
            }
            if next != Next::FlowMappingEnd {
                self.states.push(State::FlowMappingEmptyValue);
                return self.node(false, false);
            }
        }
        self.take();
        self.pop_state();
        self.pop_mark();
        Ok(event(Kind::MappingEnd, start, end))
    }

    fn flow_mapping_value(&mut self, empty: bool) -> Result<Event<'s>, SyntaxError> {
        let (mut next, mut start, _) = self.peek()?;
        if !empty && next == Next::Value {
            self.take();
            (next, start, _) = self.peek()?;
            if !matches!(next, Next::FlowEntry | Next::FlowMappingEnd) {
                self.states.push(State::FlowMappingKey);
                return self.node(false, false);
            }
        }
        self.state = State::FlowMappingKey;
        Ok(self.empty(start))
    }
}

struct Properties<'s> {
    anchor: Option<&'s str>,
    tag: Option<Cow<'s, str>>,
    start: Mark,
    end: Mark,
}

fn event<'s>(kind: Kind<'s>, start: Mark, end: Mark) -> Event<'s> {
    Event { kind, span: Span { start: start.at, end: end.at }, line: start.line }
}
