//! Avoidable waste: whether another choice of marketed containers would have wasted less (rule W-10).

use smallvec::SmallVec;

use super::*;
use crate::domain::quantity::{Quantity, common_divisor, common_divisor_of_words};
use crate::policy::parameters::AvoidableWaste;

/// Sizes of container of one drug that are compared without an allocation; few drugs have more.
const SIZES_INLINE: usize = 8;

type Sizes<T> = SmallVec<[T; SIZES_INLINE]>;

/// Steps that one search may take, which keeps it within a millisecond; real container sizes need a few dozen.
const SEARCH_STEPS_MAX: u64 = 100_000;

/// Warns of avoidable waste, and limits the discarded units where the policy says so.
pub fn limit(
    coding: &mut Coding<'_>,
    treatment: &Treatment<'_>,
    measured: &Measured,
    opened: &Opened,
    administered_units: u32,
    units: u32,
) -> u32 {
    let Some(drug) = treatment.first().listed else { return units };
    // This settles most visits without a search.
    if let Some((measure, step)) = drug.size_step
        && (measure != measured.measure() || is_least(opened.content, measured.administered, step))
    {
        return units;
    }
    let is_measured = |size: &&Quantity| size.unit.measure() == measured.measure();
    let sizes: Sizes<i128> =
        drug.container_sizes.iter().filter(is_measured).map(|size| size.in_base()).collect();
    let Some(least) = least_content(measured.administered, &sizes) else { return units };
    if least >= opened.content {
        return units;
    }
    let facts = [
        fact::derived("wasted", measured.readable(opened.content - measured.administered)),
        fact::derived("least", measured.readable(least - measured.administered)),
    ];
    let text = "The opened containers waste {wasted}; marketed sizes could have wasted {least}. Waste by a poorer choice is not payable";
    let field = treatment.field("containers");
    coding.find(Severity::Warn, Reason::AvoidableWaste, field, &W_10, text, &facts);
    let achievable =
        (least / measured.one - i128::from(administered_units)).clamp(0, i128::from(units)) as u32;
    match *coding.policy.drug_line.avoidable_waste {
        AvoidableWaste::Warn => units,
        AvoidableWaste::Cap => achievable,
        AvoidableWaste::Suppress => 0,
    }
}

/// Whether no choice of containers can hold less: each holds a multiple of the step that divides every size.
fn is_least(content: i128, dose: i128, step: i128) -> bool {
    let (whole, is_inexact) = units::divided(dose, step);
    content <= (whole + i128::from(is_inexact)) * step
}

/// The smallest content, of any number of containers of the given sizes, that holds the dose.
///
/// Exact. Amounts are divided by their common divisor first; then either the few possible choices
/// are tried, or the smallest reachable content is found for each remainder of the smallest size
/// (every larger content with the same remainder is reachable too). Nothing without a size, or when
/// both searches would take too long, which real container sizes never do.
pub fn least_content(dose: i128, sizes: &[i128]) -> Option<i128> {
    let mut sizes: Sizes<i128> = sizes.iter().copied().filter(|size| *size > 0).collect();
    sizes.sort_unstable();
    sizes.dedup();
    let divisor = sizes.iter().copied().fold(0, common_divisor);
    if divisor == 0 {
        return None;
    }
    let (whole, is_inexact) = units::divided(dose, divisor);
    let dose = u64::try_from(whole + i128::from(is_inexact)).ok()?;
    let sizes: Sizes<u64> =
        sizes.iter().map(|size| u64::try_from(size / divisor)).collect::<Result<_, _>>().ok()?;
    let most_containers = dose.div_ceil(sizes[0]);
    let least = if choices(most_containers, sizes.len() as u64) <= SEARCH_STEPS_MAX / 10 {
        by_choice(dose, &sizes)
    } else if sizes[0].saturating_mul(sizes.len() as u64) <= SEARCH_STEPS_MAX {
        by_remainder(dose, &sizes)?
    } else {
        return None;
    };
    i128::from(least).checked_mul(divisor)
}

/// How many ways there are to take at most `most` containers of `kinds` sizes, saturating.
fn choices(most: u64, kinds: u64) -> u64 {
    let mut count: u64 = 1;
    for kind in 1..=kinds {
        let Some(next) = count.checked_mul(most + kind) else { return u64::MAX };
        count = next / kind;
    }
    count
}

/// Tries every choice, largest containers first; each branch stops when the dose is held.
fn by_choice(dose: u64, sizes: &[u64]) -> u64 {
    let Some((largest, smaller)) = sizes.split_last() else { return u64::MAX };
    let most = dose.div_ceil(*largest);
    if smaller.is_empty() {
        return most * largest;
    }
    let mut least = u64::MAX;
    for count in (0..=most).rev() {
        let held = count * largest;
        let with_rest =
            if held >= dose { held } else { held.saturating_add(by_choice(dose - held, smaller)) };
        least = least.min(with_rest);
        if least == dose {
            break;
        }
    }
    least
}

