//! A running service as the one that answers, over gRPC.

use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Code, Request, Status};
use tonic_types::StatusExt;

use super::refused::Refused;
use crate::server::pb;
use crate::server::pb::catalog_admin_service_client::CatalogAdminServiceClient;
use crate::server::pb::catalog_service_client::CatalogServiceClient;
use crate::server::pb::coding_service_client::CodingServiceClient;
use crate::server::serve::ADMINISTRATION_PORT;

/// How long a connection may take.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long an answer may take.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(60);
/// Largest answer that is read, in bytes; a full explanation of a long visit is large.
const ANSWER_BYTES_MAX: usize = 64 * 1024 * 1024;

/// Which service to ask.
#[derive(Debug, Clone, Args)]
pub struct ServerFlag {
    /// Ask a running service, such as http://127.0.0.1:50051, in place of working here.
    #[arg(long, value_name = "URL")]
    pub server: Option<String>,
    /// Token that the service knows; better given in the environment, where other users cannot see it.
    #[arg(
        long,
        value_name = "TOKEN",
        env = "INFUSION_CODER_TOKEN",
        hide_env_values = true,
        requires = "server"
    )]
    token: Option<String>,
    /// Certificate of the authority that signed the service's own, for an https address.
    #[arg(long, value_name = "FILE", requires = "server")]
    ca: Option<std::path::PathBuf>,
}

/// A connection to a service.
pub struct Remote {
    channel: Channel,
    token: Option<MetadataValue<Ascii>>,
    runtime: tokio::runtime::Runtime,
}

/// Where a service has its administration.
enum Administration {
    Here,
    /// At another port of its host.
    At(u16),
    Nowhere,
}

impl ServerFlag {
    /// Connects to the administration of a service, where one is named. A service has an address of its
    /// own for it, and its callers' address tells the port.
    ///
    /// # Errors
    /// As for [`ServerFlag::connect`], or a service that has no administration.
    pub fn connect_administration(&self) -> anyhow::Result<Option<Remote>> {
        let Some(remote) = self.connect()? else { return Ok(None) };
        let whole = self.server.as_deref().map(whole_address).unwrap_or_default();
        let port = match remote.administration() {
            Administration::Here => return Ok(Some(remote)),
            Administration::At(port) => port,
            Administration::Nowhere => bail!("{whole} has no administration: it was started without a store"),
        };
        let mut there = url::Url::parse(&whole).with_context(|| format!("--server {whole}"))?;
        // An address with a host takes any port.
        let _ = there.set_port(Some(port));
        let flag = Self { server: Some(there.to_string()), ..self.clone() };
        let connected = flag.connect();
        connected.with_context(|| {
            format!("the administration of {whole} listens on port {port}, perhaps only for its own host")
        })
    }

    /// Connects to the service, where one is named.
    ///
    /// # Errors
    /// An address that is none, or where nobody answers.
    pub fn connect(&self) -> anyhow::Result<Option<Remote>> {
        let Some(url) = &self.server else { return Ok(None) };
        let runtime = tokio::runtime::Runtime::new().context("the runtime cannot start")?;
        let token = self.token.as_deref().map(|token| format!("Bearer {token}").parse());
        let token = token.transpose().context("--token holds a character that no token may hold")?;
        let endpoint = self.endpoint(url)?;
        let channel = runtime.block_on(endpoint.connect());
        let channel =
            channel.with_context(|| format!("no service answers at {url}: start one with `serve`"))?;
        Ok(Some(Remote { channel, token, runtime }))
    }

    fn endpoint(&self, url: &str) -> anyhow::Result<Endpoint> {
        let whole = whole_address(url);
        let endpoint = Endpoint::from_shared(whole.clone());
        let endpoint = endpoint.with_context(|| format!("--server {url}: give it as http://HOST:PORT"))?;
        let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT);
        if !whole.starts_with("https://") {
            return Ok(endpoint);
        }
        let mut tls = ClientTlsConfig::new().with_enabled_roots();
        if let Some(path) = &self.ca {
            let pem = std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()))?;
            tls = tls.ca_certificate(Certificate::from_pem(pem));
        }
        Ok(endpoint.tls_config(tls)?)
    }
}

