//! Values as they are given, in whatever format, and the fields taken from them by name.

use serde::de::{
    Deserialize, DeserializeOwned, Deserializer, Error, IntoDeserializer, MapAccess, SeqAccess, Visitor,
};
use std::collections::BTreeMap;
use std::fmt;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Given {
    Null,
    Flag(bool),
    Number(u64),
    /// Negative, or with a fraction.
    OtherNumber(String),
    Text(String),
    List(Vec<Self>),
    Fields(Fields),
}

/// The fields of an object; those taken so far are the ones there may be.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Fields {
    rest: Vec<(String, Given)>,
    known: Vec<&'static str>,
}

impl<'de> Deserialize<'de> for Given {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(AsGiven)
    }
}

struct AsGiven;

impl<'de> Visitor<'de> for AsGiven {
    type Value = Given;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_unit<E: Error>(self) -> Result<Given, E> {
        Ok(Given::Null)
    }

    fn visit_bool<E: Error>(self, value: bool) -> Result<Given, E> {
        Ok(Given::Flag(value))
    }

    fn visit_u64<E: Error>(self, value: u64) -> Result<Given, E> {
        Ok(Given::Number(value))
    }

    fn visit_i64<E: Error>(self, value: i64) -> Result<Given, E> {
        Ok(u64::try_from(value).map_or_else(|_| Given::OtherNumber(value.to_string()), Given::Number))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Given, E> {
        Ok(Given::OtherNumber(value.to_string()))
    }

    fn visit_str<E: Error>(self, value: &str) -> Result<Given, E> {
        Ok(Given::Text(value.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Given, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Given::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Given, A::Error> {
        let mut rest: Vec<(String, Given)> = Vec::new();
        while let Some((name, value)) = entries.next_entry::<String, Given>()? {
            if rest.iter().any(|(other, _)| *other == name) {
                return Err(A::Error::custom(format_args!("duplicate field `{name}`")));
            }
            rest.push((name, value));
        }
        Ok(Given::Fields(Fields { rest, known: Vec::new() }))
    }
}

impl Given {
    fn instead_of<T>(&self, expected: &str) -> Result<T, String> {
        let found = match self {
            Self::Null => "null".to_owned(),
            Self::Flag(flag) => format!("`{flag}`"),
            Self::Number(number) => format!("`{number}`"),
            Self::OtherNumber(number) => format!("`{number}`"),
            Self::Text(text) => format!("\"{text}\""),
            Self::List(_) => "a list".to_owned(),
            Self::Fields(_) => "an object".to_owned(),
        };
        Err(format!("expected {expected}, not {found}"))
    }

    /// The fields of an object.
    pub(super) fn fields(self) -> Result<Fields, String> {
        match self {
            Self::Fields(fields) => Ok(fields),
            other => other.instead_of("an object"),
        }
    }
}

impl Fields {
    fn remove(&mut self, name: &'static str) -> Option<Given> {
        self.known.push(name);
        let at = self.rest.iter().position(|(other, _)| other == name)?;
        Some(self.rest.swap_remove(at).1)
    }

    /// The field `name`, which only an optional type may lack.
    pub(super) fn take<T: FromGiven>(&mut self, name: &'static str) -> Result<T, String> {
        match self.remove(name) {
            Some(value) => T::from_given(value).map_err(|reason| format!("`{name}`: {reason}")),
            None => T::absent().ok_or_else(|| format!("missing field `{name}`")),
        }
    }

    /// The field `name`, or the default of its type.
    pub(super) fn or_default<T: FromGiven + Default>(&mut self, name: &'static str) -> Result<T, String> {
        Ok(self.take::<Present<T>>(name)?.0.unwrap_or_default())
    }

    /// Refuses the field that was not taken.
    pub(super) fn finish(self) -> Result<(), String> {
        let Some((name, _)) = self.rest.first() else { return Ok(()) };
        let known: Vec<String> = self.known.iter().map(|name| format!("`{name}`")).collect();
        Err(match known.is_empty() {
            true => format!("unknown field `{name}`, there are no fields"),
            false => format!("unknown field `{name}`, expected one of {}", known.join(", ")),
        })
    }
}

/// What a field may be read as.
pub(super) trait FromGiven: Sized {
    /// Reads a value that is there.
    fn from_given(value: Given) -> Result<Self, String>;

    /// What stands for a field that is not there, if it need not be.
    fn absent() -> Option<Self> {
        None
    }
}

/// A value that may be left out, but is not null.
struct Present<T>(Option<T>);

impl<T: FromGiven> FromGiven for Present<T> {
    fn from_given(value: Given) -> Result<Self, String> {
        T::from_given(value).map(|value| Self(Some(value)))
    }

    fn absent() -> Option<Self> {
        Some(Self(None))
    }
}

impl<T: FromGiven> FromGiven for Option<T> {
    fn from_given(value: Given) -> Result<Self, String> {
        if value == Given::Null { Ok(None) } else { T::from_given(value).map(Some) }
    }

    fn absent() -> Option<Self> {
        Some(None)
    }
}

impl FromGiven for String {
    fn from_given(value: Given) -> Result<Self, String> {
        match value {
            Given::Text(text) => Ok(text),
            other => other.instead_of("text"),
        }
    }
}

impl FromGiven for bool {
    fn from_given(value: Given) -> Result<Self, String> {
        match value {
            Given::Flag(flag) => Ok(flag),
            other => other.instead_of("`true` or `false`"),
        }
    }
}

impl FromGiven for u16 {
    fn from_given(value: Given) -> Result<Self, String> {
        match value {
            Given::Number(number) if number <= u64::from(Self::MAX) => Ok(number as Self),
            other => other.instead_of("a number from 0 to 65535"),
        }
    }
}

impl<T: FromGiven> FromGiven for Vec<T> {
    fn from_given(value: Given) -> Result<Self, String> {
        match value {
            Given::List(list) => list.into_iter().map(T::from_given).collect(),
            other => other.instead_of("a list"),
        }
    }
}

impl FromGiven for BTreeMap<String, String> {
    fn from_given(value: Given) -> Result<Self, String> {
        let mut map = Self::new();
        for (name, value) in value.fields()?.rest {
            map.insert(name, String::from_given(value)?);
        }
        Ok(map)
    }
}

/// A word of a closed list.
pub(super) fn word<T: DeserializeOwned>(value: Given) -> Result<T, String> {
    let text = String::from_given(value)?;
    let word: Result<T, serde::de::value::Error> = T::deserialize(text.into_deserializer());
    word.map_err(|fault| fault.to_string())
}
