//! Numbers by a seed. SplitMix64 is written out here, because a library may change its stream with a version,
//! and a seed must make the same file for good.

/// A stream of numbers.
#[derive(Debug, Clone)]
pub(super) struct Random(u64);

impl Random {
    /// The stream of one item of a seed.
    pub(super) fn of(seed: u64, item: u64) -> Self {
        let mut stream = Self(seed ^ item.wrapping_mul(0xD1B5_4A32_D192_ED03));
        // The first numbers of neighbouring seeds would resemble each other.
        stream.next();
        Self(stream.next())
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// A number below a bound, which is above zero.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        // The high half of the product; its bias at such small bounds is far below one in a billion.
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from the first to the last, both included.
    pub(super) fn between(&mut self, first: u64, last: u64) -> u64 {
        first + self.below(last - first + 1)
    }

    /// One of several things, of which there is at least one.
    pub(super) fn pick<'a, T>(&mut self, of: &'a [T]) -> &'a T {
        &of[self.below(of.len() as u64) as usize]
    }

    /// Whether something happens that happens so often in a hundred times.
    pub(super) fn chance(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_makes_its_stream_for_good() {
        let mut stream = Random::of(7, 0);
        let first: Vec<u64> = (0..4).map(|_| stream.below(1_000)).collect();
        assert_eq!(first, FIRST_OF_SEED_7);
        assert_ne!(Random::of(7, 1).next(), Random::of(7, 0).next());
    }

    const FIRST_OF_SEED_7: [u64; 4] = [509, 751, 902, 849];

    #[test]
    fn numbers_stay_in_their_range() {
        let mut stream = Random::of(1, 1);
        assert!((0..1_000).all(|_| (16..=90).contains(&stream.between(16, 90))));
    }
}
