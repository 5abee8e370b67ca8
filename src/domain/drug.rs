//! A drug as it was given: its product, its dose, its containers and what was thrown away.

use serde::Deserialize;

use crate::domain::code::{HcpcsCode, Ndc};
use crate::domain::quantity::Quantity;

/// What kind of administration service a drug earns. Source: rules CLS-1..CLS-5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrugClass {
    Antineoplastic,
    HormonalAntineoplastic,
    ComplexBiologic,
    Therapeutic,
    Hydration,
    BloodProduct,
    Contrast,
    Vaccine,
    Radiopharmaceutical,
    SkinSubstitute,
}

/// Whose reading decides a drug's class (switch D-7).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ClassProfile {
    /// By complexity and risk, whatever the diagnosis (rules CLS-1, CLS-2).
    #[default]
    CptComplexity,
    /// Lists of Medicare contractors (rule CLS-3).
    MacList,
    /// Lists of payers (rule CLS-4).
    PayerList,
    /// Only for cancer (rule CLS-5).
    StrictOncology,
}

/// How a container may be used. Source: rules W-07, W-08, W-16.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ContainerKind {
    SingleDose,
    MultiDose,
    PharmacyBulkPackage,
    ImagingBulkPackage,
    /// A syringe or bag that a pharmacy prepared for this patient.
    PharmacyPrepared,
    /// A bulk vial that keeps less than a day once opened (rule W-08).
    ShortStabilityBulk,
}

/// The physical form of a product, which decides the unit of its NDC quantity. Source: rule D-04.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductForm {
    Liquid,
    /// Powder in a vial, reconstituted before use.
    Powder,
    Topical,
    /// Counted pieces: tablets, implants, patches, kits.
    Solid,
}

/// Some equal containers opened for this patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Container {
    /// Labelled content of one container, overfill excluded (rule W-09).
    pub content: Quantity,
    /// Volume of one container, where the content is an amount of drug.
    pub volume: Option<Quantity>,
    pub count: u32,
    /// Not stated means that the catalog decides, and single-dose where it is silent.
    pub kind: Option<ContainerKind>,
    /// Not stated means liquid where a volume is known, and counted containers otherwise (rule D-04).
    pub form: Option<ProductForm>,
    pub ndc: Option<NdcGiven>,
    pub lot_number: Option<String>,
    /// The container was opened for several patients, and this patient is not the last (rule W-11).
    pub shared_with_later_patient: bool,
}

/// An NDC as the request gave it; a text that cannot be read is kept to be reported.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NdcGiven {
    Read(Ndc),
    Ambiguous(String),
}

/// Who paid for the drug. Source: rule W-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrugSource {
    #[default]
    Purchased,
    PatientSupplied,
    WhiteBagged,
    NoCost,
    /// Delivered under the competitive acquisition programme (rule Z-05).
    CompetitiveAcquisition,
}

/// Why drug from an opened container was thrown away. Source: rows G-22, rules W-12, W-13.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DiscardReason {
    /// The rest of a single-dose container.
    SingleDoseRemainder,
    /// Unstable after opening.
    UnstableAfterOpening,
    /// Compounded for this patient.
    CompoundedForPatient,
    /// The administration was stopped early.
    PartlyAdministered,
    /// Thrown away by a supplier while it prepared the dose (rule Z-07).
    DuringPreparation,
    /// Thrown away by the patient at home: never billable (rule Z-07).
    ByPatient,
    /// Spoiled, expired, dropped or prepared for a visit that did not happen: never billable.
    SpoiledOrMissed,
}

/// The body side a drug was given to. Source: rule M-12.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Laterality {
    Right,
    Left,
    Bilateral,
}

/// Why an erythropoiesis-stimulating agent was given. Source: rule M-03.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EsaIndication {
    ChemotherapyAnemia,
    RadiotherapyAnemia,
    Other,
}

