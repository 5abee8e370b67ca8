//! Which drug an entry of the request means: by its code, by the code of its NDC, or by its name.

use crate::catalog::formulary::DrugFacts;
use crate::catalog::{CodeFlag, Lookup};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::DrugGiven;
use crate::engine::Coding;
use crate::policy::parameters::DrugList;

/// The stated code, or else the first code in force that an NDC of the drug has.
pub fn code_of(coding: &Coding<'_>, drug: &DrugGiven) -> Option<HcpcsCode> {
    drug.code.or_else(|| {
        let date = coding.date;
        let in_force =
            |code| coding.catalog.lookup(code, date).billable().is_some() || is_cpt_product(coding, code);
        let of_package =
            |ndc| coding.catalog.ndc(ndc).iter().map(|entry| entry.code).find(|code| in_force(*code));
        drug.ndcs().find_map(of_package)
    })
}

/// Whether a drug is on a list of the policy: by its code, else by a word of its name.
pub fn is_listed(coding: &Coding<'_>, drug: &DrugGiven, list: &DrugList) -> bool {
    match (code_of(coding, drug), drug.name.as_deref()) {
        (Some(code), _) => list.codes.contains(&code),
        (None, Some(name)) => name
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| list.names.iter().any(|wanted| wanted.eq_ignore_ascii_case(word))),
        (None, None) => false,
    }
}

/// Whether a code that the catalog does not hold is a product code of CPT, as of an immune globulin.
pub fn is_cpt_product(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    let ranges = &coding.policy.drug_line.cpt_product_codes;
    let is_listed = ranges.iter().any(|(first, last)| (*first..=*last).contains(&code));
    is_listed && matches!(coding.catalog.lookup(code, coding.date), Lookup::Unknown)
}

/// What the table of drugs has of a drug: most drugs are in it, and comparing its rows folds no name.
pub fn listed<'a>(coding: &Coding<'a>, drug: &DrugGiven) -> Option<&'a DrugFacts> {
    coding.catalog.formulary.drug(code_of(coding, drug)?)
}

/// Whether two rows of the table are one drug.
#[inline]
pub fn is_one_drug(one: &DrugFacts, other: &DrugFacts) -> bool {
    one.code == other.code || one.substance == other.substance
}

/// Whether two entries are one drug: by code, by what the codes stand for, by product, by name, or by the code that a
/// name means. A biosimilar is the drug of its reference product.
pub fn is_same(coding: &Coding<'_>, one: &DrugGiven, other: &DrugGiven) -> bool {
    if let (Some(one), Some(other)) = (listed(coding, one), listed(coding, other)) {
        return is_one_drug(one, other);
    }
    let code = code_of(coding, one);
    if code.is_some_and(|code| !is_unclassified(coding, code)) && code == code_of(coding, other) {
        return true;
    }
    let is_same_product = |ndc: crate::domain::code::Ndc| other.ndcs().any(|o| o.product() == ndc.product());
    if one.ndcs().any(is_same_product) {
        return true;
    }
    let (own, known) = (identities(coding, one), identities(coding, other));
    has_one_of(&own, &known)
        || name_one_drug(coding, (one, &own), (other, &known))
        || mean_one_product(coding, one, other)
}

/// Whether two lists of what entries stand for agree in one.
fn has_one_of(own: &[Option<String>], known: &[Option<String>]) -> bool {
    let agrees =
        |identity: &String| known.iter().flatten().any(|o| o == identity || words(o) == words(identity));
    own.iter().flatten().any(agrees)
}

/// Whether the names are of one drug, whatever notes stand beside it that no list has.
fn name_one_drug(
    coding: &Coding<'_>,
    (one, own): (&DrugGiven, &[Option<String>]),
    (other, known): (&DrugGiven, &[Option<String>]),
) -> bool {
    let drug = |drug: &DrugGiven| {
        [drug.name.as_deref().and_then(|name| coding.catalog.formulary.drug_of_name(name))]
    };
    let (one, other) = (drug(one), drug(other));
    has_one_of(&one, known) || has_one_of(own, &other) || has_one_of(&one, &other)
}

