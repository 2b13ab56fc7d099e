//! Functions.

use crate::diagnostics::Diagnostics;
use crate::provider::FunctionError;
use crate::schema::{Parameter, Signature};
use crate::value::Value;
use crate::wire::tfplugin6 as wire;

use super::{Core, convert};

pub(super) fn call(core: &Core, request: &wire::call_function::Request) -> wire::call_function::Response {
    match answer(core, request) {
        Ok(result) => wire::call_function::Response { result: Some(result), error: None },
        Err(error) => refused(error),
    }
}

/// What is told after a panic.
pub(super) fn failed() -> wire::call_function::Response {
    let text = "a fault in the provider ended this call; please report the stack trace that Terraform prints";
    refused(FunctionError { text: text.to_owned(), argument: None })
}

fn refused(error: FunctionError) -> wire::call_function::Response {
    let function_argument = error.argument.and_then(|argument| i64::try_from(argument).ok());
    let error = wire::FunctionError { text: error.text, function_argument };
    wire::call_function::Response { result: None, error: Some(error) }
}

fn answer(core: &Core, request: &wire::call_function::Request) -> Result<wire::DynamicValue, FunctionError> {
    let function = core.functions.get(request.name.as_str()).ok_or_else(|| {
        let text = format!("this version of the provider has no function `{}`", request.name);
        FunctionError { text, argument: None }
    })?;
    let signature = function.signature();
    let arguments = arguments(&signature, &request.arguments)?;
    let result = function.call(arguments)?;
    convert::dynamic(&result, &signature.gives).map_err(|errors| about_all(&errors, None))
}

fn arguments(signature: &Signature, sent: &[wire::DynamicValue]) -> Result<Vec<Value>, FunctionError> {
    let (wanted, found) = (signature.parameters.len(), sent.len());
    if found < wanted || found > wanted && signature.variadic.is_none() {
        let text = format!("it takes {wanted} arguments and was called with {found}");
        return Err(FunctionError { text, argument: None });
    }
    let parameters = signature.parameters.iter().chain(signature.variadic.iter().cycle());
    let numbered = sent.iter().zip(parameters).enumerate();
    numbered.map(|(number, (sent, parameter))| argument(number, sent, parameter)).collect()
}

fn argument(number: usize, sent: &wire::DynamicValue, parameter: &Parameter) -> Result<Value, FunctionError> {
    let value =
        convert::value(Some(sent), &parameter.of).map_err(|errors| about_all(&errors, Some(number)))?;
    let refuse = |what| Err(FunctionError::about(number, format!("`{}` must not be {what}", parameter.name)));
    match &value {
        Value::Null if !parameter.takes_null => refuse("null"),
        value if !parameter.takes_unknown && !value.is_wholly_known() => refuse("unknown"),
        _ => Ok(value),
    }
}

fn about_all(errors: &Diagnostics, argument: Option<usize>) -> FunctionError {
    let details: Vec<&str> = errors.iter().map(|error| error.detail.as_str()).collect();
    FunctionError { text: details.join(" "), argument }
}
