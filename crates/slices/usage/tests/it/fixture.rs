//! A provider, enterprises, and bills by hand.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::civil::Date;
use kernel::{Actor, Uscc};
use orgs::register::{self, Register};
use orgs::{OrgKind, StatedFacts};
use store::{StoreError, params};
use testkit::{TestBed, day, enterprise_owner, provider};
use usage::confirm_account::{self, ConfirmAccount};
use usage::import::{FromPath, FromPathError};
use usage::model::{Account, BillImport, ClaimVerb, StatementRow};
use usage::{Importing, StatementFilter, claim_account, read};

pub struct World {
    pub bed: TestBed,
    pub importing: Arc<Importing>,
    pub enterprise: String,
    pub provider: String,
}

pub async fn org(bed: &TestBed, kind: OrgKind, n: u32, name: &str) -> String {
    let cmd = Register {
        kind,
        uscc: Uscc::compose("91", "120116", &format!("MA{n:06}")).unwrap().as_str().to_owned(),
        name: name.to_owned(),
        simulated: true,
        facts: StatedFacts { district: Some("120116".into()), ..StatedFacts::default() },
        facts_from: day("2018-01-01"),
        owner: None,
    };
    bed.write(&Actor::system(), |cx| Box::pin(register::run(cx, cmd))).await.unwrap().org_id
}

pub async fn world(bed: TestBed) -> World {
    let provider = org(&bed, OrgKind::Provider, 1, "云甲").await;
    let enterprise = org(&bed, OrgKind::Enterprise, 2, "津港机械").await;
    let importing = Arc::new(Importing::new(bed.folder().join("bills")));
    World { bed, importing, enterprise, provider }
}

impl World {
    pub fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.bed.folder().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    pub async fn import_as(&self, name: &str, profile: &str, bytes: &[u8]) -> Result<BillImport, FromPathError> {
        let cmd =
            FromPath { path: self.file(name, bytes), provider_id: self.provider.clone(), profile: profile.to_owned() };
        usage::from_path(&self.bed.db, &self.importing, &provider(&self.provider), cmd).await
    }

    pub async fn import(&self, name: &str, bytes: &[u8]) -> BillImport {
        self.import_as(name, "yunjin-demo", bytes).await.unwrap()
    }

    pub async fn claim(
        &self,
        enterprise: &str,
        account: &str,
        sub: &str,
    ) -> Result<Account, claim_account::ClaimAccountError> {
        let cmd = claim_account::ClaimAccount {
            enterprise_id: enterprise.to_owned(),
            provider_id: self.provider.clone(),
            billing_account_id: account.to_owned(),
            sub_account_id: Some(sub.to_owned()),
        };
        self.bed.write(&enterprise_owner(enterprise), |cx| Box::pin(claim_account::run(cx, cmd))).await
    }

    pub async fn decide(
        &self,
        id: &str,
        verb: ClaimVerb,
        reason: &str,
    ) -> Result<Account, confirm_account::ConfirmAccountError> {
        let cmd = ConfirmAccount { account_id: id.to_owned(), verb, reason: reason.to_owned() };
        self.bed.write(&provider(&self.provider), |cx| Box::pin(confirm_account::run(cx, cmd))).await
    }

    pub async fn confirmed(&self, account: &str) {
        let claim = self.claim(&self.enterprise, account, "").await.unwrap();
        self.decide(&claim.id, ClaimVerb::Confirm, "").await.unwrap();
    }

    /// Standing statements as `who` sees them, earliest first.
    pub async fn statements(&self, who: &Actor) -> Vec<StatementRow> {
        let filter = StatementFilter { limit: 1_000, ..StatementFilter::default() };
        let mut all = self.bed.read(who, |cx| Box::pin(read::statements(cx, filter))).await.unwrap().items;
        all.sort_by(|a, b| a.key.cmp(&b.key));
        all
    }

    /// The same, as the provider sees them, without ids and times: what must be alike between two runs.
    pub async fn figures(&self) -> Vec<String> {
        let all = self.statements(&provider(&self.provider)).await;
        all.iter().map(|s| format!("{:?} {:?}", s.key, s.figures)).collect()
    }

