//! The picker: what can be asked for, in memory, so that a form is filled in without asking Git or a cluster.
//!
//! It is made of snapshots of base and answers from nothing else. What it offers is a help: the request itself is judged on base.
//! Not here: policy, and how a form looks.

use std::collections::BTreeMap;
use std::sync::Arc;

use p0_access::cluster::Cluster;
use p0_access::duration::Lifetime;
use p0_access::layout::ClusterName;
use p0_grant::catalogue::Catalogue;
use p0_grant::locator::Locator;
use p0_grant::offer::withheld_role;
use p0_grant::plan::{PlanReport, preview};
use p0_grant::role::{Role, RoleRef};
use p0_grant::selection::Selection;

use super::request::RequestItem;
use crate::cluster::ObjectNames;
use crate::repository::BaseSnapshot;

mod places;

use places::{Known, Places};

/// A part of what is asked for, to which a problem belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Field {
    /// The cluster.
    Cluster,
    /// What is selected.
    Resource,
    /// The role.
    Role,
    /// Parts of the resource.
    Subresources,
    /// The reason.
    Reason,
    /// The duration.
    Duration,
}

/// Something that cannot be asked for, and where that is said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldProblem {
    /// Where.
    pub field: Field,
    /// What is wrong, and what to do.
    pub message: String,
}

/// What is chosen, as texts: nothing of it is known to be right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Choice {
    /// The cluster.
    pub cluster: Option<String>,
    /// The locator.
    pub resource: Option<String>,
    /// The role.
    pub role: Option<String>,
    /// Parts of the resource.
    pub subresources: Vec<String>,
}

/// A role that gives something on what is selected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OfferedRole {
    /// The role.
    pub role: RoleRef,
    /// What it gives, in a few words; nothing where nothing is selected yet.
    pub gives: Option<String>,
}

/// What can be asked for.
#[derive(Debug, Default)]
pub struct Picker {
    clusters: BTreeMap<ClusterName, Shelf>,
    presets: Vec<Lifetime>,
    default_duration: Option<Lifetime>,
}

/// What one cluster has.
#[derive(Debug)]
struct Shelf {
    settings: Arc<Cluster>,
    catalogue: Arc<Catalogue>,
    places: Places,
}

impl Picker {
    /// What `snapshots` have. A cluster whose files cannot be used is not offered.
    pub fn of(snapshots: &[Arc<BaseSnapshot>]) -> Self {
        let mut picker = Self::default();
        for snapshot in snapshots {
            if let Ok(policy) = snapshot.policy() {
                picker.presets.extend(policy.settings().presets.iter().copied());
                picker.default_duration =
                    picker.default_duration.or(Some(policy.settings().default_duration));
            }
            for cluster in snapshot.clusters() {
                let (Ok(settings), Ok(catalogue)) = (snapshot.settings(cluster), snapshot.catalogue(cluster))
                else {
                    continue;
                };
                let places = Places::of(&catalogue, &settings.plan_settings().system);
                picker.clusters.insert(cluster.clone(), Shelf { settings, catalogue, places });
            }
        }
        picker.presets.sort_unstable();
        picker.presets.dedup();
        picker
    }

    /// The clusters, sorted.
    pub fn clusters(&self) -> impl Iterator<Item = &ClusterName> {
        self.clusters.keys()
    }

    /// The cluster that is meant where none is named: the only one.
    pub fn only_cluster(&self) -> Option<&ClusterName> {
        let mut names = self.clusters.keys();
        names.next().filter(|_| names.next().is_none())
    }

    /// Durations that are offered, shortest first.
    pub fn presets(&self) -> &[Lifetime] {
        &self.presets
    }

    /// How long where nothing is said; a rule may say otherwise.
    pub fn default_duration(&self) -> Option<Lifetime> {
        self.default_duration
    }

    /// Locators that fit what is typed, the likeliest first, at most `most`.
    pub fn resources(
        &self,
        cluster: Option<&str>,
        typed: &str,
        objects: &ObjectNames,
        most: usize,
    ) -> Vec<String> {
        match self.shelf(cluster) {
            Ok((cluster, shelf)) => {
                shelf.places.search(typed, &shelf.catalogue, Known { cluster, objects }, most)
            }
            Err(_) => Vec::new(),
        }
    }

    /// Roles that fit what is typed and give something on what is selected, at most `most`.
    pub fn roles(&self, choice: &Choice, typed: &str, most: usize) -> Vec<OfferedRole> {
        let Ok((_, shelf)) = self.shelf(choice.cluster.as_deref()) else { return Vec::new() };
        let selection = choice.resource.as_deref().and_then(|locator| shelf.selection(locator).ok());
        let words: Vec<String> = words(typed).collect();
        let fits = |role: &&Role| {
            let name = role.reference().to_string().to_lowercase();
            withheld_role(role).is_none() && words.iter().all(|word| name.contains(word.as_str()))
        };
        let offered = shelf.catalogue.roles().iter().filter(fits).filter_map(|role| {
            let gives = match &selection {
                Some(selection) => Some(gives(&shelf.preview(role, selection).ok()?)),
                None => None,
            };
            Some(OfferedRole { role: role.reference().clone(), gives })
        });
        offered.take(most).collect()
    }

