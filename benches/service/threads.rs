//! A service on threads of its own, and their processor time, which does not depend on what else the machine does.

use std::fs;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use infusion_coder::server::serve::{Addresses, Service, serve};
use tokio::runtime::{Builder, Runtime};

/// A runtime whose threads can be told from those of the others in the process.
pub fn runtime(name: &'static str) -> Runtime {
    Builder::new_multi_thread().thread_name(name).enable_all().build().expect("a runtime")
}

/// Starts the service on threads of its own; where it listens.
pub fn start(servers: &Runtime, service: Service) -> SocketAddr {
    let (told, address) = std::sync::mpsc::channel();
    let ready = move |bound: Addresses| told.send(bound.callers).expect("the bench waits");
    servers.spawn(serve(Addresses::LOOPBACK, service, ready, std::future::pending()));
    address.recv().expect("the service listens")
}

/// Processor time that the threads of one name have used until now; nothing where the system does not tell.
pub fn used_by(name: &str) -> Option<Duration> {
    Some(scheduled(name)?.used)
}

/// What threads had of the processor, and what they waited for it.
#[derive(Clone, Copy)]
pub struct Scheduled {
    pub used: Duration,
    pub waited: Duration,
}

/// The times of all threads of one name until now; nothing where the system does not tell.
pub fn scheduled(name: &str) -> Option<Scheduled> {
    let mut total = Scheduled { used: Duration::ZERO, waited: Duration::ZERO };
    for folder in folders(name)? {
        let schedstat = fs::read_to_string(folder.join("schedstat")).ok()?;
        let mut nanos = schedstat.split_whitespace().map(|nanos| nanos.parse().map(Duration::from_nanos));
        total.used += nanos.next()?.ok()?;
        total.waited += nanos.next()?.ok()?;
    }
    Some(total)
}

/// The folder of each thread of one name.
pub fn folders(name: &str) -> Option<Vec<PathBuf>> {
    let mut folders = Vec::new();
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let folder = thread.ok()?.path();
        if fs::read_to_string(folder.join("comm")).ok()?.trim_end() == name {
            folders.push(folder);
        }
    }
    Some(folders)
}
