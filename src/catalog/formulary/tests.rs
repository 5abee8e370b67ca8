use super::*;
use crate::catalog::Catalog;
use crate::domain::time::date;

fn class_of(name: &str) -> Option<DrugClass> {
    Catalog::embedded().formulary.class_of_name(name).map(|named| named.class)
}

#[test]
fn names_are_recognised_as_records_write_them() {
    for (name, class) in [
        ("Zofran", DrugClass::Therapeutic),
        ("ondansetron 8 mg", DrugClass::Therapeutic),
        ("Normal Saline", DrugClass::Hydration),
        ("normal saline 1000 cc", DrugClass::Hydration),
        ("0.9% NaCl 1 L IV bolus", DrugClass::Hydration),
        ("D5 1/2 NS", DrugClass::Hydration),
        ("ceftriaxone + ketorolac in saline bag", DrugClass::Therapeutic),
        ("palonosetron + dexamethasone (same bag)", DrugClass::Therapeutic),
        ("rituximab-abbs", DrugClass::Antineoplastic),
        ("Truxima", DrugClass::Antineoplastic),
        ("5-FU", DrugClass::Antineoplastic),
        ("infliximab-dyyb 100 mg", DrugClass::ComplexBiologic),
        ("pegfilgrastim on-body injector", DrugClass::Therapeutic),
        ("leuprolide depot 7.5 mg", DrugClass::HormonalAntineoplastic),
        ("iron dextran test dose 25 mg", DrugClass::Therapeutic),
        ("packed red cells", DrugClass::BloodProduct),
        ("iodinated contrast", DrugClass::Contrast),
        ("interferon alfa", DrugClass::ComplexBiologic),
        ("denosumab", DrugClass::Therapeutic),
        ("heparin flush", DrugClass::Therapeutic),
        ("NS @ 150 mL/hr x 2 hours", DrugClass::Hydration),
        ("D5 ½ NS", DrugClass::Hydration),
        ("dextrose 50%", DrugClass::Therapeutic),
        ("sodium chloride 3%", DrugClass::Therapeutic),
        ("D5 0.3% sodium chloride", DrugClass::Hydration),
        ("Solu-Medrol 125 mg IVP", DrugClass::Therapeutic),
        ("carboplatin AUC 5", DrugClass::Antineoplastic),
    ] {
        assert_eq!(class_of(name), Some(class), "{name}");
    }
}

#[test]
fn short_names_brands_and_kinds_of_the_wards_have_a_class() {
    use DrugClass::{
        Antineoplastic, BloodProduct, ComplexBiologic, Hydration, Radiopharmaceutical, Therapeutic, Vaccine,
    };
    for (class, names) in [
        (
            Therapeutic,
            "Kefzol 1 g IVPB; Vanc 1g; gent 80 mg; nitro gtt; bicarb 1 amp; NaHCO3; Mg 2 g; mag 2g",
        ),
        (
            Therapeutic,
            "MS 4 mg IV; Vit K; antibiotics; anti-emetic; premeds; pain medication; vitamins; K-rider",
        ),
        (
            Therapeutic,
            "HCG; Exondys 51; Precedex drip; Dupixent; Copaxone; glucose 50%; sodium chloride 23.4%",
        ),
        (
            Hydration,
            "IVF; fluids; fluid bolus; NS wide open; D5 1/2NS; 1/2NS @ 75 mL/hr; 0.9NS; NSS 1L; NS @ TKO",
        ),
        (Vaccine, "RabAvert; Gardasil 9; MMR; Td; Hep B; Adacel"),
        (BloodProduct, "packed cells; blood; 1 unit of blood; 2 units PRBCs"),
        (Antineoplastic, "CPT-11; BCNU; IL-2; Idamycin; teniposide"),
        (ComplexBiologic, "Simponi; Kineret 100 mg; Taltz"),
        (Radiopharmaceutical, "Zevalin; F-18 FDG"),
        (
            Therapeutic,
            "B-12 1000 mcg; vitamin B-12 1,000 mcg; dapto 500 mg; roc; prop 50 mg; Test cyp; IG IV",
        ),
        (Therapeutic, "ferric gluconate; Demadex; rally bag; D.H.E. 45; vit D; Jubereq; Toujeo; Rapiblyk"),
        (Hydration, "sodium chloride 0.9 % IV soln; electrolyte-A (PLASMA-LYTE) bolus 1,000 mL"),
        (Hydration, "Plasma-Lyte A pH 7.4 infusion"),
        (Antineoplastic, "pembro; nivo 240 mg; ipi; bev; dara SC; ifos 1.8 g/m2; gemtuzumab; Rasuvo"),
        (ComplexBiologic, "Ajovy; Emgality; Aimovig; Enspryng; Kesimpta; Hyrimoz; Starjemza"),
        (Vaccine, "Ixchiq"),
    ] {
        for name in names.split("; ") {
            assert_eq!(class_of(name), Some(class), "{name}");
        }
    }
    // What means a drug only by itself means none beside other words.
    for name in ["blood thinner", "MS exacerbation infusion", "td patch drug"] {
        assert_eq!(class_of(name), None, "{name}");
    }
}

