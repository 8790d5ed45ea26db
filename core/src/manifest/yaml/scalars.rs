//! Plain, quoted and block scalars.
//!
//! go-yaml: scannerc.go (v2)

use super::scan::Scanner;
use super::{Mark, SyntaxError};
use std::borrow::Cow;

/// What a scalar means once its lines are folded.
#[derive(Default)]
struct Folding {
    text: String,
    /// The first line break of a run of them, and the others.
    first: &'static str,
    others: String,
}

impl Folding {
    /// Takes a line break.
    fn line_break(&mut self, leading: bool, line_break: &'static str) {
        if leading {
            self.others.push_str(line_break);
        } else {
            self.first = line_break;
        }
    }

    /// Joins the lines: one break is a space, of more the first one is dropped.
    fn join(&mut self) {
        if self.first == "\n" {
            if self.others.is_empty() {
                self.text.push(' ');
            }
        } else {
            self.text.push_str(self.first);
        }
        self.text.push_str(&self.others);
        self.first = "";
        self.others.clear();
    }
}

impl<'s> Scanner<'s> {
    /// A plain scalar and where it ends.
    pub(super) fn scan_plain(&mut self) -> Result<(Cow<'s, str>, Mark), SyntaxError> {
        let start = self.mark();
        let indent = usize::try_from(self.indent + 1).unwrap_or(0);
        let mut end = start;
        // Text of the lines before the current one, when there are any.
        let mut folded: Option<Folding> = None;
        let mut line_from = self.at;
        let mut leading_blanks = false;
        loop {
            if self.byte() == b'#' || self.at_document_indicator() {
                break;
            }
            let from = self.at;
            self.plain_run();
            if self.at > from {
                if leading_blanks {
                    if let Some(folded) = &mut folded {
                        folded.join();
                    }
                    line_from = from;
                    leading_blanks = false;
                }
                end = self.mark();
            }
            if !self.is_blank() && !self.is_break() {
                break;
            }
            loop {
                if self.is_blank() {
                    if leading_blanks && self.column() < indent && self.byte() == b'\t' {
                        let problem = "found a tab character that violates indentation";
                        return Err(self.error(problem, start));
                    }
                    self.at += 1;
                } else if self.is_break() {
                    let folding = folded.get_or_insert_default();
                    if !leading_blanks {
                        let line = self.text.get(line_from..end.at as usize).unwrap_or_default();
                        folding.text.push_str(line);
                        line_from = end.at as usize;
                    }
                    let line_break = self.line_break();
                    folding.line_break(leading_blanks, line_break);
                    leading_blanks = true;
                } else {
                    break;
                }
            }
            if self.flow_level == 0 && self.column() < indent {
                break;
            }
        }
        if leading_blanks {
            self.simple_key_allowed = true;
        }
        let last = self.text.get(line_from..end.at as usize).unwrap_or_default();
        let value = match folded {
            // A break after the only line folds nothing.
            Some(folding) if line_from > start.at as usize => {
                let mut text = folding.text;
                text.push_str(last);
                Cow::Owned(text)
            }
            _ => Cow::Borrowed(self.text.get(start.at as usize..end.at as usize).unwrap_or_default()),
        };
        Ok((value, end))
    }

    /// Passes over characters that neither end a plain scalar nor are blank.
    fn plain_run(&mut self) {
        loop {
            match self.byte() {
                0 | b' ' | b'\t' | b'\n' | b'\r' => return,
                b':' => {
                    if self.is_blankz(1) {
                        return;
                    }
                    self.at += 1;
                }
                b',' | b'?' | b'[' | b']' | b'{' | b'}' => {
                    if self.flow_level > 0 {
                        return;
                    }
                    self.at += 1;
                }
                0x80.. => {
                    if self.is_break() {
                        return;
                    }
                    self.skip();
                }
                _ => self.at += 1,
            }
        }
    }

