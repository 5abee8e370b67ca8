//! What kind of administration service a drug earns (rules CLS-1 to CLS-5, CHM-1).

mod diagnoses;
mod hormonal;
mod named;
mod overridden;
mod unlisted;

pub use diagnoses::begins;
pub use hormonal::CHM_1;

use super::drug_line::product;
use super::given::{self, Given};
use super::{Family, Rule, Status, identity, rule};
use crate::catalog::formulary::{ClassBasis, DrugFacts, NamedClass};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{ClassProfile, DrugClass, DrugGiven};
use crate::domain::field::Field;
use crate::domain::finding::{Reason, Severity};
use crate::engine::Coding;
use crate::engine::trail::{Subject, Value, fact};
use crate::policy::parameters::DrugClassProfile;

rule! {
    pub static CLS_1: "CLS-1", "Complexity makes a drug complex, not the diagnosis",
    basis: Quoted, cites: ["A52953", "NOR-JF", "MEDLEARN-MTX"],
    says: "The chemotherapy codes are for antineoplastic drugs, also against other diseases, and for certain monoclonal antibodies and other biologic response modifiers. The drug's complexity and risk decide.",
    why: "The codes pay for the preparation, supervision and monitoring that such a drug needs, whatever it treats.",
    example: "Rituximab for rheumatoid arthritis is infused under the same codes as rituximab for lymphoma.",
    exceptions: "Lists of contractors and payers, and policies that ask for cancer (CLS-3 to CLS-5). The unclassified code of biologics tells nothing by itself: without a known name the class is asked for.",
}

rule! {
    pub static CLS_2: "CLS-2", "Several factors decide whether the complexity was met",
    basis: Primary, cites: ["NOR-JF", "CSRO"],
    status: Status::Informational,
    from: "2025-01-02",
    says: "Since 2025 the manual lets several factors speak for the complexity of the service, and not the drug's name alone. Contractors had paused automatic down-coding before.",
    why: "Lists of drugs had taken the place of the medical record.",
    example: "An infusion that is on a retired list may still be reported under the complex codes when the record shows the complexity.",
    exceptions: "None.",
}

rule! {
    pub static CLS_3: "CLS-3", "A contractor's list of drugs",
    basis: Primary, cites: ["CSRO", "A59272", "A58532"],
    says: "Where the policy follows a contractor's list, a drug on it is reported under the therapeutic codes.",
    why: "Some contractors published such lists; several are retired, so none is used unless a policy asks for it.",
    example: "Under a policy that lists natalizumab, its infusion is therapeutic.",
    exceptions: "Without such a policy CLS-1 decides.",
}

rule! {
    pub static CLS_4: "CLS-4", "A payer's list of drugs",
    basis: Primary, cites: ["IBC"],
    says: "Where a payer lists drugs for the therapeutic codes, the list decides for that payer, also against the class that the request states.",
    why: "The payer denies the complex code for a listed drug.",
    example: "A plan that lists certolizumab pays its injection as a therapeutic one.",
    exceptions: "Drugs that are not listed follow CLS-1.",
}

rule! {
    pub static CLS_5: "CLS-5", "Chemotherapy codes for cancer only",
    basis: Secondary, cites: ["GUIDE-2026"],
    says: "Under this reading the chemotherapy codes are for cancer only; the same drug against another disease is therapeutic, and so is a biologic that is no antineoplastic, whatever the visit treats. The stated indication decides, else the diagnoses where all of them or none are cancer, status, symptoms and common companions left out; otherwise it is asked.",
    why: "Some payers and the 2026 billing guide read the codes so. CMS and CPT do not (CLS-1).",
    example: "Rituximab for rheumatoid arthritis is a therapeutic infusion under this reading.",
    exceptions: "Used only where the policy asks for it.",
}

/// The rules of this file.
pub static FAMILIES: &[Family] = &[("Drug class", &[&CLS_1, &CLS_2, &CLS_3, &CLS_4, &CLS_5, &CHM_1])];

