//! Public notices and the objections to them.

use jiff::Timestamp;
use jiff::civil::Date;
use kernel::Fen;
use serde::{Deserialize, Serialize};
use store::{Cx, Row, StoreError, params};

use super::code;

macro_rules! codes {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $v:ident = $code:literal $zh:literal $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $v),* }
        impl $name {
            /// Stable code, as stored.
            pub fn code(self) -> &'static str { match self { $($name::$v => $code),* } }
            /// For a reader.
            pub fn label(self, lang: kernel::Lang) -> &'static str { match self { $($name::$v => lang.t($zh, $en)),* } }
        }
        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<$name, String> {
                match s { $($code => Ok($name::$v),)* _ => Err(format!("{s:?} is not a {}", stringify!($name))) }
            }
        }
    };
}

codes! {
    /// How a notice stands.
    NoticeState {
        /// Its days run.
        Running = "running" "公示中" "running";
        /// It stands still while an objection is investigated.
        Paused = "paused" "异议核查，公示暂停" "paused for an objection";
        /// Its days are over and the case was approved.
        Over = "over" "公示期满，已批准" "over, approved";
        /// It was broken off.
        Stopped = "stopped" "公示终止" "broken off";
    }
}

codes! {
    /// How an objection stands.
    ObjectionState {
        /// To be decided.
        Open = "open" "核查中" "under investigation";
        /// It has ground.
        Upheld = "upheld" "异议成立" "upheld";
        /// It has none.
        Dismissed = "dismissed" "异议不成立" "dismissed";
        /// Another one was upheld, or the case was withdrawn, before this one was decided.
        Moot = "moot" "申请已终止，不再核查" "moot: the case has ended";
    }
}

/// 公示: what the public reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// `ntc_…`
    pub id: String,
    /// The case.
    pub case_id: String,
    /// The round of review it came from.
    pub round: i64,
    /// How it stands.
    pub state: NoticeState,
    /// First day; it does not count.
    pub published_on: Date,
    /// Last day; an objection on it is in time.
    pub ends_on: Date,
    /// Days that it had left when it was paused.
    pub days_left: Option<i64>,
    /// What the enterprise is to get.
    pub amount_fen: Option<Fen>,
    /// By whose account.
    pub published_by: String,
}

impl Notice {
    /// How it stands on a day, in words and colour: its days may be over before anybody has concluded the case.
    pub fn standing(&self, today: Date, lang: kernel::Lang) -> (&'static str, &'static str) {
        if self.is_waiting(today) {
            return ("is-warn", lang.t("公示期满，待批准", "over, to be concluded"));
        }
        let tone = match self.state {
            NoticeState::Running => "is-info",
            NoticeState::Paused => "is-warn",
            NoticeState::Over => "is-ok",
            NoticeState::Stopped => "is-bad",
        };
        (tone, self.state.label(lang))
    }

    /// Its days are over, nobody objected, and it waits for the city to conclude.
    pub fn is_waiting(&self, today: Date) -> bool {
        self.state == NoticeState::Running && self.ends_on < today
    }
}

fn notice(r: &Row) -> Result<Notice, StoreError> {
    Ok(Notice {
        id: r.get("id")?,
        case_id: r.get("case_id")?,
        round: r.get("round")?,
        state: code(r, "state")?,
        published_on: r.get("published_on")?,
        ends_on: r.get("ends_on")?,
        days_left: r.get("days_left")?,
        amount_fen: r.get("amount_fen")?,
        published_by: r.get("published_by")?,
    })
}

pub(crate) async fn insert_notice(cx: &mut Cx, n: &Notice) -> Result<(), StoreError> {
    let sql = "INSERT INTO casework_notice (id, case_id, round, state, published_on, ends_on, days_left, amount_fen, \
               published_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)";
    let values = params![
        &n.id,
        &n.case_id,
        n.round,
        n.state.code(),
        n.published_on,
        n.ends_on,
        n.days_left,
        n.amount_fen,
        &n.published_by
    ];
    cx.execute(sql, values).await.map(drop)
}

