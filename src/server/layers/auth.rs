//! Who may call what: bearer tokens and client certificates, each with a role.
//!
//! A caller without any configured identity is refused before a byte of the request body is read.
//! Health and reflection stay open. Secrets are kept as SHA-256 digests and compared in constant
//! time; neither a secret nor a token's text is ever logged.

use std::path::Path;
use std::sync::Arc;
use std::task::{Context, Poll};

use arc_swap::ArcSwap;
use http::{Request, Response};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use tonic::Status;

use crate::server::listen::Peer;
use crate::server::refusal::Refusal;
use crate::server::tls::PeerCertificate;

/// What a caller may do; each role includes the ones before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Role {
    /// Look codes up.
    Read,
    /// Code visits as well.
    Code,
    /// Refresh, activate and roll back releases as well.
    Admin,
}

impl Role {
    fn parse(text: &str) -> Option<Self> {
        match text {
            "read" => Some(Self::Read),
            "code" => Some(Self::Code),
            "admin" => Some(Self::Admin),
            _ => None,
        }
    }

    /// The role as the identities file writes it.
    const fn word(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Code => "code",
            Self::Admin => "admin",
        }
    }

    const fn as_byte(self) -> u8 {
        self as u8 + 1
    }

    const fn from_byte(byte: u8) -> Option<Self> {
        match byte {
            1 => Some(Self::Read),
            2 => Some(Self::Code),
            3 => Some(Self::Admin),
            _ => None,
        }
    }
}

/// Why the identities cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum AuthError {
    #[error("{path}: cannot be read: {source}")]
    Read { path: String, source: std::io::Error },
    #[error(
        "identities, line {line}: write `token ROLE SECRET`, `token-sha256 ROLE DIGEST` or `certificate ROLE NAME`, with ROLE one of read, code, admin"
    )]
    Line { line: usize },
    #[error("identities, line {line}: a secret needs at least {SECRET_CHARACTERS_MIN} characters")]
    ShortSecret { line: usize },
    #[error("identities, line {line}: a SHA-256 digest has 64 hexadecimal digits")]
    Digest { line: usize },
}

/// Shortest secret that is accepted, in characters.
const SECRET_CHARACTERS_MIN: usize = 24;

type Fingerprint = [u8; 32];

/// The identities that may call: tokens and certificates by their digest, certificates by a name as well.
#[derive(Default, PartialEq, Eq)]
pub struct Identities {
    tokens: Vec<(Fingerprint, Role)>,
    certificates: Vec<(Fingerprint, Role)>,
    names: Vec<(Box<str>, Role)>,
}

impl Identities {
    /// Reads an identities file.
    ///
    /// # Errors
    /// The file, or the first line, that cannot be used; the message never repeats a secret.
    pub fn from_file(path: &Path) -> Result<Self, AuthError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| AuthError::Read { path: path.display().to_string(), source })?;
        Self::parse(&text)
    }

    /// Reads identities, one a line; `#` begins a comment.
    ///
    /// `token ROLE SECRET` or `token-sha256 ROLE DIGEST` is a bearer token. `certificate ROLE NAME` is a client
    /// certificate that the client CA signed, by its SHA-256 digest or by a DNS or URI name that it carries.
    ///
    /// # Errors
    /// The first line that cannot be used; the message never repeats a secret.
    pub fn parse(text: &str) -> Result<Self, AuthError> {
        let mut identities = Self::default();
        for (index, line) in text.lines().enumerate() {
            let line_number = index + 1;
            let words: Vec<&str> = line.split_whitespace().collect();
            match words.as_slice() {
                [] => {}
                [comment, ..] if comment.starts_with('#') => {}
                [kind, role, secret] => identities.add(line_number, kind, role, secret)?,
                _ => return Err(AuthError::Line { line: line_number }),
            }
        }
        Ok(identities)
    }

    /// Whether nobody is named, so that only a loopback listener may serve without refusing everyone.
    pub fn is_empty(&self) -> bool {
        let Self { tokens, certificates, names } = self;
        tokens.is_empty() && certificates.is_empty() && names.is_empty()
    }

    /// These and others.
    #[must_use]
    pub fn and(mut self, others: Self) -> Self {
        self.tokens.extend(others.tokens);
        self.certificates.extend(others.certificates);
        self.names.extend(others.names);
        self
    }

    fn add(&mut self, line: usize, kind: &str, role: &str, name: &str) -> Result<(), AuthError> {
        let role = Role::parse(role).ok_or(AuthError::Line { line })?;
        match kind {
            "token" if name.chars().count() < SECRET_CHARACTERS_MIN => {
                return Err(AuthError::ShortSecret { line });
            }
            "token" => self.tokens.push((Sha256::digest(name).into(), role)),
            "token-sha256" => self.tokens.push((fingerprint(name).ok_or(AuthError::Digest { line })?, role)),
            "certificate" => match fingerprint(name) {
                Some(digest) => self.certificates.push((digest, role)),
                None => self.names.push((name.into(), role)),
            },
            _ => return Err(AuthError::Line { line }),
        }
        Ok(())
    }

    /// The highest role that a call's token or client certificate carries.
    fn role_of<B>(&self, request: &Request<B>) -> Option<Role> {
        let token = request
            .headers()
            .get(http::header::AUTHORIZATION)
            .and_then(|value| value.to_str().ok())
            .and_then(|value| value.split_once(' '))
            .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
            .and_then(|(_, token)| find(&self.tokens, &Sha256::digest(token).into()));
        let peer = request.extensions().get::<Peer>();
        let certificate = peer.and_then(|peer| self.role_of_certificate(peer.certificate.as_deref()?));
        token.max(certificate)
    }

    fn role_of_certificate(&self, certificate: &PeerCertificate) -> Option<Role> {
        // The names are public, and the handshake has proved who owns the certificate.
        let named = self.names.iter().filter(|(name, _)| certificate.names.iter().any(|own| **own == **name));
        let by_name = named.map(|(_, role)| *role).max();
        by_name.max(find(&self.certificates, &certificate.fingerprint))
    }
}

