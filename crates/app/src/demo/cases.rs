//! The way from registration to the voucher.

use anyhow::{Result, anyhow};
use casework::model::{Answer, CHECKLIST, Form, UNDERTAKINGS};
use kernel::{Actor, Fen, Role};
use orgs::register::{self, Owner, Register};
use orgs::state_facts::{self, StateFacts};
use orgs::{OrgKind, Password, Passwords, StatedFacts};

use super::scenario::Persona;
use super::world::{Event, World, actor};
use crate::cli::serve::create_account;

/// Registers a firm, its facts and its owner.
pub async fn register(w: &mut World, n: usize) -> Result<()> {
    let f = w.firms[n].clone();
    let passwords = w.app.part::<Passwords>();
    // The first three firms can be signed in to; a password's hash for each would only take time.
    let login = format!("firm{}", n + 1);
    let owner = if n < 3 || w.firms[n].persona != Persona::Steady {
        let hash = passwords.hash(&login, &Password::new(w.story.password.as_str())).await;
        Some(Owner {
            login,
            person_name: format!("{}负责人", f.name),
            password: hash.map_err(|e| anyhow!("{}", e.en))?,
            lang: None,
        })
    } else {
        None
    };
    let facts = StatedFacts {
        district: Some(f.district.into()),
        industry: Some(f.industry.clone()),
        staff: Some(f.staff),
        revenue_fen: Some(f.revenue),
        established_on: Some("2009-05-18".parse()?),
        registered_in_city: Some(true),
        is_provider: Some(false),
        dishonest: None,
    };
    let cmd = Register {
        kind: OrgKind::Enterprise,
        uscc: f.uscc.as_str().into(),
        name: f.name.clone(),
        simulated: true,
        facts,
        facts_from: w.today(),
        owner,
    };
    let done = w.must(&Actor::system(), move |cx| Box::pin(register::run(cx, cmd))).await?;
    let account = done.account_id.unwrap_or_else(|| format!("acc_simulated_{n}"));
    w.firms[n].actor = Some(actor(account, &f.name, Role::EnterpriseOwner, Some(done.org_id.clone()), None));
    if n == 0 {
        member(w, &done.org_id).await?;
    }
    // Whether a firm is a serious defaulter is stated by an officer from the credit list, never by the firm.
    let listed = StateFacts {
        org_id: done.org_id,
        valid_from: w.today(),
        facts: StatedFacts { dishonest: Some(f.persona == Persona::Dishonest), ..StatedFacts::default() },
    };
    let officer = w.officer(n);
    w.must(&officer, move |cx| Box::pin(state_facts::run(cx, listed))).await?;
    let days = 2 + w.draw(10) as u32;
    match w.firms[n].applies_on {
        Some(day) => w.on(day, Event::Apply(n)),
        None => w.later(days, Event::Apply(n)),
    }
    Ok(())
}

/// Someone of the first firm who prepares and does not submit.
async fn member(w: &World, org_id: &str) -> Result<()> {
    let name = "企业经办人 郑某（模拟）";
    let role = Role::EnterpriseMember;
    create_account(&w.app, "firm1-member", &w.story.password, name, role, Some(org_id), None).await?;
    Ok(())
}

fn form(w: &mut World, n: usize, batch_id: &str) -> Form {
    let (p, s) = (w.draw(w.providers.len()), w.draw(3));
    let sub_item = w.story.providers[p].services[s].sub_item.clone();
    Form {
        batch_id: Some(batch_id.to_owned()),
        sub_items: [sub_item].into(),
        provider_id: w.providers[p].actor.org_id.clone(),
        contract_fen: Some(Fen::from_yuan(30_000 + 1_000 * (n as i64 % 40))),
        contact_person: "王某".into(),
        contact_phone: format!("138{:08}", 20_180_000 + n),
        undertakings: UNDERTAKINGS.iter().map(|u| u.code.to_owned()).collect(),
    }
}

/// Applies in the batch that is open, or waits for the next.
pub async fn apply(w: &mut World, n: usize) -> Result<()> {
    let today = w.today();
    let open = w.batches.iter().find(|b| b.0 <= today && today <= b.1).map(|b| b.2.clone());
    let Some(batch) = open else {
        if let Some(next) = w.batches.iter().map(|b| b.0).find(|d| *d > today) {
            let day = w.calendar().add_workdays(next, 1 + (n % 9) as u32);
            w.on(day, Event::Apply(n));
        }
        return Ok(());
    };
    let owner = w.owner(n)?;
    let draft = casework::draft::Draft {
        programme_id: w.story.programme.clone(),
        instrument_id: "cloud-voucher".into(),
        form: form(w, n, &batch),
    };
    let case = w.must(&owner, move |cx| Box::pin(casework::draft::run(cx, draft))).await?;
    w.firms[n].case_id = case.id;
    submit(w, n, 3).await
}

async fn version_of(w: &World, n: usize) -> Result<(String, i64, i64)> {
    let id = w.firms[n].case_id.clone();
    let system = Actor::system();
    let found = w.app.db.read(&system, |cx| Box::pin(async move { casework::case(cx, &id).await })).await;
    let case = found.map_err(|e| anyhow!("{e}"))?.ok_or_else(|| anyhow!("a case is gone"))?;
    Ok((case.id, case.version, case.round))
}

