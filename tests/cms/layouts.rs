//! The alpha-numeric HCPCS file in the layout of every year, written here with our own words: whatever the
//! layout, the records are the same.

use std::fmt::Write as _;

use infusion_coder::cms::hcpcs::{self, Release};
use infusion_coder::cms::recognise::{Kind, kind_of};
use rust_xlsxwriter::Workbook;

/// A code or a modifier with the lines of its description.
struct Item(&'static str, &'static [&'static str], &'static str);

/// Dates and action: added, effective, terminated, action.
const LIVE: &str = "2019010120190401        N";
const ENDED: &str = "200001012021010120201231D";

const ITEMS: &[Item] = &[
    Item("JW", &["Amount of a drug that nobody got"], "2003010120030101        N"),
    Item("TP", &["Transport,", "unloaded"], LIVE),
    Item("E0100", &["Cane, of any material,", "adjustable"], LIVE),
    Item("J9000", &["Injection, examplecin, 10 mg"], ENDED),
    Item("J9312", &["Injection, examplemab, a very long name of a drug", "that goes on,", "10 mg"], LIVE),
    Item("Q5199", &["Injection, examplemab-abcd, biosimilar, 10 mg"], LIVE),
];

/// What each layout must give: name, description, add date, termination date.
fn expected() -> Vec<String> {
    ITEMS
        .iter()
        .map(|Item(name, lines, dates)| {
            let date = |from: usize| dates[from..from + 8].trim().to_owned();
            format!("{name} | {} | {} | {}", lines.join(" "), date(0), date(16))
        })
        .collect()
}

fn shown(release: &Release) -> Vec<String> {
    let modifiers = release.modifiers.iter().map(|row| (row.modifier.to_string(), &row.details));
    let codes = release.codes.iter().map(|row| (row.code.to_string(), &row.details));
    modifiers
        .chain(codes)
        .map(|(name, details)| {
            let compact = |day: String| day.replace('-', "");
            let ended = details.terminated.map(|day| compact(day.to_string())).unwrap_or_default();
            format!(
                "{name} | {} | {} | {ended}",
                details.long_description,
                compact(details.added.to_string())
            )
        })
        .collect()
}

/// How one year writes its text.
#[derive(Clone, Copy)]
struct Layout {
    preamble: &'static str,
    /// Characters of a first line and of a continuation; continuations of none are cut behind their text.
    widths: (usize, usize),
    end: &'static str,
    /// A character of another code page behind each first line of text.
    mark: &'static [u8],
}

const LAYOUTS: &[(&str, Layout)] = &[
    ("2012", Layout { preamble: "", widths: (293, 293), end: "\r\n", mark: b"" }),
    ("2013", Layout { preamble: "", widths: (293, 0), end: "\r\n", mark: b"" }),
    ("2017", Layout { preamble: "", widths: (320, 91), end: "\r\n", mark: b"" }),
    (
        "2018",
        Layout {
            preamble: "Disclaimer of several lines\r\n   of any particular brand. Indented\r\n\r\n",
            widths: (320, 320),
            end: "\r\n",
            mark: b"",
        },
    ),
    (
        "2019",
        Layout { preamble: "Disclaimers\t\t\r\n\t \r\n", widths: (320, 320), end: "\r\n", mark: b"\xA0" },
    ),
    ("2020", Layout { preamble: "Nine lines\r\nof notes\r\n", widths: (320, 91), end: "\r\n", mark: b"" }),
    ("2026, January", Layout { preamble: "", widths: (320, 320), end: "\n", mark: b"" }),
    ("2026, July", Layout { preamble: "", widths: (293, 0), end: "\n", mark: "\u{a0}".as_bytes() }),
    ("2026, October", Layout { preamble: "", widths: (293, 0), end: "\n", mark: b"" }),
];

fn text(layout: Layout) -> Vec<u8> {
    let mut bytes = layout.preamble.as_bytes().to_vec();
    for Item(name, lines, dates) in ITEMS {
        let kinds = if name.len() == 2 { [7, 8] } else { [3, 4] };
        for (number, line) in lines.iter().enumerate() {
            let is_first = number == 0;
            let head = format!("{name:>5}{:05}{}", 100 * (number + 1), kinds[usize::from(!is_first)]);
            let mut rest = String::new();
            if is_first {
                let _ = write!(rest, "{:<28}51", "Short");
                rest = format!("{rest:<138}D");
                rest = format!("{rest:<165}O1D 1P");
                rest = format!("{rest:<176}0{dates}");
            }
            let marks = if is_first { layout.mark } else { b"" };
            let width = 80 - usize::from(!marks.is_empty());
            bytes.extend(head.bytes());
            bytes.extend(line.bytes());
            bytes.extend(marks);
            let filled = format!("{:<fill$}{rest}", "", fill = width - line.len());
            let wide = if is_first { layout.widths.0 } else { layout.widths.1 };
            let filled = match wide {
                0 => String::new(),
                wide => format!("{filled:<fill$}", fill = wide - 11 - 80 + (width - line.len())),
            };
            bytes.extend(filled.bytes());
            bytes.extend(layout.end.bytes());
        }
    }
    bytes
}

#[test]
fn the_text_of_every_year_gives_the_same_records() {
    for (year, layout) in LAYOUTS {
        let release = hcpcs::parse(&text(*layout)).expect(year);
        assert_eq!(shown(&release), expected(), "{year}");
        assert!(release.problems.is_empty(), "{year}: {:?}", release.problems);
    }
}

#[test]
fn a_file_without_its_last_line_end_and_with_a_byte_order_mark_is_read_whole() {
    let mut bytes = b"\xEF\xBB\xBF".to_vec();
    bytes.extend(text(LAYOUTS[7].1));
    bytes.pop();
    assert_eq!(shown(&hcpcs::parse(&bytes).expect("a release")), expected());
}

const HEADER: &[&str] = &[
    "HCPC",
    "SEQNUM",
    "RECID",
    "LONG DESCRIPTION",
    "SHORT DESCRIPTION",
    "PRICE1",
    "PRICE2",
    "PRICE3",
    "PRICE4",
    "MULT_PI",
    "XREF1",
    "XREF2",
    "XREF3",
    "XREF4",
    "XREF5",
    "COV",
    "PROCNOTE",
    "BETOS",
    "TOS1",
    "TOS2",
    "TOS3",
    "TOS4",
    "TOS5",
    "ADD DT",
    "ACT EFF DT",
    "TERM DT",
    "ACTION CD",
];

/// Headers of 2012 and 2013 under the same columns.
const OLD_HEADER: &[&str] = &[
    "HCPC",
    "Seq Num",
    "RIC",
    "Long Description",
    "Short Description",
    "PI1",
    "PI2",
    "PI3",
    "PI4",
    "MPI",
    "X-Ref1",
    "X-Ref2",
    "X-Ref3",
    "X-Ref4",
    "X-Ref5",
    "Coverage",
    "Proc Note",
    "BETOS",
    "TOS1",
    "TOS2",
    "TOS3",
    "TOS4",
    "TOS5",
    "Code Add Date",
    "Action Eff Date",
    "Term Date",
    "Action Code",
];

/// A worksheet: blank or title rows before the header, one row a code or a row for each line, blank rows behind.
fn sheet(name: &str, header: &[&str], header_row: u32, by_lines: bool) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    sheet.set_name(name).expect("a name");
    if header_row > 0 {
        sheet.write(0, 1, "A disclaimer of our own").expect("a cell");
    }
    for (column, title) in (0..).zip(header) {
        sheet.write(header_row, column, *title).expect("a cell");
    }
    let mut row = header_row + 1;
    for Item(name, lines, dates) in ITEMS {
        let whole = [lines.join(" ")];
        let parts: Vec<&str> =
            if by_lines { lines.to_vec() } else { whole.iter().map(String::as_str).collect() };
        for (number, part) in parts.iter().enumerate() {
            let kinds = if name.len() == 2 { ["7", "8"] } else { ["3", "4"] };
            let step = if by_lines { 100 } else { 10 };
            let sequence = format!("{:04}", step * (number + 1));
            for (column, value) in
                [(0, *name), (1, &sequence), (2, kinds[usize::from(number > 0)]), (3, part)]
            {
                sheet.write(row, column, value).expect("a cell");
            }
            if number == 0 {
                let values = [(4, "Short"), (5, "51"), (15, "D"), (17, "O1D"), (18, "1")];
                let dated =
                    [(23, &dates[..8]), (24, &dates[8..16]), (25, dates[16..24].trim()), (26, &dates[24..])];
                for (column, value) in values.into_iter().chain(dated) {
                    sheet.write(row, column, value).expect("a cell");
                }
            }
            row += 1;
        }
    }
    sheet.write(row + 900, 0, " ").expect("a cell");
    book.save_to_buffer().expect("a workbook")
}

