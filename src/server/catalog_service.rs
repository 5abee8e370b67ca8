//! `CatalogService` over the code book.

use tonic::{Request, Response, Status};

use super::code_book::CodeBook;
use super::pb;
use super::refusal::Refusal;

/// Answers the look-ups.
#[derive(Debug, Clone)]
pub struct CatalogService {
    book: CodeBook,
}

impl CatalogService {
    /// A service over a code book.
    pub const fn new(book: CodeBook) -> Self {
        Self { book }
    }

    /// An answer that reads the disk, away from the threads that serve.
    async fn on_disk<T: Send + 'static>(
        &self,
        answer: impl FnOnce(&CodeBook) -> Result<T, Refusal> + Send + 'static,
    ) -> Result<Response<T>, Status> {
        let book = self.book.clone();
        let answered = tokio::task::spawn_blocking(move || answer(&book)).await;
        Ok(Response::new(answered.map_err(|_| Refusal::Store)??))
    }
}

#[tonic::async_trait]
impl pb::catalog_service_server::CatalogService for CatalogService {
    async fn get_code(
        &self,
        request: Request<pb::GetCodeRequest>,
    ) -> Result<Response<pb::CodeVersion>, Status> {
        Ok(Response::new(self.book.code(request.get_ref())?))
    }

    async fn batch_get_codes(
        &self,
        request: Request<pb::BatchGetCodesRequest>,
    ) -> Result<Response<pb::BatchGetCodesResponse>, Status> {
        Ok(Response::new(self.book.codes(request.into_inner())?))
    }

    async fn list_codes(
        &self,
        request: Request<pb::ListCodesRequest>,
    ) -> Result<Response<pb::ListCodesResponse>, Status> {
        Ok(Response::new(self.book.list(request.get_ref())?))
    }

    async fn search_drugs(
        &self,
        request: Request<pb::SearchDrugsRequest>,
    ) -> Result<Response<pb::SearchDrugsResponse>, Status> {
        Ok(Response::new(self.book.search(request.get_ref())?))
    }

    async fn lookup_ndc(
        &self,
        request: Request<pb::LookupNdcRequest>,
    ) -> Result<Response<pb::LookupNdcResponse>, Status> {
        Ok(Response::new(self.book.ndc(request.get_ref())?))
    }

    async fn list_biosimilars(
        &self,
        request: Request<pb::ListBiosimilarsRequest>,
    ) -> Result<Response<pb::ListBiosimilarsResponse>, Status> {
        Ok(Response::new(self.book.biosimilars(request.get_ref())?))
    }

    async fn list_releases(
        &self,
        request: Request<pb::ListReleasesRequest>,
    ) -> Result<Response<pb::ListReleasesResponse>, Status> {
        let request = request.into_inner();
        self.on_disk(move |book| book.releases(&request)).await
    }

    async fn compare_releases(
        &self,
        request: Request<pb::CompareReleasesRequest>,
    ) -> Result<Response<pb::CompareReleasesResponse>, Status> {
        let request = request.into_inner();
        self.on_disk(move |book| book.compare(&request)).await
    }
}
