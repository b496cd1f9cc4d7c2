//! Signing in: locks, one-time codes, sessions and their ends, tokens, a clock set back.

use kernel::{Actor, Clock, Lang, Role, ShiftedClock, SystemClock};
use orgs::accounts::change_password::{self, ChangePassword, ChangePasswordError};
use orgs::accounts::sign_in::SignInError;
use orgs::accounts::verify_totp::{self, VerifyTotp, VerifyTotpError};
use orgs::accounts::{NewSession, authenticate_bearer, code_pending, set_lang, sign_out, tokens, totp, touch};
use orgs::{Password, totp_code_at};
use store::{Db, DbConfig, DbOptions, StoreError, params};
use testkit::{TestBed, on_both};

use crate::help::*;

const WRONG: &str = "not the password";

async fn fail(bed: &TestBed, login: &str, times: usize) -> Vec<SignInError> {
    let mut errors = Vec::new();
    for _ in 0..times {
        errors.push(try_sign_in(bed, login, WRONG).await.unwrap_err());
    }
    errors
}

on_both!(five_failures_lock_known_and_unknown_logins_alike, |bed| async move {
    account(&bed, "wang", Role::CityOfficer, None).await;
    let texts = |errors: Vec<SignInError>| errors.iter().map(ToString::to_string).collect::<Vec<_>>();
    let known = texts(fail(&bed, "wang", 6).await);
    let unknown = texts(fail(&bed, "nobody", 6).await);
    assert_eq!(known, unknown, "nothing tells which of them exists");
    assert!(known[3].contains("locked for a while: 1") && known[4].contains("Minutes until it opens: 15"), "{known:?}");
    assert!(matches!(try_sign_in(&bed, "wang", GOOD).await, Err(SignInError::Locked { minutes: 15 })));
    minutes(&bed, 14);
    assert!(matches!(try_sign_in(&bed, "WANG", GOOD).await, Err(SignInError::Locked { minutes: 1 })));
    minutes(&bed, 1);
    assert!(matches!(&fail(&bed, "wang", 5).await[4], SignInError::Locked { minutes: 30 }), "the next lock is longer");
    minutes(&bed, 30);
    try_sign_in(&bed, "wang", GOOD).await.unwrap();
    assert!(matches!(&fail(&bed, "wang", 1).await[0], SignInError::Wrong { tries_left: 4 }), "forgiven");
});

on_both!(a_clock_set_back_neither_unlocks_nor_extends, |bed| async move {
    account(&bed, "wang", Role::CityOfficer, None).await;
    bed.on("2019-01-10");
    fail(&bed, "wang", 5).await;
    bed.on("2019-01-09");
    assert!(matches!(try_sign_in(&bed, "wang", GOOD).await, Err(SignInError::Locked { .. })));
    bed.on("2019-01-11");
    let session = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    assert!(who(&bed, &session.token).await.is_some());
    bed.on("2019-01-10");
    assert!(who(&bed, &session.token).await.is_none(), "a session from the future has ended");
});

on_both!(sessions_end_idle_and_at_their_end, |bed| async move {
    account(&bed, "wang", Role::CityOfficer, None).await;
    let first = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    minutes(&bed, 61);
    assert!(who(&bed, &first.token).await.is_none(), "idle for more than an hour");

    let second = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    assert!(who(&bed, &second.token).await.unwrap().touch.is_none(), "nothing to write so soon");
    for _ in 0..14 {
        minutes(&bed, 50);
        let Some(me) = who(&bed, &second.token).await else { break };
        let touch = me.touch.expect("due");
        bed.write::<_, StoreError, _>(&me.actor, move |cx| Box::pin(touch::run(cx, touch))).await.unwrap();
        assert!(who(&bed, &second.token).await.unwrap().touch.is_none());
    }
    // 14 × 50 minutes are 11 h 40; another 30 reach past the absolute end though not idle.
    assert!(who(&bed, &second.token).await.is_some());
    minutes(&bed, 30);
    assert!(who(&bed, &second.token).await.is_none(), "twelve hours are the end, used or not");
    let cleared = bed
        .write::<_, StoreError, _>(&Actor::system(), |cx| Box::pin(orgs::jobs::clear_ended_sessions(cx)))
        .await
        .unwrap();
    assert_eq!(cleared, 2);
});

