//! How the form looks. The words of its fields are those that P0's users know.

use p0_grant::danger::worst;
use p0_grant::plan::PlanReport;
use slack_client::block::{
    Block, Element, ExternalSelect, Initial, Metadata, OptionObject, StaticSelect, TextInput,
};
use slack_client::text::Markup;
use slack_client::view::View;

use super::{Form, Outcome, access, ids, option};
use crate::service::Picker;

/// The value of the option that leaves the duration to the rule.
pub(super) const BY_RULE: &str = "by-rule";
/// The block of the resource: errors without a field of their own stand there.
pub(super) const RESOURCE_BLOCK: &str = "resource";
/// How many characters of a reason are taken.
const REASON: u32 = 1000;

/// The form, with what is filled in, and with what it would give where that is known.
pub(in crate::slack) fn view(picker: &Picker, form: &Form, shown: Option<&PlanReport>) -> View {
    let mut blocks: Vec<Block> = Vec::new();
    blocks.extend(form.to.as_ref().map(|id| Block::text(Markup::new().plain("For ").user(id))));
    blocks.extend(fixed("kind", "Resource", ids::KIND, "Kubernetes", "k8s"));
    blocks.extend(fixed("access", "Access type", ids::ACCESS, "Kubernetes resource", "resource"));
    blocks.extend(cluster(picker, form));
    blocks.push(resource(form));
    blocks.push(role(picker, form));
    blocks.push(subresources(picker, form));
    blocks.push(reason(form));
    blocks.extend(duration(picker, form));
    blocks.extend(shown.map(gives).unwrap_or_default());
    let view = View::form(ids::REQUEST_FORM, "Request access", "Request", blocks);
    match form.to.as_ref().and_then(|id| Metadata::new(id.as_str()).ok()) {
        Some(to) => view.carrying(to),
        None => view,
    }
}

/// A field with one answer, which is given.
fn fixed(block: &str, label: &str, action: &'static str, text: &str, value: &str) -> Option<Block> {
    let only = option(text, value)?;
    let select = StaticSelect::new(action, only, []).chosen(value);
    Some(Block::input(block, label, Element::StaticSelect(select)).into())
}

/// The cluster, where there are several.
fn cluster(picker: &Picker, form: &Form) -> Option<Block> {
    if picker.only_cluster().is_some() {
        return None;
    }
    let mut options = picker.clusters().filter_map(|cluster| option(cluster.as_str(), cluster.as_str()));
    let select = StaticSelect::new(ids::CLUSTER, options.next()?, options).placeholder("Choose a cluster");
    let select = match &form.choice.cluster {
        Some(cluster) => select.chosen(cluster),
        None => select,
    };
    Some(Block::input("cluster", "Cluster", Element::StaticSelect(select)).dispatching().into())
}

/// The block of a field that belongs to a cluster: with another cluster it is another field, and empty.
fn of_cluster(name: &str, form: &Form) -> String {
    match &form.choice.cluster {
        Some(cluster) => format!("{name}-{cluster}"),
        None => name.to_owned(),
    }
}

fn resource(form: &Form) -> Block {
    let chosen = form.choice.resource.as_deref().and_then(|locator| option(locator, locator));
    let select = ExternalSelect::new(ids::RESOURCE, "Type a kind, a namespace, a name")
        .initially(chosen.map(Initial::InitialOption));
    let block = of_cluster(RESOURCE_BLOCK, form);
    Block::input(block, "Resource", Element::ExternalSelect(select))
        .hint("Such as: deployment default nginx-deployment. An object's name is taken as you type it.")
        .dispatching()
        .into()
}

fn role(picker: &Picker, form: &Form) -> Block {
    let _every_cluster_has_its_own = picker;
    let chosen = form.choice.role.as_deref().and_then(|role| option(&spaced(role), role));
    let select =
        ExternalSelect::new(ids::ROLE, "Choose a role").initially(chosen.map(Initial::InitialOption));
    Block::input(of_cluster("role", form), "Role", Element::ExternalSelect(select)).dispatching().into()
}

/// `ClusterRole/view` as P0 writes it.
pub(super) fn spaced(role: &str) -> String {
    role.replace('/', " / ")
}

fn subresources(picker: &Picker, form: &Form) -> Block {
    let _known = picker;
    let chosen: Vec<OptionObject> =
        form.choice.subresources.iter().filter_map(|part| option(part, part)).collect();
    let initial = (!chosen.is_empty()).then_some(Initial::InitialOptions(chosen));
    let select = ExternalSelect::new(ids::SUBRESOURCES, "Such as log, exec, scale").initially(initial);
    Block::input(of_cluster("subresources", form), "Subresources", Element::MultiExternalSelect(select))
        .optional()
        .dispatching()
        .into()
}

fn reason(form: &Form) -> Block {
    let input = TextInput::new(ids::REASON).multiline().at_most(REASON).initially(form.reason.as_deref());
    let input = input.placeholder("Why you need the access");
    Block::input("reason", "Reason", Element::PlainTextInput(input)).optional().into()
}

fn duration(picker: &Picker, form: &Form) -> Option<Block> {
    let default = picker.default_duration().map(|own| format!("Default ({own}, or as the rule says)"));
    let first = option(default.as_deref().unwrap_or("Default"), BY_RULE)?;
    let mut offered: Vec<String> = picker.presets().iter().map(ToString::to_string).collect();
    if let Some(own) = form.duration.as_ref().filter(|own| !offered.contains(own)) {
        offered.push(own.clone());
    }
    let options = offered.iter().filter_map(|own| option(own, own));
    let select = StaticSelect::new(ids::DURATION, first, options);
    let select = select.chosen(form.duration.as_deref().unwrap_or(BY_RULE));
    Some(Block::input("duration", "Duration", Element::StaticSelect(select)).into())
}

/// What the request would give: the exact rules, the danger, and what is left out.
pub(in crate::slack) fn gives(report: &PlanReport) -> Vec<Block> {
    let reports = std::slice::from_ref(report);
    let mut blocks = vec![Block::Divider {}];
    let heading = match worst(report.dangers()) {
        Some(class) => Markup::new().bold("It gives").plain(format!(" (danger: {class})")),
        None => Markup::new().bold("It gives"),
    };
    blocks.push(Block::text(heading.line().lines_of_code(access::rules(reports))));
    blocks.extend(access::dangers(reports).into_iter().map(Block::text));
    if let Some(withheld) = report.withheld() {
        let text =
            format!("Not offered: {}. Only a policy rule that names it allows it.", withheld.sentence());
        blocks.push(Block::text(Markup::new().plain(text)));
    }
    let left_out = access::left_out(reports);
    if !left_out.is_empty() {
        let lines = left_out.into_iter().map(|line| Markup::new().plain(format!("Left out: {line}")));
        blocks.push(Block::context(lines));
    }
    blocks
}

/// A window with a sentence.
pub(super) fn notice(text: &str) -> View {
    View::notice(ids::NOTICE, "Request access", vec![Block::quoted(text)])
}

/// A window with what became of a form, where that took long.
pub(super) fn outcome(outcome: &Outcome, form: &Form) -> View {
    match outcome {
        Outcome::Made => notice("Your request is made. The app's direct messages tell what becomes of it."),
        Outcome::Before(text) => notice(text),
        Outcome::Refused(problem) => {
            let resource = form.choice.resource.as_deref().unwrap_or_default();
            let text = format!("Your request for {resource} is not made. {}", problem.message);
            notice(&text)
        }
    }
}
