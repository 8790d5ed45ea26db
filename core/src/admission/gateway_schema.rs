//! What the schemas of the Gateway API's CRDs ask of fields, by the end of the field's path.
//!
//! Structures recur (a backendRef, a header), so one row stands for every field whose path ends like it;
//! the longest fitting row counts.
// gateway-api: config/crd/standard (v1.6)

use super::fault::{Fault, Shown};
use crate::manifest::Node;
use std::collections::BTreeMap;

/// One demand on a value.
#[derive(Clone, Copy, Debug)]
pub(super) enum Check {
    /// A field of an object must be there.
    Required(&'static str),
    /// Text is one of these.
    OneOf(&'static [&'static str]),
    /// A number is one of these.
    Numbers(&'static [i64]),
    /// Text matches.
    Pattern(&'static str),
    /// Text is not empty.
    NotEmpty,
    /// At most so many characters.
    MaxLength(usize),
    /// A list is not empty.
    SomeItems,
    /// At most so many items.
    MaxItems(usize),
    /// A number is at least this.
    Min(i64),
    /// A number is at most this.
    Max(i64),
    /// Items of a list differ: in this field, or as a whole when it is empty.
    Unique(&'static str),
}

use Check::{Max, MaxItems, MaxLength, Min, NotEmpty, Numbers, OneOf, Pattern, Required, SomeItems, Unique};

const GROUP: &str = r"^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const KIND: &str = r"^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$";
pub(super) const SUBDOMAIN: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
pub(super) const HOST: &str = r"^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$";
const LABEL: &str = r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?$";
const LABEL_VALUE: &str = r"^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$";
pub(super) const QUALIFIED: &str = r"^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]$";
const HEADER: &str = r"^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$";
const URI: &str = r"^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?";
const WELL_KNOWN: &str = r"^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$";
const CONTROLLER: &str =
    r"^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$";
const ADDRESS_TYPE: &str = r"^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$";
const PROTOCOL: &str = r"^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$";
const ORIGIN: &str =
    r"(^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$)";
const DURATION: &str = r"^([0-9]{1,5}(h|m|s|ms)){1,4}$";

/// Types of filters, of a rule and of a backend alike, in the order of the definition.
const HTTP_FILTERS: &[Check] = &[OneOf(&[
    "RequestHeaderModifier",
    "ResponseHeaderModifier",
    "RequestMirror",
    "RequestRedirect",
    "URLRewrite",
    "ExtensionRef",
    "CORS",
])];
const GRPC_FILTERS: &[Check] =
    &[OneOf(&["ResponseHeaderModifier", "RequestHeaderModifier", "RequestMirror", "ExtensionRef"])];

/// Sorted by path.
const ROWS: &[(&str, &[Check])] = &[
    ("BackendTLSPolicy", &[Required("spec")]),
    ("BackendTLSPolicy.spec", &[Required("targetRefs"), Required("validation")]),
    ("GRPCRoute", &[Required("spec")]),
    ("GRPCRoute.spec.hostnames", &[MaxItems(16)]),
    ("GRPCRoute.spec.rules", &[MaxItems(16)]),
    ("GRPCRoute.spec.rules[].backendRefs", &[MaxItems(16)]),
    ("GRPCRoute.spec.rules[].backendRefs[].filters[].type", GRPC_FILTERS),
    ("GRPCRoute.spec.rules[].filters[].type", GRPC_FILTERS),
    ("Gateway", &[Required("spec")]),
    ("Gateway.spec", &[Required("gatewayClassName"), Required("listeners")]),
    ("GatewayClass", &[Required("spec")]),
    ("GatewayClass.spec", &[Required("controllerName")]),
    ("HTTPRoute", &[Required("spec")]),
    ("HTTPRoute.spec.hostnames", &[MaxItems(16)]),
    ("HTTPRoute.spec.rules", &[SomeItems, MaxItems(16)]),
    ("HTTPRoute.spec.rules[].backendRefs", &[MaxItems(16)]),
    ("HTTPRoute.spec.rules[].backendRefs[].filters[].type", HTTP_FILTERS),
    ("HTTPRoute.spec.rules[].filters[].type", HTTP_FILTERS),
    (
        "HTTPRoute.spec.rules[].matches[].method",
        &[OneOf(&["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"])],
    ),
    ("ListenerSet", &[Required("spec")]),
    ("ListenerSet.spec", &[Required("listeners"), Required("parentRef")]),
    ("ReferenceGrant", &[Required("spec")]),
    ("ReferenceGrant.spec", &[Required("from"), Required("to")]),
    ("TCPRoute", &[Required("spec")]),
    ("TCPRoute.spec", &[Required("rules")]),
    ("TCPRoute.spec.rules", &[SomeItems, MaxItems(1)]),
    ("TCPRoute.spec.rules[]", &[Required("backendRefs")]),
    ("TCPRoute.spec.rules[].backendRefs", &[SomeItems, MaxItems(16)]),
    ("TLSRoute", &[Required("spec")]),
    ("TLSRoute.spec", &[Required("hostnames"), Required("rules")]),
    ("TLSRoute.spec.hostnames", &[SomeItems, MaxItems(1024)]),
    ("TLSRoute.spec.rules", &[SomeItems, MaxItems(1)]),
    ("TLSRoute.spec.rules[]", &[Required("backendRefs")]),
    ("TLSRoute.spec.rules[].backendRefs", &[SomeItems, MaxItems(16)]),
    ("UDPRoute", &[Required("spec")]),
    ("UDPRoute.spec", &[Required("rules")]),
    ("UDPRoute.spec.rules", &[SomeItems, MaxItems(1)]),
    ("UDPRoute.spec.rules[]", &[Required("backendRefs")]),
    ("UDPRoute.spec.rules[].backendRefs", &[SomeItems, MaxItems(16)]),
    ("add", &[MaxItems(16), Unique("name")]),
    ("add[]", &[Required("name"), Required("value")]),
    ("add[].name", &[Pattern(HEADER), NotEmpty, MaxLength(256)]),
    ("add[].value", &[NotEmpty, MaxLength(4096)]),
    ("addresses", &[MaxItems(16)]),
    ("addresses[].type", &[Pattern(ADDRESS_TYPE), NotEmpty, MaxLength(253)]),
    ("addresses[].value", &[MaxLength(253)]),
    ("allowHeaders", &[MaxItems(64), Unique("")]),
    ("allowHeaders[]", &[Pattern(HEADER), NotEmpty, MaxLength(256)]),
    ("allowMethods", &[MaxItems(9), Unique("")]),
    (
        "allowMethods[]",
        &[OneOf(&["GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH", "*"])],
    ),
    ("allowOrigins", &[MaxItems(64), Unique("")]),
    ("allowOrigins[]", &[Pattern(ORIGIN), NotEmpty, MaxLength(253)]),
    ("allowedListeners.namespaces.from", &[OneOf(&["All", "Selector", "Same", "None"])]),
    ("allowedRoutes.namespaces.from", &[OneOf(&["All", "Selector", "Same"])]),
    ("backendRef", &[Required("name")]),
    ("backendRef.name", &[NotEmpty, MaxLength(253)]),
    ("backendRefs[]", &[Required("name")]),
    ("backendRefs[].name", &[NotEmpty, MaxLength(253)]),
    ("backendRequest", &[Pattern(DURATION)]),
    ("caCertificateRefs[]", &[Required("group"), Required("kind"), Required("name")]),
    ("caCertificateRefs[].name", &[NotEmpty, MaxLength(253)]),
    ("certificateRefs", &[MaxItems(64)]),
    ("certificateRefs[]", &[Required("name")]),
    ("certificateRefs[].name", &[NotEmpty, MaxLength(253)]),
    ("clientCertificateRef", &[Required("name")]),
    ("clientCertificateRef.name", &[NotEmpty, MaxLength(253)]),
    ("controllerName", &[Pattern(CONTROLLER), NotEmpty, MaxLength(253)]),
    ("default.validation", &[Required("caCertificateRefs")]),
    ("default.validation.caCertificateRefs", &[SomeItems, MaxItems(16)]),
    ("denominator", &[Min(1)]),
    ("description", &[MaxLength(64)]),
    ("exposeHeaders", &[MaxItems(64), Unique("")]),
    ("exposeHeaders[]", &[Pattern(HEADER), NotEmpty, MaxLength(256)]),
    ("extensionRef", &[Required("group"), Required("kind"), Required("name")]),
    ("extensionRef.name", &[NotEmpty, MaxLength(253)]),
    ("filters", &[MaxItems(16)]),
    ("filters[]", &[Required("type")]),
    ("fraction", &[Required("numerator")]),
    ("from[]", &[Required("group"), Required("kind"), Required("namespace")]),
    ("frontend", &[Required("default")]),
    ("gatewayClassName", &[NotEmpty, MaxLength(253)]),
    ("group", &[Pattern(GROUP), MaxLength(253)]),
    ("headers", &[MaxItems(16), Unique("name")]),
    ("headers[]", &[Required("name"), Required("value")]),
    ("headers[].name", &[Pattern(HEADER), NotEmpty, MaxLength(256)]),
    ("headers[].type", &[OneOf(&["Exact", "RegularExpression"])]),
    ("headers[].value", &[NotEmpty, MaxLength(4096)]),
    ("hostnames[]", &[Pattern(HOST), NotEmpty, MaxLength(253)]),
    ("kind", &[Pattern(KIND), NotEmpty, MaxLength(63)]),
    ("kinds", &[MaxItems(8)]),
    ("kinds[]", &[Required("kind")]),
    ("listeners", &[SomeItems, MaxItems(64), Unique("name")]),
    ("listeners[]", &[Required("name"), Required("port"), Required("protocol")]),
    ("listeners[].hostname", &[Pattern(HOST), NotEmpty, MaxLength(253)]),
    ("listeners[].name", &[Pattern(SUBDOMAIN), NotEmpty, MaxLength(253)]),
    ("matchExpressions[]", &[Required("key"), Required("operator")]),
    ("matches", &[MaxItems(64)]),
    ("matches[].path.type", &[OneOf(&["Exact", "PathPrefix", "RegularExpression"])]),
    ("maxAge", &[Min(1)]),
    ("method.method", &[MaxLength(1024)]),
    ("method.type", &[OneOf(&["Exact", "RegularExpression"])]),
    ("namespace", &[Pattern(LABEL), NotEmpty, MaxLength(63)]),
    ("numerator", &[Min(0)]),
    ("parametersRef", &[Required("group"), Required("kind"), Required("name")]),
    ("parametersRef.name", &[NotEmpty, MaxLength(253)]),
    ("parentRef", &[Required("name")]),
    ("parentRef.name", &[NotEmpty, MaxLength(253)]),
    ("parentRefs", &[MaxItems(32)]),
    ("parentRefs[]", &[Required("name")]),
    ("parentRefs[].name", &[NotEmpty, MaxLength(253)]),
    ("path.value", &[MaxLength(1024)]),
    ("perPort", &[MaxItems(64), Unique("port")]),
    ("perPort[]", &[Required("port"), Required("tls")]),
    ("percent", &[Min(0), Max(100)]),
    ("port", &[Min(1), Max(65535)]),
    ("protocol", &[Pattern(PROTOCOL), NotEmpty, MaxLength(255)]),
    ("queryParams", &[MaxItems(16), Unique("name")]),
    ("queryParams[]", &[Required("name"), Required("value")]),
    ("queryParams[].name", &[Pattern(HEADER), NotEmpty, MaxLength(256)]),
    ("queryParams[].type", &[OneOf(&["Exact", "RegularExpression"])]),
    ("queryParams[].value", &[NotEmpty, MaxLength(1024)]),
    ("remove", &[MaxItems(16), Unique("")]),
    ("replaceFullPath", &[MaxLength(1024)]),
    ("replacePrefixMatch", &[MaxLength(1024)]),
    ("request", &[Pattern(DURATION)]),
    ("requestMirror", &[Required("backendRef")]),
    ("requestRedirect.hostname", &[Pattern(SUBDOMAIN), NotEmpty, MaxLength(253)]),
    ("requestRedirect.path", &[Required("type")]),
    ("requestRedirect.path.type", &[OneOf(&["ReplaceFullPath", "ReplacePrefixMatch"])]),
    ("rules[].name", &[Pattern(SUBDOMAIN), NotEmpty, MaxLength(253)]),
    ("scheme", &[OneOf(&["http", "https"])]),
    ("sectionName", &[Pattern(SUBDOMAIN), NotEmpty, MaxLength(253)]),
    ("service", &[MaxLength(1024)]),
    ("set", &[MaxItems(16), Unique("name")]),
    ("set[]", &[Required("name"), Required("value")]),
    ("set[].name", &[Pattern(HEADER), NotEmpty, MaxLength(256)]),
    ("set[].value", &[NotEmpty, MaxLength(4096)]),
    ("spec.from", &[SomeItems, MaxItems(16)]),
    ("spec.validation", &[Required("hostname")]),
    ("spec.validation.caCertificateRefs", &[MaxItems(8)]),
    ("statusCode", &[Numbers(&[301, 302, 303, 307, 308])]),
    ("subjectAltNames", &[MaxItems(5)]),
    ("subjectAltNames[]", &[Required("type")]),
    ("subjectAltNames[].hostname", &[Pattern(HOST), NotEmpty, MaxLength(253)]),
    ("subjectAltNames[].type", &[OneOf(&["Hostname", "URI"])]),
    ("targetRefs", &[SomeItems, MaxItems(16)]),
    ("targetRefs[]", &[Required("group"), Required("kind"), Required("name")]),
    ("targetRefs[].name", &[NotEmpty, MaxLength(253)]),
    ("tls.mode", &[OneOf(&["Terminate", "Passthrough"])]),
    ("tls.validation", &[Required("caCertificateRefs")]),
    ("tls.validation.caCertificateRefs", &[SomeItems, MaxItems(16)]),
    ("to", &[SomeItems, MaxItems(16)]),
    ("to[]", &[Required("group"), Required("kind")]),
    ("to[].name", &[NotEmpty, MaxLength(253)]),
    ("uri", &[Pattern(URI), NotEmpty, MaxLength(253)]),
    ("urlRewrite.hostname", &[Pattern(SUBDOMAIN), NotEmpty, MaxLength(253)]),
    ("urlRewrite.path", &[Required("type")]),
    ("urlRewrite.path.type", &[OneOf(&["ReplaceFullPath", "ReplacePrefixMatch"])]),
    ("validation.hostname", &[Pattern(SUBDOMAIN), NotEmpty, MaxLength(253)]),
    ("validation.mode", &[OneOf(&["AllowValidOnly", "AllowInsecureFallback"])]),
    ("weight", &[Min(0), Max(1000000)]),
    ("wellKnownCACertificates", &[Pattern(WELL_KNOWN), NotEmpty, MaxLength(253)]),
];

fn rank(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte.is_ascii_digit()
}

fn label(text: &str) -> bool {
    let inner = text.bytes().all(|byte| rank(byte) || byte == b'-');
    inner && !text.is_empty() && !text.starts_with('-') && !text.ends_with('-')
}

/// Whether `text` matches one of the patterns above.
pub(super) fn matches(pattern: &'static str, text: &str) -> bool {
    let subdomain = |text: &str| text.split('.').all(label);
    match pattern {
        GROUP => text.is_empty() || subdomain(text),
        SUBDOMAIN => subdomain(text),
        HOST => subdomain(text.strip_prefix("*.").unwrap_or(text)),
        LABEL => label(text),
        KIND => label(&text.to_ascii_lowercase()) && text.starts_with(|c: char| c.is_ascii_alphabetic()),
        HEADER => {
            let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte);
            !text.is_empty() && text.bytes().all(allowed)
        }
        pattern => searched(pattern, text),
    }
}

#[cfg(feature = "ingress-nginx")]
pub(super) fn searched(pattern: &str, text: &str) -> bool {
    regex_lite::Regex::new(pattern).is_ok_and(|regex| regex.is_match(text))
}

/// Without regular expressions nothing is refused for its form.
#[cfg(not(feature = "ingress-nginx"))]
pub(super) fn searched(_pattern: &str, _text: &str) -> bool {
    true
}

/// The row for a path without indexes, `HTTPRoute.spec.rules[].matches[]`.
fn row(path: &str) -> &'static [Check] {
    let mut rest = path;
    loop {
        if let Ok(found) = ROWS.binary_search_by(|(key, _)| (*key).cmp(rest)) {
            return ROWS.get(found).map_or(&[], |(_, checks)| checks);
        }
        match rest.split_once('.') {
            Some((_, tail)) => rest = tail,
            None => return &[],
        }
    }
}

/// Checks `node` and everything in it. `shape` is its path without indexes, kind first; `field` as the API
/// server prints it.
pub(super) fn check(node: Node<'_>, shape: &str, field: &str, faults: &mut Vec<Fault>) {
    for demand in row(shape) {
        faults.extend(judge(node, *demand, field));
    }
    if node.is_sequence() {
        for (index, item) in node.items().enumerate() {
            check(item, &format!("{shape}[]"), &format!("{field}[{index}]"), faults);
        }
    } else if node.is_mapping() {
        for (key, value) in node.entries() {
            // metadata has rules of its own, status is written by controllers
            let foreign = field.is_empty() && key != "spec";
            if let Some((most, longest)) = map(key) {
                check_map(value, &format!("{field}.{key}"), most, longest, faults);
            } else if !value.is_null() && !foreign {
                let field = if field.is_empty() { key.to_owned() } else { format!("{field}.{key}") };
                check(value, &format!("{shape}.{key}"), &field, faults);
            }
        }
    }
}

/// Limits of fields that map free keys to texts: entries and length of a text.
fn map(key: &str) -> Option<(usize, usize)> {
    match key {
        "labels" => Some((8, 63)),
        "annotations" | "options" => Some((16, 4096)),
        "matchLabels" => Some((usize::MAX, usize::MAX)),
        _ => None,
    }
}

fn check_map(node: Node<'_>, field: &str, most: usize, longest: usize, faults: &mut Vec<Fault>) {
    let count = node.entries().len();
    if count > most {
        faults.push(Fault::too_many(field, count, most));
    }
    for (key, value) in node.entries() {
        let field = format!("{field}.{key}");
        faults.extend(judge(value, MaxLength(longest), &field));
        if longest == 63 {
            faults.extend(judge(value, Pattern(LABEL_VALUE), &field));
        }
    }
}

fn judge(node: Node<'_>, demand: Check, field: &str) -> Option<Fault> {
    let body = |detail: String| format!("{field} in body should {detail}");
    match demand {
        Required(name) => {
            let absent = node.is_mapping() && node.get(name).is_none_or(Node::is_null);
            let field = if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
            absent.then(|| Fault::required(field, ""))
        }
        OneOf(values) => {
            let text = node.as_str()?;
            (!values.contains(&text)).then(|| Fault::unsupported(field, text, values))
        }
        Numbers(values) => {
            let number = node.as_i64()?;
            let values: Vec<String> = values.iter().map(ToString::to_string).collect();
            let values: Vec<&str> = values.iter().map(String::as_str).collect();
            let text = number.to_string();
            (!values.contains(&text.as_str())).then(|| Fault::unsupported(field, &text, &values))
        }
        Pattern(pattern) => {
            let text = node.as_str()?;
            (!matches(pattern, text))
                .then(|| Fault::invalid(field, text, &body(format!("match '{pattern}'"))))
        }
        NotEmpty => {
            let text = node.as_str()?;
            text.is_empty().then(|| Fault::invalid(field, text, &body("be at least 1 chars long".into())))
        }
        MaxLength(max) => (node.as_str()?.chars().count() > max).then(|| Fault::too_long(field, max)),
        SomeItems => {
            let empty = node.is_sequence() && node.items().len() == 0;
            empty.then(|| Fault::invalid(field, 0, &body("have at least 1 items".into())))
        }
        MaxItems(max) => (node.items().len() > max).then(|| Fault::too_many(field, node.items().len(), max)),
        Min(min) => {
            let number = node.as_i64()?;
            let why = body(format!("be greater than or equal to {min}"));
            (number < min).then(|| Fault::invalid(field, Shown::json(number.to_string()), &why))
        }
        Max(max) => {
            let number = node.as_i64()?;
            let why = body(format!("be less than or equal to {max}"));
            (number > max).then(|| Fault::invalid(field, Shown::json(number.to_string()), &why))
        }
        Unique(key) => {
            let mut seen: BTreeMap<String, ()> = BTreeMap::new();
            for (index, item) in node.items().enumerate() {
                let value = if key.is_empty() { Some(item) } else { item.get(key) };
                let Some(text) = value.and_then(|value| {
                    value
                        .as_str()
                        .map(str::to_owned)
                        .or_else(|| value.as_i64().map(|number| number.to_string()))
                }) else {
                    continue;
                };
                if seen.insert(text.clone(), ()).is_some() {
                    let shown = if key.is_empty() {
                        Shown::from(&text)
                    } else {
                        Shown::json(format!("{{\"{key}\":\"{text}\"}}"))
                    };
                    return Some(Fault::duplicate(format!("{field}[{index}]"), shown));
                }
            }
            None
        }
    }
}
