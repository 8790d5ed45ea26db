//! The decoders of Kubernetes, one text at a time, in their own words.
//!
//! [`Manifests`](super::Manifests) is what a program wants: all faults of all texts with places and
//! advice. These functions answer what kubectl and the API server would say of one text, as one line,
//! which is what a test, a lesson about YAML or a comparison with kubectl needs.
//!
//! Not modelled: kinds outside [`KINDS`](super::KINDS) are accepted without a look inside.

use super::compose::{Composed, Notes};
use super::gosyntax::quote;
use super::judge::Duplicate;
use super::kinds::{self, KINDS};
use super::schema::{self, Schema, Struct};
use super::source::Span;
use super::stream;
use super::strict::{self, Order};
use super::text::readable;
use super::tree::{Node, NodeId, Tree};
use super::{json, split, write};
use crate::order::SliceOrder;
use std::sync::Arc;

/// One document of a stream, converted to JSON.
#[derive(Clone, Debug)]
pub struct Document {
    tree: Arc<Tree>,
    root: Option<NodeId>,
    span: Span,
    notes: Arc<Notes>,
    json: bool,
}

/// Group, version and kind of an object, as far as it says them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct GroupVersionKind {
    /// Empty for the core group.
    pub group: String,
    /// Empty when there is no `apiVersion`.
    pub version: String,
    /// Empty when there is no `kind`.
    pub kind: String,
}

impl std::fmt::Display for GroupVersionKind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}, Kind={}", self.group, self.version, self.kind)
    }
}

/// Cuts `text` into documents and converts each to JSON, as the decoder behind `kubectl apply -f`
/// does. A document that is refused leaves its place to the error, in kubectl's words.
///
/// ```
/// use kubehop::manifest::decode;
///
/// let documents = decode::documents(b"kind: Pod\nhostNetwork: yes\n---\na: {{ b }}\n");
/// assert_eq!(documents[0].as_ref().unwrap().json(), r#"{"hostNetwork":true,"kind":"Pod"}"#);
/// let refused = documents[1].as_ref().unwrap_err();
/// assert!(refused.starts_with("error converting YAML to JSON: yaml: invalid map key"));
/// ```
pub fn documents(text: &[u8]) -> Vec<Result<Document, String>> {
    let (readable, broken) = readable(text);
    let mut tree = Tree { text: readable.into(), ..Tree::default() };
    let found = stream::documents(&mut tree, text, &broken);
    let tree = Arc::new(tree);
    found
        .into_iter()
        .map(|document| match document.outcome {
            Ok(Composed { root, notes, .. }) => {
                let (span, json) = (document.span, document.json);
                Ok(Document { tree: Arc::clone(&tree), root, span, notes: Arc::new(notes), json })
            }
            Err(refused) => Err(refused.message),
        })
        .collect()
}

impl Document {
    /// The root node; null for an empty document.
    pub fn root(&self) -> Node<'_> {
        self.root.map_or_else(Node::null, |root| self.tree.node(root))
    }

    /// The document as JSON: the text itself where it was JSON, with sorted keys where it was YAML.
    pub fn json(&self) -> String {
        if self.json {
            let text = self.tree.text.get(self.span.start as usize..self.span.end as usize);
            return text.unwrap_or_default().to_owned();
        }
        // What JSON cannot have was refused before.
        write::json(self.root()).unwrap_or_default()
    }

    /// What the document says it is. An error in the words of the API machinery when it is no object.
    pub fn gvk(&self) -> Result<GroupVersionKind, String> {
        gvk(self.root(), self.json.then_some(&*self.notes))
    }

    /// Decodes the document strictly as an object of its kind, as `--validate=strict` does.
    ///
    /// # Errors
    /// All unknown and duplicate fields in one text, or the first value of a wrong type.
    ///
    /// ```
    /// use kubehop::manifest::decode;
    ///
    /// let text = b"apiVersion: v1\nkind: Pod\nspec: {hostnetwork: true}\n";
    /// let pod = decode::documents(text).remove(0).unwrap();
    /// let refused = pod.strict().unwrap_err();
    /// assert_eq!(refused, r#"strict decoding error: unknown field "spec.hostnetwork""#);
    /// ```
    pub fn strict(&self) -> Result<(), String> {
        let notes = self.json.then_some(&*self.notes);
        decode(self.root(), notes, || self.json(), Vec::new())
    }
}

