//! The pages for operators, on a listener of their own: metrics, liveness, readiness.

use std::sync::Arc;

use axum::Router;
use axum::extract::State;
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use axum::routing::get;
use tokio::sync::watch;

use super::health::Standing;
use super::layers::metrics::Metrics;

/// What Prometheus asks for.
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the pages show.
#[derive(Clone)]
pub struct Pages {
    pub metrics: Arc<Metrics>,
    pub standing: watch::Receiver<Standing>,
}

impl Pages {
    /// `/metrics` for Prometheus, `/live` and `/ready` for an orchestrator.
    pub fn routes(self) -> Router {
        Router::new()
            .route("/metrics", get(metrics))
            .route("/live", get(|| async { "live\n" }))
            .route("/ready", get(ready))
            .with_state(self)
    }
}

async fn metrics(State(pages): State<Pages>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, OPEN_METRICS)], pages.metrics.text())
}

async fn ready(State(pages): State<Pages>) -> (StatusCode, String) {
    match &*pages.standing.borrow() {
        Standing::Serving => (StatusCode::OK, "ready\n".to_owned()),
        Standing::NoCatalog(reason) => {
            (StatusCode::SERVICE_UNAVAILABLE, format!("no catalog is loaded: {reason}\n"))
        }
        Standing::Draining => (StatusCode::SERVICE_UNAVAILABLE, "draining\n".to_owned()),
    }
}
