//! The ConfigMap as a manifest that a customer keeps in Git: the same edits, made to the file. Every byte outside the edit
//! stays, other documents among them.
//!
//! The lists must be literal blocks (`mapUsers: |`), as every guide writes them. The edited file is read again: all that it
//! holds besides the edited value must be as before.

use std::collections::BTreeMap;
use std::ops::Range;

use granit_parser::{Event, Parser, ScalarStyle, Span};

use super::edit::spliced;
use super::{Addition, AwsAuth, Edit, FileProblem, Key, MappedBy, Owner, Refusal};
use crate::arn::IamIdentity;
use crate::mapping::Mapping;

mod place;

use place::Block;

/// A manifest file that holds `kube-system/aws-auth`.
#[derive(Clone, Debug)]
pub struct AwsAuthFile<'a> {
    text: &'a str,
    data: BTreeMap<String, String>,
    blocks: BTreeMap<Key, Block>,
    /// Where `data` ends, and how far its keys are indented.
    end: usize,
    indent: usize,
    /// Everything that is not a list of the ConfigMap.
    rest: Vec<String>,
}

/// What adding a mapping to a file comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAddition {
    /// The file has it already.
    Mapped(MappedBy),
    /// The whole file with one entry more.
    Edited(String),
}

impl<'a> AwsAuthFile<'a> {
    /// Reads a manifest file.
    ///
    /// # Errors
    /// [`Refusal::File`] where it is not the ConfigMap as it can be edited.
    pub fn read(text: &'a str) -> Result<Self, Refusal> {
        if !text.is_empty() && !text.ends_with('\n') {
            return Err(Refusal::File(FileProblem::NoLineEnd));
        }
        // A reader of YAML makes all line ends alike, so an edit could not give mixed ones back.
        let carriage_returns = text.matches('\r').count();
        let ends = text.matches("\r\n").count();
        if carriage_returns != ends || (ends > 0 && ends != text.matches('\n').count()) {
            return Err(Refusal::File(FileProblem::MixedLineEnds));
        }
        let documents = documents(text).map_err(Refusal::File)?;
        let mut found = documents.iter().filter(|document| document.is_aws_auth());
        let (first, more) = (found.next(), found.next());
        let document = match (first, more) {
            (Some(document), None) => document,
            (None, _) => return Err(Refusal::File(FileProblem::Absent)),
            (_, Some(_)) => return Err(Refusal::File(FileProblem::Twice)),
        };
        if document.value(&["immutable"]).is_some_and(|leaf| leaf.text != "false") {
            return Err(Refusal::File(FileProblem::Immutable));
        }
        let (mut data, mut blocks) = (BTreeMap::new(), BTreeMap::new());
        for key in [Key::Roles, Key::Users, Key::Accounts] {
            let Some(leaf) = document.value(&["data", key.name()]) else { continue };
            if leaf.style != ScalarStyle::Literal && key != Key::Accounts {
                return Err(Refusal::File(FileProblem::NotLiteral(key)));
            }
            let not_literal = || Refusal::File(FileProblem::NotLiteral(key));
            blocks.insert(key, Block::find(text, &leaf.text, &leaf.key, &leaf.span).ok_or_else(not_literal)?);
            data.insert(key.name().to_owned(), leaf.text.clone());
        }
        let (end, indent) = document.data_end(text).ok_or(Refusal::File(FileProblem::Data))?;
        let is_list = |leaf: &Leaf| {
            let list = |key: Key| leaf.path.iter().map(String::as_str).eq(["data", key.name()]);
            [Key::Roles, Key::Users].into_iter().any(list)
        };
        let ours = |other: &Document| std::ptr::eq(other, document);
        let leaves =
            documents.iter().flat_map(|other| other.leaves.iter().map(move |leaf| (ours(other), leaf)));
        let rest =
            leaves.filter(|(ours, leaf)| !(*ours && is_list(leaf))).map(|(_, leaf)| leaf.said()).collect();
        Ok(Self { text, data, blocks, end, indent, rest })
    }

