//! A product whose own code began after the date of service: the unclassified code that it had until then, by what the
//! catalog knows of it (rules N-02, N-03, N-08).

use super::*;
use crate::catalog::formulary::{ClassBasis, Fit};
use crate::catalog::product_names::{NameQuery, Nearness, without_suffix};
use crate::cms::makers::is_maker;
use crate::domain::drug::{DrugClass, ProductKind};
use crate::policy::parameters::KindBeforeCode;

/// Kinds of product that an unknown drug of an infusion visit may be, with their words.
const KINDS: &[(ProductKind, &str)] = &[
    (ProductKind::Drug, "a drug that is no biologic and no antineoplastic"),
    (ProductKind::Biologic, "a biologic"),
    (ProductKind::Antineoplastic, "an antineoplastic"),
];

/// Kinds that a word of the nonproprietary name stands for.
const PLASMA_KINDS: &[(&str, ProductKind, &str)] = &[
    ("globulin", ProductKind::ImmuneGlobulin, "an immune globulin into a vein"),
    ("factor", ProductKind::ClottingFactor, "a clotting factor"),
];

/// The ending of a monoclonal antibody, which some were approved with before the four letters came.
const ANTIBODY: &str = "mab";

/// What the nonproprietary names of biologics, of plasma proteins and of cell and gene therapies are made of. Those that
/// the FDA approved before it gave four letters bear none, so a name with one of these is not told to be a drug.
const SIGNS_OF_BIOLOGICS: &[&str] = &[
    "ase",
    "albumin",
    "alfa",
    "antibod",
    "beta",
    "botulinum",
    "cel",
    "cept",
    "factor",
    "fab",
    "fibrin",
    "fusp",
    "gene",
    "globulin",
    "hyalur",
    "inhibitor",
    "insulin",
    "interferon",
    "kin",
    "mab",
    "plasm",
    "protein",
    "serum",
    "stim",
    "thrombin",
    "tropin",
    "vaccine",
    "vec",
];

/// The drug with the kind of product that it is by the code that it got later; nothing where that tells no kind.
pub(super) fn told(coding: &Coding<'_>, asked: &Asked<'_>) -> Option<DrugGiven> {
    if *coding.policy.drug_line.kind_before_code == KindBeforeCode::Asked {
        return None;
    }
    let later = product(coding, asked);
    let kind = match later {
        Some(later) => kind_of(coding, asked, later)?,
        None => kind_of_new(coding, asked)?,
    };
    // The four letters of its name tell a hospital how new a biologic is, and they are behind the last word alone.
    let name = later.map(|later| &later.name).filter(|name| without_suffix(name).is_some());
    let word = name.and_then(|name| name.split_whitespace().last()).map(str::to_owned);
    let name = word.or_else(|| asked.drug.name.clone());
    Some(DrugGiven { product_kind: Some(kind), name, ..asked.drug.clone() })
}

/// The code that is a name's alone and that cannot be billed here on the date: it begins later, or is a hospital's.
pub(super) fn product<'a>(coding: &Coding<'a>, asked: &Asked<'_>) -> Option<&'a CodeVersion> {
    let settings = &coding.policy.drug_line.hospital_code_settings;
    let is_elsewhere = !settings.contains(&coding.encounter.setting);
    let in_force = named::by_exact_name(coding, asked.drug);
    // A name of several products is told by none of them.
    if in_force.iter().any(|version| !is_elsewhere || !named::is_of_hospitals(version)) {
        return None;
    }
    named::begins_later(coding, asked.drug).or_else(|| in_force.first().copied())
}

/// Whether the name is the brand of a product whose own code cannot be billed here on the date, so that no other product
/// of the drug is meant.
pub(super) fn is_brand(coding: &Coding<'_>, asked: &Asked<'_>) -> bool {
    let Some(name) = asked.drug.name.as_deref() else { return false };
    let is_it = |brand: &str| brand.eq_ignore_ascii_case(name.trim());
    product(coding, asked).is_some_and(|later| later.brands.iter().any(|brand| is_it(brand)))
        && told(coding, asked).is_some()
}

/// The kind of product by the class of its later code and by its name.
fn kind_of(coding: &Coding<'_>, asked: &Asked<'_>, later: &CodeVersion) -> Option<ProductKind> {
    if is_of_other_kind(later) {
        return None;
    }
    let Classes { known, by_number } = Classes::of(coding, asked, later);
    let is_biologic = later.flags.has(CodeFlag::Biosimilar)
        || without_suffix(&later.name).is_some()
        || later.name.split_whitespace().any(|word| word.ends_with(ANTIBODY))
        || asked.drug.name.as_deref().is_some_and(|name| without_suffix(name.trim()).is_some());
    match known.or(by_number.filter(|class| *class == DrugClass::Therapeutic)) {
        Some(DrugClass::Antineoplastic | DrugClass::HormonalAntineoplastic) => {
            Some(ProductKind::Antineoplastic)
        }
        Some(DrugClass::ComplexBiologic) => Some(ProductKind::Biologic),
        Some(DrugClass::Therapeutic) if is_biologic => Some(ProductKind::Biologic),
        Some(DrugClass::Therapeutic) => {
            let name = later.name.to_lowercase();
            let is_plain = !SIGNS_OF_BIOLOGICS.iter().any(|sign| name.contains(sign));
            is_plain.then_some(ProductKind::Drug)
        }
        _ => None,
    }
}

