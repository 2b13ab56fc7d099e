//! `p0_k8s_grants`: the grants in the cluster, of both products, with their end.

use async_trait::async_trait;
use tfplugin::provider::{Call, DataSource, Outcome};
use tfplugin::schema::{Attribute, Mode, Nesting, Schema};
use tfplugin::value::{IntoValue, Type, Value};

use crate::discovered::{DiscoveredGrant, discover};
use crate::grant_filter::{GrantFilter, with_filter};
use crate::session::Session;

pub(super) struct Grants(pub(super) Session);

#[async_trait]
impl DataSource for Grants {
    fn schema(&self) -> Schema {
        let managed_by = "Only grants of this product: `p0-gitops` or `terraform-provider-p0`.";
        with_filter(Schema::new("The grants in the cluster, of both products, with their end."))
            .with("managed_by", Attribute::optional(Type::String).about(managed_by))
            .with(
                "grants",
                Attribute::nested(Mode::Computed, Nesting::List, found_attributes())
                    .about("What was found, by id. Whether an end has come is the cluster's clock's answer."),
            )
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        GrantFilter::read(&config).map(drop)
    }

    async fn read(&self, _call: &mut Call, config: Value) -> Outcome<Value> {
        let filter = GrantFilter::read(&config)?;
        let cluster = self.0.cluster()?;
        let objects = cluster.granted(filter.namespace()).await?;
        let product = config.attribute("managed_by").and_then(Value::as_str);
        let is_of_product =
            |found: &DiscoveredGrant| product.is_none_or(|product| found.managed_by == product);
        let found = discover(&objects, cluster.now().await?);
        let grants: Vec<DiscoveredGrant> =
            found.into_iter().filter(|found| filter.matches(found) && is_of_product(found)).collect();
        let Value::Object(mut state) = config else { return Ok(config) };
        state.insert("grants".to_owned(), grants.into_value());
        Ok(Value::Object(state))
    }
}

fn found_attributes() -> Vec<(&'static str, Attribute)> {
    let text = |about: &str| Attribute::computed(Type::String).about(about);
    let truth = |about: &str| Attribute::computed(Type::Bool).about(about);
    let subject = [
        ("kind", text("`User`, `Group` or `ServiceAccount`.")),
        ("name", text("The name.")),
        ("namespace", text("The namespace of a ServiceAccount.")),
    ];
    vec![
        ("id", text("The grant's id.")),
        ("managed_by", text("Which product keeps it: `p0-gitops` or `terraform-provider-p0`.")),
        ("role", text("Where its rules come from.")),
        ("selection", text("What they are cut to.")),
        (
            "subresources",
            Attribute::computed(Type::list(Type::String)).about("Subresources besides the resource itself."),
        ),
        (
            "subject",
            Attribute::nested(Mode::Computed, Nesting::Single, subject)
                .about("Whom it is for, as its binding says."),
        ),
        ("created_at", text("When it was made.")),
        ("expires_at", text("When it ends.")),
        ("subset_sha256", text("The digest of its rules, as it was made.")),
        ("role_name", text("The name of the role object.")),
        ("binding_name", text("The name of the binding; null without a binding.")),
        ("binding_kind", text("`RoleBinding` or `ClusterRoleBinding`.")),
        ("namespace", text("The namespace of the binding.")),
        ("expired", truth("Whether its end has come. What has no end that can be read counts as expired.")),
        ("live", truth("Whether it gives anything: both its objects are there.")),
        ("problem", text("What is wrong with it; null where nothing is.")),
    ]
}