async fn submit(w: &mut World, n: usize, check_after: u32) -> Result<()> {
    let (case_id, version, _) = version_of(w, n).await?;
    let cmd = casework::submit::Submit { case_id, version };
    let (owner, again) = (w.owner(n)?, cmd.clone());
    match w.act(&owner, move |cx| Box::pin(casework::submit::run(cx, cmd))).await {
        Ok(_) => w.later(check_after, Event::Check(n)),
        Err(e) => {
            if matches!(e, casework::submit::SubmitError::Ineligible { .. }) {
                w.must(&owner, move |cx| Box::pin(casework::submit::keep_refused(cx, again))).await?;
            }
            w.refused(&e)?;
        }
    }
    Ok(())
}

/// The district's formal check against the list; a defect the first time for those whose story it is.
pub async fn check(w: &mut World, n: usize) -> Result<()> {
    let (case_id, version, round) = version_of(w, n).await?;
    let persona = w.firms[n].persona;
    let first = w.firms[n].tries == 0;
    let faulty = first && matches!(persona, Persona::Corrected | Persona::Lapses);
    let answers = CHECKLIST
        .iter()
        .enumerate()
        .map(|(i, item)| Answer {
            item: item.code.to_owned(),
            passed: !(faulty && i == 0),
            remark: if faulty && i == 0 {
                "填报信息与营业执照不一致，请核对后更正。".into()
            } else {
                String::new()
            },
        })
        .collect();
    debug_assert!(round >= 1, "a submitted case has a round");
    let cmd = casework::check::Check { case_id, version, answers, staff_note: String::new() };
    let officer = w.officer(n);
    w.must(&officer, move |cx| Box::pin(casework::check::run(cx, cmd))).await?;
    w.firms[n].tries += 1;
    match (faulty, persona) {
        (true, Persona::Lapses) => {}
        (true, _) => w.later(4, Event::Correct(n)),
        (false, _) => w.later(3, Event::Recommend(n)),
    }
    Ok(())
}

/// The enterprise corrects and hands in again.
pub async fn correct(w: &mut World, n: usize) -> Result<()> {
    submit(w, n, 2).await
}

/// The district recommends.
pub async fn recommend(w: &mut World, n: usize) -> Result<()> {
    let (case_id, version, _) = version_of(w, n).await?;
    let cmd = casework::recommend::Recommend {
        case_id, version, opinion: "材料齐全，情况属实，建议支持。".into()
    };
    let officer = w.officer(n);
    w.must(&officer, move |cx| Box::pin(casework::recommend::run(cx, cmd))).await?;
    w.later(2, Event::Approve(n, 0));
    w.later(3, Event::Approve(n, 1));
    w.later(4, Event::Notice(n));
    Ok(())
}

/// One of the two officers approves.
pub async fn approve(w: &mut World, n: usize, which: usize) -> Result<()> {
    let (case_id, _, round) = version_of(w, n).await?;
    let cmd = casework::approve::Approve { case_id, round, opinion: "同意。".into() };
    let officer = w.city[which].clone();
    w.must(&officer, move |cx| Box::pin(casework::approve::run(cx, cmd))).await?;
    Ok(())
}

/// Puts it on notice. The daily job concludes it and issues the voucher.
pub async fn notice(w: &mut World, n: usize) -> Result<()> {
    let (case_id, version, _) = version_of(w, n).await?;
    let cmd = casework::publish_notice::PublishNotice { case_id, version };
    let officer = w.city[0].clone();
    w.must(&officer, move |cx| Box::pin(casework::publish_notice::run(cx, cmd))).await?;
    if w.firms[n].persona == Persona::Objected {
        w.later(2, Event::Object(n));
    }
    if w.firms[n].persona != Persona::Waits {
        w.later(8, Event::Order(n));
    }
    Ok(())
}

async fn text_of(w: &World, sql: &'static str, id: String) -> Result<Option<String>> {
    let found = w
        .app
        .db
        .read::<_, store::StoreError, _>(&Actor::system(), |cx| {
            Box::pin(async move { cx.opt(sql, store::params![id]).await?.map(|r| r.get::<String>("id")).transpose() })
        })
        .await?;
    Ok(found)
}

/// Somebody objects by their real name.
pub async fn object(w: &mut World, n: usize) -> Result<()> {
    let sql = "SELECT id FROM casework_notice WHERE case_id = $1";
    let Some(notice_id) = text_of(w, sql, w.firms[n].case_id.clone()).await? else { return Ok(()) };
    let cmd = casework::object::Object {
        notice_id,
        name: "李某（模拟）".into(),
        phone: "13920000000".into(),
        identity: "120101198001010012".into(),
        statement: "该企业今年已享受过同类补贴，请核实是否重复支持。".into(),
    };
    let done = w.act(&Actor::public(), move |cx| Box::pin(casework::object::run(cx, cmd))).await;
    match done {
        Ok(_) => w.later(5, Event::Dismiss(n)),
        Err(e) => w.refused(&e)?,
    }
    Ok(())
}

/// The city looks into it and dismisses it with reasons.
pub async fn dismiss(w: &mut World, n: usize) -> Result<()> {
    let sql = "SELECT id FROM casework_objection WHERE case_id = $1";
    let Some(objection_id) = text_of(w, sql, w.firms[n].case_id.clone()).await? else { return Ok(()) };
    let cmd = casework::decide_objection::DecideObjection {
        objection_id,
        upheld: false,
        reason: "经核查，企业此前享受的是设备购置补贴，与本次云服务内容不重复。".into(),
    };
    let officer = w.city[0].clone();
    w.must(&officer, move |cx| Box::pin(casework::decide_objection::run(cx, cmd))).await?;
    Ok(())
}
