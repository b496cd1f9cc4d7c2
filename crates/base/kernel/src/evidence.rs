//! How well use is proven: the ladder L0–L5. The thresholds belong to the programme; the meaning stands here.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::Lang;

/// Level of evidence that a cloud service is really used. Ordered: a higher level includes the lower ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum EvidenceLevel {
    /// Declared by the enterprise alone.
    #[default]
    L0,
    /// Contract, invoice and payment are on record.
    L1,
    /// The provider confirmed the tenant. An enterprise counts as on the cloud from here.
    L2,
    /// Metered for the months the programme asks for (three by default) and still in use. Money moves from here.
    L3,
    /// Business data or devices reporting.
    L4,
    /// A closed loop across systems.
    L5,
}

impl EvidenceLevel {
    /// All, lowest first.
    pub const ALL: [EvidenceLevel; 6] = [Self::L0, Self::L1, Self::L2, Self::L3, Self::L4, Self::L5];

    /// `L3`
    pub fn code(self) -> &'static str {
        ["L0", "L1", "L2", "L3", "L4", "L5"][self as usize]
    }

    /// What the level means, for a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::L0 => lang.t("企业申报", "declared"),
            Self::L1 => lang.t("合同、发票、付款齐备", "contract, invoice and payment"),
            Self::L2 => lang.t("服务商确认", "confirmed by the provider"),
            Self::L3 => lang.t("持续计量使用", "metered over months and in use"),
            Self::L4 => lang.t("业务数据或设备上报", "business data or devices reporting"),
            Self::L5 => lang.t("跨系统闭环", "closed loop across systems"),
        }
    }
}

impl fmt::Display for EvidenceLevel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code())
    }
}
impl FromStr for EvidenceLevel {
    type Err = String;
    fn from_str(s: &str) -> Result<Self, String> {
        Self::ALL.into_iter().find(|l| l.code() == s).ok_or_else(|| format!("{s:?} is not an evidence level L0–L5"))
    }
}
