//! Anchors, tags and directives.
//!
//! go-yaml: scannerc.go (v2)

use super::scan::{Data, Scanner};
use super::{Mark, SyntaxError};
use std::borrow::Cow;

impl<'s> Scanner<'s> {
    fn is_alpha(&self) -> bool {
        matches!(self.byte(), b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'_' | b'-')
    }

    fn word(&mut self) -> &'s str {
        let from = self.at;
        while self.is_alpha() {
            self.skip();
        }
        self.slice(from)
    }

    fn blanks(&mut self) {
        while self.is_blank() {
            self.skip();
        }
    }

    pub(super) fn scan_anchor(&mut self) -> Result<Data<'s>, SyntaxError> {
        let start = self.mark();
        let alias = self.byte() == b'*';
        self.skip();
        let name = self.word();
        let ends =
            self.is_blankz(0) || matches!(self.byte(), b'?' | b':' | b',' | b']' | b'}' | b'%' | b'@' | b'`');
        if name.is_empty() || !ends {
            return Err(self.error("did not find expected alphabetic or numeric character", start));
        }
        Ok(if alias { Data::Alias(name) } else { Data::Anchor(name) })
    }

    pub(super) fn scan_tag(&mut self) -> Result<Data<'s>, SyntaxError> {
        let start = self.mark();
        let (handle, suffix);
        if self.byte_at(1) == b'<' {
            self.skip_ascii(2);
            (handle, suffix) = ("", self.uri(None, start)?);
            if self.byte() != b'>' {
                return Err(self.error("did not find the expected '>'", start));
            }
            self.skip();
        } else {
            let found = self.tag_handle(false, start)?;
            if found.len() > 1 && found.ends_with('!') {
                (handle, suffix) = (found, self.uri(None, start)?);
            } else {
                let rest = self.uri(Some(found), start)?;
                // The tag `!` alone is the suffix, without a handle.
                (handle, suffix) = if rest.is_empty() { ("", Cow::Borrowed("!")) } else { ("!", rest) };
            }
        }
        if !self.is_blankz(0) {
            return Err(self.error("did not find expected whitespace or line break", start));
        }
        Ok(Data::Tag { handle, suffix })
    }

    fn tag_handle(&mut self, directive: bool, start: Mark) -> Result<&'s str, SyntaxError> {
        if self.byte() != b'!' {
            return Err(self.error("did not find expected '!'", start));
        }
        let from = self.at;
        self.skip();
        self.word();
        if self.byte() == b'!' {
            self.skip();
        } else if directive && self.slice(from) != "!" {
            return Err(self.error("did not find expected '!'", start));
        }
        Ok(self.slice(from))
    }

    /// The rest of a tag. Of `head`, already read, the leading `!` does not belong to it.
    fn uri(&mut self, head: Option<&'s str>, start: Mark) -> Result<Cow<'s, str>, SyntaxError> {
        let mut bytes: Vec<u8> = head.and_then(|head| head.get(1..)).unwrap_or_default().into();
        let mut any = head.is_some();
        loop {
            let from = self.at;
            if self.byte() == b'%' {
                self.uri_escape(&mut bytes, start)?;
            } else if self.is_alpha()
                || matches!(
                    self.byte(),
                    b';' | b'/'
                        | b'?'
                        | b':'
                        | b'@'
                        | b'&'
                        | b'='
                        | b'+'
                        | b'$'
                        | b','
                        | b'.'
                        | b'!'
                        | b'~'
                        | b'*'
                        | b'\''
                        | b'('
                        | b')'
                        | b'['
                        | b']'
                )
            {
                self.skip();
                bytes.extend_from_slice(self.slice(from).as_bytes());
            } else {
                break;
            }
            any = true;
        }
        if !any {
            return Err(self.error("did not find expected tag URI", start));
        }
        Ok(Cow::Owned(String::from_utf8_lossy(&bytes).into_owned()))
    }

    fn uri_escape(&mut self, bytes: &mut Vec<u8>, start: Mark) -> Result<(), SyntaxError> {
        let mut left = None;
        while left != Some(0) {
            let digit = |ahead| char::from(self.byte_at(ahead)).to_digit(16);
            let (Some(high), Some(low), b'%') = (digit(1), digit(2), self.byte()) else {
                return Err(self.error("did not find URI escaped octet", start));
            };
            let octet = u8::try_from(high << 4 | low).unwrap_or(u8::MAX);
            left = Some(match (left, octet) {
                (None, 0x00..=0x7f) => 0,
                (None, 0xc0..=0xdf) => 1,
                (None, 0xe0..=0xef) => 2,
                (None, 0xf0..=0xf7) => 3,
                (None, _) => return Err(self.error("found an incorrect leading UTF-8 octet", start)),
                (Some(left), 0x80..=0xbf) => left - 1,
                (Some(_), _) => return Err(self.error("found an incorrect trailing UTF-8 octet", start)),
            });
            bytes.push(octet);
            self.skip_ascii(3);
        }
        Ok(())
    }

    pub(super) fn scan_directive(&mut self) -> Result<Data<'s>, SyntaxError> {
        let start = self.mark();
        self.skip();
        let name = self.word();
        if name.is_empty() {
            return Err(self.error("could not find expected directive name", start));
        }
        if !self.is_blankz(0) {
            return Err(self.error("found unexpected non-alphabetical character", start));
        }
        let data = match name {
            "YAML" => {
                self.blanks();
                let major = self.version_number(start)?;
                if self.byte() != b'.' {
                    return Err(self.error("did not find expected digit or '.' character", start));
                }
                self.skip();
                Data::Version(major, self.version_number(start)?)
            }
            "TAG" => {
                self.blanks();
                let handle = self.tag_handle(true, start)?;
                if !self.is_blank() {
                    return Err(self.error("did not find expected whitespace", start));
                }
                self.blanks();
                let prefix = self.uri(None, start)?;
                if !self.is_blankz(0) {
                    return Err(self.error("did not find expected whitespace or line break", start));
                }
                Data::TagPrefix { handle, prefix }
            }
            _ => return Err(self.error("found unknown directive name", start)),
        };
        self.blanks();
        if self.byte() == b'#' {
            self.skip_comment();
        }
        if !self.is_break_or_end() {
            return Err(self.error("did not find expected comment or line break", start));
        }
        self.line_break();
        Ok(data)
    }

    fn version_number(&mut self, start: Mark) -> Result<u8, SyntaxError> {
        let (mut number, mut length) = (0, 0);
        while self.byte().is_ascii_digit() {
            length += 1;
            if length > 2 {
                return Err(self.error("found extremely long version number", start));
            }
            number = number * 10 + (self.byte() - b'0');
            self.skip();
        }
        if length == 0 {
            return Err(self.error("did not find expected version number", start));
        }
        Ok(number)
    }
}
