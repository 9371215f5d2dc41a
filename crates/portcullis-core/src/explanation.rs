//! Why a decision came out as it did: what was asked, what was held, what decided.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use serde::ser::SerializeStruct;
use serde::{Serialize, Serializer};

use crate::Principal;
use crate::escape::Escaped;

/// How many nodes one explanation has at most; further ones are counted, not kept.
pub const MAX_EXPLANATION_NODES: usize = 64;

/// How many characters of each text of an explanation are written.
const MAX_WRITTEN: usize = 256;

/// A tree of what was asked, what was held, and which part decided.
///
/// It is for the owner of the application: the audit event has it, the caller does not, unless the application said who
/// may see it. `Display` and `Serialize` escape and bound every text. Put nothing secret into it.
///
/// ```
/// use portcullis_core::{Explanation, Finding};
///
/// let role = Explanation::new("role(editor)", Finding::Fails).held("roles: viewer").decisive();
/// let rule = Explanation::new("all of", Finding::Fails)
///     .part(Explanation::new("scope(documents:write)", Finding::Holds))
///     .part(role);
/// assert_eq!(
///     rule.to_string(),
///     "all of: fails\n  scope(documents:write): holds\n* role(editor): fails, held roles: viewer\n"
/// );
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Explanation {
    asked: Cow<'static, str>,
    finding: Finding,
    held: Option<Cow<'static, str>>,
    decisive: bool,
    parts: Vec<Self>,
    nodes: usize,
    omitted: usize,
}

/// What came of one question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Finding {
    /// It holds.
    Holds,
    /// It does not hold.
    Fails,
    /// It is not known: nobody said who calls, or a backend failed.
    Unknown,
    /// It was not asked: the answer was known without it.
    NotAsked,
}

impl Finding {
    /// A short, stable name for events.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Fails => "fails",
            Self::Unknown => "unknown",
            Self::NotAsked => "not_asked",
        }
    }
}

impl Explanation {
    /// What was asked, and what came of it.
    pub fn new(asked: impl Into<Cow<'static, str>>, finding: Finding) -> Self {
        Self {
            asked: asked.into(),
            finding,
            held: None,
            decisive: false,
            parts: Vec::new(),
            nodes: 1,
            omitted: 0,
        }
    }

    /// Says what the caller or the resource had, where something else was asked for.
    pub fn held(mut self, held: impl Into<Cow<'static, str>>) -> Self {
        self.held = Some(held.into());
        self
    }

    /// Marks what decided.
    pub fn decisive(mut self) -> Self {
        self.decisive = true;
        self
    }

    /// Takes the marks of what decided away, here and below: what is told besides decided nothing.
    pub fn deciding_nothing(mut self) -> Self {
        self.decisive = false;
        self.parts = self.parts.into_iter().map(Self::deciding_nothing).collect();
        self
    }

    /// Adds a part. Where the tree would have more than [`MAX_EXPLANATION_NODES`] nodes, it is counted and left out.
    pub fn part(mut self, part: Self) -> Self {
        if self.nodes + part.nodes > MAX_EXPLANATION_NODES {
            self.omitted += part.nodes + part.omitted;
        } else {
            self.nodes += part.nodes;
            self.parts.push(part);
        }
        self
    }

    /// Adds several parts.
    pub fn parts(self, parts: impl IntoIterator<Item = Self>) -> Self {
        parts.into_iter().fold(self, Self::part)
    }

    /// What was asked.
    #[must_use]
    pub fn asked(&self) -> &str {
        &self.asked
    }

    /// What came of it.
    #[must_use]
    pub fn finding(&self) -> Finding {
        self.finding
    }

    /// What the caller or the resource had.
    #[must_use]
    pub fn held_text(&self) -> Option<&str> {
        self.held.as_deref()
    }

    /// Whether this part decided.
    #[must_use]
    pub fn is_decisive(&self) -> bool {
        self.decisive
    }

    /// The parts, in the order in which they were asked.
    pub fn children(&self) -> &[Self] {
        &self.parts
    }

    /// How many nodes were left out for want of room.
    #[must_use]
    pub fn omitted(&self) -> usize {
        self.omitted
    }

