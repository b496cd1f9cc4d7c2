//! Providers, enterprises and services to test with.

use catalogue::model::{Deployment, Offer};
use catalogue::save_service::SaveService;
use catalogue::{Listing, ListingVerb, Service, decide_listing, save_listing, save_service, submit_listing};
use kernel::{Actor, Fen, Text, Uscc};
use orgs::register::{self, Register};
use orgs::{OrgKind, StatedFacts};
use testkit::{TestBed, city_officer, day, provider};

/// A registered organisation; `n` makes its credit code.
pub async fn org(bed: &TestBed, kind: OrgKind, n: u32, name: &str) -> String {
    let uscc = Uscc::compose("91", "120116", &format!("MA{n:06}")).unwrap();
    let cmd = Register {
        kind,
        uscc: uscc.as_str().to_owned(),
        name: name.to_owned(),
        simulated: true,
        facts: StatedFacts { district: Some("120116".into()), ..StatedFacts::default() },
        facts_from: day("2018-01-01"),
        owner: None,
    };
    bed.write(&Actor::system(), |cx| Box::pin(register::run(cx, cmd))).await.unwrap().org_id
}

pub fn offer(sub_item: &str, zh: &str, en: &str, yuan: i64) -> Offer {
    Offer {
        sub_item: sub_item.into(),
        name: Text::new(zh, en),
        description: Text::new(format!("{zh}：按月计费，开通即用。"), format!("{en}, billed by the month.")),
        unit: Text::new("台", "host"),
        list_price_fen: Fen::from_yuan(yuan),
        discount_bp: 1_000,
        deployment: Deployment::Public,
    }
}

pub async fn save(bed: &TestBed, id: &str, discount_bp: i64) -> Result<Listing, save_listing::SaveListingError> {
    let cmd = save_listing::SaveListing {
        provider_id: id.into(),
        intro: Text::new("面向制造业的云服务商", "Cloud services for manufacturers"),
        contact: "022-00000000".into(),
        discount_bp,
    };
    bed.write(&provider(id), |cx| Box::pin(save_listing::run(cx, cmd))).await
}

pub async fn add(
    bed: &TestBed,
    provider_id: &str,
    service_id: Option<String>,
    offer: Offer,
) -> Result<Service, save_service::SaveServiceError> {
    let cmd = SaveService { service_id, provider_id: provider_id.into(), offer };
    bed.write(&provider(provider_id), |cx| Box::pin(save_service::run(cx, cmd))).await
}

pub async fn decide(
    bed: &TestBed,
    provider_id: &str,
    verb: ListingVerb,
    reason: &str,
) -> Result<Listing, decide_listing::DecideListingError> {
    let cmd = decide_listing::DecideListing { provider_id: provider_id.into(), verb, reason: reason.into() };
    bed.write(&city_officer(1), |cx| Box::pin(decide_listing::run(cx, cmd))).await
}

pub async fn submit(bed: &TestBed, id: &str) -> Result<Listing, submit_listing::SubmitListingError> {
    let provider_id = id.to_owned();
    bed.write(&provider(id), |cx| Box::pin(submit_listing::run(cx, provider_id))).await
}

/// A listed provider with these services.
pub async fn listed(bed: &TestBed, n: u32, name: &str, offers: Vec<Offer>) -> (String, Vec<Service>) {
    let id = org(bed, OrgKind::Provider, n, name).await;
    save(bed, &id, 500).await.unwrap();
    let mut services = Vec::new();
    for o in offers {
        services.push(add(bed, &id, None, o).await.unwrap());
    }
    submit(bed, &id).await.unwrap();
    decide(bed, &id, ListingVerb::List, "").await.unwrap();
    (id, services)
}