/// Decodes a whole text, one document of YAML or JSON, strictly: duplicate keys of YAML are refused
/// as well.
///
/// # Errors
/// What the API machinery's strict decoder says.
///
/// ```
/// use kubehop::manifest::decode;
///
/// let refused = decode::whole_strict(b"apiVersion: v1\nkind: Pod\nspec: {}\nspec: {}\n").unwrap_err();
/// assert!(refused.ends_with("line 4: key \"spec\" already set in map"));
/// ```
pub fn whole_strict(text: &[u8]) -> Result<(), String> {
    let body = || String::from_utf8_lossy(text).into_owned();
    let (readable, broken) = exact(text);
    if split::is_json(&readable) {
        let mut tree = Tree { text: readable.into(), ..Tree::default() };
        let source = Arc::clone(&tree.text);
        let wrong = |message: &str| format!("couldn't get version/kind; json parse error: {message}");
        let value = json::read(&mut tree, &source, 0).map_err(|error| wrong(&error.message))?;
        let Some(value) = value else { return Err(wrong("unexpected end of JSON input")) };
        json::only_space(&source, value.end).map_err(|error| wrong(&error.message))?;
        let root = value.composed.root.map_or_else(Node::null, |root| tree.node(root));
        return decode(root, Some(&value.composed.notes), body, Vec::new());
    }
    let (tree, composed, duplicates) = whole_yaml(readable, text, &broken)?;
    let root = composed.root.map_or_else(Node::null, |root| tree.node(root));
    decode(root, None, body, unmarshal_errors(&duplicates).into_iter().collect())
}

/// Converts a whole text, one document of YAML, to JSON and refuses duplicate keys.
///
/// sigs.k8s.io/yaml: YAMLToJSONStrict
///
/// # Errors
/// What go-yaml says.
///
/// ```
/// use kubehop::manifest::decode;
///
/// assert_eq!(decode::yaml_to_json_strict(b"port: 0x50").unwrap(), r#"{"port":80}"#);
/// ```
pub fn yaml_to_json_strict(text: &[u8]) -> Result<String, String> {
    let (readable, broken) = exact(text);
    let (tree, composed, duplicates) = whole_yaml(readable, text, &broken)?;
    if let Some(error) = unmarshal_errors(&duplicates) {
        return Err(error);
    }
    let root = composed.root.map_or_else(Node::null, |root| tree.node(root));
    write::json(root).map_err(|unsupported| unsupported.message)
}

/// The text without the newline that a stream of documents always has at its end.
fn exact(text: &[u8]) -> (String, Vec<u32>) {
    let (mut readable, broken) = readable(text);
    readable.truncate(text.len());
    (readable, broken)
}

fn whole_yaml(
    readable: String,
    bytes: &[u8],
    broken: &[u32],
) -> Result<(Tree, Composed, Vec<Duplicate>), String> {
    let mut tree = Tree { text: readable.into(), ..Tree::default() };
    let source = Arc::clone(&tree.text);
    let broken = broken.first().map(|&at| at as usize);
    match stream::document(&mut tree, &source, &source, bytes, 0, broken, false) {
        Ok((composed, duplicates)) => Ok((tree, composed, duplicates)),
        Err(refused) => Err(refused.message),
    }
}

/// go-yaml: yaml.go TypeError
fn unmarshal_errors(duplicates: &[Duplicate]) -> Option<String> {
    let lines: Vec<_> = duplicates.iter().map(|duplicate| duplicate.message.as_str()).collect();
    (!lines.is_empty()).then(|| format!("yaml: unmarshal errors:\n  {}", lines.join("\n  ")))
}

