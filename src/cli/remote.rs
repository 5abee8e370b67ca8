//! Calls of the administration service of a running server.

use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use tokio::runtime::Runtime;
use tonic::metadata::AsciiMetadataValue;
use tonic::service::Interceptor;
use tonic::service::interceptor::InterceptedService;
use tonic::transport::{Certificate, Channel, ClientTlsConfig, Endpoint};
use tonic::{Request, Response, Status};

use crate::server::pb::catalog_admin_service_client::CatalogAdminServiceClient;

/// Which service to ask in place of opening the store.
#[derive(Debug, Clone, Args)]
pub struct ServerFlags {
    /// Ask a running service instead of opening the store, such as http://127.0.0.1:50051.
    #[arg(long, value_name = "URL")]
    server: Option<String>,
    /// The bearer token of the call to the service.
    #[arg(long, value_name = "TOKEN", hide_env_values = true)]
    token: Option<String>,
    /// Certificates, in PEM, of the authority that the service's own certificate is from.
    #[arg(long, value_name = "FILE")]
    server_ca: Option<PathBuf>,
}

/// The client of the service, which sends its token with every call.
pub type Admin = CatalogAdminServiceClient<InterceptedService<Channel, Token>>;

/// A bearer token, where one is given.
#[derive(Debug, Clone)]
pub struct Token(Option<AsciiMetadataValue>);

impl Interceptor for Token {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert("authorization", token.clone());
        }
        Ok(request)
    }
}

/// A connection to a running server.
pub struct Remote {
    runtime: Runtime,
    admin: Admin,
}

impl ServerFlags {
    /// A connection to the service, where one is named.
    ///
    /// # Errors
    /// An address that is none, a certificate that cannot be read, or nothing that answers.
    pub fn connect(&self) -> anyhow::Result<Option<Remote>> {
        let Some(server) = &self.server else { return Ok(None) };
        let runtime = Runtime::new().context("the runtime cannot start")?;
        let address = if server.contains("://") { server.clone() } else { format!("http://{server}") };
        let mut endpoint = Endpoint::from_shared(address).with_context(|| format!("--server {server}"))?;
        if let Some(file) = &self.server_ca {
            let pem = std::fs::read(file).with_context(|| format!("{} cannot be read", file.display()))?;
            // The provider may be installed already, which is as good.
            drop(rustls::crypto::ring::default_provider().install_default());
            endpoint =
                endpoint.tls_config(ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem)))?;
        }
        let token = self.token.as_ref().map(|token| format!("Bearer {token}").parse()).transpose();
        let token = Token(token.context("the token has characters that a header cannot hold")?);
        let channel = runtime.block_on(endpoint.connect());
        let channel = channel.with_context(|| format!("no service answers at {server}"))?;
        let admin = CatalogAdminServiceClient::with_interceptor(channel, token);
        Ok(Some(Remote { runtime, admin }))
    }
}

impl Remote {
    /// Makes a call.
    ///
    /// # Errors
    /// What the service answers.
    pub fn call<T>(&self, call: impl AsyncFnOnce(Admin) -> Result<Response<T>, Status>) -> anyhow::Result<T> {
        let answer = self.runtime.block_on(call(self.admin.clone()));
        answer.map(Response::into_inner).map_err(|status| anyhow::anyhow!("{}", status.message()))
    }

    /// Works with the client for longer than one call.
    pub fn block_on<T>(&self, work: impl AsyncFnOnce(Admin) -> T) -> T {
        self.runtime.block_on(work(self.admin.clone()))
    }
}
