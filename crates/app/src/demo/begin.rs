//! Before the first firm comes: officers, the programme, its money, batches, providers.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use indicatif::ProgressBar;
use jiff::civil::Date;
use kernel::{DISTRICTS, Fen, IdSource, ManualClock, Role, Uscc};
use orgs::register::{self, Owner, Register};
use orgs::{OrgKind, Password, Passwords, StatedFacts};
use web::AppState;

use super::scenario::{Persona, Scenario};
use super::world::{Event, Firm, Provider, World, actor};
use crate::cli::serve::create_account;

/// Everything in place on the story's first day.
pub async fn begin(app: AppState, clock: Arc<ManualClock>, story: Scenario, bar: ProgressBar) -> Result<World> {
    let random = IdSource::seeded(story.seed);
    let mut w = World {
        app,
        clock,
        random,
        story,
        city: Vec::new(),
        districts: BTreeMap::new(),
        providers: Vec::new(),
        firms: Vec::new(),
        batches: Vec::new(),
        queue: BTreeMap::new(),
        will_correct: false,
        refusals: BTreeMap::new(),
        bar,
    };
    w.at_minute(w.story.starts, 0);
    officers(&mut w).await?;
    programme(&mut w).await?;
    providers(&mut w).await?;
    firms(&mut w)?;
    months(&mut w);
    Ok(w)
}

async fn officers(w: &mut World) -> Result<()> {
    let password = w.story.password.clone();
    for (login, name) in [("city1", "市级经办 周某（模拟）"), ("city2", "市级经办 吴某（模拟）")] {
        let id = create_account(&w.app, login, &password, name, Role::CityOfficer, None, None).await?;
        w.city.push(actor(id, name, Role::CityOfficer, None, None));
    }
    for d in &DISTRICTS {
        let (login, name) = (format!("district{}", d.code), format!("{}经办（模拟）", d.zh));
        let id = create_account(&w.app, &login, &password, &name, Role::DistrictOfficer, None, Some(d.code)).await?;
        w.districts.insert(d.code, actor(id, &name, Role::DistrictOfficer, None, Some(d.code)));
    }
    for (login, name, role) in [
        ("auditor", "审计人员（模拟）", Role::Auditor),
        ("expert", "评审专家（模拟）", Role::Expert),
        ("admin", "系统管理员（模拟）", Role::Administrator),
    ] {
        create_account(&w.app, login, &password, name, role, None, None).await?;
    }
    Ok(())
}

async fn programme(w: &mut World) -> Result<()> {
    let officer = w.city[0].clone();
    let bundle =
        |id: &str| rules::bundled().iter().find(|b| b.0 == id).map(|b| b.1).ok_or_else(|| anyhow!("no programme {id}"));
    let (main, present) = (bundle(&w.story.programme)?, bundle("present-2026")?);
    w.must(&officer, move |cx| Box::pin(policy::publish_text(cx, main, EXPECTED)))
        .await
        .context("publishing the programme")?;
    // The second programme lies in the future of the story: it is there as a draft, to be read.
    let draft = policy::draft::Draft { toml: present.to_owned(), expected_toml: String::new() };
    w.must(&officer, move |cx| Box::pin(policy::draft::run(cx, draft)))
        .await
        .context("drafting the second programme")?;
    let programme_id = w.story.programme.clone();
    let grant = funds::appropriate::Appropriate {
        programme_id: programme_id.clone(),
        amount: Fen::from_yuan(w.story.appropriation_yuan),
        document_number: "模拟-2018-01".into(),
        document_title: "关于下达专项资金的通知（模拟）".into(),
        document_on: w.story.starts,
    };
    let total = grant.amount;
    w.must(&officer, move |cx| Box::pin(funds::appropriate::run(cx, grant))).await.context("appropriating")?;
    let give = funds::allocate::Allocate {
        programme_id,
        target: funds::allocate::Target::Programme,
        amount: total,
        reference: "模拟-2018-01".into(),
    };
    w.must(&officer, move |cx| Box::pin(funds::allocate::run(cx, give))).await.context("allocating")?;
    batches(w).await
}