    /// A scalar in single or double quotes.
    pub(super) fn scan_quoted(&mut self, single: bool) -> Result<Cow<'s, str>, SyntaxError> {
        let start = self.mark();
        self.skip();
        let first = self.at;
        let quote = if single { b'\'' } else { b'"' };
        let mut folding: Option<Folding> = None;
        // Start of the text that is not yet in `folding`.
        let mut from = first;
        loop {
            if self.at_document_indicator() {
                return Err(self.error("found unexpected document indicator", start));
            }
            if self.is_end() {
                return Err(self.error("found unexpected end of stream", start));
            }
            let mut leading_blanks = false;
            loop {
                let byte = self.byte();
                if matches!(byte, b' ' | b'\t' | 0) || self.is_break() {
                    break;
                }
                if single && byte == b'\'' && self.byte_at(1) == b'\'' {
                    self.skip_ascii(1);
                    self.keep(&mut folding, from);
                    self.skip_ascii(1);
                    from = self.at;
                } else if byte == quote {
                    break;
                } else if !single && byte == b'\\' {
                    self.keep(&mut folding, from);
                    if self.break_at(1) > 0 {
                        self.skip();
                        self.line_break();
                        leading_blanks = true;
                        from = self.at;
                        break;
                    }
                    let escaped = self.escape(start)?;
                    folding.get_or_insert_default().text.push(escaped);
                    from = self.at;
                } else {
                    self.skip();
                }
            }
            if self.byte() == quote {
                break;
            }
            let blanks_from = self.at;
            while self.is_blank() || self.is_break() {
                if self.is_blank() {
                    self.skip();
                } else {
                    if !leading_blanks {
                        let text = self.text.get(from..blanks_from).unwrap_or_default();
                        folding.get_or_insert_default().text.push_str(text);
                    }
                    let line_break = self.line_break();
                    folding.get_or_insert_default().line_break(leading_blanks, line_break);
                    leading_blanks = true;
                }
            }
            if leading_blanks {
                let folding = folding.get_or_insert_default();
                folding.join_quoted();
                from = self.at;
            }
        }
        let value = match folding {
            None => Cow::Borrowed(self.slice(first)),
            Some(mut folding) => {
                folding.text.push_str(self.slice(from));
                Cow::Owned(folding.text)
            }
        };
        self.skip();
        Ok(value)
    }

    fn keep(&self, folding: &mut Option<Folding>, from: usize) {
        folding.get_or_insert_default().text.push_str(self.slice(from));
    }

    fn escape(&mut self, start: Mark) -> Result<char, SyntaxError> {
        let (character, digits) = match self.byte_at(1) {
            b'0' => ('\0', 0),
            b'a' => ('\u{7}', 0),
            b'b' => ('\u{8}', 0),
            b't' | b'\t' => ('\t', 0),
            b'n' => ('\n', 0),
            b'v' => ('\u{b}', 0),
            b'f' => ('\u{c}', 0),
            b'r' => ('\r', 0),
            b'e' => ('\u{1b}', 0),
            byte @ (b' ' | b'"' | b'\'' | b'\\') => (char::from(byte), 0),
            b'N' => ('\u{85}', 0),
            b'_' => ('\u{a0}', 0),
            b'L' => ('\u{2028}', 0),
            b'P' => ('\u{2029}', 0),
            b'x' => ('\0', 2),
            b'u' => ('\0', 4),
            b'U' => ('\0', 8),
            _ => return Err(self.error("found unknown escape character", start)),
        };
        self.skip_ascii(2);
        if digits == 0 {
            return Ok(character);
        }
        let mut code = 0_u64;
        for ahead in 0..digits {
            match char::from(self.byte_at(ahead)).to_digit(16) {
                Some(digit) => code = code << 4 | u64::from(digit),
                None => return Err(self.error("did not find expected hexdecimal number", start)),
            }
        }
        let Some(character) = u32::try_from(code).ok().and_then(char::from_u32) else {
            return Err(self.error("found invalid Unicode character escape code", start));
        };
        self.skip_ascii(digits);
        Ok(character)
    }

    /// A block scalar and where it ends.
    pub(super) fn scan_block_scalar(&mut self, literal: bool) -> Result<(Cow<'s, str>, Mark), SyntaxError> {
        let start = self.mark();
        self.skip();
        let (keep, increment) = self.block_header(start)?;
        let mut end = self.mark();
        let mut indent = match increment {
            0 => 0,
            increment => usize::try_from(self.indent.max(0)).unwrap_or(0) + increment,
        };
        let mut text = String::new();
        let mut leading_break = "";
        let mut trailing = String::new();
        let mut leading_blank = false;
        self.block_breaks(&mut indent, &mut trailing, start, &mut end)?;
        while self.column() == indent && !self.is_end() {
            let trailing_blank = self.is_blank();
            if !literal && !leading_blank && !trailing_blank && leading_break == "\n" {
                if trailing.is_empty() {
                    text.push(' ');
                }
            } else {
                text.push_str(leading_break);
            }
            text.push_str(&trailing);
            trailing.clear();
            leading_blank = self.is_blank();
            let from = self.at;
            self.skip_comment();
            text.push_str(self.slice(from));
            leading_break = self.line_break();
            self.block_breaks(&mut indent, &mut trailing, start, &mut end)?;
        }
        if keep != Some(false) {
            text.push_str(leading_break);
        }
        if keep == Some(true) {
            text.push_str(&trailing);
        }
        Ok((Cow::Owned(text), end))
    }

    /// The indicators after `|` or `>`: whether to keep the last line breaks, and the indentation.
    fn block_header(&mut self, start: Mark) -> Result<(Option<bool>, usize), SyntaxError> {
        let (mut keep, mut increment) = (None, 0);
        for _ in 0..2 {
            match self.byte() {
                byte @ (b'+' | b'-') if keep.is_none() => keep = Some(byte == b'+'),
                b'0' if increment == 0 => {
                    return Err(self.error("found an indentation indicator equal to 0", start));
                }
                byte @ b'1'..=b'9' if increment == 0 => increment = usize::from(byte - b'0'),
                _ => break,
            }
            self.skip();
        }
        while self.is_blank() {
            self.skip();
        }
        if self.byte() == b'#' {
            self.skip_comment();
        }
        if !self.is_break_or_end() {
            return Err(self.error("did not find expected comment or line break", start));
        }
        self.line_break();
        Ok((keep, increment))
    }

    fn block_breaks(
        &mut self,
        indent: &mut usize,
        breaks: &mut String,
        start: Mark,
        end: &mut Mark,
    ) -> Result<(), SyntaxError> {
        *end = self.mark();
        let mut deepest = 0;
        loop {
            while (*indent == 0 || self.column() < *indent) && self.byte() == b' ' {
                self.at += 1;
            }
            deepest = deepest.max(self.column());
            if (*indent == 0 || self.column() < *indent) && self.byte() == b'\t' {
                let problem = "found a tab character where an indentation space is expected";
                return Err(self.error(problem, start));
            }
            if !self.is_break() {
                break;
            }
            breaks.push_str(self.line_break());
            *end = self.mark();
        }
        if *indent == 0 {
            *indent = deepest.max(usize::try_from(self.indent + 1).unwrap_or(0)).max(1);
        }
        Ok(())
    }
}

impl Folding {
    /// As [`join`](Self::join), where an escaped line break may have left none to fold.
    fn join_quoted(&mut self) {
        if self.first.is_empty() {
            self.text.push_str(&self.others);
            self.others.clear();
        } else {
            self.join();
        }
    }
}