/// Whether the codes or the names of two entries mean one product: one code that both have, or one drug where the table
/// of names lacks one of them.
fn mean_one_product(coding: &Coding<'_>, one: &DrugGiven, other: &DrugGiven) -> bool {
    let formulary = &coding.catalog.formulary;
    let is_listed = |drug: &DrugGiven| match (code_of(coding, drug), drug.name.as_deref()) {
        (Some(code), _) => formulary.drug(code).is_some() || is_unclassified(coding, code),
        (None, Some(name)) => formulary.class_of_name(name).is_some(),
        (None, None) => true,
    };
    let are_listed = is_listed(one) && is_listed(other);
    let (one, other) = (meant(coding, one), meant(coding, other));
    // A brand and a name that the table has apart may be the names of one code.
    if let [code] = *one
        && one == other
        && !is_unclassified(coding, code)
    {
        return true;
    }
    let (references, other_references) = (references(coding, &one), references(coding, &other));
    let has = |codes: &[HcpcsCode], wanted: &[HcpcsCode]| wanted.iter().any(|code| codes.contains(code));
    if has(&other, &references) || has(&one, &other_references) || has(&references, &other_references) {
        return true;
    }
    if are_listed {
        return false;
    }
    let drug = |code: &HcpcsCode| {
        let version = coding.catalog.lookup(*code, coding.date).version()?;
        Some(formulary.identity_of_name(&version.name)).filter(|identity| !identity.is_empty())
    };
    let drugs: Vec<Option<String>> = other.iter().map(drug).collect();
    let is_of_other = |own: Option<String>| own.is_some() && drugs.iter().all(|drug| *drug == own);
    !one.is_empty() && !drugs.is_empty() && one.iter().map(drug).all(is_of_other)
}

/// The codes of the reference products of those codes that are of biosimilars.
fn references(coding: &Coding<'_>, codes: &[HcpcsCode]) -> Vec<HcpcsCode> {
    let version = |code: &HcpcsCode| coding.catalog.lookup(*code, coding.date).version();
    codes.iter().filter_map(version).flat_map(|version| version.reference_codes.iter().copied()).collect()
}

/// The code of an entry, else those that its name means.
fn meant(coding: &Coding<'_>, drug: &DrugGiven) -> Vec<HcpcsCode> {
    match (code_of(coding, drug), drug.name.as_deref()) {
        (Some(code), _) => vec![code],
        (None, Some(name)) => coding.catalog.codes_of_name(name, coding.date),
        (None, None) => Vec::new(),
    }
}

/// The words of what an entry stands for, however a mixture is written.
fn words(identity: &str) -> Vec<&str> {
    let mut words: Vec<&str> = identity.split([' ', '+']).collect();
    words.sort_unstable();
    words.dedup();
    words
}

/// What the code stands for, and what the given name stands for.
///
/// What stands in parentheses behind a name that is known may be the maker, or another name of the drug.
fn identities(coding: &Coding<'_>, drug: &DrugGiven) -> [Option<String>; 3] {
    let formulary = &coding.catalog.formulary;
    let by_code = code_of(coding, drug).filter(|code| !is_unclassified(coding, *code)).and_then(|code| {
        let listed = formulary.drug(code).map(|facts| facts.substance.to_string());
        // A code that has ended still names its drug.
        let version = || coding.catalog.lookup(code, coding.date).version();
        listed.or_else(|| version().map(|version| formulary.identity_of_name(&version.name)))
    });
    let by_name = drug.name.as_deref().map(|name| formulary.substance_of_name(name));
    let before = drug.name.as_deref().and_then(|name| Some(name.split_once('(')?.0));
    let before =
        before.filter(|name| formulary.class_of_name(name).is_some() && !formulary.is_placeholder(name));
    let by_part = before.map(|name| formulary.substance_of_name(name));
    let is_told = |identity: &String| !identity.is_empty();
    [by_code.filter(is_told), by_name.filter(is_told), by_part.filter(is_told)]
}

