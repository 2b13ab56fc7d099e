//! The life of a resource: plan, apply, read, import, upgrade.

use crate::conform;
use crate::diagnostics::Diagnostics;
use crate::provider::{ImportBy, Stored};
use crate::schema::Schema;
use crate::value::{Path, Type, Value};
use crate::wire::tfplugin6 as wire;

use super::propose::propose;
use super::{Core, Fault, diagnostics, dynamic, kept, path, refuse, value};

/// A plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// What will be there; null for nothing.
    pub state: Value,
    /// The planned private data.
    pub private: Vec<u8>,
    /// The planned identity.
    pub identity: Option<Value>,
    /// Why the thing is deleted and made anew.
    pub replace: Vec<Path>,
    /// Whether the answer was put off.
    pub deferred: bool,
    /// What was said.
    pub diagnostics: Diagnostics,
}

/// What an apply came to.
#[derive(Clone, Debug)]
pub struct Applied {
    /// What there is now.
    pub stored: Option<Stored>,
    /// What was said.
    pub diagnostics: Diagnostics,
}

impl Core {
    /// Validates a configuration.
    ///
    /// # Errors
    /// [`Fault`] where the call fails.
    pub async fn validate(&mut self, resource: &str, config: &Value) -> Result<Diagnostics, Fault> {
        let (schema, _) = self.resource_schemas(resource)?;
        let request = wire::validate_resource_config::Request {
            type_name: resource.to_owned(),
            config: Some(dynamic(config, &schema.value_type())?),
            client_capabilities: Some(self.capabilities()),
        };
        Ok(diagnostics(self.client.validate_resource_config(request).await?.into_inner().diagnostics))
    }

    /// Plans a change from `prior` to `config`; a null `config` plans to delete.
    ///
    /// # Errors
    /// [`Fault`] where the call fails, or where Terraform would refuse the plan.
    pub async fn plan(
        &mut self,
        resource: &str,
        prior: Option<&Stored>,
        config: &Value,
    ) -> Result<Plan, Fault> {
        self.plan_after(resource, prior, config, None).await
    }

    /// Plans, perhaps for the second time, as Terraform does right before it applies.
    async fn plan_after(
        &mut self,
        resource: &str,
        prior: Option<&Stored>,
        config: &Value,
        first: Option<&Plan>,
    ) -> Result<Plan, Fault> {
        let (schema, identity) = self.resource_schemas(resource)?;
        let of = schema.value_type();
        let before = prior.map_or(&Value::Null, |prior| &prior.state);
        let (prior_state, prior_private, prior_identity) = kept(prior, &of, identity.as_ref())?;
        let request = wire::plan_resource_change::Request {
            type_name: resource.to_owned(),
            prior_state,
            proposed_new_state: Some(dynamic(&propose(&schema, before, config), &of)?),
            config: Some(dynamic(config, &of)?),
            prior_private,
            provider_meta: None,
            client_capabilities: Some(self.capabilities()),
            prior_identity,
            planned_private: first.map(|first| first.private.clone()).unwrap_or_default(),
        };
        let answer = self.client.plan_resource_change(request).await?.into_inner();
        let planned = Plan {
            state: value(answer.planned_state.as_ref(), &of)?,
            private: answer.planned_private,
            identity: identity_of(answer.planned_identity, identity.as_ref())?,
            replace: answer.requires_replace.into_iter().map(path).collect(),
            deferred: answer.deferred.is_some(),
            diagnostics: diagnostics(answer.diagnostics),
        };
        if !planned.diagnostics.has_errors() {
            refuse(legal(&schema, prior, config, &planned))?;
        }
        Ok(planned)
    }

    /// Applies a plan.
    ///
    /// # Errors
    /// [`Fault`] where the call fails, or where Terraform would refuse what it came to.
    pub async fn apply(
        &mut self,
        resource: &str,
        prior: Option<&Stored>,
        plan: &Plan,
        config: &Value,
    ) -> Result<Applied, Fault> {
        let (schema, identity) = self.resource_schemas(resource)?;
        let of = schema.value_type();
        let planned =
            Stored { state: plan.state.clone(), private: Vec::new(), identity: plan.identity.clone() };
        let (planned_state, _, planned_identity) = kept(Some(&planned), &of, identity.as_ref())?;
        let request = wire::apply_resource_change::Request {
            type_name: resource.to_owned(),
            prior_state: kept(prior, &of, None)?.0,
            planned_state,
            config: Some(dynamic(config, &of)?),
            planned_private: plan.private.clone(),
            provider_meta: None,
            planned_identity,
        };
        let answer = self.client.apply_resource_change(request).await?.into_inner();
        let told = diagnostics(answer.diagnostics);
        let stored =
            stored(answer.new_state.as_ref(), answer.private, answer.new_identity, &of, identity.as_ref())?;
        if let Some(new) = stored.as_ref() {
            refuse(match told.has_errors() {
                true => conform::stored(&schema, &new.state),
                false => conform::applied(&schema, &plan.state, &new.state),
            })?;
        }
        Ok(Applied { stored, diagnostics: told })
    }

