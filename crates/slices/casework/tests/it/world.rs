//! A programme, a batch and enterprises to apply with, and short ways to each state of a case.

use casework::model::{Answer, CHECKLIST, Form, UNDERTAKINGS};
use casework::{Case, approve, check, draft, publish_notice, recommend, submit};
use kernel::{Actor, Fen, Uscc};
use store::{Refusal, StoreError, params};
use testkit::{TestBed, city_officer, day, district_officer, enterprise_owner};

pub const PROGRAMME: &str = "tianjin-2018";
pub const INSTRUMENT: &str = "cloud-voucher";
pub const DISTRICT: &str = "120116";
pub const BATCH: &str = "bat_test";

/// Refusals are compared by their stable names.
pub fn refused<T: std::fmt::Debug, E: Refusal>(result: Result<T, E>) -> &'static str {
    result.expect_err("must be refused").code()
}

/// A bed with the programme published and a batch open through 2018.
pub struct World {
    pub bed: TestBed,
    pub org: String,
    pub owner: Actor,
}

impl World {
    pub async fn new(bed: TestBed) -> World {
        bed.write::<_, policy::publish::PublishError, _>(&city_officer(9), |cx| {
            Box::pin(async move {
                let text = rules::bundled().iter().find(|b| b.0 == PROGRAMME).expect("bundled").1;
                policy::publish_text(cx, text, "").await
            })
        })
        .await
        .expect("published");
        let mut world = World { bed, org: String::new(), owner: Actor::public() };
        world.add_batch(BATCH, "2018-09-01", "2018-12-31", "open").await;
        world.org = world.add_org(1, orgs::OrgKind::Enterprise, DISTRICT, false).await;
        world.owner = enterprise_owner(&world.org);
        world
    }

    pub async fn add_batch(&self, id: &'static str, opens: &'static str, closes: &'static str, state: &'static str) {
        self.bed
            .write::<_, StoreError, _>(&Actor::system(), move |cx| {
                Box::pin(async move {
                    let sql = "INSERT INTO vouchers_batch (id, programme_id, instrument_id, title_zh, title_en, \
                               rate_bp, own_share_bp, face_value_fen, validity_days, hold_days, opens_on, closes_on, budget_fen, \
                               state, opened_at_us) VALUES ($1, $2, $3, '首批', 'First', 3000, 2000, 3000000, 180, 90, $4, \
                               $5, 100000000, $6, 0)";
                    cx.execute(sql, params![id, PROGRAMME, INSTRUMENT, opens, closes, state]).await?;
                    cx.journal("test.batch", id, &(), &()).await
                })
            })
            .await
            .expect("a batch");
    }

    pub async fn set_batch_state(&self, state: &'static str) {
        self.bed
            .write::<_, StoreError, _>(&Actor::system(), move |cx| {
                Box::pin(async move {
                    cx.execute("UPDATE vouchers_batch SET state = $1", params![state]).await?;
                    cx.journal("test.batch", state, &(), &()).await
                })
            })
            .await
            .expect("a batch state");
    }

    pub async fn add_org(&self, n: u32, kind: orgs::OrgKind, district: &str, dishonest: bool) -> String {
        let organisation = format!("{:08}", 10_000_000 + n);
        let uscc = Uscc::compose("91", "120116", &organisation).expect("a code");
        let cmd = orgs::register::Register {
            kind,
            uscc: uscc.as_str().to_owned(),
            name: format!("天津测试{n}号机械有限公司"),
            simulated: false,
            facts: orgs::StatedFacts {
                district: Some(district.to_owned()),
                industry: Some("34".to_owned()),
                staff: Some(80),
                revenue_fen: Some(Fen::from_yuan(30_000_000)),
                established_on: Some(day("2010-05-04")),
                registered_in_city: Some(true),
                dishonest: dishonest.then_some(true),
                is_provider: None,
            },
            facts_from: day("2018-01-01"),
            owner: None,
        };
        let done = self
            .bed
            .write::<_, orgs::register::RegisterError, _>(&Actor::system(), |cx| {
                Box::pin(async move { orgs::register::run(cx, cmd).await })
            })
            .await;
        done.expect("registered").org_id
    }

    pub async fn state_facts_dishonest(&self) {
        let facts = orgs::StatedFacts { dishonest: Some(true), ..Default::default() };
        let cmd = orgs::state_facts::StateFacts { org_id: self.org.clone(), facts, valid_from: day("2018-09-03") };
        self.bed
            .write::<_, orgs::state_facts::StateFactsError, _>(&Actor::system(), |cx| {
                Box::pin(async move { orgs::state_facts::run(cx, cmd).await })
            })
            .await
            .expect("stated");
    }
}