/// The batches of `programmes/tianjin-2018/batches.toml`: configuration, since the plan leaves their terms open.
async fn batches(w: &mut World) -> Result<()> {
    let text = rules::bundled().iter().find(|b| b.0 == w.story.programme).map(|b| b.1).unwrap_or_default();
    let parsed = rules::Programme::parse(text).map_err(|e| anyhow!("{e}"))?;
    for b in rules::parse_batches(&parsed, BATCHES).map_err(|e| anyhow!("{e}"))? {
        let number = |name: &str| b.fixes.get(name).and_then(serde_json::Value::as_i64).unwrap_or(0);
        let open = vouchers::open_batch::OpenBatch {
            programme_id: b.programme.clone(),
            instrument_id: b.instrument.clone(),
            title: b.title.clone(),
            rate_bp: number("rate_bp"),
            own_share_bp: number("own_share_bp"),
            face_value: Fen(number("face_value_fen")),
            validity_days: number("validity_days"),
            hold_days: 540,
            opens_on: b.opens,
            closes_on: b.closes,
            budget: Fen(b.total_fen),
            provider_quota: Some(Fen(b.provider_quota_fen)),
            enterprise_year_quota: Some(Fen(b.enterprise_year_quota_fen)),
            quotas: b.districts.iter().map(|d| (d.code.clone(), Fen(d.quota_fen))).collect(),
        };
        let officer = w.city[0].clone();
        let id = w
            .must(&officer, move |cx| Box::pin(vouchers::open_batch::run(cx, open)))
            .await
            .context("opening a batch")?;
        w.batches.push((b.opens, b.closes, id));
    }
    Ok(())
}

const BATCHES: &str = include_str!("../../../../programmes/tianjin-2018/batches.toml");
const EXPECTED: &str = include_str!("../../../../programmes/tianjin-2018/expected.toml");

async fn providers(w: &mut World) -> Result<()> {
    let passwords = w.app.part::<Passwords>();
    for p in w.story.providers.clone() {
        let uscc = Uscc::compose("91", "120116", &p.organisation)?;
        let hash = passwords.hash(&p.code, &Password::new(w.story.password.as_str())).await;
        let owner = Owner {
            login: p.code.clone(),
            person_name: format!("{}经办", p.name),
            password: hash.map_err(|e| anyhow!("{}", e.en))?,
            lang: None,
        };
        let facts = StatedFacts { district: Some("120116".into()), is_provider: Some(true), ..StatedFacts::default() };
        let cmd = Register {
            kind: OrgKind::Provider,
            uscc: uscc.as_str().into(),
            name: p.name.clone(),
            simulated: true,
            facts,
            facts_from: w.story.starts,
            owner: Some(owner),
        };
        let done = w.must(&kernel::Actor::system(), move |cx| Box::pin(register::run(cx, cmd))).await?;
        let account = done.account_id.ok_or_else(|| anyhow!("{} has no account", p.name))?;
        let who = actor(account, &p.name, Role::Provider, Some(done.org_id.clone()), None);
        let services = listing(w, &who, &done.org_id, &p).await.with_context(|| p.name.clone())?;
        w.providers.push(Provider { actor: who, uscc, services });
    }
    Ok(())
}

async fn listing(w: &World, who: &kernel::Actor, org_id: &str, p: &super::scenario::Provider) -> Result<Vec<String>> {
    use catalogue::{Deployment, ListingVerb, Offer, decide_listing, save_listing, save_service, submit_listing};
    let cmd = save_listing::SaveListing {
        provider_id: org_id.to_owned(),
        intro: p.intro.clone(),
        contact: "022-60000000".into(),
        discount_bp: p.discount_bp,
    };
    w.must(who, move |cx| Box::pin(save_listing::run(cx, cmd))).await?;
    let mut services = Vec::new();
    for s in &p.services {
        let offer = Offer {
            sub_item: s.sub_item.clone(),
            name: s.name.clone(),
            description: s.description.clone(),
            unit: s.unit.clone(),
            list_price_fen: Fen::from_yuan(s.price_yuan),
            discount_bp: p.discount_bp,
            deployment: Deployment::Public,
        };
        let cmd = save_service::SaveService { service_id: None, provider_id: org_id.to_owned(), offer };
        services.push(w.must(who, move |cx| Box::pin(save_service::run(cx, cmd))).await?.id);
    }
    let id = org_id.to_owned();
    w.must(who, move |cx| Box::pin(submit_listing::run(cx, id))).await?;
    let cmd = decide_listing::DecideListing {
        provider_id: org_id.to_owned(),
        verb: ListingVerb::List,
        reason: String::new(),
    };
    w.must(&w.city[0], move |cx| Box::pin(decide_listing::run(cx, cmd))).await?;
    Ok(services)
}

