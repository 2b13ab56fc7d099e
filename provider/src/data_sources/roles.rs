//! `p0_k8s_roles`: the roles that grants can be cut from, and why some may not be asked for.

use async_trait::async_trait;
use p0_grant::offer::{Withheld, withheld_role};
use p0_grant::role::Role;
use tfplugin::provider::{Call, DataSource, Outcome};
use tfplugin::schema::{Attribute, Mode, Nesting, Schema};
use tfplugin::value::{FromValue, IntoValue, Type, Value};

use crate::plain::unfit;
use crate::session::Session;

pub(super) struct Roles(pub(super) Session);

tfplugin::model! {
    struct Config {
        namespace: Option<String>,
        roles: Value,
    }
}

tfplugin::model! {
    /// One role.
    #[derive(Debug, PartialEq)]
    struct RoleModel {
        kind: String,
        name: String,
        namespace: Option<String>,
        withheld: Option<String>,
    }
}

#[async_trait]
impl DataSource for Roles {
    fn schema(&self) -> Schema {
        let text = |about: &str| Attribute::computed(Type::String).about(about);
        let role = [
            ("kind", text("`ClusterRole` or `Role`.")),
            ("name", text("Its name.")),
            ("namespace", text("The namespace of a Role.")),
            (
                "withheld",
                text("Why it is not offered without an entry in `allow_privileged`; null where it is."),
            ),
        ];
        let namespace = "Also the Roles of this namespace. Without it, ClusterRoles alone.";
        Schema::new(
            "The roles of the cluster that grants can be cut from, the provider's own role objects left out.",
        )
        .with("namespace", Attribute::optional(Type::String).about(namespace))
        .with(
            "roles",
            Attribute::nested(Mode::Computed, Nesting::List, role).about("The roles, by kind and name."),
        )
    }

    async fn read(&self, _call: &mut Call, config: Value) -> Outcome<Value> {
        let config = Config::from_value(config).map_err(unfit)?;
        let roles = self.0.cluster()?.roles(config.namespace.as_deref()).await?;
        let mut roles: Vec<RoleModel> = roles.iter().map(RoleModel::from).collect();
        roles.sort_by(|one, other| (&one.kind, &one.name).cmp(&(&other.kind, &other.name)));
        Ok(Config { roles: roles.into_value(), ..config }.into_value())
    }
}

impl From<&Role> for RoleModel {
    fn from(role: &Role) -> Self {
        let reference = role.reference();
        let namespace = reference.namespace().map(ToString::to_string);
        Self {
            kind: if namespace.is_some() { "Role" } else { "ClusterRole" }.to_owned(),
            name: reference.name().to_string(),
            namespace,
            withheld: withheld_role(role).as_ref().map(Withheld::sentence),
        }
    }
}
