//! Sources to parsed objects: the entry of the room.

use super::codes;
use super::file::{File, Limits};
use super::problem::{ObjectRef, Problem, Severity};
use super::read::Read;
use super::source::{Place, Source};
use super::tree::{Node, NodeId};
use std::sync::Arc;

/// Which object of some [`Manifests`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(pub(crate) u32);

impl ObjectId {
    /// The position in [`Manifests::objects`].
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What every object says of itself, as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Object {
    /// Its position in [`Manifests::objects`].
    pub id: ObjectId,
    /// `apiVersion`
    pub api_version: String,
    /// `kind`
    pub kind: String,
    /// `metadata.namespace`, empty when absent.
    pub namespace: String,
    /// `metadata.name`, empty when absent.
    pub name: String,
    /// `metadata.generateName`, empty when absent.
    pub generate_name: String,
    /// Whether the kind is modelled in this version.
    pub modelled: bool,
    /// Name of the source it comes from.
    pub file: String,
}

impl Object {
    /// How problems and evidence name the object.
    pub fn reference(&self) -> ObjectRef {
        let name = if self.name.is_empty() { &self.generate_name } else { &self.name };
        ObjectRef {
            kind: self.kind.clone(),
            namespace: (!self.namespace.is_empty()).then(|| self.namespace.clone()),
            name: name.clone(),
        }
    }
}

/// The one source in which two manifests differ.
pub(crate) struct FileChange<'a> {
    /// The objects it had.
    pub(crate) old: &'a [(NodeId, Object)],
    /// Whether something was wrong in it.
    pub(crate) had_error: bool,
    /// The number of its first object.
    pub(crate) first: usize,
    /// Whether no object comes after its own.
    pub(crate) is_last: bool,
    /// The source as it is now, by itself.
    pub(crate) alone: Arc<Manifests>,
}

/// All documents of all sources, parsed.
///
/// Parsing never fails as a whole: what is wrong is in [`problems`](Self::problems), and every
/// object that can be told from the text is in [`objects`](Self::objects).
///
/// ```
/// use kubehop::manifest::{Limits, Manifests};
/// use kubehop::Source;
///
/// let text = "apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {hostnetwork: true}\n";
/// let manifests = Manifests::parse([Source::new("web.yaml", text)], &Limits::default());
/// let pod = &manifests.objects()[0];
/// assert_eq!((pod.kind.as_str(), pod.name.as_str()), ("Pod", "web"));
/// assert_eq!(manifests.place(pod.id, "metadata.name").line, 3);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Manifests {
    files: Vec<Arc<File>>,
    objects: Vec<Arc<Object>>,
    /// File and node of each object.
    roots: Vec<(u32, NodeId)>,
    problems: Vec<Problem>,
}

impl Manifests {
    /// Reads all `sources`. Never fails: see [`problems`](Self::problems).
    pub fn parse(sources: impl IntoIterator<Item = Source>, limits: &Limits) -> Self {
        Self::default().reparse(sources, limits)
    }

    /// Reads `sources`, taking over what was already read of those that are also in `self`,
    /// unchanged in name and text.
    pub fn reparse(&self, sources: impl IntoIterator<Item = Source>, limits: &Limits) -> Self {
        let mut manifests = Self::default();
        let mut budget = limits.bytes;
        for source in sources {
            let size = source.text.len();
            let known = self.files.iter().find(|file| file.source == source);
            let file = match (budget.checked_sub(size), known) {
                (None, _) => Arc::new(File::refused(source, limits)),
                (Some(_), Some(file)) => Arc::clone(file),
                (Some(_), None) => Arc::new(File::parse(source)),
            };
            budget = budget.checked_sub(size).unwrap_or(budget);
            manifests.add(file);
        }
        manifests
    }

    /// These manifests with `sources` in place of those of the same names; others are added behind them.
    pub(crate) fn with(&self, sources: impl IntoIterator<Item = Source>, limits: &Limits) -> Self {
        let mut files = self.files.clone();
        for source in sources {
            let parse = |source: Source| match source.text.len() > limits.bytes {
                true => Arc::new(File::refused(source, limits)),
                false => Arc::new(File::parse(source)),
            };
            match files.iter_mut().find(|file| file.source.name == source.name) {
                Some(file) if file.source == source => {}
                Some(file) => *file = parse(source),
                None => files.push(parse(source)),
            }
        }
        let mut manifests = Self::default();
        let size: usize = files.iter().map(|file| file.source.text.len()).sum();
        if size > limits.bytes || self.is_too_large(limits) {
            // Which sources are too much depends on all of them.
            return manifests.reparse(files.iter().map(|file| file.source.clone()), limits);
        }
        files.into_iter().for_each(|file| manifests.add_known(file, self));
        manifests
    }

    fn is_too_large(&self, limits: &Limits) -> bool {
        self.files.iter().map(|file| file.source.text.len()).sum::<usize>() > limits.bytes
    }

    /// The only source that is another one than in `before`; `None` when none or several are.
    pub(crate) fn only_change<'a>(&'a self, before: &'a Self) -> Option<FileChange<'a>> {
        let olds = before.files.iter().map(Some).chain(std::iter::repeat(None));
        let mut changes = self.files.iter().zip(olds).enumerate();
        let mut changes =
            changes.by_ref().filter(|(_, (new, old))| !old.is_some_and(|old| Arc::ptr_eq(new, old)));
        let (at, (new, old)) = changes.next()?;
        if changes.next().is_some() {
            return None;
        }
        let count = |files: &[Arc<File>]| files.iter().map(|file| file.objects.len()).sum::<usize>();
        let (earlier, later) = (self.files.get(..at)?, self.files.get(at + 1..)?);
        Some(FileChange {
            old: old.map_or(&[], |file| file.objects.as_slice()),
            had_error: old
                .is_some_and(|file| file.problems.iter().any(|problem| problem.severity == Severity::Error)),
            first: count(earlier),
            is_last: count(later) == 0,
            alone: Arc::new(Self::of(Arc::clone(new))),
        })
    }

