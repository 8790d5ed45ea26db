//! JSON text to nodes, refused where and as `encoding/json` refuses it.

use super::compose::{Composed, Composer};
use super::source::Span;
use super::tree::{Tree, Value};

/// Why a text is not JSON.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct JsonError {
    /// In the words of Go.
    pub(crate) message: String,
    /// One past the offending byte, as Go counts; the length of the text when it ended too early.
    pub(crate) offset: usize,
    /// Whether the text ended inside a value.
    pub(crate) ended: bool,
}

/// One JSON value and where the text after it starts.
#[derive(Debug)]
pub(crate) struct JsonValue {
    pub(crate) composed: Composed,
    pub(crate) start: usize,
    pub(crate) end: usize,
}

/// What is expected next.
#[derive(Clone, Copy, PartialEq)]
enum Expect {
    Value,
    /// After `[`.
    ValueOrEnd,
    /// After `{`.
    KeyOrEnd,
    /// After a comma in an object.
    Key,
    /// After a value in an object or array.
    CommaOrEnd,
}

struct Reader<'s, 't> {
    text: &'s str,
    at: usize,
    composer: Composer<'t>,
    /// Open collections, true for objects.
    open: Vec<bool>,
}

/// Go: the depth at which `encoding/json` gives up.
const MAX_DEPTH: usize = 10_000;

/// Reads the first value of `text` from byte `from` on; `Ok(None)` when only space is left.
pub(crate) fn read(tree: &mut Tree, text: &str, from: usize) -> Result<Option<JsonValue>, JsonError> {
    let mut reader = Reader { text, at: from, composer: Composer::new(tree, text, 0), open: Vec::new() };
    reader.skip_space();
    let start = reader.at;
    if reader.peek().is_none() {
        return Ok(None);
    }
    let mut expect = Expect::Value;
    loop {
        expect = reader.step(expect)?;
        if reader.open.is_empty() {
            let end = reader.at;
            return Ok(Some(JsonValue { composed: reader.composer.finish(), start, end }));
        }
    }
}

/// Refuses anything but space from `from` on.
pub(crate) fn only_space(text: &str, from: usize) -> Result<(), JsonError> {
    let mut tree = Tree::default();
    let mut reader = Reader { text, at: from, composer: Composer::new(&mut tree, text, 0), open: Vec::new() };
    reader.skip_space();
    if reader.peek().is_some() { reader.refuse("after top-level value") } else { Ok(()) }
}

impl Reader<'_, '_> {
    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Go: encoding/json scanner.go scanner.error
    fn refuse<T>(&self, context: &str) -> Result<T, JsonError> {
        match self.peek() {
            Some(byte) => Err(JsonError {
                message: format!("invalid character {} {context}", quote(byte)),
                offset: self.at + 1,
                ended: false,
            }),
            None => {
                // At the end Go lets its scanner see a space, which strings and the gaps between
                // tokens can have, and other tokens cannot.
                let inside = context.starts_with("in ") && context != "in string literal"
                    || context.starts_with("after decimal");
                let message = match inside {
                    true => format!("invalid character ' ' {context}"),
                    false => "unexpected end of JSON input".to_owned(),
                };
                Err(JsonError { message, offset: self.text.len(), ended: true })
            }
        }
    }

    fn step(&mut self, expect: Expect) -> Result<Expect, JsonError> {
        self.skip_space();
        let in_object = self.open.last() == Some(&true);
        match (expect, self.peek()) {
            (Expect::KeyOrEnd, Some(b'}')) | (Expect::ValueOrEnd, Some(b']')) => self.close(),
            (Expect::CommaOrEnd, Some(b'}')) if in_object => self.close(),
            (Expect::CommaOrEnd, Some(b']')) if !in_object => self.close(),
            (Expect::CommaOrEnd, Some(b',')) => {
                self.at += 1;
                return Ok(if in_object { Expect::Key } else { Expect::Value });
            }
            (Expect::CommaOrEnd, _) if in_object => return self.refuse("after object key:value pair"),
            (Expect::CommaOrEnd, _) => return self.refuse("after array element"),
            (Expect::Key | Expect::KeyOrEnd, Some(b'"')) => {
                self.string()?;
                self.skip_space();
                if self.peek() != Some(b':') {
                    return self.refuse("after object key");
                }
                self.at += 1;
                return Ok(Expect::Value);
            }
            (Expect::Key | Expect::KeyOrEnd, _) => {
                return self.refuse("looking for beginning of object key string");
            }
            (Expect::Value | Expect::ValueOrEnd, _) => return self.value(),
        }
        Ok(Expect::CommaOrEnd)
    }

    fn close(&mut self) {
        self.at += 1;
        self.open.pop();
        self.composer.close(Span { start: 0, end: index(self.at) });
    }

