//! What browsers and curl need beside gRPC, on the same port: gRPC-Web, plain JSON, and leave for pages of
//! other origins. All of it is off unless the operator asks for it.

use http::header::{HeaderName, HeaderValue};
use http::{Method, Uri};
use tonic_web::GrpcWebLayer;
use tower::layer::util::{Identity, Stack};
use tower::util::{Either, option_layer};
use tower_http::cors::{AllowOrigin, CorsLayer};

use crate::server::http_json::HttpJsonLayer;
use crate::server::limits::ServiceLimits;

/// Headers that a page may read off an answer: where gRPC-Web keeps the status.
const READABLE_HEADERS: [&str; 3] = ["grpc-status", "grpc-message", "grpc-status-details-bin"];

/// Which callers other than gRPC are answered.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct WebAccess {
    /// Answer gRPC-Web, for browsers.
    #[arg(long, env = "INFUSION_CODER_GRPC_WEB")]
    pub grpc_web: bool,
    /// Answer JSON posted to /infusion.coding.v1.SERVICE/METHOD, for browsers and curl.
    #[arg(long, env = "INFUSION_CODER_HTTP_JSON")]
    pub http_json: bool,
    /// Origins whose pages may call, separated by commas, such as `https://billing.example.org`.
    #[arg(
        long,
        value_name = "ORIGIN",
        value_delimiter = ',',
        value_parser = origin,
        env = "INFUSION_CODER_ALLOW_ORIGIN"
    )]
    pub allow_origin: Vec<HeaderValue>,
}

type Optional<L> = Either<L, Identity>;

/// Every layer that [`WebAccess`] may ask for.
pub type WebLayers =
    Stack<Optional<GrpcWebLayer>, Stack<Optional<HttpJsonLayer>, Stack<Optional<CorsLayer>, Identity>>>;

impl WebAccess {
    /// Whether connections may speak HTTP/1.1, which gRPC itself never does.
    pub const fn needs_http1(&self) -> bool {
        self.grpc_web || self.http_json
    }

    /// The layers, the outermost first: leave for the origin, then JSON, then gRPC-Web.
    pub fn layers(&self, limits: &ServiceLimits) -> WebLayers {
        let cors = (self.needs_http1() && !self.allow_origin.is_empty()).then(|| self.cors());
        let cors = Stack::new(option_layer(cors), Identity::new());
        let json = HttpJsonLayer::new(limits.message_bytes, limits.call());
        let json = Stack::new(option_layer(self.http_json.then_some(json)), cors);
        Stack::new(option_layer(self.grpc_web.then(GrpcWebLayer::new)), json)
    }

    fn cors(&self) -> CorsLayer {
        CorsLayer::new()
            .allow_origin(AllowOrigin::list(self.allow_origin.iter().cloned()))
            .allow_methods([Method::POST])
            .allow_headers(tower_http::cors::AllowHeaders::mirror_request())
            .expose_headers(READABLE_HEADERS.map(HeaderName::from_static))
    }
}

/// An origin as browsers send it: scheme, host and port, and nothing behind.
fn origin(text: &str) -> Result<HeaderValue, String> {
    let wrong = || "this is no origin: give scheme and host, such as https://billing.example.org".to_owned();
    let is_origin = |uri: &Uri| {
        uri.scheme().is_some()
            && uri.host().is_some_and(|host| !host.is_empty())
            && !text.ends_with('/')
            && uri.path() == "/"
    };
    if !text.parse::<Uri>().is_ok_and(|uri| is_origin(&uri)) {
        return Err(wrong());
    }
    text.parse().map_err(|_| wrong())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port_alone() {
        for text in ["nonsense", "https://a.example/", "https://a.example/page", "*", ""] {
            assert!(origin(text).is_err(), "{text}");
        }
        assert!(origin("https://a.example").is_ok() && origin("http://localhost:3000").is_ok());
    }
}
