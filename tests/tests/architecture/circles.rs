//! No circle of imports: in no room of a crate does a module need, over however many others, one that needs it. A room is a folder with
//! two modules or more beside each other; rooms are found, not listed, so a new one is held to this too.
//!
//! An import counts for the module that defines the item: a name that a parent module only hands on (`pub use`) is followed to where
//! it comes from. What a parent module defines itself is no arrow, and code of tests does not count.

use std::collections::{BTreeMap, BTreeSet};

use crate::sources;

/// A module, as the names on the way from the crate's root.
type Path = Vec<String>;

/// The sources of each crate of the workspace.
const CRATES: &[&str] = &[
    "cluster/src",
    "generator/clients/gitea/src",
    "generator/clients/github/src",
    "generator/clients/pagerduty/src",
    "generator/clients/slack/src",
    "generator/core/src",
    "generator/fake-slack/src",
    "generator/src",
    "grant/src",
    "provider/src",
    "provider/tfplugin/src",
    "tests/builder/src",
    "tests/src",
];

/// Rooms that have a circle today. The list may only become shorter: an entry without a circle fails.
const EXCEPTIONS: &[(&str, &str)] = &[
    ("generator/clients/gitea/src", ""),
    ("generator/clients/github/src", ""),
    ("generator/fake-slack/src", ""),
    ("tests/src", "control_plane"),
    ("tests/src", "fake_github"),
    ("tests/src", "fake_pagerduty"),
];

/// The sources of one crate, without tests and comments, by module.
struct Crate {
    modules: BTreeMap<Path, String>,
    /// Names that a module hands on, with where they come from.
    handed_on: BTreeMap<Path, BTreeMap<String, Path>>,
}

impl Crate {
    fn read(folder: &str) -> Self {
        let modules = sources(folder).into_iter().filter_map(|(path, text)| {
            let (_, inside) = path.split_once(&format!("{folder}/")).expect("a source of the crate");
            let inside = inside.trim_end_matches(".rs");
            let path: Path = inside.split('/').map(str::to_owned).collect();
            let is_test = path.iter().any(|part| matches!(part.as_str(), "tests" | "testing"));
            let path = if matches!(inside, "lib" | "main") { Path::new() } else { path };
            (!is_test).then(|| (path, code(&text)))
        });
        let mut read = Self { modules: BTreeMap::new(), handed_on: BTreeMap::new() };
        for (path, code) in modules {
            read.modules.entry(path).or_default().push_str(&code);
        }
        read.hand_on();
        read
    }

    fn hand_on(&mut self) {
        let handed_on = self.modules.iter().map(|(module, code)| {
            let handed = parted(code).0.into_iter().filter(|(hands_on, _)| *hands_on);
            let paths = handed.flat_map(|(_, tree)| flattened(&[], &tree));
            let named = paths.filter_map(|path| Some((path.last()?.clone(), self.absolute(module, &path)?)));
            (module.clone(), named.collect())
        });
        self.handed_on = handed_on.collect();
    }

    /// A path in `module` from the root on; `None` for what is another crate's.
    fn absolute(&self, module: &Path, path: &[String]) -> Option<Path> {
        let supers = path.iter().take_while(|part| *part == "super").count();
        match path.first()?.as_str() {
            "crate" => Some(path[1..].to_vec()),
            "self" => Some([module, &path[1..]].concat()),
            "super" => Some([module.get(..module.len().checked_sub(supers)?)?, &path[supers..]].concat()),
            first => {
                let child = [module.as_slice(), &[first.to_owned()]].concat();
                self.modules.contains_key(&child).then(|| [module.as_slice(), path].concat())
            }
        }
    }

    /// The module that defines what `path` names.
    fn home(&self, path: &Path, steps: usize) -> Path {
        let known = (0..=path.len()).rev().find(|length| self.modules.contains_key(&path[..*length]));
        let (module, rest) = path.split_at(known.unwrap_or_default());
        let origin = rest.first().and_then(|name| self.handed_on.get(module)?.get(name));
        match origin.filter(|origin| steps > 0 && *origin != path) {
            Some(origin) => self.home(&[origin.as_slice(), &rest[1..]].concat(), steps - 1),
            None => module.to_vec(),
        }
    }

    /// The folders with modules; `[]` is the crate's root.
    fn rooms(&self) -> BTreeSet<Path> {
        let parents = |path: &Path| (0..path.len()).map(|length| path[..length].to_vec()).collect::<Vec<_>>();
        self.modules.keys().flat_map(parents).collect()
    }

    /// Which of the modules beside each other in `room` need which.
    fn arrows(&self, room: &Path) -> BTreeMap<String, BTreeSet<String>> {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let inside = |path: &Path| path.strip_prefix(room.as_slice()).and_then(|rest| rest.first().cloned());
        for (module, code) in &self.modules {
            let Some(own) = inside(module) else { continue };
            let homes = paths(code).into_iter().filter_map(|path| self.absolute(module, &path));
            let used = homes.filter_map(|path| inside(&self.home(&path, 8))).filter(|used| *used != own);
            arrows.entry(own.clone()).or_default().extend(used.collect::<Vec<_>>());
        }
        arrows
    }
}

/// A source without its tests and comments.
fn code(text: &str) -> String {
    let code = text.split("#[cfg(test)]\nmod ").next().unwrap_or_default();
    code.lines().filter(|line| !line.trim_start().starts_with("//")).flat_map(|line| [line, "\n"]).collect()
}

