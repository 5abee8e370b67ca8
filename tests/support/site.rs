//! A stand-in for the CMS site on loopback, with control over every byte and every fault.

use std::collections::{HashMap, VecDeque};
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// What goes wrong with an answer.
#[derive(Debug, Clone)]
pub enum Fault {
    /// A status without a body.
    Status(u16),
    /// The body stops after so many bytes and the connection closes.
    Cut(usize),
    /// One byte each 20 milliseconds.
    Drip,
    /// No answer at all.
    Silence,
    /// To another address.
    Redirect(String),
    /// A sign-in page in place of the file.
    Html,
    /// The file under the media type of a page's, which is what a blocked download looks like.
    Body(&'static str, Vec<u8>),
}

/// One request as it arrived.
#[derive(Debug, Clone)]
pub struct Request {
    pub path: String,
    pub headers: HashMap<String, String>,
    /// Status of the answer.
    pub status: u16,
}

impl Request {
    /// Whether the request asks for the body only if it changed.
    pub fn is_conditional(&self) -> bool {
        self.headers.contains_key("if-none-match") || self.headers.contains_key("if-modified-since")
    }
}

#[derive(Default)]
struct State {
    files: HashMap<String, Vec<u8>>,
    faults: HashMap<String, VecDeque<Fault>>,
    forever: HashMap<String, Fault>,
    log: Vec<Request>,
    /// Whether a PUT stores its body, as in a bucket.
    takes_writes: bool,
}

/// A running site; it stops when it is dropped.
pub struct Site {
    address: SocketAddr,
    state: Arc<Mutex<State>>,
    task: tokio::task::JoinHandle<()>,
}

impl Drop for Site {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Site {
    /// Starts an empty site.
    pub async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let address = listener.local_addr().expect("an address");
        let state = Arc::new(Mutex::new(State::default()));
        let shared = Arc::clone(&state);
        let task = tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let state = Arc::clone(&shared);
                tokio::spawn(async move { drop(serve(stream, &state).await) });
            }
        });
        Self { address, state, task }
    }

    /// The address of a path.
    pub fn url(&self, path: &str) -> url::Url {
        url::Url::parse(&format!("http://{}{path}", self.address)).expect("a path")
    }

    /// Publishes a file, or its new content.
    pub fn put(&self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.locked(|state| state.files.insert(path.to_owned(), bytes.into()));
    }

    /// Stores what is PUT, as a bucket does.
    pub fn accept_writes(&self) {
        self.locked(|state| state.takes_writes = true);
    }

    /// Takes a file away.
    pub fn remove(&self, path: &str) {
        self.locked(|state| state.files.remove(path));
    }

    /// Lets the next answers of a path go wrong, one after the other.
    pub fn fail(&self, path: &str, faults: impl IntoIterator<Item = Fault>) {
        self.locked(|state| state.faults.entry(path.to_owned()).or_default().extend(faults));
    }

    /// Lets every answer of a path go wrong.
    pub fn fail_always(&self, path: &str, fault: Fault) {
        self.locked(|state| state.forever.insert(path.to_owned(), fault));
    }

    /// Ends every fault.
    pub fn heal(&self) {
        self.locked(|state| {
            state.faults.clear();
            state.forever.clear();
        });
    }

    /// The requests since the last call.
    pub fn requests(&self) -> Vec<Request> {
        self.locked(|state| std::mem::take(&mut state.log))
    }

    fn locked<T>(&self, act: impl FnOnce(&mut State) -> T) -> T {
        act(&mut self.state.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

async fn serve(stream: TcpStream, state: &Mutex<State>) -> io::Result<()> {
    let mut stream = BufReader::new(stream);
    let mut line = String::new();
    stream.read_line(&mut line).await?;
    let is_write = line.starts_with("PUT ");
    let path = line.split(' ').nth(1).unwrap_or("/").to_owned();
    let mut headers = HashMap::new();
    loop {
        line.clear();
        if stream.read_line(&mut line).await? == 0 || line == "\r\n" {
            break;
        }
        if let Some((name, value)) = line.split_once(':') {
            headers.insert(name.trim().to_lowercase(), value.trim().to_owned());
        }
    }
    if is_write {
        let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
        let mut body = vec![0; length];
        stream.read_exact(&mut body).await?;
        let status =
            keep_written(&mut state.lock().unwrap_or_else(PoisonError::into_inner), path, headers, body);
        let head =
            format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nETag: \"1\"\r\nConnection: close\r\n\r\n");
        stream.write_all(head.as_bytes()).await?;
        return stream.shutdown().await;
    }
    let (fault, file) = {
        let mut state = state.lock().unwrap_or_else(PoisonError::into_inner);
        let once = state.faults.get_mut(&path).and_then(VecDeque::pop_front);
        (once.or_else(|| state.forever.get(&path).cloned()), state.files.get(&path).cloned())
    };
    let (head, body, status) = answer(&path, &headers, fault.as_ref(), file);
    let request = Request { path, headers, status };
    state.lock().unwrap_or_else(PoisonError::into_inner).log.push(request);
    if matches!(fault, Some(Fault::Silence)) {
        return std::future::pending().await;
    }
    stream.write_all(head.as_bytes()).await?;
    match fault {
        Some(Fault::Cut(after)) => stream.write_all(&body[..after.min(body.len())]).await?,
        Some(Fault::Drip) => {
            for byte in body.chunks(1) {
                stream.write_all(byte).await?;
                stream.flush().await?;
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        _ => stream.write_all(&body).await?,
    }
    stream.flush().await?;
    stream.shutdown().await
}

/// Stores what was PUT where that is allowed; answers the status.
fn keep_written(state: &mut State, path: String, headers: HashMap<String, String>, body: Vec<u8>) -> u16 {
    let status = if state.takes_writes { 200 } else { 405 };
    if state.takes_writes {
        state.files.insert(path.clone(), body);
    }
    state.log.push(Request { path, headers, status });
    status
}

/// Head, body and status of an answer.
fn answer(
    path: &str,
    headers: &HashMap<String, String>,
    fault: Option<&Fault>,
    file: Option<Vec<u8>>,
) -> (String, Vec<u8>, u16) {
    let own =
        if path.ends_with(".zip") || path.starts_with("/media/") { "application/zip" } else { "text/html" };
    let plain = |status: u16, extra: &str, kind: &str, body: Vec<u8>| {
        let head = format!(
            "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nContent-Type: {kind}\r\nConnection: close\r\n{extra}\r\n",
            body.len()
        );
        (head, body, status)
    };
    let body = match (fault, file) {
        (Some(Fault::Status(status)), _) => return plain(*status, "", "text/html", b"error".to_vec()),
        (Some(Fault::Redirect(to)), _) => return plain(302, &format!("Location: {to}\r\n"), own, Vec::new()),
        (Some(Fault::Html), _) => return plain(200, "", "text/html", b"<html>sign in</html>".to_vec()),
        (Some(Fault::Body(kind, body)), _) => return plain(200, "", kind, body.clone()),
        (_, None) => return plain(404, "", "text/html", b"not found".to_vec()),
        (_, Some(body)) => body,
    };
    let tag = format!("\"{:08x}-{}\"", crc32fast::hash(&body), body.len());
    // The protocol of S3 wants a date with every object.
    let dated = "Last-Modified: Tue, 01 Oct 2024 00:00:00 GMT\r\n";
    let tagged = format!("ETag: {tag}\r\nAccept-Ranges: bytes\r\n{dated}");
    if headers.get("if-none-match") == Some(&tag) {
        return plain(304, &tagged, own, Vec::new());
    }
    let start =
        headers.get("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    match start {
        Some(start) if start < body.len() && headers.get("if-range") == Some(&tag) => {
            let range = format!("{tagged}Content-Range: bytes {start}-{}/{}\r\n", body.len() - 1, body.len());
            plain(206, &range, own, body[start..].to_vec())
        }
        _ => plain(200, &tagged, own, body),
    }
}
