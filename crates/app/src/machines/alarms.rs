//! Alarms beside the stream: what they read comes from the lake and the directory, what they send leaves by the configuration.

use std::sync::Arc;

use alarms::{Engine, Last, MailServer, Notifier, Outgoing, Sources};
use isa18::{KnownProperty, Past, PropertyKind};
use lake::{Lake, Series, SeriesId};
use things::{Directory, Kind};

use crate::config::Notices;

/// The evaluation, listening to everything that is stored from now on.
pub fn engine(lake: &Arc<Lake>, directory: &Arc<Directory>) -> Arc<Engine> {
    let engine = Arc::new(Engine::new(sources(lake, directory)));
    let heard = Arc::downgrade(&engine);
    lake.observe(Box::new(move |batch| {
        let Some(engine) = heard.upgrade() else { return };
        engine.on_batch(batch.server_at_us, batch.points.iter().map(|p| (p.series.0, p.at_us, &p.value, p.quality)));
    }));
    engine
}

/// The lake as weak references: it keeps the engine as an observer, and must not be kept by it in turn.
fn sources(lake: &Arc<Lake>, directory: &Arc<Directory>) -> Sources {
    let weak = Arc::downgrade(lake);
    let (names, lasts, pasts, directory) = (weak.clone(), weak.clone(), weak, directory.clone());
    Sources {
        name: Arc::new(move |number| {
            let series = names.upgrade()?.name(SeriesId(number));
            Some((series.device.to_string(), series.property.to_string()))
        }),
        last: Arc::new(move |device, property| {
            let lake = lasts.upgrade()?;
            let point = lake.last(lake.series(device, property))?;
            Some(Last { at_us: point.at_us, value: point.value, quality: point.quality })
        }),
        history: Arc::new(move |device, property, from_us, to_us| {
            let lake = pasts.upgrade().ok_or("the lake is closed")?;
            let points = lake.range(&Series::new(device, property), from_us, to_us).map_err(|e| e.to_string())?;
            let past = |p: lake::Point| Past {
                property: property.to_owned(),
                at_us: p.at_us,
                value: p.value,
                quality: p.quality,
            };
            Ok(points.into_iter().map(past).collect())
        }),
        properties: Arc::new(move |product| {
            let of = |facts: &things::directory::Facts| &**facts.model.product() == product;
            let entry = directory.all().into_iter().find(|e| of(&e.facts()))?;
            let facts = entry.facts();
            let known = |p: &things::Property| KnownProperty {
                name: p.name.clone(),
                kind: match p.kind {
                    Kind::Number { min, max, .. } => PropertyKind::Number { min, max },
                    Kind::Flag => PropertyKind::Flag,
                    Kind::Text { .. } => PropertyKind::Text,
                },
            };
            Some(facts.model.properties().iter().map(known).collect())
        }),
    }
}

/// What sends notices.
pub fn notifier(notices: &Notices) -> Notifier {
    let mail = notices.mail_host.as_ref().map(|host| MailServer {
        host: host.clone(),
        port: notices.mail_port,
        security: notices.mail_security,
        user: notices.mail_user.clone(),
        // Not in the file that people copy around.
        password: std::env::var("YUNJIN_MAIL_PASSWORD").ok(),
        from: notices.mail_from.clone().unwrap_or_default(),
    });
    Notifier::new(Outgoing { mail, private_addresses: notices.private_addresses })
}
