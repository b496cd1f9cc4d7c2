//! What a listing and a service are, and every legal change of a listing's state. Pure.

use jiff::Timestamp;
use kernel::{Fen, Lang, SubItem, Text};
use serde::{Deserialize, Serialize};

/// Ten thousandths in one whole: rates are basis points.
pub const WHOLE_BP: i64 = 10_000;

macro_rules! named_states {
    ($(#[$doc:meta])* $name:ident { $($(#[$vdoc:meta])* $variant:ident = $code:literal, $zh:literal, $en:literal;)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, utoipa::ToSchema)]
        #[serde(rename_all = "kebab-case")]
        pub enum $name { $($(#[$vdoc])* $variant),* }

        impl $name {
            /// All of them, in order.
            pub const ALL: &'static [$name] = &[$($name::$variant),*];

            /// Stable code.
            pub fn code(self) -> &'static str {
                match self { $($name::$variant => $code),* }
            }
            /// For a reader.
            pub fn label(self, lang: Lang) -> &'static str {
                match self { $($name::$variant => lang.t($zh, $en)),* }
            }
            /// By its code.
            pub fn from_code(code: &str) -> Option<$name> {
                Self::ALL.iter().copied().find(|s| s.code() == code)
            }
        }
    };
}

named_states! {
    /// Where a provider's listing stands.
    ListingState {
        /// Being written by the provider; nobody else sees it.
        Draft = "draft", "草稿", "Draft";
        /// Waits for an officer.
        Submitted = "submitted", "待审核", "Awaiting review";
        /// Public; can be ordered from.
        Listed = "listed", "已入驻", "Listed";
        /// Not public for the time being; running orders go on.
        Suspended = "suspended", "暂停", "Suspended";
        /// Taken out.
        Delisted = "delisted", "已退出", "Delisted";
    }
}

named_states! {
    /// Is a service on offer?
    ServiceState {
        /// On offer while its provider is listed.
        Active = "active", "在售", "On offer";
        /// No longer offered; running orders go on.
        Withdrawn = "withdrawn", "已下架", "Withdrawn";
    }
}

named_states! {
    /// Where a service runs.
    Deployment {
        /// In the provider's shared cloud.
        Public = "public", "公有云", "Public cloud";
        /// For one enterprise alone.
        Private = "private", "私有云", "Private cloud";
        /// Both together.
        Hybrid = "hybrid", "混合云", "Hybrid cloud";
    }
}

/// What is done to a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "kebab-case")]
pub enum ListingVerb {
    /// The provider hands it in.
    Submit,
    /// The officer lets it in.
    List,
    /// The officer sends it back with the reason.
    Return,
    /// The officer takes it out of the catalogue for the time being.
    Suspend,
    /// The officer ends a suspension.
    Resume,
    /// The officer ends the listing.
    Delist,
}

/// One legal change: the verb, from, to, and why it exists.
pub struct Transition {
    /// What is done.
    pub verb: ListingVerb,
    /// Where it may be done.
    pub from: ListingState,
    /// Where it leads.
    pub to: ListingState,
    /// Why this edge exists.
    pub cause: &'static str,
}

const fn edge(verb: ListingVerb, from: ListingState, to: ListingState, cause: &'static str) -> Transition {
    Transition { verb, from, to, cause }
}

/// Every legal change of a listing's state; what is not here is refused (CT-1).
pub const TRANSITIONS: &[Transition] = &[
    edge(ListingVerb::Submit, ListingState::Draft, ListingState::Submitted, "the provider asks to be listed"),
    edge(ListingVerb::Submit, ListingState::Delisted, ListingState::Submitted, "a provider that left may ask again"),
    edge(ListingVerb::List, ListingState::Submitted, ListingState::Listed, "the officer found it in order"),
    edge(ListingVerb::Return, ListingState::Submitted, ListingState::Draft, "the officer named what is missing"),
    edge(
        ListingVerb::Suspend,
        ListingState::Listed,
        ListingState::Suspended,
        "a complaint or a finding is looked into",
    ),
    edge(ListingVerb::Resume, ListingState::Suspended, ListingState::Listed, "the finding was cleared or corrected"),
    edge(
        ListingVerb::Delist,
        ListingState::Listed,
        ListingState::Delisted,
        "the provider leaves or broke its promises",
    ),
    edge(ListingVerb::Delist, ListingState::Suspended, ListingState::Delisted, "the finding was confirmed"),
];

impl ListingVerb {
    /// All of them.
    pub const ALL: [ListingVerb; 6] =
        [Self::Submit, Self::List, Self::Return, Self::Suspend, Self::Resume, Self::Delist];

    /// Stable code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Submit => "submit",
            Self::List => "list",
            Self::Return => "return",
            Self::Suspend => "suspend",
            Self::Resume => "resume",
            Self::Delist => "delist",
        }
    }

    /// For a reader.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            Self::Submit => lang.t("提交入驻申请", "Submit for listing"),
            Self::List => lang.t("同意入驻", "List"),
            Self::Return => lang.t("退回补正", "Return for correction"),
            Self::Suspend => lang.t("暂停", "Suspend"),
            Self::Resume => lang.t("恢复", "Resume"),
            Self::Delist => lang.t("退出", "Delist"),
        }
    }

    /// By its code.
    pub fn from_code(code: &str) -> Option<ListingVerb> {
        Self::ALL.into_iter().find(|v| v.code() == code)
    }

    /// Must the person who does it say why? Whatever goes against the provider must be explained to it.
    pub fn needs_reason(self) -> bool {
        matches!(self, Self::Return | Self::Suspend | Self::Delist)
    }
}

