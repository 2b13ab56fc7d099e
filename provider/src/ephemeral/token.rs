//! `p0_k8s_token`: a ServiceAccount that has a subset of a role, and a token of it that the API server ends at `ttl`.
//!
//! Opened at each plan and at each apply. It ends without being closed, because the process may be killed: the token ends
//! by itself, and all objects carry the time after which `p0-gitops reap` removes them.

use async_trait::async_trait;
use jiff::Timestamp;
use p0_grant::grant::{Grant, GrantSpec, ManagedBy};
use p0_grant::manifest::{GRANT, MANAGED_BY, Manifest, REASON};
use p0_grant::name::{GrantId, Namespace};
use p0_grant::plan::{Plan, plan};
use p0_grant::role::Role;
use p0_grant::selection::Selection;
use p0_grant::subject::Subject;
use secrecy::ExposeSecret;
use serde_json::{Value as Json, json};
use tfplugin::diagnostics::{Diagnostic, Diagnostics};
use tfplugin::provider::{Call, Ephemeral, Opened, Outcome};
use tfplugin::schema::{Attribute, Schema};
use tfplugin::value::{IntoValue, Type, Value};

use super::lease::{CreatedObject, Lease};
use super::terms::{Reason, Terms};
use crate::cluster::{Cluster, Created, IssuedToken, LiveObject, ObjectRef};
use crate::config::Settings;
use crate::grant::resolve::{refused, warnings};
use crate::grant::schema::picked;
use crate::grant::{RoleSelection, new_id};
use crate::session::Session;
use crate::text::chain;

pub(super) struct Token(pub(super) Session);

#[async_trait]
impl Ephemeral for Token {
    fn schema(&self) -> Schema {
        let about = "A token with the rules of a role that apply to one selection, which ends with the run and is never kept. A \
                     plan opens it as well as an apply, and each writes to the cluster.";
        outputs(inputs(picked(Schema::new(about))))
    }

    async fn validate(&self, _call: &mut Call, config: Value) -> Outcome<()> {
        RoleSelection::read(&config)?;
        Terms::read(&config).map(drop)
    }

    async fn open(&self, call: &mut Call, config: Value) -> Outcome<Opened> {
        let (settings, cluster) = (self.0.configured()?.settings, self.0.cluster()?);
        let terms = Terms::read(&config)?;
        let reason = if settings.require_reason { Reason::Required } else { Reason::Free };
        terms.check(settings.max_duration, reason)?;
        let (role, selection) = RoleSelection::read(&config)?.find(&cluster).await?;
        let plan = plan(&role, &selection, &settings.plan).map_err(|error| refused(&error))?;
        call.diagnostics.extend(warnings(plan.report()));
        let now = cluster.now().await?;
        let grant = TokenGrant::new(&role, selection, &plan, &terms, &settings, now)?;
        let mut lease = Lease { id: grant.id.to_string(), ..Lease::default() };
        match grant.make(call, &cluster, &terms, &mut lease).await {
            Ok(issued) => {
                let result = result(config, &grant, &issued, &cluster);
                Ok(Opened { result, private: lease.write(), renew_at: None })
            }
            Err(mut told) => {
                told.extend(lease.end(&cluster).await);
                Err(told)
            }
        }
    }

    async fn close(&self, call: &mut Call, private: Vec<u8>) -> Outcome<()> {
        let lease = Lease::read(&private)?;
        call.diagnostics.extend(lease.end(&*self.0.cluster()?).await);
        Ok(())
    }
}

fn inputs(schema: Schema) -> Schema {
    let text = |about: &str| Attribute::optional(Type::String).about(about);
    schema
        .with("reason", text("Why. Everyone who may list bindings can read it."))
        .with(
            "namespace",
            Attribute::optional_computed(Type::String)
                .about("Where the ServiceAccount lives; the selection's own namespace without it."),
        )
        .with("ttl", text("How long the token is good at most: `10m` or more, `1h` without it."))
        .with(
            "audiences",
            Attribute::optional(Type::list(Type::String))
                .about("For whom the token is meant; for the API server itself without it."),
        )
}

fn outputs(schema: Schema) -> Schema {
    let text = |about: &str| Attribute::computed(Type::String).about(about);
    schema
        .with("token", text("The bearer token.").sensitive())
        .with(
            "expires_at",
            text("When the API server ends the token, RFC 3339. It may be sooner than `ttl`."),
        )
        .with("id", text("The grant's id: the label `p0.dev/grant` of all objects."))
        .with("service_account", text("The name of the ServiceAccount."))
        .with("host", text("The address of the API server."))
        .with(
            "cluster_ca_certificate",
            text("The certificate authorities of the API server, PEM; null where the system's count."),
        )
}

/// What is to be made for one token.
struct TokenGrant {
    id: GrantId,
    namespace: Namespace,
    name: String,
    role: Json,
    binding: Json,
    created_at: Timestamp,
    expires_at: Timestamp,
}

