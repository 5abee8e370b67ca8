//! What is billed together: the doses of one code on one date of service, however many containers they came from.

use std::cmp::Ordering;

use smallvec::{SmallVec, smallvec};

use crate::catalog::CodeVersion;
use crate::catalog::formulary::DrugFacts;
use crate::domain::billing::{BillingUnit, NoUnitReason};
use crate::domain::claim::{Line, Modifiers, Track};
use crate::domain::code::HcpcsCode;
use crate::domain::drug::{DrugGiven, EsaIndication, Laterality};
use crate::domain::encounter::{Administration, Encounter, Route};
use crate::domain::field::Field;
use crate::domain::quantity::{Decimal, Quantity, Unit};
use crate::domain::time::Date;
use crate::engine::Coding;
use crate::engine::trail::{NotedFact, Subject, Value};
use crate::policy::Policy;
use crate::policy::parameters::{CodeMark, CodeMarks, EsaReason, RoundingScope};
use crate::rules::Rule;
use crate::rules::administration::order::facts;
use crate::rules::drug_line::drug_marks::DrugMarks;
use crate::rules::drug_line::units::{self, strength::Strength};

/// One drug of one administration, with the code it is billed by.
#[derive(Clone, Copy)]
pub struct Dose<'a> {
    /// Indices of the administration and of the drug in it.
    pub at: (u16, u16),
    pub administration: &'a Administration,
    pub drug: &'a DrugGiven,
    /// The code that is billed; [`HcpcsCode::NONE`] where a drug without one is counted in a stated unit.
    pub code: HcpcsCode,
    pub version: &'a CodeVersion,
    /// The unit that counts, the catalog's or a stated one.
    pub billing: Result<BillingUnit, NoUnitReason>,
    /// The code has no billing unit of its own: one unit and a narrative (rule N-04).
    pub is_unclassified: bool,
    /// What the formulary says of the code.
    pub listed: Option<&'a DrugFacts>,
    /// The amount of drug in one millilitre, where the request tells it (rule U-06).
    pub per_ml: Option<Strength>,
    /// Which tables of the policy name the code.
    pub marks: CodeMarks,
    /// What the request states of the drug.
    pub stated: DrugMarks,
    /// What has to agree for doses to be billed together.
    pub key: Key,
}

impl Dose<'_> {
    /// Its date of service.
    pub const fn date(&self) -> Date {
        self.key.date
    }

    /// A field of the drug in the request.
    pub const fn field(&self, name: &'static str) -> Field {
        Field::Drug(self.at.0, self.at.1, name)
    }

    /// The drug as the subject of a step.
    pub const fn subject(&self) -> Subject {
        Subject::Drug(self.at.0, self.at.1)
    }
}

/// The doses behind one administered line.
pub struct Treatment<'a> {
    /// At least one dose.
    pub doses: &'a [&'a Dose<'a>],
    first: &'a Dose<'a>,
    /// The side, where the route is billed by side (rule M-12).
    pub laterality: Option<Laterality>,
    /// What the request states of any of the drugs.
    pub stated: DrugMarks,
}

impl<'a> Treatment<'a> {
    fn of(doses: &'a [&'a Dose<'a>]) -> Self {
        let stated = doses.iter().fold(DrugMarks::default(), |stated, dose| stated.or(dose.stated));
        // The doses of a treatment are those of one key, so there is a first one.
        let first = doses[0];
        Self { doses, first, laterality: first.key.side(), stated }
    }

    /// The first dose; it names the line.
    pub const fn first(&self) -> &'a Dose<'a> {
        self.first
    }

    /// The code that is billed.
    pub fn code(&self) -> HcpcsCode {
        self.first().code
    }

