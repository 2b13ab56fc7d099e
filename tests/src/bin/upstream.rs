//! Builds the upstream programs, so that a long build is a step of its own: `cargo run -p p0-tests --bin upstream`.

fn main() {
    println!("{}", p0_tests::upstream::built().display());
}
