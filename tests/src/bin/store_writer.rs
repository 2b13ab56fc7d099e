//! A writer that is killed: it moves requests and performs their effects until it dies, and says each step that is made.
//!
//! `store_writer URL NAME`: every line it prints is `ID VERSION` of a step that the store has promised to keep.

use std::io::Write;

use jiff::{SignedDuration, Timestamp};
use p0_gitops::store::{Advanced, Columns, NewEffect, NewStep, Notice, Store, Urgency};
use serde_json::json;

/// Steps of each request.
const STEPS: i64 = 5;

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (Some(url), Some(name)) = (arguments.next(), arguments.next()) else {
        anyhow::bail!("store_writer URL NAME")
    };
    let store = Store::open(&url).await?;
    for number in 0_u32.. {
        let id = format!("{name}-{number}");
        for version in 1..=STEPS {
            if write(&store, &id, version).await? {
                writeln!(std::io::stdout(), "{id} {version}")?;
            }
            perform(&store).await?;
        }
    }
    Ok(())
}

async fn write(store: &Store, id: &str, version: i64) -> anyhow::Result<bool> {
    let step = step(id, version);
    if version == 1 {
        store.create(id, &step).await?;
        return Ok(true);
    }
    Ok(store.advance(id, version - 1, &step).await? == Advanced::To(version))
}

fn step(id: &str, version: i64) -> NewStep {
    let at = Timestamp::UNIX_EPOCH + SignedDuration::from_secs(version);
    let effect = NewEffect {
        key: format!("{id}/{version}"),
        kind: "tell".to_owned(),
        urgency: Urgency::Normal,
        body: json!({ "to": id }),
        due: at,
        recipient: None,
    };
    let columns = Columns {
        state: "pending".to_owned(),
        requester: "alice".to_owned(),
        subject: "User/alice".to_owned(),
        cluster: "prod".to_owned(),
        expires_at: None,
        next_due: None,
    };
    NewStep {
        at,
        request: json!({ "version": version }),
        columns,
        effects: vec![effect],
        line: json!({ "to": version }),
    }
}

/// A lease is over as soon as the next writer looks: what was claimed by a dead one is claimed again.
async fn perform(store: &Store) -> anyhow::Result<()> {
    let now = Timestamp::now();
    for effect in store.claim(now, SignedDuration::from_millis(1), 10, &["tell"]).await? {
        let notice = Notice {
            key: effect.key.clone(),
            request: effect.request.clone(),
            recipient: "alice".to_owned(),
            at: now,
            body: effect.body.clone(),
        };
        store.post(&notice).await?;
        store.done(&effect).await?;
    }
    Ok(())
}
