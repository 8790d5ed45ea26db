//! What may have been meant.

use super::schema::{Schema, Struct, Type};
use super::tree::{Node, Value};

/// Fields of versions that are gone, which courses still teach, and what they became.
///
/// k8s: documentation, reference/using-api/deprecation-guide, Ingress in v1.22
const MOVED: &[(&str, &str, &str)] = &[
    (
        "IngressBackend",
        "serviceName",
        "networking.k8s.io/v1 writes `service: {name: NAME, port: {number: PORT}}`",
    ),
    (
        "IngressBackend",
        "servicePort",
        "networking.k8s.io/v1 writes `service.port.number`, or `service.port.name` for a name",
    ),
    ("IngressSpec", "backend", "networking.k8s.io/v1 writes `defaultBackend`"),
];

/// What else changes when an Ingress of a version that is gone is written as v1.
pub(crate) const INGRESS_V1: &str = "give every path a pathType, write `backend.serviceName` and \
    `backend.servicePort` as `backend.service.name` and `backend.service.port.number` (or `.name`), and \
    `spec.backend` as `spec.defaultBackend`";

/// Advice for an unknown field `name` of the last of `structs`, which stand in one another.
pub(crate) fn field(schema: &Schema, structs: &[&Struct], name: &str) -> Option<String> {
    let here = structs.last()?;
    if let Some(moved) = MOVED.iter().find(|(kind, old, _)| *kind == here.name && *old == name) {
        return Some(moved.2.to_owned());
    }
    if let Some(near) = near(here.fields().iter().map(|(field, _)| *field), name) {
        return Some(format!("did you mean {near:?}?"));
    }
    if let Some(path) = below(schema, here, name) {
        return Some(format!("{name:?} belongs one level deeper, under {path:?}"));
    }
    let above = structs.iter().rev().skip(1).find(|found| found.field(name).is_some())?;
    let field = above.fields().iter().find(|(_, kind)| {
        structs.iter().any(|inner| schema.struct_of(*kind).is_some_and(|found| std::ptr::eq(found, *inner)))
    });
    field.map(|(field, _)| format!("{name:?} belongs further out, beside {field:?}"))
}

/// The path of the nearest struct below `from` that has the field, at most three levels down.
fn below(schema: &Schema, from: &Struct, name: &str) -> Option<String> {
    let mut level = vec![(String::new(), from)];
    for _ in 0..3 {
        let mut next = Vec::new();
        for (path, found) in level {
            for &(field, kind) in found.fields() {
                let Some(inner) = schema.struct_of(kind) else { continue };
                let list = if matches!(kind, Type::List(_)) { "[]" } else { "" };
                let dot = if path.is_empty() { "" } else { "." };
                let path = format!("{path}{dot}{field}{list}");
                if inner.field(name).is_some()
                    && !matches!(inner.name, "ManagedFieldsEntry" | "OwnerReference")
                {
                    return Some(path);
                }
                if field != "status" && inner.name != "ObjectMeta" {
                    next.push((path, inner));
                }
            }
        }
        level = next;
    }
    None
}

/// Advice for a value of the wrong type.
pub(crate) fn value(node: Node<'_>, kind: Type) -> Option<String> {
    match (kind, node.value()) {
        (
            Type::String | Type::Named(_),
            Value::Bool(_) | Value::Int(_) | Value::Uint(_) | Value::Float(_),
        ) => Some("put the value in quotes".to_owned()),
        (Type::Int32 | Type::Int64, Value::Text { .. } | Value::Copied { .. }) => {
            let text = node.as_str()?;
            text.parse::<i64>().is_ok().then(|| format!("write {text} without quotes"))
        }
        (Type::Bool, Value::Text { .. } | Value::Copied { .. }) => {
            let text = node.as_str()?;
            matches!(text, "true" | "false").then(|| format!("write {text} without quotes"))
        }
        (Type::List(_), Value::Mapping { .. }) => Some("start each item with a dash".to_owned()),
        _ => None,
    }
}

/// The name that is nearest to `name`, if any is near.
pub(crate) fn near<'n>(names: impl Iterator<Item = &'n str> + Clone, name: &str) -> Option<&'n str> {
    if let Some(same) = names.clone().find(|known| known.eq_ignore_ascii_case(name)) {
        return Some(same);
    }
    let limit = match name.len() {
        0..=2 => return None,
        3..=5 => 1,
        6..=64 => 2,
        _ => return None,
    };
    let close = names.map(|known| (distance(known, name), known));
    close.filter(|(distance, _)| *distance <= limit).min().map(|(_, known)| known)
}

/// How many letters must be added, dropped, changed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let cell = |row: &[usize], at: usize| row.get(at).copied().unwrap_or(usize::MAX / 2);
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let changed = cell(&last, j) + usize::from(x != y);
            let mut best = changed.min(cell(&last, j + 1) + 1).min(cell(&row, j) + 1);
            let swapped = i > 0 && j > 0 && a.get(i - 1) == Some(y) && b.get(j - 1) == Some(x);
            if swapped {
                best = best.min(cell(&before, j - 1) + 1);
            }
            row.push(best);
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_names() {
        let names = ["containerPort", "hostPort", "name", "protocol"];
        assert_eq!(near(names.into_iter(), "containerport"), Some("containerPort"));
        assert_eq!(near(names.into_iter(), "protcol"), Some("protocol"));
        assert_eq!(near(names.into_iter(), "nmae"), Some("name"));
        assert_eq!(near(names.into_iter(), "port"), None);
    }

    #[test]
    fn fields_of_versions_that_are_gone() {
        let schema = Schema::get();
        let backend = schema.named("IngressBackend").expect("known");
        let advice = field(schema, &[backend], "servicePort").expect("there is advice");
        assert!(advice.contains("service.port.number"), "{advice}");
    }

    #[test]
    fn fields_in_the_wrong_place() {
        let schema = Schema::get();
        let deployment = schema.named("Deployment").expect("known");
        let spec = schema.named("DeploymentSpec").expect("known");
        let below = field(schema, &[deployment, spec], "containers");
        assert_eq!(below.as_deref(), Some(r#""containers" belongs one level deeper, under "template.spec""#));
        let template = schema.named("PodTemplateSpec").expect("known");
        let above = field(schema, &[deployment, spec, template], "replicas");
        assert_eq!(above.as_deref(), Some(r#""replicas" belongs further out, beside "template""#));
    }
}
