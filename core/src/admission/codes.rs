//! The codes of the problems this room reports. A code never changes its meaning.

/// Every code with what it means, in one line.
///
/// ```
/// let codes = kubehop::admission::codes();
/// assert!(codes.iter().any(|(code, _)| *code == "admission/forbidden"));
/// ```
pub fn codes() -> &'static [(&'static str, &'static str)] {
    CODES
}

const CODES: &[(&str, &str)] = &[
    ("admission/required", "a field is missing that this object needs"),
    ("admission/invalid", "a value is not allowed here"),
    ("admission/unsupported", "a value is not one of those the API knows"),
    ("admission/duplicate", "a value is given twice where it may stand once"),
    ("admission/forbidden", "a field may not be set on this object"),
    ("admission/too-long", "a value has too many bytes"),
    ("admission/too-many", "a list has too many items"),
    ("admission/internal", "the API server itself fails, because a range is full"),
    ("admission/warning", "the object is accepted, with this warning"),
    ("admission/deprecated-endpoints", "Endpoints are accepted, but EndpointSlices have replaced them"),
    (
        "admission/duplicate-object",
        "an object of this kind, namespace and name is already given; the later one replaces it",
    ),
];
