//! A site to measure on: its programme, batches, providers and enterprises, made through the real use cases.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use casework::model::{Form, UNDERTAKINGS};
use kernel::{Actor, DISTRICTS, Fen, Lang, Role, SUB_ITEMS, ShiftedClock, Text, Uscc};
use orgs::register::{self, Owner, Register};
use orgs::{OrgKind, Password, PasswordHash, Passwords, StatedFacts};
use store::{BoxFuture, Cx, Refusal, StoreError, params};
use web::AppState;

use super::progress;
use crate::app;
use crate::config::{Config, PasswordCost};

const PROGRAMME: &str = "tianjin-2018";
const INSTRUMENT: &str = "cloud-voucher";
/// So many use cases share a transaction while seeding.
const CHUNK: usize = 1_000;
/// Password of everybody.
pub const PASSWORD: &str = "ce-su-2018-yunjin";

/// An enterprise with who speaks for it.
#[derive(Clone)]
pub struct Firm {
    /// Speaks for it.
    pub owner: Actor,
    /// Its district.
    pub district: &'static str,
}

/// The site.
pub struct Site {
    /// The application.
    pub app: AppState,
    /// An officer of the city.
    pub officer: Actor,
    /// Hash of [`PASSWORD`].
    pub password: PasswordHash,
    /// Providers' ids.
    pub providers: Vec<String>,
    /// Enterprises.
    pub firms: Vec<Firm>,
}

/// An application that is ready to be handed in.
#[derive(Clone)]
pub struct Draft {
    /// Number of its firm.
    pub firm: usize,
    /// `case_…`
    pub case_id: String,
    /// Its version.
    pub version: i64,
}

impl Site {
    /// A fresh site in `folder` on a day of spring 2019 whose clock runs.
    pub async fn open(folder: &Path) -> Result<Site> {
        let day = "2019-03-05".parse().context("a day")?;
        let morning = kernel::beijing_midnight(day).checked_add(jiff::Span::new().hours(9))?;
        // A password's hash costs on purpose; here it would only take time.
        let config = Config {
            data: folder.join("site"),
            passwords: PasswordCost { memory_kib: 8_192, passes: 1 },
            ..Config::default()
        };
        let app = app::build(&config, Arc::new(ShiftedClock::starting_at(morning)), Some(2018)).await?;
        let hashed = app.part::<Passwords>().hash("everybody", &Password::new(PASSWORD)).await;
        let password = hashed.map_err(|p| anyhow!("{}", p.en))?;
        let officer = Actor {
            user_id: "acc_bench_city".into(),
            name: "市级经办（测速）".into(),
            role: Role::CityOfficer,
            org_id: None,
            district: None,
        };
        let site = Site { app, officer, password, providers: Vec::new(), firms: Vec::new() };
        site.programme().await?;
        Ok(site)
    }