    /// Validates, plans, plans again and applies. A thing that is replaced is deleted first.
    ///
    /// # Errors
    /// [`Fault`] as the steps have it.
    pub async fn change(
        &mut self,
        resource: &str,
        prior: Option<&Stored>,
        config: &Value,
    ) -> Result<Applied, Fault> {
        if !config.is_null() {
            let told = self.validate(resource, config).await?;
            if told.has_errors() {
                return Ok(Applied { stored: prior.cloned(), diagnostics: told });
            }
        }
        let first = self.plan(resource, prior, config).await?;
        if first.diagnostics.has_errors() {
            return Ok(Applied { stored: prior.cloned(), diagnostics: first.diagnostics });
        }
        if !first.replace.is_empty() && prior.is_some() {
            let gone = Box::pin(self.change(resource, prior, &Value::Null)).await?;
            return match gone.stored {
                None => Box::pin(self.change(resource, None, config)).await,
                Some(_) => Ok(gone),
            };
        }
        let again = self.plan_after(resource, prior, config, Some(&first)).await?;
        refuse(conform::planned_again(&first.state, &again.state))?;
        let mut applied = self.apply(resource, prior, &again, config).await?;
        applied.diagnostics = first.diagnostics.into_iter().chain(applied.diagnostics).collect();
        Ok(applied)
    }

    /// Looks at what is there; `None` where it is gone. After an error it is what it was.
    ///
    /// # Errors
    /// [`Fault`] where the call fails, or where Terraform would refuse the answer.
    pub async fn read(&mut self, resource: &str, current: &Stored) -> Result<Applied, Fault> {
        let (schema, identity) = self.resource_schemas(resource)?;
        let of = schema.value_type();
        let (current_state, private, current_identity) = kept(Some(current), &of, identity.as_ref())?;
        let request = wire::read_resource::Request {
            type_name: resource.to_owned(),
            current_state,
            private,
            provider_meta: None,
            client_capabilities: Some(self.capabilities()),
            current_identity,
        };
        let answer = self.client.read_resource(request).await?.into_inner();
        let told = diagnostics(answer.diagnostics);
        if told.has_errors() {
            return Ok(Applied { stored: Some(current.clone()), diagnostics: told });
        }
        let found =
            stored(answer.new_state.as_ref(), answer.private, answer.new_identity, &of, identity.as_ref())?;
        refuse(found.as_ref().map(|found| conform::stored(&schema, &found.state)).unwrap_or_default())?;
        Ok(Applied { stored: found, diagnostics: told })
    }

    /// Imports a thing and reads it, as Terraform does. What cannot be read was not there.
    ///
    /// # Errors
    /// [`Fault`] where a call fails, or where Terraform would refuse the answer.
    pub async fn import(&mut self, resource: &str, by: &ImportBy) -> Result<Applied, Fault> {
        let (schema, identity) = self.resource_schemas(resource)?;
        let (id, by) = match by {
            ImportBy::Id(id) => (id.clone(), None),
            ImportBy::Identity(identity) => (String::new(), Some(identity)),
        };
        let data = by.zip(identity.as_ref()).map(|(value, of)| dynamic(value, of)).transpose()?;
        let request = wire::import_resource_state::Request {
            type_name: resource.to_owned(),
            id,
            client_capabilities: Some(self.capabilities()),
            identity: data.map(|data| wire::ResourceIdentityData { identity_data: Some(data) }),
        };
        let answer = self.client.import_resource_state(request).await?.into_inner();
        let told = diagnostics(answer.diagnostics);
        if told.has_errors() {
            return Ok(Applied { stored: None, diagnostics: told });
        }
        let mut imported = answer.imported_resources.into_iter();
        let (Some(one), None) = (imported.next(), imported.next()) else {
            return Err(Fault::Missing("one resource"));
        };
        let of = schema.value_type();
        let found = stored(one.state.as_ref(), one.private, one.identity, &of, identity.as_ref())?;
        self.read(resource, &found.ok_or(Fault::Missing("state"))?).await
    }

    /// Hands over state that was kept as JSON.
    ///
    /// # Errors
    /// [`Fault`] where the call fails.
    pub async fn upgrade(
        &mut self,
        resource: &str,
        version: i64,
        state: &str,
    ) -> Result<(Value, Diagnostics), Fault> {
        let (schema, _) = self.resource_schemas(resource)?;
        let raw = wire::RawState { json: state.as_bytes().to_vec(), flatmap: Default::default() };
        let request = wire::upgrade_resource_state::Request {
            type_name: resource.to_owned(),
            version,
            raw_state: Some(raw),
        };
        let answer = self.client.upgrade_resource_state(request).await?.into_inner();
        let state = value(answer.upgraded_state.as_ref(), &schema.value_type())?;
        Ok((state, diagnostics(answer.diagnostics)))
    }
}

fn legal(schema: &Schema, prior: Option<&Stored>, config: &Value, planned: &Plan) -> Vec<conform::Violation> {
    if config.is_null() || planned.deferred {
        return Vec::new();
    }
    let before = prior.map(|prior| &prior.state);
    let plan = conform::planned(schema, before, config, &planned.state);
    plan.into_iter().chain(conform::replaced(before, &planned.state, &planned.replace)).collect()
}

fn identity_of(from: Option<wire::ResourceIdentityData>, of: Option<&Type>) -> Result<Option<Value>, Fault> {
    let data = from.and_then(|identity| identity.identity_data);
    Ok(data.zip(of).map(|(data, of)| value(Some(&data), of)).transpose()?)
}

fn stored(
    state: Option<&wire::DynamicValue>,
    private: Vec<u8>,
    identity: Option<wire::ResourceIdentityData>,
    of: &Type,
    identity_type: Option<&Type>,
) -> Result<Option<Stored>, Fault> {
    let (state, identity) = (value(state, of)?, identity_of(identity, identity_type)?);
    Ok((!state.is_null()).then_some(Stored { state, private, identity }))
}
