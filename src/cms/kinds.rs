//! What kind of code a row is: flags from its text, its BETOS group and its family.

use super::descriptor::Reading;
use super::hcpcs::CodeRow;
use crate::catalog::record::{CodeFlag, CodeFlags};
use crate::domain::billing::UnitForm;
use crate::domain::code::HcpcsCode;
use crate::domain::quantity::{Measure, Quantity};

/// BETOS groups of imaging agents and radiopharmaceuticals.
const IMAGING_GROUPS: &[&str] = &["I1E", "I1F", "I2D"];
/// BETOS group of drugs given through durable medical equipment.
const THROUGH_DME_GROUP: &str = "D1G";
/// The family that hospitals alone bill: codes of the outpatient payment system.
const HOSPITAL_FAMILY: char = 'C';
/// First code of the section of skin substitutes; the section runs to the end of the Q4 codes.
const SKIN_SUBSTITUTES_FROM: &str = "Q4100";
const AFTER_SKIN_SUBSTITUTES: &str = "Q5";
/// The section of those that are no tissue of a human.
const SYNTHETIC_SKIN: &str = "A20";
/// The section of drugs by mouth, which some descriptors of before 2019 do not say; it ends with the J8 codes.
const ORAL_FROM: &str = "J8499";
const AFTER_ORAL: &str = "J9";
/// How CMS says that a code is one maker's, J2247's misspelling included.
const NOT_EQUIVALENT: &[&str] = &["not therapeutically equivalent to", "not thereapeutically equivalent to"];

/// The flags of a code; `reading` is the amount its descriptor states, if any, and `is_drug` says that
/// it is priced as a drug, so that one "not otherwise specified" and without an amount is unclassified.
pub fn flags(row: &CodeRow, reading: Option<&Reading>, is_drug: bool) -> CodeFlags {
    let text = Text::of(&row.details.long_description);
    let is_nos = text.has_phrase(&["not", "otherwise", "specified"]) || text.has("nos");
    let is_noc = ["unclassified", "noc"].iter().any(|word| text.has(word))
        || text.has_phrase(&["not", "otherwise", "classified"])
        || text.has_phrase(&["unspecified", "oral", "dosage", "form"]);
    let is_imaging = is_radioactive(reading)
        || (IMAGING_GROUPS.contains(&&*row.details.betos) && (reading.is_some() || is_noc || is_nos));
    [
        (CodeFlag::Biosimilar, text.says_biosimilar()),
        (CodeFlag::ExcludesBiosimilars, text.excludes_biosimilars()),
        (CodeFlag::Unclassified, is_noc || (is_nos && reading.is_none() && is_drug)),
        (CodeFlag::NotOtherwiseSpecified, is_nos && reading.is_some() && !is_noc),
        (CodeFlag::ProductExclusive, !not_equivalent_to(&row.details.long_description).is_empty()),
        (CodeFlag::TwoComponents, reading.is_some_and(|it| it.components.len() > 1)),
        (CodeFlag::EsrdOnDialysis, text.has_phrase(&["esrd", "on", "dialysis"])),
        (CodeFlag::NonEsrd, text.has("non-esrd") || text.has_phrase(&["non", "esrd"])),
        (
            CodeFlag::ThroughDme,
            // An injection is given by hand too, whatever group pays for its pump.
            text.has_phrase(&["through", "dme"])
                || &*row.details.betos == THROUGH_DME_GROUP && !text.begins_with("injection"),
        ),
        (CodeFlag::Compounded, text.has("compounded")),
        (CodeFlag::Oral, text.has("oral") || is_in_oral_section(row.code)),
        (
            CodeFlag::Inhaled,
            (text.has("inhalation") || text.has("inhaler"))
                && !text.has_phrase(&["other", "than", "inhalation"]),
        ),
        (CodeFlag::HospitalOutpatientOnly, row.code.family() == HOSPITAL_FAMILY),
        (CodeFlag::SkinSubstitute, is_skin_substitute(row.code, &text)),
        (CodeFlag::ImagingAgent, is_imaging),
        (CodeFlag::Vaccine, text.has("vaccine")),
    ]
    .into_iter()
    .filter(|(_, holds)| *holds)
    .fold(CodeFlags::NONE, |flags, (flag, _)| flags.with(flag))
}

