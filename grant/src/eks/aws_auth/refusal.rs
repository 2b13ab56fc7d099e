//! Why a ConfigMap is not edited, as data: a code for programs, a sentence for people.

use std::fmt;

/// A key of the ConfigMap's data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Key {
    /// `mapRoles`.
    Roles,
    /// `mapUsers`.
    Users,
    /// `mapAccounts`.
    Accounts,
}

impl Key {
    /// The key as the ConfigMap has it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Roles => "mapRoles",
            Self::Users => "mapUsers",
            Self::Accounts => "mapAccounts",
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A problem and its line, counted from 1.
pub(super) type At = (usize, Problem);

/// What the strict reader does not take in a list, because AWS' reader could take it otherwise or drop the list for it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// Tabs, control characters, other line ends, a byte order mark.
    #[error("{0:?} cannot stand here")]
    Character(char),
    /// Not a list.
    #[error("a list is expected: `- …` lines, or `[…]`")]
    NotAList,
    /// A line that does not continue what stands before it.
    #[error("the indentation fits no entry")]
    Indentation,
    /// Two documents, `...` or a directive.
    #[error("one YAML document is expected")]
    Documents,
    /// Anchors, aliases, tags, block scalars, complex keys.
    #[error("`{0}` begins something that this program does not read here: write plain or quoted text")]
    Unread(char),
    /// Text after a value.
    #[error("after the value only a comment may stand, with a space before `#`")]
    Trailing,
    /// `[`, `{` or a quote without its end.
    #[error("`{0}` is not closed")]
    Unclosed(char),
    /// An escape sequence that YAML's readers do not share.
    #[error("in double quotes only `\\\\`, `\\\"` and `\\u` with four digits are read")]
    Escape,
    /// A key without a colon, or one that is too long or not plain.
    #[error("`key: value` is expected")]
    Key,
    /// Colon and space in plain text.
    #[error("text with `: ` needs quotes")]
    Colon,
    /// The same key twice in one entry, letter case aside.
    #[error("the key `{0}` stands twice in one entry")]
    Twice(String),
    /// Text that YAML reads as a number, a truth value or nothing.
    #[error("the value needs quotes: readers take it for a number, a truth value or nothing")]
    NotText,
    /// `groups` that is no list of texts.
    #[error("`groups` must be a list of texts")]
    Groups,
    /// An entry that is no map.
    #[error("an entry must be a map with `{0}` and `username`")]
    NotAnEntry(&'static str),
    /// An entry without an ARN.
    #[error("the entry has no `{0}`")]
    NoArn(&'static str),
    /// Too many lists in lists.
    #[error("lists and maps stand in each other too deep")]
    Depth,
}

/// Why nothing was edited.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// A list cannot be read strictly.
    #[error("`{key}`, line {line} of its value: {problem}")]
    Unreadable {
        /// Which list.
        key: Key,
        /// Line of the value, counted from 1.
        line: usize,
        /// What is wrong.
        problem: Problem,
    },
    /// The ARN has more than one entry; AWS takes one of them.
    #[error("`{arn}` has {count} entries; AWS uses one of them. Remove the others first")]
    DuplicateArn {
        /// The ARN.
        arn: String,
        /// How many.
        count: usize,
    },
    /// A user's ARN under roles, or the reverse.
    #[error("`{arn}` stands in `{key}`, where it does not belong. Remove that entry first")]
    WrongList {
        /// The ARN.
        arn: String,
        /// Where it stands.
        key: Key,
    },
    /// The ARN is another user already.
    #[error(
        "`{arn}` is mapped to the user `{existing}`, not to `{wanted}`. Use `{existing}` for this person"
    )]
    OtherUsername {
        /// The ARN.
        arn: String,
        /// What the ConfigMap says.
        existing: String,
        /// What was asked for.
        wanted: String,
    },
    /// The user name is, or can become, another identity's.
    #[error("the user name `{username}` is not one person: `{arn}` is mapped to `{written}`")]
    SharedUsername {
        /// The user name.
        username: String,
        /// Who else has it.
        arn: String,
        /// What that entry writes.
        written: String,
    },
    /// A role's entry without the session in its user name, or with `-` where the session may have had `@`.
    #[error(
        "the entry of `{arn}` gives `{written}`, which does not tell its users apart. Use `{{{{SessionNameRaw}}}}`"
    )]
    NotOnePerson {
        /// The role.
        arn: String,
        /// What the entry writes.
        written: String,
    },
    /// The entry was not written here, or was changed since.
    #[error("the entry of `{arn}` is not exactly the one that `{owner}` writes, so it is not removed")]
    NotOurs {
        /// The ARN.
        arn: String,
        /// Who wanted to remove it.
        owner: &'static str,
    },
    /// More than the API server stores.
    #[error("the ConfigMap would hold {bytes} bytes; the API server stores at most {limit}")]
    TooLarge {
        /// After the edit.
        bytes: usize,
        /// 1 MiB.
        limit: usize,
    },
    /// The edited text does not read as intended.
    #[error("`{key}` cannot be edited with proof that nothing else changes. Write the list as `- …` lines")]
    Unproved {
        /// Which list.
        key: Key,
    },
    /// The file is not the manifest that is expected.
    #[error("the file with the ConfigMap cannot be edited")]
    File(#[source] FileProblem),
}

/// What is wrong with a manifest file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FileProblem {
    /// Not YAML.
    #[error("line {line}: {message}")]
    Yaml {
        /// Counted from 1.
        line: usize,
        /// The reader's words.
        message: String,
    },
    /// A last line without its end: readers differ on what its value is.
    #[error("its last line has no line end; add one")]
    NoLineEnd,
    /// Line ends of more than one kind.
    #[error(
        "its lines end in more than one way; end all of them with a line feed, or all with carriage return and line feed"
    )]
    MixedLineEnds,
    /// No ConfigMap `aws-auth` in `kube-system`.
    #[error("it holds no ConfigMap `aws-auth` of the namespace `kube-system`")]
    Absent,
    /// Two of them.
    #[error("it holds the ConfigMap `aws-auth` twice")]
    Twice,
    /// `immutable: true`.
    #[error("the ConfigMap is immutable")]
    Immutable,
    /// `data` that is absent or not written as lines.
    #[error("`data` must be a map with one key per line")]
    Data,
    /// A list that is not a literal block.
    #[error("`{0}` must be a literal block: `{0}: |`")]
    NotLiteral(Key),
}
