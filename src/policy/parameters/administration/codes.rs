//! The code families of administration services, as the data files name them.

use serde::Deserialize;

use crate::domain::code::{HcpcsCode, Modifier};
use crate::domain::encounter::{Route, Setting};
use crate::domain::quantity::Quantity;
use crate::policy::parameters::List;

/// The codes of a family of intravenous services.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FamilyCodes {
    /// Initial infusion, first hour.
    pub infusion: HcpcsCode,
    /// Each additional hour.
    pub hour: HcpcsCode,
    /// First hour of a further drug.
    pub sequential: HcpcsCode,
    /// An infusion that runs together with another; chemotherapy has none (rule CONC-3).
    #[serde(default)]
    pub concurrent: Option<HcpcsCode>,
    /// Initial push.
    pub push: HcpcsCode,
    /// Push of a further drug.
    pub additional_push: HcpcsCode,
    /// Further push of the same drug; chemotherapy has none.
    #[serde(default)]
    pub repeat_push: Option<HcpcsCode>,
}

/// The codes of hydration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HydrationCodes {
    pub initial: HcpcsCode,
    pub hour: HcpcsCode,
}

/// The codes of injections into muscle or under the skin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InjectionCodes {
    pub therapeutic: HcpcsCode,
    pub antineoplastic: HcpcsCode,
    pub hormonal: HcpcsCode,
    pub on_body_injector: HcpcsCode,
}

/// The codes of infusions under the skin.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SubcutaneousInfusionCodes {
    pub first_hour: HcpcsCode,
    pub hour: HcpcsCode,
    pub additional_setup: HcpcsCode,
}

/// The codes of intra-arterial administration.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct IntraArterialCodes {
    pub push: HcpcsCode,
    pub first_hour: HcpcsCode,
    pub hour: HcpcsCode,
    pub pump_start: HcpcsCode,
    pub therapeutic_injection: HcpcsCode,
}

/// The codes of pumps and of the port flush.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PumpCodes {
    /// Start of a prolonged infusion by pump.
    pub prolonged_start: HcpcsCode,
    /// The same with a pump of the practice that finishes in the community.
    pub practice_pump_start: HcpcsCode,
    /// Start of a prolonged therapeutic infusion by pump, hospital only.
    pub therapeutic_start: HcpcsCode,
    pub refill_portable: HcpcsCode,
    pub refill_implantable: HcpcsCode,
    pub flush: HcpcsCode,
}

/// The codes of chemotherapy into a cavity, a reservoir or a lesion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CavityCodes {
    pub pleural: HcpcsCode,
    pub peritoneal: HcpcsCode,
    pub central_nervous_system: HcpcsCode,
    pub reservoir: HcpcsCode,
    pub lesions_few: HcpcsCode,
    pub lesions_many: HcpcsCode,
}

/// The unlisted codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct UnlistedCodes {
    pub chemotherapy: HcpcsCode,
    pub therapeutic: HcpcsCode,
}

/// Codes of other code sets, to point at and never to report here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OutsideCodes {
    pub transfusion: HcpcsCode,
    pub vaccine: HcpcsCode,
    /// Instilling a drug against cancer into the bladder.
    pub bladder_instillation: HcpcsCode,
    /// Instilling any other one.
    pub bladder_irrigation: HcpcsCode,
    pub intravitreal: HcpcsCode,
    pub joint: HcpcsCode,
    pub inhalation: HcpcsCode,
    pub spinal_injection: HcpcsCode,
    pub lesion_injection: HcpcsCode,
    /// Instilling a drug into the pleural space.
    pub pleural_instillation: HcpcsCode,
    /// Injecting a drug through a reservoir of the brain.
    pub reservoir_injection: HcpcsCode,
    pub implant: HcpcsCode,
    pub radiopharmaceutical: HcpcsCode,
    pub heated_intraperitoneal: HcpcsCode,
    /// Refilling a pump that delivers into the spinal canal.
    pub spinal_pump_refill: HcpcsCode,
    /// Putting such a pump in.
    pub spinal_pump: HcpcsCode,
}

/// Operations on a claim, and the administration codes that they include.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Operations {
    /// First and last codes of what is included.
    pub included: (HcpcsCode, HcpcsCode),
    /// First and last codes of the operations.
    pub codes: (HcpcsCode, HcpcsCode),
    /// First and last codes among them of small procedures and of access, beside which a drug has its own reason.
    pub except: List<(HcpcsCode, HcpcsCode)>,
}

impl Operations {
    /// Whether a code is that of an operation.
    pub fn holds(&self, code: HcpcsCode) -> bool {
        let is_within = |(first, last): &(HcpcsCode, HcpcsCode)| *first <= code && code <= *last;
        is_within(&self.codes) && !self.except.iter().any(is_within)
    }
}

