//! The visit as the record tells it: who paid, where, when, and each administration.

use serde::Deserialize;

use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::drug::DrugGiven;
use crate::domain::quantity::{Decimal, Quantity};
use crate::domain::time::{Date, LocalTime, TimeZone, before};

/// Where the service was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Setting {
    PhysicianOffice,
    HospitalOutpatient,
    CriticalAccessHospital,
    AmbulatorySurgicalCenter,
    EsrdFacility,
    RuralHealthClinic,
    FederallyQualifiedHealthCenter,
    HomeInfusion,
    DmeSupplier,
    Pharmacy,
    HospitalInpatient,
}

impl Setting {
    /// Whether the facility hierarchy applies (rule HIER-F) and not the office's (rule HIER-O).
    pub const fn is_facility(self) -> bool {
        matches!(
            self,
            Setting::HospitalOutpatient
                | Setting::CriticalAccessHospital
                | Setting::AmbulatorySurgicalCenter
                | Setting::EsrdFacility
                | Setting::HospitalInpatient
        )
    }
}

/// Whether the visit treats cancer. Source: rows G-19, rule CLS-5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Indication {
    Oncology,
    NonOncology,
}

/// How a drug entered the body.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Route {
    IvInfusion,
    IvPush,
    Intramuscular,
    Subcutaneous,
    SubcutaneousInfusion,
    IntraArterialInfusion,
    IntraArterialPush,
    Intrathecal,
    /// Through a subcutaneous ventricular reservoir.
    IntraventricularReservoir,
    Intraperitoneal,
    /// Heated and circulated during an operation (rule CHM-10).
    HeatedIntraperitoneal,
    Intrapleural,
    Intralesional,
    Intravesical,
    Intravitreal,
    Intraarticular,
    Intradermal,
    Inhaled,
    Topical,
    Implanted,
    Oral,
    ViaDialysate,
    OnBodyInjector,
    /// Start of a prolonged infusion by portable or implantable pump.
    PumpStart,
    PumpRefill,
    LineFlush,
    Transfusion,
    /// Any route without a code of its own.
    Other,
}

impl Route {
    /// Whether a drug flows in over minutes, and not at one moment.
    pub const fn is_infusion(self) -> bool {
        use Route::{
            IntraArterialInfusion, IvInfusion, PumpStart, SubcutaneousInfusion, Transfusion, ViaDialysate,
        };
        matches!(
            self,
            IvInfusion
                | SubcutaneousInfusion
                | IntraArterialInfusion
                | PumpStart
                | Transfusion
                | ViaDialysate
        )
    }

    /// Whether a drug goes into a body cavity, the spinal canal or a reservoir of it.
    pub const fn is_into_cavity(self) -> bool {
        use Route::{Intraperitoneal, Intrapleural, Intrathecal, IntraventricularReservoir};
        matches!(self, Intrathecal | IntraventricularReservoir | Intraperitoneal | Intrapleural)
    }
}

/// Why fluid was running. Source: rules HYD-1..HYD-7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FluidPurpose {
    /// Treats a documented volume or electrolyte need.
    Hydration,
    KeepOpen,
    /// Carries a drug, or runs behind blood or sedation.
    Carrier,
    /// The label of a chemotherapy drug directs it.
    LabelDirected,
    Perioperative,
    /// Replaces a documented electrolyte deficit.
    ElectrolyteReplacement,
}

/// The pump of a prolonged or subcutaneous infusion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default)]
pub struct Pump {
    pub implantable: bool,
    /// The practice supplies the pump, and the infusion finishes in the community (rule CHM-6).
    pub supplied_by_practice: bool,
    /// A further pump was set up at a new site (rule SCI-1).
    pub additional_setup: bool,
    pub delivery: Option<PumpDelivery>,
}

/// Where a pump delivers a drug. Source: rules CHM-7, CHM-9.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PumpDelivery {
    Vein,
    Artery,
    /// The spinal canal, or the ventricles of the brain.
    SpinalCanal,
}

