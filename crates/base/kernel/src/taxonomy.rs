//! What "on the cloud" means: the four families of cloud service and their sub-items, after section 三(二) of the
//! action plan 2018–2020. Fixed here because statistics, the catalogue and programmes must agree on the codes.

use crate::Lang;

/// One of the four families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Family {
    /// Stable code.
    pub code: &'static str,
    /// 中文名
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
}

/// A kind of service within a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SubItem {
    /// Stable code, `family/item`.
    pub code: &'static str,
    /// The family's code.
    pub family: &'static str,
    /// 中文名
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
}

impl Family {
    /// Its name for a reader.
    pub fn name(&self, lang: Lang) -> &'static str {
        lang.t(self.zh, self.en)
    }
}

impl SubItem {
    /// Its name for a reader.
    pub fn name(&self, lang: Lang) -> &'static str {
        lang.t(self.zh, self.en)
    }
}

/// The families, in the plan's order.
pub const FAMILIES: [Family; 4] = [
    Family {
        code: "infrastructure", zh: "企业基础设施与基础管理上云", en: "Infrastructure and basic management"
    },
    Family { code: "platform", zh: "企业平台系统上云", en: "Platform systems" },
    Family { code: "business", zh: "企业业务应用上云", en: "Business applications" },
    Family { code: "equipment", zh: "产品/设备上云", en: "Products and equipment" },
];

/// The sub-items, in the plan's order.
pub const SUB_ITEMS: [SubItem; 20] = [
    SubItem { code: "infrastructure/computing", family: "infrastructure", zh: "计算资源上云", en: "Computing" },
    SubItem { code: "infrastructure/storage", family: "infrastructure", zh: "存储资源上云", en: "Storage" },
    SubItem { code: "infrastructure/network", family: "infrastructure", zh: "网络资源上云", en: "Network" },
    SubItem { code: "infrastructure/security", family: "infrastructure", zh: "安全防护上云", en: "Security" },
    SubItem {
        code: "infrastructure/collaboration", family: "infrastructure", zh: "协同办公上云", en: "Collaboration"
    },
    SubItem {
        code: "infrastructure/management",
        family: "infrastructure",
        zh: "经营管理应用上云",
        en: "Business management",
    },
    SubItem { code: "platform/database", family: "platform", zh: "数据库上云", en: "Databases" },
    SubItem { code: "platform/big-data", family: "platform", zh: "大数据分析上云", en: "Big-data analysis" },
    SubItem { code: "platform/middleware", family: "platform", zh: "中间件平台上云", en: "Middleware" },
    SubItem { code: "platform/iot", family: "platform", zh: "物联网平台上云", en: "Internet of things" },
    SubItem {
        code: "platform/development", family: "platform", zh: "软件开发平台上云", en: "Software development"
    },
    SubItem { code: "platform/ai", family: "platform", zh: "人工智能平台上云", en: "Artificial intelligence" },
    SubItem { code: "business/operations", family: "business", zh: "运营管理上云", en: "Operations" },
    SubItem { code: "business/design", family: "business", zh: "研发设计上云", en: "Research and design" },
    SubItem { code: "business/production", family: "business", zh: "生产控制上云", en: "Production control" },
    SubItem {
        code: "business/intelligent", family: "business", zh: "智能应用上云", en: "Intelligent applications"
    },
    SubItem { code: "equipment/collection", family: "equipment", zh: "数据采集", en: "Data collection" },
    SubItem { code: "equipment/diagnosis", family: "equipment", zh: "故障诊断", en: "Fault diagnosis" },
    SubItem { code: "equipment/prediction", family: "equipment", zh: "预测分析", en: "Predictive analysis" },
    SubItem { code: "equipment/maintenance", family: "equipment", zh: "预防性管理", en: "Preventive maintenance" },
];

/// The family with this code.
pub fn family(code: &str) -> Option<&'static Family> {
    FAMILIES.iter().find(|f| f.code == code)
}

/// The sub-item with this code.
pub fn sub_item(code: &str) -> Option<&'static SubItem> {
    SUB_ITEMS.iter().find(|s| s.code == code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sub_item_stands_in_its_family() {
        for s in SUB_ITEMS {
            assert_eq!(s.code.split('/').next(), Some(s.family));
            assert!(family(s.family).is_some());
        }
    }
}
