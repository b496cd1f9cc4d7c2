//! Registers an organisation, with its first facts and, for an enterprise or a provider, the account that speaks for it.

use jiff::civil::Date;
use kernel::{Action, Lang, Role, Subject, Uscc};
use serde::{Deserialize, Serialize};
use serde_json::json;
use store::Cx;

use crate::accounts::create::{self, NewAccount};
use crate::model::{Facts, Org, OrgKind, Problem, StatedFacts, joined};
use crate::secrets::PasswordHash;
use crate::store as sql;

/// Characters of a registered name at most.
pub const NAME_CHARS_MAX: usize = 100;

/// What is registered.
#[derive(Clone, Debug)]
pub struct Register {
    /// What it is. The public registers enterprises and providers only.
    pub kind: OrgKind,
    /// The credit code as typed; its check digits are verified here.
    pub uscc: String,
    /// Registered name, as on the business licence.
    pub name: String,
    /// A simulated firm; only the simulator says so.
    pub simulated: bool,
    /// First facts.
    pub facts: StatedFacts,
    /// From which day they hold.
    pub facts_from: Date,
    /// Who speaks for it. Officers and the simulator may leave it out.
    pub owner: Option<Owner>,
}

/// The first account of an organisation.
#[derive(Clone, Debug)]
pub struct Owner {
    /// Login name.
    pub login: String,
    /// The person's name.
    pub person_name: String,
    /// From [`crate::Passwords::hash`].
    pub password: PasswordHash,
    /// The language they read when they register; `None` leaves it to the browser.
    pub lang: Option<Lang>,
}

/// What came of it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Registered {
    /// `org_…`
    pub org_id: String,
    /// `acc_…`, when an owner was given.
    pub account_id: Option<String>,
}

store::refusals! {
    /// Why an organisation is not registered.
    pub enum RegisterError {
        /// The credit code fails its check.
        UsccWrong { zh: String, en: String } = 422, "uscc-wrong", field "uscc", zh "{zh}", en "{en}";
        /// It is registered already.
        UsccTaken { uscc: Uscc } = 409, "uscc-taken", field "uscc",
            zh "统一社会信用代码 {uscc} 已登记，一个单位只登记一次。请使用本单位已有账号登录；如不知道账号，请联系管理员。",
            en "{uscc} is registered already; an organisation registers once. Sign in with its account, or ask the administrator who holds it.";
        /// No name.
        NameWrong { zh: String, en: String } = 422, "name-wrong", field "name", zh "{zh}", en "{en}";
        /// The facts cannot be.
        FactsWrong { zh: String, en: String, problems: Vec<Problem> } = 422, "facts-wrong", zh "{zh}", en "{en}";
        /// An enterprise without a district cannot be placed with a bureau.
        DistrictMissing {} = 422, "district-missing", field "district",
            zh "请选择企业所在区：申请由所在区受理。", en "Choose the district: applications go to its bureau.";
        /// The public must name who speaks for it.
        OwnerMissing {} = 422, "owner-missing", field "login",
            zh "请填写负责人账号。", en "Give the account that will speak for the organisation.";
        /// The account cannot be made.
        AccountWrong { zh: String, en: String } = 422, "account-wrong", field "login", zh "{zh}", en "{en}";
        /// The login name is in use.
        LoginTaken { login: String } = 409, "login-taken", field "login",
            zh "登录名“{login}”已被使用，请换一个。", en "The login name {login:?} is in use; choose another.";
    }
}

/// What is wrong with a name, if anything.
pub(crate) fn name_problem(name: &str) -> Option<Problem> {
    let chars = name.trim().chars().count();
    if chars == 0 {
        let (zh, en) = ("请填写单位名称，与营业执照一致。", "Give the registered name, as on the business licence.");
        return Some(Problem::new("name", "name-missing", zh, en));
    }
    if chars > NAME_CHARS_MAX || name.chars().any(char::is_control) {
        let zh = format!("单位名称最多 {NAME_CHARS_MAX} 个字，且不能含控制字符。");
        let en = format!("A name has at most {NAME_CHARS_MAX} characters and no control characters.");
        return Some(Problem::new("name", "name-wrong", zh, en));
    }
    None
}

/// What is wrong with the organisation's own part of the form, all at once; the page shows it as its error summary.
pub fn problems(cmd: &Register, today: Date) -> Vec<Problem> {
    let mut found = Vec::new();
    if let Err(e) = Uscc::try_new(&cmd.uscc) {
        let (zh, en) = (e.message(kernel::Lang::Zh), e.message(kernel::Lang::En));
        found.push(Problem::new("uscc", "uscc-wrong", zh, en));
    }
    found.extend(name_problem(&cmd.name));
    if cmd.kind == OrgKind::Enterprise && cmd.facts.district.is_none() {
        let (zh, en) = ("请选择企业所在区：申请由所在区受理。", "Choose the district: applications go to its bureau.");
        found.push(Problem::new("district", "district-missing", zh, en));
    }
    found.extend(cmd.facts.problems(today));
    found
}