/// Compares with every known digest, so that the time taken tells nothing about which one matched.
fn find(known: &[(Fingerprint, Role)], presented: &Fingerprint) -> Option<Role> {
    let mut found = 0_u8;
    for (digest, role) in known {
        let equal: Choice = digest.ct_eq(presented);
        found.conditional_assign(&role.as_byte(), equal);
    }
    Role::from_byte(found)
}

fn fingerprint(text: &str) -> Option<Fingerprint> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let mut digest = [0; 32];
    if digits.len() != 64 {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

/// The role that a method asks for; nothing for the open services.
///
/// A service that this table does not know asks for the highest role, so that a new one is never
/// open by oversight.
fn required_role(path: &str) -> Option<Role> {
    let service = path.trim_start_matches('/').split('/').next().unwrap_or_default();
    match service {
        "grpc.health.v1.Health" => None,
        "grpc.reflection.v1.ServerReflection" | "grpc.reflection.v1alpha.ServerReflection" => None,
        "infusion.coding.v1.CatalogService" => Some(Role::Read),
        "infusion.coding.v1.CodingService" | "v1" => Some(Role::Code),
        _ => Some(Role::Admin),
    }
}

/// The identities in force; they can be read again while the server runs.
pub type SharedIdentities = Arc<ArcSwap<Identities>>;

/// A layer that lets a call through only with the role its method asks for.
#[derive(Clone)]
pub struct AuthLayer {
    identities: SharedIdentities,
}

impl AuthLayer {
    /// A layer for these identities; with none at all every call passes, for a loopback listener.
    pub const fn new(identities: SharedIdentities) -> Self {
        Self { identities }
    }
}

impl<S> tower::Layer<S> for AuthLayer {
    type Service = Auth<S>;

    fn layer(&self, inner: S) -> Auth<S> {
        Auth { inner, identities: self.identities.clone() }
    }
}

/// The service of [`AuthLayer`].
#[derive(Clone)]
pub struct Auth<S> {
    inner: S,
    identities: SharedIdentities,
}

impl<S, B, R> tower::Service<Request<B>> for Auth<S>
where
    S: tower::Service<Request<B>, Response = Response<R>>,
    R: Default + Unpin,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = AuthFuture<S::Future, R>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        match self.refusal(&request) {
            Some(status) => AuthFuture::Refused(Some(status.into_http())),
            None => AuthFuture::Passed(Box::pin(self.inner.call(request))),
        }
    }
}

impl<S> Auth<S> {
    fn refusal<B>(&self, request: &Request<B>) -> Option<Status> {
        let identities = self.identities.load();
        if identities.is_empty() {
            return None;
        }
        let required = required_role(request.uri().path())?;
        match identities.role_of(request) {
            Some(role) if role >= required => None,
            Some(role) => Some(Refusal::RoleTooLow { role: role.word(), required: required.word() }.into()),
            None => Some(Refusal::Unauthenticated.into()),
        }
    }
}

/// Either the inner call, or a refusal that is ready at once.
pub enum AuthFuture<F, R> {
    Passed(std::pin::Pin<Box<F>>),
    Refused(Option<Response<R>>),
}