/// What keeps the class of an administration unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unknown {
    /// Nothing tells the class of a drug.
    Class { drug: Option<u16> },
    /// The policy must know whether the visit treats cancer.
    Indication { drug: u16 },
    /// A hormonal drug whose use decides, and nothing tells it.
    Use { drug: u16 },
    /// A therapeutic drug whose name has a complex one behind `with`: mixed with it, or given beside it.
    Company { drug: u16 },
}

/// The class that leads an administration of which something was given: a mixture follows its most complex drug (rule
/// SEQ-4). `single` is what the table of drugs has of a single drug with a stated code.
///
/// # Errors
/// The fact to ask for, where the class is not known.
pub(in crate::rules) fn class_of_administration(
    coding: &mut Coding<'_>,
    index: u16,
    single: Option<&DrugFacts>,
) -> Result<DrugClass, Unknown> {
    let drugs = coding.encounter.administrations[usize::from(index)].drugs.as_slice();
    if let [drug] = drugs {
        return class_of_drug(coding, index, 0, drug, single);
    }
    let mut leading = None;
    let mut unknown = None;
    for (place, drug) in drugs.iter().enumerate() {
        if matches!(given::of(coding, drug), Given::No | Given::ByOthers) {
            continue;
        }
        match class_of_drug(coding, index, place as u16, drug, None) {
            Ok(class) if leading.is_none_or(|known| rank(known) < rank(class)) => leading = Some(class),
            Ok(_) => {}
            Err(reason) => unknown = Some(reason),
        }
    }
    match (leading, unknown) {
        (Some(class), None) => Ok(class),
        // No other drug of the mixture can outrank an antineoplastic one.
        (Some(DrugClass::Antineoplastic), Some(_)) => Ok(DrugClass::Antineoplastic),
        (_, Some(reason)) => Err(reason),
        (None, None) => Err(Unknown::Class { drug: None }),
    }
}

/// The class of one drug: the payer's list, else the request, else the catalog; then the policy's reading.
fn class_of_drug(
    coding: &mut Coding<'_>,
    index: u16,
    drug: u16,
    given: &DrugGiven,
    facts: Option<&DrugFacts>,
) -> Result<DrugClass, Unknown> {
    let policy = coding.policy;
    let listed = match facts {
        Some(facts) => {
            let known = coding.catalog.formulary.class_of(facts, ClassProfile::CptComplexity, coding.date);
            Some((known.class, known.basis))
        }
        None => {
            let administration = &coding.encounter.administrations[usize::from(index)];
            let known = known_class(coding, given)
                .map(|known| named::by_route(coding, given, administration.route, known));
            known.or_else(|| named::by_purpose(coding, given, administration.fluid_purpose))
        }
    };
    let class = match (given.class, listed) {
        (Some(stated), listed) => {
            let differs = listed.filter(|(known, _)| *known != stated);
            let differs = differs.filter(|(_, basis)| !unlisted::is_of_any_drug(coding, given, *basis));
            if let Some((known, _)) = differs {
                overridden::note(coding, index, drug, given, known);
            }
            stated
        }
        (None, Some((known, basis))) if basis != ClassBasis::CodeRange => known,
        (None, listed) => unlisted::class(coding, index, drug, given, listed)?,
    };
    if matches!(class, DrugClass::Therapeutic | DrugClass::Hydration) {
        return Ok(class);
    }
    if given.class.is_none() && named::is_in_company(coding, given) {
        return Err(Unknown::Company { drug });
    }
    if !is_complex(class) {
        return Ok(class);
    }
    let profile = &policy.administration.drug_class_profile;
    match **profile {
        DrugClassProfile::MacList if is_down_classed(coding, given, ClassProfile::MacList) => {
            Ok(down_classed(coding, &CLS_3, index, drug))
        }
        DrugClassProfile::PayerList if is_down_classed(coding, given, ClassProfile::PayerList) => {
            Ok(down_classed(coding, &CLS_4, index, drug))
        }
        DrugClassProfile::StrictOncology => by_use(coding, index, drug, class),
        _ if class == DrugClass::HormonalAntineoplastic => hormonal::class(coding, index, drug, given),
        _ => {
            let facts = [fact::parameter("profile", Value::Label("complexity"), profile)];
            let text =
                "The drug's complexity makes this a chemotherapy or complex service, whatever the diagnosis.";
            coding.result.trail.fired(&CLS_1, Subject::Drug(index, drug), text, &facts);
            Ok(class)
        }
    }
}