    fn write(&self, f: &mut fmt::Formatter<'_>, depth: usize) -> fmt::Result {
        let mark = if self.decisive { "* " } else { "  " };
        if depth > 0 || self.decisive {
            write!(f, "{:width$}{mark}", "", width = 2 * depth.saturating_sub(1))?;
        }
        write!(f, "{}: {}", bounded(&self.asked), self.finding.as_str())?;
        if let Some(held) = &self.held {
            write!(f, ", held {}", bounded(held))?;
        }
        f.write_str("\n")?;
        self.parts.iter().try_for_each(|part| part.write(f, depth + 1))?;
        if self.omitted > 0 {
            writeln!(f, "{:width$}  and {} more", "", self.omitted, width = 2 * depth)?;
        }
        Ok(())
    }
}

fn bounded(text: &str) -> Escaped<'_> {
    Escaped::new(text).with_limit(MAX_WRITTEN)
}

/// One line per node, parts indented, `*` before what decided.
impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 0)
    }
}

/// An object with `asked`, `finding`, and as far as there are any `held`, `decisive`, `parts` and `omitted`.
impl Serialize for Explanation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut node = serializer.serialize_struct("Explanation", 6)?;
        node.serialize_field("asked", &Bounded(&self.asked))?;
        node.serialize_field("finding", self.finding.as_str())?;
        if let Some(held) = &self.held {
            node.serialize_field("held", &Bounded(held))?;
        }
        if self.decisive {
            node.serialize_field("decisive", &true)?;
        }
        if !self.parts.is_empty() {
            node.serialize_field("parts", &self.parts)?;
        }
        if self.omitted > 0 {
            node.serialize_field("omitted", &self.omitted)?;
        }
        node.end()
    }
}

struct Bounded<'a>(&'a str);

impl Serialize for Bounded<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&bounded(self.0))
    }
}

/// Explains its decisions later, when somebody reads them: what a rule implements, so that allowing costs nothing.
pub trait Explain: Send + Sync {
    /// The tree of a decision about this caller. `outcomes` is what [`Explained::later`] was given: what the
    /// implementor needs to know of that one decision, in its own form.
    fn explain(&self, outcomes: u64, caller: Option<&Principal>) -> Explanation;

    /// What decided, by a name for metrics: of a guard `Read Document`, of a watched part of a rule its text, of a limit its
    /// name. There must be no more of them than the program has of such: never a text of a request, nor an identifier.
    /// By default, it has no name.
    fn part(&self, outcomes: u64) -> Option<Cow<'_, str>> {
        let _ = outcomes;
        None
    }
}

/// The explanation of one decision: made already, or to be made when somebody reads it. Clones are free.
#[derive(Clone)]
pub struct Explained(Source);

#[derive(Clone)]
enum Source {
    Fixed(&'static dyn Explain),
    Later(Arc<dyn Explain>, u64),
    Now(Arc<Explanation>),
}

impl Explained {
    /// A tree that is made already.
    #[must_use]
    pub fn now(explanation: Explanation) -> Self {
        Self(Source::Now(Arc::new(explanation)))
    }

    /// A tree that is made when somebody reads it. Allocates nothing.
    #[must_use]
    pub fn later(by: Arc<dyn Explain>, outcomes: u64) -> Self {
        Self(Source::Later(by, outcomes))
    }

    /// A tree that is made, when somebody reads it, by a part of the program. Allocates nothing.
    #[must_use]
    pub fn fixed(by: &'static dyn Explain) -> Self {
        Self(Source::Fixed(by))
    }

    /// What decided, by a name for metrics: see [`Explain::part`].
    #[must_use]
    pub fn part(&self) -> Option<Cow<'_, str>> {
        match &self.0 {
            Source::Fixed(by) => by.part(0),
            Source::Later(by, outcomes) => by.part(*outcomes),
            Source::Now(_) => None,
        }
    }

    /// The tree of the decision about this caller.
    #[must_use]
    pub fn tree(&self, caller: Option<&Principal>) -> Arc<Explanation> {
        match &self.0 {
            Source::Fixed(by) => Arc::new(by.explain(0, caller)),
            Source::Later(by, outcomes) => Arc::new(by.explain(*outcomes, caller)),
            Source::Now(tree) => Arc::clone(tree),
        }
    }
}

