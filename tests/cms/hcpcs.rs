//! Every alpha-numeric HCPCS file of the shared folder.

use calamine::Reader;
use infusion_coder::cms::hcpcs::{Details, Release};

use super::{bytes_of, member_of, release_of};
use crate::support::shared;

/// Codes, modifiers, J, Q and Q51 codes.
type Counts = [usize; 5];

/// The files, with the counts that a scan of their lines or rows gives.
const FILES: &[(&str, Counts)] = &[
    ("13anweb.zip!HCPC2013_A-N.txt", [5630, 321, 690, 222, 0]),
    ("13anweb.zip!HCPC2013_A-N.xlsx", [5630, 321, 690, 222, 0]),
    ("2018-Alpha-Numeric-HCPCS-File.zip!HCPC2018_CONTR_ANWEB_disc.txt", [6205, 354, 744, 274, 2]),
    ("2018-Alpha-Numeric-HCPCS-File.zip!HCPC2018_CONTR_ANWEB_disc.xlsx", [6205, 354, 744, 274, 2]),
    ("2019-Alpha-Numeric-HCPCS-File.zip!HCPC2019_CONTR_ANWEB.txt", [6440, 360, 774, 310, 10]),
    ("2019-Alpha-Numeric-HCPCS-File.zip!HCPC2019_CONTR_ANWEB.xlsx", [6440, 360, 774, 310, 10]),
    ("2020-Alpha-Numeric-HCPCS-File.zip!HCPC2020_ANWEB_w_disclaimer.txt", [6710, 369, 810, 336, 18]),
    ("2020-Alpha-Numeric-HCPCS-File.zip!HCPC2020_ANWEB_w_disclaimer.xls", [6710, 369, 810, 336, 18]),
    ("2020-10_anweb.xlsx", [6825, 371, 835, 367, 21]),
    ("HCPC2023_JAN_ANWEB_v3.xlsx", [7404, 381, 932, 402, 26]),
    ("HCPC2025_OCT_ANWEB.xlsx", [8463, 383, 1188, 585, 60]),
];

/// Excel took the second line of these descriptions ("- homemix") for a formula, in 2013.
const DAMAGED_IN_EXCEL: &[&str] = &["B4172", "B4176", "B4178"];

#[test]
fn each_file_gives_as_many_records_as_a_plain_count() {
    let Some(folder) = shared("data/hcpcs") else { return };
    for (name, expected) in FILES {
        let bytes = bytes_of(&folder, name);
        let counted = if name.ends_with(".txt") { counted_lines(&bytes) } else { counted_rows(&bytes) };
        assert_eq!(counted, *expected, "the plain count of {name}");
        let release = release_of(&folder, name);
        assert_eq!(counts(release), *expected, "{name}");
        let problems: Vec<String> = release.problems.iter().map(ToString::to_string).collect();
        let damaged = if name.contains("2013_A-N.xlsx") { DAMAGED_IN_EXCEL.len() } else { 0 };
        assert_eq!(problems.len(), damaged, "{name}: {problems:#?}");
    }
}

#[test]
fn text_and_excel_of_one_release_give_the_same_records() {
    let Some(folder) = shared("data/hcpcs") else { return };
    for pair in FILES[..8].chunks(2) {
        let [text, excel] = [pair[0].0, pair[1].0].map(|name| release_of(&folder, name));
        let differences: Vec<String> =
            text.codes
                .iter()
                .zip(&excel.codes)
                .map(|(a, b)| (a.code.to_string(), b.code.to_string(), &a.details, &b.details))
                .chain(
                    text.modifiers.iter().zip(&excel.modifiers).map(|(a, b)| {
                        (a.modifier.to_string(), b.modifier.to_string(), &a.details, &b.details)
                    }),
                )
                .filter(|(a, b, in_text, in_excel)| a != b || shown(in_text) != shown(in_excel))
                .filter(|(a, ..)| !DAMAGED_IN_EXCEL.contains(&a.as_str()))
                .filter(|(_, _, in_text, in_excel)| !lacks_old_fields(in_text, in_excel))
                .map(|(a, _, in_text, in_excel)| format!("{a}\n{}\n{}", shown(in_text), shown(in_excel)))
                .collect();
        assert!(differences.is_empty(), "{}: {}", pair[0].0, differences.join("\n"));
    }
}

