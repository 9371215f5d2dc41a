//! The targets of `tests/fuzz` on their seeds, and on a few thousand variations of them. `cargo xtask fuzz` goes on
//! from there, guided by coverage.

use std::collections::BTreeSet;
use std::fs;

use crate::architecture::support::root;

#[path = "fuzz/src/lib.rs"]
mod targets;

/// How many variations of its seeds each target gets here.
const VARIATIONS: usize = 2_000;

#[test]
fn every_target_holds_on_its_seeds_and_on_variations_of_them() {
    for (name, run) in targets::TARGETS {
        let seeds = seeds(name);
        seeds.iter().for_each(|seed| run(seed));
        run(b"");
        let mut dice = Dice(0x9e37_79b9_7f4a_7c15);
        for _ in 0..VARIATIONS {
            run(&vary(&seeds, &mut dice));
        }
    }
}

#[test]
fn seeds_of_tokens_reach_both_verdicts() {
    let verdicts: BTreeSet<bool> = seeds("jwt").iter().map(|seed| targets::jwt::is_accepted(seed)).collect();
    assert_eq!(verdicts, BTreeSet::from([false, true]));
}

#[test]
fn seeds_of_proofs_and_logouts_reach_both_verdicts() {
    for (name, is_accepted) in [
        ("logout", targets::logout::is_accepted as fn(&[u8]) -> bool),
        ("proof", targets::proof::is_accepted),
    ] {
        let verdicts: BTreeSet<bool> = seeds(name).iter().map(|seed| is_accepted(seed)).collect();
        assert_eq!(verdicts, BTreeSet::from([false, true]), "{name}");
    }
}

#[test]
fn every_target_has_a_program_and_a_name() {
    let manifest = crate::architecture::support::read("tests/fuzz/Cargo.toml");
    let files = fs::read_dir(root().join("tests/fuzz/fuzz_targets")).unwrap().flatten();
    let programs: BTreeSet<String> =
        files.map(|file| file.path().file_stem().unwrap().to_str().unwrap().to_owned()).collect();
    let names: BTreeSet<String> = targets::TARGETS.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert_eq!(programs, names);
    for name in names {
        assert!(manifest.contains(&format!("name = \"{name}\"")), "{name} is not in the manifest");
    }
}

fn seeds(name: &str) -> Vec<Vec<u8>> {
    let mut files: Vec<_> = fs::read_dir(root().join("tests/fuzz/seeds").join(name))
        .unwrap()
        .flatten()
        .map(|file| file.path())
        .collect();
    files.sort();
    assert!(files.len() >= 4, "{name} has few seeds: {files:?}");
    files.iter().map(|path| fs::read(path).unwrap()).collect()
}

/// One seed with a few changes: an octet replaced, left out, or doubled, a piece of another seed put in.
fn vary(seeds: &[Vec<u8>], dice: &mut Dice) -> Vec<u8> {
    let mut octets = dice.pick(seeds).clone();
    for _ in 0..=dice.below(3) {
        let at = dice.below(octets.len() + 1);
        match dice.below(4) {
            0 if at < octets.len() => octets[at] = *dice.pick(ODD_OCTETS),
            1 if at < octets.len() => drop(octets.remove(at)),
            2 => octets.insert(at, *dice.pick(ODD_OCTETS)),
            _ => {
                let other = dice.pick(seeds);
                let (from, to) = (dice.below(other.len() + 1), dice.below(other.len() + 1));
                let piece = other[from.min(to)..from.max(to)].to_vec();
                octets.splice(at..at, piece);
            }
        }
    }
    octets
}

/// What ends, opens, quotes or hides something in one of the grammars.
const ODD_OCTETS: &[u8] = b"\0\t\n\r \"%&'()*+,-./09:;<=>?@A[\\]_`a{|}~\x7f\x80\xc0\xff";

/// Random enough, and the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 33).unwrap() % limit
    }

    fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}
