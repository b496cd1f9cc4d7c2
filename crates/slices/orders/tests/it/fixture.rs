//! A small region: a listed provider with services, enterprises with vouchers, and money behind them.

use catalogue::model::{Deployment, Offer};
use catalogue::{ListingVerb, Service, decide_listing, save_listing, save_service, submit_listing};
use funds::allocate::{self, Allocate, Target};
use funds::appropriate::{self, Appropriate};
use kernel::{Actor, Fen, Text, Uscc};
use orders::decline::{End, EndError};
use orders::model::{Document, Order};
use orders::place::{self, Place, PlaceError};
use orders::record_contract::{self, RecordContract, RecordContractError};
use orders::{Contract, cancel, confirm, decline};
use orgs::register::{self, Register};
use orgs::{OrgKind, StatedFacts};
use testkit::{TestBed, city_officer, day, enterprise_owner, provider};
use vouchers::issue::{self, Issue};
use vouchers::open_batch::{self, OpenBatch};

pub struct Region {
    pub bed: TestBed,
    pub enterprise: String,
    pub provider: String,
    /// 800 yuan a month, 15 % off.
    pub service: Service,
    pub batch: String,
    /// 3,000 yuan, 120 days.
    pub voucher: String,
}

pub fn uscc(n: u32) -> String {
    Uscc::compose("91", "120116", &format!("MA{n:06}")).unwrap().as_str().to_owned()
}

pub async fn org(bed: &TestBed, kind: OrgKind, n: u32, name: &str) -> String {
    let facts = StatedFacts { district: Some("120116".into()), ..StatedFacts::default() };
    let cmd = Register {
        kind,
        uscc: uscc(n),
        name: name.to_owned(),
        simulated: true,
        facts,
        facts_from: day("2018-01-01"),
        owner: None,
    };
    bed.write(&Actor::system(), |cx| Box::pin(register::run(cx, cmd))).await.unwrap().org_id
}

pub async fn listed_provider(bed: &TestBed, n: u32, name: &str) -> (String, Service) {
    let id = org(bed, OrgKind::Provider, n, name).await;
    let listing = save_listing::SaveListing {
        provider_id: id.clone(),
        intro: Text::new("面向制造业的云服务商", "Clouds for manufacturers"),
        contact: "022-00000000".into(),
        discount_bp: 1_000,
    };
    bed.write(&provider(&id), |cx| Box::pin(save_listing::run(cx, listing))).await.unwrap();
    let offer = Offer {
        sub_item: "infrastructure/computing".into(),
        name: Text::new("云主机", "Cloud host"),
        description: Text::new("两核四吉，按月计费。", "Two cores, 4 GB, by the month."),
        unit: Text::new("台", "host"),
        list_price_fen: Fen::from_yuan(800),
        discount_bp: 1_500,
        deployment: Deployment::Public,
    };
    let cmd = save_service::SaveService { service_id: None, provider_id: id.clone(), offer };
    let service = bed.write(&provider(&id), |cx| Box::pin(save_service::run(cx, cmd))).await.unwrap();
    let own = id.clone();
    bed.write(&provider(&id), |cx| Box::pin(submit_listing::run(cx, own))).await.unwrap();
    let cmd = decide_listing::DecideListing { provider_id: id.clone(), verb: ListingVerb::List, reason: String::new() };
    bed.write(&city_officer(1), |cx| Box::pin(decide_listing::run(cx, cmd))).await.unwrap();
    (id, service)
}

pub async fn batch(bed: &TestBed, number: &str, provider_quota: Option<Fen>) -> String {
    let officer = city_officer(1);
    let grant = Appropriate {
        programme_id: "tianjin-2018".into(),
        amount: Fen::from_yuan(100_000),
        document_number: number.into(),
        document_title: "下达专项资金".into(),
        document_on: day("2018-09-01"),
    };
    bed.write(&officer, |cx| Box::pin(appropriate::run(cx, grant))).await.unwrap();
    let down = Allocate {
        programme_id: "tianjin-2018".into(),
        target: Target::Programme,
        amount: Fen::from_yuan(100_000),
        reference: "会议纪要".into(),
    };
    bed.write(&officer, |cx| Box::pin(allocate::run(cx, down))).await.unwrap();
    let open = OpenBatch {
        programme_id: "tianjin-2018".into(),
        instrument_id: "cloud-voucher".into(),
        title: Text::new("首批云惠券", "First vouchers"),
        rate_bp: 3_000,
        own_share_bp: 3_000,
        face_value: Fen::from_yuan(3_000),
        validity_days: 120,
        hold_days: 400,
        opens_on: day("2018-09-01"),
        closes_on: day("2018-12-31"),
        budget: Fen::from_yuan(50_000),
        provider_quota,
        enterprise_year_quota: None,
        quotas: vec![("120116".into(), Fen::from_yuan(50_000))],
    };
    bed.write(&officer, |cx| Box::pin(open_batch::run(cx, open))).await.unwrap()
}

