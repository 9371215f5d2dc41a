//! From a principal to the entity that policies call `principal`.

mod facts;
mod identity;
mod json;

use std::collections::{HashMap, HashSet};

use cedar_policy::{Entity, EntityId, EntityTypeName, EntityUid};
use portcullis_core::{ConfigCode, ConfigError, ConfigErrors, Decision, Principal, Reason};

use self::facts::{Attribute, attributes};
pub(crate) use self::identity::Identity;
use crate::schema::Vocabulary;

/// What the types of callers are called, and what else of a caller policies may see.
#[derive(Clone)]
pub(crate) struct CallerNames {
    pub(crate) user: String,
    pub(crate) client: String,
    pub(crate) role: String,
    pub(crate) group: String,
    pub(crate) claims: Vec<String>,
    pub(crate) identity: Identity,
}

/// Makes entities of callers, as the schema wants them.
pub(crate) struct Callers {
    user: Shape,
    client: Option<Shape>,
    identity: Identity,
}

/// How the schema describes one type of caller.
struct Shape {
    entity_type: EntityTypeName,
    roles: Option<Parents>,
    groups: Option<Parents>,
    attributes: Vec<Attribute>,
}

/// A type whose entities callers are in.
struct Parents {
    entity_type: EntityTypeName,
    /// The identifiers that there are, if the schema lists them; others mean nothing to any policy.
    choices: Option<HashSet<String>>,
}

impl Callers {
    pub(crate) fn read(names: &CallerNames, vocabulary: &Vocabulary) -> Result<Self, ConfigErrors> {
        let mut errors = ConfigErrors::new();
        let user = match vocabulary.entity_type(&names.user) {
            Some(entity_type) => errors.take(Shape::read(entity_type, names, vocabulary)),
            None => {
                let what = format!("the schema has no entity type `{}` for callers", names.user);
                errors.push(ConfigError::new(ConfigCode::CedarCallerMismatch, what));
                None
            }
        };
        let client = vocabulary.entity_type(&names.client);
        let client = client.and_then(|entity_type| errors.take(Shape::read(entity_type, names, vocabulary)));
        match (user, errors.into_result(())) {
            (Some(user), Ok(())) => Ok(Self { user, client, identity: names.identity.clone() }),
            (_, Err(errors)) => Err(errors),
            // INVARIANT: there is an error wherever there is no type for callers.
            (None, Ok(())) => Err(ConfigErrors::new()),
        }
    }

    /// The types that callers may have.
    pub(crate) fn types(&self) -> impl Iterator<Item = &EntityTypeName> {
        [Some(&self.user), self.client.as_ref()].into_iter().flatten().map(|shape| &shape.entity_type)
    }

    /// The caller's entity.
    ///
    /// # Errors
    /// The refusal of a caller whom the schema does not provide for.
    pub(crate) fn entity(&self, caller: &Principal) -> Result<Entity, Decision> {
        let shape = self.shape(caller)?;
        let id = EntityId::new(self.identity.of(caller)?);
        let uid = EntityUid::from_type_name_and_id(shape.entity_type.clone(), id);
        let mut attributes = HashMap::with_capacity(shape.attributes.len());
        for attribute in &shape.attributes {
            if let Some(value) = attribute.of(caller)? {
                attributes.insert(attribute.name().to_owned(), value);
            }
        }
        let mut parents = HashSet::new();
        if let Some(roles) = &shape.roles {
            parents.extend(caller.roles().filter_map(|role| roles.entity(role)));
        }
        if let Some(groups) = &shape.groups {
            parents.extend(caller.groups().filter_map(|group| groups.entity(group)));
        }
        Entity::new(uid, attributes, parents)
            .map_err(|error| crate::decide::failed(&format!("the caller cannot be described: {error}")))
    }

    fn shape(&self, caller: &Principal) -> Result<&Shape, Decision> {
        if !caller.is_client() {
            return Ok(&self.user);
        }
        // RFC 9068 §5: a client named as a user is must not be taken for that user.
        self.client.as_ref().ok_or_else(|| {
            Decision::deny(Reason::UserRequired)
                .because("the schema has no entity type for clients on their own behalf")
        })
    }
}

impl Shape {
    fn read(
        entity_type: EntityTypeName,
        names: &CallerNames,
        vocabulary: &Vocabulary,
    ) -> Result<Self, ConfigErrors> {
        let attributes = attributes(&entity_type, &names.claims, &vocabulary.shapes)?;
        let roles = Parents::read(&entity_type, &names.role, vocabulary);
        let groups = Parents::read(&entity_type, &names.group, vocabulary);
        Ok(Self { roles, groups, attributes, entity_type })
    }
}

impl Parents {
    /// The type, if the schema lets callers be in it. Policies cannot ask for it otherwise.
    fn read(callers: &EntityTypeName, name: &str, vocabulary: &Vocabulary) -> Option<Self> {
        let entity_type = vocabulary.entity_type(name)?;
        vocabulary.schema.ancestors(callers)?.find(|ancestor| **ancestor == entity_type)?;
        let choices = vocabulary.shapes.choices(&entity_type).map(|choices| choices.into_iter().collect());
        Some(Self { entity_type, choices })
    }

    fn entity(&self, name: &str) -> Option<EntityUid> {
        if self.choices.as_ref().is_some_and(|choices| !choices.contains(name)) {
            return None;
        }
        Some(EntityUid::from_type_name_and_id(self.entity_type.clone(), EntityId::new(name)))
    }
}
