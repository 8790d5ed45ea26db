//! Kubernetes field paths: `spec.ports[0].name`, `metadata.labels[app.kubernetes.io/name]`.

/// One step of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step<'p> {
    /// A field, or a key in brackets.
    Key(&'p str),
    /// A number in brackets; its text, in case it is the key of a map.
    Index(u32, &'p str),
}

impl<'p> Step<'p> {
    /// The step as the key of a map.
    pub(crate) fn text(self) -> &'p str {
        match self {
            Self::Key(text) | Self::Index(_, text) => text,
        }
    }
}

/// The steps of `path`. A key in brackets may hold dots; it ends at the first `]` that is followed
/// by `.`, `[` or the end.
pub(crate) fn steps(path: &str) -> impl Iterator<Item = Step<'_>> {
    let mut rest = path;
    std::iter::from_fn(move || {
        rest = rest.strip_prefix('.').unwrap_or(rest);
        if rest.is_empty() {
            return None;
        }
        if let Some(inside) = rest.strip_prefix('[') {
            let end = inside
                .match_indices(']')
                .map(|(at, _)| at)
                .find(|&at| {
                    inside.get(at + 1..).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                })
                .unwrap_or(inside.len());
            let text = inside.get(..end).unwrap_or_default();
            rest = inside.get(end + 1..).unwrap_or_default();
            return Some(text.parse().map_or(Step::Key(text), |index| Step::Index(index, text)));
        }
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let (text, after) = rest.split_at(end);
        rest = after;
        Some(Step::Key(text))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_fields_indexes_and_keys() {
        let steps: Vec<_> = steps("spec.ports[0].name").collect();
        assert_eq!(steps, [Step::Key("spec"), Step::Key("ports"), Step::Index(0, "0"), Step::Key("name")]);
    }

    #[test]
    fn keys_in_brackets_may_hold_dots() {
        let steps: Vec<_> = steps("metadata.labels[app.kubernetes.io/name].x").collect();
        assert_eq!(
            steps,
            [Step::Key("metadata"), Step::Key("labels"), Step::Key("app.kubernetes.io/name"), Step::Key("x")]
        );
    }

    #[test]
    fn broken_paths_end() {
        assert_eq!(steps("a[").count(), 2);
        assert_eq!(steps("").count(), 0);
        assert_eq!(steps("..").count(), 1);
    }
}
