//! What the tests share.

use jiff::Span;
use kernel::{Actor, Fen, IdSource, Lang, Role, Uscc};
use orgs::accounts::sign_in::{self, SignIn, SignInError};
use orgs::accounts::{NewSession, SignedIn, create};
use orgs::register::{self, Owner, Register, RegisterError, Registered};
use orgs::{OrgKind, Password, PasswordConfig, Passwords, StatedFacts};
use store::StoreError;
use testkit::{TestBed, day};

pub const GOOD: &str = "four plain words here";

/// Hashing that costs nothing.
pub fn passwords() -> Passwords {
    Passwords::try_new(PasswordConfig::cheap(), IdSource::seeded(11)).expect("argon2 takes these")
}

/// A valid credit code, another for each `n`.
pub fn uscc(n: u32) -> Uscc {
    Uscc::compose("91", "120000", &format!("MA{n:06}")).expect("sixteen characters")
}

pub fn facts(district: &str) -> StatedFacts {
    StatedFacts {
        district: Some(district.into()),
        industry: Some("34".into()),
        staff: Some(86),
        revenue_fen: Some(Fen::from_yuan(32_000_000)),
        established_on: Some(day("2009-05-18")),
        registered_in_city: Some(true),
        ..StatedFacts::default()
    }
}

pub fn enterprise(n: u32, name: &str, district: &str) -> Register {
    Register {
        kind: OrgKind::Enterprise,
        uscc: uscc(n).to_string(),
        name: name.into(),
        simulated: false,
        facts: facts(district),
        facts_from: day("2018-01-01"),
        owner: None,
    }
}

pub async fn enter(bed: &TestBed, actor: &Actor, cmd: Register) -> Result<Registered, RegisterError> {
    bed.write(actor, move |cx| Box::pin(register::run(cx, cmd))).await
}

/// An enterprise with an owner who signs in with [`GOOD`].
pub async fn with_owner(bed: &TestBed, n: u32, login: &str) -> Registered {
    let password = passwords().hash(login, &Password::new(GOOD)).await.expect("a good password");
    let owner = Owner { login: login.into(), person_name: "张伟".into(), password, lang: Some(Lang::En) };
    let cmd = Register { owner: Some(owner), ..enterprise(n, &format!("企业{n}"), "120116") };
    enter(bed, &Actor::public(), cmd).await.expect("registers")
}

pub fn administrator() -> Actor {
    Actor {
        user_id: "acc_admin".into(),
        name: "管理员".into(),
        role: Role::Administrator,
        org_id: None,
        district: None,
    }
}

/// An account made by the administrator, with password [`GOOD`].
pub async fn account(bed: &TestBed, login: &str, role: Role, district: Option<&str>) -> String {
    let new = create::NewAccount {
        login: login.into(),
        person_name: login.into(),
        role,
        org_id: None,
        district: district.map(Into::into),
        password: passwords().hash(login, &Password::new(GOOD)).await.expect("a good password"),
        lang: None,
        must_change_password: false,
    };
    bed.write(&administrator(), move |cx| Box::pin(create::run(cx, new))).await.expect("makes it")
}

pub async fn try_sign_in(bed: &TestBed, login: &str, password: &str) -> Result<NewSession, SignInError> {
    let cmd = SignIn { login: login.into(), password: Password::new(password), replaces: None };
    sign_in::run(&bed.db, &passwords(), "test", cmd).await
}

pub async fn who(bed: &TestBed, token: &str) -> Option<SignedIn> {
    let token = token.to_owned();
    bed.read::<_, StoreError, _>(&Actor::public(), move |cx| {
        Box::pin(async move { orgs::accounts::authenticate(cx, &token).await })
    })
    .await
    .expect("the records answer")
}

pub fn minutes(bed: &TestBed, n: i64) {
    bed.clock.advance(Span::new().minutes(n));
}

/// Everything in the journal, as text.
pub async fn journal_text(bed: &TestBed) -> String {
    let filter = store::JournalFilter { limit: 10_000, ..Default::default() };
    let rows = bed
        .read::<_, StoreError, _>(&Actor::system(), move |cx| {
            Box::pin(async move { store::list_journal(cx, &filter).await })
        })
        .await
        .expect("the journal reads");
    rows.iter().map(|r| format!("{} {} {} {}\n", r.verb, r.object, r.before, r.after)).collect()
}
