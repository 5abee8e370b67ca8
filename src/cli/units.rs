//! `units`: one drug without a visit, its units and what the claim says of the discarded rest.

use std::sync::Arc;

use clap::Args;

use super::code::AnswerDetail;
use super::drug_words::{choice, container, quantity};
use super::refused::{Misused, Refused};
use super::remote::ServerFlag;
use super::shelf::{Format, StoreFlag, date_or_today};
use super::visit_table::Shown;
use super::{PoliciesFlag, print};
use crate::domain::code::HcpcsCode;
use crate::server::coder::Coder;
use crate::server::pb;

/// The drug, and how it was given.
#[derive(Debug, Args)]
pub struct Flags {
    /// HCPCS code; a name, an NDC or a billing unit may stand in its place.
    #[arg(value_name = "CODE")]
    code: Option<String>,
    /// Nonproprietary or brand name.
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// National Drug Code, where no container names it.
    #[arg(long, value_name = "NDC")]
    ndc: Option<String>,
    /// What one unit is, for a drug without a code: "10 mg".
    #[arg(long, value_name = "AMOUNT", value_parser = quantity)]
    billing_unit: Option<pb::Quantity>,
    /// Dose that the patient received: "705 mg".
    #[arg(long, value_name = "AMOUNT", value_parser = quantity, allow_hyphen_values = true)]
    dose: Option<pb::Quantity>,
    /// Dose that was ordered.
    #[arg(long, value_name = "AMOUNT", value_parser = quantity, allow_hyphen_values = true)]
    ordered: Option<pb::Quantity>,
    /// Discarded amount that the record documents.
    #[arg(long, value_name = "AMOUNT", value_parser = quantity, allow_hyphen_values = true)]
    discarded: Option<pb::Quantity>,
    /// Why drug was discarded, such as single-dose-remainder.
    #[arg(long, value_name = "REASON", value_parser = choice::<pb::DiscardReason>)]
    discard_reason: Option<i32>,
    /// Opened containers, once for each size: "100 mg x3"; a kind, ndc=, lot= and volume= may follow.
    #[arg(long = "container", value_name = "CONTAINERS", value_parser = container, value_delimiter = ';')]
    containers: Vec<pb::Container>,
    /// Amount of drug in one millilitre, where the dose is given in mL.
    #[arg(long, value_name = "AMOUNT", value_parser = quantity)]
    per_ml: Option<pb::Quantity>,
    /// Class of the drug, such as therapeutic.
    #[arg(long, value_name = "CLASS", value_parser = choice::<pb::DrugClass>)]
    class: Option<i32>,
    /// What kind of product a drug without a code is, such as biologic.
    #[arg(long, value_name = "KIND", value_parser = choice::<pb::ProductKind>)]
    product_kind: Option<i32>,
    /// Who paid for the drug, such as patient-supplied; purchased when it is not given.
    #[arg(long, value_name = "SOURCE", value_parser = choice::<pb::DrugSource>)]
    source: Option<i32>,
    /// How it was given, where that chooses a modifier.
    #[arg(long, value_name = "ROUTE", value_parser = choice::<pb::Route>)]
    route: Option<i32>,
    /// Whether the visit treats cancer: oncology or non-oncology.
    #[arg(long, value_name = "INDICATION", value_parser = choice::<pb::Indication>)]
    indication: Option<i32>,
    /// Where it was given, such as physician-office or hospital-outpatient.
    #[arg(long, value_name = "SETTING", value_parser = choice::<pb::Setting>)]
    setting: i32,
    /// Date of service, YYYY-MM-DD; today when it is not given.
    #[arg(long, value_name = "DATE")]
    date: Option<String>,
    /// Which payer's rules apply.
    #[arg(long, value_name = "PAYER", default_value = "medicare")]
    payer: String,
    /// MAC jurisdiction or plan variant of the payer.
    #[arg(
        long,
        value_name = "VARIANT",
        default_value = "",
        hide_default_value = true,
        env = "INFUSION_CODER_PAYER_VARIANT"
    )]
    payer_variant: String,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    /// How much of the reasons to show.
    #[arg(long, value_enum, default_value_t = AnswerDetail::Full)]
    detail: AnswerDetail,
    #[command(flatten)]
    server: ServerFlag,
    #[command(flatten)]
    policies: PoliciesFlag,
    #[command(flatten)]
    store: StoreFlag,
}

