//! `CatalogAdminService` over the desk of refreshes.

use std::sync::Arc;

use tokio::sync::{mpsc, watch};
use tokio_stream::wrappers::ReceiverStream;
use tonic::codegen::BoxStream;
use tonic::service::Routes;
use tonic::{Request, Response, Status};

use super::convert::catalog::release;
use super::convert::refresh;
use super::limits::ServiceLimits;
use super::pb;
use super::refusal::Refusal;
use crate::updater::desk::{Desk, Standing};
use pb::catalog_admin_service_server::CatalogAdminServiceServer;

/// Progress reports that wait for a slow watcher; older ones are passed over, never the last.
const REPORTS_WAITING_MAX: usize = 16;

/// Answers the calls that change the catalog.
#[derive(Clone)]
pub struct AdminService {
    desk: Arc<Desk>,
}

/// The service over a desk, for a listener.
pub fn routes(desk: Arc<Desk>, limits: &ServiceLimits) -> Routes {
    let service = CatalogAdminServiceServer::new(AdminService { desk });
    Routes::new(service.max_decoding_message_size(limits.message_bytes))
}

impl AdminService {
    fn find(&self, id: String) -> Result<watch::Receiver<Standing>, Refusal> {
        self.desk.find(&id).ok_or(Refusal::UnknownRefresh(id))
    }

    fn message(&self, standing: &Standing) -> Result<pb::Refresh, Refusal> {
        let entries = self.desk.keeper().library().entries().map_err(|_| Refusal::Store)?;
        Ok(refresh::refresh(standing, &entries))
    }
}

#[tonic::async_trait]
impl pb::catalog_admin_service_server::CatalogAdminService for AdminService {
    type WatchRefreshStream = BoxStream<pb::WatchRefreshResponse>;

    async fn start_refresh(
        &self,
        request: Request<pb::StartRefreshRequest>,
    ) -> Result<Response<pb::StartRefreshResponse>, Status> {
        let asked = refresh::asked(request.into_inner()).map_err(Refusal::from)?;
        let standing = self.desk.start(asked).borrow().clone();
        Ok(Response::new(pb::StartRefreshResponse { refresh: Some(self.message(&standing)?) }))
    }

    async fn get_refresh(
        &self,
        request: Request<pb::GetRefreshRequest>,
    ) -> Result<Response<pb::Refresh>, Status> {
        let standing = self.find(request.into_inner().refresh_id)?.borrow().clone();
        Ok(Response::new(self.message(&standing)?))
    }

    async fn watch_refresh(
        &self,
        request: Request<pb::WatchRefreshRequest>,
    ) -> Result<Response<Self::WatchRefreshStream>, Status> {
        let mut job = self.find(request.into_inner().refresh_id)?;
        let (sender, receiver) = mpsc::channel(REPORTS_WAITING_MAX);
        let service = self.clone();
        tokio::spawn(async move {
            loop {
                let standing = job.borrow_and_update().clone();
                let report = service.message(&standing).map_err(Status::from);
                let report = report.map(|refresh| pb::WatchRefreshResponse { refresh: Some(refresh) });
                let is_last = standing.ended.is_some() || report.is_err();
                // A watcher that went away needs no further reports.
                if sender.send(report).await.is_err() || is_last || job.changed().await.is_err() {
                    break;
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn activate_release(
        &self,
        request: Request<pb::ActivateReleaseRequest>,
    ) -> Result<Response<pb::ActivateReleaseResponse>, Status> {
        let pb::ActivateReleaseRequest { release: id, reason } = request.into_inner();
        if id.is_empty() {
            return Err(Refusal::invalid("release", "is required: list the releases for their ids").into());
        }
        let entry = self.desk.activate(id, reason).await.map_err(Refusal::from)?;
        Ok(Response::new(pb::ActivateReleaseResponse { release: Some(release(&entry)) }))
    }

    async fn roll_back(
        &self,
        request: Request<pb::RollBackRequest>,
    ) -> Result<Response<pb::RollBackResponse>, Status> {
        let pb::RollBackRequest { reason, release: id } = request.into_inner();
        let id = Some(id).filter(|id| !id.is_empty());
        let (out, now) = self.desk.roll_back(id, reason).await.map_err(Refusal::from)?;
        let (now, out) = (Some(release(&now)), Some(release(&out)));
        Ok(Response::new(pb::RollBackResponse { release: now, rolled_back: out }))
    }
}