/// Whether the class belongs to the chemotherapy and complex drug family.
pub const fn is_complex(class: DrugClass) -> bool {
    matches!(
        class,
        DrugClass::Antineoplastic | DrugClass::ComplexBiologic | DrugClass::HormonalAntineoplastic
    )
}

/// The class that our table of drugs states for a code, or else for a name, and how surely.
///
/// A listed name beats the class that the range of a code guesses. A fluid does not: it may carry the drug.
pub fn known_class(coding: &Coding<'_>, given: &DrugGiven) -> Option<(DrugClass, ClassBasis)> {
    let formulary = &coding.catalog.formulary;
    let date = coding.date;
    let code = identity::code_of(coding, given).or_else(|| product::code_of_strength(coding, given));
    let by_code = code.and_then(|code| formulary.class_of_code(code, ClassProfile::CptComplexity, date));
    if let Some(known) = by_code.filter(|known| known.basis != ClassBasis::CodeRange) {
        return Some((known.class, known.basis));
    }
    let named = given.name.as_deref().and_then(|name| formulary.class_of_name(name));
    let named = named.filter(|named| by_code.is_none() || named.class != DrugClass::Hydration);
    // Of a mixture in one name an unknown part may outrank the known ones, unless the whole is a product.
    let is_open = |named: &&NamedClass| {
        named.class == DrugClass::Therapeutic
            && code.is_none()
            && given.name.as_deref().is_some_and(|name| {
                formulary.unknown_part(name).is_some() && coding.catalog.codes_of_name(name, date).is_empty()
            })
    };
    if named.as_ref().is_some_and(is_open) {
        return None;
    }
    let by_name = named.map(|named| (named.class, ClassBasis::Listed));
    // A name that the table of names lacks still means codes, and those have a class.
    let by_codes = || {
        given.name.as_deref().filter(|_| code.is_none()).and_then(|name| named::class_of_codes(coding, name))
    };
    let by_catalogue = || code.and_then(|code| named::class_of_code(coding, code));
    let by_range = by_code.map(|known| (known.class, known.basis));
    by_name.or(by_range).or_else(by_codes).or_else(by_catalogue)
}

/// Whether a profile's list sends the drug to the therapeutic codes: by its code, else by all codes of its name.
fn is_down_classed(coding: &Coding<'_>, given: &DrugGiven, profile: ClassProfile) -> bool {
    let is_listed = |code: &HcpcsCode| {
        let known = coding.catalog.formulary.class_of_code(*code, profile, coding.date);
        known.is_some_and(|known| (known.class, known.basis) == (DrugClass::Therapeutic, ClassBasis::Profile))
    };
    if let Some(code) = identity::code_of(coding, given) {
        return is_listed(&code);
    }
    let Some(name) = given.name.as_deref() else { return false };
    let mut codes = coding.catalog.codes_of_name(name, coding.date);
    // A product against other diseases alone is therapeutic already, and no list need name it.
    codes.retain(|code| {
        !coding.policy.administration.hormonal_non_cancer_codes.contains(code) || is_listed(code)
    });
    !codes.is_empty() && codes.iter().all(is_listed)
}

