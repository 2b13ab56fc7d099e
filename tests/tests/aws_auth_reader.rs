//! Every accepted edit of `aws-auth`, against AWS' own reader: the cluster knows exactly one mapping more, or less, and
//! the bytes come back. Over 10,000 ConfigMaps: collected ones, and what random changes make of them, each as data and as a
//! manifest in Git. `P0_AWS_AUTH=1000000` tries more.

use std::collections::BTreeMap;

use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::file::{AwsAuthFile, FileAddition};
use p0_grant::aws_auth::{Addition, AwsAuth, Edit, Owner};
use p0_grant::mapping::Mapping;
use p0_tests::{AwsReader, SeenByAws, UserMapping};

type Data = BTreeMap<String, String>;

/// How many are tried, unless `P0_AWS_AUTH` says otherwise.
const CASES: u64 = 10_000;
const USER: &str = "arn:aws:iam::123456789012:user/alice";
const SESSION: &str =
    "arn:aws:sts::123456789012:assumed-role/AWSReservedSSO_Dev_0123456789abcdef/carol@example.com";

/// What is put into texts: all that YAML's readers have ever differed on.
const PIECES: &[&str] = &[
    "\n",
    "\r\n",
    "\r",
    "\t",
    " ",
    "  ",
    "#",
    " # note\n",
    "- ",
    "-\n",
    "---\n",
    "...\n",
    "%YAML 1.1\n",
    ":",
    ": ",
    ",",
    "[",
    "]",
    "{",
    "}",
    "[]",
    "{}",
    "?",
    "? ",
    "&a ",
    "*a",
    "!!str ",
    "!x ",
    "|\n",
    ">-\n",
    "'",
    "\"",
    "''",
    "\"\"",
    "``",
    "\\",
    "\\u0041",
    "\\/",
    "\\x41",
    "<<: ",
    "~",
    "null",
    "yes",
    "no",
    "on",
    "1",
    "0x1f",
    "1e3",
    "12:30:45",
    "2024-01-01",
    ".nan",
    "=",
    "@",
    "`",
    "\u{85}",
    "\u{2028}",
    "\u{feff}",
    "\u{a0}",
    "\u{e9}",
    "\u{212a}",
    "\u{1f600}",
    "\u{7f}",
    "\u{0}",
    "groups:\n",
    "  groups: [a, b]\n",
    "  groups:\n  - a\n",
    "  groups:\n    - a\n    - \"b\"\n",
    "  note: {a: [1, b]}\n",
    "userarn: arn:aws:iam::123456789012:user/alice\n",
    "- userarn: ARN:AWS:IAM::123456789012:USER/ALICE\n",
    "- userarn: arn:aws:iam::123456789012:user/bob\n  username: bob\n",
    "  UserName: x\n",
    "  username: alice\n",
    "  username: \"{{SessionNameRaw}}\"\n",
    "- rolearn: arn:aws:iam::123456789012:role/r\n",
    "{\"userarn\":\"a\",\"username\":\"b\"}",
    ", {userarn: a, username: b}",
    "  userid: AIDA\n",
    "  sso: {accountID: \"1\"}\n",
    "- null\n",
    "- \"123456789012\"\n",
];

#[test]
fn every_accepted_edit_is_one_mapping_for_aws() {
    let mut reader = AwsReader::start();
    let seeds = seeds();
    let cases = std::env::var("P0_AWS_AUTH").map_or(CASES, |number| number.parse().expect("a number"));
    let (mut accepted, mut refused, mut in_files) = (0, 0, 0);
    for case in 0..cases {
        let mut random = Random(case);
        let data = random.data(&seeds);
        let mapping = random.mapping();
        in_files += u64::from(check_file(&data, &mapping));
        match check(&mut reader, &data, &mapping) {
            true => accepted += 1,
            false => refused += 1,
        }
    }
    println!(
        "{cases} ConfigMaps: {accepted} edited, {refused} refused or mapped already; {in_files} edited as files"
    );
    assert!(accepted > cases / 10, "only {accepted} were edited, so little was tried");
    assert!(refused > cases / 10, "only {refused} were refused, so little was tried");
    assert!(in_files > cases / 20, "only {in_files} were edited as files, so little was tried");
}

#[test]
fn a_config_map_of_a_mebibyte_is_edited_up_to_its_limit() {
    let mut reader = AwsReader::start();
    let entry = |number: usize| {
        format!("- userarn: arn:aws:iam::123456789012:user/u{number}\n  username: u{number}\n")
    };
    let mut text: String = (0..14_000).map(entry).collect();
    assert!(check(&mut reader, &[("mapUsers".to_owned(), text.clone())].into(), &mapping(USER, "alice")));
    text.push_str(&format!("# {}\n", "x".repeat((1 << 20) - text.len() - 20)));
    assert!(!check(&mut reader, &[("mapUsers".to_owned(), text)].into(), &mapping(USER, "alice")));
}

