use std::collections::{HashMap, HashSet};

use cedar_policy::{
    ActionConstraint, EntityTypeName, EntityUid, PolicyId, PolicySet, PrincipalConstraint, ResourceConstraint,
};

use crate::schema::Vocabulary;

/// The scopes of all policies, taken apart.
pub(super) struct Scopes {
    ids: Vec<PolicyId>,
    /// The policies by action and by type of resource. Those for every action or type stand in `any_..`.
    by_action: HashMap<EntityUid, HashSet<usize>>,
    any_action: HashSet<usize>,
    by_resource: HashMap<EntityTypeName, HashSet<usize>>,
    any_resource: HashSet<usize>,
}

impl Scopes {
    pub(super) fn of(
        set: &PolicySet,
        vocabulary: &Vocabulary,
        callers: &[&EntityTypeName],
    ) -> Result<Self, String> {
        let mut policies: Vec<_> = set.policies().collect();
        policies.sort_by(|one, other| one.id().cmp(other.id()));
        let mut scopes = Self {
            ids: policies.iter().map(|policy| policy.id().clone()).collect(),
            by_action: HashMap::new(),
            any_action: HashSet::new(),
            by_resource: HashMap::new(),
            any_resource: HashSet::new(),
        };
        let families = Families::of(vocabulary)?;
        for (number, policy) in policies.into_iter().enumerate() {
            if !families.admits_caller(&policy.principal_constraint(), callers) {
                continue;
            }
            match families.actions(&policy.action_constraint()) {
                None => _ = scopes.any_action.insert(number),
                Some(actions) => {
                    for action in actions {
                        scopes.by_action.entry(action).or_default().insert(number);
                    }
                }
            }
            match families.resources(&policy.resource_constraint()) {
                None => _ = scopes.any_resource.insert(number),
                Some(types) => {
                    for entity_type in types {
                        scopes.by_resource.entry(entity_type).or_default().insert(number);
                    }
                }
            }
        }
        Ok(scopes)
    }

    /// How many policies there are.
    pub(super) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(super) fn id(&self, number: usize) -> Option<&PolicyId> {
        self.ids.get(number)
    }

    /// The policies that can apply to the pair, in order.
    pub(super) fn matching(&self, action: &EntityUid, resource: &EntityTypeName) -> Vec<usize> {
        let of_action = self.by_action.get(action).into_iter().flatten().chain(&self.any_action);
        let of_resource = self.by_resource.get(resource);
        let is_of_resource = |number: &usize| {
            self.any_resource.contains(number) || of_resource.is_some_and(|those| those.contains(number))
        };
        let mut matching: Vec<usize> = of_action.copied().filter(is_of_resource).collect();
        matching.sort_unstable();
        matching
    }
}

/// What is in what, by the schema.
struct Families {
    /// Each action group with the actions in it, itself included.
    members: HashMap<EntityUid, Vec<EntityUid>>,
    /// Each entity type with the types whose entities can be in one of it, itself included.
    descendants: HashMap<EntityTypeName, Vec<EntityTypeName>>,
}

impl Families {
    fn of(vocabulary: &Vocabulary) -> Result<Self, String> {
        let schema = &vocabulary.schema;
        let mut members: HashMap<EntityUid, Vec<EntityUid>> = HashMap::new();
        let hierarchy = schema.action_entities().map_err(|error| error.to_string())?;
        for action in schema.actions() {
            members.entry(action.clone()).or_default().push(action.clone());
            for group in hierarchy.ancestors(action).into_iter().flatten() {
                members.entry(group.clone()).or_default().push(action.clone());
            }
        }
        let mut descendants: HashMap<EntityTypeName, Vec<EntityTypeName>> = HashMap::new();
        for entity_type in schema.entity_types() {
            descendants.entry(entity_type.clone()).or_default().push(entity_type.clone());
            for ancestor in schema.ancestors(entity_type).into_iter().flatten() {
                if ancestor != entity_type {
                    descendants.entry(ancestor.clone()).or_default().push(entity_type.clone());
                }
            }
        }
        Ok(Self { members, descendants })
    }

    /// The actions that the scope admits; `None` for all.
    fn actions(&self, constraint: &ActionConstraint) -> Option<Vec<EntityUid>> {
        match constraint {
            ActionConstraint::Any => None,
            ActionConstraint::Eq(action) => Some(vec![action.clone()]),
            ActionConstraint::In(groups) => {
                let members = groups.iter().flat_map(|group| self.members.get(group).into_iter().flatten());
                Some(members.cloned().collect())
            }
        }
    }

    /// The types of resources that the scope admits; `None` for all.
    fn resources(&self, constraint: &ResourceConstraint) -> Option<Vec<EntityTypeName>> {
        match constraint {
            ResourceConstraint::Any => None,
            ResourceConstraint::Eq(entity) => Some(vec![entity.type_name().clone()]),
            ResourceConstraint::Is(entity_type) | ResourceConstraint::IsIn(entity_type, _) => {
                Some(vec![entity_type.clone()])
            }
            ResourceConstraint::In(entity) => Some(self.within(entity.type_name()).to_vec()),
        }
    }

    /// Whether the scope admits one of the types that callers have.
    fn admits_caller(&self, constraint: &PrincipalConstraint, callers: &[&EntityTypeName]) -> bool {
        let is_caller = |entity_type: &EntityTypeName| callers.contains(&entity_type);
        match constraint {
            PrincipalConstraint::Any => true,
            PrincipalConstraint::Eq(entity) => is_caller(entity.type_name()),
            PrincipalConstraint::Is(entity_type) | PrincipalConstraint::IsIn(entity_type, _) => {
                is_caller(entity_type)
            }
            PrincipalConstraint::In(entity) => self.within(entity.type_name()).iter().any(is_caller),
        }
    }

    fn within(&self, entity_type: &EntityTypeName) -> &[EntityTypeName] {
        self.descendants.get(entity_type).map(Vec::as_slice).unwrap_or_default()
    }
}
