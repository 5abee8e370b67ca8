//! The enums of the messages beside those of the domain.

use std::sync::LazyLock;

use super::violations::{Path, Violations};
use crate::catalog::record::CodeFlag;
use crate::domain::billing::{NoUnitReason, UnitForm};
use crate::domain::claim::Track;
use crate::domain::drug::{
    ContainerKind, DiscardReason, DrugCircumstance, DrugClass, DrugSource, EsaIndication, Laterality,
    ProductForm, ProductKind,
};
use crate::domain::encounter::{
    AccessReason, Entity340b, FluidPurpose, Indication, OffCampus, PumpDelivery, Route, Setting,
};
use crate::domain::finding::{Reason, Severity};
use crate::engine::trail::Outcome;
use crate::rules::Basis;
use crate::server::json::WireEnum;
use crate::server::pb;

/// An enum of the domain with its counterpart among the messages.
pub(super) trait Counterpart: Sized {
    type Wire: TryFrom<i32> + WireEnum;

    /// The value of a message; nothing when it is unspecified.
    fn from_wire(wire: Self::Wire) -> Option<Self>;

    /// The value in a message.
    fn to_wire(self) -> i32;
}

impl Violations {
    /// Reads an enum field; nothing when it is unspecified.
    pub(super) fn choice<T: Counterpart>(&mut self, at: &Path<'_>, number: i32) -> Option<T> {
        let Ok(wire) = T::Wire::try_from(number) else {
            self.add(at, format_args!("{number} is no value of this field: give one of{}", names::<T>()));
            return None;
        };
        T::from_wire(wire)
    }

    /// Reads an enum field that must be given.
    pub(super) fn required_choice<T: Counterpart>(&mut self, at: &Path<'_>, number: i32) -> Option<T> {
        if number == 0 {
            self.add(at, format_args!("is required: give one of{}", names::<T>()));
            return None;
        }
        self.choice(at, number)
    }
}

fn names<T: Counterpart>() -> String {
    let known = T::Wire::NAMES.iter().filter(|(_, number)| *number != 0);
    known.flat_map(|(name, _)| [" ", name]).collect()
}

macro_rules! counterparts {
    ($($domain:ty = $wire:ident { $($variant:ident)* })*) => {$(
        impl Counterpart for $domain {
            type Wire = pb::$wire;

            fn from_wire(wire: pb::$wire) -> Option<Self> {
                match wire {
                    pb::$wire::Unspecified => None,
                    $(pb::$wire::$variant => Some(Self::$variant),)*
                }
            }

            fn to_wire(self) -> i32 {
                match self { $(Self::$variant => pb::$wire::$variant as i32,)* }
            }
        }
    )*};
}

