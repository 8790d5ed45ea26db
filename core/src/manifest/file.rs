//! One source, parsed.

use super::{advice, codes, suggest};
use crate::order::SliceOrder;

use super::compose::Notes;
use super::judge::Duplicate;
use super::kinds::{self, KindInfo, Known};
use super::load::{Object, ObjectId};
use super::problem::{ObjectRef, Problem, Severity};
use super::schema::{self, Schema};
use super::source::{Place, Source, Span};
use super::stream::documents;
use super::strict::{self, Order};
use super::text::{Lines, readable};
use super::tree::{Node, NodeId, Tree};
use std::sync::OnceLock;

/// How much is read before a text is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of all sources together.
    pub bytes: usize,
}

impl Default for Limits {
    /// 256 MiB.
    fn default() -> Self {
        Self { bytes: 256 << 20 }
    }
}

/// One source with its tree, objects and problems.
#[derive(Debug)]
pub(crate) struct File {
    pub(crate) source: Source,
    pub(crate) tree: Tree,
    pub(crate) objects: Vec<(NodeId, Object)>,
    pub(crate) problems: Vec<Problem>,
    lines: OnceLock<Lines>,
}

impl File {
    /// A source that is too large to be read.
    pub(crate) fn refused(source: Source, limits: &Limits) -> Self {
        let mut file = Self::empty(source);
        let message = format!("the text is larger than the limit of {} bytes", limits.bytes);
        file.report(Severity::Error, codes::TOO_LARGE, message, None, "", Span::default());
        file
    }

    fn empty(source: Source) -> Self {
        Self {
            source,
            tree: Tree::default(),
            objects: Vec::new(),
            problems: Vec::new(),
            lines: OnceLock::new(),
        }
    }

    /// Reads a source.
    pub(crate) fn parse(source: Source) -> Self {
        let mut file = Self::empty(source);
        let (text, broken) = readable(&file.source.text);
        file.tree.text = text.into();
        for document in documents(&mut file.tree, &file.source.text, &broken) {
            match document.outcome {
                Ok(composed) => {
                    let Some(root) = composed.root else { continue };
                    let notes = document.json.then_some(&composed.notes);
                    file.document(root, document.span, notes);
                    file.duplicates(root, &document.duplicates);
                }
                Err(refused) => {
                    let help = advice::refused(&refused, &file.tree.text);
                    let (code, message, span) = (refused.code, refused.message, refused.span);
                    let problem = file.problem(Severity::Error, code, message, None, "", span);
                    file.problems.push(Problem { help, ..problem });
                }
            }
        }
        file.problems.order_by(|a, b| a.place.cmp(&b.place));
        file
    }

    /// Reports keys set twice in YAML. Those that a merge brings are what merges are for.
    fn duplicates(&mut self, root: NodeId, duplicates: &[Duplicate]) {
        let mut seen = std::collections::BTreeSet::new();
        let known = duplicates.iter().filter(|duplicate| !duplicate.merged);
        for duplicate in known.filter(|duplicate| seen.insert(duplicate.span)).take(strict::MOST) {
            let owner = self.objects.iter().rev().find(|(id, _)| {
                let span = self.tree.node(*id).span();
                span.start <= duplicate.span.start && duplicate.span.end <= span.end
            });
            let reference = owner.map(|(_, object)| object.reference());
            let field = self.tree.node(owner.map_or(root, |(id, _)| *id)).path_to(duplicate.span.start);
            let message = format!("strict decoding error: yaml: unmarshal errors:\n  {}", duplicate.message);
            let problem = self.problem(
                Severity::Warning,
                codes::DUPLICATE_KEY,
                message,
                reference,
                &field,
                duplicate.span,
            );
            let help = "kubectl takes the last one and drops the others: keep one".to_owned();
            self.problems.push(Problem { help: Some(help), ..problem });
        }
    }

    /// Decodes an object strictly and reports every fault.
    fn strict(&mut self, root: NodeId, info: &KindInfo, reference: &ObjectRef, notes: Option<&Notes>) {
        let Some(target) = Schema::get().root(info.api_version, info.kind) else { return };
        let custom = schema::is_custom(info.api_version);
        let faults = strict::check(self.tree.node(root), target, custom, notes, Order::Text);
        for fault in faults.into_iter().take(strict::MOST) {
            let code = match fault.kind {
                strict::Kind::Unknown => codes::UNKNOWN_FIELD,
                strict::Kind::Duplicate => codes::DUPLICATE_FIELD,
                strict::Kind::Type | strict::Kind::Value => codes::WRONG_TYPE,
            };
            let message = match fault.kind {
                strict::Kind::Unknown | strict::Kind::Duplicate => {
                    format!("strict decoding error: {}", fault.message)
                }
                strict::Kind::Type | strict::Kind::Value => fault.message,
            };
            let object = Some(reference.clone());
            let problem = self.problem(Severity::Error, code, message, object, &fault.field, fault.span);
            self.problems.push(Problem { help: fault.help, ..problem });
        }
    }

