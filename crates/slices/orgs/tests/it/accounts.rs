//! The administrator and accounts.

use kernel::{Actor, Role};
use orgs::Password;
use orgs::accounts::create::{self, CreateAccountError, NewAccount};
use orgs::accounts::manage::{self, ManageAccountError};
use orgs::accounts::sign_in::SignInError;
use testkit::{city_officer, on_both};

use crate::help::*;

async fn new(login: &str, role: Role, org_id: Option<&str>, district: Option<&str>) -> NewAccount {
    NewAccount {
        login: login.into(),
        person_name: "某人".into(),
        role,
        org_id: org_id.map(Into::into),
        district: district.map(Into::into),
        password: passwords().hash(login, &Password::new(GOOD)).await.unwrap(),
        lang: None,
        must_change_password: true,
    }
}

on_both!(only_the_administrator_makes_accounts_and_places_must_fit, |bed| async move {
    let org = with_owner(&bed, 1, "owner").await.org_id;
    let make = async |actor: Actor, cmd: NewAccount| bed.write(&actor, move |cx| Box::pin(create::run(cx, cmd))).await;
    let officer = new("officer", Role::DistrictOfficer, None, Some("120116")).await;
    for actor in [city_officer(1), Actor::public(), testkit::enterprise_owner(&org)] {
        assert!(matches!(make(actor, officer.clone()).await, Err(CreateAccountError::Forbidden)));
    }
    make(administrator(), officer.clone()).await.unwrap();
    assert!(matches!(make(administrator(), officer).await, Err(CreateAccountError::LoginTaken { .. })));
    let bad = [
        ("district-wrong", new("b1", Role::DistrictOfficer, None, None).await),
        ("district-wrong", new("b2b", Role::CityOfficer, None, Some("120116")).await),
        ("org-wrong", new("b3b", Role::EnterpriseMember, None, None).await),
        ("org-wrong", new("b4b", Role::Provider, Some(&org), None).await),
        ("org-wrong", new("b5b", Role::Auditor, Some(&org), None).await),
        ("role-wrong", new("b6b", Role::System, None, None).await),
        ("login-wrong", new("王", Role::Auditor, None, None).await),
    ];
    for (code, cmd) in bad {
        let login = cmd.login.clone();
        let refused = make(administrator(), NewAccount { login: cmd.login.replace("b1", "b1b"), ..cmd }).await;
        assert_eq!(store::Refusal::code(&refused.unwrap_err()), code, "{login}");
    }
    make(administrator(), new("member", Role::EnterpriseMember, Some(&org), None).await).await.unwrap();
    let session = try_sign_in(&bed, "member", GOOD).await.unwrap();
    assert!(who(&bed, &session.token).await.unwrap().must_change_password);
});

on_both!(an_organisation_manages_its_own_people_and_no_others, |bed| async move {
    let org = with_owner(&bed, 1, "owner").await.org_id;
    let other = with_owner(&bed, 2, "elsewhere").await.org_id;
    let officer = account(&bed, "city", Role::CityOfficer, None).await;
    let owner = testkit::enterprise_owner(&org);
    let make = async |actor: &Actor, cmd: NewAccount| bed.write(actor, move |cx| Box::pin(create::run(cx, cmd))).await;
    let member = make(&owner, new("member", Role::EnterpriseMember, Some(&org), None).await).await.unwrap();
    make(&owner, new("second", Role::EnterpriseOwner, Some(&org), None).await).await.unwrap();
    // Not for another organisation, not outside any, not in a role of another kind, and not by a member.
    for cmd in [
        new("for-them", Role::EnterpriseMember, Some(&other), None).await,
        new("an-officer", Role::DistrictOfficer, None, Some("120116")).await,
        new("an-admin", Role::Administrator, None, None).await,
    ] {
        assert!(matches!(make(&owner, cmd).await, Err(CreateAccountError::Forbidden)));
    }
    let wrong_kind = make(&owner, new("cloud", Role::Provider, Some(&org), None).await).await;
    assert!(matches!(wrong_kind, Err(CreateAccountError::OrgWrong {})));
    let one_of_us = Actor { role: Role::EnterpriseMember, ..owner.clone() };
    let by_member = make(&one_of_us, new("friend", Role::EnterpriseMember, Some(&org), None).await).await;
    assert!(matches!(by_member, Err(CreateAccountError::Forbidden)));
    // The list is its own people's; others' accounts are neither shown nor changed.
    let listed = bed.read(&owner, |cx| Box::pin(manage::list(cx, None, String::new(), 50))).await.unwrap();
    assert_eq!(listed.iter().map(|a| a.login.as_str()).collect::<Vec<_>>(), ["member", "owner", "second"]);
    let disable = async |id: String| bed.write(&owner, move |cx| Box::pin(manage::set_disabled(cx, id, true))).await;
    assert!(matches!(disable(officer.clone()).await, Err(ManageAccountError::Forbidden)));
    let seen = bed.read(&owner, move |cx| Box::pin(manage::view(cx, officer))).await;
    assert!(matches!(seen, Err(ManageAccountError::Forbidden)));
    disable(member).await.unwrap();
    assert!(matches!(try_sign_in(&bed, "member", GOOD).await, Err(SignInError::Disabled {})));
});