    /// An order that both have agreed on, with contract, invoice and payment where `papers`.
    pub async fn order(&self, id: &str, sub_item: &str, from: &str, to: &str, papers: bool) {
        let (id, sub_item, e, p) = (id.to_owned(), sub_item.to_owned(), self.enterprise.clone(), self.provider.clone());
        let (from, to): (Date, Date) = (day(from), day(to));
        let done: Result<(), StoreError> = self
            .bed
            .write(&Actor::system(), move |cx| {
                Box::pin(async move {
                    let sql = "INSERT INTO orders_order (id, number, enterprise_id, provider_id, service_id, \
                        service_version, sub_item, programme_id, district, quantity, months, discount_bp, rate_bp, \
                        list_fen, platform_share_fen, public_share_fen, own_share_fen, state, starts_on, ends_on, \
                        placed_at_us, confirmed_at_us, end_reason) VALUES ($1, $2, $3, $4, 'svc', 1, $5, 'tianjin-2018', \
                        '120116', 1, 12, 0, 0, 100, 0, 0, 100, 'contracted', $6, $7, 1, 1, '')";
                    cx.execute(sql, params![&id, format!("DD-{id}"), e, &p, sub_item, from, to]).await?;
                    if papers {
                        for (table, own) in [
                            ("contract", "provider_id, number, signed_on, starts_on, ends_on, buyer_uscc, seller_uscc"),
                            ("invoice", "code, number, issued_on, buyer_uscc, seller_uscc"),
                            ("payment", "bank_reference, paid_on, payer_uscc, payee_uscc"),
                        ] {
                            let uscc = Uscc::compose("91", "120116", "MA000002").unwrap();
                            let value = |column: &str| match column {
                                c if c.ends_with("_on") => from.to_string(),
                                c if c.ends_with("_uscc") => uscc.as_str().to_owned(),
                                _ => format!("n-{id}"),
                            };
                            let values: Vec<String> = own.split(", ").map(|c| format!("'{}'", value(c))).collect();
                            let document = r#"{"file_name":"a.pdf","sha256":"00","size_bytes":1,"kind":"pdf"}"#;
                            let sql = format!(
                                "INSERT INTO orders_{table} (id, order_id, amount_fen, document_sha256, document_json, \
                                 recorded_by, recorded_at_us, void_reason, {own}) \
                                 VALUES ($1, $2, 100, '00', $3, 'x', 1, '', {})",
                                values.join(", ")
                            );
                            cx.execute(sql, params![format!("{table}-{id}"), &id, document]).await?;
                        }
                    }
                    cx.journal("test.order", &id, &(), &()).await
                })
            })
            .await;
        done.unwrap();
    }
}

const BASE: [(&str, &str); 31] = [
    ("BillingAccountId", "acc-1"),
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
    ("ListUnitPrice", "100"),
    ("ListCost", "100"),
    ("ContractedCost", "100"),
    ("BilledCost", "100"),
    ("EffectiveCost", "100"),
    ("BillingCurrency", "CNY"),
    ("CommitmentDiscountStatus", ""),
    ("Tags", "{}"),
];

pub fn header() -> String {
    BASE.map(|(c, _)| c).join(",") + "\n"
}

/// A row of the fifth day of a month at noon in China, in the bill of `billed`: 100 yuan of computing, with changes.
pub fn row_in(month: &str, billed: &str, changes: &[(&str, &str)]) -> String {
    let first = |m: &str| day(&format!("{m}-01"));
    let begins = |date: Date| format!("{}", kernel::beijing_midnight(date));
    let next = first(billed).checked_add(jiff::Span::new().months(1)).unwrap();
    let own = [
        ("BillingPeriodStart", begins(first(billed))),
        ("BillingPeriodEnd", begins(next)),
        ("ChargePeriodStart", format!("{month}-05T04:00:00Z")),
        ("ChargePeriodEnd", format!("{month}-05T05:00:00Z")),
    ];
    let field = |(column, usual): (&str, &str)| {
        let dated = own.iter().find(|(c, _)| *c == column).map_or(usual, |(_, v)| v);
        changes.iter().find(|(c, _)| *c == column).map_or(dated, |(_, v)| v).to_owned()
    };
    BASE.map(field).join(",") + "\n"
}

pub fn row(month: &str, changes: &[(&str, &str)]) -> String {
    row_in(month, month, changes)
}

/// Changes that make a row cost so much.
pub fn cost(yuan: &str) -> [(&str, &str); 5] {
    [
        ("ListUnitPrice", yuan),
        ("ListCost", yuan),
        ("ContractedCost", yuan),
        ("BilledCost", yuan),
        ("EffectiveCost", yuan),
    ]
}

pub fn bill(rows: &[String]) -> Vec<u8> {
    (header() + &rows.concat()).into_bytes()
}
