//! The codes of the problems this room reports. A code never changes its meaning.

macro_rules! codes {
    ($( $(#[$meta:meta])* $name:ident = $code:literal, $meaning:literal; )*) => {
        $( #[doc = $meaning] pub(crate) const $name: &str = $code; )*

        /// Every code with what it means, in one line.
        pub(crate) const CODES: &[(&str, &str)] = &[ $( ($code, $meaning), )* ];
    };
}

codes! {
    SYNTAX = "manifest/syntax", "the text is neither YAML nor JSON";
    ENCODING = "manifest/encoding", "the text is not UTF-8";
    SEPARATOR = "manifest/separator", "a document separator has something after its dashes";
    TOO_LARGE = "manifest/too-large", "the text is larger than the limit";
    ALIASES = "manifest/aliases", "an alias cannot be expanded, or aliases would make the document explode";
    NOT_JSON = "manifest/not-json", "the document has a key or number that JSON cannot have";
    NOT_AN_OBJECT = "manifest/not-an-object", "the document is not a mapping";
    MISSING_KIND = "manifest/missing-kind", "the object does not say its kind";
    MISSING_API_VERSION = "manifest/missing-api-version", "the object does not say its apiVersion";
    NO_MATCHES = "manifest/no-matches", "the kind is not served in this version of its API";
    NOT_MODELLED = "manifest/not-modelled", "the kind is kept but takes no part in the model";
    DUPLICATE_KEY = "manifest/duplicate-key", "a key is set twice in one mapping; the last one wins";
    DUPLICATE_FIELD = "manifest/duplicate-field", "a field is set twice in one JSON object";
    UNKNOWN_FIELD = "manifest/unknown-field", "the kind has no such field";
    WRONG_TYPE = "manifest/wrong-type", "the value has not the type of its field";
}