/// The smallest reachable content of each remainder, then the smallest that holds the dose.
fn by_remainder(dose: u64, sizes: &[u64]) -> Option<u64> {
    let modulus = sizes[0];
    let mut reachable = vec![u64::MAX; usize::try_from(modulus).ok()?];
    reachable[0] = 0;
    for &size in &sizes[1..] {
        let cycles = common_divisor_of_words(size, modulus);
        for start in 0..cycles {
            relax_cycle(&mut reachable, start, size, modulus);
        }
    }
    reachable
        .iter()
        .filter(|content| **content != u64::MAX)
        .map(|&content| match dose.checked_sub(content) {
            Some(short) => content + short.div_ceil(modulus) * modulus,
            None => content,
        })
        .min()
}

/// Lowers the contents of one cycle of remainders by adding `size` again and again.
fn relax_cycle(reachable: &mut [u64], start: u64, size: u64, modulus: u64) {
    let length = modulus / common_divisor_of_words(size, modulus);
    let mut at = start as usize;
    let mut content = u64::MAX;
    // Twice around: the second time carries the smallest content past the place it began.
    for _ in 0..2 * length {
        content = content.min(reachable[at]);
        reachable[at] = content;
        if content != u64::MAX {
            content = content.saturating_add(size);
        }
        at = ((at as u64 + size) % modulus) as usize;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every content up to a bound, by trying each sum in turn.
    fn by_trying(dose: i128, sizes: &[i128]) -> Option<i128> {
        let bound = usize::try_from(dose + sizes.iter().max()?).ok()?;
        let mut reachable = vec![false; bound + 1];
        reachable[0] = true;
        for content in 1..=bound {
            reachable[content] =
                sizes.iter().any(|&size| content as i128 >= size && reachable[content - size as usize]);
        }
        (0..=bound).find(|&content| reachable[content] && content as i128 >= dose).map(|c| c as i128)
    }

    #[test]
    fn the_least_content_of_known_doses() {
        assert_eq!(least_content(300, &[100, 400]), Some(300));
        assert_eq!(least_content(305, &[100, 400]), Some(400));
        assert_eq!(least_content(1_500, &[200, 1_000, 2_000]), Some(1_600));
        assert_eq!(least_content(1, &[50]), Some(50));
        assert_eq!(least_content(10, &[]), None);
    }

    fn step(sizes: &[i128]) -> i128 {
        sizes.iter().copied().fold(0, common_divisor)
    }

    #[test]
    fn a_content_that_no_choice_undercuts_is_known_without_a_search() {
        let is_least = |content, dose, sizes: &[i128]| is_least(content, dose, step(sizes));
        assert!(is_least(800, 705, &[100, 500]) && is_least(1_500, 1_350, &[500]));
        assert!(!is_least(900, 705, &[100, 500]) && !is_least(70, 65, &[7, 10]));
    }

    #[test]
    fn both_searches_agree_with_trying_every_sum() {
        let mut seed: u64 = 7;
        let mut next = |below: u64| {
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            (seed >> 33) % below
        };
        for _ in 0..400 {
            let sizes: Vec<u64> = (0..=next(4)).map(|_| 1 + next(40)).collect();
            let dose = 1 + next(300);
            let mut sorted = sizes.clone();
            sorted.sort_unstable();
            sorted.dedup();
            let wide: Vec<i128> = sizes.iter().map(|&size| i128::from(size)).collect();
            let expected = by_trying(i128::from(dose), &wide);
            assert_eq!(least_content(i128::from(dose), &wide), expected, "{dose} of {sizes:?}");
            let least = expected.expect("a content");
            assert!(!is_least(least + 1, i128::from(dose), step(&wide)), "{dose} of {sizes:?}");
            assert_eq!(by_remainder(dose, &sorted).map(i128::from), expected, "{dose} of {sizes:?}");
            assert_eq!(Some(i128::from(by_choice(dose, &sorted))), expected, "{dose} of {sizes:?}");
        }
    }

    #[test]
    fn a_huge_dose_over_ten_sizes_is_found() {
        let milligram: i128 = 1_000_000_000_000_000;
        let sizes: Vec<i128> =
            [7, 30, 50, 85, 100, 250, 420, 500, 1_000, 2_000].iter().map(|mg| mg * milligram).collect();
        assert_eq!(least_content(5_000_000 * milligram, &sizes), Some(5_000_000 * milligram));
    }
}
