//! One strict reader for every JSON text that comes from outside: token headers, claims, key sets.

mod names;
#[cfg(test)]
mod oracle;
mod reader;
mod specials;
mod text;

use std::borrow::Cow;

use serde_json::Number;
use smallvec::SmallVec;

pub(crate) use self::names::Name;
use self::names::{Names, Place, Whereabouts};
use self::reader::Reader;

/// How deep objects and lists may be nested.
pub(crate) const MAX_DEPTH: usize = 16;

/// How many members an object may have before it costs an allocation, and before a sorted copy of its names beats
/// comparing them with each other.
const FEW: usize = 16;

/// A member of an object: its name and its value.
type Member<'a> = (Cow<'a, str>, Json<'a>);

/// A JSON value that borrows its text where no escape forced a copy.
///
/// What tells the kinds apart takes a whole word, so that the rest is moved in words too: with one octet, moves straddle
/// what was written just before, and the processor waits for each. That was half the time of reading a token's claims.
#[derive(Clone, Debug, PartialEq)]
#[repr(u64)]
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
pub(crate) struct Object<'a> {
    members: SmallVec<[Member<'a>; FEW]>,
    names: Names,
}

/// The members of an object, in their order; no name stands twice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Members<'o, 'a> {
    members: &'o [Member<'a>],
    /// `None` if nobody noted them.
    names: Option<&'o Names>,
}

/// Reads one JSON object.
///
/// `None` for anything else: invalid UTF-8, a byte-order mark, text after the object, a member name that stands
/// twice in one object at any depth, a member name that serde_json keeps for itself, a lone surrogate, a number beyond a
/// double, nesting beyond [`MAX_DEPTH`].
///
/// It is written out here, because a reader on top of a general one costs five times as much, and every request with
/// a token pays for two.
pub(crate) fn object(octets: &[u8]) -> Option<Object<'_>> {
    object_in(std::str::from_utf8(octets).ok()?)
}

/// The same of text.
pub(crate) fn object_in(text: &str) -> Option<Object<'_>> {
    let mut object = Object::empty();
    object.read(text)?;
    Some(object)
}

impl<'a> Object<'a> {
    /// Without members.
    pub(crate) fn empty() -> Self {
        Self { members: SmallVec::new(), names: Names::NONE }
    }

    /// Reads the text into this object, which is empty: it is large, so that moving it costs as much as a member.
    pub(crate) fn read(&mut self, text: &'a str) -> Option<()> {
        Reader::new(text).whole_object(&mut self.members, &mut self.names)
    }

    pub(crate) fn members(&self) -> Members<'_, 'a> {
        Members { members: &self.members, names: Some(&self.names) }
    }
}

impl<'o, 'a> Members<'o, 'a> {
    /// Inlined, so that the place of a name that stands in the program is known when this is compiled.
    #[inline(always)]
    pub(crate) fn get(self, name: &str) -> Option<&'o Json<'a>> {
        self.find(name, Place::of(name))
    }

    pub(crate) fn has(self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// The same of a name that is asked for in every text.
    pub(crate) fn get_known(self, name: &Name) -> Option<&'o Json<'a>> {
        self.find(name.as_str(), name.place)
    }

    /// Inlined for the same reason: a name of known length is compared in one or two words.
    #[inline(always)]
    fn find(self, name: &str, place: Place) -> Option<&'o Json<'a>> {
        let found = match self.names.map_or(Whereabouts::Anywhere, |names| names.look(place)) {
            Whereabouts::Nowhere => None,
            Whereabouts::At(index) => self.members.get(index).filter(|(known, _)| known == name),
            Whereabouts::Anywhere => self.members.iter().find(|(known, _)| known == name),
        };
        found.map(|(_, value)| value)
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
            Self::Object(members) => Some(Members { members, names: None }),
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

#[cfg(test)]
mod tests;
