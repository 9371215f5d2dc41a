//! One strict reader for every JSON text that comes from outside: token headers, claims, key sets.

use std::borrow::Cow;
use std::fmt;
use std::sync::LazyLock;

use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::Number;
use smallvec::SmallVec;

/// How deep objects and lists may be nested.
pub(crate) const MAX_DEPTH: usize = 16;

/// How many members fit before a sorted copy beats comparing all pairs.
const PAIRWISE: usize = 16;

/// A member of an object: its name and its value.
type Member<'a> = (Cow<'a, str>, Json<'a>);

/// A JSON value that borrows its text where no escape forced a copy.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Json<'a> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'a, str>),
    List(Vec<Self>),
    Object(Vec<Member<'a>>),
}

/// A whole JSON text; one with few members costs no allocation.
#[derive(Clone, Debug)]
pub(crate) struct Object<'a>(SmallVec<[Member<'a>; PAIRWISE]>);

/// The members of an object, in their order; no name stands twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'o, 'a>(&'o [Member<'a>]);

/// Reads one JSON object.
///
/// `None` for anything else: invalid UTF-8, a byte-order mark, text after the object, a member name that stands
/// twice in one object at any depth, a lone surrogate, a number beyond a double, nesting beyond [`MAX_DEPTH`].
pub(crate) fn object(octets: &[u8]) -> Option<Object<'_>> {
    let text = std::str::from_utf8(octets).ok()?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let object = Outermost.deserialize(&mut reader).ok()?;
    reader.end().ok()?;
    Some(object)
}

impl<'a> Object<'a> {
    pub(crate) fn members(&self) -> Members<'_, 'a> {
        Members(&self.0)
    }
}

impl<'o, 'a> Members<'o, 'a> {
    pub(crate) fn get(self, name: &str) -> Option<&'o Json<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value)
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The value at a path of member names.
    pub(crate) fn at<S: AsRef<str>>(self, path: &[S]) -> Option<&'o Json<'a>> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.get(first.as_ref())?, |value, name| value.as_object()?.get(name.as_ref()))
    }
}

impl<'a> Json<'a> {
    pub(crate) fn as_object(&self) -> Option<Members<'_, 'a>> {
        match self {
            Self::Object(members) => Some(Members(members)),
            _ => None,
        }
    }

    pub(crate) fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn as_list(&self) -> Option<&[Self]> {
        match self {
            Self::List(list) => Some(list),
            _ => None,
        }
    }
}

#[derive(Clone, Copy)]
struct Strict {
    depth: usize,
}

impl Strict {
    fn inner<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH { Err(E::custom("too deep")) } else { Ok(Self { depth: self.depth + 1 }) }
    }
}

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Json<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Json<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strict {
    type Value = Json<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'de>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'de>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'de>, E> {
        Ok(Json::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Json<'de>, E> {
        Number::from_f64(value).map(Json::Number).ok_or_else(|| E::custom("no finite number"))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Borrowed(value)))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'de>, E> {
        Ok(Json::Text(Cow::Owned(value.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut values: A) -> Result<Json<'de>, A::Error> {
        let inner = self.inner()?;
        let mut list = Vec::new();
        while let Some(value) = values.next_element_seed(inner)? {
            list.push(value);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Json<'de>, A::Error> {
        let first = members.next_key_seed(Name)?;
        if first.as_deref() == Some(DISGUISED_NUMBER) && numbers_are_disguised() {
            return members.next_value_seed(Name).and_then(|digits| number(&digits));
        }
        let members = read_members(first, members, self.inner()?)?;
        Ok(Json::Object(members.into_vec()))
    }
}

/// How `serde_json` calls the one member of the object in which it hands over a number with a fraction, an
/// exponent or many digits, once any crate in the tree turns its feature `arbitrary_precision` on.
const DISGUISED_NUMBER: &str = "$serde_json::private::Number";

/// Whether that feature is on: only then is a number that no double can hold a number.
fn numbers_are_disguised() -> bool {
    static DISGUISED: LazyLock<bool> = LazyLock::new(|| serde_json::from_str::<Number>("1e400").is_ok());
    *DISGUISED
}

/// The number as it is read without that feature.
fn number<'a, E: serde::de::Error>(digits: &str) -> Result<Json<'a>, E> {
    let double = digits.parse::<f64>().ok().and_then(Number::from_f64);
    double.map(Json::Number).ok_or_else(|| E::custom("no finite number"))
}

/// The JSON text as a whole, which must be an object.
struct Outermost;

impl<'de> DeserializeSeed<'de> for Outermost {
    type Value = Object<'de>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Outermost {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Self::Value, A::Error> {
        let first = members.next_key_seed(Name)?;
        read_members(first, members, Strict { depth: 1 }).map(Object)
    }
}

/// Reads the members of one object. RFC 7515 §4 and RFC 7519 §4 allow to refuse a repeated name or to take the
/// last one; two readers that differ in that choice can be played against each other, so we refuse. The name of
/// the first member is read already.
fn read_members<'de, A: MapAccess<'de>>(
    first: Option<Cow<'de, str>>,
    mut members: A,
    inner: Strict,
) -> Result<SmallVec<[Member<'de>; PAIRWISE]>, A::Error> {
    let mut read: SmallVec<[Member<'de>; PAIRWISE]> = SmallVec::new();
    let mut next = first;
    while let Some(name) = next {
        read.push((name, members.next_value_seed(inner)?));
        next = members.next_key_seed(Name)?;
    }
    if has_duplicates(&read) { Err(A::Error::custom("a member stands twice")) } else { Ok(read) }
}

/// A member name, borrowed where it has no escape.
struct Name;

impl<'de> DeserializeSeed<'de> for Name {
    type Value = Cow<'de, str>;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_str(self)
    }
}

impl<'de> Visitor<'de> for Name {
    type Value = Cow<'de, str>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a member name")
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Self::Value, E> {
        Ok(Cow::Borrowed(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Self::Value, E> {
        Ok(Cow::Owned(value.to_owned()))
    }
}

fn has_duplicates(members: &[Member<'_>]) -> bool {
    if members.len() <= PAIRWISE {
        let mut rest = members;
        while let Some(((name, _), later)) = rest.split_first() {
            if later.iter().any(|(other, _)| other == name) {
                return true;
            }
            rest = later;
        }
        return false;
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_ref()).collect();
    names.sort_unstable();
    names.windows(2).any(|pair| matches!(pair, [a, b] if a == b))
}

#[cfg(test)]
mod tests;
