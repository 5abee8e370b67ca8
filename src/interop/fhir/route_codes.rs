//! The routes of the HL7 version 3 code system RouteOfAdministration, which often come without a printed form.

use super::elements::Coding;

/// The addresses of the code system, of today and of earlier years, and its object identifier.
const SYSTEMS: &[&str] = &[
    "terminology.hl7.org/CodeSystem/v3-RouteOfAdministration",
    "hl7.org/fhir/v3/RouteOfAdministration",
    "urn:oid:2.16.840.1.113883.5.112",
];

/// Codes that name one route, each with the words that a record has for it. Some read otherwise than they look: `IV` is
/// an infusion, `SCINJ` lies under the conjunctiva, `IPINJ` in the lung and `IVENTINJ` in the heart.
const CODES: &[(&[&str], &str)] = &[
    (&["IM", "IMD", "IMZ"], "intramuscular"),
    (&["SQ"], "subcutaneous"),
    (&["SQINFUS"], "subcutaneous infusion"),
    (&["SQIMPLNT", "SQSURGINS", "IDIMPLNT"], "implant"),
    (&["IV", "IVC", "IVCC", "IVCI", "PCA"], "intravenous infusion"),
    (&["IVINJ", "IVINJBOL", "IVPUSH", "IVRPUSH", "IVSPUSH"], "intravenous push"),
    (&["IVFLUSH"], "lineflush"),
    (&["IA", "ICOR"], "intraarterial infusion"),
    (&["IAINJ", "IAINJP", "IAINJSP", "ICORONINJ", "ICORONINJP"], "intraarterial push"),
    (&["IT", "ITINJ", "SUBARACHINJ"], "intrathecal"),
    (&["EPI", "EPIDURINJ", "EPIINJ", "EPINJSP", "PDURINJ", "ICAUDINJ"], "epidural"),
    (&["IDINJ", "IEPIDINJ"], "intradermal"),
    (&["IPERINJ"], "intraperitoneal"),
    (&["IPLRINJ", "CTINSTL"], "intrapleural"),
    (&["ILESINJ", "ITUMINJ"], "intralesional"),
    (&["IVESINJ", "BLADINJ", "BLADINSTL", "BLADIRR", "BLADIRRC", "BLADIRRT"], "intravesical"),
    (&["IVITINJ", "IVITIMPLNT"], "intravitreal"),
    (&["IARTINJ", "PAINJ", "IBURSINJ", "ISYNINJ"], "intraarticular"),
    (&["ICAVINJ", "ICORPCAVINJ"], "intracavernous"),
    (&["IC", "ICARDINJ", "ICARDINJRP", "ICARDINJSP", "ICARINJP", "IVENTINJ"], "intracardiac"),
    (&["IOSSINJ", "IOSSC"], "intraosseous"),
    (&["IPINJ"], "intrapulmonary"),
    (
        &[
            "IPINHL", "NASINHL", "NASINHLC", "NASNEB", "NEB", "ORNEB", "ORIFINHL", "ETNEB", "IPPB", "TRACH",
            "VENT", "VENTMASK",
        ],
        "inhaled",
    ),
    (&["NASAL", "NASALINSTIL"], "nasal"),
    (&["PO", "CHEW", "DISSOLVE", "SWISHSWAL"], "oral"),
    (&["SL"], "sublingual"),
    (&["BUC"], "buccal"),
    (&["NGT", "NASOGASINSTIL", "OGT", "GT", "GJT", "EFT", "ENTINSTL", "JJTINSTL", "OJJ"], "gastrostomy"),
    (&["PR", "RECTAL", "RECINSTL", "RECTINSTL", "ENEMA", "RETENEMA"], "rectal"),
    (&["TOPICAL", "SKIN", "MUC"], "topical"),
    (&["TRNSDERM", "TRNSDERMD"], "transdermal"),
    (&["OPTHALTA"], "ophthalmic"),
    (&["OT"], "otic"),
    (&["VAGINS", "VAGINSI"], "vaginal"),
    (&["PNINJ"], "perineural"),
    (&["SCINJ"], "subconjunctival"),
    (&["IOINJ", "RBINJ"], "intraocular"),
    (&["IUINJ", "IU"], "intrauterine"),
    (&["ITYMPINJ"], "intratympanic"),
    (&["URETHINJ"], "intraurethral"),
    (&["IURETINJ", "URETINJ"], "intraureteral"),
    (&["SOFTISINJ", "ITENDINJ"], "infiltration"),
];

/// What a code of the system says. A coding without a system may be of it where its code is no abbreviation of its own.
pub(super) fn words(coding: &Coding, is_abbreviation: impl Fn(&str) -> bool) -> Option<&'static str> {
    let code = coding.code.as_deref()?;
    let is_of_system = match coding.system.as_deref() {
        Some(system) => {
            let address = system.trim_start_matches("https://").trim_start_matches("http://");
            SYSTEMS.contains(&address.trim_end_matches('/'))
        }
        None => !is_abbreviation(code),
    };
    let row = CODES.iter().find(|(codes, _)| codes.contains(&code));
    row.filter(|_| is_of_system).map(|(_, words)| *words)
}
