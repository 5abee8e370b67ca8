//! The administration of a vaccine, which has codes of another section (rule CHM-13).

use super::outside;
use crate::domain::drug::DrugGiven;
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};
use crate::policy::parameters::VaccineAdministration;
use crate::rules::identity;

/// Points to the code of the vaccine's administration: its own where the payer has one, else that of any vaccine.
pub(super) fn send_away(coding: &mut Coding<'_>, index: u16) {
    let policy = coding.policy;
    let encounter = coding.encounter;
    let drugs = &encounter.administrations[usize::from(index)].drugs;
    let listed = &policy.administration.vaccine_administration;
    let own = drugs.iter().find_map(|drug| listed.iter().find(|entry| is_of(coding, drug, entry)));
    match own.filter(|entry| !entry.except.contains(&encounter.setting)) {
        Some(VaccineAdministration { code: None, .. }) => {
            let text = "The administration of this vaccine has a code for each product and dose in another section, and earns no administration code here.";
            outside::say_outside(coding, index, text, &[]);
        }
        Some(VaccineAdministration { code: Some(code), .. }) => {
            let facts =
                [fact::parameter("code", Value::Code(*code), &policy.administration.vaccine_administration)];
            let text = "The administration of this vaccine is reported with {code} of another section, and earns no administration code here.";
            outside::say_outside(coding, index, text, &facts);
        }
        None => outside::send_away(coding, index, Some(policy.administration.outside_codes.vaccine)),
    }
}

/// Whether a vaccine is one of an entry: by its code, else by the words of its name.
fn is_of(coding: &Coding<'_>, drug: &DrugGiven, entry: &VaccineAdministration) -> bool {
    if let Some(code) = identity::code_of(coding, drug) {
        return entry.products.iter().any(|(first, last)| (*first..=*last).contains(&code));
    }
    let name = drug.name.as_deref().unwrap_or_default().to_lowercase();
    let has = |wanted: &String| {
        // Whole words, so that one that only begins alike is not meant.
        let ends = |at: Option<char>| at.is_none_or(|letter| !letter.is_alphanumeric());
        name.match_indices(wanted.as_str()).any(|(at, found)| {
            ends(name[..at].chars().next_back()) && ends(name[at + found.len()..].chars().next())
        })
    };
    entry.words.iter().any(has)
}
