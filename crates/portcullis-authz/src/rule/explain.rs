//! Why a rule decided as it did: what was asked, what the caller held, and which condition decided.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::UNIX_EPOCH;

use portcullis_core::{Decision, Explain, Explained, Explanation, Finding, Mode, Principal, Reason};

use super::Rule;
use super::attribute::Attribute;
use super::node::{Inner, Node, Unless};
use super::print::PrintedMode;
use super::tally::Told;

/// How many names of a caller's list are told.
const MAX_TOLD: usize = 16;

impl Rule {
    /// The explanation of a decision, made when somebody reads it.
    pub(super) fn explained(&self, told: u64) -> Explained {
        let by: Arc<Inner> = Arc::clone(&self.0);
        Explained::later(by, told)
    }
}

impl Rule {
    /// The decision of a part that is watched, with what it is.
    pub(super) fn of_watched(&self, decision: Decision) -> Decision {
        let finding = match decision.reason() {
            Reason::ExplicitlyDenied => Finding::Holds,
            reason if reason.problem().is_some_and(|problem| problem.status().is_server_error()) => {
                Finding::Unknown
            }
            _ => Finding::Fails,
        };
        let place = Watched::FINDINGS.iter().position(|known| *known == finding).unwrap_or_default();
        decision.explained(Explained::later(Arc::new(Watched(self.clone())), place as u64))
    }
}

impl Explain for Inner {
    fn explain(&self, outcomes: u64, caller: Option<&Principal>) -> Explanation {
        let mut teller = Teller { told: Told(outcomes), caller, place: 0 };
        let whole = teller.told.whole();
        let (tree, found) = teller.tell(self.node());
        // Of a rule with very many conditions not every outcome is known, but that of the whole is.
        if found == whole { tree } else { Explanation::new("rule", whole).part(tree) }
    }

    fn part(&self, _: u64) -> Option<Cow<'_, str>> {
        Some(self.part().into())
    }
}

/// A part of a rule that is watched, and stands by itself in the event where it would have refused.
struct Watched(Rule);

impl Watched {
    const FINDINGS: [Finding; 3] = [Finding::Fails, Finding::Holds, Finding::Unknown];
}

impl Explain for Watched {
    fn explain(&self, finding: u64, caller: Option<&Principal>) -> Explanation {
        let finding = usize::try_from(finding).ok().and_then(|place| Self::FINDINGS.get(place).copied());
        let finding = finding.unwrap_or(Finding::Unknown);
        let tree = Explanation::new(self.0.without_values().to_string(), finding).decisive();
        let held =
            caller.filter(|_| finding == Finding::Fails).and_then(|caller| held(self.0.node(), caller));
        match held {
            Some(held) => tree.held(held),
            None => tree,
        }
    }

    fn part(&self, _: u64) -> Option<Cow<'_, str>> {
        Some(self.0.0.part().into())
    }
}

struct Teller<'a> {
    told: Told,
    caller: Option<&'a Principal>,
    /// The number of the condition that is next.
    place: u32,
}

impl Teller<'_> {
    fn tell(&mut self, node: &Node) -> (Explanation, Finding) {
        match node {
            Node::All(rules) => {
                let parts: Vec<_> = rules.iter().map(|rule| self.tell_part(rule)).collect();
                list("all of", parts, all)
            }
            Node::Any(rules) => {
                let parts: Vec<_> = rules.iter().map(|rule| self.tell(rule.firm().node())).collect();
                let (findings, parts): (Vec<_>, Vec<_>) =
                    parts.into_iter().map(|(tree, finding)| (finding, mark(tree, finding))).unzip();
                let finding = any(&findings);
                (Explanation::new("any of", finding).parts(parts), finding)
            }
            Node::Not(rule) => {
                let (tree, inner) = self.tell(rule.firm().node());
                let finding = not(inner);
                (Explanation::new("not", finding).part(tree), finding)
            }
            Node::InMode(mode, rule) => {
                let (tree, finding) = self.tell(rule.node());
                (Explanation::new(PrintedMode(*mode).to_string(), finding).part(tree), finding)
            }
            Node::Unless(unless) => self.tell_unless(unless),
            condition => self.tell_condition(condition),
        }
    }

    /// A part of a conjunction; what is not enforced counts as if it held.
    fn tell_part(&mut self, rule: &Rule) -> (Explanation, Finding) {
        let (tree, finding) = self.tell(rule.node());
        let passed = match rule.node() {
            Node::InMode(Mode::Shadow, _) => true,
            Node::InMode(..) => self.told.whole() == Finding::Holds,
            _ => false,
        };
        (tree, if passed { Finding::Holds } else { finding })
    }

    fn tell_unless(&mut self, unless: &Unless) -> (Explanation, Finding) {
        let denies = unless.deny.iter().map(|deny| {
            let (tree, finding) = self.tell(deny.firm().node());
            let enforced = match deny.node() {
                Node::InMode(Mode::Shadow, _) => false,
                Node::InMode(..) => self.told.whole() != Finding::Holds,
                _ => true,
            };
            let word = if enforced { "forbidden" } else { "forbidden in shadow" };
            let counts = if enforced { not(finding) } else { Finding::Holds };
            (Explanation::new(word, finding).part(tree), counts)
        });
        let mut parts: Vec<_> = denies.collect();
        if let Some(allow) = &unless.allow {
            parts.push(self.tell_part(allow));
        }
        list("all of", parts, all)
    }

    fn tell_condition(&mut self, condition: &Node) -> (Explanation, Finding) {
        let place = self.place;
        self.place = place.saturating_add(1);
        let finding = match self.told.condition(place) {
            // Nothing was asked of a request without the caller that is needed.
            Finding::NotAsked if self.told.whole() == Finding::Unknown && self.caller.is_none() => {
                Finding::Unknown
            }
            finding => finding,
        };
        let tree = Explanation::new(condition.without_values().to_string(), finding);
        let held =
            self.caller.filter(|_| finding == Finding::Fails).and_then(|caller| held(condition, caller));
        let tree = if let Some(held) = held { tree.held(held) } else { tree };
        (if self.told.is_decisive(place) { tree.decisive() } else { tree }, finding)
    }
}

