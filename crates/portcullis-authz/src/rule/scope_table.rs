//! Finds a scope among many in the same few steps, however many there are.

use portcullis_core::{Scope, Scopes};

/// Scopes by a hash of their texts, made once for one that is asked for at every request.
///
/// The hash is the same in every process, which is safe here: the texts in the table are those of the configuration, and
/// what a caller sends is only looked for.
pub(super) struct ScopeTable {
    /// A power of two, of which at least half are free: a text stands at its own place or at one soon after it.
    places: Box<[Option<Known>]>,
    /// By how much a hash is shifted, so that its upper bits are the number of a place: they depend on all that went in.
    shift: u32,
    len: usize,
}

/// A text of its own, which need not be cut out of a longer one.
struct Known {
    ends: Ends,
    text: Box<str>,
}

impl ScopeTable {
    /// Each scope once.
    pub(super) fn new<'s>(scopes: impl Iterator<Item = &'s str>) -> Self {
        let mut scopes: Vec<&str> = scopes.collect();
        scopes.sort_unstable();
        scopes.dedup();
        let places = if scopes.is_empty() { 0 } else { scopes.len().saturating_mul(2).next_power_of_two() };
        let shift = u64::BITS - places.checked_ilog2().unwrap_or(1);
        let mut table = Self { places: (0..places).map(|_| None).collect(), shift, len: scopes.len() };
        for scope in scopes {
            let mut at = table.place(hash(scope.as_bytes()));
            while table.places.get(at).is_some_and(Option::is_some) {
                at = table.after(at);
            }
            if let Some(place) = table.places.get_mut(at) {
                *place = Some(Known {
                    ends: Ends::of(scope.as_bytes()).unwrap_or(Ends::NONE),
                    text: scope.into(),
                });
            }
        }
        table
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.iter().flatten().map(|known| &*known.text)
    }

    /// Whether the table has one of these, compared octet by octet.
    #[inline]
    pub(super) fn contains_any(&self, scopes: &Scopes) -> bool {
        // Nearly all are their ends. They are looked for first: that takes no call, and nothing is put aside for one.
        let plain = |scope: &Scope| {
            Ends::alone(scope.as_ref())
                .is_some_and(|ends| self.holds(ends.hash(), |known| known.ends == ends))
        };
        scopes.iter().any(plain) || self.contains_any_other(scopes)
    }

    /// The same of the very short and the long.
    #[inline(never)]
    fn contains_any_other(&self, scopes: &Scopes) -> bool {
        let mut others = scopes.iter().map(Scope::as_ref).filter(|scope| Ends::alone(scope).is_none());
        others.any(|scope: &[u8]| self.holds(hash(scope), |known| known.text.as_bytes() == scope))
    }

    #[inline]
    fn holds(&self, hash: u64, is: impl Fn(&Known) -> bool) -> bool {
        let mut at = self.place(hash);
        // It ends at a free place, of which there is one in every table that has any.
        while let Some(Some(known)) = self.places.get(at) {
            if is(known) {
                return true;
            }
            at = self.after(at);
        }
        false
    }

    #[inline]
    fn place(&self, hash: u64) -> usize {
        (hash >> self.shift) as usize
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & self.places.len().wrapping_sub(1)
    }
}

/// How long a text is, with its first and its last eight octets.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Ends {
    len: usize,
    first: u64,
    last: u64,
}

impl Ends {
    const NONE: Self = Self { len: 0, first: 0, last: 0 };

    /// `None` of a text that has fewer octets.
    #[inline]
    fn of(text: &[u8]) -> Option<Self> {
        let (first, last) = (text.first_chunk()?, text.last_chunk()?);
        Some(Self { len: text.len(), first: u64::from_le_bytes(*first), last: u64::from_le_bytes(*last) })
    }

    /// Those of a text that has nothing between them: another one with the same ends is the same.
    #[inline]
    fn alone(text: &[u8]) -> Option<Self> {
        Self::of(text).filter(|ends| ends.len <= 16)
    }