counterparts! {
    Setting = Setting {
        PhysicianOffice HospitalOutpatient CriticalAccessHospital AmbulatorySurgicalCenter EsrdFacility
        RuralHealthClinic FederallyQualifiedHealthCenter HomeInfusion DmeSupplier Pharmacy HospitalInpatient
    }
    Indication = Indication { Oncology NonOncology }
    Route = Route {
        IvInfusion IvPush Intramuscular Subcutaneous SubcutaneousInfusion IntraArterialInfusion
        IntraArterialPush Intrathecal IntraventricularReservoir Intraperitoneal Intrapleural Intralesional
        Intravesical Intravitreal Intraarticular Intradermal Inhaled Topical Implanted Oral ViaDialysate
        OnBodyInjector PumpStart PumpRefill LineFlush Transfusion Other HeatedIntraperitoneal
    }
    FluidPurpose = FluidPurpose {
        Hydration KeepOpen Carrier LabelDirected Perioperative ElectrolyteReplacement
    }
    AccessReason = AccessReason { Protocol PatientCondition IncompatibleDrugs Convenience RestartedLine }
    Entity340b = CoveredEntityType {
        DisproportionateShare RuralReferralCenter CriticalAccess MarylandWaiver NonExceptedOffCampus
        RuralSoleCommunity Childrens CancerCenter Grantee
    }
    PumpDelivery = PumpDelivery { Vein Artery SpinalCanal }
    OffCampus = OffCampus { Excepted NonExcepted StatusUnknown }
    DrugClass = DrugClass {
        Antineoplastic HormonalAntineoplastic ComplexBiologic Therapeutic Hydration BloodProduct Contrast
        Vaccine Radiopharmaceutical SkinSubstitute
    }
    ContainerKind = ContainerKind {
        SingleDose MultiDose PharmacyBulkPackage ImagingBulkPackage PharmacyPrepared ShortStabilityBulk
    }
    DrugSource = DrugSource { Purchased PatientSupplied WhiteBagged NoCost CompetitiveAcquisition }
    ProductForm = ProductForm { Liquid Powder Topical Solid }
    DrugCircumstance = DrugCircumstance {
        RiskStrategyFollowed ThroughEquipment NotIncidentTo LaterClaimOfCourse DoseReducedForHematocrit
        WithDialysis SingleUnitDose FirstOfUnitDose LaterOfUnitDose
    }
    DiscardReason = DiscardReason {
        SingleDoseRemainder UnstableAfterOpening CompoundedForPatient PartlyAdministered SpoiledOrMissed
        DuringPreparation ByPatient
    }
    Laterality = Laterality { Right Left Bilateral }
    EsaIndication = EsaIndication { ChemotherapyAnemia RadiotherapyAnemia Other }
    ProductKind = ProductKind {
        Drug Biologic Antineoplastic Compounded OralNonChemotherapy OralChemotherapy ImmuneGlobulin
        TherapeuticRadiopharmaceutical DiagnosticRadiopharmaceutical ClottingFactor Immunosuppressant
        DmeInfusion DmeInhalation SkinSubstitute
    }
    Track = Track { Administration Drug }
    Severity = Severity { Info Warn Block }
    Outcome = Outcome { Fired Declined }
    Basis = RuleBasis { Primary Quoted Secondary Inferred Unsourced }
    UnitForm = UnitForm { Multiple UpTo Components PerContainer PerEvent }
    CodeFlag = CodeFlag {
        Biosimilar Unclassified NotOtherwiseSpecified ProductExclusive TwoComponents EsrdOnDialysis NonEsrd
        ThroughDme Compounded Oral Inhaled HospitalOutpatientOnly SkinSubstitute ImagingAgent Vaccine
        ExcludesBiosimilars
    }
    NoUnitReason = NoUnitReason { Unclassified NotADrug NoAmountStated Unproven }
}

/// A setting by its published value; nothing when it is unspecified.
pub fn setting(wire: pb::Setting) -> Option<Setting> {
    Setting::from_wire(wire)
}

/// The published reason of a finding: the value of the same name.
pub(super) fn reason(reason: Reason) -> i32 {
    // A test keeps both lists equal, so a reason never goes out unnamed.
    static NUMBERS: LazyLock<Vec<i32>> = LazyLock::new(|| {
        let number = |reason: &Reason| pb::FindingReason::number(reason.as_str()).unwrap_or_default();
        Reason::ALL.iter().map(number).collect()
    });
    NUMBERS[reason as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reason_is_published_once_and_in_the_same_words() {
        let ours: Vec<&str> = Reason::ALL.iter().map(|reason| reason.as_str()).collect();
        let mut published: Vec<&str> = pb::FindingReason::NAMES.iter().map(|(name, _)| *name).collect();
        published.retain(|name| *name != "UNSPECIFIED");
        let missing: Vec<_> = ours.iter().filter(|name| !published.contains(name)).collect();
        assert!(missing.is_empty(), "add to finding_reason.proto, at the end: {missing:?}");
        let extra: Vec<_> = published.iter().filter(|name| !ours.contains(name)).collect();
        assert!(extra.is_empty(), "finding_reason.proto has what no finding says: {extra:?}");
        for known in Reason::ALL {
            assert_eq!(pb::FindingReason::number(known.as_str()), Some(reason(*known)));
        }
    }

    #[test]
    fn what_goes_out_comes_back() {
        for number in 1..28 {
            let wire = pb::Route::try_from(number).expect("a route");
            assert_eq!(Route::from_wire(wire).map(Counterpart::to_wire), Some(number));
        }
    }
}
