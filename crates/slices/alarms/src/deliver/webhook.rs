//! HTTP POST of a CloudEvent, signed as Standard Webhooks has it: `v1,` and the HMAC-SHA256 of `id.timestamp.body` under
//! the secret's bytes. A receiver checks signature and time, and knows a repetition by its id.

use std::net::{IpAddr, SocketAddr};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hmac::{Hmac, Mac};
use jiff::Timestamp;
use reqwest::Url;
use reqwest::redirect::Policy;
use sha2::Sha256;

use super::{DELIVERY_TIMEOUT, Outgoing};
use crate::model::Notice;

/// A secret as it is shown once to a person.
pub fn secret_text(bytes: &[u8]) -> String {
    format!("whsec_{}", STANDARD.encode(bytes))
}

/// A URL that may be called: http or https, with a host, without a password in it.
pub fn webhook_url(text: &str) -> Result<Url, String> {
    if text.len() > 500 {
        return Err("超过 500 字符 / longer than 500 characters".into());
    }
    let url = Url::parse(text).map_err(|e| format!("不是网址 / not a URL ({e})"))?;
    if !matches!(url.scheme(), "http" | "https") {
        return Err("须以 http:// 或 https:// 开头 / must begin with http:// or https://".into());
    }
    if url.host_str().is_none_or(str::is_empty) {
        return Err("缺少主机名 / has no host".into());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("不能包含用户名或密码 / must not carry a user or a password".into());
    }
    Ok(url)
}

/// Only reachable from inside: a customer's webhook must not look into the operator's network.
fn is_private(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(v4) => {
            let [a, b, ..] = v4.octets();
            v4.is_loopback()
                || v4.is_private()
                || v4.is_link_local()
                || v4.is_unspecified()
                || v4.is_broadcast()
                || v4.is_multicast()
                || v4.is_documentation()
                || a == 0
                || (a == 100 && (64..128).contains(&b))
                || (a == 198 && (18..20).contains(&b))
                || a >= 240
        }
        IpAddr::V6(v6) => {
            let first = v6.segments()[0];
            v6.to_ipv4_mapped().is_some_and(|v4| is_private(IpAddr::V4(v4)))
                || v6.is_loopback()
                || v6.is_unspecified()
                || v6.is_multicast()
                || (first & 0xfe00) == 0xfc00
                || (first & 0xffc0) == 0xfe80
                // NAT64 and 6to4 carry an IPv4 address that is not looked into.
                || first == 0x2002
                || (first == 0x64 && v6.segments()[1] == 0xff9b)
        }
    }
}

/// Where the host is now; what was looked at is what is called, so that a name cannot point elsewhere in between.
async fn resolve(url: &Url, private_addresses: bool) -> Result<Vec<SocketAddr>, String> {
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let port = url.port_or_known_default().unwrap_or(443);
    let found = tokio::net::lookup_host((host, port)).await.map_err(|e| format!("the host is not found ({e})"))?;
    let all: Vec<SocketAddr> = found.collect();
    let allowed: Vec<SocketAddr> = all.into_iter().filter(|a| private_addresses || !is_private(a.ip())).collect();
    if allowed.is_empty() { Err("the host is in a private network, which is not allowed".into()) } else { Ok(allowed) }
}

/// `v1,…` of what is sent.
fn signature(secret: &str, id: &str, timestamp: i64, body: &str) -> Result<String, String> {
    let key = STANDARD.decode(secret.trim_start_matches("whsec_")).map_err(|_| "the secret is damaged".to_owned())?;
    let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|_| "the secret is damaged".to_owned())?;
    mac.update(format!("{id}.{timestamp}.{body}").as_bytes());
    Ok(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())))
}

/// Posts it; 2xx is arrival.
pub(super) async fn post(
    outgoing: &Outgoing,
    notice: &Notice,
    address: &str,
    secret: &str,
    now: Timestamp,
) -> Result<(), String> {
    let url = webhook_url(address)?;
    let addresses = resolve(&url, outgoing.private_addresses).await?;
    let mut client = reqwest::Client::builder().redirect(Policy::none()).timeout(DELIVERY_TIMEOUT).no_proxy();
    if let Some(host) = url.host_str() {
        client = client.resolve_to_addrs(host, &addresses);
    }
    let client = client.build().map_err(|e| format!("the client could not be made ({e})"))?;
    let (body, timestamp) = (notice.body.to_string(), now.as_second());
    let request = client
        .post(url)
        .header("content-type", "application/cloudevents+json; charset=utf-8")
        .header("webhook-id", &notice.id)
        .header("webhook-timestamp", timestamp.to_string())
        .header("webhook-signature", signature(secret, &notice.id, timestamp, &body)?)
        .body(body);
    let response = request.send().await.map_err(|e| reason(&e))?;
    let status = response.status();
    if status.is_success() { Ok(()) } else { Err(format!("answered {status}")) }
}

/// The innermost cause, without the URL: that one may carry a token.
fn reason(e: &reqwest::Error) -> String {
    let mut at: &dyn std::error::Error = e;
    while let Some(inner) = at.source() {
        at = inner;
    }
    format!("not delivered: {at}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_signature_is_the_one_of_standard_webhooks() {
        // The example of the specification's reference libraries.
        let signed = signature(
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "msg_p5jXN8AQM9LWM0D4loKWxJek",
            1_614_265_330,
            r#"{"test": 2432232314}"#,
        );
        assert_eq!(signed.unwrap(), "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn addresses_inside_are_known() {
        for inside in [
            "127.0.0.1",
            "10.1.2.3",
            "192.168.0.1",
            "172.16.0.1",
            "169.254.169.254",
            "100.64.0.1",
            "0.0.0.0",
            "::1",
            "fe80::1",
            "fd00::1",
            "::ffff:10.0.0.1",
            "64:ff9b::a00:1",
        ] {
            assert!(is_private(inside.parse().unwrap()), "{inside}");
        }
        for outside in ["1.1.1.1", "8.8.8.8", "2606:4700::1111"] {
            assert!(!is_private(outside.parse().unwrap()), "{outside}");
        }
    }

    #[test]
    fn urls_that_may_not_be_called_are_refused_with_why() {
        for (bad, why) in [
            ("ftp://x/", "http"),
            ("nonsense", "not a URL"),
            ("https://u:p@x.example/", "password"),
            ("file:///etc/passwd", "http"),
        ] {
            let told = webhook_url(bad).unwrap_err();
            assert!(told.contains(why), "{bad}: {told}");
        }
        assert!(webhook_url("https://hooks.example/a?b=c").is_ok());
    }
}