impl ListingState {
    /// Where `verb` leads from here, if it is legal.
    pub fn after(self, verb: ListingVerb) -> Option<ListingState> {
        TRANSITIONS.iter().find(|t| t.from == self && t.verb == verb).map(|t| t.to)
    }
}

/// A provider's place in the catalogue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Listing {
    /// The provider.
    pub provider_id: String,
    /// Who it is, in its own words.
    #[schema(value_type = web::TextBody)]
    pub intro: Text,
    /// How an enterprise reaches it.
    pub contact: String,
    /// What the provider promises to take off every list price (平台降一点), in basis points.
    pub discount_bp: i64,
    /// Where it stands.
    pub state: ListingState,
    /// Begun.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Timestamp,
    /// Last changed.
    #[schema(value_type = String, format = DateTime)]
    pub updated_at: Timestamp,
    /// Last handed in.
    #[schema(value_type = Option<String>, format = DateTime)]
    pub submitted_at: Option<Timestamp>,
}

/// One change of a listing's state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[schema(as = ListingStep)]
pub struct Step {
    /// What was done.
    pub verb: ListingVerb,
    /// From which state.
    pub from: ListingState,
    /// To which.
    pub to: ListingState,
    /// Why, as the provider reads it.
    pub reason: String,
    /// By whom.
    pub by_name: String,
    /// When.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

/// What a provider states about a service.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Offer {
    /// Sub-item of cloud service, a code of [`kernel::SUB_ITEMS`].
    pub sub_item: String,
    /// What it is called.
    #[schema(value_type = web::TextBody)]
    pub name: Text,
    /// What it does.
    #[schema(value_type = web::TextBody)]
    pub description: Text,
    /// What one quantity of it is: "台" / "host".
    #[schema(value_type = web::TextBody)]
    pub unit: Text,
    /// Price of one unit for one month before any discount.
    #[schema(value_type = i64)]
    pub list_price_fen: Fen,
    /// What the provider takes off the list price, in basis points; at least what its listing promises (CT-3).
    pub discount_bp: i64,
    /// Where it runs.
    pub deployment: Deployment,
}

impl Offer {
    /// The sub-item. A code that is not in the taxonomy never gets into the records.
    pub fn sub_item(&self) -> &'static SubItem {
        kernel::sub_item(&self.sub_item).expect("stored services stand under the taxonomy")
    }

    /// What one unit costs a month after the discount.
    pub fn price_fen(&self) -> Fen {
        self.list_price_fen - self.list_price_fen.at_rate_bp(self.discount_bp)
    }
}

/// A service at one of its versions.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Service {
    /// Id.
    pub id: String,
    /// Who offers it.
    pub provider_id: String,
    /// Is it on offer?
    pub state: ServiceState,
    /// Which version this is; versions count from 1.
    pub version: i64,
    /// What is offered.
    #[serde(flatten)]
    pub offer: Offer,
    /// Since when this version stands.
    #[schema(value_type = String, format = DateTime)]
    pub at: Timestamp,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_can_be_reached_and_only_by_the_table() {
        for state in ListingState::ALL.iter().filter(|s| **s != ListingState::Draft) {
            assert!(TRANSITIONS.iter().any(|t| t.to == *state), "{state:?}");
        }
        assert_eq!(ListingState::Draft.after(ListingVerb::List), None, "nobody is listed unseen");
        assert_eq!(ListingState::Delisted.after(ListingVerb::Resume), None);
        assert!(TRANSITIONS.iter().all(|t| !t.cause.is_empty() && t.from != t.to));
    }

    #[test]
    fn what_goes_against_the_provider_needs_a_reason() {
        for t in TRANSITIONS {
            let against = matches!((t.from, t.to), (ListingState::Submitted, ListingState::Draft))
                || matches!(t.to, ListingState::Suspended | ListingState::Delisted);
            assert_eq!(t.verb.needs_reason(), against, "{:?}", t.verb);
        }
    }
}
