use proptest::prelude::*;

use super::*;
use crate::domain::claim::{Line, NdcQualifier, NdcReport, Track};
use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::encounter::Setting;
use crate::domain::quantity::Decimal;
use crate::domain::time::date;
use crate::interop::x12::{ClaimForm, ServiceLineOptions, write_service_lines};

const PROFESSIONAL: &str = "ISA*00*          *00*          *ZZ*CLINIC         *ZZ*PAYER          *251104*0900*^*00501*000000001*0*T*:~
GS*HC*CLINIC*PAYER*20251104*0900*1*X*005010X222A1~
ST*837*0001*005010X222A1~
BHT*0019*00*1*20251104*0900*CH~
NM1*85*2*AN INFUSION CLINIC*****XX*1999999984~
HL*1**20*1~
HL*2*1*22*0~
SBR*P*18*******MB~
NM1*IL*1*SURNAME*GIVEN****MI*MEMBER1~
DMG*D8*19500101*F~
CLM*ACCOUNT1*9000***11:B:1*Y*A*Y*Y~
HI*ABK:C8330*ABF:D630~
LX*1~
SV1*HC:96413*200.5*UN*1***1~
DTP*472*D8*20251103~
LX*2~
SV1*HC:J9312:JZ*8000*UN*71***1~
DTP*472*RD8*20251103-20251103~
NTE*ADD*WEEK 3~
LIN**N4*50242005306~
CTP****70.5*ML~
SE*20*0001~
GE*1*1~
IEA*1*000000001~
";

const INSTITUTIONAL: &str = "ISA|00||00||ZZ|H|ZZ|P|251104|0900|^|00501|1|0|T|>!ST|837|1|005010X223A2!\
CLM|A|1|||13>A>1!HI|ABK>C8330!LX|1!SV2|0120||500|DA|3!LX|2!SV2|0636|HC>J1745>JW|12.34|UN|5!DTP|472|D8|20251103!\
LX|3!SV2|0023|HP>1CGMS||UN|1!DTP|472|D8|20251103!SE|12|1!GE|1|1!IEA|1|1!";

#[test]
fn a_professional_claim_is_read_without_its_patient() {
    let read = read_claims(PROFESSIONAL).expect("a claim");
    assert_eq!(read.problems, []);
    let [claim] = read.claims.as_slice() else { panic!("{read:?}") };
    assert_eq!(claim.setting, Some(Setting::PhysicianOffice));
    assert_eq!(claim.service_date, Some(date(2025, 11, 3)));
    assert_eq!(claim.diagnoses, ["C83.30", "D63.0"]);
    let drug = &claim.lines[1];
    assert_eq!((drug.code, drug.units), (HcpcsCode::of("J9312"), Decimal::whole(71)));
    assert_eq!(drug.modifiers.as_slice(), [Modifier::of("JZ")]);
    assert_eq!((drug.charge_cents, drug.narrative.as_deref()), (Some(800_000), Some("WEEK 3")));
    assert_eq!(drug.ndc.map(|ndc| ndc.hyphenated()).as_deref(), Some("50242-0053-06"));
    assert_eq!(drug.ndc_quantity, Some(("70.5".parse().expect("a number"), NdcQualifier::Milliliter)));
    let printed = format!("{read:?}");
    for identity in ["SURNAME", "GIVEN", "MEMBER1", "ACCOUNT1", "1950"] {
        assert!(!printed.contains(identity), "{identity} was kept");
    }
}

#[test]
fn an_institutional_claim_keeps_what_can_be_read_and_names_the_rest() {
    let read = read_claims(INSTITUTIONAL).expect("a claim");
    let claim = &read.claims[0];
    assert_eq!(claim.setting, Some(Setting::HospitalOutpatient));
    assert_eq!(claim.lines.len(), 1, "{claim:?}");
    assert_eq!(claim.lines[0].revenue_code.as_deref(), Some("0636"));
    assert_eq!(claim.lines[0].charge_cents, Some(1234));
    let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "segment 6 `SV2`: SV202: the line has no procedure code",
            "segment 11 `SV2`: SV202: qualifier `HP` is not HC (HCPCS)"
        ]
    );
}

/// The same claim as other systems write it: other delimiters, other line ends, none at all.
#[test]
fn every_way_of_writing_a_file_reads_alike() {
    let expected = read_claims(PROFESSIONAL).expect("a claim");
    let one_line = PROFESSIONAL.replace('\n', "");
    let crlf = PROFESSIONAL.replace('\n', "\r\n");
    let by_lines = PROFESSIONAL.replace("~\n", "\n");
    let by_crlf = PROFESSIONAL.replace("~\n", "\r\n");
    let pipes = PROFESSIONAL.replace('*', "|").replace(':', ">").replace('~', "\u{1c}");
    let marked = format!("\u{feff}\r\n{PROFESSIONAL}");
    for text in [one_line, crlf, by_lines, by_crlf, pipes, marked] {
        assert_eq!(read_claims(&text).as_ref(), Ok(&expected), "{text}");
    }
}

