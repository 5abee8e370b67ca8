//! One updater serves any number of stateless replicas: it publishes what is in use as one
//! content-addressed file, and they follow the pointer to it.

mod bucket;
mod place;
pub mod shipment;

use std::sync::Arc;
use std::time::Duration;

use super::aside::blocking;
use super::fetch::Validators;
use super::keeper::{Keeper, KeeperError};
use crate::catalog::release::BundleError;
use crate::catalog::store::{Library, StoreError};
use shipment::{POINTER, Pointer, Shipment, ShipmentError};

pub use place::{Place, PlaceError};

/// Why a shipment was not sent or not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReplicaError {
    #[error("the pointer names a file that does not lie beside it, and is not followed")]
    Elsewhere,
    #[error(transparent)]
    Place(#[from] PlaceError),
    #[error(transparent)]
    Shipment(#[from] ShipmentError),
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Keeper(#[from] KeeperError),
    #[error("the pointer cannot be read: {0}")]
    Pointer(serde_json::Error),
    #[error("{0} holds other content than the pointer says; it may be half copied")]
    OtherContent(String),
}

impl From<BundleError> for ReplicaError {
    fn from(error: BundleError) -> Self {
        Self::Shipment(error.into())
    }
}

/// Publishes what a store has in use: first the file, then the pointer to it.
///
/// # Errors
/// Damage in the store, or a place that cannot be written; followers stay on what they have.
pub async fn publish(keeper: &Keeper, place: &Place) -> Result<Pointer, ReplicaError> {
    let packed = keeper.clone();
    let shipment = blocking(move || pack(&packed)).await?;
    let pointer = shipment.pointer()?;
    place.write(&pointer.bundle, shipment.bytes().to_vec()).await?;
    let json = serde_json::to_vec_pretty(&pointer).map_err(ReplicaError::Pointer)?;
    place.write(POINTER, json).await?;
    Ok(pointer)
}

/// The releases that a place points to; nothing where it points to none, or does not answer.
pub async fn published(place: &Place) -> Option<Vec<String>> {
    let pointer = place.read(POINTER, &mut Validators::default()).await.ok()??;
    serde_json::from_slice::<Pointer>(&pointer).ok().map(|pointer| pointer.releases)
}

fn pack(keeper: &Keeper) -> Result<Shipment, ReplicaError> {
    let store = keeper.store()?;
    let mut bundles = Vec::new();
    for entry in store.entries()?.iter().filter(|entry| entry.active) {
        let id = entry.header.id.to_string();
        bundles.push((id.clone(), store.bundle(&id)?));
    }
    Ok(Shipment::pack(&bundles))
}

/// Keeps a library without a store on what a place points to.
pub struct Follower {
    place: Place,
    library: Arc<Library>,
    /// The pause between two looks.
    every: Duration,
    /// Digest of the shipment in use.
    current: Option<String>,
    seen: Validators,
}

impl Follower {
    /// A follower that has taken nothing yet.
    pub fn new(place: Place, library: Arc<Library>, every: Duration) -> Self {
        Self { place, library, every, current: None, seen: Validators::default() }
    }

    /// Takes the shipment that the pointer names, where it is another one than before. Answers its
    /// releases when it was taken.
    ///
    /// # Errors
    /// A place that cannot be read, or a shipment that is damaged; the catalog in use stays in use.
    pub async fn look(&mut self) -> Result<Option<Vec<String>>, ReplicaError> {
        // What is remembered of the pointer counts only once its shipment was taken.
        let mut seen = self.seen.clone();
        let Some(pointer) = self.place.read(POINTER, &mut seen).await? else { return Ok(None) };
        let pointer: Pointer = serde_json::from_slice(&pointer).map_err(ReplicaError::Pointer)?;
        if !pointer.is_beside() {
            return Err(ReplicaError::Elsewhere);
        }
        if self.current.as_ref() != Some(&pointer.sha256) {
            let bytes = self.place.read(&pointer.bundle, &mut Validators::default()).await?;
            let library = Arc::clone(&self.library);
            let expected = pointer.clone();
            blocking(move || take(&library, &expected, bytes.unwrap_or_default())).await?;
            self.current = Some(pointer.sha256);
            self.seen = seen;
            return Ok(Some(pointer.releases));
        }
        self.seen = seen;
        Ok(None)
    }

    /// Looks again and again for as long as the service runs.
    pub async fn keep(mut self) {
        loop {
            match self.look().await {
                Ok(Some(releases)) => tracing::info!(?releases, "the catalog was swapped"),
                Ok(None) => {}
                Err(error) => tracing::warn!(%error, "the catalog in use stays in use"),
            }
            tokio::time::sleep(self.every).await;
        }
    }
}

fn take(library: &Library, pointer: &Pointer, bytes: Vec<u8>) -> Result<(), ReplicaError> {
    let shipment = Shipment::verify(bytes)?;
    if shipment.sha256() != pointer.sha256 {
        return Err(ReplicaError::OtherContent(pointer.bundle.clone()));
    }
    library.receive(shipment.releases()?);
    Ok(())
}