    /// The version of the code on the date of service.
    pub fn version(&self) -> &'a CodeVersion {
        self.first().version
    }

    /// The first drug as the subject of a step.
    pub fn subject(&self) -> Subject {
        self.first().subject()
    }

    /// A field of the first drug.
    pub fn field(&self, name: &'static str) -> Field {
        self.first().field(name)
    }

    /// The date of service of every dose.
    pub fn date(&self) -> Date {
        self.first().date()
    }

    /// A possible answer that states the same of the drug of every dose.
    pub fn possibly<'c>(
        &self,
        label: impl Into<String>,
        state: impl Fn(&mut DrugGiven) + 'c,
    ) -> Possibility<'c> {
        let all: Vec<(u16, u16)> = self.doses.iter().map(|dose| dose.at).collect();
        let supply =
            move |encounter: &mut Encounter| all.iter().for_each(|&at| state(drug_at(encounter, at)));
        (label.into(), Box::new(supply))
    }

    /// A line of this treatment, naming the administrations behind it.
    #[inline]
    pub fn line(&self, units: u32, modifiers: Modifiers, narrative: Option<Box<str>>) -> Line {
        let mut administrations: SmallVec<_> = smallvec![self.first().at.0];
        for dose in &self.doses[1..] {
            if !administrations.contains(&dose.at.0) {
                administrations.push(dose.at.0);
            }
        }
        Line {
            track: Track::Drug,
            code: self.code(),
            units,
            modifiers,
            service_date: self.date(),
            administrations,
            drug: Some(self.first().at.1),
            ndc: None,
            further_ndcs: Vec::new(),
            unnamed_quantity: None,
            narrative,
            charge_cents: None,
        }
    }
}

/// Puts together the doses that are rounded once (rules U-13, U-14).
///
/// The order of the result follows the dates and the codes, so it does not depend on the order of the request.
pub fn combine<'t, 'd: 't>(
    doses: &'t mut [&'d Dose<'d>],
) -> impl Iterator<Item = Treatment<'t>> + use<'t, 'd> {
    doses.sort_unstable_by(|a, b| a.key.cmp(&b.key).then_with(|| in_time(a, b)));
    let groups = doses.chunk_by(|a, b| a.key == b.key);
    groups.map(Treatment::of)
}

/// What has to agree for doses to be billed together; treatments follow its order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key {
    /// Each date of service is billed by itself (rules L-01, U-14).
    date: Date,
    code: HcpcsCode,
    /// What else tells doses apart, the first byte first: no side, right, left, both; why an erythropoietin was given;
    /// whether under the skin; and of a dose that stands alone a one and its place in the request.
    apart: u64,
}

impl Key {
    fn side(&self) -> Option<Laterality> {
        match self.apart.to_be_bytes()[0] {
            1 => Some(Laterality::Right),
            2 => Some(Laterality::Left),
            3 => Some(Laterality::Bilateral),
            _ => None,
        }
    }
}

/// Orders the doses of one line by their times, and those of one time by what the record says of them; where no time
/// is known the order of the list is the order given. Few doses have one key, so this stays out of the sorting.
#[inline(never)]
fn in_time(one: &Dose<'_>, other: &Dose<'_>) -> Ordering {
    let time = |dose: &Dose<'_>| (dose.administration.start.is_none(), dose.administration.start);
    let has_time = one.administration.start.is_some();
    let by_facts = || if has_time { facts(one.drug).cmp(&facts(other.drug)) } else { Ordering::Equal };
    time(one).cmp(&time(other)).then_with(by_facts).then_with(|| one.at.cmp(&other.at))
}

/// What has to agree with another dose for both to be billed together; an unclassified product stands alone.
pub(super) fn key(
    coding: &Coding<'_>,
    (administration, drug, at): (&Administration, &DrugGiven, (u16, u16)),
    (code, marks): (HcpcsCode, CodeMarks),
    is_unclassified: bool,
) -> Key {
    let scope = *coding.policy.drug_line.rounding_scope;
    let is_uncoded = code == HcpcsCode::NONE;
    let stands_alone = is_uncoded || is_unclassified || scope == RoundingScope::PerAdministration;
    let by_route = marks.has(CodeMark::RouteModifier);
    let side = match side(administration, drug, coding.policy) {
        None => 0,
        Some(Laterality::Right) => 1,
        Some(Laterality::Left) => 2,
        Some(Laterality::Bilateral) => 3,
    };
    let esa = match esa_reason(coding, drug, marks) {
        None => 0,
        Some(EsaIndication::ChemotherapyAnemia) => 1,
        Some(EsaIndication::RadiotherapyAnemia) => 2,
        Some(EsaIndication::Other) => 3,
    };
    let is_subcutaneous = by_route && administration.route.is_some_and(is_subcutaneous);
    let ([a, b], [c, d]) =
        if stands_alone { (at.0.to_be_bytes(), at.1.to_be_bytes()) } else { Default::default() };
    let apart = [side, esa, u8::from(is_subcutaneous), u8::from(stands_alone), a, b, c, d];
    Key { date: coding.date, code, apart: u64::from_be_bytes(apart) }
}

