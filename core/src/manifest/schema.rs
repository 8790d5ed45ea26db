//! The table of every type of the modelled kinds: struct, field, type.
//!
//! The text tables beside this file are generated and compared by a test, except the one of the
//! policy API. One line is one struct: its name, then `field:type` in byte order. Types: `s` string,
//! `b` bool, `i` int32, `l` int64, `f` float64, `B` bytes, `q` Quantity, `t` Time, `u` MicroTime,
//! `x` IntOrString, `r` anything, `@Name` a named string, `[]T` list, `{}T` map, otherwise a struct.

use std::collections::BTreeMap;
use std::sync::LazyLock;

/// The type of a field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Type {
    String,
    Bool,
    Int32,
    Int64,
    Float,
    Bytes,
    Quantity,
    Time,
    MicroTime,
    IntOrString,
    Anything,
    /// A string with a Go type of its own.
    Named(&'static str),
    /// Index into [`Schema::structs`].
    Struct(usize),
    /// Index into [`Schema::types`].
    List(usize),
    /// Index into [`Schema::types`].
    Map(usize),
}

/// A Go struct.
#[derive(Debug)]
pub(crate) struct Struct {
    /// Its name in Go; for custom resources one without meaning.
    pub(crate) name: &'static str,
    fields: Vec<(&'static str, Type)>,
}

impl Struct {
    /// The type of a field, which is spelt exactly so.
    pub(crate) fn field(&self, name: &str) -> Option<Type> {
        let at = self.fields.binary_search_by_key(&name, |(field, _)| *field).ok()?;
        self.fields.get(at).map(|&(_, kind)| kind)
    }

    /// All fields with their types, in byte order.
    pub(crate) fn fields(&self) -> &[(&'static str, Type)] {
        &self.fields
    }
}

/// All structs.
#[derive(Debug, Default)]
pub(crate) struct Schema {
    structs: Vec<Struct>,
    types: Vec<Type>,
    by_name: BTreeMap<&'static str, usize>,
}

static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let mut schema = Schema::default();
    schema.read(concat!(
        include_str!("schema/kubernetes.txt"),
        include_str!("schema/gateway.txt"),
        include_str!("schema/policy.txt"),
        "ListMeta continue:s remainingItemCount:l resourceVersion:s selfLink:s\n",
    ));
    schema
});