on_both!(tokens_change_at_sign_in_and_only_hashes_are_kept, |bed| async move {
    account(&bed, "wang", Role::CityOfficer, None).await;
    let first = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let cmd = orgs::accounts::sign_in::SignIn {
        login: "wang".into(),
        password: Password::new(GOOD),
        replaces: Some(first.token.clone()),
    };
    let second = orgs::accounts::sign_in::run(&bed.db, &passwords(), "test", cmd).await.unwrap();
    assert_ne!(first.token, second.token);
    assert!(who(&bed, &first.token).await.is_none(), "the browser's former session has ended");
    let me = who(&bed, &second.token).await.unwrap();
    assert!(who(&bed, "0000").await.is_none());
    let token = second.token.clone();
    let kept = bed
        .read::<_, StoreError, _>(&Actor::system(), move |cx| {
            Box::pin(async move {
                let sql = "SELECT COUNT(*) AS n FROM orgs_session WHERE token_sha256 = $1";
                cx.one(sql, params![token]).await?.get::<i64>("n")
            })
        })
        .await
        .unwrap();
    assert_eq!(kept, 0, "the token itself is not stored");
    let journal = journal_text(&bed).await;
    for secret in [GOOD, first.token.as_str(), second.token.as_str(), me.csrf.as_str(), "argon2"] {
        assert!(!journal.contains(secret), "a secret in the journal");
    }
    bed.write(&me.actor, {
        let t = second.token.clone();
        move |cx| Box::pin(sign_out::run(cx, t))
    })
    .await
    .unwrap();
    assert!(who(&bed, &second.token).await.is_none());
});

/// Switches one-time codes on; the secret and the recovery codes.
async fn enrol(bed: &TestBed, actor: &Actor) -> (String, Vec<String>) {
    let offer = bed.write(actor, |cx| Box::pin(totp::offer(cx))).await.unwrap();
    assert!(offer.address.contains(&offer.secret));
    let wrong = bed.write(actor, |cx| Box::pin(totp::confirm(cx, "000000".into()))).await;
    assert!(matches!(wrong, Err(totp::TotpError::CodeWrong {})));
    let code = totp_code_at(&offer.secret, bed.db.clock().now()).unwrap();
    let codes = bed.write(actor, move |cx| Box::pin(totp::confirm(cx, code))).await.unwrap();
    (offer.secret, codes)
}

async fn give(bed: &TestBed, session: &NewSession, code: &str) -> Result<NewSession, VerifyTotpError> {
    let cmd = VerifyTotp { token: session.token.clone(), code: code.into() };
    verify_totp::run(&bed.db, "test", cmd).await
}

on_both!(a_one_time_code_is_the_second_step_and_works_once, |bed| async move {
    let id = account(&bed, "wang", Role::CityOfficer, None).await;
    let me = Actor { user_id: id, ..testkit::city_officer(1) };
    let (secret, recovery) = enrol(&bed, &me).await;
    let code = |bed: &TestBed| totp_code_at(&secret, bed.db.clock().now()).unwrap();

    let half = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    assert!(half.code_needed);
    assert!(who(&bed, &half.token).await.is_none(), "the password alone signs nobody in");
    let pending = half.token.clone();
    let csrf = bed
        .read::<_, StoreError, _>(&Actor::public(), move |cx| Box::pin(async move { code_pending(cx, &pending).await }))
        .await
        .unwrap();
    assert!(csrf.is_some());
    let enrolled_with = code(&bed);
    assert!(
        matches!(give(&bed, &half, &enrolled_with).await, Err(VerifyTotpError::CodeWrong { tries_left: 4 })),
        "used up"
    );
    minutes(&bed, 1);
    let fresh = code(&bed);
    let full = give(&bed, &half, &format!(" {} {} ", &fresh[..3], &fresh[3..])).await.unwrap();
    assert_ne!(full.token, half.token, "the token changes again");
    assert!(who(&bed, &full.token).await.unwrap().has_totp);
    assert!(matches!(give(&bed, &half, &fresh).await, Err(VerifyTotpError::StepExpired {})));

    let half = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    assert!(give(&bed, &half, &fresh).await.is_err(), "the same code again");
    let by_recovery = give(&bed, &half, &recovery[3].to_uppercase()).await.unwrap();
    assert!(who(&bed, &by_recovery.token).await.is_some());
    let half = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    assert!(give(&bed, &half, &recovery[3]).await.is_err(), "a recovery code works once");
    let left = bed.read(&me, |cx| Box::pin(totp::recovery_codes_left(cx))).await.unwrap();
    assert_eq!(left, 9);
    minutes(&bed, 11);
    assert!(matches!(give(&bed, &half, &code(&bed)).await, Err(VerifyTotpError::StepExpired {})));
    let journal = journal_text(&bed).await;
    assert!(!journal.contains(&secret) && recovery.iter().all(|c| !journal.contains(c)));
});

