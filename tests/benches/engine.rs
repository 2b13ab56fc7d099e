//! Subsetting `admin` to one deployment and checking the cover, against Go's `Covers` on the same rules in the same run.

use std::hint::black_box;
use std::time::Instant;

use p0_grant::catalogue::Catalogue;
use p0_grant::covers::covers;
use p0_grant::locator::Locator;
use p0_grant::subset::subset;
use p0_tests::Oracle;

const ROUNDS: u32 = 20_000;

fn main() {
    let catalogue = Catalogue::embedded().unwrap();
    let role = catalogue.role(&"admin".parse().unwrap()).unwrap();
    let locator = "deployment / default / nginx-deployment".parse::<Locator>().unwrap();
    let selection = locator.resolve(&catalogue).unwrap();
    let rules = subset(role, &selection).unwrap().rules().to_vec();

    let both = nanos(|| {
        let subset = subset(role, &selection).unwrap();
        assert!(covers(role.rules(), subset.rules()).is_ok());
    });
    let cover = nanos(|| assert!(covers(role.rules(), &rules).is_ok()));
    let go = Oracle::start().covers_nanos(role.rules(), &rules, ROUNDS);

    println!("`admin`, {} rules, on one deployment:", role.rules().len());
    println!("  subset and cover   {:8.2} µs (at most 20)", both / 1000.0);
    println!("  cover alone        {:8.2} µs", cover / 1000.0);
    println!("  Go's Covers        {:8.2} µs", go / 1000.0);
    println!("  ratio Go / both    {:8.1} (at least 10)", go / both);
    println!("  ratio Go / cover   {:8.1}", go / cover);
}

/// The median of nine batches.
fn nanos(mut work: impl FnMut()) -> f64 {
    let mut batches: Vec<f64> = (0..9)
        .map(|_| {
            let began = Instant::now();
            (0..ROUNDS).for_each(|_| black_box(&mut work)());
            began.elapsed().as_nanos() as f64 / f64::from(ROUNDS)
        })
        .collect();
    batches.sort_by(f64::total_cmp);
    batches[batches.len() / 2]
}