const fn rank(class: DrugClass) -> u8 {
    match class {
        DrugClass::Antineoplastic => 9,
        DrugClass::ComplexBiologic => 8,
        DrugClass::HormonalAntineoplastic => 7,
        DrugClass::Therapeutic => 6,
        DrugClass::BloodProduct => 5,
        DrugClass::Vaccine => 4,
        DrugClass::Radiopharmaceutical => 3,
        DrugClass::Contrast => 2,
        DrugClass::SkinSubstitute => 1,
        DrugClass::Hydration => 0,
    }
}

fn down_classed(coding: &mut Coding<'_>, rule: &'static Rule, index: u16, drug: u16) -> DrugClass {
    let profile = &coding.policy.administration.drug_class_profile;
    let facts = [fact::parameter("profile", Value::Label("list"), profile)];
    let text = "The payer's list sends this drug to the therapeutic codes.";
    coding.result.trail.fired(rule, Subject::Drug(index, drug), text, &facts);
    DrugClass::Therapeutic
}

/// The class by use: the chemotherapy codes are for antineoplastics used against cancer (rows G-19, G-20).
fn by_use(coding: &mut Coding<'_>, index: u16, drug: u16, class: DrugClass) -> Result<DrugClass, Unknown> {
    let subject = Subject::Drug(index, drug);
    if class == DrugClass::ComplexBiologic {
        let text = "The biologic is no antineoplastic, so this policy reports a therapeutic service, whatever the visit treats.";
        coding.result.trail.fired(&CLS_5, subject, text, &[]);
        return Ok(by_no_complexity(coding, index, drug));
    }
    let known = diagnoses::stated(coding).or_else(|| diagnoses::is_all_cancer(coding));
    let (treats_cancer, basis) = known.ok_or(Unknown::Indication { drug })?;
    if treats_cancer {
        let text = "The visit treats cancer by its {basis}, so the chemotherapy codes apply.";
        coding.result.trail.fired(&CLS_5, subject, text, &[basis]);
        return Ok(class);
    }
    let text =
        "The visit does not treat cancer by its {basis}, so this policy reports a therapeutic service.";
    coding.result.trail.fired(&CLS_5, subject, text, &[basis]);
    Ok(by_no_complexity(coding, index, drug))
}

