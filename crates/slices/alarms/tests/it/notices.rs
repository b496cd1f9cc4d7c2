//! Notices: written with their cause, sent to real receivers, tried again, given up in sight.

use std::process::Stdio;
use std::sync::{Arc, Mutex};

use alarms::model::{Channel, Notice, NoticeState, TRIES_MAX};
use alarms::save_contact::{self, SaveContact, SaveContactError, SavedContact};
use alarms::{Engine, MailSecurity, MailServer, Notifier, Outgoing, Sent, read, resend, send_due};
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use kernel::{Calendar, Text};
use sha2::Sha256;
use store::Refusal;
use tokio::io::{AsyncBufReadExt, BufReader};
use web::{App, AppState, Site};

use crate::fixture::{ORG, World, hot, leaf, owner, rule, sources, world};

pub async fn try_contact(
    w: &World,
    channel: Channel,
    name: &str,
    address: &str,
) -> Result<SavedContact, SaveContactError> {
    let cmd = SaveContact { org_id: ORG.into(), name: name.into(), channel, address: address.into() };
    w.bed.write(&owner(), |cx| Box::pin(save_contact::run(cx, cmd))).await
}

pub async fn contact(w: &World, name: &str, url: &str) -> SavedContact {
    try_contact(w, Channel::Webhook, name, url).await.unwrap()
}

pub async fn notices(w: &World) -> Vec<Notice> {
    w.bed.read(&owner(), |cx| Box::pin(async move { read::notices(cx, None, "", 100).await })).await.unwrap()
}

/// To whom, newest first.
pub async fn names(w: &World) -> Vec<String> {
    notices(w).await.into_iter().map(|n| n.contact_name).collect()
}

type Heard = Arc<Mutex<Vec<(HeaderMap, String)>>>;

/// A webhook that answers as told and keeps what it heard.
async fn receiver(status: Arc<Mutex<StatusCode>>) -> (String, Heard) {
    let heard: Heard = Heard::default();
    let kept = heard.clone();
    let handler = move |headers: HeaderMap, body: Bytes| {
        let (kept, status) = (kept.clone(), *status.lock().unwrap());
        async move {
            kept.lock().unwrap().push((headers, String::from_utf8(body.to_vec()).unwrap()));
            status
        }
    };
    let router = axum::Router::new().route("/hook", axum::routing::post(handler));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/hook", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, heard)
}

fn app_with(w: &World, outgoing: Outgoing) -> AppState {
    let site = Site { name: Text::new("云津", "Yunjin"), ..Site::default() };
    let uploads = w.bed.folder().join("uploads");
    let app = App::new(w.bed.db.clone(), w.bed.blobs.clone(), uploads, site, Calendar::default());
    let engine = Arc::new(Engine::new(sources(&w.readings)));
    Arc::new(app.with(engine).with(Arc::new(Notifier::new(outgoing))))
}

async fn send(w: &World) -> Sent {
    send_due(&w.app).await.unwrap()
}

testkit::on_both!(a_webhook_gets_a_signed_cloudevent_once, |bed| async move {
    let w = world(bed).await;
    let (url, heard) = receiver(Arc::new(Mutex::new(StatusCode::NO_CONTENT))).await;
    let c = contact(&w, "班组系统", &url).await;
    let mut r = rule(leaf(hot()));
    r.notify = vec![c.id.clone()];
    w.published(r).await;
    w.read("dev_1", "temp", 90.0).await;
    assert_eq!(send(&w).await, Sent { sent: 1, again: 0, dead: 0 });
    assert_eq!(send(&w).await, Sent::default());
    let (headers, body) = heard.lock().unwrap().pop().unwrap();
    let head = |name: &str| headers[name].to_str().unwrap().to_owned();
    assert_eq!(head("content-type"), "application/cloudevents+json; charset=utf-8");
    let key = STANDARD.decode(c.secret.strip_prefix("whsec_").unwrap()).unwrap();
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).unwrap();
    mac.update(format!("{}.{}.{body}", head("webhook-id"), head("webhook-timestamp")).as_bytes());
    assert_eq!(head("webhook-signature"), format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
    let event: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(
        (event["specversion"].as_str(), event["type"].as_str()),
        (Some("1.0"), Some("cn.yunjin.alarm.occurred"))
    );
    assert_eq!(event["id"].as_str(), Some(head("webhook-id").as_str()));
    assert_eq!(event["data"]["message"]["zh"], "轴承温度过高");
    assert_eq!((&event["data"]["value"], &event["data"]["priority"]), (&"90".into(), &"high".into()));
    assert_eq!(notices(&w).await[0].state, NoticeState::Sent);
});