/// Draws the enterprises and the days on which they register.
fn firms(w: &mut World) -> Result<()> {
    let story = w.story.clone();
    let total: u64 = story.personas.iter().map(|p| p.parts).sum();
    let span = story.firms.from.until(story.firms.until)?.get_days().max(1) as u64;
    let late = at_the_end(w);
    for n in 0..story.firms.count {
        let mut ticket = (n as u64 * total) / story.firms.count as u64;
        let persona = story.personas.iter().find(|p| {
            let here = ticket < p.parts;
            ticket = ticket.saturating_sub(p.parts);
            here
        });
        let persona = persona.map_or(Persona::Steady, |p| p.code);
        let trade = story.firms.trades[w.draw(story.firms.trades.len())].clone();
        let place = story.firms.places[w.draw(story.firms.places.len())].clone();
        let mark = story.firms.marks[n % story.firms.marks.len()].clone();
        // The large manufacturing districts have more firms than the six inner ones.
        let district = DISTRICTS[if w.random.below(4) == 0 { w.draw(6) } else { 6 + w.draw(10) }].code;
        // The firms that can be signed in to, and those whose applications are under way at the end, lie in one district: an
        // officer of it finds their cases.
        let district = if n < 3 || late.contains_key(&n) { MEETING_DISTRICT } else { district };
        let staff = [12, 45, 120, 260, 420, 800, 1_600][w.draw(7)];
        let revenue = Fen::from_yuan(staff * (180_000 + i64::try_from(w.random.below(420_000))?));
        w.firms.push(Firm {
            name: format!("天津{place}{mark}{}（模拟）有限公司", trade.words),
            uscc: Uscc::compose("91", "120000", &format!("MA{n:06}"))?,
            district,
            industry: if persona == Persona::Utility { "44".into() } else { trade.industry.clone() },
            staff,
            revenue,
            persona,
            actor: None,
            case_id: String::new(),
            order: None,
            tries: 0,
            applies_on: late.get(&n).copied(),
        });
        let day = story.firms.from.checked_add(jiff::Span::new().days(i64::try_from(w.random.below(span))?))?;
        let day = late.get(&n).map_or(day, |applies| applies.saturating_sub(jiff::Span::new().days(7)));
        let open = w.calendar().add_workdays(day, 1);
        w.queue.entry(open).or_default().push(Event::Register(n));
    }
    Ok(())
}

/// Where the demonstration's logins meet: 滨海新区.
const MEETING_DISTRICT: &str = "120116";

/// Working days from an application to its notice, as [`super::cases`] goes.
const TO_NOTICE: i64 = 10;

/// Steady firms that apply so late that on the last day of the story each stands at another step, and when: waiting for the
/// formal check, in district review, before the city, approved once and twice; and two whose notice ends on the last day, so
/// that the day after they can be concluded by hand. A short story has none.
fn at_the_end(w: &World) -> BTreeMap<usize, Date> {
    let ends = w.story.ends;
    let long = w.story.firms.count >= 40 && w.story.firms.until.until(ends).is_ok_and(|s| s.get_days() < 30);
    if !long {
        return BTreeMap::new();
    }
    let before = |day: Date, workdays: i64| {
        let mut at = day;
        while w.app.calendar.workdays_between(at, day) < workdays {
            at = at.yesterday().expect("within the calendar's range");
        }
        at
    };
    let noticed = ends.saturating_sub(jiff::Span::new().days(7));
    let mut days: Vec<Date> = [1, 2, 4, 5, 7, 8, 9].map(|n| before(ends, n)).to_vec();
    days.extend([before(noticed, TO_NOTICE); 2]);
    days.into_iter().enumerate().map(|(i, day)| (4 + i, day)).collect()
}

/// Bills on the fifth of each month, payments on the twentieth.
fn months(w: &mut World) {
    let mut at = w.story.starts.first_of_month();
    let last: Date = w.story.ends;
    while at <= last {
        for n in 0..w.providers.len() {
            let (bills, pay) = (at.with().day(5).build(), at.with().day(20).build());
            if let (Ok(bills), Ok(pay)) = (bills, pay) {
                w.queue.entry(w.app.calendar.add_workdays(bills, 1)).or_default().push(Event::Bills(n));
                w.queue.entry(w.app.calendar.add_workdays(pay, 1)).or_default().push(Event::PayOut(n));
            }
        }
        at = at.saturating_add(jiff::Span::new().months(1));
    }
}