fn side(administration: &Administration, drug: &DrugGiven, policy: &Policy) -> Option<Laterality> {
    if drug.laterality.is_none() && drug.name.is_none() && administration.access_site.is_none() {
        return None;
    }
    let routes = &policy.drug_line.laterality_routes;
    let by_side = administration.route.is_some_and(|route| routes.contains(&route));
    let named = || drug.name.as_deref().and_then(side_in_name);
    let sited = || administration.access_site.as_deref().and_then(side_of_site);
    if by_side { drug.laterality.or_else(named).or_else(sited) } else { None }
}

/// The side that the record gives as the site, in words or as ophthalmologists shorten it.
fn side_of_site(site: &str) -> Option<Laterality> {
    match site.trim().to_lowercase().as_str() {
        "od" | "right" | "rt" => Some(Laterality::Right),
        "os" | "left" | "lt" => Some(Laterality::Left),
        "ou" | "both" => Some(Laterality::Bilateral),
        words => side_in_name(words),
    }
}

/// The side that the record writes behind the name of the drug.
fn side_in_name(name: &str) -> Option<Laterality> {
    let name = name.to_lowercase();
    let sides = [
        ("right eye", Laterality::Right),
        ("left eye", Laterality::Left),
        ("both eyes", Laterality::Bilateral),
        ("bilateral", Laterality::Bilateral),
    ];
    sides.iter().find(|(words, _)| name.contains(words)).map(|(_, side)| *side)
}

/// Why an erythropoietin was given: as stated, as written behind the name of the drug, or as one
/// diagnosis of the visit tells it (rule M-03).
#[inline]
pub fn esa_reason(coding: &Coding<'_>, drug: &DrugGiven, marks: CodeMarks) -> Option<EsaIndication> {
    match drug.esa_indication {
        None if marks.has(CodeMark::Erythropoietin) => recorded_reason(coding, drug),
        stated => stated,
    }
}

#[cold]
fn recorded_reason(coding: &Coding<'_>, drug: &DrugGiven) -> Option<EsaIndication> {
    let parameters = &coding.policy.drug_line;
    let name = drug.name.as_deref().unwrap_or_default().to_lowercase();
    let is_named = |row: &&EsaReason| row.words.iter().any(|words| name.contains(words.as_str()));
    let named = parameters.esa_reasons.iter().find(is_named);
    let diagnosed = || {
        let has = |code: &String| coding.encounter.diagnoses.iter().any(|given| is_same(given, code));
        let mut rows = parameters.esa_reasons.iter().filter(|row| row.diagnoses.iter().any(has));
        // Diagnoses for two reasons settle neither.
        rows.next().filter(|_| rows.next().is_none())
    };
    named.or_else(diagnosed).map(|row| row.indication)
}

/// Whether two texts name one diagnosis, with or without its point.
fn is_same(given: &str, code: &str) -> bool {
    let plain = |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>();
    plain(given).eq_ignore_ascii_case(&plain(code))
}

/// Routes under the skin, for which JB stands (rule M-01).
pub const fn is_subcutaneous(route: Route) -> bool {
    matches!(route, Route::Subcutaneous | Route::SubcutaneousInfusion | Route::OnBodyInjector)
}

/// An exact amount as people read it, in a unit of its measure; rounded **down** to nine places.
pub fn readable(base: i128, unit: Unit) -> Value {
    match i64::try_from(units::divided(base, unit.base_units()).0) {
        Ok(nanos) => Value::Quantity(Quantity::new(Decimal::from_nanos(nanos), unit)),
        Err(_) => Value::None,
    }
}

/// A possible answer to a question: its label, and the fact it would add to the request.
pub type Possibility<'c> = (String, Box<dyn Fn(&mut Encounter) + 'c>);

/// Asks for a fact, with the lines of the visit under each possible answer.
#[cold]
pub fn ask(
    coding: &mut Coding<'_>,
    field: Field,
    rule: &'static Rule,
    text: &'static str,
    facts: &[NotedFact],
    possibilities: Vec<Possibility<'_>>,
) {
    use crate::domain::finding::Question;
    if !coding.asking {
        return;
    }
    let note = coding.result.trail.note(text, facts);
    let answers = possibilities.into_iter().map(|(label, supply)| coding.answer(label, supply)).collect();
    coding.result.questions.push(Question { field, rule, note, answers });
}

/// The drug of an encounter that a field speaks of.
pub fn drug_at(encounter: &mut Encounter, at: (u16, u16)) -> &mut DrugGiven {
    &mut encounter.administrations[usize::from(at.0)].drugs[usize::from(at.1)]
}
