//! What came as a form: every value is text, whatever it stands for.

use std::fmt;

use serde::de::value::{BorrowedStrDeserializer, MapAccessDeserializer, MapDeserializer};
use serde::de::{Deserialize, Deserializer, Error, IntoDeserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;
use serde_json::{Error as Wrong, Value};

#[cfg(test)]
mod tests;

/// What a client wrote, as it is.
pub(super) struct Written {
    pub(super) value: Value,
    /// Whether the format has members, and no types for what they hold.
    is_form: bool,
}

impl Written {
    /// The members of a form.
    pub(super) fn form(&self) -> Option<impl Deserializer<'_, Error = Wrong>> {
        let members = self.value.as_object().filter(|_| self.is_form)?;
        let texts = members.iter().map(|(name, value)| Some((Text(name), Text(value.as_str()?))));
        let texts: Vec<_> = texts.collect::<Option<_>>()?;
        Some(MapDeserializer::new(texts.into_iter()))
    }
}

/// A format in which a value can be anything passes over what wraps it. That of forms knows maps and nothing else: it
/// answers with one whatever it is asked for.
impl<'de> Deserialize<'de> for Written {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct("Assigned", Reader)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = Written;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("what a client wrote")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Written, D::Error> {
        Ok(Written { value: Value::deserialize(deserializer)?, is_form: false })
    }

    fn visit_map<M: MapAccess<'de>>(self, members: M) -> Result<Written, M::Error> {
        Ok(Written { value: Value::deserialize(MapAccessDeserializer::new(members))?, is_form: true })
    }
}

/// A name or a value, read as serde_urlencoded reads it: a number or a truth value where one is wanted.
#[derive(Clone, Copy)]
struct Text<'v>(&'v str);

impl<'v> IntoDeserializer<'v, Wrong> for Text<'v> {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

macro_rules! parsed {
    ($($method:ident => $visit:ident)*) => { $(
        fn $method<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Wrong> {
            visitor.$visit(self.0.parse().map_err(Wrong::custom)?)
        }
    )* };
}

impl<'v> Deserializer<'v> for Text<'v> {
    type Error = Wrong;

    fn deserialize_any<V: Visitor<'v>>(self, visitor: V) -> Result<V::Value, Wrong> {
        visitor.visit_borrowed_str(self.0)
    }

    parsed! {
        deserialize_bool => visit_bool
        deserialize_i8 => visit_i8
        deserialize_i16 => visit_i16
        deserialize_i32 => visit_i32
        deserialize_i64 => visit_i64
        deserialize_u8 => visit_u8
        deserialize_u16 => visit_u16
        deserialize_u32 => visit_u32
        deserialize_u64 => visit_u64
        deserialize_f32 => visit_f32
        deserialize_f64 => visit_f64
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