    /// Runs a use case as somebody; a refusal ends the bench.
    pub async fn must<T, E, F>(&self, who: &Actor, f: F) -> Result<T>
    where
        F: for<'c> FnOnce(&'c mut Cx) -> BoxFuture<'c, Result<T, E>> + Send + 'static,
        T: Send + 'static,
        E: Refusal + From<StoreError>,
    {
        let done = self.app.db.write(who, "bench", f).await;
        done.map_err(|e| anyhow!("{}: {} ({e:?})", e.code(), e.message(Lang::En)))
    }

    async fn programme(&self) -> Result<()> {
        let text = rules::bundled().iter().find(|b| b.0 == PROGRAMME).map(|b| b.1).context("the bundled programme")?;
        self.must(&self.officer, move |cx| Box::pin(policy::publish_text(cx, text, ""))).await?;
        let money = Fen::from_yuan(10_000_000_000);
        let grant = funds::appropriate::Appropriate {
            programme_id: PROGRAMME.into(),
            amount: money,
            document_number: "测速-1".into(),
            document_title: "测速".into(),
            document_on: "2019-01-02".parse()?,
        };
        self.must(&self.officer, move |cx| Box::pin(funds::appropriate::run(cx, grant))).await?;
        let give = funds::allocate::Allocate {
            programme_id: PROGRAMME.into(),
            target: funds::allocate::Target::Programme,
            amount: money,
            reference: "测速-1".into(),
        };
        self.must(&self.officer, move |cx| Box::pin(funds::allocate::run(cx, give))).await?;
        Ok(())
    }

    /// Opens a batch that takes applications now; its id.
    pub async fn batch(&self, number: usize) -> Result<String> {
        let quota = Fen::from_yuan(150_000_000);
        let open = vouchers::open_batch::OpenBatch {
            programme_id: PROGRAMME.into(),
            instrument_id: INSTRUMENT.into(),
            title: Text::new(format!("测速批次 {number}"), format!("Bench batch {number}")),
            rate_bp: 3_000,
            own_share_bp: 2_000,
            face_value: Fen::from_yuan(30_000),
            validity_days: 365,
            hold_days: 540,
            opens_on: "2019-03-01".parse()?,
            closes_on: "2019-10-31".parse()?,
            budget: Fen(quota.0 * DISTRICTS.len() as i64),
            provider_quota: None,
            enterprise_year_quota: None,
            quotas: DISTRICTS.iter().map(|d| (d.code.to_owned(), quota)).collect(),
        };
        self.must(&self.officer, move |cx| Box::pin(vouchers::open_batch::run(cx, open))).await
    }

    /// Registers enterprises, a thousand in a transaction. Their accounts are entered by SQL when somebody is to sign in.
    pub async fn firms(&mut self, count: usize) -> Result<()> {
        progress(&format!("registering {count} enterprises"));
        for from in (0..count).step_by(CHUNK) {
            let all: Vec<Register> = (from..count.min(from + CHUNK)).map(firm).collect::<Result<_>>()?;
            let ids = self
                .must::<_, register::RegisterError, _>(&Actor::system(), move |cx| {
                    Box::pin(async move {
                        let mut ids = Vec::with_capacity(all.len());
                        for cmd in all {
                            ids.push(register::run(cx, cmd).await?.org_id);
                        }
                        Ok(ids)
                    })
                })
                .await?;
            for (i, id) in ids.into_iter().enumerate() {
                let n = from + i;
                let owner = Actor {
                    user_id: format!("acc_bench_{n:05}"),
                    name: "负责人（模拟）".into(),
                    role: Role::EnterpriseOwner,
                    org_id: Some(id),
                    district: None,
                };
                self.firms.push(Firm { owner, district: DISTRICTS[n % DISTRICTS.len()].code });
            }
        }
        Ok(())
    }

    /// Registers and lists providers with five services each.
    pub async fn providers(&mut self, count: usize) -> Result<()> {
        progress(&format!("listing {count} providers with {} services", count * 5));
        for n in 0..count {
            let cmd = Register {
                kind: OrgKind::Provider,
                uscc: Uscc::compose("91", "120116", &format!("MB{n:06}"))?.as_str().into(),
                name: format!("天津{}{}云服务（模拟）有限公司", PLACES[n % 8], MARKS[n / 8 % 8]),
                simulated: true,
                facts: StatedFacts {
                    district: Some("120116".into()),
                    is_provider: Some(true),
                    ..StatedFacts::default()
                },
                facts_from: "2018-09-03".parse()?,
                owner: Some(Owner {
                    login: format!("provider{n}"),
                    person_name: "经办（模拟）".into(),
                    password: self.password.clone(),
                    lang: None,
                }),
            };
            let done = self.must(&Actor::system(), move |cx| Box::pin(register::run(cx, cmd))).await?;
            let who = Actor {
                user_id: done.account_id.unwrap_or_default(),
                name: "经办（模拟）".into(),
                role: Role::Provider,
                org_id: Some(done.org_id.clone()),
                district: None,
            };
            self.listing(&who, &done.org_id, n).await?;
            self.providers.push(done.org_id);
        }
        Ok(())
    }

    async fn listing(&self, who: &Actor, org_id: &str, n: usize) -> Result<()> {
        use catalogue::{Deployment, ListingVerb, Offer, decide_listing, save_listing, save_service, submit_listing};
        let save = save_listing::SaveListing {
            provider_id: org_id.to_owned(),
            intro: Text::new(
                format!("面向{}企业提供上云咨询、迁移与运维服务。", TRADES[n % TRADES.len()]),
                "Advice, migration and operation for manufacturers.",
            ),
            contact: "022-60000000".into(),
            discount_bp: 500,
        };
        self.must(who, move |cx| Box::pin(save_listing::run(cx, save))).await?;
        for s in 0..5 {
            let item = &SUB_ITEMS[(n * 3 + s * 4) % SUB_ITEMS.len()];
            let trade = TRADES[(n + s) % TRADES.len()];
            let offer = Offer {
                sub_item: item.code.into(),
                name: Text::new(format!("{trade}{}服务{}型", item.zh, n + 1), format!("{} {}", item.en, n + 1)),
                description: Text::new(
                    format!("为{trade}企业提供{}，含部署、培训和七天二十四小时支持，数据存放在本市机房。", item.zh),
                    format!("{} for manufacturers, with set-up, training and support.", item.en),
                ),
                unit: Text::new("套", "set"),
                list_price_fen: Fen::from_yuan(200 + 50 * ((n * 7 + s * 13) % 90) as i64),
                discount_bp: 500 + 100 * (n % 10) as i64,
                deployment: Deployment::Public,
            };
            let cmd = save_service::SaveService { service_id: None, provider_id: org_id.to_owned(), offer };
            self.must(who, move |cx| Box::pin(save_service::run(cx, cmd))).await?;
        }
        let id = org_id.to_owned();
        self.must(who, move |cx| Box::pin(submit_listing::run(cx, id))).await?;
        let cmd = decide_listing::DecideListing {
            provider_id: org_id.to_owned(),
            verb: ListingVerb::List,
            reason: String::new(),
        };
        self.must(&self.officer, move |cx| Box::pin(decide_listing::run(cx, cmd))).await?;
        Ok(())
    }

    /// Begins an application in `batch` for each of these firms, filled in and ready.
    pub async fn drafts(&self, batch: &str, firms: std::ops::Range<usize>) -> Result<Vec<Draft>> {
        progress(&format!("drafting {} applications", firms.len()));
        let all: Vec<usize> = firms.collect();
        let mut drafts = Vec::with_capacity(all.len());
        for some in all.chunks(CHUNK) {
            let work: Vec<(usize, Actor, casework::draft::Draft)> =
                some.iter().map(|n| (*n, self.firms[*n].owner.clone(), self.filled(*n, batch))).collect();
            let mut made = self
                .must::<_, casework::draft::DraftError, _>(&Actor::system(), move |cx| {
                    Box::pin(async move {
                        let mut made = Vec::with_capacity(work.len());
                        for (firm, owner, cmd) in work {
                            cx.actor = owner;
                            let case = casework::draft::run(cx, cmd).await?;
                            made.push(Draft { firm, case_id: case.id, version: case.version });
                        }
                        Ok(made)
                    })
                })
                .await?;
            drafts.append(&mut made);
        }
        Ok(drafts)
    }

    fn filled(&self, n: usize, batch: &str) -> casework::draft::Draft {
        let provider_id = self.providers.get(n % self.providers.len().max(1)).cloned();
        casework::draft::Draft {
            programme_id: PROGRAMME.into(),
            instrument_id: INSTRUMENT.into(),
            form: Form {
                batch_id: Some(batch.to_owned()),
                sub_items: [SUB_ITEMS[n % SUB_ITEMS.len()].code.to_owned()].into(),
                provider_id,
                contract_fen: Some(Fen::from_yuan(30_000 + 1_000 * (n as i64 % 40))),
                contact_person: "王某".into(),
                contact_phone: format!("138{:08}", 20_180_000 + n),
                undertakings: UNDERTAKINGS.iter().map(|u| u.code.to_owned()).collect(),
            },
        }
    }

    /// Hands drafts in, a thousand in a transaction.
    pub async fn hand_in(&self, drafts: &[Draft]) -> Result<()> {
        progress(&format!("handing in {} applications", drafts.len()));
        for some in drafts.chunks(CHUNK) {
            let work: Vec<(Actor, Draft)> =
                some.iter().map(|d| (self.firms[d.firm].owner.clone(), d.clone())).collect();
            self.must::<_, casework::submit::SubmitError, _>(&Actor::system(), move |cx| {
                Box::pin(async move {
                    for (owner, Draft { case_id, version, .. }) in work {
                        cx.actor = owner;
                        casework::submit::run(cx, casework::submit::Submit { case_id, version }).await?;
                    }
                    Ok(())
                })
            })
            .await?;
        }
        Ok(())
    }

    /// Runs one statement for each set of values, all in one transaction: for volume where use cases would take minutes.
    pub async fn by_sql(&self, sql: &'static str, rows: Vec<Vec<store::Param>>) -> Result<()> {
        self.must::<_, StoreError, _>(&Actor::system(), move |cx| {
            Box::pin(async move {
                for values in rows {
                    cx.execute(sql, values).await?;
                }
                cx.journal("bench.seed", "bench", &(), &()).await
            })
        })
        .await
    }

    /// One number out of the records.
    pub async fn count(&self, sql: &'static str) -> Result<i64> {
        let system = Actor::system();
        let found = self.app.db.read::<_, StoreError, _>(&system, |cx| {
            Box::pin(async move { cx.one(sql, params![]).await?.get::<i64>("n") })
        });
        Ok(found.await?)
    }
}