/// A circumstance that a payer may mark with a modifier. Source: rule M-11.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum DrugCircumstance {
    /// Given in full compliance with an FDA risk strategy.
    RiskStrategyFollowed,
    /// Given through durable medical equipment.
    ThroughEquipment,
    /// Given to the patient, and not incident to a physician's service.
    NotIncidentTo,
    /// A later claim of one course of treatment.
    LaterClaimOfCourse,
    /// The dose of an erythropoietin was reduced in answer to the hematocrit or hemoglobin.
    DoseReducedForHematocrit,
    /// Furnished in conjunction with dialysis.
    WithDialysis,
    /// A single unit-dose formulation.
    SingleUnitDose,
    /// The first drug of a combined unit-dose formulation.
    FirstOfUnitDose,
    /// A second or later drug of a combined unit-dose formulation.
    LaterOfUnitDose,
}

/// What kind of product a drug without a code of its own is. Source: rule N-02.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProductKind {
    Drug,
    Biologic,
    Antineoplastic,
    Compounded,
    OralNonChemotherapy,
    OralChemotherapy,
    ImmuneGlobulin,
    TherapeuticRadiopharmaceutical,
    DiagnosticRadiopharmaceutical,
    ClottingFactor,
    Immunosuppressant,
    DmeInfusion,
    DmeInhalation,
    SkinSubstitute,
}

/// One drug of an administration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct DrugGiven {
    pub code: Option<HcpcsCode>,
    pub name: Option<String>,
    pub ndc: Option<NdcGiven>,
    /// The caller's class, which overrides the catalog's.
    pub class: Option<DrugClass>,
    /// Why the caller overrides the class.
    pub class_reason: Option<String>,
    /// What one unit is, where the drug has no code of its own or the catalog proves no unit.
    pub billing_unit: Option<Quantity>,
    pub dose_administered: Option<Quantity>,
    pub dose_ordered: Option<Quantity>,
    /// The discarded amount that the record documents.
    pub dose_discarded: Option<Quantity>,
    pub discard_reason: Option<DiscardReason>,
    /// Amount of drug per millilitre, where the dose is given in millilitres (rule U-06).
    pub amount_per_ml: Option<Quantity>,
    /// Strength of a percent solution, in percent (rule U-06).
    pub percent_strength: Option<crate::domain::quantity::Decimal>,
    /// What the stated dose is a dose of, where salt and base differ (rule U-10).
    pub dose_basis: Option<String>,
    pub containers: Vec<Container>,
    pub source: DrugSource,
    pub product_kind: Option<ProductKind>,
    pub laterality: Option<Laterality>,
    pub esa_indication: Option<EsaIndication>,
    /// The drug was bought under the 340B programme (rule M-06).
    pub acquired_340b: bool,
    /// FDA approval date of a product without a code (rule N-03).
    pub fda_approved: Option<crate::domain::time::Date>,
    /// Days of treatment that a supplier dispensed (rule M-09).
    pub days_supply: Option<u32>,
    /// The product has a biologics licence (rule K-01).
    pub licensed_biologic: Option<bool>,
    /// Circumstances that the record states and a payer may mark (rule M-11).
    pub circumstances: Vec<DrugCircumstance>,
    /// Charge for the whole dose in cents, for charge limits (rule X-03).
    pub charge_cents: Option<u64>,
}

impl DrugGiven {
    /// Whether the record says that nothing of the drug was given: a dose of zero.
    pub fn is_not_given(&self) -> bool {
        self.dose_administered.is_some_and(|dose| dose.value.is_zero())
    }

    /// Every NDC that could be read, of the drug and of its containers.
    pub fn ndcs(&self) -> impl Iterator<Item = Ndc> + '_ {
        let given = self.ndc.iter().chain(self.containers.iter().flat_map(|container| &container.ndc));
        given.filter_map(|ndc| match ndc {
            NdcGiven::Read(ndc) => Some(*ndc),
            NdcGiven::Ambiguous(_) => None,
        })
    }
}
