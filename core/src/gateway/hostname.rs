//! Host names of listeners and routes: exact, or a wildcard that stands for any number of labels.

/// Whether `pattern` covers `host`. Empty covers everything; `*.example.com` any name below
/// `example.com`, not itself.
// gateway-api: apis/v1/shared_types.go Hostname
pub(crate) fn covers(pattern: &str, host: &str) -> bool {
    if pattern.is_empty() {
        return true;
    }
    match pattern.strip_prefix('*') {
        Some(suffix) => host.len() > suffix.len() && host.ends_with(suffix) && !host.starts_with('.'),
        None => pattern == host,
    }
}

/// What both patterns cover: the more specific one, `None` when they have nothing in common.
pub(crate) fn intersect<'a>(a: &'a str, b: &'a str) -> Option<&'a str> {
    if a == b || b.is_empty() {
        return Some(a);
    }
    if a.is_empty() {
        return Some(b);
    }
    let below = |wide: &str, narrow: &str| match (wide.strip_prefix('*'), narrow.strip_prefix('*')) {
        (Some(wide), Some(narrow)) => narrow.ends_with(wide),
        (Some(_), None) => covers(wide, narrow),
        _ => false,
    };
    if below(a, b) {
        Some(b)
    } else if below(b, a) {
        Some(a)
    } else {
        None
    }
}

/// How specific a pattern is: exact names before wildcards, longer before shorter.
// gateway-api: apis/v1/httproute_types.go HTTPRouteSpec.Hostnames
pub(crate) fn specificity(pattern: &str) -> (usize, usize) {
    if pattern.starts_with('*') { (0, pattern.len()) } else { (pattern.len(), pattern.len()) }
}

/// The host names a route serves on a listener; empty text means every host.
pub(crate) fn effective(listener: &str, route: &[String]) -> Vec<String> {
    if route.is_empty() {
        return vec![listener.to_owned()];
    }
    route
        .iter()
        .filter_map(|name| intersect(listener, &name.to_ascii_lowercase()).map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wildcard_stands_for_any_number_of_labels_but_not_none() {
        assert!(covers("*.example.com", "a.example.com") && covers("*.example.com", "a.b.example.com"));
        assert!(!covers("*.example.com", "example.com") && !covers("*.example.com", "aexample.com"));
        assert!(covers("", "anything") && !covers("a.example.com", "b.example.com"));
    }

    #[test]
    fn the_more_specific_name_is_what_both_cover() {
        assert_eq!(intersect("*.example.com", "*.a.example.com"), Some("*.a.example.com"));
        assert_eq!(intersect("a.example.com", "*.example.com"), Some("a.example.com"));
        assert_eq!(intersect("", "a.b"), Some("a.b"));
        assert_eq!(intersect("*.example.com", "example.com"), None);
        assert_eq!(intersect("a.example.com", "b.example.com"), None);
        assert_eq!(effective("*.example.com", &["x.example.com".into(), "y.org".into()]), ["x.example.com"]);
    }

    #[test]
    fn exact_names_are_more_specific_than_any_wildcard() {
        assert!(specificity("a.b") > specificity("*.very.long.example.com"));
        assert!(specificity("*.a.example.com") > specificity("*.example.com"));
    }
}