/// Adds the mapping and removes it again; false where it is refused or there already.
fn check(reader: &mut AwsReader, data: &Data, mapping: &Mapping) -> bool {
    let Ok(aws_auth) = AwsAuth::read(data) else { return false };
    let before = reader.read(data);
    assert_eq!(before.error, "", "AWS does not read what is read here: {data:?}");
    let Ok(Addition::Edit(edit)) = aws_auth.add(mapping, Owner::P0Gitops) else { return false };
    let after = edited(data, &edit);
    let seen = reader.read(&after);
    assert_eq!(seen, with(before.clone(), mapping), "{data:?} became {after:?}");

    let held = AwsAuth::read(&after).expect("what was edited is read");
    assert!(held.owned_arns(Owner::P0Gitops).contains(&mapping.identity().arn()));
    let removal = held.remove(mapping.identity(), Owner::P0Gitops).expect("it is ours").expect("an entry");
    assert_eq!(&edited(&after, &removal), data, "the bytes come back from {after:?}");
    true
}

/// The same in a manifest between other documents: the data become what the edit of the data makes of them, and the bytes come
/// back. False where it is refused or there already.
fn check_file(data: &Data, mapping: &Mapping) -> bool {
    let block = |(key, text): (&String, &String)| {
        let lines: String = text.split_inclusive('\n').map(|line| format!("    {line}")).collect();
        format!("  {key}: |\n{lines}")
    };
    let values: String = data.iter().map(block).collect();
    let metadata = "metadata:\n  name: aws-auth # kept by hand\n  namespace: kube-system\n";
    let text =
        format!("kind: Other\n---\n# nodes\nkind: ConfigMap\n{metadata}data:\n{values}\n---\nkind: More\n");
    let Ok(file) = AwsAuthFile::read(&text) else { return false };
    let Ok(FileAddition::Edited(after)) = file.add(mapping, Owner::P0Gitops) else { return false };
    let changed = AwsAuthFile::read(&after).expect("what was edited is read");
    let held = changed.aws_auth().expect("what was edited is read");
    assert!(
        held.owned_arns(Owner::P0Gitops).contains(&mapping.identity().arn()),
        "{text:?} became {after:?}"
    );
    assert_eq!(held.username_of(mapping.identity()), Ok(Some(mapping.username().to_owned())));
    let back = changed.remove(mapping.identity(), Owner::P0Gitops).expect("it is ours").expect("an entry");
    assert_eq!(back, text, "the bytes come back from {after:?}");
    true
}

fn with(mut seen: SeenByAws, mapping: &Mapping) -> SeenByAws {
    let list = if mapping.identity().session().is_some() { &mut seen.roles } else { &mut seen.users };
    list.push(UserMapping {
        arn: mapping.identity().arn(),
        username: mapping.written().to_owned(),
        ..UserMapping::default()
    });
    seen
}

fn edited(data: &Data, edit: &Edit) -> Data {
    let mut data = data.clone();
    match edit.after() {
        Some(text) => data.insert(edit.key().name().to_owned(), text.to_owned()),
        None => data.remove(edit.key().name()),
    };
    data
}

fn mapping(arn: &str, name: &str) -> Mapping {
    Mapping::new(IamIdentity::read(arn).expect("an ARN").0, name).expect("a mapping")
}

/// The stored corpus of the fuzz target.
fn seeds() -> Vec<String> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/aws_auth");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files.iter().map(|file| std::fs::read_to_string(file).unwrap()).collect()
}

/// SplitMix64: the same cases in every run.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((mixed ^ (mixed >> 31)) % limit as u64) as usize
    }

    fn mapping(&mut self) -> Mapping {
        match self.below(3) {
            0 => mapping(SESSION, SESSION),
            1 => mapping(USER, "we\"ird\\ name: #é"),
            _ => mapping(USER, "alice"),
        }
    }

    fn data(&mut self, seeds: &[String]) -> Data {
        let mut data = Data::new();
        for (key, rarely) in [("mapUsers", 8), ("mapRoles", 3), ("mapAccounts", 2)] {
            if self.below(rarely) > 0 {
                let text = match key {
                    "mapUsers" => self.text(seeds),
                    "mapRoles" => self.text(seeds).replace("userarn", "rolearn"),
                    _ => ["[]", "- \"210987654321\"\n", "- 210987654321\n", ""][self.below(4)].to_owned(),
                };
                data.insert(key.to_owned(), text);
            }
        }
        data
    }

    /// A collected text with up to three changes.
    fn text(&mut self, seeds: &[String]) -> String {
        let mut text: Vec<char> = seeds[self.below(seeds.len())].chars().collect();
        for _ in 0..self.below(4) {
            let at = self.below(text.len() + 1);
            let end = (at + self.below(12)).min(text.len());
            match self.below(4) {
                0 => drop(text.splice(at..end, [])),
                1 => {
                    let copy: Vec<char> = text[at..end].to_vec();
                    let to = self.below(text.len() + 1);
                    drop(text.splice(to..to, copy));
                }
                _ => {
                    let piece = PIECES[self.below(PIECES.len())];
                    drop(text.splice(at..at, piece.chars()));
                }
            }
        }
        text.into_iter().collect()
    }
}