/// Codes the drug.
///
/// # Errors
/// Every violation of the request, or a store, policy files or a service that cannot be used.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    flags.refuse_name_for_code()?;
    let request = flags.request()?;
    let title = title(&request);
    let answer = match flags.server.connect()? {
        Some(remote) => remote.drug_lines(request)?,
        None => {
            let coder = Coder::on(flags.store.catalog()?, Arc::new(flags.policies.book()?));
            coder.drug_lines(request).map_err(Refused::from)?.1
        }
    };
    match flags.format {
        Format::Text => print(&Shown::drug(title, &answer).render()),
        Format::Json => print(&(serde_json::to_string_pretty(&answer)? + "\n")),
    }
}

/// What was asked: `J9312, 705 mg, 2025-11-03`.
fn title(request: &pb::CalculateDrugLinesRequest) -> String {
    let drug = request.drug.clone().unwrap_or_default();
    let dose = drug.dose_administered.map(|dose| format!("{} {}", dose.value, dose.unit));
    let named = [drug.hcpcs_code, drug.name, dose.unwrap_or_default(), request.service_date.clone()];
    named.into_iter().filter(|text| !text.is_empty()).collect::<Vec<_>>().join(", ")
}

impl Flags {
    fn request(&self) -> anyhow::Result<pb::CalculateDrugLinesRequest> {
        // A date that is none is refused with the rest of the request.
        let date =
            self.date.clone().map_or_else(|| date_or_today("--date", None).map(|day| day.to_string()), Ok)?;
        Ok(pb::CalculateDrugLinesRequest {
            setting: self.setting,
            payer: self.payer.clone(),
            payer_variant: self.payer_variant.clone(),
            service_date: date,
            drug: Some(self.drug()),
            route: self.route.unwrap_or_default(),
            billing_unit: self.billing_unit.clone(),
            indication: self.indication.unwrap_or_default(),
            detail: self.detail.to_wire().into(),
            ..pb::CalculateDrugLinesRequest::default()
        })
    }

    /// A name in the place of the code is the likeliest slip, and the way out is another flag.
    fn refuse_name_for_code(&self) -> Result<(), Misused> {
        let Some(code) = self.code.as_deref() else {
            let texts = [self.name.as_deref(), self.ndc.as_deref()];
            let is_blank = texts.into_iter().flatten().all(|text| text.trim().is_empty());
            if is_blank && self.billing_unit.is_none() {
                let message = "no drug is named: give its CODE, or --name, --ndc or --billing-unit";
                return Err(Misused(message.to_owned()));
            }
            return Ok(());
        };
        if let Err(error) = code.parse::<HcpcsCode>() {
            return Err(Misused(format!("{error}; a drug's name goes behind --name: --name \"{code}\"")));
        }
        Ok(())
    }

    fn drug(&self) -> pb::Drug {
        pb::Drug {
            hcpcs_code: self.code.clone().unwrap_or_default(),
            name: self.name.clone().unwrap_or_default(),
            ndc: self.ndc.clone().unwrap_or_default(),
            drug_class: self.class.unwrap_or_default(),
            dose_administered: self.dose.clone(),
            dose_ordered: self.ordered.clone(),
            dose_discarded: self.discarded.clone(),
            discard_reason: self.discard_reason.unwrap_or_default(),
            amount_per_ml: self.per_ml.clone(),
            containers: self.containers.clone(),
            source: self.source.unwrap_or_default(),
            product_kind: self.product_kind.unwrap_or_default(),
            ..pb::Drug::default()
        }
    }
}