/// A therapeutic service where the complexity of the drug would have decided otherwise; an answer that names departures
/// names this one.
fn by_no_complexity(coding: &mut Coding<'_>, index: u16, drug: u16) -> DrugClass {
    if *coding.policy.administration.names_departures {
        coding.find(
            Severity::Info,
            Reason::GuideDepartsFromAuthority,
            Field::Drug(index, drug, "drugClass"),
            &CLS_1,
            "CMS and CPT let the drug's complexity decide, and not the diagnosis: the chemotherapy codes would apply (Medicare claims manual, ch. 12 §30.5).",
            &[],
        );
    }
    DrugClass::Therapeutic
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::{Catalog, CodeVersion};
    use crate::domain::encounter::{Administration, Encounter, Indication, Setting};
    use crate::domain::time::date;
    use crate::policy::PolicyBook;

    fn class(
        payer: &str,
        code: &str,
        class: Option<DrugClass>,
        indication: Option<Indication>,
    ) -> Result<DrugClass, Unknown> {
        let day = date(2025, 11, 3);
        let mut encounter = Encounter::new(Setting::PhysicianOffice, day);
        encounter.indication = indication;
        let drug = DrugGiven { code: code.parse().ok(), class, ..DrugGiven::default() };
        encounter.administrations.push(Administration { drugs: vec![drug], ..Administration::default() });
        let book = PolicyBook::embedded().expect("the embedded policies");
        let catalog = Catalog::default();
        let mut coding = Coding::new(&encounter, &catalog, book.at(day, payer).expect("the payer"));
        class_of_administration(&mut coding, 0, None)
    }

    #[test]
    fn complexity_decides_under_medicare_and_use_under_the_guide() {
        let rituximab = Some(DrugClass::Antineoplastic);
        let (cancer, other) = (Some(Indication::Oncology), Some(Indication::NonOncology));
        assert_eq!(class("medicare", "J9312", rituximab, other), Ok(DrugClass::Antineoplastic));
        assert_eq!(class("medicare", "J9312", rituximab, None), Ok(DrugClass::Antineoplastic));
        assert_eq!(class("guide-2026", "J9312", rituximab, cancer), Ok(DrugClass::Antineoplastic));
        assert_eq!(class("guide-2026", "J9312", rituximab, other), Ok(DrugClass::Therapeutic));
        assert_eq!(class("guide-2026", "J9312", rituximab, None), Err(Unknown::Indication { drug: 0 }));
        assert_eq!(
            class("guide-2026", "J1756", Some(DrugClass::Therapeutic), None),
            Ok(DrugClass::Therapeutic)
        );
    }

    #[test]
    fn a_hormone_follows_its_use() {
        let hormone = Some(DrugClass::HormonalAntineoplastic);
        let (cancer, other) = (Some(Indication::Oncology), Some(Indication::NonOncology));
        assert_eq!(class("medicare", "J9217", hormone, None), Ok(DrugClass::HormonalAntineoplastic));
        assert_eq!(class("medicare", "J9217", hormone, other), Ok(DrugClass::Therapeutic));
        assert_eq!(class("medicare", "J1950", hormone, None), Ok(DrugClass::Therapeutic));
        assert_eq!(class("medicare", "J1950", hormone, cancer), Ok(DrugClass::HormonalAntineoplastic));
    }

    #[test]
    fn a_listed_name_beats_the_range_of_a_code() {
        let catalog = Catalog::embedded();
        let day = date(2025, 11, 3);
        let encounter = Encounter::new(Setting::PhysicianOffice, day);
        let book = PolicyBook::embedded().expect("the embedded policies");
        let coding = Coding::new(&encounter, &catalog, book.at(day, "medicare").expect("the payer"));
        let known = |code: &str, name: &str| {
            let name = Some(name.to_owned());
            let drug = DrugGiven { code: code.parse().ok(), name, ..DrugGiven::default() };
            known_class(&coding, &drug).map(|(class, _)| class)
        };
        assert_eq!(known("J3590", "Kisunla"), Some(DrugClass::ComplexBiologic));
        assert_eq!(known("J0278", "amikacin"), Some(DrugClass::Therapeutic));
        assert_eq!(known("J0278", "normal saline"), Some(DrugClass::Therapeutic));
        let drug = DrugGiven {
            ndc: Some(crate::domain::drug::NdcGiven::Read("50242-0053-06".parse().expect("an NDC"))),
            ..DrugGiven::default()
        };
        assert_eq!(known_class(&coding, &drug), Some((DrugClass::Antineoplastic, ClassBasis::Listed)));
    }

    /// Every code of a drug that a name lists as complex has that class itself, however the drug is written.
    #[test]
    fn a_code_and_its_name_have_one_class() {
        let catalog = Catalog::embedded();
        let formulary = &catalog.formulary;
        let is_split = |version: &&CodeVersion| {
            let by_code =
                formulary.class_of_code(version.code, ClassProfile::CptComplexity, date(2025, 11, 3));
            let named = formulary.class_of_name(&version.name).map(|named| named.class);
            let ranged = by_code.filter(|known| known.basis == ClassBasis::CodeRange);
            ranged.zip(named).is_some_and(|(ranged, named)| is_complex(ranged.class) != is_complex(named))
        };
        // What is swallowed or goes into the eye earns no administration code.
        let by_mouth = HcpcsCode::of("J8500")..HcpcsCode::of("J9000");
        let is_given = |version: &&CodeVersion| {
            !by_mouth.contains(&version.code) && version.code != HcpcsCode::of("J7315")
        };
        let newest = catalog.codes.values().map(|versions| &versions[0]).filter(is_given);
        let split: Vec<_> = newest.filter(is_split).map(|version| (version.code, &version.name)).collect();
        assert!(split.is_empty(), "by name another class than by range: {split:?}");
    }
}