/// Registers (OR-1).
pub async fn run(cx: &mut Cx, cmd: Register) -> Result<Registered, RegisterError> {
    let here = Subject { orgs: [None, None], district: cmd.facts.district.as_deref() };
    let is_officer = cx.permits(Action::ImportOrgs, &here);
    let is_system = cx.actor.role == Role::System;
    let by_public = matches!(cmd.kind, OrgKind::Enterprise | OrgKind::Provider) && !cmd.facts.needs_officer();
    let body_by_admin = cx.permits(Action::ManageAccounts, &Subject::none());
    if !(is_system || is_officer || body_by_admin || (by_public && cx.permits(Action::EnterAccount, &Subject::none())))
    {
        return Err(RegisterError::Forbidden);
    }
    if (cmd.simulated && !is_system) || (!by_public && !is_system && !is_officer && !body_by_admin) {
        return Err(RegisterError::Forbidden);
    }
    if cmd.owner.is_none() && !is_officer && !body_by_admin {
        return Err(RegisterError::OwnerMissing {});
    }
    let uscc = check(cx, &cmd).await?;
    let org = insert(cx, &cmd, uscc).await?;
    let account_id = match cmd.owner {
        Some(owner) => Some(open_account(cx, &org, owner).await?),
        None => None,
    };
    Ok(Registered { org_id: org.id, account_id })
}

async fn check(cx: &mut Cx, cmd: &Register) -> Result<Uscc, RegisterError> {
    let uscc = Uscc::try_new(&cmd.uscc)
        .map_err(|e| RegisterError::UsccWrong { zh: e.message(kernel::Lang::Zh), en: e.message(kernel::Lang::En) })?;
    if let Some(p) = name_problem(&cmd.name) {
        return Err(RegisterError::NameWrong { zh: p.zh, en: p.en });
    }
    if cmd.kind == OrgKind::Enterprise && cmd.facts.district.is_none() {
        return Err(RegisterError::DistrictMissing {});
    }
    let problems = cmd.facts.problems(cx.today());
    if !problems.is_empty() {
        let (zh, en) = joined(&problems);
        return Err(RegisterError::FactsWrong { zh, en, problems });
    }
    match sql::org_by_uscc(cx, &uscc).await? {
        Some(_) => Err(RegisterError::UsccTaken { uscc }),
        None => Ok(uscc),
    }
}

/// Enters a checked organisation with its facts and its journal row.
pub(crate) async fn insert(cx: &mut Cx, cmd: &Register, uscc: Uscc) -> Result<Org, store::StoreError> {
    // What lists show of facts that hold only later is brought forward on their day.
    let holds = cmd.facts_from <= cx.today();
    let now = if holds { cmd.facts.clone() } else { StatedFacts::default() };
    let now = Facts::derive(uscc, cmd.kind, now);
    let org = Org {
        id: cx.new_id("org"),
        uscc: now.uscc,
        kind: cmd.kind,
        name: cmd.name.trim().to_owned(),
        simulated: cmd.simulated,
        created_at: cx.now,
        district: now.district,
        industry: now.industry,
        size: now.size,
    };
    sql::insert_org(cx, &org, (!holds).then_some(cmd.facts_from)).await?;
    let facts = cmd.facts.values();
    sql::insert_facts(cx, &org.id, 0, cmd.facts_from, &facts).await?;
    let stated: serde_json::Map<_, _> = facts.into_iter().collect();
    let after = json!({
        "uscc": org.uscc, "kind": org.kind, "name": org.name, "simulated": org.simulated,
        "facts_from": cmd.facts_from, "facts": stated,
    });
    cx.journal("orgs.register", &format!("org/{}", org.id), &(), &after).await?;
    Ok(org)
}

async fn open_account(cx: &mut Cx, org: &Org, owner: Owner) -> Result<String, RegisterError> {
    let role = match org.kind {
        OrgKind::Provider => Role::Provider,
        OrgKind::Enterprise => Role::EnterpriseOwner,
        OrgKind::CityBureau | OrgKind::DistrictBureau | OrgKind::ExpertBody => {
            let (zh, en) = (
                "主管部门和专家的账号由管理员逐个建立。",
                "Officers' and experts' accounts are made one by one by the administrator.",
            );
            return Err(RegisterError::AccountWrong { zh: zh.into(), en: en.into() });
        }
    };
    let account = NewAccount {
        login: owner.login,
        person_name: owner.person_name,
        role,
        org_id: Some(org.id.clone()),
        district: None,
        password: owner.password,
        lang: owner.lang,
        must_change_password: false,
    };
    create::insert(cx, account).await.map_err(|e| match e {
        create::CreateAccountError::LoginTaken { login } => RegisterError::LoginTaken { login },
        create::CreateAccountError::Store(e) => RegisterError::Store(e),
        other => {
            use store::Refusal;
            RegisterError::AccountWrong { zh: other.message(kernel::Lang::Zh), en: other.message(kernel::Lang::En) }
        }
    })
}