/// The codes that a product-exclusive descriptor says it is not equivalent to.
pub fn not_equivalent_to(descriptor: &str) -> Vec<HcpcsCode> {
    let lower = descriptor.to_lowercase();
    let Some((_, behind)) = NOT_EQUIVALENT.iter().find_map(|words| lower.split_once(words)) else {
        return Vec::new();
    };
    behind
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map_while(|word| match word {
            "or" | "and" => Some(None),
            word => word.parse().ok().map(Some),
        })
        .flatten()
        .collect()
}

/// Whether a reading is in curies or becquerels, or bounded by them.
fn is_radioactive(reading: Option<&Reading>) -> bool {
    let radioactive = |quantity: Quantity| quantity.unit.measure() == Measure::Radioactivity;
    reading.is_some_and(|reading| {
        radioactive(reading.unit.quantity)
            || (reading.unit.form == UnitForm::PerEvent && reading.unit.limit.is_some_and(radioactive))
    })
}

fn is_skin_substitute(code: HcpcsCode, text: &Text) -> bool {
    (SKIN_SUBSTITUTES_FROM..AFTER_SKIN_SUBSTITUTES).contains(&code.as_str())
        || code.as_str().starts_with(SYNTHETIC_SKIN)
        || text.has_phrase(&["skin", "substitute"])
        || text.has_phrase(&["dermal", "substitute"])
}

fn is_in_oral_section(code: HcpcsCode) -> bool {
    (ORAL_FROM..AFTER_ORAL).contains(&code.as_str())
}

/// The words of a descriptor, in lower case; hyphens stay inside words.
struct Text(Vec<String>);

impl Text {
    fn of(descriptor: &str) -> Self {
        let is_edge = |c: char| !(c.is_alphanumeric() || c == '-');
        Self(descriptor.to_lowercase().split(is_edge).filter(|it| !it.is_empty()).map(Into::into).collect())
    }

    fn has(&self, word: &str) -> bool {
        self.0.iter().any(|own| own == word)
    }

    fn begins_with(&self, word: &str) -> bool {
        self.0.first().is_some_and(|own| own == word)
    }

    fn has_phrase(&self, words: &[&str]) -> bool {
        self.0.windows(words.len()).any(|window| window == words)
    }

    /// Each place where biosimilars are named, and whether they are excluded there.
    fn biosimilar_mentions(&self) -> impl Iterator<Item = bool> {
        self.0.iter().enumerate().filter(|(_, word)| word.starts_with("biosimilar")).map(|(at, _)| {
            let before = at.checked_sub(1).map(|at| self.0[at].as_str());
            before.is_some_and(|word| word.starts_with("exclud") || word == "not" || word == "non")
        })
    }

    fn says_biosimilar(&self) -> bool {
        self.biosimilar_mentions().any(|excluded| !excluded)
    }

