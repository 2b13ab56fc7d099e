//! Functions: pure, and asked before any provider is configured.

use crate::schema::Signature;
use crate::value::Value;

/// Why a function gives nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct FunctionError {
    /// What is wrong and what to do.
    pub text: String,
    /// Which argument is wrong, counted from 0.
    pub argument: Option<usize>,
}

impl FunctionError {
    /// About the argument `argument`.
    pub fn about(argument: usize, text: impl Into<String>) -> Self {
        Self { text: text.into(), argument: Some(argument) }
    }
}

/// A function: equal arguments give equal answers.
pub trait Function: Send + Sync {
    /// What it takes and gives.
    fn signature(&self) -> Signature;

    /// Its answer for these arguments, of which there are as many as the signature asks for.
    ///
    /// # Errors
    /// [`FunctionError`] names the argument.
    fn call(&self, arguments: Vec<Value>) -> Result<Value, FunctionError>;
}
