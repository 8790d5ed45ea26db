//! The surface as data, free of Rust's and of any other language's syntax.

/// Everything the bindings need to know.
pub struct Surface {
    /// In the order of the `Question` enum.
    pub questions: Vec<Question>,
    /// Every type reachable, in the order they are met.
    pub types: Vec<Type>,
}

/// One question and the type of its answer.
pub struct Question {
    /// `policyVerdict`.
    pub ask: String,
    pub doc: Vec<String>,
    pub fields: Vec<Field>,
    pub answer: Shape,
}

/// A named type.
pub struct Type {
    pub name: String,
    pub doc: Vec<String>,
    pub body: Body,
    /// Whether callers write it (reached from a question or the settings).
    pub input: bool,
    /// Whether answers or errors hold it.
    pub output: bool,
}

pub enum Body {
    /// An object.
    Record(Vec<Field>),
    /// One of some strings.
    Choice(Vec<(String, Vec<String>)>),
    /// Objects told apart by the string in `tag`.
    Tagged { tag: String, variants: Vec<Variant> },
    /// Another shape under a name of its own.
    Alias(Shape),
}

/// One alternative of a tagged union.
pub struct Variant {
    /// The value of the tag.
    pub tag: String,
    pub doc: Vec<String>,
    pub fields: Vec<Field>,
}

#[derive(Clone)]
pub struct Field {
    pub name: String,
    pub doc: Vec<String>,
    pub shape: Shape,
    /// In an answer.
    pub written: Presence,
    /// Whether a caller may leave it out.
    pub may_be_left_out: bool,
}

impl Field {
    /// Without `null`: where absence says the same.
    pub fn bare(&self) -> &Shape {
        match &self.shape {
            Shape::Nullable(inner) => inner,
            other => other,
        }
    }
}

impl Shape {
    /// Every name in it.
    pub fn names(&self, into: &mut impl Extend<String>) {
        match self {
            Self::Named(name) => into.extend([name.clone()]),
            Self::List(inner) | Self::Map(inner) | Self::Nullable(inner) => inner.names(into),
            Self::Tuple(shapes) | Self::Either(shapes) => shapes.iter().for_each(|inner| inner.names(into)),
            Self::Text | Self::Integer | Self::Truth => {}
        }
    }
}

impl Body {
    /// Every shape in it.
    pub fn shapes(&self) -> Vec<&Shape> {
        match self {
            Self::Record(fields) => fields.iter().map(|field| &field.shape).collect(),
            Self::Choice(_) => Vec::new(),
            Self::Tagged { variants, .. } => {
                variants.iter().flat_map(|variant| &variant.fields).map(|field| &field.shape).collect()
            }
            Self::Alias(shape) => vec![shape],
        }
    }
}

/// Whether a field may be absent.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Presence {
    /// Always there.
    Required,
    /// May be left out; then it counts as null.
    OrNull,
    /// Left out when it is the empty value of its shape.
    OrEmpty,
}

/// What a value looks like.
#[derive(Clone, PartialEq)]
pub enum Shape {
    Text,
    Integer,
    Truth,
    List(Box<Shape>),
    Map(Box<Shape>),
    Nullable(Box<Shape>),
    Tuple(Vec<Shape>),
    Either(Vec<Shape>),
    Named(String),
}
