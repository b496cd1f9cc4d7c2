//! Where a case can be, and what moves it: names and the words for them, for the public and for staff.

use kernel::{Lang, Role};
use serde::{Deserialize, Serialize};

macro_rules! named {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $v:ident = $code:literal, public $pz:literal $pe:literal,
        staff $sz:literal $se:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub enum $name { $($(#[$vdoc])* #[serde(rename = $code)] $v),* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &[$name] = &[$($name::$v),*];

            /// Stable code, as stored.
            pub fn code(self) -> &'static str {
                match self { $($name::$v => $code),* }
            }
            /// For the enterprise and the public.
            pub fn public(self, lang: Lang) -> &'static str {
                match self { $($name::$v => lang.t($pz, $pe)),* }
            }
            /// For officers.
            pub fn staff(self, lang: Lang) -> &'static str {
                match self { $($name::$v => lang.t($sz, $se)),* }
            }
        }

        impl std::str::FromStr for $name {
            type Err = String;
            fn from_str(s: &str) -> Result<$name, String> {
                $name::ALL.iter().copied().find(|x| x.code() == s)
                    .ok_or_else(|| format!("{s:?} is not a {}", stringify!($name)))
            }
        }
    };
}

named! {
    /// Where a case is.
    State {
        /// Being filled in; saved as often as one likes.
        Draft = "draft", public "填写中" "Being filled in", staff "草稿" "Draft";
        /// Handed in; the district checks completeness.
        Submitted = "submitted", public "已提交，等待形式审查" "Submitted, waiting for the formal check",
            staff "待形式审查" "Formal check due";
        /// 退回补正: all defects are stated, the enterprise corrects them.
        Returned = "returned", public "需要您补正" "Needs your correction", staff "退回补正" "Returned for correction";
        /// 受理: complete; the district reviews the substance.
        DistrictReview = "district-review", public "已受理，区级审核中" "Accepted, in district review",
            staff "区级初审" "District review";
        /// Recommended by the district; the city decides, by several people.
        CityReview = "city-review", public "市级审核中" "In city review", staff "市级审核" "City review";
        /// Approved by enough people; to be put on public notice.
        AwaitingNotice = "awaiting-notice", public "审核通过，等待公示" "Review passed, waiting for public notice",
            staff "拟公示" "To be put on notice";
        /// 公示
        PublicNotice = "public-notice", public "公示中" "On public notice", staff "公示中" "On public notice";
        /// An objection was raised; the notice stands still.
        ObjectionInvestigation = "objection-investigation", public "公示异议核查中" "An objection is being investigated",
            staff "异议核查" "Objection under investigation";
        /// The notice is over without an objection standing.
        Approved = "approved", public "已批准" "Approved", staff "已批准" "Approved";
        /// Decided against, with the reason.
        Rejected = "rejected", public "未通过" "Not approved", staff "不予支持" "Rejected";
        /// Taken back by the enterprise, or left uncorrected past its time.
        Withdrawn = "withdrawn", public "已撤回" "Withdrawn", staff "已撤回" "Withdrawn";
    }
}

