//! Who acts: a person in a role for an organisation, or the system itself.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Lang;

/// What a person is here as. One person may hold several memberships and acts in one at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Not signed in.
    Public,
    /// Speaks for an enterprise and may commit it.
    EnterpriseOwner,
    /// Works for an enterprise; prepares, does not submit.
    EnterpriseMember,
    /// Works for a service provider.
    Provider,
    /// Officer of a district bureau.
    DistrictOfficer,
    /// Officer of the city bureau.
    CityOfficer,
    /// Scores, blind to what they must not see.
    Expert,
    /// Reads everything that is not secret, changes nothing.
    Auditor,
    /// Manages accounts and configuration, decides nothing.
    Administrator,
    /// Jobs and replays: what runs by the clock.
    System,
}

impl Role {
    /// Every role a person can sign in with, and the public.
    pub const PEOPLE: [Role; 9] = [
        Role::Public,
        Role::EnterpriseOwner,
        Role::EnterpriseMember,
        Role::Provider,
        Role::DistrictOfficer,
        Role::CityOfficer,
        Role::Expert,
        Role::Auditor,
        Role::Administrator,
    ];

    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Role::Public => "public",
            Role::EnterpriseOwner => "enterprise-owner",
            Role::EnterpriseMember => "enterprise-member",
            Role::Provider => "provider",
            Role::DistrictOfficer => "district-officer",
            Role::CityOfficer => "city-officer",
            Role::Expert => "expert",
            Role::Auditor => "auditor",
            Role::Administrator => "administrator",
            Role::System => "system",
        }
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Role::Public => lang.t("公众", "public"),
            Role::EnterpriseOwner => lang.t("企业负责人", "enterprise owner"),
            Role::EnterpriseMember => lang.t("企业经办人", "enterprise member"),
            Role::Provider => lang.t("服务商", "provider"),
            Role::DistrictOfficer => lang.t("区级经办", "district officer"),
            Role::CityOfficer => lang.t("市级经办", "city officer"),
            Role::Expert => lang.t("评审专家", "expert"),
            Role::Auditor => lang.t("审计", "auditor"),
            Role::Administrator => lang.t("系统管理员", "administrator"),
            Role::System => lang.t("系统", "system"),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl FromStr for Role {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Role::PEOPLE
            .into_iter()
            .chain([Role::System])
            .find(|r| r.code() == s)
            .ok_or_else(|| format!("{s:?} is not a role"))
    }
}

/// Who acts in a use case. It goes into the journal with every row.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Actor {
    /// The account, or `system` / `public`.
    pub user_id: String,
    /// Their name as others see it.
    pub name: String,
    /// What they are here as.
    pub role: Role,
    /// The enterprise or provider they act for.
    pub org_id: Option<String>,
    /// The district of a district officer (GB/T 2260).
    pub district: Option<String>,
}

impl Actor {
    /// Nobody signed in.
    pub fn public() -> Actor {
        Actor { user_id: "public".into(), name: String::new(), role: Role::Public, org_id: None, district: None }
    }

    /// What runs by the clock.
    pub fn system() -> Actor {
        Actor { user_id: "system".into(), name: "system".into(), role: Role::System, org_id: None, district: None }
    }

    /// The organisation, where the permission table has made sure that there is one.
    pub fn org(&self) -> &str {
        self.org_id.as_deref().unwrap_or("")
    }
}
