//! A small region over the real slices: a published programme, money, a batch, a listed provider, enterprises with
//! vouchers that order, papers, and bills that are imported.

use std::sync::Arc;

use catalogue::model::{Deployment, Offer};
use catalogue::{ListingVerb, Service, decide_listing, save_listing, save_service, submit_listing};
use funds::allocate::{self, Allocate, Target};
use funds::appropriate::{self, Appropriate};
use jiff::civil::Date;
use kernel::{Actor, Fen, Text, Uscc};
use orders::model::{Document, Order};
use orders::place::{self, Place};
use orders::record_contract::{self, RecordContract};
use orders::record_invoice::{self, RecordInvoice};
use orders::record_payment::{self, RecordPayment};
use orgs::register::{self, Register};
use orgs::{OrgKind, StatedFacts};
use settlement::claim::{self, ClaimError, ClaimOrder};
use settlement::decide::{self, DecideError};
use settlement::pay::{self, Pay, PayError};
use settlement::{Broken, Claim};
use store::StoreError;
use testkit::{TestBed, city_officer, day, enterprise_owner, provider};
use usage::confirm_account::{self, ConfirmAccount};
use usage::import::FromPath;
use usage::model::{BillImport, ClaimVerb};
use usage::{Importing, claim_account};
use vouchers::issue::{self, Issue};
use vouchers::open_batch::{self, OpenBatch};

pub const DISTRICT: &str = "120116";

pub struct World {
    pub bed: TestBed,
    pub importing: Arc<Importing>,
    pub provider: String,
    /// 800 yuan a month, 15 % off.
    pub service: Service,
    pub batch: String,
}

pub fn uscc(n: u32) -> String {
    Uscc::compose("91", DISTRICT, &format!("MA{n:06}")).unwrap().as_str().to_owned()
}

