//! Paths: which part of a value is meant.

use std::fmt;

use super::Type;

/// From an object's root to one of its parts. Elements of sets have no path; it ends at the set.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path(Vec<Step>);

/// One step of a [`Path`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// Into an object.
    Attribute(String),
    /// Into a map.
    Key(String),
    /// Into a list or a tuple.
    Index(i64),
}

impl Path {
    /// The value itself.
    pub fn root() -> Self {
        Self::default()
    }

    /// An attribute of the root.
    pub fn attribute(name: impl Into<String>) -> Self {
        Self::root().then(Step::Attribute(name.into()))
    }

    /// One step further.
    #[must_use]
    pub fn then(mut self, step: Step) -> Self {
        self.0.push(step);
        self
    }

    /// The same path from one step further out.
    #[must_use]
    pub(super) fn under(mut self, step: Step) -> Self {
        self.0.insert(0, step);
        self
    }

    /// As much of it as Terraform can follow in a value of type `of`: it ends at a set.
    pub(crate) fn within(&self, of: &Type) -> Self {
        let mut at = Some(of);
        let known = self.0.iter().take_while(|step| {
            at = match (at, step) {
                (Some(Type::Object(attributes)), Step::Attribute(name)) => attributes.get(name),
                (Some(Type::Map(of)), Step::Key(_)) | (Some(Type::List(of)), Step::Index(_)) => Some(of),
                (Some(Type::Tuple(types)), Step::Index(index)) => {
                    usize::try_from(*index).ok().and_then(|index| types.get(index))
                }
                _ => None,
            };
            at.is_some()
        });
        Self(known.cloned().collect())
    }

    /// The steps from the root.
    pub fn steps(&self) -> &[Step] {
        &self.0
    }
}

impl fmt::Display for Path {
    /// As it is written in configurations: `rules[0].labels["a"]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, step) in self.0.iter().enumerate() {
            match step {
                Step::Attribute(name) if index == 0 => f.write_str(name)?,
                Step::Attribute(name) => write!(f, ".{name}")?,
                Step::Key(key) => write!(f, "[{key:?}]")?,
                Step::Index(number) => write!(f, "[{number}]")?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_ends_at_a_set() {
        let pet = Type::object([("name", Type::String)]);
        let of = Type::object([("pets", Type::set(pet.clone())), ("list", Type::list(pet))]);
        let path =
            |name: &str| Path::attribute(name).then(Step::Index(0)).then(Step::Attribute("name".to_owned()));
        assert_eq!(path("pets").within(&of), Path::attribute("pets"));
        assert_eq!(path("list").within(&of), path("list"));
        assert_eq!(path("other").within(&of), Path::root());
    }

    #[test]
    fn it_is_written_as_in_configurations() {
        let path = Path::attribute("rules").then(Step::Index(0)).then(Step::Attribute("labels".to_owned()));
        assert_eq!(path.then(Step::Key("a".to_owned())).to_string(), "rules[0].labels[\"a\"]");
    }
}
