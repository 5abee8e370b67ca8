//! Hormonal drugs: against cancer, or against another disease (rule CHM-1).

use super::{Unknown, diagnoses};
use crate::catalog::formulary::Nature;
use crate::catalog::names::fold;
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::quantity::Quantity;
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Subject, Value, fact};
use crate::policy::parameters::HormonalDoses;
use crate::rules::drug_line::units::strength::amounts_in_name;
use crate::rules::given::{self, Given};
use crate::rules::{identity, rule};

rule! {
    pub static CHM_1: "CHM-1", "Hormonal drugs against cancer",
    basis: Secondary, cites: ["IBC"],
    says: "Leuprolide, goserelin or fulvestrant against cancer is a hormonal antineoplastic; against another disease it is a therapeutic drug. The stated indication decides, else a diagnosis of cancer or of another disease that such drugs treat, else the words of the name, else a product or a dose that is labelled for one of the two alone, else another drug of the visit that is labelled for cancer alone.",
    why: "The hormonal code is for antineoplastic use; the same hormone also treats endometriosis and infertility.",
    example: "The 7.5 mg depot of leuprolide for prostate cancer is a hormonal injection; the 3.75 mg depot for endometriosis is a therapeutic one.",
    exceptions: "A class that the request states speaks for a product with both uses. Where nothing tells the use, or the diagnoses name a neoplasm of uncertain behavior and no cancer, it is asked for. A diagnosis that the drug does not treat, such as hypertension, tells nothing.",
}

/// The class of a hormonal drug, by what it treats.
///
/// # Errors
/// The use, where nothing tells it.
pub(super) fn class(
    coding: &mut Coding<'_>,
    index: u16,
    drug: u16,
    given: &DrugGiven,
) -> Result<DrugClass, Unknown> {
    let diagnosed = || diagnoses::has_cancer(coding);
    let told = || {
        let name = given.name.as_deref()?;
        Some((
            coding.catalog.formulary.told_use(name)?,
            fact::given("basis", Value::Label("words of the name")),
        ))
    };
    let labelled = || label(coding, given);
    let beside = || beside(coding, given);
    let classed = || given.class.map(|class| (class == DrugClass::HormonalAntineoplastic, CLASS_STATED));
    let known = diagnoses::stated(coding)
        .or_else(diagnosed)
        .or_else(told)
        .or_else(labelled)
        .or_else(classed)
        .or_else(beside);
    let (treats_cancer, basis) = known.ok_or(Unknown::Use { drug })?;
    let (class, text) = if treats_cancer {
        let text = "A hormonal drug against cancer takes the hormonal code; that it is against cancer follows from the {basis}.";
        (DrugClass::HormonalAntineoplastic, text)
    } else {
        let text = "A hormonal drug that does not treat cancer is a therapeutic one; that it does not follows from the {basis}.";
        (DrugClass::Therapeutic, text)
    };
    coding.result.trail.fired(&CHM_1, Subject::Drug(index, drug), text, &[basis]);
    Ok(class)
}

const CLASS_STATED: NotedFact = fact::given("basis", Value::Label("stated class"));
const LABEL: Value = Value::Label("label of the product");

/// What the label of the product names alone: cancer, or other diseases; nothing where it names both.
fn label(coding: &Coding<'_>, given: &DrugGiven) -> Option<(bool, NotedFact)> {
    let parameters = &coding.policy.administration;
    if let Some(code) = identity::code_of(coding, given) {
        let lists =
            [(false, &parameters.hormonal_non_cancer_codes), (true, &parameters.hormonal_cancer_codes)];
        if let Some((is_cancer, list)) = lists.into_iter().find(|(_, list)| list.contains(&code)) {
            return Some((is_cancer, fact::parameter("basis", LABEL, list)));
        }
    }
    let name = given.name.as_deref()?;
    if parameters.hormonal_cancer_doses.iter().any(|row| is_of_doses(row, given, name)) {
        return Some((true, fact::parameter("basis", LABEL, &parameters.hormonal_cancer_doses)));
    }
    let named = coding.catalog.formulary.class_of_name(name)?;
    let is_cancer = match named.nature {
        Nature::CancerOnly => true,
        Nature::OtherUse => false,
        _ => return None,
    };
    Some((is_cancer, fact::catalog("basis", LABEL)))
}

