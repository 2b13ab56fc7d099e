//! The provider: its block, and what it serves.

use std::sync::Arc;

use async_trait::async_trait;
use tfplugin::provider::{Call, DataSource, Ephemeral, Function, ListResource, Outcome, Provider, Resource};
use tfplugin::schema::Schema;
use tfplugin::value::{FromValue, Value};

use crate::cluster::Cluster;
use crate::config::{self, AccessLookup, Block, Settings};
use crate::grant::GrantResource;
use crate::plain::unfit;
use crate::session::{Configured, Connection, Session};

/// The provider `p0`.
#[derive(Clone, Default)]
pub struct P0 {
    session: Session,
}

/// The provider as `tfplugin` serves it.
pub fn provider() -> P0 {
    P0::default()
}

#[async_trait]
impl Provider for P0 {
    fn schema(&self) -> Schema {
        config::schema()
    }

    fn resources(&self) -> Vec<(&'static str, Arc<dyn Resource>)> {
        vec![("p0_k8s_grant", Arc::new(GrantResource::new(self.session.clone())))]
    }

    fn data_sources(&self) -> Vec<(&'static str, Arc<dyn DataSource>)> {
        crate::data_sources::all(&self.session)
    }

    fn ephemerals(&self) -> Vec<(&'static str, Arc<dyn Ephemeral>)> {
        crate::ephemeral::all(&self.session)
    }

    fn functions(&self) -> Vec<(&'static str, Arc<dyn Function>)> {
        crate::functions::all()
    }

    fn lists(&self) -> Vec<(&'static str, Arc<dyn ListResource>)> {
        crate::lists::all(&self.session)
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        Settings::read(&block(config)?).map(drop)
    }

    async fn configure(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        let block = block(config)?;
        let settings = Settings::read(&block)?;
        let connection = match config::find(&block, &|name| std::env::var(name).ok())? {
            AccessLookup::Unknown(attribute) => Connection::Unknown(attribute),
            AccessLookup::Known(access) => {
                let cluster = Cluster::connect(config::connect(*access).await?, settings.limits).await?;
                tracing::debug!(server = cluster.server(), "the cluster that is asked");
                Connection::Known(Arc::new(cluster))
            }
        };
        self.session.set(Configured { settings: Arc::new(settings), connection });
        Ok(())
    }
}

fn block(config: Value) -> Outcome<Block> {
    Block::from_value(config).map_err(unfit)
}
