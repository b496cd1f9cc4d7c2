//! Numbers for charts: a stretch of readings in one binary answer, and what is new over one WebSocket a page.
//!
//! Binary, since a chart of 100,000 points is 1.6 MB of two floats each and would be three times that as JSON. The socket asks
//! the lake a few times a second what is new in the series that the page watches: what it costs does not depend on how much
//! else arrives, and a page that is slow to read is behind, not in anybody's memory.

use std::collections::HashMap;
use std::time::Duration;

use axum::extract::ws::{Message, WebSocket, WebSocketUpgrade};
use axum::extract::{Path, Query};
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse, Response};
use lake::{Lake, Point, Quality, Series, SeriesId, Value};
use serde::Deserialize;
use web::{AppError, Ctx};

use crate::read;
use crate::readings;

/// Series that one page may watch.
pub const WATCHED_MAX: usize = 200;
/// Points of one answer; a chart cannot show more.
pub const POINTS_MAX: usize = 200_000;
/// How often the lake is asked what is new.
const ASK_MS: u64 = 200;
/// Of one series in one frame: who was away longer reads the history again.
const BURST_MAX: usize = 5_000;
/// A message of the page is a list of names.
const REQUEST_BYTES_MAX: usize = 64 << 10;

/// Which stretch.
#[derive(Debug, Deserialize)]
pub struct PointsQuery {
    property: String,
    /// Milliseconds since 1970.
    from_ms: i64,
    to_ms: i64,
}

/// GET /devices/{id}/points: little-endian pairs of 64-bit floats, time in ms and number; NaN where the reading is bad or no
/// number. Of more than [`POINTS_MAX`] the latest.
pub async fn points(ctx: Ctx, Path(id): Path<String>, Query(q): Query<PointsQuery>) -> Result<Response, AppError> {
    let wanted = id.clone();
    ctx.read(|cx| Box::pin(async move { read::device_to_read(cx, &wanted).await })).await?;
    let stretch = (q.from_ms.saturating_mul(1_000), q.to_ms.saturating_mul(1_000));
    let found = readings::range(&ctx.app, &id, &q.property, stretch).await?;
    let shown = &found[found.len().saturating_sub(POINTS_MAX)..];
    let mut bytes = Vec::with_capacity(shown.len() * 16);
    shown.iter().for_each(|p| put(&mut bytes, p));
    Ok(([(header::CONTENT_TYPE, "application/octet-stream"), (header::CACHE_CONTROL, "no-store")], bytes)
        .into_response())
}

fn number(point: &Point) -> f64 {
    match point.value {
        Value::Number(n) if point.quality != Quality::Bad => n,
        _ => f64::NAN,
    }
}

fn put(bytes: &mut Vec<u8>, point: &Point) {
    bytes.extend_from_slice(&(point.at_us as f64 / 1_000.0).to_le_bytes());
    bytes.extend_from_slice(&number(point).to_le_bytes());
}

/// What a page asks for: the names of the series in the order in which it calls them by number.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Watch {
    watch: Vec<(String, String)>,
}

struct Watched {
    series: Series,
    id: SeriesId,
    /// Up to here the page has it.
    sent_us: i64,
}

/// GET /live: a WebSocket. The page sends `{"watch":[["device","property"],…]}`; each binary frame is a row of blocks: series
/// (u16), count (u16), and count pairs as of [`points`]. A text frame says `{"refused":"…"}`.
pub async fn live(ctx: Ctx, headers: HeaderMap, upgrade: WebSocketUpgrade) -> Response {
    // A browser sends cookies to a socket from any site's page: only our own pages may open one.
    if !same_site(&headers) {
        return AppError::forbidden().into_response();
    }
    upgrade.max_message_size(REQUEST_BYTES_MAX).on_upgrade(move |socket| serve(ctx, socket))
}