impl<F, R, E> Future for AuthFuture<F, R>
where
    F: Future<Output = Result<Response<R>, E>>,
    R: Unpin,
{
    type Output = Result<Response<R>, E>;

    fn poll(self: std::pin::Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match self.get_mut() {
            Self::Passed(inner) => inner.as_mut().poll(context),
            Self::Refused(response) => match response.take() {
                Some(response) => Poll::Ready(Ok(response)),
                None => Poll::Pending,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECRET: &str = "a-long-secret-for-the-charge-capture-service";

    fn auth(text: &str) -> Auth<()> {
        let identities = Identities::parse(text).expect("identities");
        Auth { inner: (), identities: Arc::new(ArcSwap::from_pointee(identities)) }
    }

    fn call(path: &str, token: Option<&str>) -> Request<()> {
        let mut request = Request::builder().uri(format!("http://localhost{path}"));
        if let Some(token) = token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        request.body(()).expect("a request")
    }

    const CODE: &str = "/infusion.coding.v1.CodingService/CodeEncounter";
    const LOOK_UP: &str = "/infusion.coding.v1.CatalogService/GetCode";
    const REFRESH: &str = "/infusion.coding.v1.CatalogAdminService/StartRefresh";

    #[test]
    fn a_role_includes_the_lower_ones_and_no_higher() {
        let auth = auth(&format!("# charge capture\ntoken code {SECRET}\n"));
        let code_of = |path: &str, token| auth.refusal(&call(path, token)).map(|status| status.code());
        assert_eq!(code_of(CODE, Some(SECRET)), None);
        assert_eq!(code_of(LOOK_UP, Some(SECRET)), None);
        assert_eq!(code_of(REFRESH, Some(SECRET)), Some(tonic::Code::PermissionDenied));
        assert_eq!(code_of(CODE, Some("another")), Some(tonic::Code::Unauthenticated));
        assert_eq!(code_of(CODE, None), Some(tonic::Code::Unauthenticated));
        assert_eq!(code_of("/grpc.health.v1.Health/Check", None), None);
        assert_eq!(code_of("/some.new.Service/Method", Some(SECRET)), Some(tonic::Code::PermissionDenied));
    }

    #[test]
    fn a_certificate_is_known_by_its_digest_or_by_a_name_it_carries() {
        let digest = "ab".repeat(32);
        let auth = auth(&format!("certificate read {digest}\ncertificate admin spiffe://example/updater\n"));
        let role = |fingerprint, name: &str| {
            let certificate = PeerCertificate { fingerprint, names: vec![name.to_owned()] };
            auth.identities.load().role_of_certificate(&certificate)
        };
        assert_eq!(role([0xab; 32], "other.example"), Some(Role::Read));
        assert_eq!(role([0xab; 32], "spiffe://example/updater"), Some(Role::Admin));
        assert_eq!(role([0; 32], "spiffe://example/updater/of/another"), None);
    }

    #[test]
    fn one_identity_of_any_kind_closes_the_service_to_everybody_else() {
        assert!(auth("# nobody").refusal(&call(CODE, None)).is_none());
        let digest = "ab".repeat(32);
        for line in [
            format!("token code {SECRET}"),
            format!("token-sha256 code {digest}"),
            format!("certificate code {digest}"),
            "certificate code charge-capture.example".to_owned(),
        ] {
            let refused = auth(&line).refusal(&call(CODE, None)).map(|status| status.code());
            assert_eq!(refused, Some(tonic::Code::Unauthenticated), "{line}");
        }
    }

    #[test]
    fn a_token_may_be_named_by_its_digest() {
        let digest: String = Sha256::digest(SECRET).iter().map(|byte| format!("{byte:02x}")).collect();
        let auth = auth(&format!("token-sha256 code {digest}"));
        assert!(auth.refusal(&call(CODE, Some(SECRET))).is_none());
        assert!(auth.refusal(&call(CODE, Some(&digest))).is_some());
    }

    #[test]
    fn a_message_never_repeats_a_secret() {
        for text in
            ["token code short-secret", "token king a-long-secret-for-nobody-in-particular", "token x"]
        {
            let message = Identities::parse(text).err().expect("a fault").to_string();
            assert!(!message.contains("secret-for") && !message.contains("short-secret"), "{message}");
        }
    }

    #[test]
    fn fingerprints_are_read_with_and_without_colons() {
        let plain = "ab".repeat(32);
        let colons = vec!["ab"; 32].join(":");
        assert_eq!(fingerprint(&plain), fingerprint(&colons));
        assert!(fingerprint("abc").is_none());
        assert!(fingerprint(&"zz".repeat(32)).is_none());
    }
}
