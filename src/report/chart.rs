//! Lays the timeline out as shapes of a picture, once wide and once for a narrow screen.

use super::note;
use super::role::{Role, role_of};
use super::timeline::{self, Clock, OPEN_MINUTES_SHOWN, Span, Stretch, Times};
use crate::domain::claim::Track;
use crate::domain::encounter::{Administration, Encounter};
use crate::domain::time::plus_minutes;
use crate::engine::CodingResult;
use crate::policy::Policy;

/// A picture: its size, and its shapes from the top down. Lengths are in units of the picture.
pub struct Chart {
    pub name: &'static str,
    pub width: i64,
    pub height: i64,
    pub ticks: Vec<Tick>,
    pub lanes: Vec<Lane>,
}

/// A line of the axis with its label.
pub struct Tick {
    pub x: i64,
    pub label: String,
}

/// One access site.
pub struct Lane {
    pub top: i64,
    pub height: i64,
    pub title: String,
    pub rows: Vec<Row>,
    pub bands: Vec<Band>,
}

/// A stretch of the lane in which several bags ran, or none.
pub struct Band {
    pub x: i64,
    pub width: i64,
    pub y: i64,
    pub height: i64,
    pub style: &'static str,
    pub label: String,
    /// The label is left out where the stretch is too short for it.
    pub label_fits: bool,
}

/// One administration.
pub struct Row {
    pub title: String,
    pub detail: String,
    pub text_x: i64,
    pub title_y: i64,
    pub detail_y: i64,
    pub style: &'static str,
    pub shape: Shape,
    pub bar_y: i64,
    pub codes: String,
    pub codes_x: i64,
    pub codes_anchor: &'static str,
    pub codes_inside: bool,
    pub pauses: Vec<(i64, i64)>,
}

/// What stands on the axis for an administration.
pub enum Shape {
    Bar {
        x: i64,
        width: i64,
    },
    /// A bag whose end nobody documented.
    OpenBar {
        x: i64,
        width: i64,
    },
    Tick {
        x: i64,
    },
    /// No time is documented.
    Nothing,
}

/// Measures of one form of the picture.
struct Format {
    name: &'static str,
    width: i64,
    /// Width of the names beside the bars; nothing where they stand above them.
    names_width: i64,
    row_height: i64,
    ticks_max: i64,
    characters_max: usize,
}

const WIDE: Format =
    Format { name: "wide", width: 1000, names_width: 330, row_height: 46, ticks_max: 9, characters_max: 40 };
const NARROW: Format =
    Format { name: "narrow", width: 380, names_width: 0, row_height: 68, ticks_max: 4, characters_max: 46 };

const MARGIN: i64 = 14;
const AXIS_HEIGHT: i64 = 30;
const LANE_TITLE_HEIGHT: i64 = 34;
const BAND_LABEL_HEIGHT: i64 = 20;
pub const BAR_HEIGHT: i64 = 24;
/// Width of one character of the codes, rounded **up**.
const CHARACTER_WIDTH: i64 = 8;
const TICK_STEPS_MINUTES: [i64; 7] = [15, 30, 60, 120, 240, 480, 1440];

/// The pictures of a visit: wide for a screen and paper, narrow for a phone. None without times.
pub fn charts(visit: &Encounter, result: &CodingResult, policy: &Policy) -> Vec<Chart> {
    let Some(times) = timeline::times(visit) else { return Vec::new() };
    [WIDE, NARROW]
        .iter()
        .map(|format| Drawing { visit, result, policy, times: &times, format }.chart())
        .collect()
}

struct Drawing<'a> {
    visit: &'a Encounter,
    result: &'a CodingResult,
    policy: &'a Policy,
    times: &'a Times,
    format: &'a Format,
}