/// Whether a code stands for any drug without one of its own, so that it tells no two apart.
pub fn is_unclassified(coding: &Coding<'_>, code: HcpcsCode) -> bool {
    let version = coding.catalog.lookup(code, coding.date).version();
    version.is_some_and(|version| version.flags.has(CodeFlag::Unclassified))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::Catalog;
    use crate::domain::encounter::{Encounter, Setting};
    use crate::domain::time::date;
    use crate::policy::PolicyBook;

    /// Reports whether two entries are one drug, each a code or a name.
    fn are_one(coding: &Coding<'_>, one: &str, other: &str) -> bool {
        let drug = |text: &str| {
            let code: Option<HcpcsCode> = text.parse().ok();
            DrugGiven { code, name: code.is_none().then(|| text.to_owned()), ..DrugGiven::default() }
        };
        is_same(coding, &drug(one), &drug(other)) && is_same(coding, &drug(other), &drug(one))
    }

    fn with_coding(check: impl Fn(&Coding<'_>)) {
        let day = date(2025, 11, 3);
        let (encounter, catalog) = (Encounter::new(Setting::PhysicianOffice, day), Catalog::embedded());
        let book = PolicyBook::embedded().expect("the embedded policies");
        check(&Coding::new(&encounter, &catalog, book.at(day, "medicare").expect("medicare")));
    }

    #[test]
    fn a_code_its_names_and_its_brands_are_one_drug() {
        with_coding(|coding| {
            for (one, other) in [
                ("J0295", "Unasyn"),
                ("J1580", "gentamicin"),
                ("gentamicin", "Garamycin"),
                ("bivalirudin", "Angiomax"),
                ("cefepime", "Maxipime"),
                ("J2543", "piperacillin sodium/tazobactam sodium"),
                ("insulin drip", "regular insulin"),
                ("J9355", "Q5117"),
                ("J1745", "infliximab-dyyb"),
                ("trastuzumab", "trastuzumab-anns"),
                ("J1561", "Gamunex"),
                ("Inflectra", "infliximab-dyyb"),
                ("Q5103", "infliximab-dyyb"),
                ("Venofer", "iron sucrose complex"),
                ("J9264", "paclitaxel protein-bound particles"),
                ("J1569", "IVIG Gammagard Liquid"),
                ("Proleukin", "interleukin-2"),
                ("J9354", "trastuzumab emtansine"),
            ] {
                assert!(are_one(coding, one, other), "{one} and {other}");
            }
            for (one, other) in [
                ("J1631", "haloperidol"),
                ("J0290", "Unasyn"),
                ("ampicillin", "Unasyn"),
                ("cefepime", "Garamycin"),
                ("J3490", "cefepime"),
                ("drug A", "drug B"),
                ("Q5117", "J1745"),
                ("Avastin", "Abraxane"),
            ] {
                assert!(!are_one(coding, one, other), "{one} and {other}");
            }
        });
    }

    #[test]
    fn a_note_behind_a_name_makes_no_other_drug() {
        const NOTES: &str = "2nd dose; x2; redose; extra dose; prn pain; for pain; scheduled; one time; via PIV; through port; LAC; R AC; given by RN; per MD order; per protocol; prior to discharge; post op; continued; cont'd; resumed; restarted; restarted at 50 mL/hr; rate increased; rate change; increased to 200 ml/hr; decreased to 50 mL/hr; titrated; titrated up; at half rate; slower rate; 2nd bag; new bag; bag change; hung; remainder; remaining dose; initial dose; final dose; last dose; half dose; full dose; partial dose; reduced dose; rescue dose; obs dose; cycle 2; C2D1; day 8; D8; week 2; q8h; q6h dose 2; q4h prn; BID; part 2; rechallenge; after reaction; premed; tolerated well; pt tolerated; no reaction; from ED; in ED; wasted 2 mg; lot 1234; exp 12/26; carpuject; generic; brand; undiluted; diluted in 10 mL NS";
        with_coding(|coding| {
            for name in ["morphine", "Zosyn", "Rituxan", "Kenalog"] {
                let is_other = |note: &&str| !are_one(coding, name, &format!("{name} {note}"));
                let other: Vec<&str> = NOTES.split("; ").filter(is_other).collect();
                assert!(other.is_empty(), "{name} {other:?}");
            }
            assert!(are_one(coding, "INFeD test dose 25 mg", "INFeD remainder 975 mg"));
            assert!(!are_one(coding, "morphine extra dose", "ketorolac extra dose"));
            assert!(!are_one(coding, "haloperidol", "haloperidol decanoate new"));
        });
    }

    #[test]
    fn words_that_no_list_has_make_no_other_drug_of_a_known_one() {
        const NOTES: &str = "per Dr Smith; breakthrough; abd pain; chest pain; flank; renal colic; VORB; T.O.; Pyxis override; in triage; bed 12; on arrival; J. Smith RN; no relief; Hospira; Fresenius; BP 120/80; UTI; cellulitis; pneumonia; minibag; Galaxy; duplex; ADD-Vantage; secondary; L FA; LVG; RVG; Lt glut; LUOQ; RLQ; L; R; LUA; delt; vastus lateralis; abdomen";
        with_coding(|coding| {
            for name in ["morphine", "ceftriaxone", "Faslodex", "Vidaza", "Xolair", "Rituxan"] {
                let is_other = |note: &&str| {
                    !are_one(coding, &format!("{name} 250 mg {note}"), &format!("{name} flank pain"))
                };
                let other: Vec<&str> = NOTES.split("; ").filter(is_other).collect();
                assert!(other.is_empty(), "{name} {other:?}");
            }
            for (one, other) in [
                ("methylPREDNISolone sod suc(PF) 125 mg", "Solu-Medrol 40 mg"),
                ("morphine(PF) 4 mg", "morphine sulf 4 mg"),
                ("ketorolac trometh 15 mg", "Toradol"),
                ("prochlorperazine edis", "Compazine"),
                ("metoprolol tart", "Lopressor"),
                ("hydrocortisone sod suc(PF)", "Solu-Cortef"),
                ("penicillin G 5 million units", "penicillin G 2.5 MU"),
                ("J2270", "morphine for flank pain"),
            ] {
                assert!(are_one(coding, one, other), "{one} and {other}");
            }
        });
    }

    #[test]
    fn words_that_make_another_drug_stay() {
        with_coding(|coding| {
            for (one, other) in [
                ("haloperidol flank", "haloperidol dec flank"),
                ("haloperidol lactate", "Haldol decanoate LVG"),
                ("doxorubicin", "doxorubicin liposomal"),
                ("doxorubicin", "doxorubicin HCl lipos"),
                ("doxorubicin", "Doxil"),
                ("amphotericin B", "amphotericin B lipid complex"),
                ("paclitaxel", "paclitaxel protein-bound"),
                ("methylprednisolone acet 80 mg", "methylprednisolone sod suc 125 mg"),
                ("penicillin G benzathine", "penicillin G potassium"),
                ("penicillin G benz LVG", "penicillin G potassium"),
                ("octreotide", "Sandostatin LAR"),
                ("ampicillin UTI", "ampicillin-sulbactam UTI"),
                ("lidocaine", "lidocaine with epinephrine"),
                ("lidocaine", "lidocaine with zzz"),
                ("ceftriaxone + zzzmab", "ceftriaxone"),
                ("insulin regular", "insulin glargine"),
                ("calcium chloride", "calcium gluconate"),
                ("potassium chloride", "potassium phosphate"),
                ("hydroxyprogesterone caproate", "progesterone"),
                ("testosterone cypionate", "testosterone enanthate"),
                ("testosterone cyp", "testosterone enan"),
                ("trastuzumab", "trastuzumab deruxtecan"),
                ("trastuzumab", "ado-trastuzumab emtansine"),
                ("buprenorphine", "Sublocade"),
                ("naltrexone", "naloxone"),
                ("antibiotic A", "antibiotic B"),
                ("zzz drug one flank", "zzz drug two flank"),
            ] {
                assert!(!are_one(coding, one, other), "{one} and {other}");
            }
        });
    }

    #[test]
    fn nearly_every_brand_of_the_catalogue_is_the_drug_of_its_code() {
        with_coding(|coding| {
            let codes = coding.catalog.codes.values().filter_map(|versions| {
                let version = coding.catalog.lookup(versions[0].code, coding.date).billable()?;
                let is_drug = version.billing.is_ok() && !is_unclassified(coding, version.code);
                (is_drug && matches!(version.code.family(), 'J' | 'Q')).then_some(version)
            });
            let pairs: Vec<_> = codes
                .flat_map(|version| version.brands.iter().map(|brand| (version.code, brand.to_string())))
                .collect();
            let split: Vec<_> =
                pairs.iter().filter(|(code, brand)| !are_one(coding, code.as_str(), brand)).collect();
            // What is left are mostly makers alone, and kits and pens, which no record of a visit writes.
            assert!(split.len() * 25 < pairs.len(), "{} of {}: {split:?}", split.len(), pairs.len());
        });
    }
}