#[test]
fn an_unknown_word_beside_a_fluid_leaves_the_class_open() {
    for name in ["", "drug A", "xyzumab in normal saline", "xyzumab", "500 mL"] {
        assert_eq!(class_of(name), None, "{name}");
    }
}

#[test]
fn a_brand_and_its_drug_are_one() {
    let catalog = Catalog::embedded();
    let identity = |text| catalog.formulary.identity_of_name(text);
    for (one, other) in [
        ("Zofran 8 mg", "ondansetron"),
        ("insulin", "insulin drip"),
        ("Decadron", "dexamethasone sodium phosphate 10 mg"),
        ("vancomycin in NS", "Vancomycin 1 g IVPB"),
        ("drug A", "Drug A"),
        ("morphine", "morphine sulfate (PF) 4 mg PRN"),
        ("vincristine", "vincristine sulfate, second dose"),
        ("cefazolin", "cefazolin sodium"),
        ("methylprednisolone", "methylprednisolone sod succ"),
        ("Kenalog", "triamcinolone acetonide"),
        ("iron dextran", "iron dextran test dose"),
        ("unlisted drug sulfate", "unlisted drug"),
        ("NTG drip", "nitroglycerin"),
        ("MS 4 mg", "morphine sulfate"),
        ("Dextrose 50% 25 g", "D50"),
        ("Mg 2 g", "magnesium sulfate"),
        ("Compazine", "prochlorperazine edisylate"),
        ("Decadron", "dex 10 mg"),
        ("penicillin G", "Pfizerpen"),
        ("penicillin G", "Pen G potassium"),
        ("Emend", "fosaprepitant dimeglumine"),
        ("AmBisome", "amphotericin B liposome"),
        ("AmBisome", "liposomal amphotericin"),
        ("Prolastin-C", "alpha-1 proteinase inhibitor"),
        ("Ferrlecit", "sodium ferric gluconate complex"),
        ("Thymoglobulin", "ATG rabbit"),
        ("Atgam", "ATG equine"),
        ("TPN", "total parenteral nutrition"),
        ("Intralipid", "fat emulsion"),
    ] {
        assert_eq!(identity(one), identity(other), "{one} and {other}");
    }
    for (one, other) in [
        ("drug A", "drug B"),
        ("antibiotic A", "antibiotic B"),
        ("Zofran", "Kytril"),
        ("haloperidol", "haloperidol decanoate"),
        ("AmBisome", "amphotericin B"),
        ("methylprednisolone acetate", "methylprednisolone sodium succinate"),
        ("potassium phosphate", "potassium chloride"),
        ("calcium chloride", "calcium gluconate"),
        ("sodium acetate", "sodium phosphate"),
    ] {
        assert_ne!(identity(one), identity(other), "{one} and {other}");
    }
}