fn list(
    asked: &'static str,
    parts: Vec<(Explanation, Finding)>,
    join: impl FnOnce(&[Finding]) -> Finding,
) -> (Explanation, Finding) {
    let (parts, findings): (Vec<_>, Vec<_>) = parts.into_iter().unzip();
    let finding = join(&findings);
    (Explanation::new(asked, finding).parts(parts), finding)
}

/// Of alternatives, the one that holds decided.
fn mark(tree: Explanation, finding: Finding) -> Explanation {
    if finding == Finding::Holds { tree.decisive() } else { tree }
}

fn all(findings: &[Finding]) -> Finding {
    first_of(findings, [Finding::Fails, Finding::Unknown, Finding::Holds])
}

fn any(findings: &[Finding]) -> Finding {
    first_of(findings, [Finding::Holds, Finding::Unknown, Finding::Fails])
}

fn first_of(findings: &[Finding], order: [Finding; 3]) -> Finding {
    order.into_iter().find(|finding| findings.contains(finding)).unwrap_or(Finding::NotAsked)
}

const fn not(finding: Finding) -> Finding {
    match finding {
        Finding::Holds => Finding::Fails,
        Finding::Fails => Finding::Holds,
        same => same,
    }
}

/// What the caller has in place of what was asked for: never the value of a claim.
fn held(condition: &Node, caller: &Principal) -> Option<String> {
    Some(match condition {
        Node::Scopes(_) => names("scopes", caller.scopes().iter().map(portcullis_core::Scope::as_str)),
        Node::Role(_) | Node::Permission(_) => names("roles", caller.roles()),
        Node::Acr(_) => one("acr", caller.assurance().acr.as_deref()),
        Node::Amr(_) => names("amr", caller.assurance().amr.iter().map(AsRef::as_ref)),
        // As the credential has it: seconds since 1970.
        Node::MaxAge(_) => {
            let login = caller.assurance().auth_time;
            let login = login.map(|at| at.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs());
            one("auth_time", login.map(|seconds| seconds.to_string()).as_deref())
        }
        Node::Claim(name, _) => {
            if caller.claims().get(name).is_some() {
                "another value".to_owned()
            } else {
                one("claim", None)
            }
        }
        Node::User => one("client", caller.client_id()),
        Node::Attribute(attribute) => match attribute {
            Attribute::Clients(_) => one("client", caller.client_id()),
            Attribute::Group(_) => names("groups", caller.groups()),
            Attribute::Issuer(_) => one("issuer", caller.issuer()),
            Attribute::Method(_) => one("method", Some(caller.method().as_str())),
            Attribute::Tenant(_) | Attribute::AnyTenant(_) => one("tenant", caller.tenant()),
            Attribute::Networks(_) | Attribute::Time(_) => return None,
        },
        _ => return None,
    })
}

fn one(what: &str, held: Option<&str>) -> String {
    format!("{what}: {}", held.unwrap_or("none"))
}

fn names<'a>(what: &str, held: impl Iterator<Item = &'a str>) -> String {
    let mut held = held.fuse();
    let told: Vec<&str> = held.by_ref().take(MAX_TOLD).collect();
    match (told.is_empty(), held.count()) {
        (true, _) => format!("{what}: none"),
        (false, 0) => format!("{what}: {}", told.join(" ")),
        (false, more) => format!("{what}: {} and {more} more", told.join(" ")),
    }
}
