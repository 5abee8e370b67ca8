//! `load`: calls a running service as many callers would, and prints how it answered.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, bail};
use clap::{Args, ValueEnum};
use prost::Message;
use serde_json::{Value, json};
use tonic::Code;
use tonic::codegen::Bytes;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::{Channel, Endpoint};

use super::print;
use super::remote::client_tls;
use super::shelf::Format;
use crate::load::{self, Call, Pace, Percentiles, Plan, Tally};
use crate::server::{json as wire, pb};

/// The visits that are sent unless others are given: those of `examples/`.
const VISITS: &[&str] = &[
    include_str!("../../examples/r-chop.json"),
    include_str!("../../examples/trastuzumab-biosimilar.json"),
    include_str!("../../examples/folfox-pump-start.json"),
    include_str!("../../examples/rituximab-rheumatoid-arthritis.json"),
    include_str!("../../examples/iron-with-hydration.json"),
    include_str!("../../examples/missing-stop-time.json"),
];

/// Codes that are looked up, on one date of service.
const CODES: &[&str] = &["J9312", "J9000", "J9075", "J1200", "Q5107", "J0897", "J9999", "J1756"];
const DATE: &str = "2025-11-03";

/// What to send, where, and how fast.
#[derive(Debug, Args)]
pub struct Flags {
    /// The service, such as http://127.0.0.1:50051.
    #[arg(long, value_name = "URL", default_value = "http://127.0.0.1:50051")]
    server: String,
    /// Certificate of the CA that signed the service's, as PEM, for an https address.
    #[arg(long, value_name = "FILE")]
    ca: Option<PathBuf>,
    /// Certificate to show to a service that asks its callers for one, as PEM.
    #[arg(long, value_name = "FILE", requires = "client_key")]
    client_certificate: Option<PathBuf>,
    /// The private key of that certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
    /// A file that holds the token to send.
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
    /// Connections; one connection is one lock, so a busy caller holds several.
    #[arg(long, value_name = "N", default_value_t = 8)]
    connections: usize,
    /// Calls a second by an open schedule; without it, as many as are answered.
    #[arg(long, value_name = "N", conflicts_with = "in_flight")]
    rate: Option<u64>,
    /// Calls in flight on each connection, where no rate is given.
    #[arg(long, value_name = "N", default_value_t = 10)]
    in_flight: usize,
    /// How long to send: 30s, 10m or 1h.
    #[arg(long = "for", value_name = "TIME", default_value = "10s", value_parser = length)]
    length: Duration,
    /// What to call.
    #[arg(long, value_enum, default_value_t)]
    call: Kind,
    /// How much of the reasons to ask for.
    #[arg(long, value_enum, default_value_t)]
    detail: Detail,
    /// Visits to send in turn, a JSON object a line; the examples when it is not given.
    #[arg(long, value_name = "FILE")]
    visits: Option<PathBuf>,
    #[arg(long, value_enum, default_value_t)]
    format: Format,
}

/// What is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Kind {
    /// CodeEncounter.
    #[default]
    Code,
    /// GetCode.
    Lookup,
    /// Health.Check.
    Health,
}

/// How much of the reasons an answer holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, ValueEnum)]
enum Detail {
    Lines,
    Rules,
    #[default]
    Full,
}

/// Sends, and prints what came back.
///
/// # Errors
/// A service that cannot be reached, or visits that cannot be read.
pub fn run(flags: &Flags) -> anyhow::Result<()> {
    if flags.connections == 0 {
        bail!("--connections wants one or more");
    }
    let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
    let tally = runtime.block_on(async {
        let plan = Plan {
            channels: flags.channels().await?,
            calls: flags.calls()?,
            token: flags.token()?,
            pace: match flags.rate {
                Some(calls_per_second) => Pace::Open { calls_per_second },
                None => Pace::Closed { calls_per_connection: flags.in_flight },
            },
            length: flags.length,
        };
        anyhow::Ok(load::run(&plan).await)
    })?;
    match flags.format {
        Format::Text => print(&text(&tally)),
        Format::Json => print(&format!("{:#}\n", json_of(&tally))),
    }
}

impl Flags {
    async fn channels(&self) -> anyhow::Result<Vec<Channel>> {
        let mut endpoint = Endpoint::from_shared(self.server.clone()).context("--server is no address")?;
        if self.server.starts_with("https://") {
            let shown = self.client_certificate.as_deref().zip(self.client_key.as_deref());
            endpoint = endpoint.tls_config(client_tls(self.ca.as_deref(), shown)?)?;
        }
        let mut channels = Vec::with_capacity(self.connections);
        for _ in 0..self.connections {
            let channel = endpoint.connect().await;
            channels.push(channel.with_context(|| format!("{} does not answer", self.server))?);
        }
        Ok(channels)
    }