    /// The lists, as the ConfigMap in the cluster would have them.
    ///
    /// # Errors
    /// As [`AwsAuth::read`].
    pub fn aws_auth(&self) -> Result<AwsAuth<'_>, Refusal> {
        AwsAuth::read(&self.data)
    }

    /// Adds the entry that a mapping needs, unless the file has it.
    ///
    /// # Errors
    /// As [`AwsAuth::add`], and [`Refusal::Unproved`] where more of the file would change.
    pub fn add(&self, mapping: &Mapping, owner: Owner) -> Result<FileAddition, Refusal> {
        match self.aws_auth()?.add(mapping, owner)? {
            Addition::Mapped(by) => Ok(FileAddition::Mapped(by)),
            Addition::Edit(edit) => self.with(&edit).map(FileAddition::Edited),
        }
    }

    /// The whole file without the entry of an identity; none where it has no entry.
    ///
    /// # Errors
    /// As [`AwsAuth::remove`], and [`Refusal::Unproved`] where more of the file would change.
    pub fn remove(&self, identity: &IamIdentity, owner: Owner) -> Result<Option<String>, Refusal> {
        self.aws_auth()?.remove(identity, owner)?.map(|edit| self.with(&edit)).transpose()
    }

    /// The whole file after an edit of one of its lists.
    ///
    /// # Errors
    /// [`Refusal::Unproved`] where more of the file would change.
    pub fn with(&self, edit: &Edit) -> Result<String, Refusal> {
        let key = edit.key();
        let unproved = || Refusal::Unproved { key };
        let end = super::owned::line_end(self.text);
        let (replaced, inserted) = match (self.blocks.get(&key), edit.after()) {
            (Some(block), Some(_)) => {
                let old = self.data.get(key.name()).map_or("", String::as_str);
                let (range, text) = edit.parts();
                block.edit(self.text, old, range, text, end).ok_or_else(unproved)?
            }
            (Some(block), None) => (block.whole(), String::new()),
            (None, Some(value)) => (self.end..self.end, self.new_key(key, value, end)),
            (None, None) => return Err(unproved()),
        };
        let text = spliced(self.text, &replaced, &inserted);
        let read = AwsAuthFile::read(&text).map_err(|_| unproved())?;
        let mut data = self.data.clone();
        match edit.after() {
            Some(value) => data.insert(key.name().to_owned(), value.to_owned()),
            None => data.remove(key.name()),
        };
        match read.data == data && read.rest == self.rest {
            true => Ok(text),
            false => Err(unproved()),
        }
    }

    /// A key that `data` did not have, as the seed shows it: after the others.
    fn new_key(&self, key: Key, value: &str, end: &str) -> String {
        let (outer, inner) = (" ".repeat(self.indent), " ".repeat(self.indent + 2));
        let lines = value.lines().map(|line| format!("{inner}{line}{end}"));
        format!("{outer}{}: |{end}{}", key.name(), lines.collect::<String>())
    }
}

/// One document of the file, flattened.
struct Document {
    leaves: Vec<Leaf>,
    /// Where the map `data` begins, if it is written as lines.
    data_is_block: bool,
}

/// One scalar, or an empty collection, and how it is reached.
struct Leaf {
    path: Vec<String>,
    text: String,
    style: ScalarStyle,
    span: Range<usize>,
    /// Where the line of its key begins.
    key: Range<usize>,
}

impl Leaf {
    fn said(&self) -> String {
        format!("{:?} {:?} {:?}", self.path, self.text, self.style)
    }
}

impl Document {
    fn value(&self, path: &[&str]) -> Option<&Leaf> {
        self.leaves.iter().find(|leaf| leaf.path.iter().map(String::as_str).eq(path.iter().copied()))
    }

    fn is_aws_auth(&self) -> bool {
        let is = |path: &[&str], text: &str| self.value(path).is_some_and(|leaf| leaf.text == text);
        is(&["kind"], "ConfigMap")
            && is(&["metadata", "name"], "aws-auth")
            && is(&["metadata", "namespace"], "kube-system")
    }

