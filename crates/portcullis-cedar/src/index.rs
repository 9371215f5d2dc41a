//! Which policies can apply to an action on a type of resource, found once when policies are loaded.
//!
//! The engine evaluates every policy of the set that it is given. Most of a large set cannot apply to a request: their
//! scope names another action or another type. Each pair of action and type has a set of its own here, without those.
//!
//! What is left out cannot change the answer: a policy whose scope does not match is neither satisfied nor does it fail,
//! for `==`, `in` and `is` of a scope never do. It rests on entities that fit the schema, which every decision checks:
//! only then is a resource in nothing but what the schema lets its type be in.

mod scope;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use cedar_policy::{Entities, EntityTypeName, EntityUid, PolicySet};

use self::scope::Scopes;
use crate::schema::Vocabulary;
use crate::shape::Form;

/// How many policies all the sets of an index hold together, for each policy of the whole set. A pair whose set does not
/// fit is answered by the whole set: slower, and just as right.
pub(crate) const MAX_GROWTH: usize = 8;

/// The sets of all pairs.
pub(crate) struct Index {
    /// By what questions call the action.
    actions: HashMap<String, Arc<Action>>,
}

struct Action {
    uid: EntityUid,
    /// By what questions call the type.
    kinds: HashMap<String, Arc<Bucket>>,
}

/// An action on a type of resource.
pub(crate) struct Bucket {
    pub(crate) entity_type: EntityTypeName,
    pub(crate) policies: Arc<PolicySet>,
    /// The actions that the policies can ask about, with the groups that they are in.
    pub(crate) actions: Entities,
    /// The attributes of the type.
    pub(crate) forms: HashMap<String, Form>,
}

impl Index {
    pub(crate) fn build<'c>(
        whole: &Arc<PolicySet>,
        vocabulary: &Vocabulary,
        callers: impl Iterator<Item = &'c EntityTypeName>,
    ) -> Result<Self, String> {
        let callers: Vec<&EntityTypeName> = callers.collect();
        let scopes = Scopes::of(whole, vocabulary, &callers)?;
        let mut sets =
            Sets { whole, scopes: &scopes, left: scopes.len() * MAX_GROWTH, known: HashMap::new() };
        let mut pairs = BTreeMap::new();
        for action in vocabulary.schema.actions() {
            for resource in vocabulary.schema.resources_for_action(action).into_iter().flatten() {
                pairs.entry((action, resource)).or_insert_with(|| scopes.matching(action, resource));
            }
        }
        // The smallest first: they gain most, and many of them fit.
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_by_key(|(_, matching)| matching.len());
        let known = Actions::of(vocabulary)?;
        let mut actions: HashMap<&EntityUid, HashMap<String, Arc<Bucket>>> = HashMap::new();
        for ((action, resource), matching) in pairs {
            let policies = sets.of(matching)?;
            let attributes = vocabulary.shapes.attributes(resource).into_iter();
            let bucket = Arc::new(Bucket {
                entity_type: resource.clone(),
                actions: known.in_reach(action, &policies)?,
                policies,
                forms: attributes.map(|attribute| (attribute.name, attribute.form)).collect(),
            });
            let kinds = actions.entry(action).or_default();
            for name in vocabulary.names_of_type(resource) {
                kinds.insert(name, Arc::clone(&bucket));
            }
        }
        let mut named = HashMap::new();
        for (uid, kinds) in actions {
            let action = Arc::new(Action { uid: uid.clone(), kinds });
            for name in vocabulary.names_of_action(uid) {
                named.insert(name, Arc::clone(&action));
            }
        }
        Ok(Self { actions: named })
    }

    /// The action and the policies that can apply to it on the type.
    ///
    /// # Errors
    /// Which of the two the schema does not know.
    pub(crate) fn find(&self, action: &str, kind: &str) -> Result<(&EntityUid, &Bucket), Unknown> {
        let action = self.actions.get(action).ok_or(Unknown::Action)?;
        let bucket = action.kinds.get(kind).ok_or(Unknown::Kind)?;
        Ok((&action.uid, bucket))
    }

    /// The largest number of policies that one decision evaluates.
    #[cfg(test)]
    pub(crate) fn largest(&self) -> usize {
        let buckets = self.actions.values().flat_map(|action| action.kinds.values());
        buckets.map(|bucket| bucket.policies.num_of_policies()).max().unwrap_or_default()
    }
}

/// What the schema does not know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unknown {
    Action,
    /// The action does not apply to the type, or there is no such type.
    Kind,
}

/// The actions of the schema as entities: what `action in Action::"group"` is answered from.
struct Actions {
    all: Entities,
    /// Whether nothing but policies and requests can name an action.
    in_policies_alone: bool,
}

impl Actions {
    fn of(vocabulary: &Vocabulary) -> Result<Self, String> {
        let all = vocabulary.schema.action_entities().map_err(said)?;
        Ok(Self { all, in_policies_alone: !vocabulary.shapes.hold_actions() })
    }

    /// The action, and those that the policies name: they can ask about no others.
    fn in_reach(&self, action: &EntityUid, policies: &PolicySet) -> Result<Entities, String> {
        if !self.in_policies_alone {
            return Ok(self.all.clone());
        }
        let named = policies.policies().flat_map(|policy| policy.entity_literals());
        let named: HashSet<EntityUid> = named.chain([action.clone()]).collect();
        let entities: Vec<_> = named.iter().filter_map(|uid| self.all.get(uid).cloned()).collect();
        Entities::from_entities(entities, None).map_err(said)
    }
}

/// Sets that are shared where they are the same.
struct Sets<'a> {
    whole: &'a Arc<PolicySet>,
    scopes: &'a Scopes,
    left: usize,
    known: HashMap<Vec<usize>, Arc<PolicySet>>,
}

impl Sets<'_> {
    fn of(&mut self, matching: Vec<usize>) -> Result<Arc<PolicySet>, String> {
        if matching.len() == self.scopes.len() {
            return Ok(Arc::clone(self.whole));
        }
        if let Some(known) = self.known.get(&matching) {
            return Ok(Arc::clone(known));
        }
        let Some(left) = self.left.checked_sub(matching.len()) else { return Ok(Arc::clone(self.whole)) };
        self.left = left;
        let set = Arc::new(self.part(&matching)?);
        self.known.insert(matching, Arc::clone(&set));
        Ok(set)
    }

    /// A set of these policies alone.
    fn part(&self, matching: &[usize]) -> Result<PolicySet, String> {
        let mut set = PolicySet::new();
        let mut templates = HashSet::new();
        for id in matching.iter().filter_map(|number| self.scopes.id(*number)) {
            let Some(policy) = self.whole.policy(id) else { continue };
            match (policy.template_id(), policy.template_links()) {
                (Some(template), Some(values)) => {
                    if templates.insert(template)
                        && let Some(template) = self.whole.template(template)
                    {
                        set.add_template(template.clone()).map_err(said)?;
                    }
                    set.link(template.clone(), id.clone(), values).map_err(said)?;
                }
                _ => set.add(policy.clone()).map_err(said)?,
            }
        }
        Ok(set)
    }
}

fn said(error: impl std::error::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests;
