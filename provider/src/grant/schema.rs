//! The resource's schema, with what the registry says of each attribute.

use tfplugin::schema::{Attribute, IdentityAttribute, IdentitySchema, ImportUse, Mode, Nesting, Schema};
use tfplugin::value::Type;

/// The resource's attributes.
pub fn schema() -> Schema {
    let about = "The rules of an existing role that apply to one selection, bound to one subject until a time. When the time \
                 has come the objects are removed by the next apply, and the record stays quiet. Between applies only \
                 `p0-gitops reap` removes expired objects.";
    computed(terms(inputs(Schema::new(about))))
}

fn text(mode: fn(Type) -> Attribute, about: &str) -> Attribute {
    mode(Type::String).about(about)
}

/// The role and the selection: shared by the resource, the data source and the ephemeral resource.
pub(crate) fn picked(schema: Schema) -> Schema {
    let role = [
        ("name", text(Attribute::required, "Its name.")),
        ("kind", text(Attribute::optional_computed, "`ClusterRole` (default) or `Role`.")),
        ("namespace", text(Attribute::optional, "The namespace of a Role.")),
    ];
    let resource = [
        ("kind", text(Attribute::required, "Kind, plural, singular or short name, as kubectl takes it.")),
        (
            "group",
            text(
                Attribute::optional,
                "The API group, where the kind alone is ambiguous; `core` for the core group.",
            ),
        ),
        ("namespace", text(Attribute::optional, "The namespace; all without it.")),
        ("name", text(Attribute::optional, "The object; all without it.")),
    ];
    schema
        .with(
            "role",
            Attribute::nested(Mode::Required, Nesting::Single, role)
                .about("The role whose rules are granted in part. Another one makes another grant."),
        )
        .with(
            "locator",
            text(
                Attribute::optional,
                "What the rules are cut to: `deployment / default / nginx`, `*` for all. Exactly one of `locator` and \
                 `resource`. Another selection makes another grant.",
            ),
        )
        .with(
            "resource",
            Attribute::nested(Mode::Optional, Nesting::Single, resource).about("The same as `locator`, part by part."),
        )
        .with(
            "subresources",
            Attribute::optional(Type::set(Type::String))
                .about("Subresources besides the resource itself, such as `log` or `scale`."),
        )
}

fn inputs(schema: Schema) -> Schema {
    let subject = [
        ("kind", text(Attribute::required, "`User`, `Group` or `ServiceAccount`.")),
        ("name", text(Attribute::required, "The name. Kubernetes' own (`system:…`) are refused.")),
        ("namespace", text(Attribute::optional, "The namespace of a ServiceAccount.")),
    ];
    picked(schema)
        .with(
            "subject",
            Attribute::nested(Mode::Required, Nesting::Single, subject).about(
                "Who gets the rules. Another one makes another grant: the id is what auditors look for.",
            ),
        )
        .with(
            "eks",
            Attribute::nested(Mode::Optional, Nesting::Single, [(
                "iam_arn",
                text(
                    Attribute::required,
                    "The ARN of an IAM user, or of a session of an `AWSReservedSSO_` role of IAM Identity Center \
                     (`arn:aws:sts::…:assumed-role/…/NAME`).",
                ),
            )])
            .about(
                "Who the subject is for AWS, on an EKS cluster that knows its users by the ConfigMap `aws-auth`: the entry of \
                 this ARN is added where it is missing, and removed with the last grant that needs it. Not for clusters \
                 with access entries. Another identity makes another grant.",
            ),
        )
        .with("reason", text(Attribute::optional, "Why. Everyone who may list bindings can read it."))
        .with(
            "annotations",
            Attribute::optional(Type::map(Type::String))
                .about("Annotations for the objects, besides the grant's own."),
        )
        .with(
            "labels",
            Attribute::optional(Type::map(Type::String))
                .about("Labels for the objects, besides the grant's own."),
        )
}

fn terms(schema: Schema) -> Schema {
    let timeout =
        |what: &str| text(Attribute::optional, &format!("How long {what} may take; `1m` without it."));
    let timeouts = [
        ("create", timeout("creating")),
        ("read", timeout("reading")),
        ("update", timeout("changing")),
        ("delete", timeout("deleting")),
    ];
    schema
        .with(
            "expires_at",
            text(
                Attribute::optional_computed,
                "When it ends, RFC 3339. Exactly one of `expires_at` and `duration`. Never `timeadd(timestamp(), …)`, which \
                 would extend it with every apply.",
            ),
        )
        .with(
            "duration",
            text(Attribute::optional, "How long it lasts from its creation: `8h`, `90m`, `7d`. Longer later extends it."),
        )
        .with(
            "subset_sha256",
            text(
                Attribute::optional_computed,
                "The digest of the rules. Where it is set, other rules are refused; set to `available_subset_sha256` it \
                 accepts what the role gives now.",
            ),
        )
        .with(
            "timeouts",
            Attribute::nested(Mode::Optional, Nesting::Single, timeouts).about("How long each operation may take."),
        )
}

fn computed(schema: Schema) -> Schema {
    let list = || Attribute::computed(Type::list(Type::String));
    schema
        .with("id", text(Attribute::computed, "The grant's id: 20 characters, used once ever."))
        .with("created_at", text(Attribute::computed, "When it was made, by the cluster's clock."))
        .with("role_name", text(Attribute::computed, "The name of the role object."))
        .with("binding_name", text(Attribute::computed, "The name of the binding."))
        .with("binding_kind", text(Attribute::computed, "`RoleBinding` or `ClusterRoleBinding`."))
        .with(
            "selection",
            text(
                Attribute::computed,
                "What `locator` or `resource` means: `apps/deployments default/nginx`.",
            ),
        )
        .with("rules", Attribute::computed(rules_type()).about("What is granted, rule by rule."))
        .with(
            "expired",
            Attribute::computed(Type::Bool).about("Whether its time had come when it was last looked at."),
        )
        .with("active", Attribute::computed(Type::Bool).about(
            "Whether its objects are in the cluster; of a grant that has expired, whether anything is left of it.",
        ))
        .with(
            "drift",
            list().about("How the cluster differs from what was granted; empty where it does not."),
        )
        .with(
            "available_subset_sha256",
            text(
                Attribute::computed,
                "The digest of what the role would give today; null where the role cannot be read.",
            ),
        )
}

/// The type of `rules`.
pub fn rules_type() -> Type {
    let texts = || Type::list(Type::String);
    Type::list(Type::object([
        ("api_groups", texts()),
        ("resources", texts()),
        ("resource_names", texts()),
        ("verbs", texts()),
    ]))
}

/// What tells one grant from another.
pub fn identity() -> IdentitySchema {
    let attribute =
        |import, about: &str| IdentityAttribute { of: Type::String, import, about: about.to_owned() };
    let attributes = [
        ("id", attribute(ImportUse::Required, "The grant's id.")),
        ("namespace", attribute(ImportUse::Optional, "The namespace of its binding, where it has one.")),
    ];
    let attributes = attributes.into_iter().map(|(name, attribute)| (name.to_owned(), attribute));
    IdentitySchema { version: 0, attributes: attributes.collect() }
}