/// Why a second access site was needed. Source: rule INIT-4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AccessReason {
    Protocol,
    PatientCondition,
    IncompatibleDrugs,
    Convenience,
    /// The first line was lost and restarted at another site (rule INIT-7).
    RestartedLine,
}

/// A pause of the flow; a record may leave out when it ended, or when it began. Source: rule TIME-6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Interruption {
    pub start: Option<LocalTime>,
    pub stop: Option<LocalTime>,
}

impl Interruption {
    /// When the flow stopped and when it went on, where the record has both.
    pub fn span(&self) -> Option<(LocalTime, LocalTime)> {
        self.start.zip(self.stop)
    }
}

/// One bag, push or injection: a route, a time and the drugs that went together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Administration {
    pub id: String,
    pub route: Option<Route>,
    /// Name of the access site; lumens of one catheter are one site (rule INIT-5).
    pub access_site: Option<String>,
    pub access_reason: Option<AccessReason>,
    /// Which of several separate visits of its date of service this belongs to; the first of each date is 1 (rule INIT-6).
    pub visit_number: Option<u32>,
    pub start: Option<LocalTime>,
    pub stop: Option<LocalTime>,
    /// Documented duration, in place of clock times.
    pub duration_minutes: Option<u32>,
    /// Ids of the administrations it ran together with, in place of clock times.
    pub concurrent_with: Vec<String>,
    pub interruptions: Vec<Interruption>,
    pub drugs: Vec<DrugGiven>,
    /// The professional was present throughout the injection (rule TIME-1).
    pub attended_throughout: Option<bool>,
    pub fluid_purpose: Option<FluidPurpose>,
    /// Volume and rate that the nursing record documents (switch D-1).
    pub volume_infused: Option<Quantity>,
    pub rate_ml_per_hour: Option<Decimal>,
    /// Stopped early: the minutes that were planned (rule TIME-10).
    pub discontinued_planned_minutes: Option<u32>,
    pub lesion_count: Option<u32>,
    pub pump: Option<Pump>,
    /// Whether the puncture that the code includes was done by this provider (rule CHM-10).
    pub includes_puncture: Option<bool>,
    pub documentation: AdministrationDocumentation,
}

/// What the record shows for one administration. Source: rules DOC-1, W-14.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AdministrationDocumentation {
    pub order_signed: Option<bool>,
    pub administered_by: Option<bool>,
    pub patient_response: Option<bool>,
    pub discard_recorded: Option<bool>,
}

/// What the record shows for the whole visit. Source: rows G-30..G-34, rules DOC-1..DOC-5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Documentation {
    pub order_signed: Option<bool>,
    pub plan_of_care: Option<bool>,
    pub nursing_assessment: Option<bool>,
    pub adverse_reactions: Option<bool>,
    pub patient_response: Option<bool>,
    /// Signs, symptoms or findings that made hydration necessary (rule HYD-10).
    pub hydration_necessity: Option<bool>,
    pub discard_recorded: Option<bool>,
}

/// The kind of 340B covered entity. Source: rule M-06.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Entity340b {
    DisproportionateShare,
    RuralReferralCenter,
    CriticalAccess,
    MarylandWaiver,
    NonExceptedOffCampus,
    RuralSoleCommunity,
    Childrens,
    CancerCenter,
    Grantee,
}

/// An off-campus provider-based department. Source: rule M-08.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OffCampus {
    Excepted,
    NonExcepted,
    /// Off campus, and nothing says whether it is excepted.
    StatusUnknown,
}

/// Renal facts that choose codes and modifiers. Source: rules M-03..M-05, L-05.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Renal {
    pub esrd_on_dialysis: Option<bool>,
    /// Temporary dialysis for acute kidney injury, which is not ESRD.
    pub acute_kidney_injury: bool,
    /// The drug was not given for ESRD.
    pub unrelated_to_esrd: bool,
    pub hematocrit_percent: Option<Decimal>,
    /// The hematocrit stayed above the limit for the period that modifier ED names.
    pub hematocrit_persistently_high: Option<bool>,
    pub hemoglobin_g_dl: Option<Decimal>,
}