/// The code of a drug that has ended, the last one to end of those that the route leaves (rule L-02).
pub(super) fn ended<'a>(coding: &Coding<'a>, asked: &Asked<'_>) -> Option<&'a CodeVersion> {
    // A maker is no drug, though a code may have been its product's alone.
    let name = asked.drug.name.as_deref().filter(|name| !is_maker(name))?;
    let words = named::words_of(name.split('(').next()?);
    let query = NameQuery::new(&words, &coding.catalog.formulary);
    let ended =
        coding.catalog.named(&query, Nearness::Exact, coding.date).filter_map(|lookup| match lookup {
            Lookup::Terminated(version) => Some(version),
            _ => None,
        });
    let fitting = ended.filter(|version| named::fit(coding, asked, version) <= Fit::Unknown);
    fitting.max_by_key(|version| (version.terminated, version.code))
}

/// What is known of the class of a product.
struct Classes {
    /// The one that is stated, else that of its later code, else that of its name.
    known: Option<DrugClass>,
    /// The one that the number of its code alone speaks for: those behind J9000 are of antineoplastics and of others.
    by_number: Option<DrugClass>,
}

impl Classes {
    fn of(coding: &Coding<'_>, asked: &Asked<'_>, later: &CodeVersion) -> Self {
        let formulary = &coding.catalog.formulary;
        let of_code = formulary.class_of_code(later.code, Default::default(), coding.date);
        let is_by_number = of_code.is_some_and(|class| class.basis == ClassBasis::CodeRange);
        let of_code = of_code.map(|class| class.class);
        let of_name = || {
            let mut names = [asked.drug.name.as_deref(), Some(&*later.name)].into_iter().flatten();
            names.find_map(|name| formulary.class_of_name(name)).map(|named| named.class)
        };
        let listed = of_code.filter(|_| !is_by_number);
        Self {
            known: asked.drug.class.or(listed).or_else(of_name),
            by_number: of_code.filter(|_| is_by_number),
        }
    }

    /// Whether the product is of a class whose kinds are [`KINDS`].
    fn is_of_kinds(&self) -> bool {
        const CLASSES: &[DrugClass] = &[
            DrugClass::Antineoplastic,
            DrugClass::HormonalAntineoplastic,
            DrugClass::ComplexBiologic,
            DrugClass::Therapeutic,
        ];
        self.known.or(self.by_number).is_some_and(|class| CLASSES.contains(&class))
    }
}

/// Whether a code is of a product that is none of the kinds that an injection may be.
fn is_of_other_kind(later: &CodeVersion) -> bool {
    let other = [
        CodeFlag::Oral,
        CodeFlag::Inhaled,
        CodeFlag::ThroughDme,
        CodeFlag::Vaccine,
        CodeFlag::ImagingAgent,
        CodeFlag::SkinSubstitute,
    ];
    other.into_iter().any(|flag| later.flags.has(flag)) || later.billing.is_err()
}

/// A product of which nothing but its approval is known, where every kind has the same code (rule N-03).
fn kind_of_new(coding: &Coding<'_>, asked: &Asked<'_>) -> Option<ProductKind> {
    let parameters = &coding.policy.drug_line;
    let approved = asked.drug.fda_approved?;
    let setting = coding.encounter.setting;
    let is_plain = parameters.plain_unclassified_codes.is_empty();
    let mut rows = parameters.new_drug_codes.iter().filter(|row| row.settings.contains(&setting));
    let row = rows.next().filter(|row| is_plain && row.approved_from <= approved)?;
    KINDS.iter().all(|(kind, _)| row.kinds.contains(kind)).then_some(ProductKind::Drug)
}

/// The kinds of product that a known product without a code on the date may be, as answers; none for a name that may be
/// a slip, or of a vaccine or a fluid.
pub(super) fn possible_kinds(coding: &Coding<'_>, asked: &Asked<'_>) -> Vec<Possibility<'static>> {
    let is_of_kinds = |later| !is_of_other_kind(later) && Classes::of(coding, asked, later).is_of_kinds();
    if !product(coding, asked).is_some_and(is_of_kinds) {
        return Vec::new();
    }
    let name = product(coding, asked).map(|later| later.name.to_lowercase()).unwrap_or_default();
    let plasma = PLASMA_KINDS.iter().filter(|(sign, ..)| name.contains(sign));
    let mut kinds: Vec<(ProductKind, &str)> = plasma.map(|(_, kind, label)| (*kind, *label)).collect();
    if kinds.is_empty() {
        kinds.extend(KINDS);
    } else {
        kinds.push((ProductKind::Biologic, "a biologic"));
    }
    let at = asked.at;
    let answer = |(kind, label): (ProductKind, &str)| -> Possibility<'static> {
        (label.to_owned(), Box::new(move |encounter| drug_at(encounter, at).product_kind = Some(kind)))
    };
    kinds.into_iter().map(answer).collect()
}