on_both!(the_password_does_not_buy_unlimited_tries_at_the_code, |bed| async move {
    let id = account(&bed, "wang", Role::CityOfficer, None).await;
    let me = Actor { user_id: id, ..testkit::city_officer(1) };
    let (_, recovery) = enrol(&bed, &me).await;
    let mut locked = false;
    for n in 0..6 {
        let Ok(half) = try_sign_in(&bed, "wang", GOOD).await else {
            locked = true;
            assert!(n >= 2);
            break;
        };
        for _ in 0..2 {
            let refused = give(&bed, &half, "12345x").await.unwrap_err();
            locked = matches!(refused, VerifyTotpError::Locked { .. });
        }
    }
    assert!(locked);
    minutes(&bed, 15);
    let half = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    give(&bed, &half, &recovery[0]).await.unwrap();
    bed.write(&me, {
        let c = recovery[1].clone();
        move |cx| Box::pin(totp::remove(cx, c))
    })
    .await
    .unwrap();
    assert!(!try_sign_in(&bed, "wang", GOOD).await.unwrap().code_needed);
});

on_both!(changing_the_password_ends_the_other_sessions, |bed| async move {
    account(&bed, "wang", Role::CityOfficer, None).await;
    let here = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let elsewhere = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let me = who(&bed, &here.token).await.unwrap().actor;
    let api = bed.write(&me, |cx| Box::pin(tokens::create(cx, "script".into(), 30))).await.unwrap();
    let change = async |current: &str, new: &str, token: &str| {
        let cmd = ChangePassword { current: Password::new(current), new: Password::new(new), token: token.into() };
        change_password::run(&bed.db, &passwords(), &me, "test", cmd).await
    };
    let refused = change(WRONG, "another fine sentence", &here.token).await;
    assert!(matches!(refused, Err(ChangePasswordError::CurrentWrong { tries_left: 4 })));
    assert!(matches!(change(GOOD, "short", &here.token).await, Err(ChangePasswordError::NewWrong { .. })));
    assert!(matches!(change(GOOD, GOOD, &here.token).await, Err(ChangePasswordError::NewSame {})));
    let on = change(GOOD, "another fine sentence", &here.token).await.unwrap();
    assert!(who(&bed, &on.token).await.is_some());
    assert!(who(&bed, &here.token).await.is_none() && who(&bed, &elsewhere.token).await.is_none());
    assert!(bearer(&bed, &api.token).await.is_none(), "tokens are revoked with it");
    assert!(try_sign_in(&bed, "wang", GOOD).await.is_err());
    try_sign_in(&bed, "wang", "another fine sentence").await.unwrap();
});

async fn bearer(bed: &TestBed, token: &str) -> Option<orgs::accounts::SignedIn> {
    let token = token.to_owned();
    bed.read::<_, StoreError, _>(&Actor::public(), move |cx| {
        Box::pin(async move { authenticate_bearer(cx, &token).await })
    })
    .await
    .unwrap()
}

