//! The visit on the table: each administration with its kind, its times and its access line.

use smallvec::SmallVec;

use crate::catalog::formulary::DrugFacts;
use crate::domain::code::Modifier;
use crate::domain::encounter::{Administration, Encounter};
use crate::domain::time::{Clock, Date, LocalTime};

/// Families of services, the lowest rank first. Source: rule HIER-F.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Family {
    Hydration,
    Therapeutic,
    Chemotherapy,
}

impl Family {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Hydration => "hydration",
            Self::Therapeutic => "therapeutic",
            Self::Chemotherapy => "chemotherapy or complex drug",
        }
    }
}

/// Techniques of intravenous services, the lowest rank first. Source: rule HIER-F.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Technique {
    Push,
    Infusion,
}

impl Technique {
    pub(super) const fn label(self) -> &'static str {
        match self {
            Self::Push => "push",
            Self::Infusion => "infusion",
        }
    }
}

/// What an administration is, once its route, class and minutes are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Infusion,
    Push,
    Hydration,
    PumpStart,
    Injection,
    SubcutaneousInfusion,
    OnBodyInjector,
    ArterialInfusion,
    ArterialPush,
    /// Into a cavity, a reservoir or a lesion; the route tells which.
    Cavity,
    Refill,
    Flush,
    Transfusion,
    Unlisted,
    /// Waits for a fact; it may turn out to be an intravenous service.
    Held,
    /// Answered already: it earns no line of this track.
    Settled,
}

impl Kind {
    /// Whether the service takes part in the choice of the initial one.
    pub(super) const fn is_ranked(self) -> bool {
        matches!(self, Self::Infusion | Self::Push | Self::Hydration)
    }

    /// Whether the rules of the access lines say all there is to say of the service.
    pub(super) const fn is_of_access_line(self) -> bool {
        self.is_ranked() || matches!(self, Self::Held | Self::Settled)
    }
}

/// Kinds of service, one bit each.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Kinds(u16);

impl Kinds {
    /// The kinds of which the rules of the access lines say all there is to say.
    const OF_ACCESS_LINE: u16 = Self::bit(Kind::Infusion)
        | Self::bit(Kind::Push)
        | Self::bit(Kind::Hydration)
        | Self::bit(Kind::Held)
        | Self::bit(Kind::Settled);

    const fn bit(kind: Kind) -> u16 {
        1 << kind as u16
    }

    /// Adds a kind.
    pub(super) const fn add(&mut self, kind: Kind) {
        self.0 |= Self::bit(kind);
    }

    /// Whether a kind is among them.
    pub(super) const fn has(self, kind: Kind) -> bool {
        self.0 & Self::bit(kind) != 0
    }

    /// Whether the rules of the access lines say all there is to say of every one.
    pub(super) const fn are_of_access_line(self) -> bool {
        self.0 & !Self::OF_ACCESS_LINE == 0
    }
}

/// When a service ran, in seconds of the visit's clock.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Flow {
    pub(super) start: Option<i64>,
    pub(super) stop: Option<i64>,
    /// Seconds of flow, pauses left out.
    pub(super) seconds: i64,
    /// Where its segments lie in the visit's list; none where no clock time is known.
    pub(super) first_segment: usize,
    pub(super) segments: usize,
}

/// An uninterrupted stretch of flow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) start: i64,
    pub(super) stop: i64,
}

/// One administration on the table.
#[derive(Debug, Clone, Copy)]
pub(super) struct Service {
    /// Its place in the request.
    pub(super) index: u16,
    pub(super) kind: Kind,
    pub(super) family: Family,
    /// A hormonal drug against cancer (rule CHM-1).
    pub(super) is_hormonal: bool,
    pub(super) flow: Flow,
    /// Its place in time: its start, or that of the service before it in the list.
    pub(super) order: Option<i64>,
    /// Its place among the services in order of visit and time, the same however the request lists them.
    pub(super) rank: u16,
    /// Which visit of the request it belongs to (rule INIT-6).
    pub(super) visit: u32,
    /// Which access line it belongs to, for intravenous services.
    pub(super) group: usize,
    /// Which course of one drug it belongs to, for intravenous services.
    pub(super) course: usize,
    /// The place in the request of the first bag of its flow, which gives the flow its date (rule TIME-7).
    pub(super) first_bag: u16,
}

/// An access line of one visit, which has one initial service (rules INIT-1, INIT-2).
#[derive(Debug, Clone, Copy)]
pub(super) struct Group<'a> {
    pub(super) visit: u32,
    pub(super) site: Option<&'a str>,
    /// Set only where a policy begins a new encounter at midnight (switch D-11).
    pub(super) day: Option<Date>,
    /// What the lines of a further access line or visit carry (rule MOD-1).
    pub(super) modifier: Option<Modifier>,
    /// Whether the modifier tells separate visits apart, so that only the dates that they share need it (rule INIT-6).
    pub(super) is_further_visit: bool,
}

/// How high a course ranks, in numbers of which the first that differs decides: the highest course has the lowest.
pub(super) type Rank = [i64; 5];

/// Everything given of one drug, or one mixture, through one access line.
#[derive(Debug, Clone, Copy)]
pub(super) struct Course<'a> {
    pub(super) group: usize,
    /// What the table of drugs has of its one drug.
    pub(super) drug: Option<&'a DrugFacts>,
    pub(super) family: Family,
    pub(super) technique: Technique,
    /// Place in the visit's services of the earliest one of the leading technique.
    pub(super) first: usize,
    /// How many services it holds.
    pub(super) members: usize,
    /// Seconds of flow of the leading technique; for hydration, what may be reported.
    pub(super) seconds: i64,
    pub(super) rank: Rank,
    /// Whether it can be reported at all; short hydration cannot.
    pub(super) is_reportable: bool,
}

