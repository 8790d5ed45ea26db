//! serde's attributes, as far as core uses them; any other is a fault, never a guess.

use syn::{Attribute, LitStr};

/// What `#[serde(...)]` says of a container, a variant or a field.
#[derive(Default, Clone)]
pub struct Rules {
    pub rename: Option<String>,
    pub rename_all: Option<Case>,
    pub rename_all_fields: Option<Case>,
    pub tag: Option<String>,
    pub untagged: bool,
    pub transparent: bool,
    pub default: bool,
    pub flatten: bool,
    pub skip: bool,
    /// The predicate of `skip_serializing_if`.
    pub skip_if: Option<String>,
    /// `serialize_with` or `with`: written as a string.
    pub custom: bool,
    /// The type it is turned into before it is written.
    pub into: Option<String>,
}

impl Rules {
    pub fn of(attributes: &[Attribute]) -> Result<Self, String> {
        let mut rules = Self::default();
        for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("serde")) {
            attribute
                .parse_nested_meta(|meta| {
                    let key = meta.path.get_ident().map(ToString::to_string).unwrap_or_default();
                    let text = |meta: &syn::meta::ParseNestedMeta<'_>| -> syn::Result<String> {
                        Ok(meta.value()?.parse::<LitStr>()?.value())
                    };
                    match key.as_str() {
                        "rename" => rules.rename = Some(text(&meta)?),
                        "rename_all" => rules.rename_all = Some(Case::parse(&meta, &text(&meta)?)?),
                        "rename_all_fields" => {
                            rules.rename_all_fields = Some(Case::parse(&meta, &text(&meta)?)?);
                        }
                        "tag" => rules.tag = Some(text(&meta)?),
                        "into" => rules.into = Some(text(&meta)?),
                        "untagged" => rules.untagged = true,
                        "transparent" => rules.transparent = true,
                        "flatten" => rules.flatten = true,
                        "skip" | "skip_serializing" => rules.skip = true,
                        "skip_serializing_if" => rules.skip_if = Some(text(&meta)?),
                        "with" | "serialize_with" => {
                            text(&meta)?;
                            rules.custom = true;
                        }
                        "default" => {
                            rules.default = true;
                            if meta.input.peek(syn::Token![=]) {
                                text(&meta)?;
                            }
                        }
                        "alias" | "deserialize_with" | "expecting" => {
                            text(&meta)?;
                        }
                        "deny_unknown_fields" | "skip_deserializing" => {}
                        other => {
                            return Err(meta.error(format!("serde attribute `{other}` is not known here")));
                        }
                    }
                    Ok(())
                })
                .map_err(|fault| fault.to_string())?;
        }
        Ok(rules)
    }
}

/// A way to write names.
#[derive(Clone, Copy)]
pub enum Case {
    Camel,
    Lower,
    Upper,
    Snake,
    Kebab,
    Pascal,
    ScreamingSnake,
}

impl Case {
    fn parse(meta: &syn::meta::ParseNestedMeta<'_>, text: &str) -> syn::Result<Self> {
        Ok(match text {
            "camelCase" => Self::Camel,
            "lowercase" => Self::Lower,
            "UPPERCASE" => Self::Upper,
            "snake_case" => Self::Snake,
            "kebab-case" => Self::Kebab,
            "PascalCase" => Self::Pascal,
            "SCREAMING_SNAKE_CASE" => Self::ScreamingSnake,
            other => return Err(meta.error(format!("case `{other}` is not known here"))),
        })
    }

    /// As serde renames the variant `PascalCase`.
    pub fn variant(self, name: &str) -> String {
        match self {
            Self::Pascal => name.to_owned(),
            Self::Lower => name.to_ascii_lowercase(),
            Self::Upper => name.to_ascii_uppercase(),
            Self::Camel => {
                let mut letters = name.chars();
                letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
            }
            Self::Snake => separate(name, '_'),
            Self::Kebab => separate(name, '-'),
            Self::ScreamingSnake => separate(name, '_').to_ascii_uppercase(),
        }
    }

    /// As serde renames the field `snake_case`.
    pub fn field(self, name: &str) -> String {
        match self {
            Self::Lower | Self::Snake => name.to_owned(),
            Self::Upper | Self::ScreamingSnake => name.to_ascii_uppercase(),
            Self::Kebab => name.replace('_', "-"),
            Self::Pascal => pascal(name),
            Self::Camel => Self::Camel.variant(&pascal(name)),
        }
    }
}

/// `end_line` to `EndLine`; `policyVerdict` to `PolicyVerdict`.
pub fn pascal(name: &str) -> String {
    let mut out = String::new();
    let mut upper = true;
    for letter in name.chars() {
        match (letter, upper) {
            ('_' | '-', _) => upper = true,
            (letter, true) => {
                out.push(letter.to_ascii_uppercase());
                upper = false;
            }
            (letter, false) => out.push(letter),
        }
    }
    out
}

/// `policyVerdict` or `PolicyVerdict` to `policy_verdict`.
pub fn snake(name: &str) -> String {
    separate(name, '_')
}

fn separate(name: &str, mark: char) -> String {
    let mut out = String::new();
    for (index, letter) in name.char_indices() {
        if letter.is_ascii_uppercase() && index > 0 {
            out.push(mark);
        }
        out.push(letter.to_ascii_lowercase());
    }
    out
}

/// Doc comments, one entry a line, intra-doc links made plain.
pub fn doc(attributes: &[Attribute]) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for attribute in attributes.iter().filter(|attribute| attribute.path().is_ident("doc")) {
        if let syn::Meta::NameValue(meta) = &attribute.meta
            && let syn::Expr::Lit(value) = &meta.value
            && let syn::Lit::Str(text) = &value.lit
        {
            lines.extend(text.value().split('\n').map(|line| plain(line.trim())));
        }
    }
    // Examples are Rust.
    if let Some(start) = lines.iter().position(|line| line.starts_with("```")) {
        lines.truncate(start);
    }
    while lines.last().is_some_and(String::is_empty) {
        lines.pop();
    }
    lines
}

/// "[`Question::Problems`](x)" to "`problems`"-free plain text: the brackets and the target go.
fn plain(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(start) = rest.find("[`") {
        let (before, link) = rest.split_at(start);
        out.push_str(before);
        let Some(end) = link.find("`]") else {
            out.push_str(link);
            return out;
        };
        let (name, after) = link.split_at(end);
        let name = name.trim_start_matches("[`");
        out.push('`');
        out.push_str(name.rsplit("::").next().unwrap_or(name));
        out.push('`');
        rest = after.trim_start_matches("`]");
        if rest.starts_with('(')
            && let Some(close) = rest.find(')')
        {
            rest = rest.split_at(close + 1).1;
        }
    }
    out.push_str(rest);
    out
}
