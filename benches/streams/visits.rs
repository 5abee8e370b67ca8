//! Visits of six administrations, whose doses and times differ from visit to visit.

use std::io::{self, Read};

/// Visits that differ; the rest repeat them.
pub const DISTINCT: usize = 2_000;

/// Code, route, dose, content of one container, both in milligrams.
const DRUGS: [(&str, &str, usize, usize); 6] = [
    ("J1200", "IV_PUSH", 50, 50),
    ("J1100", "IV_PUSH", 10, 10),
    ("J9312", "IV_INFUSION", 705, 100),
    ("J9000", "IV_PUSH", 90, 10),
    ("J9370", "IV_PUSH", 2, 2),
    ("J9075", "IV_INFUSION", 1350, 500),
];

/// A visit as JSON; its number decides its times and doses.
pub fn visit(number: usize) -> String {
    let clock = |minutes: usize| format!("2025-11-03T{:02}:{:02}", minutes / 60, minutes % 60);
    let mut minutes = 8 * 60 + number % 50;
    let administrations = DRUGS.iter().enumerate().map(|(index, (code, route, dose, content))| {
        let dose = if *dose > 80 { dose + number * 7 % 40 } else { *dose };
        let start = clock(minutes);
        let mut stop = String::new();
        if *route == "IV_INFUSION" {
            minutes += 40 + number * 13 % 150;
            stop = format!(r#""stopTime":"{}","#, clock(minutes));
        }
        minutes += 10;
        let count = dose.div_ceil(*content);
        let discarded = count * content - dose;
        let mut discard = String::new();
        if discarded > 0 {
            discard = format!(r#""doseDiscarded":{{"value":"{discarded}","unit":"mg"}},"#);
        }
        format!(
            r#"{{"administrationId":"a{index}","route":"{route}","accessSite":"port","startTime":"{start}",{stop}"drugs":[{{"hcpcsCode":"{code}","doseAdministered":{{"value":"{dose}","unit":"mg"}},{discard}"containers":[{{"content":{{"value":"{content}","unit":"mg"}},"count":{count},"kind":"SINGLE_DOSE","lotNumber":"L{number}"}}]}}]}}"#
        )
    });
    let administrations: Vec<String> = administrations.collect();
    format!(
        r#"{{"encounter":{{"encounterId":"v-{number}","setting":"PHYSICIAN_OFFICE","payer":"medicare","serviceDate":"2025-11-03","timeZone":"America/Chicago","indication":"ONCOLOGY","diagnoses":["C83.30"],"primaryReason":"a2","administrations":[{}],"documentation":{{"orderSigned":true,"planOfCare":true,"nursingAssessment":true,"adverseReactions":true,"patientResponse":true,"discardRecorded":true}}}}}}"#,
        administrations.join(",")
    )
}

/// So many visits, a line each, as a file gives them and without a place on a disk.
pub struct Lines {
    text: Vec<u8>,
    at: usize,
    /// How often the text is still to be read.
    rounds: usize,
}

impl Lines {
    /// A multiple of the visits that differ.
    pub fn new(count: usize) -> Self {
        let text = (0..DISTINCT).map(|number| visit(number) + "\n").collect::<String>().into_bytes();
        Self { text, at: 0, rounds: count / DISTINCT }
    }
}

impl Read for Lines {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.at == self.text.len() {
            self.at = 0;
            self.rounds -= 1;
        }
        if self.rounds == 0 {
            return Ok(0);
        }
        let read = (&self.text[self.at..]).read(buffer)?;
        self.at += read;
        Ok(read)
    }
}