#[test]
fn a_code_and_its_brands_are_one() {
    let catalog = Catalog::embedded();
    let formulary = &catalog.formulary;
    let is_other = |facts: &&DrugFacts| {
        let differs = |brand: &str| {
            let identity = formulary.identity_of_name(brand);
            let has_brand = |other: &&DrugFacts| other.brands.iter().any(|known| **known == *brand);
            let mut others = formulary.by_code.values().filter(has_brand);
            !others.any(|other| *other.identity == *identity)
        };
        facts.brands.iter().any(|brand| differs(brand))
    };
    let mut split: Vec<_> = formulary.by_code.values().filter(is_other).collect();
    split.sort_by_key(|facts| facts.code);
    let split: Vec<_> = split.iter().map(|facts| (facts.code, &facts.identity, &facts.brands)).collect();
    assert!(split.is_empty(), "{split:?}");
}

#[test]
fn electrolytes_say_so_and_decide_before_their_fluid() {
    let catalog = Catalog::embedded();
    let named = catalog.formulary.class_of_name("potassium chloride in IV fluid").expect("known");
    assert_eq!(named.nature, Nature::Electrolyte);
    let named = catalog.formulary.class_of_name("D5-1/2 NS + KCl 30 mEq/L").expect("known");
    assert_eq!(named.nature, Nature::Electrolyte);
}

#[test]
fn profiles_differ_only_where_they_list_a_drug() {
    let catalog = Catalog::embedded();
    let day = date(2025, 11, 3);
    let class = |code, profile| {
        catalog.formulary.class_of_code(HcpcsCode::of(code), profile, day).map(|c| (c.class, c.basis))
    };
    use ClassProfile::{CptComplexity, PayerList};
    assert_eq!(class("J0717", CptComplexity), Some((DrugClass::ComplexBiologic, ClassBasis::Listed)));
    assert_eq!(class("J0717", PayerList), Some((DrugClass::Therapeutic, ClassBasis::Profile)));
    assert_eq!(class("Q5115", PayerList), Some((DrugClass::Antineoplastic, ClassBasis::Listed)));
    assert_eq!(class("J9999", CptComplexity), Some((DrugClass::Antineoplastic, ClassBasis::CodeRange)));
    assert_eq!(class("Q4101", CptComplexity), Some((DrugClass::SkinSubstitute, ClassBasis::CodeRange)));
    assert_eq!(class("C9399", CptComplexity), None);
}

#[test]
fn every_source_is_in_the_citations() {
    let formulary = &Catalog::embedded().formulary;
    let citations: toml::Table = include_str!("../../../catalog/citations.toml").parse().expect("citations");
    let cited = formulary.by_code.values().map(|facts| &facts.class_cite);
    let cited = cited.chain(formulary.by_name.values().map(|named| &named.class_cite));
    let cited = cited.chain(formulary.further_names.values().map(|names| &names.cite));
    let cited = cited.chain(formulary.profiles.values().flatten().map(|entry| &entry.class_cite));
    for key in cited.chain(formulary.ranges.iter().map(|range| &range.class_cite)) {
        assert!(citations.contains_key(key.as_ref()), "{key}");
    }
}

#[test]
fn the_source_that_ends_a_row_is_in_the_citations() {
    let citations: toml::Table = include_str!("../../../catalog/citations.toml").parse().expect("citations");
    let tables = [
        include_str!("../../../catalog/drugs/containers.csv"),
        include_str!("../../../catalog/drugs/routes.csv"),
        include_str!("../../../catalog/package_sizes.csv"),
        include_str!("../../../catalog/package_forms.csv"),
    ];
    for row in tables.iter().flat_map(|table| table.lines().skip(1)) {
        let key = row.rsplit(',').next().expect("a source");
        assert!(citations.contains_key(key), "{row}");
    }
}

#[test]
fn the_reason_or_the_moment_behind_a_name_is_no_drug_that_was_given() {
    for (name, class) in [
        ("NS 1 L pre-cisplatin", DrugClass::Hydration),
        ("Benadryl 25 mg premed for Rituxan", DrugClass::Therapeutic),
        ("B12 for Alimta", DrugClass::Therapeutic),
        ("Lasix after PRBC", DrugClass::Therapeutic),
        ("leucovorin before 5-FU", DrugClass::Therapeutic),
        ("sterile water for injection", DrugClass::Hydration),
        ("premed for Rituxan: Benadryl", DrugClass::Therapeutic),
    ] {
        assert_eq!(class_of(name), Some(class), "{name}");
    }
}