#[test]
fn the_sheet_of_every_year_gives_the_same_records() {
    for (name, header, header_row, by_lines) in [
        ("PUF___2012_Web_File", OLD_HEADER, 0, true),
        ("A", HEADER, 0, false),
        ("HCPCS_2018_Alpha", HEADER, 10, false),
        ("A2019", HEADER, 7, true),
        ("HCPC2021_APR", HEADER, 9, false),
        ("HCPC2024_JAN_ANWEB_v3", HEADER, 0, false),
    ] {
        let release = hcpcs::parse(&sheet(name, header, header_row, by_lines)).expect(name);
        assert_eq!(shown(&release), expected(), "{name}");
        assert!(release.problems.is_empty(), "{name}: {:?}", release.problems);
    }
}

#[test]
fn a_sheet_saved_as_comma_separated_text_is_read_too() {
    let mut text = HEADER.join(",") + "\n";
    for Item(name, lines, dates) in ITEMS {
        let kind = if name.len() == 2 { 7 } else { 3 };
        let _ = writeln!(
            text,
            "{name},10,{kind},\"{}\",Short,51,,,,A,,,,,,D,,O1D,1,,,,,{},{},{},{}",
            lines.join(" "),
            &dates[..8],
            &dates[8..16],
            dates[16..24].trim(),
            &dates[24..]
        );
    }
    assert_eq!(shown(&hcpcs::parse(text.as_bytes()).expect("a release")), expected());
}

