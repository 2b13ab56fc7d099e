//! Signatures of functions.

use crate::value::Type;

/// What a function takes and gives.
#[derive(Clone, Debug, PartialEq)]
pub struct Signature {
    /// What it does, in one line.
    pub summary: String,
    /// The same at length, in Markdown.
    pub about: String,
    /// Its parameters in order.
    pub parameters: Vec<Parameter>,
    /// What any number of arguments behind them are.
    pub variadic: Option<Parameter>,
    /// What it gives.
    pub gives: Type,
}

/// One parameter. Terraform itself answers calls with unknown arguments, unless a parameter takes them.
#[derive(Clone, Debug, PartialEq)]
pub struct Parameter {
    /// Its name in documentation and errors.
    pub name: String,
    /// What it takes.
    pub of: Type,
    /// What it is for, in Markdown.
    pub about: String,
    /// Whether it takes null.
    pub takes_null: bool,
    /// Whether it takes what is not known yet.
    pub takes_unknown: bool,
}

impl Parameter {
    /// One that takes known values that are not null.
    pub fn new(name: &str, of: Type, about: &str) -> Self {
        Self { name: name.to_owned(), of, about: about.to_owned(), takes_null: false, takes_unknown: false }
    }

    /// One that takes null too.
    #[must_use]
    pub fn or_null(self) -> Self {
        Self { takes_null: true, ..self }
    }
}