    fn of(file: Arc<File>) -> Self {
        let mut manifests = Self::default();
        manifests.add(file);
        manifests
    }

    /// Adds a file; what `before` has at the same place is taken over.
    fn add_known(&mut self, file: Arc<File>, before: &Self) {
        let number = self.files.len();
        let range = self.objects.len()..self.objects.len() + file.objects.len();
        let unchanged = before.files.get(number).is_some_and(|old| Arc::ptr_eq(old, &file));
        let roots = before.roots.get(range.clone()).unwrap_or_default();
        let in_place = |roots: &[(u32, NodeId)]| roots.iter().all(|(file, _)| *file as usize == number);
        match before.objects.get(range).filter(|_| unchanged && in_place(roots)) {
            Some(objects) => {
                self.objects.extend_from_slice(objects);
                self.roots.extend_from_slice(roots);
                self.problems.extend_from_slice(&file.problems);
                self.files.push(file);
            }
            None => self.add(file),
        }
    }

    fn add(&mut self, file: Arc<File>) {
        let number = u32::try_from(self.files.len()).unwrap_or(u32::MAX);
        for (root, object) in &file.objects {
            let id = ObjectId(u32::try_from(self.objects.len()).unwrap_or(u32::MAX));
            self.objects.push(Arc::new(Object { id, ..object.clone() }));
            self.roots.push((number, *root));
        }
        self.problems.extend_from_slice(&file.problems);
        self.files.push(file);
    }

    /// Everything wrong in the texts, in the order of the sources and of the text.
    pub fn problems(&self) -> &[Problem] {
        &self.problems
    }

    /// Every object, the items of lists in place of the lists.
    pub fn objects(&self) -> &[Arc<Object>] {
        &self.objects
    }

    /// The sources, in the order given.
    pub fn sources(&self) -> impl ExactSizeIterator<Item = &Source> {
        self.files.iter().map(|file| &file.source)
    }

    fn file(&self, id: ObjectId) -> Option<(&File, NodeId)> {
        let &(file, root) = self.roots.get(id.index())?;
        Some((self.files.get(file as usize)?, root))
    }

    /// The root node of an object. An id of other manifests gives null.
    pub fn node(&self, id: ObjectId) -> Node<'_> {
        match self.file(id) {
            Some((file, root)) => file.tree.node(root),
            None => Node::null(),
        }
    }

    /// Where the field at `path` (`spec.ports[0].name`, `metadata.labels[app.kubernetes.io/name]`)
    /// of an object stands; where it is absent, its nearest parent.
    pub fn place(&self, id: ObjectId, path: &str) -> Place {
        match self.file(id) {
            Some((file, root)) => file.place(file.tree.node(root).nearest(path).span()),
            None => Place { file: String::new(), line: 1, column: 1, end_line: 1, end_column: 1 },
        }
    }

    /// An object as a type of [`api`](super::api).
    pub fn typed<T: Read>(&self, id: ObjectId) -> T {
        T::read(self.node(id))
    }

    /// The codes of the problems found here, with their meanings.
    pub fn codes() -> &'static [(&'static str, &'static str)] {
        codes::CODES
    }
}

#[cfg(test)]
mod tests {
    use super::super::api::core_v1::Pod;
    use super::*;

    fn parse(text: &str) -> Manifests {
        Manifests::parse([Source::new("t.yaml", text)], &Limits::default())
    }

    #[test]
    fn lists_are_flattened_and_name_their_items() {
        let manifests = parse(
            "kind: List\napiVersion: v1\nitems:\n- {apiVersion: v1, kind: Pod, metadata: {name: a}}\n- kind: PodList\n  apiVersion: v1\n  items:\n  - metadata: {name: b, namespace: prod}\n",
        );
        let found: Vec<_> =
            manifests.objects().iter().map(|object| (object.kind.as_str(), object.name.as_str())).collect();
        assert_eq!(found, [("Pod", "a"), ("Pod", "b")]);
        assert_eq!(manifests.typed::<Pod>(ObjectId(1)).metadata.namespace, "prod");
        assert_eq!(manifests.problems(), []);
    }

    #[test]
    fn places_fall_back_to_the_parent() {
        let manifests =
            parse("apiVersion: v1\nkind: Pod\nmetadata:\n  labels:\n    a.b/c: x\nspec:\n  hostname:\n");
        let place = |path| {
            let place = manifests.place(ObjectId(0), path);
            (place.line, place.column, place.end_line, place.end_column)
        };
        assert_eq!(place("metadata.labels[a.b/c]"), (5, 12, 5, 13));
        assert_eq!(place("metadata.labels[none]"), (5, 5, 5, 13));
        assert_eq!(place("spec.hostname"), (7, 3, 7, 11));
    }

    #[test]
    fn unchanged_sources_are_reused() {
        let first = parse("apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n");
        let source = first.sources().next().cloned().into_iter();
        let second = first.reparse(source.chain([Source::new("b", "{}")]), &Limits::default());
        assert!(Arc::ptr_eq(&first.files[0], &second.files[0]));
        assert_eq!(second.files.len(), 2);
    }
}
