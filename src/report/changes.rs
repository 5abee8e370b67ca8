//! The change report of a release: what a person responsible for a charge master has to do, and by when.

use std::collections::BTreeMap;

use askama::Template;

use crate::catalog::release::{Altered, ChangedCode, Comparison, EndedCode, Side};
use crate::domain::code::HcpcsCode;

/// First letters of the families that hold drugs; the others follow them, folded.
const DRUG_FAMILIES: [char; 2] = ['J', 'Q'];

/// Width of the longest bar of the chart, in units of the drawing.
const BAR_WIDTH: usize = 620;
/// Height of a row of the chart, in the same units.
const ROW_HEIGHT: usize = 26;
/// Where the bars begin, to the right of the family's name.
const BAR_LEFT: usize = 205;

/// The comparison as JSON, for a program that maintains a charge master.
pub fn json(comparison: &Comparison) -> String {
    // Texts, dates and lists of them always have a JSON form.
    serde_json::to_string_pretty(comparison).unwrap_or_default()
}

/// The comparison as one self-contained page.
///
/// # Errors
/// Only what the template engine reports of itself; the page writes to memory.
pub fn html(comparison: &Comparison) -> Result<String, askama::Error> {
    let is_drug = |code: &HcpcsCode| DRUG_FAMILIES.contains(&code.family());
    let chart = Chart::of(comparison);
    ChangePage {
        biosimilars: comparison.new_biosimilars.iter().collect(),
        replaced: Split::of(&comparison.replaced, |it| is_drug(&it.code)),
        ended: Split::of(&comparison.ended, |it| is_drug(&it.code)),
        unit_changed: Split::of(&comparison.unit_changed, |it| is_drug(&it.code)),
        added: Split::of(&comparison.added, |it| is_drug(&it.code)),
        reworded: Split::of(&comparison.reworded, |it| is_drug(&it.code)),
        reinstated: Split::of(&comparison.reinstated, |it| is_drug(&it.code)),
        comparison,
        chart,
    }
    .render()
}

#[derive(Template)]
#[template(path = "changes.html")]
struct ChangePage<'a> {
    comparison: &'a Comparison,
    chart: Chart,
    biosimilars: Vec<&'a ChangedCode>,
    replaced: Split<'a, EndedCode>,
    ended: Split<'a, EndedCode>,
    unit_changed: Split<'a, Altered>,
    added: Split<'a, ChangedCode>,
    reworded: Split<'a, Altered>,
    reinstated: Split<'a, ChangedCode>,
}

/// A list cut in two: the drugs, and the rest, which a reader of this page rarely needs.
struct Split<'a, T> {
    drugs: Vec<&'a T>,
    others: Vec<&'a T>,
}

impl<'a, T> Split<'a, T> {
    fn of(list: &'a [T], is_drug: impl Fn(&T) -> bool) -> Self {
        let (drugs, others) = list.iter().partition(|item| is_drug(item));
        Self { drugs, others }
    }

    const fn count(&self) -> usize {
        self.drugs.len() + self.others.len()
    }
}

/// The units of the codes to bill instead, each told once.
fn new_units(codes: &[ChangedCode]) -> String {
    let mut units: Vec<&str> = Vec::new();
    for unit in codes.iter().map(|code| code.unit.as_str()) {
        if !units.contains(&unit) {
            units.push(unit);
        }
    }
    units.join(", ")
}

/// One kind of change in the chart.
struct Kind {
    style: &'static str,
    label: &'static str,
}

const KINDS: [Kind; 4] = [
    Kind { style: "added", label: "added" },
    Kind { style: "replaced", label: "replaced" },
    Kind { style: "ended", label: "ended without replacement" },
    Kind { style: "unit", label: "billing unit changed" },
];

/// Changes by family of codes, a bar each.
struct Chart {
    rows: Vec<ChartRow>,
    height: usize,
}

struct ChartRow {
    label: String,
    text_y: usize,
    bar_y: usize,
    bars: Vec<Bar>,
    total: usize,
    total_x: usize,
}

struct Bar {
    style: &'static str,
    x: usize,
    width: usize,
    count: usize,
    label: &'static str,
}

impl Bar {
    /// Whether the number fits into the bar.
    const fn holds_number(&self) -> bool {
        self.width >= 26
    }

    const fn middle(&self) -> usize {
        self.x + self.width / 2
    }
}