fn whole_address(url: &str) -> String {
    if url.contains("://") { url.to_owned() } else { format!("http://{url}") }
}

impl Remote {
    /// Makes a call of administration.
    ///
    /// # Errors
    /// The service's refusal, or a connection that broke.
    pub fn administer<T, M>(
        &self,
        message: M,
        call: impl AsyncFnOnce(CatalogAdminServiceClient<Channel>, Request<M>) -> Result<T, Status>,
    ) -> anyhow::Result<T> {
        let client = CatalogAdminServiceClient::new(self.channel.clone());
        self.runtime.block_on(call(client, self.authorized(message))).map_err(refused)
    }

    /// Whether administration is among what the address serves, or where else the service has it.
    fn administration(&self) -> Administration {
        let mut client = CatalogAdminServiceClient::new(self.channel.clone());
        let none = self.authorized(pb::GetRefreshRequest::default());
        match self.runtime.block_on(client.get_refresh(none)) {
            Err(status) if status.code() == Code::Unimplemented => {
                let port = status.metadata().get(ADMINISTRATION_PORT);
                let port = port.and_then(|port| port.to_str().ok()?.parse().ok());
                port.map_or(Administration::Nowhere, Administration::At)
            }
            _ => Administration::Here,
        }
    }

    /// Codes a visit.
    ///
    /// # Errors
    /// The service's refusal, or a connection that broke.
    pub fn code(&self, request: pb::CodeEncounterRequest) -> anyhow::Result<pb::CodeEncounterResponse> {
        let answer = self.runtime.block_on(self.client().code_encounter(self.authorized(request)));
        Ok(answer.map_err(refused)?.into_inner())
    }

    /// Codes one drug.
    ///
    /// # Errors
    /// As for [`Remote::code`].
    pub fn drug_lines(
        &self,
        request: pb::CalculateDrugLinesRequest,
    ) -> anyhow::Result<pb::CalculateDrugLinesResponse> {
        let answer = self.runtime.block_on(self.client().calculate_drug_lines(self.authorized(request)));
        Ok(answer.map_err(refused)?.into_inner())
    }

    /// Lists the releases that the service holds, the newest first.
    ///
    /// # Errors
    /// As for [`Remote::code`].
    pub fn releases(&self) -> anyhow::Result<Vec<pb::Release>> {
        let mut client = CatalogServiceClient::new(self.channel.clone());
        let (mut releases, mut page_token) = (Vec::new(), String::new());
        loop {
            let page = self.authorized(pb::ListReleasesRequest { page_token, ..Default::default() });
            let page = self.runtime.block_on(client.list_releases(page)).map_err(refused)?.into_inner();
            releases.extend(page.releases);
            if page.next_page_token.is_empty() {
                return Ok(releases);
            }
            page_token = page.next_page_token;
        }
    }

    fn client(&self) -> CodingServiceClient<Channel> {
        CodingServiceClient::new(self.channel.clone()).max_decoding_message_size(ANSWER_BYTES_MAX)
    }

    /// A message with the token of the caller.
    pub fn authorized<T>(&self, message: T) -> Request<T> {
        let mut request = Request::new(message);
        if let Some(token) = &self.token {
            request.metadata_mut().insert("authorization", token.clone());
        }
        request
    }
}

/// The status of a service as the error of the command line.
fn refused(status: Status) -> anyhow::Error {
    let details = status.get_error_details();
    let Some(request) = details.bad_request() else {
        return anyhow::anyhow!("the service answers {:?}: {}", status.code(), status.message());
    };
    let violation = |violation: &tonic_types::FieldViolation| pb::FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
    };
    Refused::new(request.field_violations.iter().map(violation).collect()).into()
}
