//! Diagnostics, paths and values in the form of the wire, and back.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::diagnostics::{Diagnostic, Diagnostics, Severity};
use crate::provider::{Call, Deferral, Outcome};
use crate::value::json::{self, Attributes};
use crate::value::{CodecError, Path, Step, Type, Value, msgpack};
use crate::wire::tfplugin6 as wire;

pub(super) fn diagnostic(from: Diagnostic) -> wire::Diagnostic {
    let severity = match from.severity {
        Severity::Error => wire::diagnostic::Severity::Error,
        Severity::Warning => wire::diagnostic::Severity::Warning,
    };
    wire::Diagnostic {
        severity: severity.into(),
        summary: from.summary,
        detail: from.detail,
        attribute: from.path.as_ref().map(path),
    }
}

pub(super) fn path(from: &Path) -> wire::AttributePath {
    use wire::attribute_path::Step as WireStep;
    use wire::attribute_path::step::Selector;
    let step = |step: &Step| {
        let selector = match step {
            Step::Attribute(name) => Selector::AttributeName(name.clone()),
            Step::Key(key) => Selector::ElementKeyString(key.clone()),
            Step::Index(number) => Selector::ElementKeyInt(*number),
        };
        WireStep { selector: Some(selector) }
    };
    wire::AttributePath { steps: from.steps().iter().map(step).collect() }
}

/// What Terraform sent: an object of type `of`, or null where it sent nothing.
pub(super) fn value(from: Option<&wire::DynamicValue>, of: &Type) -> Outcome<Value> {
    let read = match from {
        Some(sent) if !sent.msgpack.is_empty() => msgpack::read(&sent.msgpack, of),
        Some(sent) if !sent.json.is_empty() => json::read(&sent.json, of, Attributes::Exact),
        _ => Ok(Value::Null),
    };
    read.map_err(|error| {
        let detail =
            format!("What Terraform sent does not fit the provider's schema: {error}. Please report this.");
        about(&error, of, Diagnostic::error("A value cannot be read", detail))
    })
}

/// What the provider answers.
pub(super) fn dynamic(from: &Value, of: &Type) -> Outcome<wire::DynamicValue> {
    let written = msgpack::write(from, of).map(|msgpack| wire::DynamicValue { msgpack, json: Vec::new() });
    written.map_err(|error| {
        let detail =
            format!("What the provider answers does not fit its own schema: {error}. Please report this.");
        about(&error, of, Diagnostic::error("The provider has failed", detail))
    })
}

fn about(error: &CodecError, of: &Type, diagnostic: Diagnostic) -> Diagnostics {
    let path = error.path.within(of);
    match path.steps() {
        [] => diagnostic.into(),
        _ => diagnostic.at(path).into(),
    }
}

/// The identity that Terraform sent, where it sent one and the resource has one.
pub(super) fn identity(
    from: Option<&wire::ResourceIdentityData>,
    of: Option<&Type>,
) -> Outcome<Option<Value>> {
    let sent = from.and_then(|sent| sent.identity_data.as_ref());
    let (Some(sent), Some(of)) = (sent, of) else { return Ok(None) };
    Ok(Some(value(Some(sent), of)?).filter(|identity| !identity.is_null()))
}

pub(super) fn identity_data(
    from: Option<&Value>,
    of: Option<&Type>,
) -> Outcome<Option<wire::ResourceIdentityData>> {
    let (Some(from), Some(of)) = (from, of) else { return Ok(None) };
    Ok(Some(wire::ResourceIdentityData { identity_data: Some(dynamic(from, of)?) }))
}

/// Why the answer of `call` is put off; nothing where all it needs is known.
pub(super) fn deferred(call: &Call, something_is_unknown: bool) -> Option<wire::Deferred> {
    use wire::deferred::Reason;
    let reason = match call.deferral().filter(|_| something_is_unknown)? {
        Deferral::ResourceConfigUnknown => Reason::ResourceConfigUnknown,
        Deferral::ProviderConfigUnknown => Reason::ProviderConfigUnknown,
        Deferral::AbsentPrerequisite => Reason::AbsentPrereq,
    };
    Some(wire::Deferred { reason: reason.into() })
}

/// Whether Terraform takes an answer that is put off.
pub(super) fn may_defer(capabilities: Option<&wire::ClientCapabilities>) -> bool {
    capabilities.is_some_and(|capabilities| capabilities.deferral_allowed)
}

/// A time, to the nanosecond; times before 1970 are none.
pub(super) fn timestamp(from: SystemTime) -> Option<prost_types::Timestamp> {
    let since = from.duration_since(UNIX_EPOCH).ok()?;
    let nanos = i32::try_from(since.subsec_nanos()).ok()?;
    Some(prost_types::Timestamp { seconds: i64::try_from(since.as_secs()).ok()?, nanos })
}
