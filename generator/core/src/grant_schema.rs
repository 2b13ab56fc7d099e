//! JSON Schemas of types of `p0_grant`, which stand here again by their form alone: the engine knows no schemas.
//!
//! A test reads what the schemas allow. Not here: the files that have them ([`crate::schema`]).

use schemars::JsonSchema;

/// As `p0_grant::danger::Class`.
#[derive(JsonSchema)]
#[schemars(rename = "Class", rename_all = "UPPERCASE")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum ClassSchema {
    /// Worth a look.
    Note,
    /// Reaches beyond the selected object.
    High,
    /// Gives secrets, or a way into running programs.
    Critical,
    /// Gives everything, in one step or two.
    Block,
}

/// As `p0_grant::grant::RoleObject`.
#[derive(JsonSchema)]
#[schemars(rename = "RoleObject")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum RoleObjectSchema {
    /// A ClusterRole, whatever is picked.
    ClusterRole,
    /// A Role where one namespace is picked.
    Role,
}

/// As `p0_grant::restrict::WildcardVerb`.
#[derive(JsonSchema)]
#[schemars(rename = "WildcardVerb", rename_all = "kebab-case")]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) enum WildcardVerbSchema {
    /// It stays, but for resources that have a privileged verb.
    ExpandedWherePrivileged,
    /// It becomes the eight standard verbs everywhere.
    Expanded,
}

/// As `p0_grant::plan::Allowance`.
#[derive(JsonSchema)]
#[schemars(rename = "Allowance", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct AllowanceSchema {
    /// Which role: `ClusterRole/NAME` or `Role/NAMESPACE/NAME`.
    role: String,
    /// `plural.group`, or `plural` for the core group.
    resource: String,
}

/// As `p0_grant::danger::Row`.
#[derive(JsonSchema)]
#[schemars(rename = "DangerRow", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
pub(crate) struct RowSchema {
    /// How dangerous.
    class: ClassSchema,
    /// On what.
    entries: Vec<EntrySchema>,
    /// Which verbs: exact, or a prefix that ends in `*`.
    verbs: Vec<String>,
    /// Where; everywhere unless said.
    place: Option<PlaceSchema>,
    /// What it means, for reading.
    why: String,
    /// Where this is known from.
    source: String,
}

/// As `p0_grant::danger::Entry`.
#[derive(JsonSchema)]
#[schemars(rename = "DangerEntry", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
enum EntrySchema {
    /// A resource or `resource/subresource` of a group.
    Resource {
        /// The API group; empty for the core group.
        group: String,
        /// The resource as rules write it.
        resource: String,
    },
    /// A URL pattern as rules write it.
    Url(String),
}

/// As `p0_grant::danger::Place`.
#[derive(JsonSchema)]
#[schemars(rename = "DangerPlace", rename_all = "kebab-case", deny_unknown_fields)]
#[expect(dead_code, reason = "only its schema is used")]
enum PlaceSchema {
    /// Everywhere.
    Anywhere,
    /// Where the selection can reach this one object.
    Object {
        /// Its namespace.
        namespace: String,
        /// Its name.
        name: String,
    },
    /// In the namespaces of what applies the repository, and of the bot.
    ApplierNamespaces,
}
