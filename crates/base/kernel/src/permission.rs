//! The permission table: one row an action, naming every role that may take it and how far it reaches.
//!
//! A use case asks [`permits`] with the subject it is about; a route names its action, so that a test can walk
//! every route × role × tenant against this one table. What is not listed is refused.

use crate::{Actor, Role};

/// How far a role's right to an action reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    /// Anything.
    All,
    /// Only what belongs to the actor's own organisation (as enterprise or as provider).
    Own,
    /// Only what lies in the actor's district.
    District,
}

/// What an action is about: the organisations that own it and the district it lies in.
#[derive(Clone, Debug, Default)]
pub struct Subject<'a> {
    /// The owner, and for an order or a settlement also the provider.
    pub orgs: [Option<&'a str>; 2],
    /// District code.
    pub district: Option<&'a str>,
}

impl<'a> Subject<'a> {
    /// About nothing in particular: a list that is narrowed by the query, a form to begin with.
    pub fn none() -> Subject<'a> {
        Subject::default()
    }
    /// Belongs to one organisation.
    pub fn org(org: &'a str) -> Subject<'a> {
        Subject { orgs: [Some(org), None], district: None }
    }
    /// Belongs to one organisation in one district.
    pub fn org_in(org: &'a str, district: &'a str) -> Subject<'a> {
        Subject { orgs: [Some(org), None], district: Some(district) }
    }
    /// Stands between an enterprise and a provider.
    pub fn between(enterprise: &'a str, provider: &'a str, district: Option<&'a str>) -> Subject<'a> {
        Subject { orgs: [Some(enterprise), Some(provider)], district }
    }
}

/// One row of the table.
#[derive(Clone, Copy, Debug)]
pub struct Permission {
    /// The action.
    pub action: Action,
    /// Who may, and how far.
    pub grants: &'static [(Role, Reach)],
}

use Reach::{All, District, Own};
use Role::{
    Administrator, Auditor, CityOfficer, DistrictOfficer, EnterpriseMember, EnterpriseOwner, Expert, Provider, Public,
};

macro_rules! table {
    ($($(#[$doc:meta])* $action:ident: [$($grant:expr),* $(,)?]),* $(,)?) => {
        /// Everything that can be done, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum Action { $($(#[$doc])* $action),* }

        /// The whole table.
        pub const PERMISSIONS: &[Permission] = &[$(Permission { action: Action::$action, grants: &[$($grant),*] }),*];
    };
}

const EVERYONE: (Role, Reach) = (Public, All);

table! {
    /// Home, policy library, programme pages, notices, help: no login.
    ReadPublic: [EVERYONE],
    /// Search and read the provider catalogue.
    SearchCatalogue: [EVERYONE],
    /// The public board, small cells suppressed.
    ViewPublicBoard: [EVERYONE],
    /// Sign in, register an organisation.
    EnterAccount: [EVERYONE],
    /// Raise a real-name objection to a public notice.
    RaiseObjection: [EVERYONE],
    /// Ask "what can I get?" for stated facts.
    Estimate: [EVERYONE],
    /// Own account: sign out, password, TOTP, language.
    ManageOwnAccount: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own), (DistrictOfficer, All), (CityOfficer, All), (Expert, All), (Auditor, All), (Administrator, All)],
    /// See one's dashboard.
    ViewDashboard: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own), (DistrictOfficer, District), (CityOfficer, All), (Expert, All), (Auditor, All), (Administrator, All)],
    /// Read an organisation's record and facts.
    ViewOrg: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own), (DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],
    /// State an organisation's facts.
    StateFacts: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own)],
    /// List organisations, export them.
    ListOrgs: [(DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],
    /// Import organisations from a spreadsheet.
    ImportOrgs: [(DistrictOfficer, District), (CityOfficer, All)],
    /// Manage accounts and roles; an organisation its own people.
    ManageAccounts: [(EnterpriseOwner, Own), (Provider, Own), (Administrator, All)],

    /// Draft a programme; see drafts.
    DraftProgramme: [(CityOfficer, All)],
    /// Publish a programme.
    PublishProgramme: [(CityOfficer, All)],
    /// Read a stored decision and its trace.
    ViewDecision: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],

    /// Start, edit and withdraw an application.
    DraftCase: [(EnterpriseOwner, Own), (EnterpriseMember, Own)],
    /// Submit an application: commits the enterprise.
    SubmitCase: [(EnterpriseOwner, Own)],
    /// Read a case and its progress.
    ViewCase: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],
    /// The work list.
    ViewWorkList: [(DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],
    /// District steps: formal check, return, recommend.
    ReviewDistrict: [(DistrictOfficer, District)],
    /// City steps: approve, put on notice, decide objections, reject.
    ReviewCity: [(CityOfficer, All)],

    /// Set up the money: appropriation, allocation to programme, district, batch.
    ManageFunds: [(CityOfficer, All)],
    /// Read accounts and transfers.
    ViewFunds: [(CityOfficer, All), (Auditor, All)],
    /// Open and close voucher batches, set quotas.
    ManageBatches: [(CityOfficer, All)],
    /// See batches and their remainders.
    ViewBatches: [(DistrictOfficer, All), (CityOfficer, All), (Auditor, All)],
    /// Issue a voucher for an approved case.
    IssueVoucher: [(CityOfficer, All)],
    /// See a voucher.
    ViewVoucher: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],
    /// Cancel a voucher.
    CancelVoucher: [(CityOfficer, All)],

    /// Keep one's listing, services and prices.
    EditListing: [(Provider, Own)],
    /// Decide on a provider's listing.
    ReviewListing: [(CityOfficer, All)],
    /// Order with a voucher.
    PlaceOrder: [(EnterpriseOwner, Own)],
    /// Read an order.
    ViewOrder: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own), (DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],
    /// Confirm or decline an order.
    ConfirmOrder: [(Provider, Own)],
    /// Record contract, invoice and payment with their documents.
    RecordDocuments: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own)],
    /// Import orders from a spreadsheet.
    ImportOrders: [(Provider, Own), (CityOfficer, All)],

    /// Claim a billing account as the enterprise's.
    ClaimBillingAccount: [(EnterpriseOwner, Own)],
    /// Confirm that a billing account is that enterprise's.
    ConfirmBillingAccount: [(Provider, Own)],
    /// Import cloud bills.
    ImportBills: [(Provider, Own), (CityOfficer, All)],
    /// Read imports and their reports.
    ViewImports: [(Provider, Own), (CityOfficer, All), (Auditor, All)],
    /// Read monthly statements of use (aggregates, never rows).
    ViewUsage: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own), (DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],

    /// Claim settlement of an order.
    ClaimSettlement: [(Provider, Own)],
    /// Decide a settlement, pay, recover.
    DecideSettlement: [(CityOfficer, All)],
    /// Read settlements and statements.
    ViewSettlement: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Provider, Own), (DistrictOfficer, District), (CityOfficer, All), (Auditor, All)],

    /// Read a provider's statement of what it was paid.
    ViewStatement: [(Provider, Own), (CityOfficer, All), (Auditor, All)],

    /// See an organisation's products, devices, their states and counters; never what they measured.
    ViewDevices: [(EnterpriseOwner, Own), (EnterpriseMember, Own), (Auditor, All)],
    /// Read what devices measured: the enterprise's own, and nobody else's.
    ViewReadings: [(EnterpriseOwner, Own), (EnterpriseMember, Own)],
    /// Keep products, devices and their credentials; send readings for them.
    ManageDevices: [(EnterpriseOwner, Own), (EnterpriseMember, Own)],
    /// Tell a device to do something.
    CommandDevice: [(EnterpriseOwner, Own), (EnterpriseMember, Own)],
    /// A device sends its own readings; its token in the address is its proof.
    SendReadings: [EVERYONE],
    /// See alarms of one's own machines; officers do not see a plant's.
    ViewAlarms: [(EnterpriseOwner, Own), (EnterpriseMember, Own)],
    /// Acknowledge, shelve, take out of service, comment.
    HandleAlarms: [(EnterpriseOwner, Own), (EnterpriseMember, Own)],
    /// Write and publish alarm rules, keep contacts.
    ManageAlarmRules: [(EnterpriseOwner, Own), (EnterpriseMember, Own)],

    /// The officers' board with every cell.
    ViewBoard: [(DistrictOfficer, All), (CityOfficer, All), (Auditor, All)],
    /// Read the journal.
    ViewJournal: [(Auditor, All), (Administrator, All)],
    /// Verify the books.
    RunVerify: [(CityOfficer, All), (Auditor, All), (Administrator, All)],
    /// Prometheus metrics; a scraper uses an API token.
    ReadMetrics: [(Auditor, All), (Administrator, All)],
    /// Components and sampled pages, for reviewers.
    ViewGallery: [(Administrator, All), (Auditor, All)],
    /// Score blind; kept for project instruments.
    Score: [(Expert, All)],
}