/// Services of a visit that are held without an allocation; few visits have more.
pub(super) const SERVICES_INLINE: usize = 8;

/// Access lines of a visit that are held without an allocation.
pub(super) const GROUPS_INLINE: usize = 2;

/// Stretches of flow, of a visit or left of a service.
pub(super) type Segments = SmallVec<[Segment; SERVICES_INLINE]>;

/// Some of the courses of a visit, by their places.
pub(super) type Courses = SmallVec<[usize; SERVICES_INLINE]>;

/// The working table of one coding.
#[derive(Debug)]
pub(super) struct Visit<'a> {
    pub(super) encounter: &'a Encounter,
    pub(super) clock: Clock<'a>,
    /// Whether all clock times lie on the date of service.
    pub(super) is_one_day: bool,
    /// Whether every service belongs to one visit, so that what the claim holds is of that visit.
    pub(super) is_one_visit: bool,
    /// In the order of visit and start time, and where these are equal of what the record says.
    pub(super) services: Vec<Service>,
    /// What the services were admitted as. Later rules hold a service, settle it, or make an infusion of what was short
    /// enough for a push or an injection; no hydration, cavity or transfusion comes in, and no service of another way
    /// where all were of a vein. So a rule for what is rare returns at its door.
    pub(super) admitted: Kinds,
    pub(super) segments: Segments,
    pub(super) groups: SmallVec<[Group<'a>; GROUPS_INLINE]>,
    pub(super) courses: Vec<Course<'a>>,
    /// Of each administration, in the order of the request, what the table of drugs has of its one drug: most have it,
    /// and comparing these needs no look-up.
    pub(super) single_drugs: SmallVec<[Option<&'a DrugFacts>; SERVICES_INLINE]>,
    /// Pairs of services that the record says ran together, by their places in the request.
    pub(super) together: Vec<(u16, u16)>,
}

impl<'a> Visit<'a> {
    pub(super) fn new(encounter: &'a Encounter) -> Self {
        let is_of_day =
            |time: Option<LocalTime>| time.is_none_or(|time| time.date() == encounter.service_date);
        let mut administrations = encounter.administrations.iter();
        let is_one_day = administrations.all(|one| is_of_day(encounter.began(one)) && is_of_day(one.stop));
        let (earliest, latest) = if is_one_day { day(encounter.service_date) } else { ends(encounter) };
        Self {
            encounter,
            clock: Clock::new(encounter.time_zone.as_ref(), earliest, latest),
            is_one_day,
            is_one_visit: true,
            services: Vec::with_capacity(encounter.administrations.len()),
            admitted: Kinds::default(),
            segments: SmallVec::new(),
            groups: SmallVec::new(),
            courses: Vec::with_capacity(encounter.administrations.len()),
            single_drugs: SmallVec::new(),
            together: declared_together(encounter),
        }
    }

    pub(super) fn administration(&self, service: &Service) -> &'a Administration {
        &self.encounter.administrations[usize::from(service.index)]
    }

    /// What the table of drugs has of the one drug of a service.
    #[inline]
    pub(super) fn single_drug(&self, service: &Service) -> Option<&'a DrugFacts> {
        self.single_drugs[usize::from(service.index)]
    }

    /// The date of service of a line: the day on which the service, or the flow that it goes on with, began.
    pub(super) fn date(&self, service: &Service) -> Date {
        if self.is_one_day {
            return self.encounter.service_date;
        }
        self.encounter.date_of(&self.encounter.administrations[usize::from(service.first_bag)])
    }

    pub(super) fn segments_of(&self, service: &Service) -> &[Segment] {
        let first = service.flow.first_segment;
        &self.segments[first..first + service.flow.segments]
    }

    /// The services of a course with their places, in order of time.
    pub(super) fn members(&self, course: usize) -> impl Iterator<Item = (usize, &Service)> {
        self.services.iter().enumerate().filter(move |(_, service)| service.course == course)
    }

    /// The services that the record names as the main reasons of its visits (rule HIER-O).
    pub(super) fn reasons(&self) -> impl Iterator<Item = &Service> {
        let ids = self.encounter.primary_reason.iter().chain(&self.encounter.further_primary_reasons);
        ids.filter_map(|id| self.services.iter().find(|service| self.administration(service).id == *id))
    }

    /// Whether the record says that two services ran together.
    pub(super) fn are_together(&self, one: u16, other: u16) -> bool {
        self.together.contains(&(one.min(other), one.max(other)))
    }
}

/// Every clock time at which something started or stopped, a start that follows from stop and duration included.
fn times(encounter: &Encounter) -> impl Iterator<Item = LocalTime> {
    encounter.administrations.iter().flat_map(|one| [encounter.began(one), one.stop]).flatten()
}

/// The first and the last second of a day.
const fn day(date: Date) -> (LocalTime, LocalTime) {
    (date.at(0, 0, 0, 0), date.at(23, 59, 59, 0))
}

/// The earliest and the latest clock time; noon of the date of service where there is none.
fn ends(encounter: &Encounter) -> (LocalTime, LocalTime) {
    let noon = encounter.service_date.at(12, 0, 0, 0);
    (times(encounter).min().unwrap_or(noon), times(encounter).max().unwrap_or(noon))
}

fn declared_together(encounter: &Encounter) -> Vec<(u16, u16)> {
    let mut pairs = Vec::new();
    for (index, administration) in encounter.administrations.iter().enumerate() {
        for id in &administration.concurrent_with {
            let other = encounter.administrations.iter().position(|other| other.id == *id);
            if let Some(other) = other.filter(|other| *other != index) {
                pairs.push((index.min(other) as u16, index.max(other) as u16));
            }
        }
    }
    pairs
}
