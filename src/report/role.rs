//! What part a line plays in the visit, in words and in the colour of the timeline.

use crate::domain::code::HcpcsCode;
use crate::policy::parameters::{AdministrationParameters, FamilyCodes};

/// The part of an administration code in the hierarchy of the visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    InitialInfusion,
    InitialPush,
    Sequential,
    Concurrent,
    AdditionalPush,
    Hydration,
    AdditionalHours,
    Injection,
    Pump,
    Other,
}

impl Role {
    /// The role in words.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::InitialInfusion => "initial infusion",
            Self::InitialPush => "initial push",
            Self::Sequential => "sequential infusion",
            Self::Concurrent => "concurrent infusion",
            Self::AdditionalPush => "additional push",
            Self::Hydration => "hydration",
            Self::AdditionalHours => "additional hours",
            Self::Injection => "injection",
            Self::Pump => "pump",
            Self::Other => "other service",
        }
    }

    /// The style of the timeline, shared by the roles that people read as one.
    pub const fn style(self) -> &'static str {
        match self {
            Self::InitialInfusion | Self::InitialPush => "initial",
            Self::Sequential | Self::AdditionalPush => "sequential",
            Self::Concurrent => "concurrent",
            Self::Hydration => "hydration",
            Self::AdditionalHours | Self::Injection | Self::Pump | Self::Other => "other",
        }
    }
}

/// The role of an administration code under a policy.
pub fn role_of(code: HcpcsCode, parameters: &AdministrationParameters) -> Role {
    let hydration = &parameters.hydration_codes;
    let injections = &parameters.injection_codes;
    let pumps = &parameters.pump_codes;
    let is_any = |codes: &[HcpcsCode]| codes.contains(&code);
    let families = [&*parameters.chemotherapy_codes, &*parameters.therapeutic_codes];
    if let Some(role) = families.into_iter().find_map(|family| role_in_family(code, family)) {
        return role;
    }
    if is_any(&[hydration.initial, hydration.hour]) {
        Role::Hydration
    } else if is_any(&[injections.therapeutic, injections.antineoplastic, injections.hormonal]) {
        Role::Injection
    } else if is_any(&[
        pumps.prolonged_start,
        pumps.practice_pump_start,
        pumps.therapeutic_start,
        pumps.refill_portable,
        pumps.refill_implantable,
    ]) {
        Role::Pump
    } else {
        Role::Other
    }
}

fn role_in_family(code: HcpcsCode, family: &FamilyCodes) -> Option<Role> {
    let also = |other: Option<HcpcsCode>| other == Some(code);
    Some(match code {
        _ if code == family.infusion => Role::InitialInfusion,
        _ if code == family.hour => Role::AdditionalHours,
        _ if code == family.sequential => Role::Sequential,
        _ if code == family.push => Role::InitialPush,
        _ if code == family.additional_push || also(family.repeat_push) => Role::AdditionalPush,
        _ if also(family.concurrent) => Role::Concurrent,
        _ => return None,
    })
}