/// The row of an action.
pub fn permission(action: Action) -> &'static Permission {
    &PERMISSIONS[action as usize]
}

/// May `actor` take `action` on `subject`? The system may do everything: its jobs are our own code.
///
/// A subject that names no organisation and no district is a list or a form; the query narrows it, so holding the
/// action at all is enough.
pub fn permits(actor: &Actor, action: Action, subject: &Subject<'_>) -> bool {
    if actor.role == Role::System {
        return true;
    }
    let grants = permission(action).grants;
    if grants.iter().any(|(role, _)| *role == Role::Public) {
        return true;
    }
    let Some((_, reach)) = grants.iter().find(|(role, _)| *role == actor.role) else { return false };
    let named = subject.orgs.iter().any(Option::is_some) || subject.district.is_some();
    match reach {
        All => true,
        _ if !named => true,
        Own => actor.org_id.is_some() && subject.orgs.iter().flatten().any(|o| Some(*o) == actor.org_id.as_deref()),
        District => actor.district.is_some() && subject.district == actor.district.as_deref(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn actor(role: Role, org: Option<&str>, district: Option<&str>) -> Actor {
        Actor {
            user_id: "u".into(),
            name: "n".into(),
            role,
            org_id: org.map(Into::into),
            district: district.map(Into::into),
        }
    }

    #[test]
    fn rows_stand_at_their_action() {
        for p in PERMISSIONS {
            assert_eq!(permission(p.action).action, p.action);
        }
    }

    #[test]
    fn reach_is_kept() {
        let own = actor(EnterpriseOwner, Some("org_a"), None);
        assert!(permits(&own, Action::ViewCase, &Subject::org_in("org_a", "120101")));
        assert!(!permits(&own, Action::ViewCase, &Subject::org_in("org_b", "120101")));
        let officer = actor(DistrictOfficer, None, Some("120101"));
        assert!(permits(&officer, Action::ViewCase, &Subject::org_in("org_b", "120101")));
        assert!(!permits(&officer, Action::ViewCase, &Subject::org_in("org_b", "120102")));
        assert!(!permits(&officer, Action::ReviewCity, &Subject::none()));
        assert!(!permits(&Actor::public(), Action::ViewCase, &Subject::none()));
        assert!(permits(&Actor::system(), Action::IssueVoucher, &Subject::none()));
    }

    #[test]
    fn an_actor_without_an_organisation_owns_nothing() {
        let stray = actor(EnterpriseOwner, None, None);
        assert!(!permits(&stray, Action::ViewCase, &Subject::org("org_a")));
    }
}