on_both!(api_tokens_are_named_expire_and_are_revoked, |bed| async move {
    let id = account(&bed, "wang", Role::CityOfficer, None).await;
    let me = Actor { user_id: id, ..testkit::city_officer(1) };
    let make = async |name: &str, days| {
        let name = name.to_owned();
        bed.write(&me, move |cx| Box::pin(tokens::create(cx, name, days))).await
    };
    assert!(matches!(make(" ", 30).await, Err(tokens::TokenError::NameWrong {})));
    assert!(matches!(make("x", 367).await, Err(tokens::TokenError::DaysWrong { .. })));
    let (a, b) = (make("reports", 1).await.unwrap(), make("sync", 30).await.unwrap());
    let seen = bearer(&bed, &a.token).await.unwrap();
    assert_eq!((seen.actor.role, seen.csrf.as_str()), (Role::CityOfficer, ""));
    let used = seen.touch.expect("never used before");
    bed.write::<_, StoreError, _>(&me, move |cx| Box::pin(touch::run(cx, used))).await.unwrap();
    let listed = bed.read(&me, |cx| Box::pin(tokens::list(cx))).await.unwrap();
    assert!(listed.iter().any(|t| t.name == "reports" && t.last_used.is_some()));
    minutes(&bed, 24 * 60);
    assert!(bearer(&bed, &a.token).await.is_none(), "past its day");
    assert!(bearer(&bed, &b.token).await.is_some());
    let stranger = Actor { user_id: "acc_x".into(), ..me.clone() };
    let theirs = b.stored.id.clone();
    let refused = bed.write(&stranger, move |cx| Box::pin(tokens::revoke(cx, theirs))).await;
    assert!(matches!(refused, Err(tokens::TokenError::NotFound)));
    let own = b.stored.id.clone();
    bed.write(&me, move |cx| Box::pin(tokens::revoke(cx, own))).await.unwrap();
    assert!(bearer(&bed, &b.token).await.is_none());
    assert!(!journal_text(&bed).await.contains(&b.token));
});

on_both!(the_language_is_kept_with_the_account, |bed| async move {
    account(&bed, "wang", Role::CityOfficer, None).await;
    let session = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let me = who(&bed, &session.token).await.unwrap();
    assert_eq!(me.lang, None, "nobody chose yet: the browser's language holds");
    bed.write(&me.actor, |cx| Box::pin(set_lang::run(cx, Lang::En))).await.unwrap();
    assert_eq!(who(&bed, &session.token).await.unwrap().lang, Some(Lang::En));
    with_owner(&bed, 1, "reads-english").await;
    let owner = try_sign_in(&bed, "reads-english", GOOD).await.unwrap();
    assert_eq!(who(&bed, &owner.token).await.unwrap().lang, Some(Lang::En), "as when it was registered");
});

// A demonstration's records live in another year than the phone that works out the codes.
on_both!(one_time_codes_go_by_the_time_outside, |bed| async move {
    let mut bed = bed;
    let clock = std::sync::Arc::new(ShiftedClock::starting_at(testkit::instant("2019-07-04")));
    let config = DbConfig::Sqlite(bed.folder().join("shifted.db"));
    bed.db = Db::open(&config, DbOptions::default(), clock.clone()).await.unwrap();
    bed.db.keep_secrets(store::Vault::of([9; 32]));
    let id = account(&bed, "wang", Role::CityOfficer, None).await;
    let me = Actor { user_id: id, ..testkit::city_officer(1) };
    let offer = bed.write(&me, |cx| Box::pin(totp::offer(cx))).await.unwrap();
    let simulated = totp_code_at(&offer.secret, clock.now()).unwrap();
    let refused = bed.write(&me, move |cx| Box::pin(totp::confirm(cx, simulated))).await;
    assert!(matches!(refused, Err(totp::TotpError::CodeWrong {})));
    let phone = totp_code_at(&offer.secret, SystemClock::default().now()).unwrap();
    bed.write(&me, move |cx| Box::pin(totp::confirm(cx, phone))).await.unwrap();
    let half = try_sign_in(&bed, "wang", GOOD).await.unwrap();
    let next = SystemClock::default().now().checked_add(jiff::Span::new().seconds(30)).unwrap();
    give(&bed, &half, &totp_code_at(&offer.secret, next).unwrap()).await.unwrap();
});

on_both!(parallel_guesses_do_not_slip_past_the_lock, |bed| async move {
    account(&bed, "wang", Role::CityOfficer, None).await;
    let mut tasks = Vec::new();
    let hashing = std::sync::Arc::new(passwords());
    for n in 0..20 {
        let (db, hashing) = (bed.db.clone(), hashing.clone());
        tasks.push(tokio::spawn(async move {
            let password = Password::new(if n == 19 { GOOD } else { WRONG });
            let cmd = orgs::accounts::sign_in::SignIn { login: "wang".into(), password, replaces: None };
            orgs::accounts::sign_in::run(&db, &hashing, "test", cmd).await
        }));
    }
    let (mut wrong, mut locked) = (0, 0);
    for t in tasks {
        match t.await.unwrap() {
            Err(SignInError::Wrong { .. }) => wrong += 1,
            Err(SignInError::Locked { .. }) => locked += 1,
            _ => {}
        }
    }
    assert!(wrong <= 8 && locked >= 11, "{wrong} were told wrong, {locked} locked");
});
