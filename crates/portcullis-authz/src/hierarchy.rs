//! What includes what, directly or by way of others.

/// For each of so many things, everything that it includes, itself among it.
pub(crate) struct Hierarchy(Box<[Bits]>);

impl Hierarchy {
    /// Follows the inclusions to their end.
    ///
    /// # Errors
    /// The circles: one at least of each group of things that include one another.
    pub(crate) fn new(includes: &[Vec<usize>]) -> Result<Self, Vec<Vec<usize>>> {
        let mut reached: Vec<Option<Bits>> = includes.iter().map(|_| None).collect();
        for thing in order(includes)? {
            let mut bits = Bits::new(includes.len());
            bits.set(thing);
            for other in includes.get(thing).into_iter().flatten() {
                if let Some(Some(others)) = reached.get(*other) {
                    bits.add(others);
                }
            }
            if let Some(place) = reached.get_mut(thing) {
                *place = Some(bits);
            }
        }
        Ok(Self(reached.into_iter().flatten().collect()))
    }

    /// Whether the first includes the second, or is it.
    pub(crate) fn includes(&self, one: usize, other: usize) -> bool {
        self.of(one).is_some_and(|bits| bits.get(other))
    }

    /// Everything that it includes.
    pub(crate) fn of(&self, thing: usize) -> Option<&Bits> {
        self.0.get(thing)
    }
}

/// Everything after what it includes.
fn order(includes: &[Vec<usize>]) -> Result<Vec<usize>, Vec<Vec<usize>>> {
    let mut included_by = vec![Vec::new(); includes.len()];
    for (thing, others) in includes.iter().enumerate() {
        for other in others {
            if let Some(list) = included_by.get_mut(*other) {
                list.push(thing);
            }
        }
    }
    let mut open: Vec<usize> = includes.iter().map(Vec::len).collect();
    let mut order: Vec<usize> =
        open.iter().enumerate().filter(|(_, open)| **open == 0).map(|(thing, _)| thing).collect();
    let mut next = 0;
    while let Some(done) = order.get(next).copied() {
        next += 1;
        for thing in included_by.get(done).into_iter().flatten() {
            if let Some(open) = open.get_mut(*thing) {
                *open -= 1;
                if *open == 0 {
                    order.push(*thing);
                }
            }
        }
    }
    if order.len() == includes.len() { Ok(order) } else { Err(circles(includes, &open)) }
}

/// What is still open includes something that is open too: whoever follows that comes round.
fn circles(includes: &[Vec<usize>], open: &[usize]) -> Vec<Vec<usize>> {
    let is_open = |thing: &usize| open.get(*thing).is_some_and(|open| *open > 0);
    let mut seen = vec![false; includes.len()];
    let mut circles = Vec::new();
    for start in (0..includes.len()).filter(is_open) {
        let mut way: Vec<usize> = Vec::new();
        let mut at = Some(start);
        while let Some(thing) = at
            && let Some(seen) = seen.get_mut(thing)
            && !*seen
        {
            *seen = true;
            way.push(thing);
            at = includes.get(thing).and_then(|others| others.iter().copied().find(is_open));
        }
        let begin = at.and_then(|thing| way.iter().position(|passed| *passed == thing));
        if let Some(begin) = begin {
            circles.push(way.split_off(begin));
        }
    }
    circles
}

/// A set of small numbers.
#[derive(Clone)]
pub(crate) struct Bits(Box<[u64]>);

impl Bits {
    pub(crate) fn new(room: usize) -> Self {
        Self(vec![0; room.div_ceil(64)].into())
    }

    pub(crate) fn set(&mut self, number: usize) {
        if let Some(word) = self.0.get_mut(number / 64) {
            *word |= 1 << (number % 64);
        }
    }

    pub(crate) fn get(&self, number: usize) -> bool {
        self.0.get(number / 64).is_some_and(|word| word >> (number % 64) & 1 == 1)
    }

    pub(crate) fn add(&mut self, others: &Self) {
        for (word, other) in self.0.iter_mut().zip(&others.0) {
            *word |= other;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Whether one leads to the other, step by step.
    fn leads(includes: &[Vec<usize>], one: usize, other: usize) -> bool {
        let (mut seen, mut next) = (vec![false; includes.len()], vec![one]);
        while let Some(thing) = next.pop() {
            if !std::mem::replace(&mut seen[thing], true) {
                next.extend(&includes[thing]);
            }
        }
        seen[other]
    }

    fn graphs() -> impl Strategy<Value = Vec<Vec<usize>>> {
        (1_usize..90).prop_flat_map(|size| prop::collection::vec(prop::collection::vec(0..size, 0..3), size))
    }

    proptest! {
        #[test]
        fn what_is_reached_is_what_a_walk_reaches(graph in graphs()) {
            // Only downwards: there is no circle.
            let acyclic: Vec<Vec<usize>> = graph.iter().enumerate()
                .map(|(thing, others)| others.iter().copied().filter(|other| *other < thing).collect())
                .collect();
            let hierarchy = Hierarchy::new(&acyclic).ok().unwrap();
            for one in 0..acyclic.len() {
                for other in 0..acyclic.len() {
                    prop_assert_eq!(hierarchy.includes(one, other), leads(&acyclic, one, other));
                }
            }
        }

        #[test]
        fn a_circle_is_found_where_there_is_one_and_nowhere_else(graph in graphs()) {
            let round = (0..graph.len()).any(|thing| graph[thing].iter().any(|other| leads(&graph, *other, thing)));
            match Hierarchy::new(&graph) {
                Ok(_) => prop_assert!(!round),
                Err(circles) => {
                    prop_assert!(round && !circles.is_empty());
                    for circle in circles {
                        for (index, thing) in circle.iter().enumerate() {
                            let next = circle[(index + 1) % circle.len()];
                            prop_assert!(graph[*thing].contains(&next), "{:?}", circle);
                        }
                    }
                }
            }
        }
    }
}
