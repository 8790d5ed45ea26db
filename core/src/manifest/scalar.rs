//! Which value a YAML scalar has, judged as go-yaml v2 judges it.

use super::number::{Whole, parse_float, parse_whole};

/// A resolved scalar; a string stands for itself.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Resolved {
    Null,
    Bool(bool),
    Int(i64),
    Uint(u64),
    Float(f64),
    Timestamp,
    String,
}

impl Resolved {
    /// The short tag, as error texts name it.
    pub(crate) fn tag(self) -> &'static str {
        match self {
            Self::Null => "!!null",
            Self::Bool(_) => "!!bool",
            Self::Int(_) | Self::Uint(_) => "!!int",
            Self::Float(_) => "!!float",
            Self::Timestamp => "!!timestamp",
            Self::String => "!!str",
        }
    }
}

/// The value of a plain scalar. `timestamps`: whether a date may be taken as one.
///
/// go-yaml: resolve.go resolve (v2)
pub(crate) fn resolve_plain(text: &str, timestamps: bool) -> Resolved {
    let Some(&first) = text.as_bytes().first() else { return Resolved::Null };
    match first {
        b'y' | b'Y' | b'n' | b'N' | b't' | b'T' | b'f' | b'F' | b'o' | b'O' | b'~' => word(text),
        b'.' => match word(text) {
            Resolved::String => dotted_float(text).map_or(Resolved::String, Resolved::Float),
            found => found,
        },
        b'0'..=b'9' | b'+' | b'-' => match word(text) {
            Resolved::String if timestamps && is_timestamp(text) => Resolved::Timestamp,
            Resolved::String => digits(text),
            found => found,
        },
        // go-yaml finds `<<` only through its map, under no hint of the first byte: as a value it
        // is a string.
        _ => Resolved::String,
    }
}

fn word(text: &str) -> Resolved {
    match text {
        "y" | "Y" | "yes" | "Yes" | "YES" | "true" | "True" | "TRUE" | "on" | "On" | "ON" => {
            Resolved::Bool(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "false" | "False" | "FALSE" | "off" | "Off" | "OFF" => {
            Resolved::Bool(false)
        }
        "~" | "null" | "Null" | "NULL" => Resolved::Null,
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => Resolved::String,
    }
}

fn digits(text: &str) -> Resolved {
    let without;
    let plain = if text.contains('_') {
        without = text.replace('_', "");
        &without
    } else {
        text
    };
    match parse_whole(plain) {
        Some(Whole::Int(number)) => Resolved::Int(number),
        Some(Whole::Uint(number)) => Resolved::Uint(number),
        None => parse_float(plain).map_or_else(|| signed_binary(plain), Resolved::Float),
    }
}

/// `0b-11`: go-yaml parses what follows `0b` once more, sign and all.
fn signed_binary(text: &str) -> Resolved {
    text.strip_prefix("0b")
        .filter(|digits| digits.starts_with(['-', '+']))
        .and_then(|digits| i64::from_str_radix(digits, 2).ok())
        .map_or(Resolved::String, Resolved::Int)
}

/// A scalar that starts with a dot goes straight to `strconv.ParseFloat`, which takes underscores
/// between digits.
fn dotted_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let misplaced = bytes.iter().enumerate().any(|(at, &byte)| {
        let digit = |at: Option<usize>| at.and_then(|at| bytes.get(at)).is_some_and(u8::is_ascii_digit);
        byte == b'_' && !(digit(at.checked_sub(1)) && digit(at.checked_add(1)))
    });
    if misplaced { None } else { parse_float(&text.replace('_', "")) }
}

/// go-yaml: resolve.go parseTimestamp. Only the shapes matter: the value stays text.
fn is_timestamp(text: &str) -> bool {
    let mut parts = text.splitn(3, '-');
    let (Some(year), Some(month), Some(rest)) = (parts.next(), parts.next(), parts.next()) else {
        return false;
    };
    let number = |text: &str, longest: usize| {
        (!text.is_empty() && text.len() <= longest && text.bytes().all(|b| b.is_ascii_digit()))
            .then(|| text.parse::<u32>().ok())
            .flatten()
    };
    if year.len() != 4 || number(year, 4).is_none() {
        return false;
    }
    let split = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
    let (day, time) = rest.split_at(split);
    let (Some(year), Some(month), Some(day)) = (number(year, 4), number(month, 2), number(day, 2)) else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        1..=12 => 31,
        _ => return false,
    };
    (1..=days).contains(&day) && (time.is_empty() || is_clock(time))
}

fn is_clock(text: &str) -> bool {
    let (zoned, text) = match text.split_at_checked(1) {
        Some(("T" | "t", rest)) => (true, rest),
        Some((" ", rest)) => (false, rest),
        _ => return false,
    };
    let (clock, zone) = match text.find(['Z', '+', '-']) {
        Some(at) if zoned => text.split_at(at),
        None if !zoned => (text, ""),
        _ => return false,
    };
    let zone_is_good = match zone.as_bytes() {
        [] | [b'Z'] => true,
        [b'+' | b'-', a, b, b':', c, d] => [a, b, c, d].iter().all(|digit| digit.is_ascii_digit()),
        _ => false,
    };
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, "0"));
    let mut fields = clock.split(':');
    let mut field = |limit: u32| {
        fields.next().is_some_and(|text| {
            (1..=2).contains(&text.len())
                && text.bytes().all(|b| b.is_ascii_digit())
                && text.parse::<u32>().is_ok_and(|number| number < limit)
        })
    };
    zone_is_good
        && field(24)
        && field(60)
        && field(60)
        && fields.next().is_none()
        && !fraction.is_empty()
        && fraction.bytes().all(|b| b.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Resolved) {
        assert_eq!(resolve_plain(text, true), expected, "{text}");
    }

    #[test]
    fn yaml_1_1_words() {
        check("yes", Resolved::Bool(true));
        check("n", Resolved::Bool(false));
        check("yEs", Resolved::String);
        check("", Resolved::Null);
        check("nULL", Resolved::String);
        check("-.INF", Resolved::Float(f64::NEG_INFINITY));
    }

    #[test]
    fn numbers() {
        check("010", Resolved::Int(8));
        check("0o17", Resolved::Int(15));
        check("0x50", Resolved::Int(80));
        check("0b11", Resolved::Int(3));
        check("-0b11", Resolved::Int(-3));
        check("08", Resolved::Float(8.0));
        check("1_000", Resolved::Int(1000));
        check("+5", Resolved::Int(5));
        check("+-5", Resolved::String);
        check("9223372036854775808", Resolved::Uint(9_223_372_036_854_775_808));
        check("18446744073709551616", Resolved::Float(18_446_744_073_709_551_616.0));
        check("-9223372036854775808", Resolved::Int(i64::MIN));
        check("46e5920673", Resolved::String);
        check("1e3", Resolved::Float(1000.0));
        check("1.", Resolved::Float(1.0));
        check(".5", Resolved::Float(0.5));
        check(".5_0", Resolved::Float(0.5));
        check("._5", Resolved::String);
        check(".", Resolved::String);
        check("-", Resolved::String);
        check("1:30", Resolved::String);
    }

    #[test]
    fn dates() {
        check("2024-01-01", Resolved::Timestamp);
        check("2024-02-30", Resolved::String);
        check("2024-1-1T2:3:4Z", Resolved::Timestamp);
        check("2024-1-1 2:3:4.5", Resolved::Timestamp);
        check("2024-1-1 2:3", Resolved::String);
    }
}