pub async fn voucher(bed: &TestBed, batch_id: &str, org_id: &str, case_id: &str) -> String {
    let cmd = Issue {
        batch_id: batch_id.into(),
        org_id: org_id.into(),
        district: "120116".into(),
        case_id: case_id.into(),
        decision_id: "dec".into(),
    };
    bed.write(&city_officer(1), |cx| Box::pin(issue::run(cx, cmd))).await.unwrap().voucher_id
}

pub async fn region(bed: TestBed) -> Region {
    let enterprise = org(&bed, OrgKind::Enterprise, 1, "滨海精密机械厂").await;
    let (provider, service) = listed_provider(&bed, 2, "津云科技").await;
    let batch = batch(&bed, "津财〔2018〕1号", None).await;
    let voucher = voucher(&bed, &batch, &enterprise, "case_1").await;
    Region { bed, enterprise, provider, service, batch, voucher }
}

impl Region {
    /// One host for a year from 2018-10-01 with the voucher: 9,600 list, 1,440 off, 2,448 public, 5,712 own.
    pub fn a_year(&self) -> Place {
        Place {
            enterprise_id: self.enterprise.clone(),
            service_id: self.service.id.clone(),
            service_version: Some(1),
            voucher_id: Some(self.voucher.clone()),
            public_max_fen: None,
            public_seen_fen: None,
            quantity: 1,
            months: 12,
            starts_on: day("2018-10-01"),
        }
    }

    pub async fn place(&self, cmd: Place) -> Result<Order, PlaceError> {
        self.bed.write(&enterprise_owner(&self.enterprise), |cx| Box::pin(place::run(cx, cmd))).await
    }

    /// Placed and confirmed.
    pub async fn confirmed(&self) -> Order {
        let order = self.place(self.a_year()).await.unwrap();
        let id = order.id.clone();
        self.bed.write(&provider(&self.provider), |cx| Box::pin(confirm::run(cx, id))).await.unwrap()
    }

    pub fn contract(&self, order: &Order) -> RecordContract {
        RecordContract {
            order_id: order.id.clone(),
            number: "JY-2018-001".into(),
            signed_on: day("2018-09-03"),
            starts_on: day("2018-10-01"),
            ends_on: day("2019-09-30"),
            amount_fen: Fen::from_yuan(8_160),
            buyer_uscc: uscc(1),
            seller_uscc: uscc(2),
            document: self.document("合同.pdf", b"%PDF-1.7 contract"),
        }
    }

    pub fn document(&self, name: &str, bytes: &[u8]) -> Document {
        Document::of(name, self.bed.blobs.put(name, bytes).unwrap())
    }

    pub async fn record_contract(&self, cmd: RecordContract) -> Result<Contract, RecordContractError> {
        self.bed.write(&provider(&self.provider), |cx| Box::pin(record_contract::run(cx, cmd))).await
    }

    /// Confirmed and under contract.
    pub async fn contracted(&self) -> Order {
        let order = self.confirmed().await;
        self.record_contract(self.contract(&order)).await.unwrap();
        order
    }

    pub async fn end(&self, actor: Actor, order_id: &str, cancelled: bool) -> Result<Order, EndError> {
        let cmd = End { order_id: order_id.into(), reason: "情况有变".into() };
        match cancelled {
            true => self.bed.write(&actor, |cx| Box::pin(cancel::run(cx, cmd))).await,
            false => self.bed.write(&actor, |cx| Box::pin(decline::run(cx, cmd))).await,
        }
    }

    /// What can still be spent of the voucher.
    pub async fn left(&self) -> Fen {
        let (voucher, provider) = (self.voucher.clone(), self.provider.clone());
        let today = day("2018-09-03");
        let left = self
            .bed
            .read::<_, store::StoreError, _>(&Actor::system(), |cx| {
                Box::pin(async move { vouchers::remainders(cx, &voucher, &provider, today).await })
            })
            .await
            .unwrap();
        left.unwrap().voucher_fen
    }
}
