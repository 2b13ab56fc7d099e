//! Applies: what was planned, and what there is.

use crate::schema::Schema;
use crate::value::{Path, Step, Value, index};

use super::{Rule, Violation, stored};

/// What Terraform would refuse of an apply that ended without an error.
pub fn applied(schema: &Schema, planned: &Value, new: &Value) -> Vec<Violation> {
    let mut found = stored(schema, new);
    compare(planned, new, &Path::root(), &mut found);
    found
}

pub(super) fn compare(planned: &Value, new: &Value, at: &Path, found: &mut Vec<Violation>) {
    let mut refuse = |rule| found.push(Violation { path: at.clone(), rule });
    match (planned, new) {
        (Value::Unknown(refinements), new) if !refinements.allow(new) => refuse(Rule::Refined),
        (Value::Unknown(_), _) => {}
        (Value::Object(planned), Value::Object(new)) if planned.keys().eq(new.keys()) => {
            for ((name, planned), new) in planned.iter().zip(new.values()) {
                compare(planned, new, &at.clone().then(Step::Attribute(name.clone())), found);
            }
        }
        (Value::Map(planned), Value::Map(new)) if planned.keys().eq(new.keys()) => {
            for ((key, planned), new) in planned.iter().zip(new.values()) {
                compare(planned, new, &at.clone().then(Step::Key(key.clone())), found);
            }
        }
        (Value::List(planned), Value::List(new)) if planned.len() == new.len() => {
            for (number, (planned, new)) in planned.iter().zip(new).enumerate() {
                compare(planned, new, &at.clone().then(index(number)), found);
            }
        }
        // Unknown elements may turn out to be equal to others, but there are never more of them.
        (Value::Set(planned), Value::Set(new)) if planned.iter().any(|one| !one.is_wholly_known()) => {
            let mut known = planned.iter().filter(|one| one.is_wholly_known());
            if new.len() > planned.len() || known.any(|one| !new.contains(one)) {
                refuse(Rule::Planned);
            }
        }
        (planned, new) if planned == new => {}
        _ => refuse(Rule::Planned),
    }
}
