//! Nested blocks, for where people are used to them.

use super::Schema;
use crate::value::Type;

/// A nested block. Blocks are never null or unknown as a whole: none is an empty list.
#[derive(Clone, Debug, PartialEq)]
pub struct Block {
    /// How many there may be.
    pub nesting: BlockNesting,
    /// What stands in it. The version is not used.
    pub content: Schema,
}

/// How many blocks of a name there may be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BlockNesting {
    /// One or none; none is null.
    Single,
    /// One; none is one with nulls.
    Group,
    /// Several in order: so many at least, so many at most (0: no limit).
    List(i64, i64),
    /// Several without order, with the same limits.
    Set(i64, i64),
    /// Several with a label each.
    Map,
}

impl Block {
    /// At most one block, as a list: how providers have always declared one.
    pub fn at_most_one(content: Schema) -> Self {
        Self { nesting: BlockNesting::List(0, 1), content }
    }

    /// The type of its values.
    pub fn value_type(&self) -> Type {
        let content = self.content.value_type();
        match self.nesting {
            BlockNesting::Single | BlockNesting::Group => content,
            BlockNesting::List(..) => Type::list(content),
            BlockNesting::Set(..) => Type::set(content),
            BlockNesting::Map => Type::map(content),
        }
    }
}
