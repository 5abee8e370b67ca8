//! Which setting a place of service (professional) or a type of bill (institutional) means.
//!
//! Only codes that leave no choice are listed; for any other the reader states no setting, and whoever
//! audits the claim says which it was.

use crate::domain::encounter::Setting;

/// The setting of a CMS place-of-service code. Source: CMS place of service code set.
pub fn of_place_of_service(code: &str) -> Option<Setting> {
    Some(match code {
        "01" => Setting::Pharmacy,
        // A mobile unit, a walk-in clinic, a place of work, urgent care, an independent and a public clinic and a center
        // of vaccination are paid as an office is. A military hospital is left out: its departments are not told apart.
        "11" | "15" | "17" | "18" | "20" | "49" | "60" | "71" => Setting::PhysicianOffice,
        "12" => Setting::HomeInfusion,
        "19" | "22" | "23" => Setting::HospitalOutpatient,
        "21" => Setting::HospitalInpatient,
        "24" => Setting::AmbulatorySurgicalCenter,
        "50" => Setting::FederallyQualifiedHealthCenter,
        "65" => Setting::EsrdFacility,
        "72" => Setting::RuralHealthClinic,
        _ => return None,
    })
}

/// The setting of the first two digits of a type of bill. Source: NUBC form locator 4.
pub(super) fn of_type_of_bill(code: &str) -> Option<Setting> {
    let digits = code.strip_prefix('0').filter(|rest| rest.len() >= 2).unwrap_or(code);
    Some(match digits.get(..2)? {
        "11" => Setting::HospitalInpatient,
        "13" => Setting::HospitalOutpatient,
        "71" => Setting::RuralHealthClinic,
        "72" => Setting::EsrdFacility,
        "77" => Setting::FederallyQualifiedHealthCenter,
        "83" => Setting::AmbulatorySurgicalCenter,
        "85" => Setting::CriticalAccessHospital,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_type_of_bill_is_read_in_each_written_length() {
        for code in ["13", "131", "0131"] {
            assert_eq!(of_type_of_bill(code), Some(Setting::HospitalOutpatient), "{code}");
        }
        assert_eq!(of_type_of_bill("9"), None);
        assert_eq!(of_type_of_bill(""), None);
        assert_eq!(of_type_of_bill("é1"), None);
    }

    #[test]
    fn an_unlisted_place_states_no_setting() {
        assert_eq!(of_place_of_service("11"), Some(Setting::PhysicianOffice));
        assert_eq!(of_place_of_service("23"), Some(Setting::HospitalOutpatient));
        assert_eq!(of_place_of_service("20"), Some(Setting::PhysicianOffice));
        assert_eq!(of_place_of_service("26"), None);
        assert_eq!(of_place_of_service("99"), None);
    }
}
