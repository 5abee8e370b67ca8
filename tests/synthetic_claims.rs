//! Claims made by a seed with known mistakes: every mistake is found with its right kind, and nothing else.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use infusion_coder::catalog::Catalog;
use infusion_coder::policy::PolicyBook;
use infusion_coder::server::coder::Coder;
use infusion_coder::server::pb;
use infusion_coder::synthetic::{self, Mistake, Recipe};

/// Visits that are made and audited.
const VISITS: u64 = 10_000;
/// Three claims in four have a mistake; the fourth shows that right ones are left alone.
const RECIPE: Recipe = Recipe { seed: 20_261_124, mistakes_percent: 75 };

#[test]
fn every_injected_mistake_is_found_and_nothing_else() {
    let policies = Arc::new(PolicyBook::embedded().expect("the embedded policies"));
    let coder = Coder::on(Catalog::embedded(), policies);
    let next = AtomicU64::new(0);
    let workers = std::thread::available_parallelism().map_or(1, usize::from);
    let audit_some = || {
        let (mut faults, mut seen) = (Vec::new(), BTreeMap::<Option<Mistake>, u64>::new());
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= VISITS {
                return (faults, seen);
            }
            let made = synthetic::claim(RECIPE, number, &coder).expect("a visit");
            let mut request = made.request.clone();
            request.detail = pb::Detail::Lines.into();
            let audit = coder.audit(request).expect("an audit");
            *seen.entry(made.mistake).or_default() += 1;
            if !made.expected.is_found(&audit.audit) {
                let texts: Vec<String> = audit.response.discrepancies.into_iter().map(|d| d.text).collect();
                faults.push(format!(
                    "{number} {:?}: {texts:?} {:?}; wanted {:?}",
                    made.mistake, audit.audit.patterns, made.expected
                ));
            }
        }
    };
    let results: Vec<_> = std::thread::scope(|scope| {
        let running: Vec<_> = (0..workers).map(|_| scope.spawn(audit_some)).collect();
        running.into_iter().map(|worker| worker.join().expect("a worker")).collect()
    });
    let mut seen: BTreeMap<Option<Mistake>, u64> = BTreeMap::new();
    let mut faults = Vec::new();
    for (some, counts) in results {
        faults.extend(some);
        for (mistake, count) in counts {
            *seen.entry(mistake).or_default() += count;
        }
    }
    let shown = &faults[..faults.len().min(20)];
    assert!(faults.is_empty(), "{} of {VISITS} audits are wrong:\n{}", faults.len(), shown.join("\n"));
    for mistake in Mistake::ALL {
        assert!(seen.get(&Some(mistake)).is_some_and(|count| *count > 50), "{mistake:?}: {seen:?}");
    }
    assert!(seen.get(&None).is_some_and(|count| *count > VISITS / 5), "{seen:?}");
}

#[test]
fn a_seed_makes_the_same_claims_again() {
    let policies = Arc::new(PolicyBook::embedded().expect("the embedded policies"));
    let coder = Coder::on(Catalog::embedded(), policies);
    for number in [0, 7, 99] {
        let make = || synthetic::claim(RECIPE, number, &coder).expect("a visit");
        assert_eq!(make(), make());
    }
    assert_ne!(synthetic::visit(RECIPE, 1), synthetic::visit(Recipe { seed: 2, ..RECIPE }, 1));
}
