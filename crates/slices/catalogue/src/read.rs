//! Reading: what the public sees, what a provider sees of itself, what officers see.

use kernel::{Action, Subject};
use store::Cx;

use crate::model::{Listing, ListingState, Service, ServiceState, Step};
use crate::store as rows;

store::refusals! {
    /// Why something of the catalogue is not shown.
    pub enum ReadError {}
}

/// A listed provider and what it offers.
pub struct ProviderPage {
    /// The listing.
    pub listing: Listing,
    /// The provider's name.
    pub name: String,
    /// Services on offer.
    pub services: Vec<Service>,
}

/// A service on offer, its provider, and the versions before it.
pub struct ServicePage {
    /// The service as it stands.
    pub service: Service,
    /// The provider's name.
    pub provider_name: String,
    /// How to reach the provider.
    pub contact: String,
    /// Every version, newest first: price changes are public.
    pub versions: Vec<Service>,
}

/// What a provider works on.
pub struct OwnListing {
    /// The listing, once begun.
    pub listing: Option<Listing>,
    /// All services, withdrawn ones too.
    pub services: Vec<Service>,
    /// What happened to the listing.
    pub steps: Vec<Step>,
    /// The provider's name.
    pub name: String,
}

/// What the public sees of a provider: only while it is listed.
pub async fn provider_page(cx: &mut Cx, provider_id: &str) -> Result<ProviderPage, ReadError> {
    if !cx.permits(Action::SearchCatalogue, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let listing = rows::listing(cx, provider_id).await?.filter(|l| l.state == ListingState::Listed);
    let listing = listing.ok_or(ReadError::NotFound)?;
    let org = orgs::find(cx, provider_id).await?.ok_or(ReadError::NotFound)?;
    let mut services = rows::services_of(cx, provider_id).await?;
    services.retain(|s| s.state == ServiceState::Active);
    Ok(ProviderPage { listing, name: org.name, services })
}

/// What the public sees of a service: only while it is on offer by a listed provider.
pub async fn service_page(cx: &mut Cx, service_id: &str) -> Result<ServicePage, ReadError> {
    if !cx.permits(Action::SearchCatalogue, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let service = rows::service(cx, service_id).await?.filter(|s| s.state == ServiceState::Active);
    let service = service.ok_or(ReadError::NotFound)?;
    let provider = provider_page(cx, &service.provider_id).await?;
    let versions = rows::versions(cx, service_id).await?;
    Ok(ServicePage { service, provider_name: provider.name, contact: provider.listing.contact, versions })
}

/// A provider's own listing, in whatever state; officers who review listings see it too.
pub async fn own_listing(cx: &mut Cx, provider_id: &str) -> Result<OwnListing, ReadError> {
    let own = cx.permits(Action::EditListing, &Subject::org(provider_id));
    if !own && !cx.permits(Action::ReviewListing, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    let org = orgs::find(cx, provider_id).await?.ok_or(ReadError::NotFound)?;
    Ok(OwnListing {
        listing: rows::listing(cx, provider_id).await?,
        services: rows::services_of(cx, provider_id).await?,
        steps: rows::steps(cx, provider_id).await?,
        name: org.name,
    })
}

/// The officers' list, after the provider `after`.
pub async fn listings(
    cx: &mut Cx,
    state: Option<ListingState>,
    after: &str,
    limit: u32,
) -> Result<Vec<rows::ListingRow>, ReadError> {
    if !cx.permits(Action::ReviewListing, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    Ok(rows::listings(cx, state, after, limit).await?)
}

/// How many listings stand in each state, for the officers' list.
pub async fn listing_counts(cx: &mut Cx) -> Result<Vec<(ListingState, i64)>, ReadError> {
    if !cx.permits(Action::ReviewListing, &Subject::none()) {
        return Err(ReadError::Forbidden);
    }
    Ok(rows::listing_counts(cx).await?)
}