/// Advance-notice and coverage statements for the drug lines. Source: rule M-10.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Coverage {
    pub medical_policy_met: Option<bool>,
    pub beneficiary_notice_on_file: Option<bool>,
    pub expected_denial: bool,
    pub not_a_benefit: bool,
}

/// Another service on the same claim, such as an office visit. Source: rules MOD-2, MOD-3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherService {
    pub code: HcpcsCode,
    pub modifiers: Vec<Modifier>,
    pub units: u32,
    /// The date of service, where it is known; else the service may be of any date of the visit.
    pub date: Option<Date>,
}

/// One patient's visit, or an encounter over several days.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encounter {
    /// An opaque reference of the caller; never a patient's identity.
    pub id: String,
    pub setting: Setting,
    /// Which payer file applies, such as `medicare`.
    pub payer: String,
    /// The MAC jurisdiction or plan variant, where a payer file distinguishes them.
    pub payer_variant: Option<String>,
    pub service_date: Date,
    pub time_zone: Option<TimeZone>,
    pub indication: Option<Indication>,
    pub diagnoses: Vec<String>,
    /// Id of the administration that was the main reason for the visit (rule HIER-O).
    pub primary_reason: Option<String>,
    /// Those of the further visits of the request, one a visit.
    pub further_primary_reasons: Vec<String>,
    pub administrations: Vec<Administration>,
    pub documentation: Documentation,
    pub other_services: Vec<OtherService>,
    pub renal: Renal,
    pub entity_340b: Option<Entity340b>,
    pub off_campus: Option<OffCampus>,
    pub coverage: Coverage,
    pub weight_kg: Option<Decimal>,
}

impl Encounter {
    /// An empty visit, to be filled by the caller.
    pub fn new(setting: Setting, service_date: Date) -> Self {
        Self {
            id: String::new(),
            setting,
            payer: "medicare".to_owned(),
            payer_variant: None,
            service_date,
            time_zone: None,
            indication: None,
            diagnoses: Vec::new(),
            primary_reason: None,
            further_primary_reasons: Vec::new(),
            administrations: Vec::new(),
            documentation: Documentation::default(),
            other_services: Vec::new(),
            renal: Renal::default(),
            entity_340b: None,
            off_campus: None,
            coverage: Coverage::default(),
            weight_kg: None,
        }
    }

    /// When an administration began: as stated, else its documented duration before its stop; its stop where that
    /// is all that is known.
    pub fn began(&self, administration: &Administration) -> Option<LocalTime> {
        administration.start.or_else(|| {
            let stop = administration.stop?;
            let minutes = administration.duration_minutes.unwrap_or_default();
            Some(before(stop, minutes, self.time_zone.as_ref()))
        })
    }

    /// The date of service of an administration: the day on which it began. Where no time of it is known, it is that
    /// of an administration that it ran together with, else that of the visit. Both tracks take it from here.
    #[inline]
    pub fn date_of(&self, administration: &Administration) -> Date {
        administration.start.map_or_else(|| self.date_without_start(administration), LocalTime::date)
    }

    fn date_without_start(&self, administration: &Administration) -> Date {
        let began = self.began(administration).or_else(|| {
            let mut beside = self.administrations.iter().filter(|other| {
                other.concurrent_with.contains(&administration.id)
                    || administration.concurrent_with.contains(&other.id)
            });
            beside.find_map(|other| self.began(other))
        });
        began.map_or(self.service_date, LocalTime::date)
    }

    /// Names the main reason of one visit, in place of another one that lies in it.
    pub fn restate_reason(&mut self, id: String, is_of_visit: impl Fn(&str) -> bool) {
        self.further_primary_reasons.retain(|reason| !is_of_visit(reason));
        match &self.primary_reason {
            Some(reason) if !is_of_visit(reason) => self.further_primary_reasons.push(id),
            _ => self.primary_reason = Some(id),
        }
    }

    /// The first and the last date of service.
    pub fn dates(&self) -> (Date, Date) {
        let dates = self.administrations.iter().map(|administration| self.date_of(administration));
        dates.fold((self.service_date, self.service_date), |(first, last), date| {
            (first.min(date), last.max(date))
        })
    }
}
