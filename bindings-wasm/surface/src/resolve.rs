//! From declarations to the surface: follows every type from the questions, answers and settings.

use crate::model::{Body, Field, Presence, Question, Shape, Surface, Type, Variant};
use crate::read::{Declared, Sources};
use crate::rules::{Case, Rules, doc, pascal};
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;
use syn::{Fields, GenericArgument, Item, PathArguments};

/// The surface that `sources` declare.
pub fn surface(sources: &Sources) -> Result<Surface, String> {
    let mut resolver = Resolver { sources, names: BTreeMap::new(), types: Vec::new() };
    let questions = resolver.questions()?;
    for root in ["AskError", "Settings"] {
        let declared = resolver.only(root)?;
        resolver.named(&declared)?;
    }
    let mut types: Vec<Type> = resolver.types.into_iter().flatten().collect();
    let asked = questions.iter().flat_map(|question| &question.fields).map(|field| &field.shape);
    let inputs = reached(&types, asked, "Settings");
    let outputs = reached(&types, questions.iter().map(|question| &question.answer), "AskError");
    for ty in &mut types {
        ty.input = inputs.contains(&ty.name);
        ty.output = outputs.contains(&ty.name);
    }
    // What was only taken apart for its fields.
    types.retain(|ty| ty.input || ty.output);
    Ok(Surface { questions, types })
}

/// Names of the types reached from `shapes` and `root`.
fn reached<'a>(types: &[Type], shapes: impl Iterator<Item = &'a Shape>, root: &str) -> BTreeSet<String> {
    let mut next = vec![root.to_owned()];
    shapes.for_each(|shape| shape.names(&mut next));
    let mut found = BTreeSet::new();
    while let Some(name) = next.pop() {
        let ty = types.iter().find(|ty| ty.name == name);
        if let (Some(ty), true) = (ty, found.insert(name)) {
            ty.body.shapes().into_iter().for_each(|shape| shape.names(&mut next));
        }
    }
    found
}

/// Names that the bindings use themselves.
const RESERVED: &[&str] = &[
    "Answer",
    "Answers",
    "Any",
    "Cluster",
    "Error",
    "ErrorCode",
    "KubehopError",
    "Literal",
    "Mapping",
    "Omit",
    "Question",
    "Questions",
    "Record",
    "Sequence",
    "Source",
    "Sources",
    "Union",
];

struct Resolver<'a> {
    sources: &'a Sources,
    /// The name on the surface of each declaration, by module and name.
    names: BTreeMap<(Vec<String>, String), String>,
    types: Vec<Option<Type>>,
}

