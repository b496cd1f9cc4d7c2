//! Navigation: the flat public one and each role's own.

use kernel::{Action, Actor, Lang, Role, Subject};

/// A link in a navigation.
#[derive(Clone, Debug)]
pub struct NavItem {
    /// Address.
    pub href: &'static str,
    /// Words.
    pub label: &'static str,
    /// Is the page in this section?
    pub current: bool,
}

fn within(path: &str, href: &str) -> bool {
    if href == "/" { path == "/" } else { path == href || path.starts_with(&format!("{href}/")) }
}

/// 首页 政策库 资格预检 服务商名录 公示公告 数据看板
pub fn public_nav(lang: Lang, path: &str) -> Vec<NavItem> {
    [
        ("/", "首页", "Home"),
        ("/programmes", "政策库", "Policies"),
        ("/estimate", "资格预检", "What can I get?"),
        ("/catalogue", "服务商名录", "Services"),
        ("/notices", "公示公告", "Notices"),
        ("/board", "数据看板", "Board"),
    ]
    .into_iter()
    .map(|(href, zh, en)| {
        let current = within(path, href) && !within(path, "/board/officers");
        NavItem { href, label: lang.t(zh, en), current }
    })
    .collect()
}

const ROLE_LINKS: &[(&str, &str, &str, Action)] = &[
    ("/dashboard", "我的工作台", "Dashboard", Action::ViewDashboard),
    ("/work", "待办件", "Work list", Action::ViewWorkList),
    ("/cases", "申请", "Applications", Action::DraftCase),
    ("/vouchers", "云惠券", "Vouchers", Action::ViewVoucher),
    ("/listing", "服务与价格", "Listing", Action::EditListing),
    ("/orders", "订单", "Orders", Action::ViewOrder),
    ("/usage", "用云情况", "Use", Action::ViewUsage),
    ("/alarms", "报警", "Alarms", Action::ViewAlarms),
    ("/usage/imports", "账单导入", "Bill imports", Action::ViewImports),
    ("/devices", "设备", "Devices", Action::ViewDevices),
    ("/products", "产品", "Products", Action::ViewDevices),
    ("/settlements", "兑付", "Settlement", Action::ViewSettlement),
    ("/orgs", "企业名录", "Organisations", Action::ListOrgs),
    ("/batches", "券批次", "Batches", Action::ViewBatches),
    ("/listings", "服务商审核", "Listings", Action::ReviewListing),
    ("/funds", "资金", "Funds", Action::ViewFunds),
    ("/board/officers", "监管看板", "Officers' board", Action::ViewBoard),
    ("/journal", "操作日志", "Journal", Action::ViewJournal),
    ("/accounts", "账户管理", "Accounts", Action::ManageAccounts),
    ("/gallery", "组件与页面", "Components and pages", Action::ViewGallery),
    ("/org", "单位信息", "Organisation", Action::StateFacts),
];

/// The links whose action the actor holds.
pub fn role_nav(actor: &Actor, lang: Lang, path: &str) -> Vec<NavItem> {
    if actor.role == Role::Public {
        return Vec::new();
    }
    let longest = ROLE_LINKS.iter().map(|l| l.0).filter(|h| within(path, h)).max_by_key(|h| h.len());
    ROLE_LINKS
        .iter()
        .filter(|(_, _, _, action)| kernel::permits(actor, *action, &Subject::none()))
        .map(|(href, zh, en, _)| NavItem { href, label: lang.t(zh, en), current: longest == Some(*href) })
        .collect()
}
