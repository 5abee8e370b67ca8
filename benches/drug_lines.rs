//! What the drug track costs where it searches: `cargo bench --bench drug_lines`.
//!
//! The least content of marketed containers that holds a dose (rule W-10), for a dose far beyond any real one and
//! for sizes that share hardly any divisor, which is the widest search that is admitted.

use divan::black_box;
use infusion_coder::rules::drug_line::waste::avoidable::least_content;

/// Billionths of a nanogram in a milligram: the base that amounts are kept in.
const MILLIGRAM: i128 = 1_000_000_000_000_000;

fn main() {
    divan::main();
}

/// A common dose over the two vials of its drug.
#[divan::bench]
fn two_sizes(bencher: divan::Bencher<'_, '_>) {
    let sizes = [100, 500].map(|mg| mg * MILLIGRAM);
    bencher.bench(|| least_content(black_box(705 * MILLIGRAM), black_box(&sizes)));
}

/// Five kilograms over ten sizes.
#[divan::bench]
fn ten_sizes(bencher: divan::Bencher<'_, '_>) {
    let sizes = [7, 30, 50, 85, 100, 250, 420, 500, 1_000, 2_000].map(|mg| mg * MILLIGRAM);
    bencher.bench(|| least_content(black_box(5_000_000 * MILLIGRAM), black_box(&sizes)));
}

/// Five kilograms over ten sizes between 9.973 mg and 20 g whose divisor is a microgram.
#[divan::bench]
fn widest_search(bencher: divan::Bencher<'_, '_>) {
    let sizes = [9_973, 10_007, 12_211, 50_021, 99_991, 100_003, 250_007, 500_009, 1_000_003, 20_000_003]
        .map(|mcg| mcg * MILLIGRAM / 1_000);
    bencher.bench(|| least_content(black_box(5_000_000 * MILLIGRAM), black_box(&sizes)));
}
