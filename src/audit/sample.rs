//! A reproducible sample of visits for quality review (row G-36).

use sha2::{Digest, Sha256};

/// The places of the visits drawn, in order: the share of them whose digest of seed and reference is lowest.
///
/// The draw depends on the references and the seed alone, so that another order of the file, or another
/// program, draws the same visits. Visits that share a reference are told apart by their occurrence.
/// The count is rounded **up**, so that a small file still has a sample.
pub fn draw<'a>(references: impl Iterator<Item = &'a str>, percent: u32, seed: u64) -> Vec<usize> {
    const PERCENT: u64 = 100;
    let mut seen = std::collections::HashMap::new();
    let mut ranked: Vec<([u8; 32], usize)> = references
        .enumerate()
        .map(|(at, reference)| {
            let occurrence = seen.entry(reference).and_modify(|count| *count += 1).or_insert(0_u64);
            (rank(reference, *occurrence, seed), at)
        })
        .collect();
    let count = (ranked.len() as u64 * u64::from(percent)).div_ceil(PERCENT) as usize;
    ranked.sort_unstable();
    let mut drawn: Vec<usize> = ranked.into_iter().take(count).map(|(_, at)| at).collect();
    drawn.sort_unstable();
    drawn
}

fn rank(reference: &str, occurrence: u64, seed: u64) -> [u8; 32] {
    Sha256::digest(format!("{seed}:{occurrence}:{reference}")).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn references() -> Vec<String> {
        (0..1_000).map(|number| format!("v-{number}")).collect()
    }

    #[test]
    fn a_seed_draws_its_share_and_the_same_visits_in_any_order() {
        let forward = references();
        let drawn = |list: &[String], seed| -> Vec<String> {
            let places = draw(list.iter().map(String::as_str), 5, seed);
            let mut names: Vec<String> = places.into_iter().map(|at| list[at].clone()).collect();
            names.sort_unstable();
            names
        };
        let backward: Vec<String> = forward.iter().rev().cloned().collect();
        assert_eq!(drawn(&forward, 7).len(), 50);
        assert_eq!(drawn(&forward, 7), drawn(&backward, 7));
        assert_ne!(drawn(&forward, 7), drawn(&forward, 8));
    }

    #[test]
    fn a_small_file_has_a_sample_and_an_empty_one_none() {
        assert_eq!(draw(["a", "a", "b"].into_iter(), 5, 1).len(), 1);
        assert!(draw([].into_iter(), 5, 1).is_empty());
    }
}
