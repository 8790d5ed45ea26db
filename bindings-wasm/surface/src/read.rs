//! Reads Rust sources: every struct, enum and alias with its module, and what each file imports.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::rc::Rc;
use syn::{Item, UseTree};

/// What the sources declare.
#[derive(Default)]
pub struct Sources {
    /// Declarations by their last name.
    pub declared: BTreeMap<String, Vec<Rc<Declared>>>,
    /// Names of types with a hand-written `Serialize`.
    pub written_by_hand: BTreeSet<String>,
}

/// A struct, enum or alias.
pub struct Declared {
    pub name: String,
    /// `["policy", "verdict"]`.
    pub module: Vec<String>,
    pub item: Item,
    /// What its file imports: name to path.
    pub imports: Rc<BTreeMap<String, Vec<String>>>,
}

impl Sources {
    /// All `.rs` files under `folder`, tests left out.
    pub fn of_folder(folder: &Path) -> Result<Self, String> {
        let mut sources = Self::default();
        sources.folder(folder, &mut Vec::new())?;
        Ok(sources)
    }

    fn folder(&mut self, folder: &Path, module: &mut Vec<String>) -> Result<(), String> {
        let at = |fault: std::io::Error| format!("{}: {fault}", folder.display());
        let mut entries: Vec<_> =
            std::fs::read_dir(folder).map_err(at)?.collect::<Result<_, _>>().map_err(at)?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        for entry in entries {
            let path = entry.path();
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
            if path.is_dir() {
                module.push(stem);
                self.folder(&path, module)?;
                module.pop();
            } else if path.extension().is_some_and(|ext| ext == "rs") && stem != "tests" {
                let text = std::fs::read_to_string(&path).map_err(at)?;
                let mut module = module.clone();
                if !matches!(stem.as_str(), "mod" | "lib") {
                    module.push(stem);
                }
                self.text(&text, module).map_err(|fault| format!("{}: {fault}", path.display()))?;
            }
        }
        Ok(())
    }

    /// One file that is the module `module`.
    pub fn text(&mut self, text: &str, module: Vec<String>) -> Result<(), String> {
        let file = syn::parse_file(text).map_err(|fault| fault.to_string())?;
        self.items(file.items, &module);
        Ok(())
    }

    fn items(&mut self, items: Vec<Item>, module: &[String]) {
        let mut imports = BTreeMap::new();
        for item in &items {
            if let Item::Use(import) = item {
                record_imports(&import.tree, &mut Vec::new(), &mut imports);
            }
        }
        let imports = Rc::new(imports);
        for item in items {
            let name = match &item {
                Item::Struct(item) => item.ident.to_string(),
                Item::Enum(item) => item.ident.to_string(),
                Item::Type(item) => item.ident.to_string(),
                Item::Impl(item) => {
                    self.implementation(item);
                    continue;
                }
                Item::Mod(item) => {
                    let tests = item.attrs.iter().any(|attribute| attribute.path().is_ident("cfg"));
                    if let (Some((_, items)), false) = (&item.content, tests) {
                        let mut inner = module.to_vec();
                        inner.push(item.ident.to_string());
                        self.items(items.clone(), &inner);
                    }
                    continue;
                }
                _ => continue,
            };
            let declared =
                Declared { name: name.clone(), module: module.to_vec(), item, imports: imports.clone() };
            self.declared.entry(name).or_default().push(Rc::new(declared));
        }
    }

    fn implementation(&mut self, item: &syn::ItemImpl) {
        let Some((path, _)) = &item.trait_ else { return };
        if let (true, syn::Type::Path(ty)) =
            (path.segments.last().is_some_and(|last| last.ident == "Serialize"), &*item.self_ty)
            && let Some(last) = ty.path.segments.last()
        {
            self.written_by_hand.insert(last.ident.to_string());
        }
    }
}

fn record_imports(tree: &UseTree, path: &mut Vec<String>, into: &mut BTreeMap<String, Vec<String>>) {
    match tree {
        UseTree::Path(tree) => {
            path.push(tree.ident.to_string());
            record_imports(&tree.tree, path, into);
            path.pop();
        }
        UseTree::Name(tree) => {
            let mut full = path.clone();
            if tree.ident != "self" {
                full.push(tree.ident.to_string());
            }
            if let Some(last) = full.last().cloned() {
                into.insert(last, full);
            }
        }
        UseTree::Rename(tree) => {
            let mut full = path.clone();
            full.push(tree.ident.to_string());
            into.insert(tree.rename.to_string(), full);
        }
        UseTree::Group(tree) => {
            for tree in &tree.items {
                record_imports(tree, path, into);
            }
        }
        UseTree::Glob(_) => {}
    }
}