impl Resolver<'_> {
    fn only(&self, name: &str) -> Result<Rc<Declared>, String> {
        match self.sources.declared.get(name).map(Vec::as_slice) {
            Some([one]) => Ok(one.clone()),
            Some(many) => many
                .iter()
                .find(|declared| declared.module == ["ask"])
                .cloned()
                .ok_or_else(|| format!("several types are called {name}")),
            None => Err(format!("no type is called {name}")),
        }
    }

    fn questions(&mut self) -> Result<Vec<Question>, String> {
        let (question, answer) = (self.only("Question")?, self.only("Answer")?);
        let (Item::Enum(asked), Item::Enum(answered)) = (&question.item, &answer.item) else {
            return Err("Question and Answer are enums".into());
        };
        let rules = Rules::of(&asked.attrs)?;
        let mut questions = Vec::new();
        for variant in &asked.variants {
            let name = variant.ident.to_string();
            let own = Rules::of(&variant.attrs)?;
            let ask = own.rename.clone().unwrap_or_else(|| renamed_variant(&rules, &name));
            let case = own.rename_all.or(rules.rename_all_fields);
            let fields = self.content(&variant.fields, case, &question)?;
            // The answer is the variant of the same name, or the one that says "Answer to `Name`".
            let says = format!("`{name}`");
            let found = answered.variants.iter().find(|candidate| candidate.ident == name).or_else(|| {
                answered
                    .variants
                    .iter()
                    .find(|candidate| doc(&candidate.attrs).iter().any(|line| line.contains(&says)))
            });
            let Some(found) = found else {
                return Err(format!("no variant of Answer is called {name} or is said to answer `{name}`"));
            };
            let answer = match &found.fields {
                Fields::Unnamed(fields) if fields.unnamed.len() == 1 => match fields.unnamed.first() {
                    Some(field) => self.shape(&field.ty, &answer)?,
                    None => return Err(format!("Answer to {name} is empty")),
                },
                _ => return Err(format!("Answer to {name} must hold one type")),
            };
            questions.push(Question { ask, doc: doc(&variant.attrs), fields, answer });
        }
        Ok(questions)
    }

    fn content(
        &mut self,
        fields: &Fields,
        case: Option<Case>,
        around: &Declared,
    ) -> Result<Vec<Field>, String> {
        let mut out = Vec::new();
        for field in fields {
            let rules = Rules::of(&field.attrs)?;
            if rules.skip {
                continue;
            }
            let name = field.ident.as_ref().map(ToString::to_string).unwrap_or_default();
            let name = name.trim_start_matches("r#").to_owned();
            // The struct of a variant `Route(RouteQuestion)` stands for its fields, as a flattened one.
            if rules.flatten || name.is_empty() {
                let Shape::Named(inner) = self.shape(&field.ty, around)? else {
                    return Err(format!("{}: only a struct can be flattened", around.name));
                };
                out.extend(self.fields_of(&inner)?);
                continue;
            }
            let shape = if rules.custom { Shape::Text } else { self.shape(&field.ty, around)? };
            let written = match &rules.skip_if {
                Some(test) if test.ends_with("is_none") => Presence::OrNull,
                Some(_) => Presence::OrEmpty,
                None => Presence::Required,
            };
            let may_be_left_out = rules.default || matches!(shape, Shape::Nullable(_));
            let name = rules.rename.unwrap_or_else(|| match case {
                Some(case) => case.field(&name),
                None => name.clone(),
            });
            out.push(Field { name, doc: doc(&field.attrs), shape, written, may_be_left_out });
        }
        Ok(out)
    }

    fn fields_of(&self, name: &str) -> Result<Vec<Field>, String> {
        let found = self.types.iter().flatten().find(|ty| ty.name == name);
        match found.map(|ty| &ty.body) {
            Some(Body::Record(fields)) => Ok(fields.clone()),
            _ => Err(format!("{name} cannot be flattened")),
        }
    }

    fn shape(&mut self, ty: &syn::Type, around: &Declared) -> Result<Shape, String> {
        let at = || format!("{}::{}", around.module.join("::"), around.name);
        match ty {
            syn::Type::Reference(ty) => self.shape(&ty.elem, around),
            syn::Type::Paren(ty) => self.shape(&ty.elem, around),
            syn::Type::Slice(ty) => Ok(Shape::List(Box::new(self.shape(&ty.elem, around)?))),
            syn::Type::Array(ty) => Ok(Shape::List(Box::new(self.shape(&ty.elem, around)?))),
            syn::Type::Tuple(ty) => {
                let shapes = ty.elems.iter().map(|ty| self.shape(ty, around));
                Ok(Shape::Tuple(shapes.collect::<Result<_, _>>()?))
            }
            syn::Type::Path(path) => {
                let names: Vec<String> =
                    path.path.segments.iter().map(|segment| segment.ident.to_string()).collect();
                let Some(last) = path.path.segments.last() else { return Err(at()) };
                let mut inner = Vec::new();
                if let PathArguments::AngleBracketed(arguments) = &last.arguments {
                    for argument in &arguments.args {
                        if let GenericArgument::Type(ty) = argument {
                            inner.push(ty);
                        }
                    }
                }
                let mut of = |index: usize| match inner.get(index) {
                    Some(ty) => self.shape(ty, around).map(Box::new),
                    None => Err(format!("{}: {} without its type", at(), last.ident)),
                };
                Ok(match last.ident.to_string().as_str() {
                    "String" | "str" | "IpAddr" | "Ipv4Addr" | "Ipv6Addr" | "IpNet" | "Ipv4Net"
                    | "Ipv6Net" | "SocketAddr" | "char" => Shape::Text,
                    "u8" | "u16" | "u32" | "i8" | "i16" | "i32" | "NonZeroU16" => Shape::Integer,
                    "bool" => Shape::Truth,
                    "Vec" | "BTreeSet" | "VecDeque" => Shape::List(of(0)?),
                    "BTreeMap" | "IndexMap" => Shape::Map(of(1)?),
                    "Option" => Shape::Nullable(of(0)?),
                    "Box" | "Arc" | "Rc" => *of(0)?,
                    "Cow" => *of(0)?,
                    "u64" | "i64" | "usize" | "isize" | "u128" | "f32" | "f64" => {
                        return Err(format!(
                            "{}: {} does not cross every surface unharmed",
                            at(),
                            last.ident
                        ));
                    }
                    _ => {
                        let declared = self.find(&names, around)?;
                        return self.named(&declared);
                    }
                })
            }
            _ => Err(format!("{}: a kind of type that is not known here", at())),
        }
    }

    /// The declaration that `names` means inside `around`.
    fn find(&self, names: &[String], around: &Declared) -> Result<Rc<Declared>, String> {
        let mut path: Vec<String> = names.to_vec();
        if let Some(first) = path.first().cloned() {
            if first == "Self" {
                path = vec![around.name.clone()];
            } else if let Some(import) = around.imports.get(&first) {
                path.splice(0..1, import.iter().cloned());
            }
        }
        let Some(name) = path.pop() else { return Err("an empty path".into()) };
        path.retain(|part| !matches!(part.as_str(), "crate" | "self" | "super"));
        let candidates = self.sources.declared.get(&name).map(Vec::as_slice).unwrap_or_default();
        let score = |declared: &Declared| {
            let suffix = path.iter().all(|part| declared.module.contains(part));
            let near = declared.module.iter().zip(&around.module).take_while(|(a, b)| a == b).count();
            (suffix, declared.module == around.module && path.is_empty(), near)
        };
        let best = candidates.iter().max_by_key(|declared| score(declared));
        best.cloned().ok_or_else(|| {
            format!(
                "{}::{} uses {}, which core does not declare",
                around.module.join("::"),
                around.name,
                name
            )
        })
    }

    /// The shape of a declared type, declaring it on the surface when it is new.
    fn named(&mut self, declared: &Rc<Declared>) -> Result<Shape, String> {
        let key = (declared.module.clone(), declared.name.clone());
        if let Some(name) = self.names.get(&key) {
            return Ok(Shape::Named(name.clone()));
        }
        if let Item::Type(alias) = &declared.item {
            return self.shape(&alias.ty, declared);
        }
        if self.sources.written_by_hand.contains(&declared.name) {
            // Hand-written ones collect their Display; the corpus tests prove it.
            return Ok(Shape::Text);
        }
        let name = self.free_name(declared);
        let index = self.types.len();
        self.types.push(None);
        self.names.insert(key, name.clone());
        let (attributes, body) = match &declared.item {
            Item::Struct(item) => (&item.attrs, self.of_struct(item, declared)),
            Item::Enum(item) => (&item.attrs, self.of_enum(item, declared)),
            _ => return Err(format!("{} is neither struct nor enum", declared.name)),
        };
        let body = body.map_err(|fault| format!("{} (in {})", fault, declared.name))?;
        if let Some(slot) = self.types.get_mut(index) {
            *slot =
                Some(Type { name: name.clone(), doc: doc(attributes), body, input: false, output: false });
        }
        Ok(Shape::Named(name))
    }

    /// Its own name; with its room's in front when another type took that.
    fn free_name(&self, declared: &Declared) -> String {
        let taken = |name: &str| RESERVED.contains(&name) || self.names.values().any(|taken| taken == name);
        if !taken(&declared.name) {
            return declared.name.clone();
        }
        let mut name = declared.name.clone();
        for part in declared.module.iter().rev() {
            name = format!("{}{name}", pascal(part));
            if !taken(&name) {
                break;
            }
        }
        name
    }

    fn of_struct(&mut self, item: &syn::ItemStruct, around: &Declared) -> Result<Body, String> {
        let rules = Rules::of(&item.attrs)?;
        if let Some(other) = &rules.into {
            let other: syn::Type = syn::parse_str(other).map_err(|fault| fault.to_string())?;
            return Ok(Body::Alias(self.shape(&other, around)?));
        }
        match &item.fields {
            Fields::Named(fields) if rules.transparent && fields.named.len() == 1 => {
                match fields.named.first() {
                    Some(field) => Ok(Body::Alias(self.shape(&field.ty, around)?)),
                    None => Err("an empty struct".into()),
                }
            }
            Fields::Named(_) => {
                let mut fields = self.content(&item.fields, rules.rename_all, around)?;
                if rules.default {
                    fields.iter_mut().for_each(|field| field.may_be_left_out = true);
                }
                if let Some(tag) = &rules.tag {
                    let variants = vec![Variant { tag: around.name.clone(), doc: Vec::new(), fields }];
                    return Ok(Body::Tagged { tag: tag.clone(), variants });
                }
                Ok(Body::Record(fields))
            }
            Fields::Unnamed(fields) => {
                let mut shapes = Vec::new();
                for field in &fields.unnamed {
                    shapes.push(self.shape(&field.ty, around)?);
                }
                Ok(Body::Alias(match shapes.as_slice() {
                    [one] => one.clone(),
                    _ => Shape::Tuple(shapes),
                }))
            }
            Fields::Unit => Err("a unit struct says nothing".into()),
        }
    }

    fn of_enum(&mut self, item: &syn::ItemEnum, around: &Declared) -> Result<Body, String> {
        let rules = Rules::of(&item.attrs)?;
        if rules.untagged {
            let mut shapes = Vec::new();
            for variant in &item.variants {
                match &variant.fields {
                    Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
                        for field in &fields.unnamed {
                            shapes.push(self.shape(&field.ty, around)?);
                        }
                    }
                    _ => return Err("an untagged variant must hold one type".into()),
                }
            }
            return Ok(Body::Alias(Shape::Either(shapes)));
        }
        let named = |variant: &syn::Variant| -> Result<String, String> {
            let own = Rules::of(&variant.attrs)?;
            Ok(own.rename.unwrap_or_else(|| renamed_variant(&rules, &variant.ident.to_string())))
        };
        let Some(tag) = &rules.tag else {
            let mut choices = Vec::new();
            for variant in &item.variants {
                if !matches!(variant.fields, Fields::Unit) {
                    return Err(format!("variant {} has content: tag the enum", variant.ident));
                }
                choices.push((named(variant)?, doc(&variant.attrs)));
            }
            return Ok(Body::Choice(choices));
        };
        let mut variants = Vec::new();
        for variant in &item.variants {
            let own = Rules::of(&variant.attrs)?;
            if own.skip {
                continue;
            }
            let fields = match &variant.fields {
                Fields::Unit => Vec::new(),
                _ => {
                    let case = own.rename_all.or(rules.rename_all_fields);
                    self.content(&variant.fields, case, around)?
                }
            };
            variants.push(Variant { tag: named(variant)?, doc: doc(&variant.attrs), fields });
        }
        Ok(Body::Tagged { tag: tag.clone(), variants })
    }
}

fn renamed_variant(rules: &Rules, name: &str) -> String {
    rules.rename_all.map_or_else(|| name.to_owned(), |case| case.variant(name))
}