    /// Where a further key of `data` goes, and how far it is indented.
    fn data_end(&self, text: &str) -> Option<(usize, usize)> {
        let inside =
            |leaf: &&Leaf| leaf.path.len() == 2 && leaf.path.first().is_some_and(|key| key == "data");
        let last = self.leaves.iter().rfind(inside).filter(|_| self.data_is_block)?;
        let value = text.get(..last.span.end)?;
        // A block's last lines may be blank and no part of it.
        let kept = text.get(last.key.end..last.span.start)?.contains('+');
        let end = if kept { value.len() } else { value.trim_end_matches([' ', '\n', '\r']).len() };
        let line = text.get(end..)?;
        let end = match kept && value.ends_with('\n') {
            true => end,
            false => end + line.find('\n').map_or(line.len(), |at| at + 1),
        };
        let start = text.get(..last.key.start)?.rfind('\n').map_or(0, |at| at + 1);
        Some((end, last.key.start - start))
    }
}

enum Open {
    Map { key: Option<(String, Range<usize>)> },
    List { index: usize },
}

/// Reads all documents. Anchors and tags are kept out: they could make one text mean two things.
fn documents(text: &str) -> Result<Vec<Document>, FileProblem> {
    let mut walk = Walk { documents: Vec::new(), open: Vec::new() };
    for event in Parser::new_from_str(text) {
        let problem = |line: usize, message: String| FileProblem::Yaml { line, message };
        let (event, span) = event.map_err(|error| problem(error.marker().line(), error.info()))?;
        let line = span.start.line();
        walk.event(event, span).map_err(|message| problem(line, message.to_owned()))?;
    }
    Ok(walk.documents)
}

struct Walk {
    documents: Vec<Document>,
    open: Vec<Open>,
}

impl Walk {
    fn event(&mut self, event: Event<'_>, span: Span) -> Result<(), &'static str> {
        let range = span.byte_range().unwrap_or_default();
        match event {
            Event::DocumentStart(_, _) => {
                self.documents.push(Document { leaves: Vec::new(), data_is_block: false });
            }
            Event::Scalar(text, style, anchor, tag) => {
                if anchor != 0 || tag.is_some() {
                    return Err("anchors and tags are not read");
                }
                self.scalar(text.into_owned(), style, range)?;
            }
            Event::MappingStart(style, 0, None) => {
                if self.path() == ["data"] && style == granit_parser::StructureStyle::Block {
                    self.document()?.data_is_block = true;
                }
                self.open.push(Open::Map { key: None });
            }
            Event::SequenceStart(_, 0, None) => self.open.push(Open::List { index: 0 }),
            Event::MappingEnd | Event::SequenceEnd => {
                self.open.pop();
                self.next();
            }
            Event::MappingStart(..) | Event::SequenceStart(..) | Event::Alias(_) => {
                return Err("anchors, aliases and tags are not read");
            }
            _ => {}
        }
        Ok(())
    }

    fn scalar(&mut self, text: String, style: ScalarStyle, span: Range<usize>) -> Result<(), &'static str> {
        if let Some(Open::Map { key: key @ None }) = self.open.last_mut() {
            *key = Some((text, span));
            return Ok(());
        }
        let key = match self.open.last() {
            Some(Open::Map { key: Some((_, key)) }) => key.clone(),
            _ => span.clone(),
        };
        let path = self.path();
        let document = self.document()?;
        if document.leaves.iter().any(|leaf| leaf.path == path) {
            return Err("a key stands twice");
        }
        document.leaves.push(Leaf { path, text, style, span, key });
        self.next();
        Ok(())
    }

    fn document(&mut self) -> Result<&mut Document, &'static str> {
        self.documents.last_mut().ok_or("a document is expected")
    }

    fn path(&self) -> Vec<String> {
        let step = |open: &Open| match open {
            Open::Map { key } => key.as_ref().map_or_else(String::new, |(key, _)| key.clone()),
            Open::List { index } => index.to_string(),
        };
        self.open.iter().map(step).collect()
    }

    /// The next key or item.
    fn next(&mut self) {
        match self.open.last_mut() {
            Some(Open::Map { key }) => *key = None,
            Some(Open::List { index }) => *index += 1,
            None => {}
        }
    }
}