/// The columns in another order, with one that is new, below other rows, with dates as people write them and codes
/// in small letters.
fn rearranged() -> Vec<String> {
    let mut lines = vec!["A title,,".to_owned(), String::new(), ",,a note".to_owned()];
    let order = |cells: &[String]| {
        let (first, rest) = cells.split_first().expect("a cell");
        let rest = rest.iter().rev().cloned().collect::<Vec<_>>().join(",");
        format!("{first},,{rest}")
    };
    lines.push(order(&HEADER.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>()));
    for Item(name, parts, dates) in ITEMS {
        let slashed = |date: &str| match date.trim() {
            "" => String::new(),
            date => format!("{}/{}/{}", &date[4..6], &date[6..], &date[..4]),
        };
        let mut cells = vec![String::new(); HEADER.len()];
        let values =
            [(0, name.to_lowercase()), (1, "10".into()), (2, if name.len() == 2 { "7" } else { "3" }.into())];
        let texts = [(3, format!("\"{}\"", parts.join(" "))), (4, "Short".into()), (5, "51".into())];
        let rest = [(15, "D".into()), (17, "O1D".into()), (18, "1".into()), (26, dates[24..].to_owned())];
        let dated = [(23, slashed(&dates[..8])), (24, slashed(&dates[8..16])), (25, slashed(&dates[16..24]))];
        for (column, value) in values.into_iter().chain(texts).chain(rest).chain(dated) {
            cells[column] = value;
        }
        lines.push(order(&cells));
    }
    lines
}

#[test]
fn columns_in_another_order_and_dates_with_slashes_give_the_same_records() {
    for (end, tail) in [("\n", ""), ("\r\n", "\r\n\x1A")] {
        let text = format!("\u{feff}{}{tail}", rearranged().join(end));
        let release = hcpcs::parse(text.as_bytes()).expect("a release");
        assert_eq!(shown(&release), expected());
        assert!(release.problems.is_empty(), "{:?}", release.problems);
    }
}