pub(crate) async fn update_notice(cx: &mut Cx, n: &Notice) -> Result<(), StoreError> {
    let sql = "UPDATE casework_notice SET state = $2, ends_on = $3, days_left = $4 WHERE id = $1";
    cx.execute(sql, params![&n.id, n.state.code(), n.ends_on, n.days_left]).await.map(drop)
}

pub(crate) async fn notice_by_id(cx: &mut Cx, id: &str) -> Result<Option<Notice>, StoreError> {
    cx.opt("SELECT * FROM casework_notice WHERE id = $1", params![id]).await?.as_ref().map(notice).transpose()
}

/// The latest notice of a case.
pub(crate) async fn notice_of(cx: &mut Cx, case: &str) -> Result<Option<Notice>, StoreError> {
    let sql = "SELECT * FROM casework_notice WHERE case_id = $1 ORDER BY round DESC LIMIT 1";
    cx.opt(sql, params![case]).await?.as_ref().map(notice).transpose()
}

/// Cases whose notice ran out before `today` without being paused, oldest first.
pub(crate) async fn notices_over(cx: &mut Cx, today: Date, limit: u32) -> Result<Vec<String>, StoreError> {
    let sql = "SELECT case_id FROM casework_notice WHERE state = 'running' AND ends_on < $1 \
               ORDER BY ends_on, id LIMIT $2";
    let rows = cx.all(sql, params![today, limit]).await?;
    rows.iter().map(|r| r.get("case_id")).collect()
}

/// A notice with what is said of its case in public.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublicNotice {
    /// The notice.
    pub notice: Notice,
    /// The case's number.
    pub number: String,
    /// The enterprise.
    pub org_name: String,
    /// Its credit code.
    pub uscc: String,
    /// Its district.
    pub district: String,
    /// The programme.
    pub programme_id: String,
    /// The instrument.
    pub instrument_id: String,
    /// Codes of the services applied for.
    pub sub_items: Vec<String>,
}

fn public_notice(r: &Row) -> Result<PublicNotice, StoreError> {
    let form: String = r.get("form_json")?;
    let form: crate::model::Form = serde_json::from_str(&form)
        .map_err(|source| StoreError::Json { what: "casework_case.form_json".into(), source })?;
    Ok(PublicNotice {
        notice: notice(r)?,
        number: r.get::<Option<String>>("number")?.unwrap_or_default(),
        org_name: r.get("org_name")?,
        uscc: r.get("uscc")?,
        district: r.get("district")?,
        programme_id: r.get("programme_id")?,
        instrument_id: r.get("instrument_id")?,
        sub_items: form.sub_items.into_iter().collect(),
    })
}

const PUBLIC_NOTICE: &str = "SELECT n.id, n.case_id, n.round, n.state, n.published_on, n.ends_on, n.days_left, \
    n.amount_fen, n.published_by, c.number, c.org_name, c.uscc, c.district, c.programme_id, c.instrument_id, \
    c.form_json FROM casework_notice n JOIN casework_case c ON c.id = n.case_id";

/// Notices, newest first, after the cursor `(published_on, id)`.
pub(crate) async fn notices(
    cx: &mut Cx,
    before: Option<(String, String)>,
    limit: u32,
) -> Result<Vec<PublicNotice>, StoreError> {
    let (day, id) = before.unwrap_or_else(|| ("9999-12-31".to_owned(), String::new()));
    let sql = format!(
        "{PUBLIC_NOTICE} WHERE (n.published_on, n.id) < ($1, $2) ORDER BY n.published_on DESC, n.id DESC LIMIT $3"
    );
    let rows = cx.all(sql, params![day, id, limit]).await?;
    rows.iter().map(public_notice).collect()
}

pub(crate) async fn public_notice_by_id(cx: &mut Cx, id: &str) -> Result<Option<PublicNotice>, StoreError> {
    let sql = format!("{PUBLIC_NOTICE} WHERE n.id = $1");
    cx.opt(sql, params![id]).await?.as_ref().map(public_notice).transpose()
}

