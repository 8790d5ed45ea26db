//! Label selectors of the `kubernetes` plugin's `labels` and `namespace_labels`.

use crate::manifest::api::meta::{LabelSelector, LabelSelectorRequirement};

/// A label selector in kubectl's notation: `tier=data,env in (a, b),!old`.
///
/// k8s: apimachinery pkg/labels/selector.go Parse
pub(super) fn selector(text: &str) -> Result<LabelSelector, String> {
    let bad = || format!("cannot read label selector `{text}`");
    let mut result = LabelSelector::default();
    let mut parts: Vec<String> = vec![String::new()];
    let mut depth = 0;
    for c in text.chars() {
        match c {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        if c == ',' && depth == 0 {
            parts.push(String::new());
        } else if let Some(last) = parts.last_mut() {
            last.push(c);
        }
    }
    for part in parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty()) {
        let mut add = |key: &str, operator: &str, values: Vec<String>| {
            let (key, operator) = (key.trim().to_owned(), operator.to_owned());
            result.match_expressions.push(LabelSelectorRequirement { key, operator, values });
        };
        if let Some(open) = part.find('(') {
            let (head, values) = part.split_at_checked(open).ok_or_else(bad)?;
            let values = values
                .trim()
                .strip_prefix('(')
                .and_then(|values| values.strip_suffix(')'))
                .ok_or_else(bad)?;
            let values = values.split(',').map(|value| value.trim().to_owned()).collect();
            match head.split_whitespace().collect::<Vec<_>>().as_slice() {
                [key, "in"] => add(key, "In", values),
                [key, "notin"] => add(key, "NotIn", values),
                _ => return Err(bad()),
            }
        } else if let Some((key, value)) = part.split_once("!=") {
            add(key, "NotIn", vec![value.trim().to_owned()]);
        } else if let Some((key, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
            add(key, "In", vec![value.trim().to_owned()]);
        } else if let Some(key) = part.strip_prefix('!') {
            add(key, "DoesNotExist", Vec::new());
        } else if part.contains(char::is_whitespace) {
            return Err(bad());
        } else {
            add(part, "Exists", Vec::new());
        }
    }
    Ok(result)
}
