//! The life of a request: every interleaving of a small world, and the published table.
//!
//! The world holds one request, a repository, two workers that may act on what they read long ago, and a clock. People and
//! machines may do everything that is possible in it at any time. What must hold is written down as invariants and
//! checked in every world that can be reached; and from every one of them, machines alone must bring it to an end.
#![expect(clippy::unwrap_used, reason = "a world that cannot be built is a failed test")]
#![expect(clippy::disallowed_methods, reason = "a test may read the page that it holds in step")]

#[path = "life/world.rs"]
mod world;

use std::collections::BTreeSet;

use p0_access::request::{Desired, TRANSITIONS, document};
use world::{Action, Git, STORIES, Story, World};

type Rows = BTreeSet<(String, String, String)>;

/// Every world that can be reached from `first`; the rows of the table that were used on the way are noted.
fn explore(first: World, actions: &[Action], rows: &mut Rows) -> Vec<World> {
    let mut seen = BTreeSet::from([first.key()]);
    let mut worlds = vec![first];
    let mut next = 0;
    while let Some(world) = worlds.get(next).cloned() {
        next += 1;
        for action in actions {
            let mut moved = world.clone();
            moved.act(*action, rows);
            if seen.insert(moved.key()) {
                worlds.push(moved);
            }
        }
    }
    worlds
}

#[test]
fn in_every_world_nothing_is_granted_twice_or_without_approval_and_everything_ends() {
    let told = std::thread::scope(|scope| {
        let tell = |story: &'static Story| {
            let mut rows = Rows::new();
            let worlds = explore(story.first(), &story.actions(), &mut rows);
            println!("{}: {} worlds", story.name, worlds.len());
            check(&worlds);
            (worlds.len(), rows)
        };
        let stories: Vec<_> = STORIES.iter().map(|story| scope.spawn(move || tell(story))).collect();
        stories.into_iter().map(|story| story.join().unwrap()).collect::<Vec<_>>()
    });
    let count: usize = told.iter().map(|(count, _)| count).sum();
    let rows: Rows = told.into_iter().flat_map(|(_, rows)| rows).collect();
    assert!(count > 5_000, "only {count} worlds: the model has become too small");
    let missing: Vec<_> = TRANSITIONS
        .iter()
        .flat_map(|row| row.to.iter().map(move |to| (row.from.as_str(), row.event.as_str(), to.as_str())))
        .filter(|(from, event, to)| {
            !rows.contains(&((*from).to_owned(), (*event).to_owned(), (*to).to_owned()))
        })
        .collect();
    assert!(missing.is_empty(), "rows that nothing ever uses: {missing:?}");
}

fn check(worlds: &[World]) {
    for world in worlds {
        // Never granted without a winning approval.
        if let Git::Base(number) = world.git {
            assert!(world.approved.contains(&number), "granted without approval: {world:#?}");
        }
        // Never two grants for one request: its file comes to base once.
        assert!(world.landings <= 1, "merged {} times: {world:#?}", world.landings);
        // What has ended grants nothing of the repository.
        if world.request.state().name().is_ended() {
            assert_eq!(world.request.desired(), Desired::Nothing, "{world:#?}");
        }
        // Machines alone bring it to an end, and it is never in Git past its expiry and one sweep.
        let mut alone = world.clone();
        let end = alone.now + alone.life + 3;
        while alone.now <= end {
            alone.now += 1;
            alone.sweep();
            let expires = alone.request.granted().map(|granted| granted.expires_at);
            if expires.is_some_and(|expires| alone.time() >= expires) {
                assert_eq!(alone.git, Git::Nothing, "past its expiry: {alone:#?}\nfrom {world:#?}");
            }
        }
        assert!(alone.request.state().name().is_ended(), "never ends: {alone:#?}\nfrom {world:#?}");
        assert_eq!(alone.git, Git::Nothing, "left in Git: {alone:#?}\nfrom {world:#?}");
    }
}

#[test]
fn the_published_table_is_the_one_that_the_program_goes_by() {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/request-life.md");
    if std::env::var_os("P0_BLESS").is_some() {
        std::fs::write(path, document()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(path).unwrap(), document(), "P0_BLESS=1 makes the page anew");
}