/// Visits that carry a modifier beside services that a payment system counts as significant procedures.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VisitsBesideProcedures {
    pub settings: List<Setting>,
    /// First and last codes of the visits.
    pub visits: List<(HcpcsCode, HcpcsCode)>,
    pub procedures: List<HcpcsCode>,
    pub modifier: Modifier,
}

/// Fluids that are a drug against a low blood sugar, and the beginnings of its diagnoses.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LowBloodSugar {
    /// What their names stand for.
    pub fluids: List<String>,
    pub diagnoses: List<String>,
}

/// Sprays that patients give themselves under observation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ObservedSprays {
    pub drugs: DrugList,
    /// Codes of the visit, the drug and the observation in one, by the dose.
    pub services: List<HcpcsCode>,
    /// The code of the drug, where the payer has it apart.
    #[serde(default)]
    pub drug: Option<HcpcsCode>,
}

/// Drugs by their codes, or by words of their names.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DrugList {
    pub codes: List<HcpcsCode>,
    pub names: List<String>,
}

/// Drugs whose way out of an implanted pump is not a vein, or not always.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ImplantedPumpDrugs {
    /// Given into the spinal canal only.
    pub spinal: DrugList,
    /// Given into the spinal canal or into a vein.
    pub either: DrugList,
    /// Given into an artery only.
    pub arterial: DrugList,
}

/// Vaccines whose administration has a code of its own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VaccineAdministration {
    /// Nothing where the product and the dose decide.
    pub code: Option<HcpcsCode>,
    /// First and last codes of the products.
    pub products: List<(HcpcsCode, HcpcsCode)>,
    /// Words of the products' names, folded to lower case.
    pub words: List<String>,
    /// Settings that report the code of any vaccine instead.
    #[serde(default)]
    pub except: List<Setting>,
}

/// A drug whose giving has codes of another section, or is part of another service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OwnService {
    pub products: List<HcpcsCode>,
    /// What the products' names stand for, as the table of names has it.
    #[serde(default)]
    pub names: List<String>,
    /// Routes it holds for; any where none is named.
    #[serde(default)]
    pub routes: List<Route>,
    /// How the diagnoses begin that it holds for; any where none is named.
    #[serde(default)]
    pub diagnoses: List<String>,
    /// What a question calls these diagnoses.
    #[serde(default)]
    pub disease: Option<String>,
    /// First and last codes of the services that include it when they stand on the claim.
    #[serde(default)]
    pub services: List<(HcpcsCode, HcpcsCode)>,
    /// Codes to point at, the likeliest first; three at most.
    #[serde(default)]
    pub codes: List<HcpcsCode>,
    /// Whether the service that it is given for includes it.
    #[serde(default)]
    pub is_included: bool,
    /// Whether the drug has other uses beside the service, so that its line stands with a finding.
    #[serde(default)]
    pub is_doubtful: bool,
}

/// Products whose giving has a code of another section: a patient's own changed cells, antibodies against RSV.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CellTherapy {
    pub products: List<HcpcsCode>,
    /// Words of the products' names, where the catalog holds no code of theirs.
    #[serde(default)]
    pub words: List<String>,
    /// Nothing before the first code of this service.
    #[serde(default)]
    pub administration: Option<HcpcsCode>,
}

/// A thrombolytic that clears a clotted catheter, and the code of that service.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Declotting {
    pub drugs: List<HcpcsCode>,
    pub names: List<String>,
    /// Names of products that are made for catheters and nothing else.
    pub catheter_products: List<String>,
    /// Most milligrams of one instillation.
    pub dose_mg_max: i32,
    pub code: HcpcsCode,
}

/// A drug that locks a line in a small dose and treats in a larger one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LockDrugs {
    pub drugs: List<HcpcsCode>,
    /// What the products' names stand for.
    pub names: List<String>,
    /// Most units of one lock.
    pub units_max: i32,
}

/// Doses of a hormonal brand that are labelled for cancer alone, where others of it are for other diseases.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HormonalDoses {
    /// How the names of the product begin, folded to lower case.
    pub names: List<String>,
    /// Words of a name that make it another product.
    #[serde(default)]
    pub but: List<String>,
    pub doses: List<Quantity>,
}

/// The code of chemotherapy into a cavity, and the punctures that it includes.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CavityPunctures {
    pub code: HcpcsCode,
    pub included: List<HcpcsCode>,
}

/// An add-on code and the primary codes that it may follow.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AddOnWithParents {
    pub add_on: HcpcsCode,
    pub parents: List<HcpcsCode>,
}