#[test]
fn an_anesthesia_line_and_a_line_of_other_codes_are_named_and_the_rest_is_kept() {
    let text = "ST*837*1*005010X222A1~CLM*A*1***11:B:1~HI*BK:0340*BF:V7389~LX*1~SV1*HC:00142*150*MJ*45***1~\
                DTP*472*D8*20251103~LX*2~SV1*ER:12345*10*UN*1***1~LX*3~SV1*HC:J9312*1*UN*7.5***1~\
                DTP*472*RD8*20251103-20251104~LIN**UP*012345678905~LIN**N4*50242005306~CTP****7.5*XX~SE*15*1~";
    let read = read_claims(text).expect("a claim");
    let claim = &read.claims[0];
    let [anesthesia, drug] = claim.lines.as_slice() else { panic!("{claim:?}") };
    assert_eq!((anesthesia.code, anesthesia.is_unread), (HcpcsCode::of("00142"), true));
    assert_eq!((drug.units, drug.is_unread), ("7.5".parse().expect("a number"), false));
    assert_eq!(drug.service_date, Some(date(2025, 11, 3)));
    assert_eq!(claim.diagnoses, ["0340", "V7389"]);
    let problems: Vec<String> = read.problems.iter().map(ToString::to_string).collect();
    assert_eq!(
        problems,
        [
            "segment 5 `SV1`: SV103: the count is in `MJ`, not in units (UN)",
            "segment 8 `SV1`: SV101: qualifier `ER` is not HC (HCPCS)",
            "segment 14 `CTP`: CTP05: `XX` is not one of F2, GR, ME, ML, UN"
        ]
    );
}

#[test]
fn several_claims_of_one_transaction_are_kept_apart() {
    let text = "ST*837*1~CLM*A*1***22:B:1~LX*1~SV1*HC:96365*1*UN*1~CLM*B*1***99:B:1~LX*1~SV1*HC:96413*1*UN*1~SE*8*1~";
    let read = read_claims(text).expect("claims");
    let references: Vec<&str> = read.claims.iter().map(|claim| claim.reference.as_str()).collect();
    assert_eq!(references, ["claim 1", "claim 2"]);
    assert_eq!(read.claims[1].lines[0].code, HcpcsCode::of("96413"));
    assert_eq!(read.claims[1].setting, None);
    assert!(read.problems[0].to_string().starts_with("segment 5 `CLM`: CLM05"), "{:?}", read.problems);
}

#[test]
fn other_files_are_refused_with_the_segment_named() {
    let refusal = |text: &str| read_claims(text).expect_err("a refusal").to_string();
    assert!(refusal("{}").starts_with("this is not X12"));
    assert!(refusal("").starts_with("this is not X12"));
    assert!(refusal("ISA*00*").contains("`ISA`"));
    let cut = PROFESSIONAL.rfind("LX*").expect("a line");
    assert!(refusal(&PROFESSIONAL[..cut]).contains("cut off"));
    assert_eq!(
        refusal("ST*835*1~"),
        "segment 1 `ST`: transaction 835 is not a health care claim; give an 837"
    );
    assert!(refusal("ST*837*1*005010X224A2~").contains("837D"));
    assert!(refusal("LX*1~SV3*AD:1~").contains("segment 2 `SV3`"));
}

#[test]
fn a_line_outside_a_claim_is_named() {
    let read =
        read_claims("ST*837*1~LX*1~SV1*HC:96413*1*UN*1~DTP*472*D8*20251103~SE*5*1~").expect("a transaction");
    assert_eq!(read.claims, []);
    assert_eq!(read.problems.len(), 2, "{:?}", read.problems);
}

prop_compose! {
    fn any_line()(
        track in prop_oneof![Just(Track::Drug), Just(Track::Administration)],
        code in "[A-Z][0-9]{4}|[0-9]{5}",
        units in 1u32..100_000,
        modifiers in prop::collection::btree_set("[A-Z0-9]{2}", 0..4),
        day in 1i8..28,
        ndc in prop::option::of(("[0-9]{11}", 0usize..5, 1i64..1_000_000_000_000)),
        narrative in prop::option::of("[A-Za-z0-9][A-Za-z0-9 ./-]{0,70}[A-Za-z0-9]"),
    ) -> Line {
        let mut line = Line::new(track, code.parse().expect("a code"), units, date(2025, 11, day));
        for modifier in modifiers {
            assert!(line.add_modifier(modifier.parse().expect("a modifier")));
        }
        line.ndc = ndc.map(|(digits, qualifier, nanos)| NdcReport {
            ndc: digits.parse().expect("an NDC"),
            qualifier: NdcQualifier::ALL[qualifier],
            quantity: Decimal::from_nanos(nanos),
        });
        line.narrative = narrative.map(Into::into);
        line
    }
}