    #[inline]
    fn hash(self) -> u64 {
        mix(mix(self.len as u64, self.first), self.last)
    }
}

/// Of the ends, and of what is between them.
fn hash(text: &[u8]) -> u64 {
    let Some(ends) = Ends::of(text) else { return mix(text.len() as u64, word(text)) };
    let between = text.get(8..text.len() - 8).unwrap_or_default();
    between.chunks(8).map(word).fold(ends.hash(), mix)
}

/// At most eight octets as a number.
fn word(octets: &[u8]) -> u64 {
    octets.iter().fold(0, |word, octet| word << 8 | u64::from(*octet))
}

/// By an odd number near 2^64 / φ, as Knuth has it.
fn mix(hash: u64, word: u64) -> u64 {
    (hash.rotate_left(32) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contains(table: &ScopeTable, scope: &str) -> bool {
        table.contains_any(&Scope::new(scope).into_iter().collect())
    }

    #[test]
    fn every_scope_is_found_and_no_other() {
        for count in [0, 1, 2, 3, 4, 5, 100, 1000] {
            let names: Vec<String> =
                (0..count).map(|n| format!("{}{n}", "documents:".repeat(n % 4))).collect();
            let table = ScopeTable::new(names.iter().chain(&names).map(String::as_str));
            let mut listed: Vec<&str> = table.iter().collect();
            listed.sort_unstable();
            let mut sorted: Vec<&str> = names.iter().map(String::as_str).collect();
            sorted.sort_unstable();
            assert_eq!((table.len(), listed), (count, sorted));
            assert!(names.iter().all(|name| contains(&table, name)), "{count}");
            assert!(!["", "x", "documents:", "documents:x"].iter().any(|name| contains(&table, name)));
        }
    }

    /// Names of real services: same ends, same length, other middles.
    #[test]
    fn scopes_that_differ_anywhere_stand_apart() {
        let ends = ["read", "write", "readonly"];
        let resources = (b'a'..=b'z').flat_map(|a| (b'a'..=b'z').map(move |b| [a as char, b as char]));
        let names: Vec<String> = resources
            .flat_map(|[a, b]| ends.map(|end| format!("https://api.example.com/auth/{a}file{b}.{end}")))
            .collect();
        let table = ScopeTable::new(names.iter().map(String::as_str));
        let farthest = table.places.split(Option::is_none).map(<[_]>::len).max().unwrap();
        assert!(farthest < 32, "{farthest} scopes stand in a row");
    }

    #[test]
    fn one_of_several_is_found_wherever_it_stands_and_however_long_it_is() {
        let names = ["a", "documents:read", "documents:read-and-write"];
        for wanted in names {
            let table = ScopeTable::new([wanted, "other", "others:of-the-table"].into_iter());
            let held =
                |names: &[&str]| -> Scopes { names.iter().map(|name| Scope::new(name).unwrap()).collect() };
            assert!(table.contains_any(&held(&names)), "{wanted}");
            let rest: Vec<&str> = names.into_iter().filter(|name| *name != wanted).collect();
            assert!(!table.contains_any(&held(&rest)) && !table.contains_any(&Scopes::EMPTY), "{wanted}");
        }
    }

    /// One octet is another one, at each place of texts with nothing, little and much between their ends.
    #[test]
    fn a_scope_that_differs_in_one_octet_is_another_one() {
        for len in 1..=40 {
            let name = "a".repeat(len);
            let table = ScopeTable::new([name.as_str()].into_iter());
            assert!(contains(&table, &name), "{len}");
            for at in 0..len {
                let mut other = name.clone();
                other.replace_range(at..=at, "b");
                assert!(!contains(&table, &other), "{len}, {at}");
            }
            assert!(!contains(&table, &"a".repeat(len + 1)), "{len}");
            assert!(!contains(&table, &"a".repeat(len - 1)), "{len}");
        }
    }
}
