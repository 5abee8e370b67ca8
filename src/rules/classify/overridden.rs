//! A class that the request states in place of the catalog's (rule CLS-1).

use super::{CLS_1, is_complex};
use crate::domain::drug::{DrugClass, DrugGiven};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Value, fact};

/// A class without its reason is worth a look; one that leads to the same codes is not.
pub(super) fn note(coding: &mut Coding<'_>, index: u16, drug: u16, given: &DrugGiven, known: DrugClass) {
    let leads_elsewhere = given.class.is_none_or(|stated| {
        stated == DrugClass::HormonalAntineoplastic
            || known == DrugClass::HormonalAntineoplastic
            || is_complex(stated) != is_complex(known)
    });
    let severity =
        if leads_elsewhere && given.class_reason.is_none() { Severity::Warn } else { Severity::Info };
    let facts = [
        fact::given("drug", Value::Of(Field::Drug(index, drug, ""))),
        fact::catalog("known", Value::Label(label(known))),
    ];
    coding.find(
        severity,
        Reason::DrugClassOverridden,
        Field::Drug(index, drug, "drugClass"),
        &CLS_1,
        "The catalog has {drug} as {known}; the class stated in the request is used. Give its reason, and keep it in the record.",
        &facts,
    );
}

const fn label(class: DrugClass) -> &'static str {
    match class {
        DrugClass::Antineoplastic => "antineoplastic",
        DrugClass::HormonalAntineoplastic => "hormonal antineoplastic",
        DrugClass::ComplexBiologic => "a complex biologic",
        DrugClass::Therapeutic => "therapeutic",
        DrugClass::Hydration => "hydration",
        DrugClass::BloodProduct => "a blood product",
        DrugClass::Contrast => "contrast",
        DrugClass::Vaccine => "a vaccine",
        DrugClass::Radiopharmaceutical => "a radiopharmaceutical",
        DrugClass::SkinSubstitute => "a skin substitute",
    }
}