impl Chart {
    fn of(comparison: &Comparison) -> Self {
        let mut families: BTreeMap<(bool, char), [usize; KINDS.len()]> = BTreeMap::new();
        let mut count = |code: HcpcsCode, kind: usize| {
            let key = (!DRUG_FAMILIES.contains(&code.family()), code.family());
            families.entry(key).or_default()[kind] += 1;
        };
        comparison.added.iter().for_each(|it| count(it.code, 0));
        comparison.replaced.iter().for_each(|it| count(it.code, 1));
        comparison.ended.iter().for_each(|it| count(it.code, 2));
        comparison.unit_changed.iter().for_each(|it| count(it.code, 3));
        let most = families.values().map(|counts| counts.iter().sum::<usize>()).max().unwrap_or(0).max(1);
        let rows: Vec<ChartRow> = families
            .iter()
            .zip(0..)
            .map(|(((_, family), counts), place)| ChartRow::of(*family, counts, place, most))
            .collect();
        Self { height: rows.len() * ROW_HEIGHT + 4, rows }
    }
}

impl ChartRow {
    fn of(family: char, counts: &[usize; KINDS.len()], place: usize, most: usize) -> Self {
        let top = place * ROW_HEIGHT;
        let mut bars = Vec::new();
        let mut x = BAR_LEFT;
        for (kind, count) in KINDS.iter().zip(counts).filter(|(_, count)| **count > 0) {
            // Rounded down, and never so thin that it cannot be seen.
            let width = (count * BAR_WIDTH / most).max(3);
            bars.push(Bar { style: kind.style, x, width, count: *count, label: kind.label });
            x += width;
        }
        Self {
            label: family_label(family),
            text_y: top + 17,
            bar_y: top + 4,
            bars,
            total: counts.iter().sum(),
            total_x: x + 6,
        }
    }
}

/// What the codes of a family are, in our own words.
fn family_label(family: char) -> String {
    let what = match family {
        'A' => "supplies, imaging agents",
        'B' => "nutrition",
        'C' => "hospital outpatient",
        'E' => "equipment",
        'G' => "services, temporary",
        'H' => "behavioral health",
        'J' => "drugs",
        'K' => "equipment, temporary",
        'L' => "orthotics, prosthetics",
        'M' | 'P' => "medical services",
        'Q' => "drugs, biosimilars",
        'R' => "imaging services",
        'S' => "private payers",
        'T' => "Medicaid services",
        'V' => "vision, hearing",
        _ => "other",
    };
    format!("{family} · {what}")
}

impl ChangePage<'_> {
    fn kinds(&self) -> &'static [Kind] {
        &KINDS
    }

    /// What to do, the most pressing first: how many codes, and where the page lists them.
    fn tasks(&self) -> Vec<(usize, &'static str, String)> {
        let recalculated = self.comparison.replaced.iter().filter(|ended| ended.unit_differs).count();
        let tasks = [
            (self.replaced.count(), "replaced", "to exchange for the code that takes its place"),
            (recalculated, "replaced", "among these with another unit: recalculate"),
            (self.unit_changed.count(), "units", "that stays and counts another unit: recalculate"),
            (self.ended.count(), "ended", "to stop billing"),
            (self.added.count(), "added", "to add where you supply the product"),
            (self.biosimilars.len(), "biosimilars", "among these for a new biosimilar"),
        ];
        let counted = tasks.into_iter().filter(|(count, _, _)| *count > 0);
        let noun = |count| if count == 1 { "code" } else { "codes" };
        counted.map(|(count, place, task)| (count, place, format!("{} {task}", noun(count)))).collect()
    }

    fn title(&self) -> String {
        let after = &self.comparison.after.quarter;
        match &self.comparison.before {
            Some(Side { quarter, .. }) if quarter == after => format!("HCPCS changes: {after}, posted again"),
            Some(Side { quarter, .. }) => format!("HCPCS changes: {quarter} to {after}"),
            None => format!("HCPCS release of {after}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::release::Release;

    #[test]
    fn a_first_release_has_a_page_that_says_so() {
        let page = html(&Comparison::between(None, Release::embedded())).expect("a page");
        assert!(page.contains("no earlier release"), "{page}");
    }

    #[test]
    fn every_change_is_on_the_page_and_in_the_data() {
        let after = Release::embedded().clone();
        let mut before = after.clone();
        let biosimilar =
            before.codes.iter().position(|it| it.code.as_str() == "Q5107").expect("a biosimilar");
        before.codes.remove(biosimilar);
        before.header.kind = crate::catalog::release::ReleaseKind::Hcpcs;
        let comparison = Comparison::between(Some(&before), &after);
        let page = html(&comparison).expect("a page");
        assert!(
            page.contains("Q5107") && page.contains("<svg") && page.contains("for a new biosimilar"),
            "{page}"
        );
        let data: serde_json::Value = serde_json::from_str(&json(&comparison)).expect("JSON");
        assert_eq!(data["newBiosimilars"][0]["code"], "Q5107");
        assert_eq!(data["after"]["quarter"], after.header.quarter.to_string());
    }
}