impl Drawing<'_> {
    fn chart(&self) -> Chart {
        let mut top = AXIS_HEIGHT;
        let mut lanes = Vec::new();
        for site in self.sites() {
            let lane = self.lane(site, top);
            top += lane.height;
            lanes.push(lane);
        }
        let Format { name, width, .. } = *self.format;
        Chart { name, width, height: top + MARGIN, ticks: self.ticks(), lanes }
    }

    /// The access sites in the order in which the visit names them.
    fn sites(&self) -> Vec<Option<&str>> {
        let mut sites = Vec::new();
        for administration in &self.visit.administrations {
            let site = administration.access_site.as_deref();
            if !sites.contains(&site) {
                sites.push(site);
            }
        }
        sites
    }

    fn lane(&self, site: Option<&str>, top: i64) -> Lane {
        let of_site =
            |(_, administration): &(usize, &Administration)| administration.access_site.as_deref() == site;
        let members: Vec<usize> =
            self.visit.administrations.iter().enumerate().filter(of_site).map(|(index, _)| index).collect();
        let first_row = top + LANE_TITLE_HEIGHT;
        let rows: Vec<Row> = members
            .iter()
            .zip(0..)
            .map(|(&index, row)| self.row(index, first_row + row * self.format.row_height))
            .collect();
        let spans: Vec<Span> = members.iter().filter_map(|&index| self.times.spans[index]).collect();
        let (overlaps, gaps) = (timeline::overlaps(&spans), timeline::gaps(&spans));
        let height = LANE_TITLE_HEIGHT + rows.len() as i64 * self.format.row_height + BAND_LABEL_HEIGHT;
        // What ran together is shaded behind its bars; where nothing ran is marked at the foot of the lane.
        let foot = top + height - BAND_LABEL_HEIGHT - 6;
        let overlaps = overlaps.iter().map(|overlap| Band {
            y: first_row - 2,
            height: top + height - 8 - first_row,
            ..self.band(overlap, "overlap")
        });
        let gaps =
            gaps.iter().map(|gap| Band { y: foot, height: BAND_LABEL_HEIGHT - 4, ..self.band(gap, "gap") });
        let bands = overlaps.chain(gaps).collect();
        let title = site.map_or("Access site not named".to_owned(), |site| format!("Access site: {site}"));
        Lane { top, height, title, rows, bands }
    }

    fn row(&self, index: usize, top: i64) -> Row {
        let administration = &self.visit.administrations[index];
        let codes = self.codes(index);
        let role = codes.iter().map(|(_, role)| *role).min();
        let mut codes = codes.iter().map(|(text, _)| text.as_str()).collect::<Vec<_>>().join(", ");
        if self.times.spans[index].and_then(|span| span.stop).is_some_and(|stop| stop > self.times.length) {
            codes.push_str(" →");
        }
        let shape = self.shape(index);
        let beside = self.format.names_width > 0;
        let (x, end) = match shape {
            Shape::Bar { x, width } | Shape::OpenBar { x, width } => (x, x + width),
            Shape::Tick { x } => (x - 8, x + 8),
            Shape::Nothing => (self.left(), self.left()),
        };
        let codes_width = codes.chars().count() as i64 * CHARACTER_WIDTH;
        let inside = end - x > codes_width + 8;
        let (codes_x, codes_anchor) = match () {
            () if inside => (x + 7, "start"),
            () if end + codes_width + 8 <= self.format.width => (end + 6, "start"),
            () => (x - 6, "end"),
        };
        Row {
            title: shortened(&title(index, administration, self.visit), self.format.characters_max),
            detail: shortened(&self.detail(index, role), self.format.characters_max + 8),
            text_x: MARGIN,
            title_y: top + 14,
            detail_y: top + 31,
            style: role.map_or("unbilled", Role::style),
            bar_y: if beside { top + 5 } else { top + 37 },
            pauses: self.pauses(administration),
            shape,
            codes,
            codes_x,
            codes_anchor,
            codes_inside: inside,
        }
    }

    /// The administration codes that a bag earned, with their units and roles.
    fn codes(&self, index: usize) -> Vec<(String, Role)> {
        let own = self.result.lines.iter().filter(|line| {
            line.track == Track::Administration
                && line.administrations.iter().any(|&a| usize::from(a) == index)
        });
        own.map(|line| {
            // A line of several administrations counts them, and none of them is all of its units.
            let is_own = line.administrations.len() == 1 && line.units != 1;
            let units = if is_own { format!(" ×{}", line.units) } else { String::new() };
            (format!("{}{units}", line.code), role_of(line.code, &self.policy.administration))
        })
        .collect()
    }

    /// Times, minutes and role in one line of text.
    fn detail(&self, index: usize, role: Option<Role>) -> String {
        let administration = &self.visit.administrations[index];
        let role = role.map_or("not billed", Role::as_str);
        let clock = |time| note::clock(time, self.visit);
        let span = self.times.spans[index];
        let minutes = span.and_then(|span| Some(span.stop? - span.start));
        match (administration.start, administration.stop, minutes) {
            (Some(start), Some(stop), Some(minutes)) if stop != start => {
                format!("{}–{} · {minutes} min · {role}", clock(start), clock(stop))
            }
            (Some(start), None, None) if is_timed(administration) => {
                format!("{}–? · stop time missing", clock(start))
            }
            (Some(start), _, _) => format!("{} · {role}", clock(start)),
            (None, _, Some(minutes)) => format!("{minutes} min · {role}"),
            _ => format!("no time documented · {role}"),
        }
    }

    fn shape(&self, index: usize) -> Shape {
        let Some(span) = self.times.spans[index] else { return Shape::Nothing };
        let x = self.x(span.start);
        match span.stop {
            Some(stop) if stop > span.start => Shape::Bar { x, width: (self.x(stop) - x).max(3) },
            None if is_timed(&self.visit.administrations[index]) => {
                Shape::OpenBar { x, width: self.x(span.start + OPEN_MINUTES_SHOWN) - x }
            }
            _ => Shape::Tick { x },
        }
    }

    fn pauses(&self, administration: &Administration) -> Vec<(i64, i64)> {
        let pauses = timeline::pauses(administration, self.times, self.visit);
        pauses.iter().map(|pause| (self.x(pause.start), self.x(pause.stop) - self.x(pause.start))).collect()
    }

    fn band(&self, stretch: &Stretch, style: &'static str) -> Band {
        let x = self.x(stretch.start);
        let width = self.x(stretch.stop) - x;
        let label = format!("{style} {} min", stretch.stop - stretch.start);
        let label_fits = width >= label.len() as i64 * 6;
        Band { x, width, y: 0, height: 0, style, label, label_fits }
    }

    fn ticks(&self) -> Vec<Tick> {
        let fits = |step: &i64| self.times.length / step < self.format.ticks_max;
        let step = TICK_STEPS_MINUTES.into_iter().find(fits).unwrap_or(TICK_STEPS_MINUTES[6]);
        // Ticks stand on round clock times, not on round distances from the first minute.
        let past = match self.times.clock {
            Clock::From(origin) => {
                (i64::from(origin.hour()) * 60 + i64::from(origin.minute())).rem_euclid(step)
            }
            Clock::OrderOnly => 0,
        };
        let first = (step - past) % step;
        let minutes = (0..).map(|n| first + n * step).take_while(|minute| *minute <= self.times.length);
        minutes.map(|minute| Tick { x: self.x(minute), label: self.tick_label(minute) }).collect()
    }

    fn tick_label(&self, minute: i64) -> String {
        match self.times.clock {
            Clock::From(origin) => {
                let time = plus_minutes(origin, minute);
                let clock = format!("{:02}:{:02}", time.hour(), time.minute());
                // The day is named where it begins.
                let begins = time.hour() == 0 && time.minute() == 0;
                if begins { format!("{:02}-{:02} {clock}", time.month(), time.day()) } else { clock }
            }
            Clock::OrderOnly => format!("{minute} min"),
        }
    }

    /// Where a minute stands, rounded **down**; later than the axis is its end.
    fn x(&self, minute: i64) -> i64 {
        let room = self.format.width - MARGIN - self.left();
        self.left() + minute.clamp(0, self.times.length) * room / self.times.length
    }

    fn left(&self) -> i64 {
        MARGIN + self.format.names_width
    }
}