/// k8s: apimachinery pkg/runtime/serializer/json/json.go Serializer.Decode (1.35)
fn decode(
    root: Node<'_>,
    notes: Option<&Notes>,
    body: impl Fn() -> String,
    before: Vec<String>,
) -> Result<(), String> {
    let gvk = gvk(root, notes)?;
    if gvk.kind.is_empty() {
        return Err(format!("Object 'Kind' is missing in '{}'", body()));
    }
    if gvk.version.is_empty() {
        return Err(format!("Object 'apiVersion' is missing in '{}'", body()));
    }
    let order = if notes.is_some() { Order::Text } else { Order::Sorted };
    let faults = match target(&gvk)? {
        Some(Target::One(target, custom)) => strict::check(root, target, custom, notes, order),
        Some(Target::ListOf(item)) => strict::check_list(root, item, notes, order),
        None => Vec::new(),
    };
    strict::text(&faults, before).map_or(Ok(()), Err)
}

/// As what an object is decoded.
enum Target {
    One(&'static Struct, bool),
    /// A list of such items; of anything if `None`.
    ListOf(Option<&'static Struct>),
}

fn target(gvk: &GroupVersionKind) -> Result<Option<Target>, String> {
    let slash = if gvk.group.is_empty() { "" } else { "/" };
    let api_version = format!("{}{slash}{}", gvk.group, gvk.version);
    let schema = Schema::get();
    if let Some(target) = schema.root(&api_version, &gvk.kind) {
        return Ok(Some(Target::One(target, schema::is_custom(&api_version))));
    }
    if api_version == "v1" && gvk.kind == "List" {
        return Ok(Some(Target::ListOf(None)));
    }
    if let Some(item) = gvk.kind.strip_suffix("List").and_then(|kind| schema.root(&api_version, kind)) {
        return Ok(Some(Target::ListOf(Some(item))));
    }
    let ours = KINDS.iter().any(|info| info.api_version == api_version) && !schema::is_custom(&api_version);
    if ours && !kinds::is_registered(&api_version, &gvk.kind) {
        return Err(format!(
            "no kind {} is registered for version {} in scheme \"k8s.io/client-go/kubernetes/scheme/register.go:83\"",
            quote(&gvk.kind),
            quote(&api_version)
        ));
    }
    Ok(None)
}

/// k8s: apimachinery pkg/runtime/serializer/json/meta.go SimpleMetaFactory.Interpret (1.35)
fn gvk(root: Node<'_>, notes: Option<&Notes>) -> Result<GroupVersionKind, String> {
    let wrong = |message: String| format!("couldn't get version/kind; json parse error: json: {message}");
    if root.is_null() {
        return Ok(GroupVersionKind::default());
    }
    if !root.is_mapping() {
        let found = strict::go_kind(root);
        return Err(wrong(format!(
            "cannot unmarshal {found} into Go value of type struct {{ APIVersion string \"json:\\\"apiVersion,omitempty\\\"\"; Kind string \"json:\\\"kind,omitempty\\\"\" }}"
        )));
    }
    let mut pairs: Vec<_> = root.entries().collect();
    if notes.is_none() {
        pairs.order_by_key(|(key, _)| *key);
    }
    let (mut api_version, mut kind) = ("", "");
    let mut refused = None;
    for (key, value) in pairs {
        // encoding/json takes names of any case here.
        let (target, name) = match key {
            key if key.eq_ignore_ascii_case("apiVersion") => (&mut api_version, "apiVersion"),
            key if key.eq_ignore_ascii_case("kind") => (&mut kind, "kind"),
            _ => continue,
        };
        match value.as_str() {
            Some(text) => *target = text,
            None if value.is_null() => {}
            None => {
                let found = strict::go_kind(value);
                refused = refused.or_else(|| {
                    Some(format!("cannot unmarshal {found} into Go struct field .{name} of type string"))
                });
            }
        }
    }
    if let Some(refused) = refused {
        return Err(wrong(refused));
    }
    let (group, version) = match api_version.matches('/').count() {
        _ if api_version == "/" => ("", ""),
        0 => ("", api_version),
        1 => api_version.split_once('/').unwrap_or_default(),
        _ => return Err(format!("unexpected GroupVersion string: {api_version}")),
    };
    let (group, version, kind) = (group.to_owned(), version.to_owned(), kind.to_owned());
    Ok(GroupVersionKind { group, version, kind })
}