    fn token(&self) -> anyhow::Result<Option<tonic::metadata::MetadataValue<tonic::metadata::Ascii>>> {
        let Some(path) = &self.token_file else { return Ok(None) };
        let text =
            std::fs::read_to_string(path).with_context(|| format!("{} cannot be read", path.display()))?;
        let token = format!("Bearer {}", text.trim()).parse();
        Ok(Some(token.ok().with_context(|| format!("{} holds no token", path.display()))?))
    }

    fn calls(&self) -> anyhow::Result<Arc<[Call]>> {
        match self.call {
            Kind::Code => self.visits(),
            Kind::Lookup => Ok(CODES
                .iter()
                .map(|code| {
                    let request =
                        pb::GetCodeRequest { code: (*code).to_owned(), date_of_service: DATE.to_owned() };
                    call("/infusion.coding.v1.CatalogService/GetCode", &request)
                })
                .collect()),
            Kind::Health => Ok([call("/grpc.health.v1.Health/Check", &())].into()),
        }
    }

    fn visits(&self) -> anyhow::Result<Arc<[Call]>> {
        let detail = match self.detail {
            Detail::Lines => pb::Detail::Lines,
            Detail::Rules => pb::Detail::Rules,
            Detail::Full => pb::Detail::Full,
        };
        let visit = |text: &str| -> anyhow::Result<Call> {
            let mut request: pb::CodeEncounterRequest = wire::read(text)?;
            request.detail = detail.into();
            Ok(call("/infusion.coding.v1.CodingService/CodeEncounter", &request))
        };
        match &self.visits {
            None => VISITS.iter().map(|text| visit(text)).collect(),
            Some(path) => read_lines(path, visit),
        }
    }
}

fn read_lines(path: &Path, visit: impl Fn(&str) -> anyhow::Result<Call>) -> anyhow::Result<Arc<[Call]>> {
    let shown = path.display();
    let text = std::fs::read_to_string(path).with_context(|| format!("{shown} cannot be read"))?;
    let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
    let calls: anyhow::Result<Arc<[Call]>> = lines
        .map(|(index, line)| visit(line).with_context(|| format!("{shown}, line {}", index + 1)))
        .collect();
    let calls = calls?;
    if calls.is_empty() { bail!("{shown} holds no visit") } else { Ok(calls) }
}

fn call(path: &'static str, message: &impl Message) -> Call {
    Call { path: PathAndQuery::from_static(path), message: Bytes::from(message.encode_to_vec()) }
}

/// Reads a time with its unit.
fn length(text: &str) -> Result<Duration, String> {
    const UNITS: &[(char, u64)] = &[('s', 1), ('m', 60), ('h', 3_600)];
    let wrong = || "give a time such as 30s, 10m or 1h".to_owned();
    let (unit, seconds) = UNITS.iter().find(|(unit, _)| text.ends_with(*unit)).ok_or_else(wrong)?;
    let number: u64 = text.trim_end_matches(*unit).parse().map_err(|_| wrong())?;
    number.checked_mul(*seconds).filter(|seconds| *seconds > 0).map(Duration::from_secs).ok_or_else(wrong)
}

fn text(tally: &Tally) -> String {
    let mut page = format!(
        "{} calls a second answered with OK, over {:.1?}\n",
        tally.answered_per_second(),
        tally.elapsed()
    );
    for (code, count) in tally.codes() {
        page += &format!("{:<20} {count}\n", format!("{:?}", Code::from(*code)));
    }
    if tally.unsent > 0 || tally.unanswered > 0 {
        page += &format!("not sent {}, not answered {}\n", tally.unsent, tally.unanswered);
    }
    let times = |name: &str, Percentiles { p50, p90, p99, p999, max }| {
        format!("{name:<20} p50 {p50} µs, p90 {p90} µs, p99 {p99} µs, p99.9 {p999} µs, longest {max} µs\n")
    };
    page += &times("answered in", tally.answered());
    if tally.codes().keys().any(|code| *code != Code::Ok as i32) {
        page += &times("refused in", tally.refused());
    }
    page
}

fn json_of(tally: &Tally) -> Value {
    let times = |Percentiles { p50, p90, p99, p999, max }| json!({"p50": p50, "p90": p90, "p99": p99, "p999": p999, "max": max});
    let codes: serde_json::Map<String, Value> = tally
        .codes()
        .iter()
        .map(|(code, count)| (format!("{:?}", Code::from(*code)), (*count).into()))
        .collect();
    json!({
        "answeredPerSecond": tally.answered_per_second(),
        "seconds": tally.elapsed().as_secs(),
        "statuses": codes,
        "unsent": tally.unsent,
        "unanswered": tally.unanswered,
        "answeredMicros": times(tally.answered()),
        "refusedMicros": times(tally.refused()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_needs_its_unit() {
        assert_eq!(length("10m"), Ok(Duration::from_secs(600)));
        for wrong in ["10", "m", "0s", "-1s", "1d", "99999999999999999999h"] {
            assert!(length(wrong).is_err(), "{wrong}");
        }
    }
}