    /// Parts of what is selected that the chosen role gives something on, or, without a role, that the cluster serves.
    pub fn subresources(&self, choice: &Choice, typed: &str) -> Vec<String> {
        let Ok((_, shelf)) = self.shelf(choice.cluster.as_deref()) else { return Vec::new() };
        let selection = choice.resource.as_deref().and_then(|locator| shelf.selection(locator).ok());
        let Some(selection) = selection else { return Vec::new() };
        let role = choice.role.as_deref().and_then(|role| shelf.role(role).ok());
        let plural = selection.resource().plural().to_owned();
        let is_given = |part: &&String| {
            let Some(role) = role else { return true };
            let with = selection.clone().with_subresources([(*part).clone()]).ok();
            let report = with.and_then(|with| shelf.preview(role, &with).ok());
            report.is_some_and(|report| {
                let rules = report.rules().iter().filter_map(|rule| rule.as_resource());
                rules.into_iter().any(|rule| rule.subresources_of(&plural).any(|own| own == part.as_str()))
            })
        };
        let typed = typed.trim().to_lowercase();
        let served = selection.resource().subresources().iter();
        served.filter(|part| part.contains(&typed)).filter(is_given).cloned().collect()
    }

    /// What is asked for, and what it gives by the files that are known here.
    ///
    /// # Errors
    /// [`FieldProblem`] at the first field that is wrong.
    pub fn item(&self, choice: &Choice) -> Result<(RequestItem, PlanReport), FieldProblem> {
        let (cluster, shelf) = self.shelf(choice.cluster.as_deref())?;
        let missing = |field, message: &str| FieldProblem { field, message: message.to_owned() };
        let locator =
            choice.resource.as_deref().ok_or_else(|| missing(Field::Resource, "Choose a resource."))?;
        let selection = shelf.selection(locator)?;
        let role = choice.role.as_deref().ok_or_else(|| missing(Field::Role, "Choose a role."))?;
        let role = shelf.role(role)?;
        let problem =
            |field, error: &dyn std::error::Error| FieldProblem { field, message: error.to_string() };
        let parts = choice.subresources.iter().cloned();
        let selection = selection.with_subresources_of(role, parts);
        let selection = selection.map_err(|error| problem(Field::Subresources, &error))?;
        let report = shelf
            .preview(role, &selection)
            .map_err(|message| FieldProblem { field: Field::Role, message })?;
        let locator: Locator = locator.parse().map_err(|error| problem(Field::Resource, &error))?;
        let item = RequestItem {
            cluster: cluster.clone(),
            role: role.reference().clone(),
            locator,
            subresources: choice.subresources.clone(),
        };
        Ok((item, report))
    }

    fn shelf(&self, cluster: Option<&str>) -> Result<(&ClusterName, &Shelf), FieldProblem> {
        let named = match cluster {
            Some(name) => self.clusters.iter().find(|(own, _)| own.as_str() == name),
            None => self.clusters.iter().next().filter(|_| self.clusters.len() == 1),
        };
        named.ok_or_else(|| {
            let names: Vec<&str> = self.clusters.keys().map(ClusterName::as_str).collect();
            let message = match (cluster, names.as_slice()) {
                (_, []) => "No cluster can be asked for now; its files in Git cannot be used.".to_owned(),
                (Some(name), names) => {
                    format!("There is no cluster `{name}`; there are: {}.", names.join(", "))
                }
                (None, names) => format!("Choose a cluster: {}.", names.join(", ")),
            };
            FieldProblem { field: Field::Cluster, message }
        })
    }
}

impl Shelf {
    fn selection(&self, locator: &str) -> Result<Selection, FieldProblem> {
        let problem = |error: &dyn std::error::Error| FieldProblem {
            field: Field::Resource,
            message: error.to_string(),
        };
        let locator: Locator = locator.parse().map_err(|error| problem(&error))?;
        let selection = locator.resolve(&self.catalogue).map_err(|error| problem(&error))?;
        if let Some(namespace) = selection.target().namespace() {
            self.catalogue.check_namespace(namespace).map_err(|error| problem(&error))?;
        }
        Ok(selection)
    }

    fn role(&self, text: &str) -> Result<&Role, FieldProblem> {
        let problem = |message: String| FieldProblem { field: Field::Role, message };
        let reference = super::role_called(text).map_err(problem)?;
        self.catalogue.role(&reference).map_err(|error| problem(error.to_string()))
    }

    fn preview(&self, role: &Role, selection: &Selection) -> Result<PlanReport, String> {
        preview(role, selection, &self.settings.plan_settings()).map_err(|error| error.to_string())
    }
}

/// What a report gives, in a few words: the verbs, and the danger.
fn gives(report: &PlanReport) -> String {
    let mut verbs: Vec<&str> =
        report.rules().iter().flat_map(|rule| rule.verbs()).map(String::as_str).collect();
    let mut seen = std::collections::BTreeSet::new();
    verbs.retain(|verb| seen.insert(*verb));
    let danger = p0_grant::danger::worst(report.dangers());
    let danger = danger.map(|class| format!(" ({class})")).unwrap_or_default();
    format!("{}{danger}", verbs.join(", "))
}

/// The words of a query, in lower case.
fn words(typed: &str) -> impl Iterator<Item = String> + '_ {
    typed
        .split(|letter: char| letter.is_whitespace() || letter == '/')
        .filter(|word| !word.is_empty())
        .map(str::to_lowercase)
}
