//! Adding one entry to `aws-auth` with 5,000: all lists read, the text edited, read again and compared.

use std::collections::BTreeMap;
use std::hint::black_box;
use std::time::{Duration, Instant};

use p0_grant::arn::IamIdentity;
use p0_grant::aws_auth::{Addition, AwsAuth, Owner};
use p0_grant::mapping::Mapping;

fn main() {
    let alice = IamIdentity::read("arn:aws:iam::123456789012:user/alice").unwrap().0;
    let mapping = Mapping::new(alice, "alice@example.com").unwrap();
    for entries in [50, 500, 5_000] {
        let data = data(entries);
        let took = median(|| {
            let aws_auth = AwsAuth::read(&data).unwrap();
            let Addition::Edit(edit) = aws_auth.add(&mapping, Owner::P0Gitops).unwrap() else { panic!() };
            black_box(edit);
        });
        let bytes: usize = data.values().map(String::len).sum();
        let limit = if entries == 5_000 { " (at most 5)" } else { "" };
        println!("{entries:5} entries, {bytes:7} bytes: {:7.3} ms{limit}", took.as_secs_f64() * 1000.0);
    }
}

fn data(entries: usize) -> BTreeMap<String, String> {
    let user = |number: usize| {
        format!(
            "- userarn: arn:aws:iam::123456789012:user/person-{number:05}\n  username: person-{number:05}@example.com\n  groups:\n  - team-a\n"
        )
    };
    let users = (0..entries).map(user).collect();
    let roles = "- rolearn: arn:aws:iam::123456789012:role/eksNodeRole\n  username: system:node:{{EC2PrivateDNSName}}\n  groups: [system:bootstrappers, system:nodes]\n";
    [("mapUsers".to_owned(), users), ("mapRoles".to_owned(), roles.to_owned())].into()
}

/// Of 31 runs.
fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..31)
        .map(|_| {
            let began = Instant::now();
            work();
            began.elapsed()
        })
        .collect();
    times.sort();
    times[times.len() / 2]
}
