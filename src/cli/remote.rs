//! A running service as the one that answers, over gRPC.

use std::error::Error as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context, bail};
use clap::Args;
use tonic::metadata::{Ascii, MetadataValue};
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint, Identity};
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

/// Flags that mean nothing where no service is asked; from the environment they are then not used.
pub const WITH_A_SERVER: &[&str] = &["token", "ca", "client-certificate", "client-key", "request-id"];

/// Which service to ask.
#[derive(Debug, Clone, Args)]
pub struct ServerFlag {
    /// Ask a running service, such as http://127.0.0.1:50051, in place of working here.
    #[arg(long, value_name = "URL", value_parser = super::checked::server)]
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
    ca: Option<PathBuf>,
    /// Certificate to show to a service that asks its callers for one, as PEM.
    #[arg(long, value_name = "FILE", requires_all = ["server", "client_key"])]
    client_certificate: Option<PathBuf>,
    /// The private key of that certificate, as PEM.
    #[arg(long, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

/// A connection to a service.
pub struct Remote {
    channel: Channel,
    /// What may be wrong where the connection breaks before an answer.
    advice: &'static str,
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
            channel.with_context(|| format!("no service answers at {url}: {}", self.where_none(url)))?;
        let advice = self.advice(url);
        Ok(Some(Remote { channel, advice, token, runtime }))
    }

    fn endpoint(&self, url: &str) -> anyhow::Result<Endpoint> {
        let whole = whole_address(url);
        let endpoint = Endpoint::from_shared(whole.clone());
        let endpoint = endpoint.with_context(|| format!("--server {url}: give it as http://HOST:PORT"))?;
        let endpoint = endpoint.connect_timeout(CONNECT_TIMEOUT).timeout(ANSWER_TIMEOUT);
        if !whole.starts_with("https://") {
            return Ok(endpoint);
        }
        let shown = self.client_certificate.as_deref().zip(self.client_key.as_deref());
        Ok(endpoint.tls_config(client_tls(self.ca.as_deref(), shown)?)?)
    }

    /// What to try where no connection is made.
    fn where_none(&self, url: &str) -> &'static str {
        if whole_address(url).starts_with("https://") && self.ca.is_none() {
            "start one with `serve`; if its certificate comes from an authority of your own, name that with --ca"
        } else {
            "start one with `serve`"
        }
    }

    /// What to try where a connection is made and no answer comes: TLS tells a caller so little.
    fn advice(&self, url: &str) -> &'static str {
        if !whole_address(url).starts_with("https://") {
            "does the service speak TLS? Then give its address as https://"
        } else if self.client_certificate.is_none() {
            "does the service ask its callers for a certificate? Then give --client-certificate and --client-key"
        } else {
            "does the service trust the authority that signed --client-certificate?"
        }
    }
}

/// TLS to a service whose authority may be named, with the certificate and the key to show where there are any.
pub fn client_tls(ca: Option<&Path>, shown: Option<(&Path, &Path)>) -> anyhow::Result<ClientTlsConfig> {
    let read =
        |path: &Path| std::fs::read(path).with_context(|| format!("{} cannot be read", path.display()));
    let mut tls = ClientTlsConfig::new().with_enabled_roots();
    if let Some(ca) = ca {
        tls = tls.ca_certificate(Certificate::from_pem(read(ca)?));
    }
    if let Some((certificate, key)) = shown {
        tls = tls.identity(Identity::from_pem(read(certificate)?, read(key)?));
    }
    Ok(tls)
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
        self.runtime.block_on(call(client, self.authorized(message))).map_err(|status| self.refused(status))
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
        Ok(answer.map_err(|status| self.refused(status))?.into_inner())
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
        Ok(answer.map_err(|status| self.refused(status))?.into_inner())
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
            let page = self
                .runtime
                .block_on(client.list_releases(page))
                .map_err(|status| self.refused(status))?
                .into_inner();
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

impl Remote {
    /// The status as the error of the command line; advice where the connection broke, since no service said that.
    fn refused(&self, status: Status) -> anyhow::Error {
        match status.source() {
            Some(_) => anyhow::anyhow!("the connection broke ({}): {}", status.message(), self.advice),
            None => refused(status),
        }
    }
}

/// The status of a service as the error of the command line.
fn refused(status: Status) -> anyhow::Error {
    let details = status.get_error_details();
    let Some(request) = details.bad_request() else {
        let elsewhere = match status.code() {
            Code::Unimplemented => {
                "this address does not serve that call: is it the one of the administration? "
            }
            _ => "",
        };
        return anyhow::anyhow!("{elsewhere}the service answers {:?}: {}", status.code(), status.message());
    };
    let violation = |violation: &tonic_types::FieldViolation| pb::FieldViolation {
        field: violation.field.clone(),
        description: violation.description.clone(),
    };
    Refused::new(request.field_violations.iter().map(violation).collect()).into()
}
