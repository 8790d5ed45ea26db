//! From nodes to typed objects.
//!
//! Reading is total: what has the wrong type reads as its zero value, since the strict check has
//! already reported it. A null is the zero value too, as in Go.

use super::tree::Node;
use std::collections::BTreeMap;

/// A type that can be read from a node.
pub trait Read: Default {
    /// The value of `node`, or the zero value when it has another type.
    fn read(node: Node<'_>) -> Self;
}

impl Read for String {
    fn read(node: Node<'_>) -> Self {
        node.as_str().unwrap_or_default().to_owned()
    }
}

impl Read for bool {
    fn read(node: Node<'_>) -> Self {
        node.as_bool().unwrap_or_default()
    }
}

impl Read for i32 {
    fn read(node: Node<'_>) -> Self {
        node.as_i64().and_then(|n| n.try_into().ok()).unwrap_or_default()
    }
}

impl Read for i64 {
    fn read(node: Node<'_>) -> Self {
        node.as_i64().unwrap_or_default()
    }
}

impl<T: Read> Read for Option<T> {
    fn read(node: Node<'_>) -> Self {
        (!node.is_null()).then(|| T::read(node))
    }
}

impl<T: Read> Read for Vec<T> {
    fn read(node: Node<'_>) -> Self {
        node.items().map(T::read).collect()
    }
}

impl<T: Read> Read for BTreeMap<String, T> {
    fn read(node: Node<'_>) -> Self {
        crate::order::map(node.entries().map(|(key, value)| (key.to_owned(), T::read(value))))
    }
}

/// Declares API types: a plain struct and its [`Read`] implementation from one list of
/// `"jsonName" field: Type` lines. Only fields that matter to networking are listed; the schema
/// table, not these structs, knows every field there is.
macro_rules! api {
    ($( $(#[$meta:meta])* $name:ident { $( $(#[$fmeta:meta])* $key:literal $field:ident : $ty:ty ),* $(,)? } )*) => { $(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        pub struct $name {
            $( $(#[$fmeta])* #[doc = concat!("`", $key, "`")] pub $field: $ty, )*
        }

        impl $crate::manifest::read::Read for $name {
            fn read(node: $crate::manifest::tree::Node<'_>) -> Self {
                let mut value = Self::default();
                for (key, node) in node.entries() {
                    match key {
                        $( $key => value.$field = $crate::manifest::read::Read::read(node), )*
                        _ => {}
                    }
                }
                value
            }
        }
    )* };
}
pub(crate) use api;