    fn excludes_biosimilars(&self) -> bool {
        self.biosimilar_mentions().any(|excluded| excluded)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cms::descriptor::read;

    fn row(code: &'static str, description: &str, betos: &str) -> CodeRow {
        let line = format!("{code}001003{description:<80}Short");
        let line = format!("{line:<256}{betos}");
        let line = format!("{line:<268}2019010120190101        N");
        let release = crate::cms::hcpcs::parse_text(line.as_bytes()).expect("a release");
        release.codes.into_iter().next().expect("a code")
    }

    fn has(code: &'static str, description: &str, betos: &str) -> Vec<CodeFlag> {
        use CodeFlag::*;
        let found = flags(&row(code, description, betos), read(description).as_ref(), true);
        let all = [
            Biosimilar,
            Unclassified,
            NotOtherwiseSpecified,
            ProductExclusive,
            TwoComponents,
            EsrdOnDialysis,
            NonEsrd,
            ThroughDme,
            Compounded,
            Oral,
            Inhaled,
            HospitalOutpatientOnly,
            SkinSubstitute,
            ImagingAgent,
            Vaccine,
            ExcludesBiosimilars,
        ];
        all.into_iter().filter(|flag| found.has(*flag)).collect()
    }

    #[test]
    fn biosimilars_are_not_what_excludes_them() {
        use CodeFlag::*;
        assert_eq!(has("Q9998", "Injection, one-abcd (brand), biosimilar, 1 mg", "O1E"), [Biosimilar]);
        assert_eq!(has("J1745", "Injection, one, excludes biosimilar, 10 mg", "O1E"), [ExcludesBiosimilars]);
    }

    #[test]
    fn unclassified_codes_have_no_unit_and_nos_codes_have_one() {
        use CodeFlag::*;
        assert_eq!(has("J9999", "Not otherwise classified, antineoplastic drugs", "O1D"), [Unclassified]);
        assert_eq!(
            has("J7799", "Noc drugs, other than inhalation drugs, administered through dme", "D1G"),
            [Unclassified, ThroughDme]
        );
        assert_eq!(has("J8499", "Drug, oral, non chemotherapeutic, nos", "O1E"), [Unclassified, Oral]);
        assert_eq!(has("J1599", "Globulin, not otherwise specified, 500 mg", "O1E"), [NotOtherwiseSpecified]);
        assert_eq!(
            has("A9698", "Contrast, not otherwise classified, per study", "I1E"),
            [Unclassified, ImagingAgent]
        );
    }

    #[test]
    fn special_uses_are_told_apart() {
        use CodeFlag::*;
        assert_eq!(has("J0882", "One, 1 microgram (for esrd on dialysis)", "O1E"), [EsrdOnDialysis]);
        assert_eq!(has("J0888", "One, 1 microgram, (for non esrd use)", "O1E"), [NonEsrd]);
        assert_eq!(
            has("J7608", "One, inhalation solution, non-compounded, per gram", "D1G"),
            [ThroughDme, Inhaled]
        );
        assert_eq!(
            has("J7999", "Compounded drug, not otherwise classified", "O1E"),
            [Unclassified, Compounded]
        );
        assert_eq!(has("J8655", "One 300 mg and two 0.5 mg", "O1E"), [TwoComponents, Oral]);
        assert_eq!(has("C9144", "Injection, one, 1 mg", "O1E"), [HospitalOutpatientOnly]);
        assert_eq!(has("Q4112", "One, injectable, 1 cc", "O1E"), [SkinSubstitute]);
        assert_eq!(has("A2018", "One, per square centimeter", ""), [SkinSubstitute]);
        assert_eq!(
            has("A9552", "One f-18, diagnostic, per study dose, up to 45 millicuries", "I1E"),
            [ImagingAgent]
        );
        assert_eq!(has("C9738", "Blue light cystoscopy with imaging agent", "I1F"), [HospitalOutpatientOnly]);
        assert_eq!(has("Q2035", "Influenza virus vaccine, split virus", "O1G"), [Vaccine]);
        assert_eq!(has("J0702", "Injection, one 3 mg and two 3 mg", "O1E"), [TwoComponents]);
    }

    #[test]
    fn exclusive_codes_name_the_codes_they_do_not_equal() {
        let text = "Injection, one (maker), not therapeutically equivalent to j9305 or J9314, 10 mg";
        assert_eq!(not_equivalent_to(text), [HcpcsCode::of("J9305"), HcpcsCode::of("J9314")]);
        let misspelt = "Injection, one (maker) not thereapeutically equivalent to j2248, 1 mg";
        assert_eq!(not_equivalent_to(misspelt), [HcpcsCode::of("J2248")]);
        assert!(not_equivalent_to("Injection, one, therapeutically equivalent, 1 mg").is_empty());
    }
}
