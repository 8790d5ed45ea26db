//! A deserializer that learns the shape of a type by offering it one of everything.

use serde::Deserialize;
use serde::de::value::{Error, StrDeserializer, StringDeserializer};
use serde::de::{DeserializeSeed, Deserializer, IntoDeserializer, MapAccess, SeqAccess, Visitor};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// Structs by name, each with the types of its fields by name.
pub type Structs = BTreeMap<String, BTreeMap<String, String>>;

/// Adds `T` and all that it holds.
pub fn trace<T: for<'de> Deserialize<'de>>(structs: &mut Structs) {
    let found = RefCell::new(std::mem::take(structs));
    let kind = RefCell::default();
    T::deserialize(Tracer { structs: &found, kind: &kind })
        .map(drop)
        .expect("every type accepts its own shape");
    *structs = found.into_inner();
}

/// Offers a value and notes what was asked for.
///
/// Types: `s` string, `b` bool, `i` int32, `l` int64, `f` float64, `B` bytes, `q` Quantity, `t` Time,
/// `u` MicroTime, `x` IntOrString, `r` anything, `[]T` list, `{}T` map, otherwise a struct.
#[derive(Clone, Copy)]
struct Tracer<'a> {
    structs: &'a RefCell<Structs>,
    kind: &'a RefCell<String>,
}

impl Tracer<'_> {
    fn is(&self, kind: &str) {
        *self.kind.borrow_mut() = kind.to_owned();
    }

    fn inside(&self, prefix: &str) {
        let inner = self.kind.take();
        *self.kind.borrow_mut() = format!("{prefix}{inner}");
    }
}

macro_rules! scalars {
    ($($method:ident $kind:literal $visit:ident $value:expr;)*) => { $(
        fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
            self.is($kind);
            visitor.$visit($value)
        }
    )* };
}

impl<'de> Deserializer<'de> for Tracer<'_> {
    type Error = Error;

    scalars! {
        deserialize_bool "b" visit_bool true;
        deserialize_i32 "i" visit_i32 1;
        deserialize_i64 "l" visit_i64 1;
        deserialize_f64 "f" visit_f64 1.0;
        deserialize_string "s" visit_str "x";
        // Only byte strings ask for a borrowed string.
        deserialize_str "B" visit_str "";
        // Only IntOrString asks for anything.
        deserialize_any "x" visit_i64 1;
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.is(match name {
            "Time" => "t",
            "MicroTime" => "u",
            "Quantity" => "q",
            "RawExtension" | "FieldsV1" => "r",
            other => panic!("a new kind of scalar: {other}"),
        });
        let text: StrDeserializer<'de, Error> = "2020-01-01T00:00:00Z".into_deserializer();
        visitor.visit_newtype_struct(text)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_seq(One { tracer: self, left: true })
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        visitor.visit_map(One { tracer: self, left: true })
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Error> {
        self.is(name);
        // An object inside an object says what it is as well, but only with its own words.
        let own: &[&str] = match fields {
            ["apiVersion", "kind", ..] => &["apiVersion", "kind"],
            _ => &[],
        };
        let strings = own.iter().map(|field| ((*field).to_owned(), "s".to_owned())).collect();
        self.structs.borrow_mut().entry(name.to_owned()).or_insert(strings);
        let fields = fields.iter().copied().filter(|field| !own.contains(field)).collect();
        visitor.visit_map(Fields { structs: self.structs, name, fields, current: "" })
    }

    serde::forward_to_deserialize_any! {
        i8 i16 i128 u8 u16 u32 u64 u128 f32 char bytes byte_buf unit unit_struct tuple tuple_struct enum
        identifier ignored_any
    }
}

/// A list or map of one.
struct One<'a> {
    tracer: Tracer<'a>,
    left: bool,
}

impl<'de> SeqAccess<'de> for One<'_> {
    type Error = Error;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if !std::mem::take(&mut self.left) {
            return Ok(None);
        }
        let value = seed.deserialize(self.tracer)?;
        self.tracer.inside("[]");
        Ok(Some(value))
    }
}

impl<'de> MapAccess<'de> for One<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        if !std::mem::take(&mut self.left) {
            return Ok(None);
        }
        let key: StringDeserializer<Error> = String::from("key").into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let value = seed.deserialize(self.tracer)?;
        self.tracer.inside("{}");
        Ok(value)
    }
}

/// The fields of a struct, one after the other.
struct Fields<'a> {
    structs: &'a RefCell<Structs>,
    name: &'static str,
    fields: std::collections::VecDeque<&'static str>,
    current: &'static str,
}

impl<'de> MapAccess<'de> for Fields<'_> {
    type Error = Error;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>, Error> {
        let Some(field) = self.fields.pop_front() else { return Ok(None) };
        self.current = field;
        let key: StrDeserializer<'de, Error> = field.into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value, Error> {
        let kind = RefCell::default();
        let value = seed.deserialize(Tracer { structs: self.structs, kind: &kind })?;
        let mut structs = self.structs.borrow_mut();
        structs.entry(self.name.to_owned()).or_default().insert(self.current.to_owned(), kind.take());
        Ok(value)
    }
}
