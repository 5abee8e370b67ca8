//! What the flags state of a visit that is silent on it; a visit that says otherwise is refused.

use super::refused::Refused;
use crate::domain::encounter::Setting;
use crate::server::json::WireEnum;
use crate::server::{convert, lent, pb};

/// The setting and the payer of the flags.
#[derive(Debug, Clone, Copy, Default)]
pub struct Stated<'a> {
    pub setting: Option<Setting>,
    pub payer: Option<&'a str>,
}

impl<'a> Stated<'a> {
    /// Fills what a request leaves out.
    ///
    /// # Errors
    /// Each field that says otherwise.
    pub fn fill(&self, request: &mut pb::CodeEncounterRequest) -> Result<(), Refused> {
        let Some(encounter) = &mut request.encounter else { return Ok(()) };
        let (setting, payer) = self.settled(encounter.setting, &encounter.payer)?;
        let payer = payer.to_owned();
        (encounter.setting, encounter.payer) = (setting, payer);
        Ok(())
    }

    /// The same for a request whose texts are borrowed.
    ///
    /// # Errors
    /// Each field that says otherwise.
    pub fn fill_lent<'t>(&self, request: &mut lent::CodeEncounterRequest<'t>) -> Result<(), Refused>
    where
        'a: 't,
    {
        let Some(encounter) = &mut request.encounter else { return Ok(()) };
        (encounter.setting, encounter.payer) = self.settled(encounter.setting, encounter.payer)?;
        Ok(())
    }

    /// The setting and the payer that count.
    fn settled<'t>(&self, setting: i32, payer: &'t str) -> Result<(i32, &'t str), Refused>
    where
        'a: 't,
    {
        let mut violations = Vec::new();
        let mut refuse = |field: &str, own: &str, stated: &str, flag: &str| {
            let description = format!("it is {own}, and {flag} says {stated}: leave one of the two out");
            violations.push(pb::FieldViolation { field: field.to_owned(), description });
        };
        let number = self.setting.map_or(setting, number_of);
        let is_told = |setting: i32| setting != pb::Setting::Unspecified as i32;
        if is_told(setting) && setting != number {
            let name = |number| pb::Setting::short_name(number).unwrap_or("an unknown one");
            refuse("encounter.setting", name(setting), name(number), "--setting");
        }
        let stated = self.payer.unwrap_or(payer);
        if !payer.is_empty() && !payer.eq_ignore_ascii_case(stated) {
            refuse("encounter.payer", payer, stated, "--payer");
        }
        if violations.is_empty() { Ok((number, stated)) } else { Err(Refused::new(violations)) }
    }
}

/// The number of a setting in the protos.
fn number_of(setting: Setting) -> i32 {
    let is_it =
        |number: &i32| pb::Setting::try_from(*number).ok().and_then(convert::setting) == Some(setting);
    let mut numbers = pb::Setting::NAMES.iter().map(|(_, number)| *number);
    numbers.find(is_it).unwrap_or(pb::Setting::Unspecified as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filled(stated: Stated<'_>, setting: pb::Setting, payer: &str) -> Result<(i32, String), String> {
        let encounter =
            pb::Encounter { setting: setting as i32, payer: payer.to_owned(), ..pb::Encounter::default() };
        let mut request =
            pb::CodeEncounterRequest { encounter: Some(encounter), ..pb::CodeEncounterRequest::default() };
        stated.fill(&mut request).map_err(|refused| refused.to_string())?;
        let encounter = request.encounter.expect("the visit");
        Ok((encounter.setting, encounter.payer))
    }

    #[test]
    fn what_a_visit_leaves_out_is_filled_and_what_it_says_otherwise_is_refused() {
        let office = pb::Setting::PhysicianOffice;
        let stated = Stated { setting: Some(Setting::PhysicianOffice), payer: Some("guide-2026") };
        let own = (office as i32, "guide-2026".to_owned());
        assert_eq!(filled(stated, pb::Setting::Unspecified, ""), Ok(own.clone()));
        assert_eq!(filled(stated, office, "Guide-2026"), Ok(own));
        let refused = filled(stated, pb::Setting::HospitalOutpatient, "medicare").expect_err("a refusal");
        assert!(refused.contains("encounter.setting") && refused.contains("encounter.payer"), "{refused}");
        let silent = filled(Stated::default(), pb::Setting::HospitalOutpatient, "medicare");
        assert_eq!(silent, Ok((pb::Setting::HospitalOutpatient as i32, "medicare".to_owned())));
    }
}