const PLACES: [&str; 8] = ["津港", "海河", "滨海", "渤海", "燕山", "蓟运", "团泊", "大沽"];
const MARKS: [&str; 8] = ["精密", "鸿泰", "恒远", "金桥", "瑞丰", "盛达", "华兴", "永信"];
const TRADES: [&str; 8] = ["机械", "专用设备", "汽车零部件", "电气", "电子", "金属制品", "食品", "医药"];
const INDUSTRIES: [&str; 8] = ["34", "35", "36", "38", "39", "33", "14", "27"];

/// An enterprise that a voucher is open to.
fn firm(n: usize) -> Result<Register> {
    let trade = n % TRADES.len();
    let staff = [12, 45, 120, 260, 420, 800, 1_600][n % 7];
    Ok(Register {
        kind: OrgKind::Enterprise,
        uscc: Uscc::compose("91", "120000", &format!("MA{n:06}"))?.as_str().into(),
        name: format!("天津{}{}{}（模拟{n}）有限公司", PLACES[n / 64 % 8], MARKS[n / 8 % 8], TRADES[trade]),
        simulated: true,
        facts: StatedFacts {
            district: Some(DISTRICTS[n % DISTRICTS.len()].code.into()),
            industry: Some(INDUSTRIES[trade].into()),
            staff: Some(staff),
            revenue_fen: Some(Fen::from_yuan(staff * (180_000 + 100 * (n as i64 % 4_200)))),
            established_on: Some("2009-05-18".parse()?),
            registered_in_city: Some(true),
            is_provider: Some(false),
            dishonest: Some(false),
        },
        facts_from: "2018-09-03".parse()?,
        owner: None,
    })
}
