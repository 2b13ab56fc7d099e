//! The resource as `tfplugin` serves it. Each call goes to the file of the same name.

use async_trait::async_trait;
use tfplugin::provider::{Call, Change, ImportBy, Outcome, Planned, PlannedChange, Resource, Stored};
use tfplugin::schema::{IdentitySchema, Schema};
use tfplugin::value::Value;

use super::config::GrantConfig;
use super::operations::{create, delete, import, read, update};
use super::planning;
use crate::session::Session;

/// `p0_k8s_grant`.
pub struct GrantResource {
    session: Session,
}

impl GrantResource {
    /// A resource that uses the session's cluster.
    pub fn new(session: Session) -> Self {
        Self { session }
    }
}

#[async_trait]
impl Resource for GrantResource {
    fn schema(&self) -> Schema {
        super::schema()
    }

    fn identity(&self) -> Option<IdentitySchema> {
        Some(super::identity())
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        GrantConfig::read(&config).map(drop)
    }

    async fn plan(&self, call: &mut Call, change: Change) -> Outcome<Planned> {
        planning::plan(call, &self.session.configured()?, change).await
    }

    async fn create(&self, call: &mut Call, change: PlannedChange) -> Option<Stored> {
        let ready = self.session.configured().and_then(|known| Ok((known, self.session.cluster()?)));
        let (configured, cluster) = match ready {
            Ok(ready) => ready,
            Err(error) => {
                call.diagnostics.extend(error);
                return None;
            }
        };
        let created = create::create(call, &configured, &cluster, change).await;
        call.diagnostics.extend(read::skew(&cluster));
        created
    }

    async fn update(&self, call: &mut Call, prior: Stored, change: PlannedChange) -> Stored {
        let fallback = prior.clone();
        let updated = async {
            let (configured, cluster) = (self.session.configured()?, self.session.cluster()?);
            update::update(call, &configured, &cluster, prior, change).await
        };
        match updated.await {
            Ok(stored) => stored,
            Err(error) => {
                call.diagnostics.extend(error);
                fallback
            }
        }
    }

    async fn delete(&self, call: &mut Call, prior: Stored) -> Option<Stored> {
        let deleted = async {
            let cluster = self.session.cluster()?;
            delete::delete(call, &cluster, &prior).await
        };
        let Err(error) = deleted.await else { return None };
        call.diagnostics.extend(error);
        let left = async { delete::after_error(&*self.session.cluster()?, &prior).await };
        match left.await {
            Ok(stored) => Some(stored),
            Err(error) => {
                call.diagnostics.extend(error);
                Some(prior)
            }
        }
    }

    async fn read(&self, call: &mut Call, current: Stored) -> Outcome<Option<Stored>> {
        let cluster = self.session.cluster()?;
        read::read(call, &self.session.configured()?, &cluster, current).await.map(Some)
    }

    async fn import(&self, _call: &mut Call, by: ImportBy) -> Outcome<Stored> {
        import::import(&*self.session.cluster()?, by).await
    }
}
