//! From a question to a decision.

use std::sync::Arc;

use cedar_policy::{
    Authorizer, Context, Decision as Answer, Entity, EntityId, EntityUid, PolicySet, Request,
    RequestValidationError, Response,
};
use portcullis_authz::engine::{Question, detail};
use portcullis_core::{Decision, Reason};
use serde_json::Value;

use crate::caller::Callers;
use crate::explain::{Origins, explanation};
use crate::index::{Bucket, Index, Unknown};
use crate::resource::{self, said};
use crate::schema::Vocabulary;

/// Policies that were checked, and all that is needed to ask them.
pub(crate) struct Loaded {
    pub(crate) vocabulary: Vocabulary,
    pub(crate) callers: Callers,
    pub(crate) whole: Arc<PolicySet>,
    pub(crate) index: Index,
    pub(crate) origins: Origins,
}

/// A decision of a policy set that could not be asked, or of which a policy failed.
pub(crate) fn failed(why: &str) -> Decision {
    Decision::deny(Reason::PolicyError).because(detail(why))
}

impl Loaded {
    pub(crate) fn decide(&self, question: &Question<'_>) -> Decision {
        match self.index.find(question.action(), question.kind()) {
            Ok((action, bucket)) => match self.ask(question, action, bucket) {
                Ok(response) => self.settle(question, &response),
                Err(refused) => refused,
            },
            Err(unknown) => Decision::deny(Reason::PolicyDenied).because(detail(unknown.said(question))),
        }
    }

    fn ask(
        &self,
        question: &Question<'_>,
        action: &EntityUid,
        bucket: &Bucket,
    ) -> Result<Response, Decision> {
        let schema = &self.vocabulary.schema;
        let caller = self.callers.entity(question.caller())?;
        let uid = EntityUid::from_type_name_and_id(bucket.entity_type.clone(), EntityId::new(question.id()));
        let context = self.context(question, action)?;
        let request = Request::new(caller.uid(), action.clone(), uid.clone(), context, Some(schema))
            .map_err(|error| misfit(&error))?;
        let mut described =
            resource::entities(question, &uid, bucket, &self.vocabulary).map_err(|why| failed(&why))?;
        let entities = match described.iter().position(|entity| entity.uid() == caller.uid()) {
            None => {
                described.push(caller);
                described
            }
            Some(at) => {
                let same = described.swap_remove(at);
                described.push(merged(caller, same).map_err(|why| failed(&why))?);
                described
            }
        };
        let entities = bucket.actions.clone().add_entities(entities, Some(schema));
        let entities = entities.map_err(|error| failed(&said(&error)))?;
        Ok(Authorizer::new().is_authorized(&request, &bucket.policies, &entities))
    }

    fn context(&self, question: &Question<'_>, action: &EntityUid) -> Result<Context, Decision> {
        if question.context().is_empty() {
            return Ok(Context::empty());
        }
        let members = Value::Object(question.context().clone());
        Context::from_json_value(members, Some((&self.vocabulary.schema, action)))
            .map_err(|error| failed(&said(&error)))
    }

    fn settle(&self, question: &Question<'_>, response: &Response) -> Decision {
        let diagnostics = response.diagnostics();
        // The engine skips a policy that fails, one that forbids too: what it says of the others is no answer.
        if let Some(error) = diagnostics.errors().next() {
            return failed(&said(error));
        }
        let mut determining: Vec<_> = diagnostics.reason().collect();
        determining.sort();
        let allowed = response.decision() == Answer::Allow;
        let decision = if allowed {
            Decision::allow(Reason::PolicyAllowed)
        } else if determining.is_empty() {
            Decision::deny(Reason::PolicyDenied)
        } else {
            Decision::deny(Reason::ExplicitlyDenied)
        };
        let words = match (allowed, determining.is_empty()) {
            (true, _) => "permitted by",
            (false, false) => "forbidden by",
            (false, true) => "no policy permits it",
        };
        let tree = explanation(question, allowed, &determining, &self.origins);
        decision.because(detail(self.origins.list(words, &determining))).explained(tree)
    }
}

impl Unknown {
    fn said(self, question: &Question<'_>) -> String {
        match self {
            Self::Action => format!("the schema has no action `{}`", question.action()),
            Self::Kind => {
                format!("the schema has no action `{}` on `{}`", question.action(), question.kind())
            }
        }
    }
}

/// A request that does not fit the schema. The identifier alone may be the client's text: one that is not on the list
/// of the schema names nothing.
fn misfit(error: &RequestValidationError) -> Decision {
    match error {
        RequestValidationError::InvalidEnumEntity(_) => {
            Decision::deny(Reason::PolicyDenied).because(detail(error))
        }
        _ => failed(&said(error)),
    }
}

/// A caller who asks about its own entity: what is known of it as a caller goes before what the question says.
fn merged(caller: Entity, described: Entity) -> Result<Entity, String> {
    let (uid, known, mut parents) = caller.into_inner();
    let (_, mut attributes, further) = described.into_inner();
    attributes.extend(known);
    parents.extend(further);
    Entity::new(uid, attributes, parents).map_err(|error| error.to_string())
}
