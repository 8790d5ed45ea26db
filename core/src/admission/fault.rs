//! Faults in the words of the API server.

use crate::manifest::Severity;

/// Which rules of validation are in force; what versions change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gates {
    /// Values of `spec.trafficDistribution`, sorted.
    pub traffic_distributions: &'static [&'static str],
    /// Service names may start with a digit (RelaxedServiceNameValidation).
    pub relaxed_service_names: bool,
    /// Addresses with leading zeros, mapped addresses and blocks with host bits are refused
    /// (StrictIPCIDRValidation).
    pub strict_ips: bool,
    /// Rules of custom resources that fail print simple values and nothing for others, instead of types.
    pub rules_show_values: bool,
}

/// One thing wrong with an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Errors refuse the object.
    pub severity: Severity,
    /// Stable code, `admission/invalid`.
    pub code: &'static str,
    /// Field path, as the API server prints it.
    pub field: String,
    /// What follows the path: `Invalid value: 80: provided port is not in the valid range …`.
    pub message: String,
    /// What to do, where that is known.
    pub help: Option<String>,
}

impl Fault {
    fn error(code: &'static str, field: impl Into<String>, message: String) -> Self {
        Self { severity: Severity::Error, code, field: field.into(), message, help: None }
    }

    /// The object is accepted, with this warning.
    pub fn warning(code: &'static str, field: impl Into<String>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { severity: Severity::Warning, code, field: field.into(), message, help: None }
    }

    /// The same fault with advice.
    pub fn with_help(self, help: impl Into<String>) -> Self {
        Self { help: Some(help.into()), ..self }
    }

    /// k8s: apimachinery pkg/util/validation/field/errors.go Required
    pub fn required(field: impl Into<String>, detail: &str) -> Self {
        Self::error("admission/required", field, with_detail("Required value", detail))
    }

    /// k8s: errors.go Invalid
    pub fn invalid(field: impl Into<String>, value: impl Into<Shown>, detail: &str) -> Self {
        let Shown(value) = value.into();
        Self::error("admission/invalid", field, with_detail(&format!("Invalid value: {value}"), detail))
    }

    /// k8s: errors.go Invalid with OmitValueType
    pub fn invalid_unshown(field: impl Into<String>, detail: &str) -> Self {
        Self::error("admission/invalid", field, with_detail("Invalid value", detail))
    }

    /// k8s: errors.go NotSupported
    pub fn unsupported(field: impl Into<String>, value: &str, supported: &[&str]) -> Self {
        let supported: Vec<String> = supported.iter().map(|value| quote(value)).collect();
        let message =
            format!("Unsupported value: {}: supported values: {}", quote(value), supported.join(", "));
        Self::error("admission/unsupported", field, message)
    }

    /// k8s: errors.go Duplicate
    pub fn duplicate(field: impl Into<String>, value: impl Into<Shown>) -> Self {
        let Shown(value) = value.into();
        Self::error("admission/duplicate", field, format!("Duplicate value: {value}"))
    }

    /// k8s: errors.go Forbidden
    pub fn forbidden(field: impl Into<String>, detail: &str) -> Self {
        Self::error("admission/forbidden", field, with_detail("Forbidden", detail))
    }

    /// k8s: errors.go TooLong
    pub fn too_long(field: impl Into<String>, max: usize) -> Self {
        Self::error("admission/too-long", field, format!("Too long: may not be more than {max} bytes"))
    }

    /// k8s: errors.go TooMany
    pub fn too_many(field: impl Into<String>, actual: usize, max: usize) -> Self {
        let message = format!("Too many: {actual}: must have at most {max} items");
        Self::error("admission/too-many", field, message)
    }

    /// A 500 of the API server: it names no field.
    pub fn internal(detail: &str) -> Self {
        Self::error("admission/internal", "", format!("Internal error occurred: {detail}"))
    }
}

fn with_detail(head: &str, detail: &str) -> String {
    if detail.is_empty() { head.to_owned() } else { format!("{head}: {detail}") }
}

/// A value as an error prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown(String);

impl Shown {
    /// A value already in the form it is printed in (JSON).
    pub fn json(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// A list of strings as JSON.
    pub fn list(values: &[String]) -> Self {
        let values: Vec<String> = values.iter().map(|value| json_string(value)).collect();
        Self(format!("[{}]", values.join(",")))
    }

    /// A map of strings as JSON.
    pub fn map(values: &std::collections::BTreeMap<String, String>) -> Self {
        let entries: Vec<String> = values
            .iter()
            .map(|(key, value)| format!("{}:{}", json_string(key), json_string(value)))
            .collect();
        Self(format!("{{{}}}", entries.join(",")))
    }
}

impl From<&str> for Shown {
    fn from(text: &str) -> Self {
        Self(quote(text))
    }
}

impl From<&String> for Shown {
    fn from(text: &String) -> Self {
        Self(quote(text))
    }
}

impl From<i32> for Shown {
    fn from(number: i32) -> Self {
        Self(number.to_string())
    }
}

/// Go: `%q`.
pub(crate) fn quote(text: &str) -> String {
    quoted(text, &|c| match c {
        '\x07' => Some("\\a".into()),
        '\x0b' => Some("\\v".into()),
        c if c < ' ' || c == '\x7f' => Some(format!("\\x{:02x}", u32::from(c))),
        c if c.is_control() || c == '\u{feff}' => Some(format!("\\u{:04x}", u32::from(c))),
        _ => None,
    })
}

/// Go: `encoding/json` of a string, which also escapes `<`, `>` and `&`.
pub(crate) fn json_string(text: &str) -> String {
    quoted(text, &|c| {
        let escaped = c < ' ' || matches!(c, '<' | '>' | '&' | '\u{2028}' | '\u{2029}');
        escaped.then(|| format!("\\u{:04x}", u32::from(c)))
    })
}

/// In quotes, with what both notations escape alike and what `escape` adds.
fn quoted(text: &str, escape: &dyn Fn(char) -> Option<String>) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\x08' => out.push_str("\\b"),
            '\x0c' => out.push_str("\\f"),
            c => match escape(c) {
                Some(escaped) => out.push_str(&escaped),
                None => out.push(c),
            },
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_printed_as_go_prints_them() {
        assert_eq!(Fault::invalid("f", "a\"b\n", "no").message, r#"Invalid value: "a\"b\n": no"#);
        assert_eq!(Fault::invalid("f", 80, "no").message, "Invalid value: 80: no");
        let list = Shown::list(&["10.0.0.1".into(), "<x>".into()]);
        assert_eq!(
            Fault::invalid("f", list, "no").message,
            "Invalid value: [\"10.0.0.1\",\"\\u003cx\\u003e\"]: no"
        );
    }

    #[test]
    fn sentences_are_the_api_servers() {
        assert_eq!(Fault::required("f", "").message, "Required value");
        assert_eq!(
            Fault::required("f", "must specify a peer").message,
            "Required value: must specify a peer"
        );
        assert_eq!(
            Fault::unsupported("f", "tcp", &["TCP", "UDP"]).message,
            r#"Unsupported value: "tcp": supported values: "TCP", "UDP""#
        );
        assert_eq!(Fault::too_many("f", 101, 100).message, "Too many: 101: must have at most 100 items");
        assert_eq!(Fault::too_long("f", 63).message, "Too long: may not be more than 63 bytes");
    }
}