testkit::on_both!(
    what_does_not_arrive_is_tried_later_then_given_up_in_sight_and_sent_again_on_demand,
    |bed| async move {
        let w = world(bed).await;
        let status = Arc::new(Mutex::new(StatusCode::INTERNAL_SERVER_ERROR));
        let (url, heard) = receiver(status.clone()).await;
        let c = contact(&w, "班组系统", &url).await;
        let mut r = rule(leaf(hot()));
        r.notify = vec![c.id];
        w.published(r).await;
        w.read("dev_1", "temp", 90.0).await;
        for n in 1..=TRIES_MAX {
            let told = send(&w).await;
            let last = n == TRIES_MAX;
            assert_eq!((told.again, told.dead), (usize::from(!last), usize::from(last)), "try {n}");
            assert_eq!(send(&w).await, Sent::default(), "not before its time");
            w.advance_s(3_600);
        }
        assert_eq!(heard.lock().unwrap().len(), usize::try_from(TRIES_MAX).unwrap());
        let dead = notices(&w).await.remove(0);
        assert_eq!((dead.state, dead.tries), (NoticeState::Dead, TRIES_MAX));
        assert!(dead.last_error.contains("500"), "{}", dead.last_error);
        *status.lock().unwrap() = StatusCode::OK;
        let again = dead.id.clone();
        w.bed.write(&owner(), |cx| Box::pin(resend::run(cx, again))).await.unwrap();
        assert_eq!(send(&w).await.sent, 1);
        let refused = w.bed.write(&owner(), |cx| Box::pin(resend::run(cx, dead.id))).await.unwrap_err();
        assert_eq!(refused.code(), "notice-not-given-up");
    }
);

testkit::on_both!(a_webhook_cannot_reach_into_the_operators_network_nor_be_led_there, |bed| async move {
    let w = world(bed).await;
    let (url, heard) = receiver(Arc::new(Mutex::new(StatusCode::OK))).await;
    let port = url.rsplit(':').next().unwrap().split('/').next().unwrap().to_owned();
    let app = app_with(&w, Outgoing::default());
    for inside in
        [url.clone(), format!("http://localhost:{port}/hook"), format!("http://[::ffff:127.0.0.1]:{port}/hook")]
    {
        let c = contact(&w, "x", &inside).await;
        w.bed.write(&owner(), |cx| Box::pin(save_contact::test(cx, c.id))).await.unwrap();
        assert_eq!(send_due(&app).await.unwrap().again, 1, "{inside}");
    }
    assert!(heard.lock().unwrap().is_empty());
    assert!(notices(&w).await[0].last_error.contains("private network"));
    // A redirect is an answer like any other: it is not followed.
    let redirect = axum::Router::new()
        .route("/r", axum::routing::post(move || async move { axum::response::Redirect::temporary(&url) }));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let from = format!("http://{}/r", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, redirect).await.unwrap() });
    let c = contact(&w, "x", &from).await;
    w.bed.write(&owner(), |cx| Box::pin(save_contact::test(cx, c.id))).await.unwrap();
    assert_eq!(send(&w).await.again, 1);
    assert!(heard.lock().unwrap().is_empty());
});

