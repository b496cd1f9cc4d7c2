//! Makes an account: the administrator for anybody, an enterprise's owner or a provider for its own people; registering
//! an organisation makes its first one.

use kernel::{Action, Lang, Role};
use serde_json::json;
use store::Cx;

use super::manage::belongs;
use super::{Account, login_key};
use crate::model::OrgKind;
use crate::secrets::PasswordHash;
use crate::store as records;
use crate::store::accounts as sql;

/// What is made.
#[derive(Clone, Debug)]
pub struct NewAccount {
    /// Login name: 3 to 64 of a–z, 0–9 and `. _ - @ +`, no matter the case.
    pub login: String,
    /// The person's name.
    pub person_name: String,
    /// Role; a person's, not `public` or `system`.
    pub role: Role,
    /// Enterprise and provider roles act for one.
    pub org_id: Option<String>,
    /// A district officer has one.
    pub district: Option<String>,
    /// From [`crate::Passwords::hash`].
    pub password: PasswordHash,
    /// The language that the person chose; `None` leaves it to the browser.
    pub lang: Option<Lang>,
    /// The person must choose another password at first sign-in.
    pub must_change_password: bool,
}

store::refusals! {
    /// Why an account is not made.
    pub enum CreateAccountError {
        /// Cannot be a login.
        LoginWrong { login: String } = 422, "login-wrong", field "login",
            zh "登录名“{login}”不可用：请用 3 至 64 个小写字母、数字或 . _ - @ +。",
            en "{login:?} cannot be a login name: use 3 to 64 of a–z, 0–9 and . _ - @ +.";
        /// In use.
        LoginTaken { login: String } = 409, "login-taken", field "login",
            zh "登录名“{login}”已被使用，请换一个。", en "The login name {login:?} is in use; choose another.";
        /// No name.
        PersonNameWrong {} = 422, "person-name-wrong", field "person_name",
            zh "请填写姓名（最多 50 个字）。", en "Give the person's name (at most 50 characters).";
        /// Not a person's role.
        RoleWrong {} = 422, "role-wrong", field "role",
            zh "该角色不能建立账号。", en "This role cannot have an account.";
        /// The role acts for an organisation of a certain kind.
        OrgWrong {} = 422, "org-wrong", field "org_id",
            zh "企业角色须属于一家企业，服务商角色须属于一家服务商，其他角色不属于单位。",
            en "Enterprise roles belong to an enterprise, provider roles to a provider, other roles to none.";
        /// A district officer without one, or another role with one.
        DistrictWrong {} = 422, "district-wrong", field "district",
            zh "区级经办须指定所在区，其他角色不填。", en "A district officer has a district; other roles have none.";
    }
}

/// Makes an account (OR-4: outside one's own organisation only the administrator does).
pub async fn run(cx: &mut Cx, cmd: NewAccount) -> Result<String, CreateAccountError> {
    if !cx.permits(Action::ManageAccounts, &belongs(cmd.org_id.as_deref())) {
        return Err(CreateAccountError::Forbidden);
    }
    insert(cx, cmd).await
}

/// Can this be a login name?
pub fn is_login(login: &str) -> bool {
    let fine = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "._-@+".contains(c);
    (3..=64).contains(&login.len()) && login.chars().all(fine)
}

/// The same without asking for permission; the caller has its own.
pub(crate) async fn insert(cx: &mut Cx, cmd: NewAccount) -> Result<String, CreateAccountError> {
    let login = login_key(&cmd.login);
    if !is_login(&login) {
        return Err(CreateAccountError::LoginWrong { login });
    }
    let person_name = cmd.person_name.trim().to_owned();
    if person_name.is_empty() || person_name.chars().count() > 50 {
        return Err(CreateAccountError::PersonNameWrong {});
    }
    check_place(cx, &cmd).await?;
    if sql::by_login(cx, &login).await?.is_some() {
        return Err(CreateAccountError::LoginTaken { login });
    }
    let account = Account {
        id: cx.new_id("acc"),
        login,
        person_name,
        role: cmd.role,
        org_id: cmd.org_id,
        district: cmd.district,
        lang: cmd.lang,
        disabled: false,
        must_change_password: cmd.must_change_password,
        has_totp: false,
        created_at: cx.now,
    };
    sql::insert(cx, &account, &cmd.password).await?;
    let after = json!({
        "login": account.login, "role": account.role, "org_id": account.org_id, "district": account.district,
    });
    cx.journal("orgs.create_account", &format!("account/{}", account.id), &(), &after).await?;
    Ok(account.id)
}

/// Role, organisation and district must go together.
async fn check_place(cx: &mut Cx, cmd: &NewAccount) -> Result<(), CreateAccountError> {
    let needs = match cmd.role {
        Role::EnterpriseOwner | Role::EnterpriseMember => Some(OrgKind::Enterprise),
        Role::Provider => Some(OrgKind::Provider),
        Role::DistrictOfficer | Role::CityOfficer | Role::Expert | Role::Auditor | Role::Administrator => None,
        Role::Public | Role::System => return Err(CreateAccountError::RoleWrong {}),
    };
    let has = match &cmd.org_id {
        Some(id) => Some(records::org_by_id(cx, id).await?.ok_or(CreateAccountError::OrgWrong {})?.kind),
        None => None,
    };
    if needs != has {
        return Err(CreateAccountError::OrgWrong {});
    }
    let district_fits = match &cmd.district {
        Some(code) => cmd.role == Role::DistrictOfficer && kernel::district(code).is_some(),
        None => cmd.role != Role::DistrictOfficer,
    };
    if district_fits { Ok(()) } else { Err(CreateAccountError::DistrictWrong {}) }
}
