//! What a client wrote, read by the names of its members alone.

use std::fmt;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, MapAccess, SeqAccess, Unexpected, VariantAccess,
    Visitor,
};
use serde::forward_to_deserialize_any;
use serde_json::{Error as Wrong, Map, Value};

/// Reads a [`Value`] as serde_json does, but takes no list for a struct: members that are written by their position alone
/// have no names, and nothing could be said of them.
///
/// What serde reads into a buffer of its own first (`flatten`, untagged and internally tagged enums) is out of reach below
/// that buffer.
#[derive(Clone, Copy)]
pub(super) struct Named<'v>(pub(super) &'v Value);

impl<'v> Deserializer<'v> for Named<'v> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Array(values) => {
                let mut elements = Elements(values.iter());
                let read = visitor.visit_seq(&mut elements)?;
                all_read(elements.0.len(), values.len(), "a list of fewer elements").map(|()| read)
            }
            Value::Object(members) => {
                let mut unread = Members::of(members);
                let read = visitor.visit_map(&mut unread)?;
                all_read(unread.members.len(), members.len(), "an object of fewer members").map(|()| read)
            }
            plain => plain.deserialize_any(visitor),
        }
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Wrong> {
        if self.0.is_null() { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_struct<V: Visitor<'v>>(
        self,
        name: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Array(_) => Err(by_position(&ByName(name))),
            _ => self.deserialize_any(visitor),
        }
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.0 {
            Value::Object(members) => match Members::of(members).one() {
                Some((name, content)) => visitor.visit_enum(Variant { name, content }),
                None => Err(Wrong::invalid_value(Unexpected::Map, &"one variant")),
            },
            plain => plain.deserialize_enum(name, variants, visitor),
        }
    }

    forward_to_deserialize_any! {
        <V: Visitor<'v>>
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple
        tuple_struct map identifier ignored_any
    }
}

/// What nobody reads was looked at for nothing, and is no part of what was expected.
fn all_read(left: usize, length: usize, expected: &str) -> Result<(), Wrong> {
    if left == 0 { Ok(()) } else { Err(Wrong::invalid_length(length, &expected)) }
}

fn by_position(expected: &dyn serde::de::Expected) -> Wrong {
    Wrong::invalid_type(Unexpected::Seq, expected)
}

struct ByName(&'static str);

impl serde::de::Expected for ByName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the members of {} by their names", self.0)
    }
}

struct Elements<'v>(std::slice::Iter<'v, Value>);

impl<'v> SeqAccess<'v> for Elements<'v> {
    type Error = Wrong;

    fn next_element_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<Option<T::Value>, Wrong> {
        self.0.next().map(|value| seed.deserialize(Named(value))).transpose()
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.0.len())
    }
}

struct Members<'v> {
    members: serde_json::map::Iter<'v>,
    value: Option<&'v Value>,
}

impl<'v> Members<'v> {
    fn of(members: &'v Map<String, Value>) -> Self {
        Self { members: members.iter(), value: None }
    }

    /// The only one.
    fn one(mut self) -> Option<(&'v str, &'v Value)> {
        let (name, value) = self.members.next()?;
        self.members.next().is_none().then_some((name, value))
    }
}

impl<'v> MapAccess<'v> for Members<'v> {
    type Error = Wrong;

    fn next_key_seed<K: DeserializeSeed<'v>>(&mut self, seed: K) -> Result<Option<K::Value>, Wrong> {
        let Some((name, value)) = self.members.next() else { return Ok(None) };
        self.value = Some(value);
        seed.deserialize(Name(name)).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'v>>(&mut self, seed: T) -> Result<T::Value, Wrong> {
        match self.value.take() {
            Some(value) => seed.deserialize(Named(value)),
            None => Err(Wrong::custom("a value was asked for before its name")),
        }
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.members.len())
    }
}

/// The name of a member, which may stand for a number or a truth value where a map is read.
struct Name<'v>(&'v str);

macro_rules! written_as_text {
    ($($method:ident)*) => { $(
        fn $method<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Wrong> {
            match serde_json::from_str(self.0) {
                Ok(plain @ (Value::Bool(_) | Value::Number(_))) => plain.$method(visitor),
                _ => visitor.visit_borrowed_str(self.0),
            }
        }
    )* };
}

impl<'v> Deserializer<'v> for Name<'v> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_borrowed_str(self.0)
    }

    written_as_text! {
        deserialize_bool deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64 deserialize_i128
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64 deserialize_u128 deserialize_f32 deserialize_f64
    }

    fn deserialize_option<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'v>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'v>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        BorrowedStrDeserializer::new(self.0).deserialize_enum(name, variants, visitor)
    }

    forward_to_deserialize_any! {
        <V: Visitor<'v>>
        char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct identifier ignored_any
    }
}

/// A variant of an enum with what it holds.
struct Variant<'v> {
    name: &'v str,
    content: &'v Value,
}

impl<'v> EnumAccess<'v> for Variant<'v> {
    type Error = Wrong;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'v>>(self, seed: T) -> Result<(T::Value, Self), Wrong> {
        Ok((seed.deserialize(Name(self.name))?, self))
    }
}

impl<'v> VariantAccess<'v> for Variant<'v> {
    type Error = Wrong;

    fn unit_variant(self) -> Result<(), Wrong> {
        serde::Deserialize::deserialize(Named(self.content))
    }

    fn newtype_variant_seed<T: DeserializeSeed<'v>>(self, seed: T) -> Result<T::Value, Wrong> {
        seed.deserialize(Named(self.content))
    }

    fn tuple_variant<V: Visitor<'v>>(self, _: usize, visitor: V) -> Result<V::Value, Wrong> {
        match self.content {
            Value::Array(_) => Named(self.content).deserialize_any(visitor),
            _ => Err(Wrong::invalid_type(Unexpected::Other("no list"), &"a list")),
        }
    }

    fn struct_variant<V: Visitor<'v>>(
        self,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Wrong> {
        match self.content {
            Value::Object(_) => Named(self.content).deserialize_any(visitor),
            _ => Err(by_position(&"the members of the variant by their names")),
        }
    }
}
