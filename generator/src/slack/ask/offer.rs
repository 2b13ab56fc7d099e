//! The options of the form's selects, from memory: what Slack asks for with each key that somebody presses.

use slack_client::block::OptionObject;
use slack_client::inbound::OpenView;

use super::draw::spaced;
use super::{Form, ids, option};
use crate::cluster::ObjectNames;
use crate::service::Picker;

/// How many options Slack takes.
const MOST: usize = 100;

/// The options for what is typed into a select.
pub(in crate::slack) fn options(
    picker: &Picker,
    objects: &ObjectNames,
    action_id: &str,
    typed: &str,
    view: &OpenView,
) -> Vec<OptionObject> {
    let choice = Form::read(view).choice;
    match action_id {
        ids::RESOURCE => resources(picker, objects, choice.cluster.as_deref(), typed),
        ids::ROLE => {
            let roles = picker.roles(&choice, typed, MOST);
            let option = |offered: &crate::service::OfferedRole| {
                let role = offered.role.to_string();
                let made = option(&spaced(&role), &role)?;
                Some(match &offered.gives {
                    Some(gives) => made.describe(gives),
                    None => made,
                })
            };
            roles.iter().filter_map(option).collect()
        }
        ids::SUBRESOURCES => picker
            .subresources(&choice, typed)
            .iter()
            .take(MOST)
            .filter_map(|part| option(part, part))
            .collect(),
        _ => Vec::new(),
    }
}

/// Places; where there are more than fit, the last one says how to go on.
fn resources(
    picker: &Picker,
    objects: &ObjectNames,
    cluster: Option<&str>,
    typed: &str,
) -> Vec<OptionObject> {
    let cluster = cluster.or_else(|| picker.only_cluster().map(|own| own.as_str()));
    let found = picker.resources(cluster, typed, objects, MOST + 1);
    let is_cut = found.len() > MOST;
    let shown = if is_cut { MOST - 1 } else { MOST };
    let mut options: Vec<OptionObject> =
        found.iter().take(shown).filter_map(|locator| option(locator, locator)).collect();
    if is_cut {
        options.extend(option("… more: type a namespace or a name as well", MORE));
    }
    options
}

/// The value of the option that only explains: it selects nothing.
const MORE: &str = "…";