/// A form with nothing left to fill in.
pub fn full_form() -> Form {
    Form {
        batch_id: Some(BATCH.to_owned()),
        sub_items: ["business/production".to_owned(), "platform/iot".to_owned()].into(),
        provider_id: None,
        contract_fen: Some(Fen::from_yuan(80_000)),
        contact_person: "王工".to_owned(),
        contact_phone: "13820001234".to_owned(),
        undertakings: UNDERTAKINGS.iter().map(|u| u.code.to_owned()).collect(),
    }
}

/// Findings that all hold, but for `failing`.
pub fn answers(failing: &[&str]) -> Vec<Answer> {
    let answer = |i: &casework::model::CheckItem| {
        let passed = !failing.contains(&i.code);
        let remark = if passed { String::new() } else { format!("问题：{}", i.zh) };
        Answer { item: i.code.to_owned(), passed, remark }
    };
    CHECKLIST.iter().map(answer).collect()
}

/// Runs one use case of the slice as an actor: `act!(world, actor, check::run, CheckError, cmd)`.
#[macro_export]
macro_rules! act {
    ($world:expr, $actor:expr, $run:path, $error:ty, $cmd:expr) => {{
        let cmd = $cmd;
        $world.bed.write::<_, $error, _>(&$actor, move |cx| Box::pin(async move { $run(cx, cmd).await })).await
    }};
}

/// Reads as an actor: `look!(world, actor, ViewError, |cx| view::notices(cx, None, 9))`, or with a value that the read
/// borrows: `look!(world, actor, ViewError, case.id, |cx, id| view::review(cx, &id))`.
#[macro_export]
macro_rules! look {
    ($world:expr, $actor:expr, $error:ty, |$cx:ident| $read:expr) => {
        $world.bed.read::<_, $error, _>(&$actor, |$cx| Box::pin(async move { $read.await })).await
    };
    ($world:expr, $actor:expr, $error:ty, $value:expr, |$cx:ident, $name:ident| $read:expr) => {{
        let $name = $value.to_owned();
        $world.bed.read::<_, $error, _>(&$actor, move |$cx| Box::pin(async move { $read.await })).await
    }};
}

impl World {
    pub async fn draft_as(&self, actor: &Actor, form: Form) -> Result<Case, draft::DraftError> {
        let cmd = draft::Draft { programme_id: PROGRAMME.into(), instrument_id: INSTRUMENT.into(), form };
        act!(self, *actor, draft::run, draft::DraftError, cmd)
    }

    pub async fn submit(&self, case: &Case) -> Result<submit::Receipt, submit::SubmitError> {
        let cmd = submit::Submit { case_id: case.id.clone(), version: case.version };
        let owner = enterprise_owner(&case.org_id);
        act!(self, owner, submit::run, submit::SubmitError, cmd)
    }

    pub async fn reload(&self, id: &str) -> Case {
        let found = look!(self, Actor::system(), StoreError, id, |cx, id| casework::case(cx, &id));
        found.expect("reads").expect("is there")
    }

    /// A case of the world's enterprise, handed in.
    pub async fn submitted(&self) -> Case {
        let case = self.draft_as(&self.owner, full_form()).await.expect("drafted");
        self.submit(&case).await.expect("handed in");
        self.reload(&case.id).await
    }

    pub async fn check(&self, case: &Case, failing: &[&str]) -> Result<Case, check::CheckError> {
        let (case_id, version) = (case.id.clone(), case.version);
        let cmd = check::Check { case_id, version, answers: answers(failing), staff_note: String::new() };
        act!(self, district_officer(DISTRICT, 1), check::run, check::CheckError, cmd)
    }

    pub async fn recommend(&self, case: &Case, actor: &Actor) -> Result<Case, recommend::RecommendError> {
        let (case_id, version) = (case.id.clone(), case.version);
        let cmd = recommend::Recommend { case_id, version, opinion: "情况属实，推荐。".into() };
        act!(self, *actor, recommend::run, recommend::RecommendError, cmd)
    }

    /// A case before the city.
    pub async fn at_city(&self) -> Case {
        let case = self.submitted().await;
        let case = self.check(&case, &[]).await.expect("accepted");
        self.recommend(&case, &district_officer(DISTRICT, 1)).await.expect("recommended")
    }

    pub async fn approve(&self, case: &Case, actor: &Actor) -> Result<Case, approve::ApproveError> {
        let cmd = approve::Approve { case_id: case.id.clone(), round: case.round, opinion: "同意".into() };
        act!(self, *actor, approve::run, approve::ApproveError, cmd)
    }

    /// A case that two people of the city approved.
    pub async fn approved_twice(&self) -> Case {
        let case = self.at_city().await;
        self.approve(&case, &city_officer(1)).await.expect("first");
        self.approve(&case, &city_officer(2)).await.expect("second")
    }

    /// A case on notice.
    pub async fn on_notice(&self) -> (Case, casework::Notice) {
        let case = self.approved_twice().await;
        let cmd = publish_notice::PublishNotice { case_id: case.id.clone(), version: case.version };
        act!(self, city_officer(1), publish_notice::run, publish_notice::PublishError, cmd).expect("published")
    }
}