/// The Excel file of 2019 leaves the action date of 116 old codes blank, and gives two of them one
/// more type of service.
fn lacks_old_fields(in_text: &Details, in_excel: &Details) -> bool {
    let mut patched = in_excel.clone();
    patched.effective = patched.effective.or(in_text.effective);
    if in_excel.types_of_service.strip_suffix('R') == Some(&in_text.types_of_service) {
        patched.types_of_service = in_text.types_of_service.clone();
    }
    shown(&patched) == shown(in_text)
}

fn counts(release: &Release) -> Counts {
    let of = |prefix| release.count_of(prefix);
    [release.codes.len(), release.modifiers.len(), of("J"), of("Q"), of("Q51")]
}

/// Everything but the line. CMS mistook the encoding of other characters on the way to Excel in 2013.
fn shown(details: &Details) -> String {
    let shown = format!("{:?}", Details { line: 0, ..details.clone() });
    shown.chars().map(|c| if c.is_ascii() { c } else { '?' }).collect()
}

/// Counts first lines by the record kind in their eleventh column.
fn counted_lines(bytes: &[u8]) -> Counts {
    let mut counts = [0; 5];
    for line in bytes.split(|byte| *byte == b'\n').filter(|line| line.len() > 80) {
        match line[10] {
            b'3' if line[5..10].iter().all(u8::is_ascii_digit) => count_code(&mut counts, &line[..5]),
            b'7' if line[5..10].iter().all(u8::is_ascii_digit) => counts[1] += 1,
            _ => {}
        }
    }
    counts
}

/// Counts rows by the record kind in their third cell.
fn counted_rows(bytes: &[u8]) -> Counts {
    let mut counts = [0; 5];
    let mut count = |code: &str, kind: &str| match kind {
        "3" => count_code(&mut counts, code.as_bytes()),
        "7" => counts[1] += 1,
        _ => {}
    };
    if bytes.starts_with(b"PK") {
        for [code, kind] in first_and_third_cells(bytes) {
            count(&code, &kind);
        }
    } else {
        let mut book = calamine::Xls::new(std::io::Cursor::new(bytes)).expect("a workbook");
        let sheet = book.worksheet_range_at(0).expect("a sheet").expect("its cells");
        sheet.rows().for_each(|row| count(&row[0].to_string(), &row[2].to_string()));
    }
    counts
}

/// The cells of two columns of each row, cut out of the worksheet's text without a reader of spreadsheets.
fn first_and_third_cells(bytes: &[u8]) -> Vec<[String; 2]> {
    let [sheet, texts] = ["xl/worksheets/sheet1.xml", "xl/sharedStrings.xml"]
        .map(|member| String::from_utf8(member_of(bytes, member)).expect("a text"));
    let between = |text: &str, from: &str, to: &str| {
        let start = text.find(from)? + from.len();
        Some(text[start..start + text[start..].find(to)?].to_owned())
    };
    let texts: Vec<String> =
        texts.split("<si>").skip(1).map(|si| between(si, "<t", "</t>").unwrap_or_default()).collect();
    let value = |cell: &str| {
        let value = between(cell, "<v>", "</v>").unwrap_or_default();
        let tag = cell.split('>').next().unwrap_or_default();
        // What is between `<t` and `</t>` begins with the rest of the tag.
        let shared =
            || texts[value.parse::<usize>().expect("a place")].split('>').next_back().map(str::to_owned);
        if tag.contains("t=\"s\"") { shared().unwrap_or_default() } else { value }
    };
    let cells_of = |row: &str| {
        let cell = |column: &str| row.split("<c ").find(|cell| cell.contains(&format!("r=\"{column}")));
        ["A", "C"].map(|column| cell(column).map(value).unwrap_or_default())
    };
    sheet.split("<row ").skip(1).map(cells_of).collect()
}

fn count_code(counts: &mut Counts, code: &[u8]) {
    counts[0] += 1;
    counts[2] += usize::from(code.starts_with(b"J"));
    counts[3] += usize::from(code.starts_with(b"Q"));
    counts[4] += usize::from(code.starts_with(b"Q51"));
}