pub async fn org(bed: &TestBed, kind: OrgKind, n: u32, name: &str) -> String {
    let facts = StatedFacts { district: Some(DISTRICT.into()), ..StatedFacts::default() };
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

async fn batch(bed: &TestBed) -> String {
    let officer = city_officer(1);
    let grant = Appropriate {
        programme_id: "tianjin-2018".into(),
        amount: Fen::from_yuan(100_000),
        document_number: "津财〔2018〕1号".into(),
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
        validity_days: 365,
        hold_days: 400,
        opens_on: day("2018-09-01"),
        closes_on: day("2018-12-31"),
        budget: Fen::from_yuan(50_000),
        provider_quota: None,
        enterprise_year_quota: None,
        quotas: vec![(DISTRICT.into(), Fen::from_yuan(50_000))],
    };
    bed.write(&officer, |cx| Box::pin(open_batch::run(cx, open))).await.unwrap()
}

pub async fn world(bed: TestBed) -> World {
    let (_, text) = rules::bundled().iter().find(|(id, _)| *id == "tianjin-2018").expect("it is carried");
    let published: Result<_, policy::publish::PublishError> =
        bed.write(&city_officer(1), move |cx| Box::pin(async move { policy::publish_text(cx, text, "").await })).await;
    published.unwrap();
    let (provider, service) = listed_provider(&bed, 900, "津云科技").await;
    let batch = batch(&bed).await;
    let importing = Arc::new(Importing::new(bed.folder().join("bills")));
    World { bed, importing, provider, service, batch }
}

/// An enterprise with a voucher and a confirmed billing account.
pub struct Firm {
    pub n: u32,
    pub id: String,
    pub voucher: String,
    pub account: String,
}

impl World {
    pub async fn firm(&self, n: u32) -> Firm {
        let id = org(&self.bed, OrgKind::Enterprise, n, &format!("滨海机械{n}厂")).await;
        let cmd = Issue {
            batch_id: self.batch.clone(),
            org_id: id.clone(),
            district: DISTRICT.into(),
            case_id: format!("case_{n}"),
            decision_id: "dec".into(),
        };
        let voucher = self.bed.write(&city_officer(1), |cx| Box::pin(issue::run(cx, cmd))).await.unwrap().voucher_id;
        let account = format!("acc-{n}");
        let cmd = claim_account::ClaimAccount {
            enterprise_id: id.clone(),
            provider_id: self.provider.clone(),
            billing_account_id: account.clone(),
            sub_account_id: None,
        };
        let owner = enterprise_owner(&id);
        let claimed = self.bed.write(&owner, |cx| Box::pin(claim_account::run(cx, cmd))).await.unwrap();
        let cmd = ConfirmAccount { account_id: claimed.id, verb: ClaimVerb::Confirm, reason: String::new() };
        self.bed.write(&provider(&self.provider), |cx| Box::pin(confirm_account::run(cx, cmd))).await.unwrap();
        Firm { n, id, voucher, account }
    }

    /// One host for a year from 2018-10-01: 9,600 list, 1,440 off, 2,448 public, 5,712 own (or as much as `public_max`).
    pub async fn confirmed(&self, firm: &Firm, with_voucher: bool, public_max: Option<Fen>) -> Order {
        let cmd = Place {
            enterprise_id: firm.id.clone(),
            service_id: self.service.id.clone(),
            service_version: None,
            voucher_id: with_voucher.then(|| firm.voucher.clone()),
            public_max_fen: public_max,
            public_seen_fen: None,
            quantity: 1,
            months: 12,
            starts_on: day("2018-10-01"),
        };
        let placed = self.bed.write(&enterprise_owner(&firm.id), |cx| Box::pin(place::run(cx, cmd))).await.unwrap();
        self.bed.write(&provider(&self.provider), |cx| Box::pin(orders::confirm::run(cx, placed.id))).await.unwrap()
    }

    fn document(&self, name: &str) -> Document {
        Document::of(name, self.bed.blobs.put(name, b"%PDF-1.7 a paper").unwrap())
    }

    /// Confirmed and under contract; the contract's number and all papers after it are made of the order's.
    pub async fn contracted(&self, firm: &Firm, public_max: Option<Fen>) -> Order {
        let order = self.confirmed(firm, true, public_max).await;
        let cmd = RecordContract {
            order_id: order.id.clone(),
            number: format!("HT-{}", order.number),
            signed_on: day("2018-09-03"),
            starts_on: day("2018-10-01"),
            ends_on: day("2019-09-30"),
            amount_fen: Fen::from_yuan(8_160),
            buyer_uscc: uscc(firm.n),
            seller_uscc: uscc(900),
            document: self.document("合同.pdf"),
        };
        self.bed.write(&provider(&self.provider), |cx| Box::pin(record_contract::run(cx, cmd))).await.unwrap();
        order
    }

    /// An invoice over `invoiced` and a payment of `paid`, both of 2018-12-20.
    pub async fn papers(&self, firm: &Firm, order: &Order, invoiced: i64, paid: i64) {
        let digits: String = order.number.chars().filter(char::is_ascii_digit).collect();
        let cmd = RecordInvoice {
            order_id: order.id.clone(),
            code: "1200181130".into(),
            number: digits[digits.len() - 8..].to_owned(),
            issued_on: day("2018-12-20"),
            amount_fen: Fen::from_yuan(invoiced),
            buyer_uscc: uscc(firm.n),
            seller_uscc: uscc(900),
            document: self.document("发票.pdf"),
        };
        self.bed.write(&provider(&self.provider), |cx| Box::pin(record_invoice::run(cx, cmd))).await.unwrap();
        let cmd = RecordPayment {
            order_id: order.id.clone(),
            bank_reference: format!("ICBC-{}", order.number),
            paid_on: day("2018-12-20"),
            amount_fen: Fen::from_yuan(paid),
            payer_uscc: uscc(firm.n),
            payee_uscc: uscc(900),
            document: self.document("付款.pdf"),
        };
        self.bed.write(&enterprise_owner(&firm.id), |cx| Box::pin(record_payment::run(cx, cmd))).await.unwrap();
    }

    /// The bill of one month with so many yuan of computing for each account.
    pub async fn bill(&self, month: &str, charges: &[(&Firm, i64)]) -> BillImport {
        let rows: String = charges.iter().map(|(firm, yuan)| row(month, &firm.account, *yuan)).collect();
        let name = format!("{month}-{}.csv", self.importing.folder().read_dir().map_or(0, Iterator::count));
        let path = self.bed.folder().join(name);
        std::fs::write(&path, COLUMNS.map(|c| c.0).join(",") + "\n" + &rows).unwrap();
        let cmd = FromPath { path, provider_id: self.provider.clone(), profile: "yunjin-demo".into() };
        let import = usage::from_path(&self.bed.db, &self.importing, &provider(&self.provider), cmd).await.unwrap();
        assert_eq!(import.rows_rejected, 0, "{:?}", import.refusal);
        import
    }

    /// A firm with an order under contract; on one of the days on which vouchers are issued.
    pub async fn agreed(&self, n: u32) -> (Firm, Order) {
        let firm = self.firm(n).await;
        let order = self.contracted(&firm, None).await;
        (firm, order)
    }

    /// Papers and three months of 680 yuan: 2,040 eligible, 612 to be paid from 2019 on.
    pub async fn prove(&self, firm: &Firm, order: &Order) {
        self.papers(firm, order, 2_040, 1_428).await;
        for month in ["2018-10", "2018-11", "2018-12"] {
            self.bill(month, &[(firm, 680)]).await;
        }
    }

    /// An order that three months of use are proven for, on 2019-01-10.
    pub async fn proven(&self, n: u32) -> (Firm, Order) {
        let (firm, order) = self.agreed(n).await;
        self.bed.on("2019-01-10");
        self.prove(&firm, &order).await;
        (firm, order)
    }

    /// Two of them.
    pub async fn two_proven(&self) -> [(Firm, Order); 2] {
        let (first, second) = (self.agreed(1).await, self.agreed(2).await);
        self.bed.on("2019-01-10");
        self.prove(&first.0, &first.1).await;
        self.prove(&second.0, &second.1).await;
        [first, second]
    }

    pub async fn claim_as(&self, who: &Actor, order_id: &str) -> Result<Claim, ClaimError> {
        let cmd = ClaimOrder { order_id: order_id.to_owned(), remark: String::new() };
        self.bed.write(who, |cx| Box::pin(claim::run(cx, cmd))).await
    }

    pub async fn claim(&self, order: &Order) -> Result<Claim, ClaimError> {
        self.claim_as(&provider(&self.provider), &order.id).await
    }

    pub async fn decide(&self, claim: &Claim) -> Result<Claim, DecideError> {
        let id = claim.id.clone();
        self.bed.write(&city_officer(1), |cx| Box::pin(decide::run(cx, id))).await
    }

    /// Claimed and decided.
    pub async fn settled(&self, order: &Order) -> Claim {
        let claim = self.claim(order).await.unwrap();
        self.decide(&claim).await.unwrap()
    }

    pub async fn pay(&self, yuan: i64, bank_reference: &str, on: &str) -> Result<settlement::Payment, PayError> {
        let cmd = Pay {
            provider_id: self.provider.clone(),
            amount: Fen::from_yuan(yuan),
            bank_reference: bank_reference.into(),
            paid_on: day(on),
        };
        self.bed.write(&city_officer(1), |cx| Box::pin(pay::run(cx, cmd))).await
    }

    /// What stands on an account, in fen.
    pub async fn available(&self, account: String) -> Fen {
        let found: Result<_, StoreError> =
            self.bed.read(&Actor::system(), |cx| Box::pin(async move { funds::balance(cx, &account).await })).await;
        found.unwrap().map_or(Fen::ZERO, |b| b.available)
    }

    pub async fn verify(&self) -> Vec<Broken> {
        self.bed.read(&Actor::system(), |cx| Box::pin(settlement::verify(cx))).await.unwrap()
    }

    /// What `verify` names: `ST-2 DF-2019-000001`.
    pub async fn broken(&self) -> Vec<String> {
        let mut all: Vec<String> =
            self.verify().await.into_iter().map(|b| format!("{} {}", b.invariant, b.subject)).collect();
        all.dedup();
        all
    }

    /// A hand in the records, past every use case.
    pub async fn corrupt(&self, sql: &'static str, values: Vec<store::Param>) {
        let done: Result<(), StoreError> = self
            .bed
            .write(&Actor::system(), move |cx| {
                Box::pin(async move {
                    assert!(cx.execute(sql, values).await? > 0, "it touches a row: {sql}");
                    cx.journal("test.corrupt", "test", &(), &()).await
                })
            })
            .await;
        done.unwrap();
    }
}

const COLUMNS: [(&str, &str); 31] = [
    ("BillingAccountId", ""),
    ("SubAccountId", "sub-1"),
    ("ProviderName", "云甲"),
    ("PublisherName", "云甲"),
    ("InvoiceIssuerName", "云甲"),
    ("InvoiceId", "INV-1"),
    ("BillingPeriodStart", ""),
    ("BillingPeriodEnd", ""),
    ("ChargePeriodStart", ""),
    ("ChargePeriodEnd", ""),
    ("ChargeCategory", "Usage"),
    ("ChargeClass", ""),
    ("ChargeFrequency", "Usage-Based"),
    ("ServiceCategory", "Compute"),
    ("ServiceName", "云服务器"),
    ("ResourceId", "i-1"),
    ("ResourceType", "实例"),
    ("SkuId", "sku-1"),
    ("RegionId", "cn-tianjin"),
    ("ConsumedQuantity", "1"),
    ("ConsumedUnit", "Hours"),
    ("PricingQuantity", "1"),
    ("PricingUnit", "Hours"),
    ("ListUnitPrice", ""),
    ("ListCost", ""),
    ("ContractedCost", ""),
    ("BilledCost", ""),
    ("EffectiveCost", ""),
    ("BillingCurrency", "CNY"),
    ("CommitmentDiscountStatus", ""),
    ("Tags", "{}"),
];

/// One hour of computing at noon of the month's fifth day.
fn row(month: &str, account: &str, yuan: i64) -> String {
    let first = day(&format!("{month}-01"));
    let next = first.checked_add(jiff::Span::new().months(1)).unwrap();
    let begins = |date: Date| kernel::beijing_midnight(date).to_string();
    let field = |(column, usual): (&str, &str)| match column {
        "BillingAccountId" => account.to_owned(),
        "BillingPeriodStart" => begins(first),
        "BillingPeriodEnd" => begins(next),
        "ChargePeriodStart" => format!("{month}-05T04:00:00Z"),
        "ChargePeriodEnd" => format!("{month}-05T05:00:00Z"),
        c if c.ends_with("Cost") || c == "ListUnitPrice" => yuan.to_string(),
        _ => usual.to_owned(),
    };
    COLUMNS.map(field).join(",") + "\n"
}
