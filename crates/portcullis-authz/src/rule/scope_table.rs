//! Finds a scope among many in the same few steps, however many there are.

/// Scopes by a hash of their texts, made once for one that is asked for at every request.
///
/// The hash is the same in every process, which is safe here: the texts in the table are those of the configuration, and
/// what a caller sends is only looked for.
pub(super) struct ScopeTable {
    /// A power of two, of which at least half are free: a text stands at its own place or at one soon after it. Texts of
    /// their own, which need not be cut out of longer ones.
    places: Box<[Option<Box<str>>]>,
    /// By how much a hash is shifted, so that its upper bits are the number of a place: they depend on all that went in.
    shift: u32,
    len: usize,
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
            let mut at = table.place(scope);
            while table.places.get(at).is_some_and(Option::is_some) {
                at = table.after(at);
            }
            if let Some(place) = table.places.get_mut(at) {
                *place = Some(scope.into());
            }
        }
        table
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// In no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = &str> {
        self.places.iter().flatten().map(AsRef::as_ref)
    }

    pub(super) fn contains(&self, scope: &str) -> bool {
        let mut at = self.place(scope);
        // It ends at a free place, of which there is one in every table that has any.
        while let Some(Some(known)) = self.places.get(at) {
            if **known == *scope {
                return true;
            }
            at = self.after(at);
        }
        false
    }

    fn place(&self, scope: &str) -> usize {
        (hash(scope) >> self.shift) as usize
    }

    fn after(&self, place: usize) -> usize {
        (place + 1) & self.places.len().wrapping_sub(1)
    }
}

/// The first and the last eight octets, and what is between them, which few have.
fn hash(text: &str) -> u64 {
    let octets = text.as_bytes();
    let (Some(first), Some(last)) = (octets.first_chunk(), octets.last_chunk()) else {
        return mix(octets.len() as u64, word(octets));
    };
    let ends = mix(mix(octets.len() as u64, u64::from_le_bytes(*first)), u64::from_le_bytes(*last));
    let between = octets.get(8..octets.len() - 8).unwrap_or_default();
    if between.is_empty() { ends } else { between.chunks(8).map(word).fold(ends, mix) }
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
            assert!(names.iter().all(|name| table.contains(name)), "{count}");
            assert!(!["", "x", "documents:", "documents:x"].iter().any(|name| table.contains(name)));
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
}
