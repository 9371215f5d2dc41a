//! One strict reader for every JSON text that comes from outside: token headers, claims, key sets.

use std::borrow::Cow;
use std::fmt;

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

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Json<'de>, A::Error> {
        let members = read_members(members, self.inner()?)?;
        Ok(Json::Object(members.into_vec()))
    }
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

    fn visit_map<A: MapAccess<'de>>(self, members: A) -> Result<Self::Value, A::Error> {
        read_members(members, Strict { depth: 1 }).map(Object)
    }
}

/// Reads the members of one object. RFC 7515 §4 and RFC 7519 §4 allow to refuse a repeated name or to take the
/// last one; two readers that differ in that choice can be played against each other, so we refuse.
fn read_members<'de, A: MapAccess<'de>>(
    mut members: A,
    inner: Strict,
) -> Result<SmallVec<[Member<'de>; PAIRWISE]>, A::Error> {
    let mut read: SmallVec<[Member<'de>; PAIRWISE]> = SmallVec::new();
    while let Some(name) = members.next_key_seed(Name)? {
        read.push((name, members.next_value_seed(inner)?));
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
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(text: &str, accepted: bool) {
        assert_eq!(object(text.as_bytes()).is_some(), accepted, "{text}");
    }

    #[test]
    fn reads_one_object_with_all_kinds_of_values() {
        let text = r#" {"a":"x","b":"\u0079","c":[1,-2,1.5],"d":{"e":null},"f":true} "#;
        let object = object(text.as_bytes()).unwrap();
        let read = object.members();
        assert_eq!(read.get("a"), Some(&Json::Text(Cow::Borrowed("x"))));
        assert_eq!(read.get("b").and_then(Json::as_text), Some("y"));
        assert_eq!(read.get("c").and_then(Json::as_list).map(<[_]>::len), Some(3));
        assert_eq!(read.at(&["d", "e"]), Some(&Json::Null));
        assert_eq!(read.at(&["a", "e"]), None);
        assert!(read.has("f") && !read.has("g"));
    }

    /// A2.3, RFC 7515 §4, RFC 7519 §4.
    #[test]
    fn refuses_a_name_that_stands_twice_at_any_depth_however_it_is_written() {
        check(r#"{"a":1,"a":1}"#, false);
        check(r#"{"a":1,"\u0061":2}"#, false);
        check(r#"{"x":{"a":1,"b":2,"a":3}}"#, false);
        check(r#"{"x":[{"a":1,"a":3}]}"#, false);
        check(r#"{"x":{"a":1},"y":{"a":1},"A":1}"#, true);
        let many = |last: &str| {
            let members: Vec<String> = (0..100).map(|i| format!("\"m{i}\":{i}")).collect();
            format!("{{{},\"{last}\":0}}", members.join(","))
        };
        check(&many("m100"), true);
        check(&many("m7"), false);
    }

    /// A2.24, RFC 8725 §3.7.
    #[test]
    fn refuses_what_is_not_one_json_object_in_utf_8() {
        for text in [
            "",
            "null",
            "[]",
            "\"a\"",
            "{}{}",
            "{} x",
            "{,}",
            "{\"a\":1,}",
            "{'a':1}",
            "{\"a\":NaN}",
            "{\"a\":1e400}",
            "{\"a\":-1e400}",
            "{\"a\":01}",
            "{\"a\":\"\\ud800\"}",
            "{\"a\":\"\\udc00\"}",
            "{\"\\ud800\":1}",
            "{\"a\":\"\u{1}\"}",
            "\u{feff}{}",
            "// c\n{}",
        ] {
            check(text, false);
        }
        assert!(object(b"{\"a\":\"\xff\"}").is_none());
        check("{\"a\":\"\\ud83d\\ude00\"}", true);
    }

    /// A2.24, at the limit.
    #[test]
    fn reads_as_deep_as_the_limit_and_not_one_deeper() {
        let nested = |depth: usize| format!("{{\"a\":{}1{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
        check(&nested(MAX_DEPTH), true);
        check(&nested(MAX_DEPTH + 1), false);
        check(&format!("{{\"a\":{}", "[".repeat(100_000)), false);
        check(&"{\"a\":".repeat(100_000), false);
    }

    proptest! {
        #[test]
        fn no_octets_make_the_reader_panic(octets in proptest::collection::vec(any::<u8>(), 0..256)) {
            let _ = object(&octets);
        }

        #[test]
        fn agrees_with_serde_json_on_what_it_reads(text in "\\{(\"[a-d]\":(1|\"x\"|\\[2\\]|\\{\"e\":1\\}),?){0,4}\\}") {
            if object(text.as_bytes()).is_some() {
                let value: serde_json::Value = serde_json::from_str(&text).unwrap();
                prop_assert!(value.is_object());
            }
        }
    }
}