/// The sheet saved as text with the columns in the given order, cells parted by `mark`.
fn ordered(order: &[usize], mark: &str) -> String {
    let line = |cells: &[String]| {
        let cells: Vec<_> = order.iter().map(|column| format!("\"{}\"", cells[*column])).collect();
        cells.join(mark) + "\n"
    };
    let mut text = line(&HEADER.iter().map(|title| (*title).to_owned()).collect::<Vec<_>>());
    for Item(name, parts, dates) in ITEMS {
        let mut cells = vec![String::new(); HEADER.len()];
        let kind = if name.len() == 2 { "7" } else { "3" };
        let words = parts.join(" ");
        let values = [(0, *name), (1, "0010"), (2, kind), (3, &words), (5, "51"), (15, "D"), (17, "O1D")];
        let dated = [(23, &dates[..8]), (24, &dates[8..16]), (25, dates[16..24].trim()), (26, &dates[24..])];
        for (column, value) in values.into_iter().chain(dated) {
            cells[column] = value.to_owned();
        }
        text += &line(&cells);
    }
    text
}

#[test]
fn columns_are_found_by_their_names_wherever_they_stand() {
    let all: Vec<usize> = (0..HEADER.len()).collect();
    let backwards: Vec<usize> = all.iter().rev().copied().collect();
    let swapped: Vec<usize> = [1, 0].into_iter().chain(2..HEADER.len()).collect();
    // The fields that say what a code is and when it is in force.
    let needed = [3, 0, 23, 25, 24, 2, 1, 15, 17, 5];
    for order in [&all[..], &backwards, &swapped, &needed] {
        for mark in [",", "\t", ";"] {
            for title in ["HCPC", "HCPCS", "HCPCS Code"] {
                let text = ordered(order, mark).replace("\"HCPC\"", &format!("\"{title}\""));
                let bytes = text.as_bytes();
                assert_eq!(kind_of(bytes), Ok(Kind::Codes), "{order:?} {mark:?} {title}");
                let release = hcpcs::parse(bytes).expect("a release");
                assert_eq!(shown(&release), expected(), "{order:?} {mark:?} {title}");
                assert!(release.problems.is_empty(), "{:?}", release.problems);
            }
        }
    }
    let without_numbers: Vec<usize> = all.iter().copied().filter(|column| *column != 1).collect();
    let release = hcpcs::parse(ordered(&without_numbers, ",").as_bytes()).expect("a release");
    assert_eq!((shown(&release), release.problems.count()), (expected(), 0), "no numbers of lines");
    let without_term: Vec<usize> = all.iter().copied().filter(|column| *column != 25).collect();
    let refusal = hcpcs::parse(ordered(&without_term, ",").as_bytes()).expect_err("no term date");
    assert!(refusal.to_string().contains("termdt"), "{refusal}");
}

#[test]
fn a_code_that_ends_before_it_begins_is_told() {
    let text = ordered(&(0..HEADER.len()).collect::<Vec<_>>(), ",").replace("\"20201231\"", "\"19991231\"");
    let release = hcpcs::parse(text.as_bytes()).expect("a release");
    let told: Vec<String> = release.problems.iter().map(ToString::to_string).collect();
    assert_eq!(release.codes.len(), 4, "the row is kept");
    assert!(told.len() == 1 && told[0].contains("J9000 ends on 1999-12-31, before"), "{told:?}");
}

#[test]
fn a_layout_that_cannot_be_read_is_refused_with_what_is_missing() {
    let without = |title: &str| rearranged().join("\n").replace(title, "OTHER");
    for title in ["TERM DT", "LONG DESCRIPTION", "COV"] {
        let refusal = hcpcs::parse_sheet(without(title).as_bytes()).expect_err(title).to_string();
        let folded: String = title.chars().filter(|c| *c != ' ').collect::<String>().to_lowercase();
        assert!(refusal.contains(&folded), "{title}: {refusal}");
    }
    for other in ["<html>Not found</html>", "", "HCPC\n", "J9312 Injection\n"] {
        assert!(hcpcs::parse(other.as_bytes()).is_err(), "{other}");
    }
}
