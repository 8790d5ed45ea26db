//! Numbers as Go reads and writes them.

/// The value of a float that is whole and in range, as `encoding/json` sees it once the float has
/// been written as JSON.
pub(crate) fn float_as_i64(number: f64) -> Option<i64> {
    #[expect(clippy::cast_possible_truncation, reason = "whole and within i64 by the line above it")]
    // Floats of 1e21 and more are written with an exponent, which no integer field accepts.
    (number.fract() == 0.0 && number.abs() < 9.2e18).then_some(number as i64)
}

/// Go: `strconv.ParseInt(text, 0, 64)`, then `ParseUint`. `None` when neither accepts the text.
pub(crate) enum Whole {
    Int(i64),
    Uint(u64),
}

/// An integer with optional sign and the prefixes `0x`, `0o`, `0b` and `0`.
///
/// go-yaml: resolve.go resolve
pub(crate) fn parse_whole(text: &str) -> Option<Whole> {
    let (negative, signed, digits) = match text.as_bytes().first()? {
        b'-' => (true, true, text.get(1..)?),
        b'+' => (false, true, text.get(1..)?),
        _ => (false, false, text),
    };
    let magnitude = parse_magnitude(digits)?;
    if negative {
        return 0_i64.checked_sub_unsigned(magnitude).map(Whole::Int);
    }
    match i64::try_from(magnitude) {
        Ok(number) => Some(Whole::Int(number)),
        // ParseUint takes no sign.
        Err(_) if signed => None,
        Err(_) => Some(Whole::Uint(magnitude)),
    }
}

fn parse_magnitude(digits: &str) -> Option<u64> {
    let prefix = digits.get(..2).map(str::to_ascii_lowercase);
    let (radix, digits) = match (prefix.as_deref(), digits.as_bytes().first()?) {
        (Some("0x"), _) => (16, digits.get(2..)?),
        (Some("0o"), _) => (8, digits.get(2..)?),
        (Some("0b"), _) => (2, digits.get(2..)?),
        (Some(_), b'0') => (8, digits.get(1..)?),
        _ => (10, digits),
    };
    // from_str_radix would take a second sign.
    digits.bytes().all(|b| b.is_ascii_alphanumeric()).then(|| u64::from_str_radix(digits, radix).ok())?
}

/// go-yaml: resolve.go `yamlStyleFloat`, then `strconv.ParseFloat`, which refuses what overflows.
pub(crate) fn parse_float(text: &str) -> Option<f64> {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'-' | b'+')));
    let digits = |at: &mut usize| {
        let from = *at;
        while bytes.get(*at).is_some_and(u8::is_ascii_digit) {
            *at += 1;
        }
        *at - from
    };
    let whole = digits(&mut at);
    if bytes.get(at) == Some(&b'.') {
        at += 1;
        if digits(&mut at) == 0 && whole == 0 {
            return None;
        }
    } else if whole == 0 {
        return None;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E')) {
        at += 1;
        at += usize::from(matches!(bytes.get(at), Some(b'-' | b'+')));
        if digits(&mut at) == 0 {
            return None;
        }
    }
    if at != bytes.len() {
        return None;
    }
    text.parse().ok().filter(|number: &f64| number.is_finite())
}

/// A float as the key of a map.
///
/// sigs.k8s.io/yaml: yaml.go convertToJSONableObject, `strconv.FormatFloat(key, 'g', -1, 32)`
pub(crate) fn key_of_float(number: f64) -> String {
    #[expect(clippy::cast_possible_truncation, reason = "Go rounds to 32 bits as well")]
    let number = number as f32;
    if number.is_nan() {
        return ".nan".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { ".inf" } else { "-.inf" }.to_owned();
    }
    let (negative, digits, exponent) = shortest(&format!("{number:e}"));
    // Go: %g with the shortest precision uses an exponent below -4 and from 6 on.
    format_go(negative, &digits, exponent, !(-4..6).contains(&exponent))
}

/// A float as `%v` of Go's `fmt` writes it.
pub(crate) fn float_in_go(number: f64) -> String {
    if number.is_nan() {
        return "NaN".to_owned();
    }
    if number.is_infinite() {
        return if number > 0.0 { "+Inf" } else { "-Inf" }.to_owned();
    }
    let (negative, digits, exponent) = shortest(&format!("{number:e}"));
    format_go(negative, &digits, exponent, !(-4..6).contains(&exponent))
}

/// A float as `encoding/json` writes it.
pub(crate) fn json_of_float(number: f64) -> String {
    if number == 0.0 {
        return if number.is_sign_negative() { "-0" } else { "0" }.to_owned();
    }
    let (negative, digits, exponent) = shortest(&format!("{number:e}"));
    let scientific = number.abs() < 1e-6 || number.abs() >= 1e21;
    let text = format_go(negative, &digits, exponent, scientific);
    // encoding/json: e-09 becomes e-9.
    match text.split_once("e-0") {
        Some((mantissa, exponent)) => format!("{mantissa}e-{exponent}"),
        None => text,
    }
}

/// Sign, digits and exponent of the shortest text that reads back as the number.
fn shortest(scientific: &str) -> (bool, String, i32) {
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((scientific, "0"));
    let digits = mantissa.chars().filter(char::is_ascii_digit).collect();
    (mantissa.starts_with('-'), digits, exponent.parse().unwrap_or(0))
}

fn format_go(negative: bool, digits: &str, exponent: i32, scientific: bool) -> String {
    let sign = if negative { "-" } else { "" };
    let (first, rest) = digits.split_at_checked(1).unwrap_or((digits, ""));
    if scientific {
        let point = if rest.is_empty() { "" } else { "." };
        let (minus, exponent) = if exponent < 0 { ('-', -exponent) } else { ('+', exponent) };
        return format!("{sign}{first}{point}{rest}e{minus}{exponent:02}");
    }
    let Ok(whole) = usize::try_from(exponent) else {
        let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
        return format!("{sign}0.{zeros}{digits}");
    };
    match digits.split_at_checked(whole + 1) {
        Some((whole, "")) => format!("{sign}{whole}"),
        Some((whole, fraction)) => format!("{sign}{whole}.{fraction}"),
        None => format!("{sign}{digits}{}", "0".repeat(whole + 1 - digits.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn floats_as_json() {
        assert_eq!(json_of_float(374_004_100_000.0), "374004100000");
        assert_eq!(json_of_float(80.5), "80.5");
        assert_eq!(json_of_float(1e21), "1e+21");
        assert_eq!(json_of_float(1e-7), "1e-7");
        assert_eq!(json_of_float(1.5e-10), "1.5e-10");
        assert_eq!(json_of_float(0.001), "0.001");
        assert_eq!(json_of_float(18_446_744_073_709_551_616.0), "18446744073709552000");
    }

    #[test]
    fn floats_as_keys() {
        assert_eq!(key_of_float(1.0), "1");
        assert_eq!(key_of_float(0.1), "0.1");
        assert_eq!(key_of_float(1e6), "1e+06");
        assert_eq!(key_of_float(123_456.0), "123456");
        assert_eq!(key_of_float(123_456_789.0), "1.2345679e+08");
        assert_eq!(key_of_float(f64::NEG_INFINITY), "-.inf");
    }
}