    fn value(&mut self) -> Result<Expect, JsonError> {
        let start = self.at;
        match self.peek() {
            Some(byte @ (b'{' | b'[')) => {
                let object = byte == b'{';
                if self.composer.depth() >= MAX_DEPTH {
                    let message = "exceeded max depth".to_owned();
                    return Err(JsonError { message, offset: self.at + 1, ended: false });
                }
                self.at += 1;
                self.open.push(object);
                self.composer.open(None, object, true, Span { start: index(start), end: index(self.at) }, 0);
                return Ok(if object { Expect::KeyOrEnd } else { Expect::ValueOrEnd });
            }
            Some(b'"') => self.string()?,
            Some(b't') => self.literal("true", Value::Bool(true))?,
            Some(b'f') => self.literal("false", Value::Bool(false))?,
            Some(b'n') => self.literal("null", Value::Null)?,
            Some(b'-' | b'0'..=b'9') => self.number()?,
            _ => return self.refuse("looking for beginning of value"),
        }
        Ok(Expect::CommaOrEnd)
    }

    fn push(&mut self, value: Value, start: usize) {
        self.composer.push(value, Span { start: index(start), end: index(self.at) });
    }

    fn literal(&mut self, word: &str, value: Value) -> Result<(), JsonError> {
        let start = self.at;
        for expected in word.chars() {
            if self.peek().map(char::from) != Some(expected) {
                return self.refuse(&format!("in literal {word} (expecting '{expected}')"));
            }
            self.at += 1;
        }
        self.push(value, start);
        Ok(())
    }

    fn digits(&mut self) -> bool {
        let start = self.at;
        while self.peek().is_some_and(|byte| byte.is_ascii_digit()) {
            self.at += 1;
        }
        self.at > start
    }

    fn number(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        if self.peek() == Some(b'0') {
            self.at += 1;
        } else if !self.digits() {
            return self.refuse("in numeric literal");
        }
        let mut whole = true;
        if self.peek() == Some(b'.') {
            whole = false;
            self.at += 1;
            if !self.digits() {
                return self.refuse("after decimal point in numeric literal");
            }
        }
        if matches!(self.peek(), Some(b'e' | b'E')) {
            whole = false;
            self.at += 1;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            if !self.digits() {
                return self.refuse("in exponent of numeric literal");
            }
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        let value = match (whole, text.parse(), text.parse()) {
            (true, Ok(number), _) => Value::Int(number),
            (true, _, Ok(number)) => Value::Uint(number),
            _ => Value::Number { start: index(start), end: index(self.at) },
        };
        self.push(value, start);
        Ok(())
    }

    fn string(&mut self) -> Result<(), JsonError> {
        let start = self.at;
        self.at += 1;
        let mut copied: Option<String> = None;
        let mut from = self.at;
        loop {
            let rest = self.text.as_bytes().get(self.at..).unwrap_or_default();
            let plain = rest.iter().position(|&byte| byte < 0x20 || byte == b'"' || byte == b'\\');
            self.at += plain.unwrap_or(rest.len());
            match self.peek() {
                Some(b'"') => break,
                Some(b'\\') => {
                    let copied = copied.get_or_insert_default();
                    copied.push_str(self.text.get(from..self.at).unwrap_or_default());
                    let unescaped = self.escape()?;
                    copied.push(unescaped);
                    from = self.at;
                }
                _ => return self.refuse("in string literal"),
            }
        }
        let last = self.text.get(from..self.at).unwrap_or_default();
        let value = match copied {
            None => Value::Text { start: index(from), end: index(self.at) },
            Some(copied) => self.composer.tree.copy(&(copied + last)),
        };
        self.at += 1;
        self.push(value, start);
        Ok(())
    }

    /// Go: encoding/json decode.go unquoteBytes: half a surrogate pair is U+FFFD.
    fn escape(&mut self) -> Result<char, JsonError> {
        self.at += 1;
        let unescaped = match self.peek() {
            Some(byte @ (b'"' | b'\\' | b'/')) => char::from(byte),
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                self.at += 1;
                return self.unicode();
            }
            _ => return self.refuse("in string escape code"),
        };
        self.at += 1;
        Ok(unescaped)
    }

    fn hex(&mut self) -> Result<u32, JsonError> {
        let mut code = 0;
        for _ in 0..4 {
            match self.peek().and_then(|byte| char::from(byte).to_digit(16)) {
                Some(digit) => code = code << 4 | digit,
                None => return self.refuse("in \\u hexadecimal character escape"),
            }
            self.at += 1;
        }
        Ok(code)
    }

    fn unicode(&mut self) -> Result<char, JsonError> {
        let code = self.hex()?;
        if let Some(found) = char::from_u32(code) {
            return Ok(found);
        }
        let after = self.at;
        if code < 0xDC00 && self.text.as_bytes().get(after..after + 2) == Some(b"\\u") {
            self.at += 2;
            let low = self.hex()?;
            if (0xDC00..0xE000).contains(&low) {
                let code = 0x1_0000 + ((code - 0xD800) << 10) + (low - 0xDC00);
                return Ok(char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            self.at = after;
        }
        Ok(char::REPLACEMENT_CHARACTER)
    }
}

/// Go: encoding/json scanner.go quoteChar
fn quote(byte: u8) -> String {
    match byte {
        b'\'' => r"'\''".to_owned(),
        b'"' => "'\"'".to_owned(),
        _ => {
            let quoted = super::gosyntax::quote(char::from(byte).encode_utf8(&mut [0; 4]));
            format!("'{}'", quoted.trim_matches('"'))
        }
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