testkit::on_both!(a_contact_that_cannot_be_told_is_refused_by_name, |bed| async move {
    let w = world(bed).await;
    let code = |channel, name: &str, address: &str| {
        let (name, address) = (name.to_owned(), address.to_owned());
        let w = &w;
        async move { try_contact(w, channel, &name, &address).await.unwrap_err().code() }
    };
    assert_eq!(code(Channel::Webhook, "", "https://x.example").await, "name-missing");
    for bad in ["x.example", "ftp://x.example/", "https://u:p@x.example/", "https://"] {
        assert_eq!(code(Channel::Webhook, "x", bad).await, "url-unusable", "{bad}");
    }
    for bad in ["nobody", "a@b@c", "a@b\r\nBcc: c@d"] {
        assert_eq!(code(Channel::Mail, "x", bad).await, "mail-address-unusable", "{bad}");
    }
    let c = contact(&w, "走的人", "https://x.example/").await;
    w.bed.write(&owner(), |cx| Box::pin(save_contact::test(cx, c.id))).await.unwrap();
    let (id, again) = (notices(&w).await[0].contact_id.clone(), notices(&w).await[0].contact_id.clone());
    w.bed.write(&owner(), |cx| Box::pin(save_contact::remove(cx, id))).await.unwrap();
    assert_eq!(send(&w).await.dead, 1, "nothing is sent to who was removed");
    let refused = w.bed.write(&owner(), |cx| Box::pin(save_contact::test(cx, again))).await.unwrap_err();
    assert_eq!(refused.code(), "not-found");
    let mail = try_contact(&w, Channel::Mail, "班长", "a@b.example").await.unwrap();
    assert_eq!(mail.secret, "");
    w.bed.write(&owner(), |cx| Box::pin(save_contact::test(cx, mail.id))).await.unwrap();
    assert_eq!(send(&w).await.again, 1);
    assert!(notices(&w).await[0].last_error.contains("no mail server is configured"));
});

/// Python's own mail server, or `aiosmtpd` where Python no longer has one; it prints what it gets.
async fn mail_server() -> Option<(tokio::process::Child, u16)> {
    let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let at = format!("127.0.0.1:{port}");
    let choices = [
        vec!["-W", "ignore", "-u", "-m", "smtpd", "-n", "-c", "DebuggingServer", &at],
        vec!["-u", "-m", "aiosmtpd", "-n", "-l", &at],
    ];
    for args in choices {
        let module = if args.contains(&"smtpd") { "import smtpd" } else { "import aiosmtpd" };
        let there =
            std::process::Command::new("python3").args(["-W", "ignore", "-c", module]).stderr(Stdio::null()).status();
        if !there.is_ok_and(|s| s.success()) {
            continue;
        }
        let child =
            tokio::process::Command::new("python3").args(args).stdout(Stdio::piped()).kill_on_drop(true).spawn();
        let child = child.unwrap();
        for _ in 0..200 {
            if tokio::net::TcpStream::connect(&at).await.is_ok() {
                return Some((child, port));
            }
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
        panic!("the mail server does not listen");
    }
    assert!(
        std::env::var("YUNJIN_REQUIRE_PEERS").as_deref() != Ok("1"),
        "neither smtpd nor aiosmtpd: pip install aiosmtpd"
    );
    eprintln!("skipped: python3 has neither smtpd nor aiosmtpd");
    None
}

testkit::on_both!(a_mail_arrives_at_a_real_server, |bed| async move {
    let Some((mut child, port)) = mail_server().await else { return };
    let w = world(bed).await;
    let mail = MailServer {
        host: "127.0.0.1".into(),
        port,
        security: MailSecurity::None,
        user: None,
        password: None,
        from: "云津 <alarms@yunjin.example>".into(),
    };
    let app = app_with(&w, Outgoing { mail: Some(mail), private_addresses: false });
    let c = try_contact(&w, Channel::Mail, "班长", "foreman@plant.example").await.unwrap();
    let mut r = rule(leaf(hot()));
    r.notify = vec![c.id];
    w.published(r).await;
    w.read("dev_1", "temp", 90.0).await;
    let sent = send_due(&app).await.unwrap();
    assert_eq!(sent.sent, 1, "{:?}", notices(&w).await[0].last_error);
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut text = String::new();
    while let Ok(Some(line)) = lines.next_line().await {
        text.push_str(&line);
        text.push('\n');
        if line.contains("END MESSAGE") {
            break;
        }
    }
    assert!(text.contains("foreman@plant.example") && text.contains("alarms@yunjin.example"), "{text}");
    assert!(text.to_lowercase().contains("message-id: <ntc_"), "{text}");
});
