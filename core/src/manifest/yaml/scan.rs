//! Text to tokens.
//!
//! go-yaml: scannerc.go (v2)

use super::{Mark, SyntaxError};
use std::borrow::Cow;
use std::collections::VecDeque;

/// One token of the text.
#[derive(Debug)]
pub(super) struct Token<'s> {
    pub(super) data: Data<'s>,
    pub(super) start: Mark,
    pub(super) end: Mark,
}

#[derive(Debug, PartialEq)]
pub(super) enum Data<'s> {
    StreamEnd,
    Version(u8, u8),
    TagPrefix { handle: &'s str, prefix: Cow<'s, str> },
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
    Alias(&'s str),
    Anchor(&'s str),
    Tag { handle: &'s str, suffix: Cow<'s, str> },
    Scalar { value: Cow<'s, str>, plain: bool },
}

/// Something that may turn out to be a key once its colon is seen.
#[derive(Clone, Copy, Debug, Default)]
struct SimpleKey {
    possible: bool,
    /// Whether the text is wrong if it is none.
    required: bool,
    /// Number of its first token.
    token: usize,
    /// Whether the head of the queue waits for it. go-yaml forgets this of a key that starts with an
    /// empty flow collection.
    awaited: bool,
    mark: Mark,
}

/// go-yaml: scannerc.go `max_flow_level` and `max_indents`
const MAX_DEPTH: usize = 10_000;

/// Longest simple key, in characters.
const MAX_KEY: usize = 1024;

pub(super) struct Scanner<'s> {
    pub(super) text: &'s str,
    pub(super) at: usize,
    line: u32,
    line_start: usize,
    /// Continuation bytes of UTF-8 since the start of the line.
    wide: usize,
    pub(super) flow_level: usize,
    pub(super) indent: i32,
    indents: Vec<i32>,
    pub(super) simple_key_allowed: bool,
    keys: Vec<SimpleKey>,
    tokens: VecDeque<Token<'s>>,
    /// Tokens handed out so far.
    taken: usize,
    ended: bool,
}

impl<'s> Scanner<'s> {
    pub(super) fn new(text: &'s str) -> Self {
        // go-yaml: readerc.go yaml_parser_determine_encoding
        let at = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
        Self {
            text,
            at,
            line: 0,
            line_start: at,
            wide: 0,
            flow_level: 0,
            indent: -1,
            indents: Vec::new(),
            simple_key_allowed: true,
            keys: vec![SimpleKey::default()],
            tokens: VecDeque::new(),
            taken: 0,
            ended: false,
        }
    }

    /// The next token, which stays where it is.
    pub(super) fn peek(&mut self) -> Result<&Token<'s>, SyntaxError> {
        self.fill()?;
        match self.tokens.front() {
            Some(token) => Ok(token),
            None => Err(self.error("did not find expected <stream-end>", self.mark())),
        }
    }

    /// Removes the next token, which [`peek`](Self::peek) has shown.
    pub(super) fn take(&mut self) -> Option<Token<'s>> {
        let token = self.tokens.pop_front();
        self.taken += usize::from(token.is_some());
        token
    }

    // ---- reading ----

    #[inline]
    pub(super) fn byte(&self) -> u8 {
        self.byte_at(0)
    }

    /// The byte `ahead` of the current one; 0 past the end, as libyaml has it.
    #[inline]
    pub(super) fn byte_at(&self, ahead: usize) -> u8 {
        self.text.as_bytes().get(self.at + ahead).copied().unwrap_or(0)
    }

    pub(super) fn column(&self) -> usize {
        self.at - self.line_start - self.wide
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { at: index(self.at), line: self.line, column: index(self.column()) }
    }

    /// Skips one character that is no line break.
    #[inline]
    pub(super) fn skip(&mut self) {
        let width = width(self.byte());
        self.at = (self.at + width).min(self.text.len());
        self.wide += width - 1;
    }

    /// Skips `bytes` bytes of ASCII that hold no line break.
    pub(super) fn skip_ascii(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.text.len());
    }

    /// Length of the line break `ahead` of here, 0 if there is none.
    #[inline]
    pub(super) fn break_at(&self, ahead: usize) -> usize {
        match self.byte_at(ahead) {
            b'\n' => 1,
            b'\r' => 1 + usize::from(self.byte_at(ahead + 1) == b'\n'),
            0xC2 => 2 * usize::from(self.byte_at(ahead + 1) == 0x85),
            0xE2 => {
                let separator = matches!(self.byte_at(ahead + 2), 0xA8 | 0xA9);
                3 * usize::from(self.byte_at(ahead + 1) == 0x80 && separator)
            }
            _ => 0,
        }
    }

    #[inline]
    pub(super) fn is_break(&self) -> bool {
        self.break_at(0) > 0
    }

    #[inline]
    pub(super) fn is_blank(&self) -> bool {
        matches!(self.byte(), b' ' | b'\t')
    }

    pub(super) fn is_end(&self) -> bool {
        self.byte() == 0
    }

    pub(super) fn is_break_or_end(&self) -> bool {
        self.is_break() || self.is_end()
    }

    /// Blank, line break or end, `ahead` of here.
    #[inline]
    pub(super) fn is_blankz(&self, ahead: usize) -> bool {
        matches!(self.byte_at(ahead), b' ' | b'\t' | 0) || self.break_at(ahead) > 0
    }

    /// Skips a line break and gives what it stands for: a newline, unless it is one of the two
    /// separators of Unicode.
    pub(super) fn line_break(&mut self) -> &'static str {
        let length = self.break_at(0);
        let meaning = match (length, self.byte_at(2)) {
            (0, _) => return "",
            (3, 0xA8) => "\u{2028}",
            (3, _) => "\u{2029}",
            _ => "\n",
        };
        self.at += length;
        self.line += 1;
        self.line_start = self.at;
        self.wide = 0;
        meaning
    }

    /// A document indicator at the start of a line.
    pub(super) fn at_document_indicator(&self) -> bool {
        self.column() == 0
            && matches!(self.text.as_bytes().get(self.at..self.at + 3), Some(b"---" | b"..."))
            && self.is_blankz(3)
    }

    pub(super) fn slice(&self, from: usize) -> &'s str {
        self.text.get(from..self.at).unwrap_or_default()
    }

    /// An error here, in a context that started at `context`.
    pub(super) fn error(&self, problem: &str, context: Mark) -> SyntaxError {
        SyntaxError::new(problem, self.mark(), context, true, self.at)
    }

    // ---- the queue ----

    fn push(&mut self, data: Data<'s>, start: Mark) {
        let end = self.mark();
        self.tokens.push_back(Token { data, start, end });
    }

    /// Puts a token before the one numbered `before`; at the end if that has been taken.
    fn insert(&mut self, before: Option<usize>, token: Token<'s>) {
        match before.and_then(|before| before.checked_sub(self.taken)) {
            Some(at) if at < self.tokens.len() => self.tokens.insert(at, token),
            _ => self.tokens.push_back(token),
        }
    }

    /// Fetches tokens until the first one can no longer become a key.
    fn fill(&mut self) -> Result<(), SyntaxError> {
        loop {
            if !self.tokens.is_empty() {
                // Numbers never fall from the outside in.
                let level = self.keys.partition_point(|key| key.token < self.taken);
                match self.keys.get(level) {
                    Some(key) if key.possible && key.awaited && key.token == self.taken => {
                        if !self.is_valid(level)? {
                            break;
                        }
                    }
                    _ => break,
                }
            }
            if self.ended {
                break;
            }
            self.fetch()?;
        }
        Ok(())
    }

    fn is_valid(&mut self, level: usize) -> Result<bool, SyntaxError> {
        let Some(&key) = self.keys.get(level).filter(|key| key.possible) else { return Ok(false) };
        let from = key.mark.at as usize;
        let too_long = self.at - from > MAX_KEY
            && self.text.get(from..self.at).is_some_and(|text| text.chars().count() > MAX_KEY);
        if key.mark.line < self.line || too_long {
            if key.required {
                return Err(self.error("could not find expected ':'", key.mark));
            }
            if let Some(key) = self.keys.get_mut(level) {
                key.possible = false;
            }
            return Ok(false);
        }
        Ok(true)
    }

    fn save_key(&mut self) -> Result<(), SyntaxError> {
        if self.simple_key_allowed {
            let mark = self.mark();
            let required = self.flow_level == 0 && usize::try_from(self.indent) == Ok(self.column());
            let token = self.taken + self.tokens.len();
            self.remove_key()?;
            if let Some(last) = self.keys.last_mut() {
                *last = SimpleKey { possible: true, required, token, awaited: true, mark };
            }
        }
        Ok(())
    }

    fn remove_key(&mut self) -> Result<(), SyntaxError> {
        if let Some(key) = self.keys.last_mut().filter(|key| key.possible) {
            let key = std::mem::replace(key, SimpleKey { possible: false, ..*key });
            if key.required {
                return Err(self.error("could not find expected ':'", key.mark));
            }
        }
        Ok(())
    }

    /// Starts a block collection if `column` is deeper than the one that is open. `token`: where in
    /// the queue it starts, the end if not given.
    fn roll_indent(
        &mut self,
        column: usize,
        token: Option<usize>,
        data: Data<'s>,
        mark: Mark,
    ) -> Result<(), SyntaxError> {
        let column = i32::try_from(column).unwrap_or(i32::MAX);
        if self.flow_level > 0 || self.indent >= column {
            return Ok(());
        }
        self.indents.push(self.indent);
        self.indent = column;
        if self.indents.len() > MAX_DEPTH {
            let context = self.keys.last().map(|key| key.mark).unwrap_or_default();
            return Err(self.error(&format!("exceeded max depth of {MAX_DEPTH}"), context));
        }
        self.insert(token, Token { data, start: mark, end: mark });
        Ok(())
    }

    fn unroll_indent(&mut self, column: i32) {
        if self.flow_level > 0 {
            return;
        }
        while self.indent > column {
            let mark = self.mark();
            self.push(Data::BlockEnd, mark);
            self.indent = self.indents.pop().unwrap_or(-1);
        }
    }

    // ---- fetching ----

    fn fetch(&mut self) -> Result<(), SyntaxError> {
        self.skip_to_token();
        self.unroll_indent(i32::try_from(self.column()).unwrap_or(i32::MAX));
        let byte = self.byte();
        let first = self.column() == 0;
        match byte {
            0 => return self.stream_end(),
            b'%' if first => return self.directive(),
            b'-' if first && self.at_document_indicator() => {
                return self.document_indicator(Data::DocumentStart);
            }
            b'.' if first && self.at_document_indicator() => {
                return self.document_indicator(Data::DocumentEnd);
            }
            b'[' => return self.flow_start(Data::FlowSequenceStart),
            b'{' => return self.flow_start(Data::FlowMappingStart),
            b']' => return self.flow_end(Data::FlowSequenceEnd),
            b'}' => return self.flow_end(Data::FlowMappingEnd),
            b',' => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                self.indicator(Data::FlowEntry);
                return Ok(());
            }
            b'-' if self.is_blankz(1) => return self.block_entry(),
            b'?' if self.flow_level > 0 || self.is_blankz(1) => return self.key(),
            b':' if self.flow_level > 0 || self.is_blankz(1) => return self.value(),
            _ => {}
        }
        let start = self.mark();
        match byte {
            b'*' | b'&' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                let data = self.scan_anchor()?;
                self.push(data, start);
            }
            b'!' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                let data = self.scan_tag()?;
                self.push(data, start);
            }
            b'|' | b'>' if self.flow_level == 0 => {
                self.remove_key()?;
                self.simple_key_allowed = true;
                let (value, end) = self.scan_block_scalar(byte == b'|')?;
                let data = Data::Scalar { value, plain: false };
                self.tokens.push_back(Token { data, start, end });
            }
            b'\'' | b'"' => {
                self.save_key()?;
                self.simple_key_allowed = false;
                let value = self.scan_quoted(byte == b'\'')?;
                self.push(Data::Scalar { value, plain: false }, start);
            }
            _ if self.may_start_plain(byte) => {
                self.save_key()?;
                self.simple_key_allowed = false;
                let (value, end) = self.scan_plain()?;
                let data = Data::Scalar { value, plain: true };
                self.tokens.push_back(Token { data, start, end });
            }
            _ => return Err(self.error("found character that cannot start any token", start)),
        }
        Ok(())
    }

    fn may_start_plain(&self, byte: u8) -> bool {
        match byte {
            // A dash is followed by something here: a lone one is an entry.
            b'-' => !matches!(self.byte_at(1), b' ' | b'\t'),
            b'?' | b':' => self.flow_level == 0 && !self.is_blankz(1),
            b',' | b'[' | b']' | b'{' | b'}' | b'#' | b'&' | b'*' | b'!' | b'|' | b'>' | b'\'' | b'"'
            | b'%' | b'@' | b'`' => false,
            _ => !self.is_blankz(0),
        }
    }

    fn indicator(&mut self, data: Data<'s>) {
        let start = self.mark();
        self.skip();
        self.push(data, start);
    }

    fn stream_end(&mut self) -> Result<(), SyntaxError> {
        if self.column() != 0 {
            self.line += 1;
            self.line_start = self.at;
            self.wide = 0;
        }
        self.unroll_indent(-1);
        self.remove_key()?;
        self.simple_key_allowed = false;
        let mark = self.mark();
        self.push(Data::StreamEnd, mark);
        self.ended = true;
        Ok(())
    }

    fn directive(&mut self) -> Result<(), SyntaxError> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        let data = self.scan_directive()?;
        self.push(data, start);
        Ok(())
    }

    fn document_indicator(&mut self, data: Data<'s>) -> Result<(), SyntaxError> {
        self.unroll_indent(-1);
        self.remove_key()?;
        self.simple_key_allowed = false;
        let start = self.mark();
        self.skip_ascii(3);
        self.push(data, start);
        Ok(())
    }

    fn flow_start(&mut self, data: Data<'s>) -> Result<(), SyntaxError> {
        self.save_key()?;
        let token = self.taken + self.tokens.len();
        let mark = self.mark();
        self.keys.push(SimpleKey { possible: false, required: false, token, awaited: false, mark });
        self.flow_level += 1;
        if self.flow_level > MAX_DEPTH {
            return Err(self.error(&format!("exceeded max depth of {MAX_DEPTH}"), mark));
        }
        self.simple_key_allowed = true;
        self.indicator(data);
        Ok(())
    }

    fn flow_end(&mut self, data: Data<'s>) -> Result<(), SyntaxError> {
        self.remove_key()?;
        if self.flow_level > 0 {
            self.flow_level -= 1;
            let inner = self.keys.pop().unwrap_or_default();
            if let Some(outer) = self.keys.last_mut().filter(|outer| outer.token == inner.token) {
                outer.awaited = false;
            }
        }
        self.simple_key_allowed = false;
        self.indicator(data);
        Ok(())
    }

    fn block_entry(&mut self) -> Result<(), SyntaxError> {
        if self.flow_level == 0 {
            let mark = self.mark();
            if !self.simple_key_allowed {
                return Err(self.error("block sequence entries are not allowed in this context", mark));
            }
            self.roll_indent(self.column(), None, Data::BlockSequenceStart, mark)?;
        }
        self.remove_key()?;
        self.simple_key_allowed = true;
        self.indicator(Data::BlockEntry);
        Ok(())
    }

    fn key(&mut self) -> Result<(), SyntaxError> {
        if self.flow_level == 0 {
            let mark = self.mark();
            if !self.simple_key_allowed {
                return Err(self.error("mapping keys are not allowed in this context", mark));
            }
            self.roll_indent(self.column(), None, Data::BlockMappingStart, mark)?;
        }
        self.remove_key()?;
        self.simple_key_allowed = self.flow_level == 0;
        self.indicator(Data::Key);
        Ok(())
    }

    fn value(&mut self) -> Result<(), SyntaxError> {
        let level = self.keys.len().saturating_sub(1);
        if self.is_valid(level)? {
            let key = self.keys.get(level).copied().unwrap_or_default();
            self.insert(Some(key.token), Token { data: Data::Key, start: key.mark, end: key.mark });
            let column = key.mark.column as usize;
            self.roll_indent(column, Some(key.token), Data::BlockMappingStart, key.mark)?;
            if let Some(key) = self.keys.get_mut(level) {
                key.possible = false;
            }
            self.simple_key_allowed = false;
        } else {
            if self.flow_level == 0 {
                let mark = self.mark();
                if !self.simple_key_allowed {
                    return Err(self.error("mapping values are not allowed in this context", mark));
                }
                self.roll_indent(self.column(), None, Data::BlockMappingStart, mark)?;
            }
            self.simple_key_allowed = self.flow_level == 0;
        }
        self.indicator(Data::Value);
        Ok(())
    }

    /// Skips spaces, comments and line breaks. Tabs count as space only where no key may start. A byte
    /// order mark inside the text is a letter like others: go-yaml looks for it in the wrong place.
    fn skip_to_token(&mut self) {
        loop {
            while self.byte() == b' '
                || self.byte() == b'\t' && (self.flow_level > 0 || !self.simple_key_allowed)
            {
                self.at += 1;
            }
            if self.byte() == b'#' {
                self.skip_comment();
            }
            if !self.is_break() {
                return;
            }
            self.line_break();
            if self.flow_level == 0 {
                self.simple_key_allowed = true;
            }
        }
    }

    pub(super) fn skip_comment(&mut self) {
        while !self.is_break_or_end() {
            self.skip();
        }
    }
}

/// Length of the character that starts with `byte`.
#[inline]
fn width(byte: u8) -> usize {
    match byte {
        0xF0.. => 4,
        0xE0.. => 3,
        0xC0.. => 2,
        _ => 1,
    }
}

pub(super) fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