/// Whether a name and its dose are of a product that is labelled for cancer in this dose alone.
fn is_of_doses(row: &HormonalDoses, given: &DrugGiven, name: &str) -> bool {
    let words = fold(name);
    let begins = |known: &String| known.split(' ').zip(&words).filter(|(known, word)| known == word).count();
    let is_named = row.names.iter().any(|known| begins(known) == known.split(' ').count());
    let is_dose = |amount: Quantity| {
        row.doses.iter().any(|dose| amount.compare(*dose).is_some_and(std::cmp::Ordering::is_eq))
    };
    let named = || amounts_in_name(name);
    is_named
        && !words.iter().any(|word| row.but.contains(word))
        && given.dose_administered.map_or_else(|| named().into_iter().any(is_dose), is_dose)
}

/// What another drug of the visit tells: one that is labelled for cancer alone was given against it.
fn beside(coding: &Coding<'_>, given: &DrugGiven) -> Option<(bool, NotedFact)> {
    const BESIDE: Value = Value::Label("label of another drug of the visit");
    let list = &coding.policy.administration.cancer_only_drugs;
    let others = coding.encounter.administrations.iter().flat_map(|one| &one.drugs);
    let mut others =
        others.filter(|other| !std::ptr::eq(*other, given) && given::of(coding, other) == Given::Yes);
    let is_against_cancer = |other: &DrugGiven| {
        identity::is_listed(coding, other, list)
            || label(coding, other).is_some_and(|(is_cancer, _)| is_cancer)
    };
    others.any(is_against_cancer).then(|| (true, fact::parameter("basis", BESIDE, list)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::drug::ProductKind;
    use crate::domain::encounter::Route;
    use crate::domain::encounter::{Administration, Encounter, Indication, Setting};
    use crate::domain::time::date;
    use crate::engine::trail::Source;
    use crate::policy::PolicyBook;
    use crate::rules::classify;

    #[test]
    fn a_product_stated_as_an_antineoplastic_is_one_unless_it_may_be_a_hormone() {
        let day = date(2025, 11, 3);
        let book = PolicyBook::embedded().expect("the embedded policies");
        let catalog = Catalog::default();
        let class = |route| {
            let mut encounter = Encounter::new(Setting::PhysicianOffice, day);
            let (name, product_kind) = (Some("newdrug".to_owned()), Some(ProductKind::Antineoplastic));
            let drugs = vec![DrugGiven { name, product_kind, ..DrugGiven::default() }];
            let route = Some(route);
            encounter.administrations.push(Administration { route, drugs, ..Administration::default() });
            let mut coding = Coding::new(&encounter, &catalog, book.at(day, "medicare").expect("the payer"));
            classify::class_of_administration(&mut coding, 0, None)
        };
        assert_eq!(class(Route::IvInfusion), Ok(DrugClass::Antineoplastic));
        assert_eq!(class(Route::Subcutaneous), Err(Unknown::Class { drug: Some(0) }));
    }

    #[test]
    fn the_trail_names_what_told_the_use_of_a_hormone() {
        let day = date(2025, 11, 3);
        let book = PolicyBook::embedded().expect("the embedded policies");
        let catalog = Catalog::default();
        let source = |code: &str, class, indication, diagnosis: &str| {
            let mut encounter = Encounter::new(Setting::PhysicianOffice, day);
            encounter.indication = indication;
            encounter.diagnoses = diagnosis.split_whitespace().map(str::to_owned).collect();
            let drug = DrugGiven { code: code.parse().ok(), class, ..DrugGiven::default() };
            encounter.administrations.push(Administration { drugs: vec![drug], ..Administration::default() });
            let mut coding = Coding::new(&encounter, &catalog, book.at(day, "medicare").expect("the payer"));
            classify::class_of_administration(&mut coding, 0, None).expect("a class");
            let trail = &coding.result.trail;
            let step = trail.steps.iter().find(|step| step.rule.id == "CHM-1").expect("the step");
            match trail.facts(&step.note)[0].source {
                Source::Parameter { key, .. } => key.to_owned(),
                other => format!("{other:?}"),
            }
        };
        let hormone = Some(DrugClass::HormonalAntineoplastic);
        assert_eq!(source("J9202", hormone, Some(Indication::Oncology), ""), "Given");
        assert_eq!(source("J9202", hormone, None, "C61"), "administration.cancer_diagnoses");
        assert_eq!(source("J1950", hormone, None, ""), "administration.hormonal_non_cancer_codes");
        assert_eq!(source("J9217", hormone, None, ""), "administration.hormonal_cancer_codes");
        assert_eq!(source("J9202", hormone, None, ""), "Given");
    }
}
