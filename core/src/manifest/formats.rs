//! Values that Go types of their own decode: quantities, times, and numbers as text.

use super::gosyntax::quote;
use super::tree::{Node, Value};

/// The number as it stands in the JSON that is decoded.
pub(crate) fn number(node: Node<'_>) -> String {
    match node.value() {
        Value::Int(number) => number.to_string(),
        Value::Uint(number) => number.to_string(),
        Value::Float(number) => super::number::json_of_float(number),
        _ => node.number_text().unwrap_or_default().to_owned(),
    }
}

const FORMAT_WRONG: &str =
    "quantities must match the regular expression '^([+-]?[0-9.]+)([eEinumkKMGTP]*[-+]?[0-9]*)$'";

/// k8s: apimachinery pkg/api/resource/quantity.go Quantity.UnmarshalJSON
pub(crate) fn quantity(node: Node<'_>) -> Result<(), &'static str> {
    let text = match node.value() {
        Value::Bool(_) | Value::Sequence { .. } | Value::Mapping { .. } => return Err(FORMAT_WRONG),
        Value::Text { .. } | Value::Copied { .. } => node.as_str().unwrap_or_default().to_owned(),
        _ => number(node),
    };
    parse_quantity(text.trim())
}

fn parse_quantity(text: &str) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err(FORMAT_WRONG);
    }
    let digits = |text: &str| text.bytes().take_while(u8::is_ascii_digit).count();
    let rest = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, rest) = rest.split_at(digits(rest));
    let fraction = rest.strip_prefix('.').unwrap_or(rest);
    let (decimals, suffix) =
        fraction.split_at(if fraction.len() < rest.len() { digits(fraction) } else { 0 });
    let letters = suffix.bytes().take_while(|byte| b"eEinumkKMGTP".contains(byte)).count();
    let tail = suffix.get(letters..).unwrap_or_default();
    let exponent = tail.strip_prefix(['+', '-']).unwrap_or(tail);
    if digits(exponent) != exponent.len() {
        return Err(FORMAT_WRONG);
    }
    let known = match suffix {
        "" | "n" | "u" | "m" | "k" | "M" | "G" | "T" | "P" | "E" | "Ki" | "Mi" | "Gi" | "Ti" | "Pi"
        | "Ei" => true,
        _ => suffix.strip_prefix(['e', 'E']).is_some_and(|exponent| exponent.parse::<i64>().is_ok()),
    };
    if !known {
        return Err("unable to parse quantity's suffix");
    }
    if whole.is_empty() && decimals.is_empty() {
        return Err("unable to parse numeric part of quantity");
    }
    Ok(())
}

/// k8s: apimachinery pkg/apis/meta/v1/time.go Time.UnmarshalJSON; Go: time.Parse
pub(crate) fn time(text: &str, micro: bool) -> Result<(), String> {
    let layout = if micro { "2006-01-02T15:04:05.000000Z07:00" } else { "2006-01-02T15:04:05Z07:00" };
    let refuse = |rest: &str, element: &str| {
        let (text, layout) = (quote(text), quote(layout));
        Err(format!("parsing time {text} as {layout}: cannot parse {} as {}", quote(rest), quote(element)))
    };
    let out_of_range = |what: &str| Err(format!("parsing time {}: {what} out of range", quote(text)));
    let mut rest = text;
    let mut numbers = Vec::new();
    for (element, length, literal) in
        [("2006", 4, "-"), ("01", 2, "-"), ("02", 2, "T"), ("15", 2, ":"), ("04", 2, ":"), ("05", 2, "")]
    {
        let digits = rest.get(..length).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
        let Some(number) = digits.and_then(|digits| digits.parse::<u32>().ok()) else {
            return refuse(rest, element);
        };
        rest = rest.get(length..).unwrap_or_default();
        let range = match element {
            "01" if !(1..=12).contains(&number) => Some("month"),
            "15" if number > 23 => Some("hour"),
            "04" if number > 59 => Some("minute"),
            "05" if number > 59 => Some("second"),
            _ => None,
        };
        if let Some(what) = range {
            return out_of_range(what);
        }
        numbers.push(number);
        match rest.strip_prefix(literal) {
            Some(after) => rest = after,
            None => return refuse(rest, literal),
        }
    }
    if let Some(fraction) = rest.strip_prefix(['.', ',']) {
        let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
        if digits > 0 && !micro || micro && digits >= 6 {
            rest = fraction.get(digits..).unwrap_or_default();
        }
    } else if micro {
        return refuse(rest, ".000000");
    }
    let zone = match rest.as_bytes() {
        [b'Z', ..] => 1,
        [b'+' | b'-', a, b, b':', c, d, ..] if [a, b, c, d].iter().all(|byte| byte.is_ascii_digit()) => 6,
        _ => return refuse(rest, "Z07:00"),
    };
    let after = rest.get(zone..).unwrap_or_default();
    if !after.is_empty() {
        return Err(format!("parsing time {}: extra text: {}", quote(text), quote(after)));
    }
    let &[year, month, day, ..] = numbers.as_slice() else { return Ok(()) };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let days = match month {
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => 31,
    };
    if !(1..=days).contains(&day) {
        return out_of_range("day");
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantities() {
        for good in ["100m", "1.5Gi", "0", "1e3", "+.5", "1E-2", "5E"] {
            assert_eq!(parse_quantity(good), Ok(()), "{good}");
        }
        assert_eq!(parse_quantity("lots"), Err(FORMAT_WRONG));
        assert_eq!(parse_quantity("1GB"), Err(FORMAT_WRONG));
        assert_eq!(parse_quantity("1Gii"), Err("unable to parse quantity's suffix"));
        assert_eq!(parse_quantity("m"), Err("unable to parse numeric part of quantity"));
    }

    #[test]
    fn times() {
        assert_eq!(time("2026-01-02T03:04:05Z", false), Ok(()));
        assert_eq!(time("2026-01-02T03:04:05.123+02:00", false), Ok(()));
        let refused = time("yesterday", false).unwrap_err();
        assert_eq!(
            refused,
            r#"parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006""#
        );
        assert_eq!(
            time("2026-02-30T00:00:00Z", false).unwrap_err(),
            r#"parsing time "2026-02-30T00:00:00Z": day out of range"#
        );
    }
}