    /// Takes one document: an object, a list of objects, or nothing.
    fn document(&mut self, root: NodeId, span: Span, notes: Option<&Notes>) {
        let mut waiting = vec![(root, None)];
        while let Some((root, inherited)) = waiting.pop() {
            let node = self.tree.node(root);
            if node.is_null() {
                continue;
            }
            if !node.is_mapping() {
                // k8s: apimachinery pkg/apis/meta/v1/unstructured/helpers.go unstructuredJSONScheme.decode
                let found = strict::go_kind(node);
                let message =
                    format!("json: cannot unmarshal {found} into Go value of type unstructured.detector");
                let problem = self.problem(Severity::Error, codes::NOT_AN_OBJECT, message, None, "", span);
                let help = "an object is a mapping with apiVersion, kind and metadata".to_owned();
                self.problems.push(Problem { help: Some(help), ..problem });
                continue;
            }
            let object = header(node, inherited.as_ref());
            let items = node.get("items").filter(|items| items.is_sequence() || items.is_null());
            match (object.kind.strip_suffix("List"), items) {
                (Some(kind), Some(items)) => {
                    let inherited = Header { api_version: object.api_version.clone(), kind: kind.to_owned() };
                    let items: Vec<_> = items.items().map(Node::id).collect();
                    waiting.extend(items.into_iter().rev().map(|item| (item, Some(inherited.clone()))));
                }
                _ => self.object(root, object, notes),
            }
        }
    }

    fn object(&mut self, root: NodeId, mut object: Object, notes: Option<&Notes>) {
        object.file.clone_from(&self.source.name);
        let node = self.tree.node(root);
        let reference = object.reference();
        let span = node.span();
        if object.kind.is_empty() {
            let message = "Object 'Kind' is missing".to_owned();
            let problem =
                self.problem(Severity::Error, codes::MISSING_KIND, message, Some(reference), "", span);
            let help = "say what the object is: add `kind:`".to_owned();
            self.problems.push(Problem { help: Some(help), ..problem });
            return;
        }
        if object.api_version.is_empty() {
            let message = "Object 'apiVersion' is missing".to_owned();
            let problem =
                self.problem(Severity::Error, codes::MISSING_API_VERSION, message, Some(reference), "", span);
            let help = "say what the object is: add `apiVersion:`".to_owned();
            self.problems.push(Problem { help: Some(help), ..problem });
            return;
        }
        match kinds::lookup(&object.api_version, &object.kind) {
            Known::Yes(info) => {
                object.modelled = true;
                self.strict(root, info, &reference, notes);
            }
            Known::OtherVersion(info) => {
                let message =
                    format!("no matches for kind {:?} in version {:?}", object.kind, object.api_version);
                let span = node.nearest("apiVersion").span();
                let problem = self.problem(
                    Severity::Error,
                    codes::NO_MATCHES,
                    message,
                    Some(reference),
                    "apiVersion",
                    span,
                );
                let mut help = format!("use apiVersion: {}", info.api_version);
                if object.kind == "Ingress" {
                    help = format!("{help}, {}", suggest::INGRESS_V1);
                }
                self.problems.push(Problem { help: Some(help), ..problem });
            }
            Known::No => {
                let message = format!(
                    "{} {:?} is not modelled: it is kept, and takes no part in any answer",
                    object.kind, object.name
                );
                self.report(Severity::Advice, codes::NOT_MODELLED, message, Some(reference), "", span);
            }
        }
        self.objects.push((root, object));
    }

    fn problem(
        &self,
        severity: Severity,
        code: &'static str,
        message: String,
        object: Option<ObjectRef>,
        field: &str,
        span: Span,
    ) -> Problem {
        let field = field.to_owned();
        Problem { severity, code, message, object, field, place: Some(self.place(span)), help: None }
    }

    fn report(
        &mut self,
        severity: Severity,
        code: &'static str,
        message: String,
        object: Option<ObjectRef>,
        field: &str,
        span: Span,
    ) {
        let problem = self.problem(severity, code, message, object, field, span);
        self.problems.push(problem);
    }

    /// Lines and columns of a span.
    pub(crate) fn place(&self, span: Span) -> Place {
        self.lines.get_or_init(|| Lines::of(&self.tree.text)).place(&self.source, &self.tree.text, span)
    }
}

/// What the items of a typed list inherit from it.
#[derive(Clone)]
struct Header {
    api_version: String,
    kind: String,
}

fn header(node: Node<'_>, inherited: Option<&Header>) -> Object {
    let text = |node: Option<Node<'_>>| node.and_then(Node::as_str).unwrap_or_default().to_owned();
    let metadata = node.get("metadata");
    let in_metadata = |key| text(metadata.and_then(|metadata| metadata.get(key)));
    let mut object = Object {
        id: ObjectId(0),
        api_version: text(node.get("apiVersion")),
        kind: text(node.get("kind")),
        namespace: in_metadata("namespace"),
        name: in_metadata("name"),
        generate_name: in_metadata("generateName"),
        modelled: false,
        file: String::new(),
    };
    // Items of a typed list, as the API server returns it, leave out what the list already says.
    if let Some(inherited) = inherited.filter(|inherited| !inherited.kind.is_empty())
        && object.kind.is_empty()
        && object.api_version.is_empty()
    {
        object.kind.clone_from(&inherited.kind);
        object.api_version.clone_from(&inherited.api_version);
    }
    object
}