fn read_back(form: ClaimForm, lines: &[Line]) -> Vec<BilledLine> {
    let text = write_service_lines(form, lines, ServiceLineOptions::default());
    let read = read_claims(&text).expect("our own lines");
    assert_eq!(read.problems, []);
    read.claims.into_iter().flat_map(|claim| claim.lines).collect()
}

#[test]
fn an_interchange_without_a_transaction_says_so() {
    let header = "ISA*00*          *00*          *ZZ*A*ZZ*B*240101*1200*^*00501*000000001*0*T*:~";
    for text in [header.to_owned(), format!("{header}GS*HC*A*B*20240101*1200*1*X*005010X222A1~")] {
        let error = read_claims(&text).expect_err("nothing to read");
        assert!(error.to_string().starts_with("segment 1 `ISA`"), "{error}");
    }
}

proptest! {
    #[test]
    fn what_is_written_is_read_back(lines in prop::collection::vec(any_line(), 1..8)) {
        for form in [ClaimForm::Professional, ClaimForm::Institutional] {
            let billed = read_back(form, &lines);
            prop_assert_eq!(billed.len(), lines.len());
            for (line, billed) in lines.iter().zip(billed) {
                prop_assert_eq!(line.code, billed.code);
                prop_assert_eq!(i64::from(line.units) * Decimal::ONE.nanos(), billed.units.nanos());
                prop_assert_eq!(&line.modifiers, &billed.modifiers);
                prop_assert_eq!(Some(line.service_date), billed.service_date);
                prop_assert_eq!(line.ndc.map(|report| report.ndc), billed.ndc);
                prop_assert_eq!(line.ndc.map(|report| (report.quantity, report.qualifier)), billed.ndc_quantity);
                prop_assert_eq!(&line.narrative, &billed.narrative);
            }
        }
    }

    #[test]
    fn no_text_makes_the_reader_panic(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        let _ = read_claims(&String::from_utf8_lossy(&bytes));
    }

    #[test]
    fn no_segments_make_the_reader_panic(
        segments in prop::collection::vec("(ST|CLM|LX|SV1|SV2|HI|DTP|LIN|CTP|NTE|HL|SE)(\\*[A-Z0-9:é.\\-]{0,12}){0,6}", 0..40)
    ) {
        let _ = read_claims(&format!("ST*837*1~{}", segments.join("~")));
    }
}

#[test]
fn a_second_ndc_of_a_line_is_refused_by_name_with_its_quantity() {
    let text = "LX*1~SV1*HC:J1745*100*UN*10***1~LIN**N4*57894003001~CTP****1*UN~LIN**N4*00069080901~CTP****2*UN~\
                LX*2~SV1*HC:J1745*100*UN*10***1~LIN**N4*57894003001~LIN**N4*57894003001~CTP****3*UN~";
    let read = read_claims(text).expect("lines");
    let lines = &read.claims[0].lines;
    let drug = |at: usize| {
        (lines[at].ndc.map(|ndc| ndc.to_string()), lines[at].ndc_quantity.map(|(q, _)| q.to_string()))
    };
    let infliximab = "57894003001".parse::<crate::domain::code::Ndc>().expect("an NDC").to_string();
    assert_eq!(drug(0), (Some(infliximab.clone()), Some("1".to_owned())));
    assert_eq!(drug(1), (Some(infliximab), Some("3".to_owned())));
    assert_eq!(read.problems.len(), 1);
    assert!(read.problems[0].to_string().starts_with("segment 5 `LIN`: LIN03:"), "{:?}", read.problems);
}

#[test]
fn what_the_envelope_counts_or_lacks_is_named_and_the_claims_are_kept() {
    let problems = |text: &str| -> Vec<String> {
        let read = read_claims(text).expect("a claim");
        assert_eq!(read.claims.len(), 1, "{text}");
        read.problems.iter().map(ToString::to_string).collect()
    };
    let lost = PROFESSIONAL.replace("LIN**N4*50242005306~\n", "");
    let [problem] = &problems(&lost)[..] else { panic!("{lost}") };
    assert!(
        problem.starts_with("segment 21 `SE`: SE01: the transaction should have `20` segments and has 19")
    );
    let without_count = PROFESSIONAL.replace("SE*20*", "SE**");
    assert!(problems(&without_count)[0].contains("SE01"));
    let ends = PROFESSIONAL.find("GE*").expect("the end of the group");
    let [problem] = &problems(&PROFESSIONAL[..ends])[..] else { panic!("one problem") };
    assert!(problem.starts_with("segment 22 `SE`: the file ends here, without its GE and IEA"), "{problem}");
    let ends = PROFESSIONAL.find("IEA*").expect("the end of the interchange");
    let [problem] = &problems(&PROFESSIONAL[..ends])[..] else { panic!("one problem") };
    assert!(problem.starts_with("segment 23 `GE`: the file ends here, without its IEA"), "{problem}");
}
