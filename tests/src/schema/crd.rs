//! The same table for kinds that come as CustomResourceDefinitions.

use serde_yaml::Value;
use std::collections::BTreeMap;
use std::path::Path;

/// The table of all CustomResourceDefinitions in the folder `dir`. Structs with the same fields are
/// one, so the names are numbers.
pub fn custom(dir: &Path) -> String {
    let mut files: Vec<_> =
        std::fs::read_dir(dir).expect("the folder can be read").flatten().map(|entry| entry.path()).collect();
    files.sort();
    let mut structs = Structs::default();
    let mut roots = BTreeMap::new();
    for file in files {
        let text = std::fs::read_to_string(&file).expect("the file can be read");
        for document in serde_yaml::Deserializer::from_str(&text) {
            let value: Value = serde::Deserialize::deserialize(document).expect("the file is YAML");
            if value["kind"] == "CustomResourceDefinition" {
                definition(&value["spec"], &mut structs, &mut roots);
            }
        }
    }
    let roots = roots.iter().map(|(name, fields)| format!("{name}{fields}\n"));
    let mut structs: Vec<_> = structs.known.iter().map(|(fields, id)| (*id, fields)).collect();
    structs.sort();
    roots.chain(structs.iter().map(|(id, fields)| format!("g{id}{fields}\n"))).collect()
}

#[derive(Default)]
struct Structs {
    known: BTreeMap<String, usize>,
}

fn definition(spec: &Value, structs: &mut Structs, roots: &mut BTreeMap<String, String>) {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let (group, kind) = (text(&spec["group"]), text(&spec["names"]["kind"]));
    for version in spec["versions"].as_sequence().into_iter().flatten() {
        let name = format!("{group}/{}/{kind}", text(&version["name"]));
        roots.insert(name, structs.fields(&version["schema"]["openAPIV3Schema"], true));
    }
}

impl Structs {
    fn fields(&mut self, schema: &Value, root: bool) -> String {
        let properties = schema["properties"].as_mapping().into_iter().flatten();
        let mut fields: Vec<(String, String)> = properties
            .map(|(name, schema)| {
                let name = name.as_str().unwrap_or_default().to_owned();
                let kind = if root && name == "metadata" { "ObjectMeta".into() } else { self.kind(schema) };
                (name, kind)
            })
            .collect();
        fields.sort();
        fields.iter().map(|(name, kind)| format!(" {name}:{kind}")).collect()
    }

    fn kind(&mut self, schema: &Value) -> String {
        if schema["x-kubernetes-int-or-string"] == true {
            return "x".into();
        }
        match (schema["type"].as_str(), schema["format"].as_str()) {
            (Some("string"), _) => "s".into(),
            (Some("boolean"), _) => "b".into(),
            (Some("integer"), Some("int64")) => "l".into(),
            (Some("integer"), _) => "i".into(),
            (Some("number"), _) => "f".into(),
            (Some("array"), _) => format!("[]{}", self.kind(&schema["items"])),
            (Some("object"), _) if schema["additionalProperties"].is_mapping() => {
                format!("{{}}{}", self.kind(&schema["additionalProperties"]))
            }
            (Some("object"), _) if schema["properties"].is_mapping() => {
                let fields = self.fields(schema, false);
                let next = self.known.len();
                format!("g{}", self.known.entry(fields).or_insert(next))
            }
            _ => "r".into(),
        }
    }
}