fn same_site(headers: &HeaderMap) -> bool {
    let text = |name| headers.get(name).and_then(|v| v.to_str().ok());
    match (text(header::ORIGIN), text(header::HOST)) {
        (Some(origin), Some(host)) => origin.split_once("://").is_some_and(|(_, from)| from == host),
        // Not a browser.
        (None, _) => true,
        _ => false,
    }
}

async fn serve(ctx: Ctx, mut socket: WebSocket) {
    let lake = ctx.app.part::<Lake>();
    let mut watched: Vec<Watched> = Vec::new();
    let mut tick = tokio::time::interval(Duration::from_millis(ASK_MS));
    tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        let frame = tokio::select! {
            came = socket.recv() => match came {
                Some(Ok(Message::Text(text))) => match watch(&ctx, &lake, &text).await {
                    Ok(now) => {
                        watched = now;
                        continue;
                    }
                    Err(why) => Message::text(serde_json::json!({ "refused": why }).to_string()),
                },
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                _ => return,
            },
            _ = tick.tick() => match news(&lake, &mut watched) {
                bytes if bytes.is_empty() => continue,
                bytes => Message::binary(bytes),
            },
        };
        // A page that takes nothing for long is gone, whatever its connection says.
        match tokio::time::timeout(Duration::from_secs(20), socket.send(frame)).await {
            Ok(Ok(())) => {}
            _ => return,
        }
    }
}

/// The series of a request, each looked at with the reader's own eyes; or why not.
async fn watch(ctx: &Ctx, lake: &Lake, text: &str) -> Result<Vec<Watched>, String> {
    let asked: Watch = serde_json::from_str(text).map_err(|e| e.to_string())?;
    if asked.watch.len() > WATCHED_MAX {
        return Err(match ctx.lang {
            kernel::Lang::Zh => format!("一个页面最多观看 {WATCHED_MAX} 个序列。"),
            kernel::Lang::En => format!("A page watches at most {WATCHED_MAX} series."),
        });
    }
    let mut may: HashMap<String, bool> = HashMap::new();
    let mut out = Vec::with_capacity(asked.watch.len());
    for (device, property) in asked.watch {
        if !may.contains_key(&device) {
            let id = device.clone();
            let found = ctx.read(|cx| Box::pin(async move { read::device_to_read(cx, &id).await })).await;
            may.insert(device.clone(), found.is_ok());
        }
        if !may[&device] {
            return Err(format!(
                "{} {device}",
                ctx.t("没有该设备，或您无权查看：", "There is no such device, or you may not see it:")
            ));
        }
        let id = lake.series(&device, &property);
        let sent_us = lake.last(id).map_or(i64::MIN, |p| p.at_us - 1);
        out.push(Watched { series: Series::new(device, property), id, sent_us });
    }
    Ok(out)
}

/// A frame of what is new in order of device time. A late reading is in the history, not here.
fn news(lake: &Lake, watched: &mut [Watched]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (index, w) in (0u16..).zip(watched.iter_mut()) {
        let Some(last) = lake.last(w.id).filter(|p| p.at_us > w.sent_us) else { continue };
        let from_us = w.sent_us.saturating_add(1);
        w.sent_us = last.at_us;
        // Between two questions little comes, and it lies in memory.
        let new = lake.range(&w.series, from_us, last.at_us + 1).unwrap_or_else(|_| vec![last]);
        let new = &new[new.len().saturating_sub(BURST_MAX)..];
        bytes.extend_from_slice(&index.to_le_bytes());
        bytes.extend_from_slice(&u16::try_from(new.len()).unwrap_or(u16::MAX).to_le_bytes());
        new.iter().for_each(|p| put(&mut bytes, p));
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_pages_may_open_a_socket() {
        let of = |origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, "plant.example.cn:8018".parse().unwrap());
            origin.map(|o| headers.insert(header::ORIGIN, o.parse().unwrap()));
            same_site(&headers)
        };
        assert!(of(Some("https://plant.example.cn:8018")) && of(None));
        assert!(!of(Some("https://evil.example.cn")) && !of(Some("null")));
    }
}