on_both!(disabling_ends_everything_at_once, |bed| async move {
    let id = account(&bed, "wang", Role::CityOfficer, None).await;
    let session = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let disable = async |id: &str, on: bool| {
        let id = id.to_owned();
        bed.write(&administrator(), move |cx| Box::pin(manage::set_disabled(cx, id, on))).await
    };
    disable(&id, true).await.unwrap();
    assert!(who(&bed, &session.token).await.is_none());
    assert!(matches!(try_sign_in(&bed, "wang", GOOD).await, Err(SignInError::Disabled {})));
    assert!(matches!(try_sign_in(&bed, "wang", "a wrong password").await, Err(SignInError::Wrong { .. })));
    disable(&id, false).await.unwrap();
    assert!(who(&bed, &session.token).await.is_none(), "an ended session does not come back");
    try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let only = account(&bed, "root", Role::Administrator, None).await;
    assert!(matches!(disable(&only, true).await, Err(ManageAccountError::LastAdministrator {})));
    account(&bed, "root2", Role::Administrator, None).await;
    disable(&only, true).await.unwrap();
    assert!(matches!(disable("acc_none", true).await, Err(ManageAccountError::NotFound)));
    let oneself = Actor { user_id: only.clone(), ..administrator() };
    let refused = bed.write(&oneself, move |cx| Box::pin(manage::set_disabled(cx, only, true))).await;
    assert!(matches!(refused, Err(ManageAccountError::Oneself {})));
});

on_both!(a_reset_lifts_the_lock_and_asks_for_a_new_password, |bed| async move {
    let id = account(&bed, "wang", Role::CityOfficer, None).await;
    let before = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    for _ in 0..5 {
        let _ = try_sign_in(&bed, "wang", "a wrong password").await;
    }
    let fresh = passwords().hash("wang", &Password::new("a first password given")).await.unwrap();
    let (target, hash) = (id.clone(), fresh.clone());
    let refused = bed.write(&city_officer(1), move |cx| Box::pin(manage::reset(cx, target, hash, false))).await;
    assert!(matches!(refused, Err(ManageAccountError::Forbidden)));
    bed.write(&administrator(), move |cx| Box::pin(manage::reset(cx, id, fresh, true))).await.unwrap();
    assert!(who(&bed, &before.token).await.is_none());
    let session = try_sign_in(&bed, "wang", "a first password given").await.unwrap();
    assert!(who(&bed, &session.token).await.unwrap().must_change_password);
});

on_both!(accounts_list_in_order_with_a_cursor, |bed| async move {
    for login in ["carol", "alice", "bob", "alfred"] {
        account(&bed, login, Role::Auditor, None).await;
    }
    let list = async |after: Option<&str>, prefix: &str| {
        let (after, prefix) = (after.map(str::to_owned), prefix.to_owned());
        let found = bed.read(&administrator(), move |cx| Box::pin(manage::list(cx, after, prefix, 2))).await.unwrap();
        found.into_iter().map(|a| a.login).collect::<Vec<_>>()
    };
    assert_eq!(list(None, "").await, ["alfred", "alice"]);
    assert_eq!(list(Some("alice"), "").await, ["bob", "carol"]);
    assert_eq!(list(None, "Al").await, ["alfred", "alice"]);
    assert!(list(None, "z%").await.is_empty());
});
