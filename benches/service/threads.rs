//! A service on threads of its own, and their processor time, which does not depend on what else the machine does.

use std::fs;
use std::net::SocketAddr;
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
    let mut total = Duration::ZERO;
    for thread in fs::read_dir("/proc/self/task").ok()? {
        let folder = thread.ok()?.path();
        if fs::read_to_string(folder.join("comm")).ok()?.trim_end() == name {
            let scheduled = fs::read_to_string(folder.join("schedstat")).ok()?;
            total += Duration::from_nanos(scheduled.split(' ').next()?.parse().ok()?);
        }
    }
    Some(total)
}