/// The id of an administration and its drugs, as people name them.
fn title(index: usize, administration: &Administration, visit: &Encounter) -> String {
    use crate::domain::field::Field;
    let id = note::named(Field::Administration(index as u16, ""), visit);
    let drugs: Vec<String> = administration
        .drugs
        .iter()
        .enumerate()
        .map(|(d, drug)| {
            let name = note::named(Field::Drug(index as u16, d as u16, ""), visit);
            drug.dose_administered.map_or(name.clone(), |dose| format!("{name} {dose}"))
        })
        .collect();
    match drugs.as_slice() {
        [] => id,
        // An administration that is called by its drug need not say so twice.
        [only] if note::named(Field::Drug(index as u16, 0, ""), visit) == id => only.clone(),
        several => format!("{id}: {}", several.join(" + ")),
    }
}

/// Whether the administration runs for a time, so that a missing stop is missed.
fn is_timed(administration: &Administration) -> bool {
    use crate::domain::encounter::Route;
    matches!(
        administration.route,
        Some(
            Route::IvInfusion
                | Route::SubcutaneousInfusion
                | Route::IntraArterialInfusion
                | Route::Transfusion
        )
    )
}

fn shortened(text: &str, characters_max: usize) -> String {
    if text.chars().count() <= characters_max {
        return text.to_owned();
    }
    let kept: String = text.chars().take(characters_max - 1).collect();
    format!("{}…", kept.trim_end())
}