impl Schema {
    /// The one there is.
    pub(crate) fn get() -> &'static Self {
        &SCHEMA
    }

    fn read(&mut self, table: &'static str) {
        let mut lines = Vec::new();
        for line in table.lines() {
            let (name, fields) = line.split_once(' ').unwrap_or((line, ""));
            self.by_name.insert(name, self.structs.len());
            let name = name.rsplit(['.', '/']).next().unwrap_or(name);
            self.structs.push(Struct { name, fields: Vec::new() });
            lines.push(fields);
        }
        for (at, fields) in lines.into_iter().enumerate() {
            let fields = fields.split(' ').filter_map(|field| field.split_once(':'));
            let fields = fields.map(|(name, kind)| (name, self.parse(kind))).collect();
            if let Some(found) = self.structs.get_mut(at) {
                found.fields = fields;
            }
        }
    }

    fn parse(&mut self, kind: &'static str) -> Type {
        if let Some(inner) = kind.strip_prefix("[]") {
            return Type::List(self.intern(inner));
        }
        if let Some(inner) = kind.strip_prefix("{}") {
            return Type::Map(self.intern(inner));
        }
        if let Some(name) = kind.strip_prefix('@') {
            return Type::Named(name);
        }
        match kind {
            "s" => Type::String,
            "b" => Type::Bool,
            "i" => Type::Int32,
            "l" => Type::Int64,
            "f" => Type::Float,
            "B" => Type::Bytes,
            "q" => Type::Quantity,
            "t" => Type::Time,
            "u" => Type::MicroTime,
            "x" => Type::IntOrString,
            name => self.by_name.get(name).map_or(Type::Anything, |&at| Type::Struct(at)),
        }
    }

    fn intern(&mut self, kind: &'static str) -> usize {
        let kind = self.parse(kind);
        self.types.iter().position(|known| *known == kind).unwrap_or_else(|| {
            self.types.push(kind);
            self.types.len() - 1
        })
    }

    /// The struct of a kind in a version of its API.
    pub(crate) fn root(&self, api_version: &str, kind: &str) -> Option<&Struct> {
        let known = super::kinds::KINDS.iter().filter(|info| info.kind == kind);
        let known: Vec<_> = known.filter(|info| group(info.api_version) == group(api_version)).collect();
        known.iter().find(|info| info.api_version == api_version)?;
        // A version without a table of its own has the one of the preferred version.
        let versions = std::iter::once(api_version).chain(known.iter().map(|info| info.api_version));
        let qualified = |version: &str| self.by_name.get(format!("{version}/{kind}").as_str());
        let at = versions.into_iter().find_map(qualified).or_else(|| self.by_name.get(kind))?;
        self.structs.get(*at)
    }

    /// A struct by its name in Go.
    pub(crate) fn named(&self, name: &str) -> Option<&Struct> {
        self.structs.get(*self.by_name.get(name)?)
    }

    /// The struct of a type.
    pub(crate) fn at(&self, index: usize) -> Option<&Struct> {
        self.structs.get(index)
    }

    /// The type of the items of a list or map.
    pub(crate) fn inner(&self, index: usize) -> Type {
        self.types.get(index).copied().unwrap_or(Type::Anything)
    }

    /// The struct inside a type, through lists and maps.
    pub(crate) fn struct_of(&self, kind: Type) -> Option<&Struct> {
        match kind {
            Type::Struct(at) => self.at(at),
            Type::List(at) | Type::Map(at) => self.struct_of(self.inner(at)),
            _ => None,
        }
    }

    /// How Go prints the type.
    pub(crate) fn go_name(&self, kind: Type) -> String {
        match kind {
            Type::String => "string".to_owned(),
            Type::Bool => "bool".to_owned(),
            Type::Int32 => "int32".to_owned(),
            Type::Int64 => "int64".to_owned(),
            Type::Float => "float64".to_owned(),
            Type::Bytes => "[]uint8".to_owned(),
            Type::Quantity => "resource.Quantity".to_owned(),
            Type::Time => "v1.Time".to_owned(),
            Type::MicroTime => "v1.MicroTime".to_owned(),
            Type::IntOrString => "intstr.IntOrString".to_owned(),
            Type::Anything => "runtime.RawExtension".to_owned(),
            Type::Named(name) if name.contains('.') => name.to_owned(),
            Type::Named(name) => format!("v1.{name}"),
            Type::Struct(at) => format!("v1.{}", self.at(at).map_or("", |found| found.name)),
            Type::List(at) => format!("[]{}", self.go_name(self.inner(at))),
            Type::Map(at) => match self.inner(at) {
                Type::Quantity => "v1.ResourceList".to_owned(),
                Type::Named(name) => format!("map[v1.ResourceName]v1.{name}"),
                inner => format!("map[string]{}", self.go_name(inner)),
            },
        }
    }
}

/// The group of an `apiVersion`; empty for the core.
pub(crate) fn group(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

/// Whether a kind comes as a CustomResourceDefinition, which words its complaints otherwise.
pub(crate) fn is_custom(api_version: &str) -> bool {
    matches!(group(api_version), "gateway.networking.k8s.io" | "policy.networking.k8s.io")
}

#[cfg(test)]
mod tests {
    use super::super::kinds::KINDS;
    use super::*;

    #[test]
    fn every_modelled_kind_has_a_struct() {
        for info in KINDS {
            let found = Schema::get().root(info.api_version, info.kind);
            assert!(found.is_some_and(|found| found.field("metadata").is_some()), "{info:?}");
        }
        assert!(Schema::get().root("extensions/v1beta1", "Ingress").is_none());
    }

    #[test]
    fn every_type_is_known_and_fields_are_in_order() {
        let schema = Schema::get();
        for found in &schema.structs {
            assert!(found.fields.is_sorted_by_key(|(name, _)| *name), "{}", found.name);
        }
        let anything = |kind: &Type| *kind == Type::Anything;
        let untyped: Vec<_> = schema
            .structs
            .iter()
            .flat_map(|found| found.fields.iter().filter(|(_, kind)| anything(kind)).map(|(name, _)| *name))
            .collect();
        assert_eq!(untyped, ["fieldsV1"]);
    }

    #[test]
    fn go_names() {
        let schema = Schema::get();
        let name = |found: &str, field: &str| {
            let found = schema.named(found).expect("known");
            schema.go_name(found.field(field).expect("known"))
        };
        assert_eq!(name("Container", "ports"), "[]v1.ContainerPort");
        assert_eq!(name("ObjectMeta", "labels"), "map[string]string");
        assert_eq!(name("ObjectMeta", "uid"), "types.UID");
        assert_eq!(name("ServicePort", "protocol"), "v1.Protocol");
        assert_eq!(name("ResourceRequirements", "limits"), "v1.ResourceList");
        assert_eq!(name("Secret", "data"), "map[string][]uint8");
    }
}