/// An objection with who raised it: only for those who investigate it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Objection {
    /// `obj_…`
    pub id: String,
    /// The receipt's number.
    pub number: String,
    /// To which notice.
    pub notice_id: String,
    /// Of which case.
    pub case_id: String,
    /// Who: confidential.
    pub objector_name: String,
    /// Their phone: confidential.
    pub objector_phone: String,
    /// What proves who they are: confidential.
    pub objector_identity: String,
    /// What is alleged, and on what ground.
    pub statement: String,
    /// When.
    pub raised_at: Timestamp,
    /// How it stands.
    pub state: ObjectionState,
    /// When it was decided.
    pub decided_at: Option<Timestamp>,
    /// By whose account.
    pub decided_by: Option<String>,
    /// The decision's reason.
    pub reason: Option<String>,
}

fn objection(r: &Row) -> Result<Objection, StoreError> {
    Ok(Objection {
        id: r.get("id")?,
        number: r.get("number")?,
        notice_id: r.get("notice_id")?,
        case_id: r.get("case_id")?,
        objector_name: r.get("objector_name")?,
        objector_phone: r.get("objector_phone")?,
        objector_identity: r.get("objector_identity")?,
        statement: r.get("statement")?,
        raised_at: r.get("raised_at_us")?,
        state: code(r, "state")?,
        decided_at: r.get("decided_at_us")?,
        decided_by: r.get("decided_by")?,
        reason: r.get("reason")?,
    })
}

pub(crate) async fn insert_objection(cx: &mut Cx, o: &Objection) -> Result<(), StoreError> {
    let sql = "INSERT INTO casework_objection (id, number, notice_id, case_id, objector_name, objector_phone, \
               objector_identity, statement, raised_at_us, state) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)";
    let values = params![
        &o.id,
        &o.number,
        &o.notice_id,
        &o.case_id,
        &o.objector_name,
        &o.objector_phone,
        &o.objector_identity,
        &o.statement,
        o.raised_at,
        o.state.code(),
    ];
    cx.execute(sql, values).await.map(drop)
}

pub(crate) async fn decide_objection(cx: &mut Cx, o: &Objection) -> Result<(), StoreError> {
    let sql = "UPDATE casework_objection SET state = $2, decided_at_us = $3, decided_by = $4, reason = $5 \
               WHERE id = $1";
    let values = params![&o.id, o.state.code(), o.decided_at, o.decided_by.clone(), o.reason.clone()];
    cx.execute(sql, values).await.map(drop)
}

pub(crate) async fn objection_by_id(cx: &mut Cx, id: &str) -> Result<Option<Objection>, StoreError> {
    cx.opt("SELECT * FROM casework_objection WHERE id = $1", params![id]).await?.as_ref().map(objection).transpose()
}

/// All objections to a case, oldest first.
pub(crate) async fn objections_to(cx: &mut Cx, case: &str) -> Result<Vec<Objection>, StoreError> {
    let rows = cx.all("SELECT * FROM casework_objection WHERE case_id = $1 ORDER BY id", params![case]).await?;
    rows.iter().map(objection).collect()
}

/// The other open objections to a case that has ended.
pub(crate) async fn close_as_moot(cx: &mut Cx, case: &str) -> Result<(), StoreError> {
    let (sql, now) = (
        "UPDATE casework_objection SET state = 'moot', decided_at_us = $2 WHERE case_id = $1 AND state = 'open'",
        cx.now,
    );
    cx.execute(sql, params![case, now]).await.map(drop)
}

/// How many objections to a case are still to be decided.
pub(crate) async fn open_objections(cx: &mut Cx, case: &str) -> Result<i64, StoreError> {
    let sql = "SELECT COUNT(*) AS n FROM casework_objection WHERE case_id = $1 AND state = 'open'";
    cx.one(sql, params![case]).await?.get("n")
}