/// The `use` statements of a source, each with whether it hands on, and the rest of the source.
fn parted(code: &str) -> (Vec<(bool, String)>, String) {
    let (mut statements, mut rest) = (Vec::new(), String::new());
    let mut lines = code.lines().map(str::trim);
    while let Some(line) = lines.next() {
        match line.split_once("use ") {
            Some((before, tree)) if before.is_empty() || before.starts_with("pub") => {
                let mut tree = tree.to_owned();
                while !tree.ends_with(';') {
                    tree.push_str(lines.next().expect("a statement ends"));
                }
                statements.push((!before.is_empty(), tree.trim_end_matches(';').to_owned()));
            }
            _ => rest.extend([line, "\n"]),
        }
    }
    (statements, rest)
}

/// The names in `a::b::`.
fn parts(path: &str) -> impl Iterator<Item = String> + '_ {
    path.split("::").map(|part| part.trim().to_owned()).filter(|part| !part.is_empty())
}

/// `a::{b, c::d}` as `a::b` and `a::c::d`.
fn flattened(before: &[String], tree: &str) -> Vec<Path> {
    let (mut depth, mut branches) = (0, vec![String::new()]);
    for letter in tree.chars() {
        depth += i32::from(letter == '{') - i32::from(letter == '}');
        match letter {
            ',' if depth == 0 => branches.push(String::new()),
            letter => branches.last_mut().expect("a branch").push(letter),
        }
    }
    let branch = |text: &String| match text.split_once('{') {
        Some((stem, inner)) => {
            let before: Path = before.iter().cloned().chain(parts(stem)).collect();
            flattened(&before, inner.trim_end().trim_end_matches('}'))
        }
        None => {
            vec![before.iter().cloned().chain(parts(text.split(" as ").next().unwrap_or(text))).collect()]
        }
    };
    branches.iter().filter(|branch| !branch.trim().is_empty()).flat_map(branch).collect()
}

/// Every path that a source names: in its `use` statements and in between.
fn paths(code: &str) -> Vec<Path> {
    let (statements, rest) = parted(code);
    let used = statements.iter().flat_map(|(_, tree)| flattened(&[], tree));
    let words = rest.split(|letter: char| !letter.is_alphanumeric() && letter != '_' && letter != ':');
    let words = words.map(|word| word.trim_matches(':')).filter(|word| word.contains("::"));
    used.chain(words.flat_map(|word| flattened(&[], word))).collect()
}

/// The modules that need each other in a circle, as `a → b → a`, if there are any.
fn circle(arrows: &BTreeMap<String, BTreeSet<String>>) -> Option<String> {
    fn visit(
        module: &str,
        arrows: &BTreeMap<String, BTreeSet<String>>,
        path: &mut Vec<String>,
        done: &mut BTreeSet<String>,
    ) -> Option<String> {
        if let Some(start) = path.iter().position(|earlier| earlier == module) {
            let circle = path[start..].iter().map(String::as_str).chain([module]);
            return Some(circle.collect::<Vec<_>>().join(" → "));
        }
        if !done.insert(module.to_owned()) {
            return None;
        }
        path.push(module.to_owned());
        let next = arrows.get(module).into_iter().flatten();
        let found = next.into_iter().find_map(|next| visit(next, arrows, path, done));
        path.pop();
        found
    }
    let mut done = BTreeSet::new();
    arrows.keys().find_map(|module| visit(module, arrows, &mut Vec::new(), &mut done))
}

#[test]
fn no_circles_in_any_room() {
    let mut problems = Vec::new();
    for folder in CRATES {
        let read = Crate::read(folder);
        for room in read.rooms() {
            let name = room.join("/");
            let excepted = EXCEPTIONS.contains(&(*folder, name.as_str()));
            match (circle(&read.arrows(&room)), excepted) {
                (Some(circle), false) => problems.push(format!("{folder}/{name}: {circle}")),
                (None, true) => problems.push(format!("{folder}/{name}: no circle; take it from EXCEPTIONS")),
                _ => {}
            }
        }
    }
    assert!(problems.is_empty(), "{}", problems.join("\n"));
}

/// What hid circles before: a name that the parent hands on, and a path in the middle of the code.
#[test]
fn a_name_that_is_handed_on_is_its_own_modules() {
    let module =
        |path: &str| path.split('/').filter(|part| !part.is_empty()).map(str::to_owned).collect::<Path>();
    let mut read = Crate { modules: BTreeMap::new(), handed_on: BTreeMap::new() };
    for (path, code) in [
        ("", "mod room;"),
        ("room", "pub use grant::{LIMIT, recompute as again};"),
        ("room/grant", "use super::access::Access;"),
        ("room/access", "fn limit() { super::LIMIT }"),
    ] {
        read.modules.insert(module(path), code.to_owned());
    }
    read.hand_on();
    assert_eq!(circle(&read.arrows(&module("room"))).as_deref(), Some("access → grant → access"));
}

#[test]
fn a_circle_is_found_and_named() {
    let arrows = |pairs: &[(&str, &str)]| {
        let mut arrows: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        for (from, to) in pairs {
            arrows.entry((*from).to_owned()).or_default().insert((*to).to_owned());
        }
        arrows
    };
    assert_eq!(circle(&arrows(&[("a", "b"), ("b", "c"), ("a", "c")])), None);
    let found = circle(&arrows(&[("a", "b"), ("b", "c"), ("c", "b")]));
    assert_eq!(found.as_deref(), Some("b → c → b"));
}