impl From<Explanation> for Explained {
    fn from(explanation: Explanation) -> Self {
        Self::now(explanation)
    }
}

impl fmt::Debug for Explained {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Now(tree) => tree.fmt(f),
            Source::Fixed(_) | Source::Later(..) => f.write_str("Explained(..)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_tree_that_is_too_large_counts_what_it_leaves_out() {
        let leaf = || Explanation::new("leaf", Finding::Holds);
        let tree = Explanation::new("root", Finding::Holds).parts((0..100).map(|_| leaf()));
        assert_eq!((tree.children().len(), tree.omitted()), (MAX_EXPLANATION_NODES - 1, 37));
        let twice = Explanation::new("root", Finding::Fails).part(tree.clone()).part(tree);
        // Neither fits beside the root.
        assert_eq!((twice.children().len(), twice.omitted()), (0, 202));
        assert!(twice.to_string().ends_with("and 202 more\n"));
    }

    #[test]
    fn nesting_is_as_bounded_as_breadth() {
        let wrap = |tree, _| Explanation::new("not", Finding::Fails).part(tree);
        let tree = (0..1000).fold(Explanation::new("leaf", Finding::Holds), wrap);
        let mut depth = 1;
        let mut node = &tree;
        while let [inner] = node.children() {
            node = inner;
            depth += 1;
        }
        assert!(depth <= MAX_EXPLANATION_NODES, "{depth}");
    }

    #[test]
    fn what_comes_from_outside_is_escaped_and_bounded() {
        let nasty = Explanation::new("a\nb", Finding::Fails).held("\u{202e}x".repeat(1000));
        let text = nasty.to_string();
        assert!(text.starts_with(r"a\u{a}b: fails, held \u{202e}x") && text.len() < 2500, "{text}");
        let json = serde_json::to_value(&nasty).unwrap();
        assert_eq!(json["asked"], r"a\u{a}b");
        assert!(json["held"].as_str().unwrap().ends_with('…'));
    }

    #[test]
    fn it_serialises_what_there_is() {
        let tree = Explanation::new("any of", Finding::Holds)
            .part(Explanation::new("role(a)", Finding::Fails).held("roles: none"))
            .part(Explanation::new("role(b)", Finding::Holds).decisive())
            .part(Explanation::new("role(c)", Finding::NotAsked));
        let expected = json!({ "asked": "any of", "finding": "holds", "parts": [
            { "asked": "role(a)", "finding": "fails", "held": "roles: none" },
            { "asked": "role(b)", "finding": "holds", "decisive": true },
            { "asked": "role(c)", "finding": "not_asked" },
        ]});
        assert_eq!(serde_json::to_value(&tree).unwrap(), expected);
    }

    struct Answers;

    impl Explain for Answers {
        fn explain(&self, outcomes: u64, caller: Option<&Principal>) -> Explanation {
            let who = caller.map_or("nobody", Principal::subject).to_owned();
            Explanation::new(format!("question {outcomes}"), Finding::Holds).held(who)
        }
    }

    #[test]
    fn a_later_explanation_is_made_when_it_is_read() {
        let later = Explained::later(Arc::new(Answers), 7);
        assert_eq!(later.tree(None).to_string(), "question 7: holds, held nobody\n");
        let alice = Principal::builder("alice", crate::CredentialMethod::Jwt).build();
        assert_eq!(later.tree(Some(&alice)).held_text(), Some("alice"));
        assert_eq!(later.part(), None);
    }

    struct Named;

    impl Explain for Named {
        fn explain(&self, outcomes: u64, _: Option<&Principal>) -> Explanation {
            Explanation::new(format!("{outcomes}"), Finding::Holds)
        }

        fn part(&self, _: u64) -> Option<Cow<'_, str>> {
            Some("Read Document".into())
        }
    }

    #[test]
    fn what_decided_has_a_name_if_it_says_so() {
        for named in [Explained::fixed(&Named), Explained::later(Arc::new(Named), 0)] {
            assert_eq!((named.part().as_deref(), named.tree(None).asked()), (Some("Read Document"), "0"));
        }
        assert_eq!(Explained::from(Explanation::new("x", Finding::Holds)).part(), None);
    }
}