named! {
    /// What moves a case. Each is the name of an edge; several may share a verb.
    Cause {
        /// The first save.
        Begin = "begin", public "开始填写" "Started", staff "建立草稿" "Draft begun";
        /// A draft that is not wanted any more.
        Discard = "discard", public "放弃草稿" "Draft discarded", staff "放弃草稿" "Draft discarded";
        /// Handed in for the first time.
        Submit = "submit", public "提交申请" "Application submitted", staff "提交" "Submitted";
        /// Handed in again with corrections.
        Resubmit = "resubmit", public "提交补正" "Correction submitted", staff "补正后再提交" "Resubmitted after correction";
        /// Every item of the checklist holds.
        Accept = "accept", public "形式审查通过，予以受理" "Formal check passed, application accepted",
            staff "形式审查通过（受理）" "Formal check passed";
        /// Items of the checklist do not hold: all are stated at once.
        StateDefects = "state-defects", public "形式审查发现需补正的事项，已一次性告知"
            "The formal check found points to correct, all stated at once", staff "一次性告知并退回补正" "Defects stated, returned";
        /// The district found, in substance, something that must be corrected.
        ReturnByDistrict = "return-by-district", public "区级审核退回补正" "Returned by the district for correction",
            staff "区级退回补正" "Returned by the district";
        /// The city found something that must be corrected.
        ReturnByCity = "return-by-city", public "市级审核退回补正" "Returned by the city for correction",
            staff "市级退回补正（此前审核意见作废）" "Returned by the city (earlier approvals void)";
        /// Nothing came within the time for correction: 视为撤回.
        CorrectionOverdue = "correction-overdue", public "逾期未补正，视为撤回" "Not corrected in time, deemed withdrawn",
            staff "逾期未补正，视为撤回" "Correction overdue, deemed withdrawn";
        /// The enterprise takes it back.
        Withdraw = "withdraw", public "企业撤回申请" "Withdrawn by the enterprise", staff "企业撤回" "Withdrawn by the enterprise";
        /// 推荐
        Recommend = "recommend", public "区级审核通过，推荐至市级" "District review passed, recommended to the city",
            staff "区级推荐" "Recommended by the district";
        /// The district decides against.
        RejectByDistrict = "reject-by-district", public "区级审核未通过" "Not approved in district review",
            staff "区级不予推荐" "Rejected by the district";
        /// The city asks the district to look again.
        SendBackToDistrict = "send-back-to-district", public "退回区级重新审核" "Sent back to the district for another look",
            staff "退回区级复核（此前审核意见作废）" "Sent back to the district (earlier approvals void)";
        /// One approval of several.
        ApproveOne = "approve-one", public "市级审核进行中" "City review under way", staff "市级审核同意（尚需他人）"
            "Approved by one, more needed";
        /// The approval that makes them enough.
        ApproveLast = "approve-last", public "市级审核通过" "City review passed", staff "市级审核同意（人数已足）"
            "Approved by enough people";
        /// The city decides against.
        RejectByCity = "reject-by-city", public "市级审核未通过" "Not approved in city review", staff "市级不予支持" "Rejected by the city";
        /// 发布公示
        PublishNotice = "publish-notice", public "开始公示" "Public notice began", staff "发布公示" "Notice published";
        /// A real-name objection within the notice's days.
        Object = "object", public "收到异议，公示暂停" "An objection was received, the notice is paused",
            staff "收到实名异议，公示暂停" "Real-name objection, notice paused";
        /// A further one, while the notice is paused.
        ObjectAgain = "object-again", public "异议核查中" "Objections are being investigated", staff "收到另一实名异议" "Further objection";
        /// One objection of several was found without ground.
        DismissOne = "dismiss-one", public "异议核查中" "Objections are being investigated",
            staff "一项异议不成立（尚有未结）" "One objection dismissed, others open";
        /// The last open objection was found without ground; the notice goes on for the days it had left.
        DismissLast = "dismiss-last", public "异议不成立，公示继续" "The objection was dismissed, the notice goes on",
            staff "异议均不成立，公示继续" "All objections dismissed, notice goes on";
        /// An objection stands.
        UpholdObjection = "uphold-objection", public "异议成立，申请未通过" "The objection was upheld, application not approved",
            staff "异议成立，不予支持" "Objection upheld";
        /// The notice is over and no objection stands.
        Conclude = "conclude", public "公示期满，申请获批" "Notice over, application approved", staff "公示期满，批准" "Notice over, approved";
    }
}

/// Who has to act next.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Holder {
    /// The applicant.
    Enterprise,
    /// The district bureau.
    District,
    /// The city bureau.
    City,
    /// Nobody: the notice runs, anyone may object.
    Public,
    /// Nobody: it is over.
    Nobody,
}

impl Holder {
    /// Stable code, as stored.
    pub fn code(self) -> &'static str {
        match self {
            Holder::Enterprise => "enterprise",
            Holder::District => "district",
            Holder::City => "city",
            Holder::Public => "public",
            Holder::Nobody => "nobody",
        }
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Holder::Enterprise => lang.t("申请企业", "the enterprise"),
            Holder::District => lang.t("区级主管部门", "the district bureau"),
            Holder::City => lang.t("市级主管部门", "the city bureau"),
            Holder::Public => lang.t("社会公众（公示）", "the public (notice)"),
            Holder::Nobody => lang.t("已办结", "closed"),
        }
    }

    /// Is it this role's turn?
    pub fn is(self, role: Role) -> bool {
        match self {
            Holder::Enterprise => matches!(role, Role::EnterpriseOwner | Role::EnterpriseMember),
            Holder::District => role == Role::DistrictOfficer,
            Holder::City => role == Role::CityOfficer,
            Holder::Public | Holder::Nobody => false,
        }
    }
}

impl State {
    /// Who has to act next while a case is here.
    pub fn holder(self) -> Holder {
        match self {
            State::Draft | State::Returned => Holder::Enterprise,
            State::Submitted | State::DistrictReview => Holder::District,
            State::CityReview | State::AwaitingNotice | State::ObjectionInvestigation => Holder::City,
            State::PublicNotice => Holder::Public,
            State::Approved | State::Rejected | State::Withdrawn => Holder::Nobody,
        }
    }

    /// Nothing moves it any more.
    pub fn is_closed(self) -> bool {
        self.holder() == Holder::Nobody
    }

    /// May the form be changed here?
    pub fn is_editable(self) -> bool {
        self.holder() == Holder::Enterprise
    }
}