fn fault(error: &(dyn std::error::Error + 'static)) -> Diagnostics {
    Diagnostic::error("The grant cannot be put together", chain(error)).into()
}

impl TokenGrant {
    fn new(
        role: &Role,
        selection: Selection,
        plan: &Plan,
        terms: &Terms,
        settings: &Settings,
        now: Timestamp,
    ) -> Result<Self, Diagnostics> {
        let namespace = terms.namespace(&selection)?;
        let id = new_id()?;
        let name = format!("{}-{id}", settings.prefix);
        let expires_at = now.checked_add(terms.ttl.duration()).map_err(|error| fault(&error))?;
        let spec = GrantSpec {
            id: id.clone(),
            role: role.reference().clone(),
            selection,
            plan,
            subject: Subject::service_account(namespace.clone(), &name).map_err(|error| fault(&error))?,
            iam: None,
            created_at: now,
            expires_at,
            managed_by: ManagedBy::TerraformProviderP0,
            role_object: settings.role_object,
            prefix: settings.prefix.clone(),
            workflow: None,
        };
        let grant = Grant::new(spec).map_err(|error| fault(&error))?;
        let manifest = Manifest::of(&grant).map_err(|error| fault(&error))?;
        let [role, mut binding] = manifest.to_json().map_err(|error| fault(&error))?;
        let annotations = binding.pointer_mut("/metadata/annotations").and_then(Json::as_object_mut);
        if let (Some(reason), Some(annotations)) = (&terms.reason, annotations) {
            annotations.insert(REASON.to_owned(), reason.as_str().into());
        }
        Ok(Self { id, namespace, name, role, binding, created_at: now, expires_at })
    }

    /// The role before the binding, both before the ServiceAccount, and the token last.
    async fn make(
        &self,
        call: &Call,
        cluster: &Cluster,
        terms: &Terms,
        lease: &mut Lease,
    ) -> Result<IssuedToken, Diagnostics> {
        let role = self.put(cluster, &self.role, &mut lease.role).await?;
        uninterrupted(call)?;
        let binding = self.put(cluster, &self.binding, &mut lease.binding).await?;
        uninterrupted(call)?;
        let namespace = self.namespace.as_str();
        let account = lease.account.insert(CreatedObject {
            kind: None,
            namespace: Some(namespace.to_owned()),
            name: self.name.clone(),
            uid: None,
        });
        account.uid = Some(cluster.create_account(namespace, &self.account(&role, &binding)).await?);
        uninterrupted(call)?;
        let seconds = terms.ttl.duration().as_secs();
        Ok(cluster.token(namespace, &self.name, &terms.audiences, seconds).await?)
    }

    async fn put(
        &self,
        cluster: &Cluster,
        object: &Json,
        made: &mut Option<CreatedObject>,
    ) -> Result<LiveObject, Diagnostics> {
        let reference = ObjectRef::of(object)
            .ok_or_else(|| Diagnostic::error("An object has no name", "This is a fault."))?;
        let made = made.insert(CreatedObject::at(&reference));
        let live = match cluster.create(&reference, object).await? {
            Created::New(live) => live,
            Created::Taken(live) if live.label(GRANT) == Some(self.id.as_str()) => live,
            Created::Taken(_) => {
                let detail =
                    format!("There is an object with the name of {reference} already. It is left as it is.");
                return Err(Diagnostic::error("The object belongs to another owner", detail).into());
            }
        };
        made.uid = live.uid().map(str::to_owned);
        Ok(live)
    }

    /// It goes with the object that is removed when its time has come, where Kubernetes lets one own the other.
    fn account(&self, role: &LiveObject, binding: &LiveObject) -> Json {
        let owner = [binding, role].into_iter().find_map(|live| {
            let reference = live.reference()?;
            let may_own = reference.namespace.is_none()
                || reference.namespace.as_deref() == Some(self.namespace.as_str());
            may_own.then(|| owner(&reference, live)).flatten()
        });
        json!({
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": self.name,
                "namespace": self.namespace.as_str(),
                "labels": {MANAGED_BY: ManagedBy::TerraformProviderP0.to_string(), GRANT: self.id.as_str()},
                "annotations": {
                    "p0.dev/created-at": self.created_at.to_string(),
                    "p0.dev/expires-at": self.expires_at.to_string(),
                },
                "ownerReferences": owner.into_iter().collect::<Vec<Json>>(),
            },
            "automountServiceAccountToken": false,
        })
    }
}

fn owner(reference: &ObjectRef, live: &LiveObject) -> Option<Json> {
    Some(json!({
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": reference.kind.to_string(),
        "name": reference.name,
        "uid": live.uid()?,
    }))
}

fn uninterrupted(call: &Call) -> Result<(), Diagnostics> {
    match call.stop.has_come() {
        false => Ok(()),
        true => {
            Err(Diagnostic::error("Interrupted", "Terraform was interrupted, so no token was outputs.")
                .into())
        }
    }
}

fn result(config: Value, grant: &TokenGrant, issued: &IssuedToken, cluster: &Cluster) -> Value {
    let Value::Object(mut result) = config else { return config };
    let outputs = [
        ("namespace", grant.namespace.as_str().into_value()),
        ("token", issued.token.expose_secret().into_value()),
        ("expires_at", issued.expires_at.as_str().into_value()),
        ("id", grant.id.as_str().into_value()),
        ("service_account", grant.name.as_str().into_value()),
        ("host", cluster.server().into_value()),
        ("cluster_ca_certificate", cluster.authority().into_value()),
    ];
    result.extend(outputs.map(|(name, value)| (name.to_owned(), value)));
    Value::Object(result)
}
