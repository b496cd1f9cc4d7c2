//! Every SQL statement of the catalogue.

use kernel::{Fen, Text};
use store::{Cx, Row, StoreError, params};

use crate::model::{Deployment, Listing, ListingState, ListingVerb, Offer, Service, ServiceState, Step};

/// What a code that is not in our list becomes: an error naming the column, never a default.
fn coded<T>(row: &Row, column: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, StoreError> {
    let code: String = row.get(column)?;
    read(&code)
        .ok_or_else(|| StoreError::Column { column: column.to_owned(), why: format!("{code:?} is not a known code") })
}

/// Counts a change of the catalogue, so that search indexes know they are old (CT-4).
pub async fn touch(cx: &mut Cx) -> Result<(), StoreError> {
    cx.execute("UPDATE catalogue_version SET value = value + 1 WHERE id = 1", vec![]).await?;
    Ok(())
}

/// How often the catalogue has changed.
pub async fn version(cx: &mut Cx) -> Result<i64, StoreError> {
    cx.one("SELECT value FROM catalogue_version WHERE id = 1", vec![]).await?.get("value")
}

fn read_listing(r: &Row) -> Result<Listing, StoreError> {
    Ok(Listing {
        provider_id: r.get("provider_id")?,
        intro: Text::new(r.get::<String>("intro_zh")?, r.get::<String>("intro_en")?),
        contact: r.get("contact")?,
        discount_bp: r.get("discount_bp")?,
        state: coded(r, "state", ListingState::from_code)?,
        created_at: r.get("created_at_us")?,
        updated_at: r.get("updated_at_us")?,
        submitted_at: r.get("submitted_at_us")?,
    })
}

/// A provider's listing.
pub async fn listing(cx: &mut Cx, provider_id: &str) -> Result<Option<Listing>, StoreError> {
    let row = cx.opt("SELECT * FROM catalogue_listing WHERE provider_id = $1", params![provider_id]).await?;
    row.as_ref().map(read_listing).transpose()
}

/// Writes a listing, new or changed.
pub async fn put_listing(cx: &mut Cx, l: &Listing) -> Result<(), StoreError> {
    let sql = "INSERT INTO catalogue_listing (provider_id, intro_zh, intro_en, contact, discount_bp, state, \
               created_at_us, updated_at_us, submitted_at_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9) \
               ON CONFLICT (provider_id) DO UPDATE SET intro_zh = excluded.intro_zh, intro_en = excluded.intro_en, \
               contact = excluded.contact, discount_bp = excluded.discount_bp, state = excluded.state, \
               updated_at_us = excluded.updated_at_us, submitted_at_us = excluded.submitted_at_us";
    let values = params![
        &l.provider_id,
        &l.intro.zh,
        &l.intro.en,
        &l.contact,
        l.discount_bp,
        l.state.code(),
        l.created_at,
        l.updated_at,
        l.submitted_at,
    ];
    cx.execute(sql, values).await?;
    touch(cx).await
}

/// Adds a step to a listing's history.
pub async fn add_step(
    cx: &mut Cx,
    provider_id: &str,
    verb: ListingVerb,
    states: (ListingState, ListingState),
    reason: &str,
) -> Result<(), StoreError> {
    let sql = "INSERT INTO catalogue_step (provider_id, seq, verb, from_state, to_state, reason, by_id, by_name, at_us) \
               SELECT $1, COALESCE(MAX(seq), 0) + 1, $2, $3, $4, $5, $6, $7, $8 FROM catalogue_step \
               WHERE provider_id = $1";
    let (actor, now) = (cx.actor.clone(), cx.now);
    let (from, to) = states;
    let values = params![provider_id, verb.code(), from.code(), to.code(), reason, actor.user_id, actor.name, now];
    cx.execute(sql, values).await?;
    Ok(())
}

/// A listing's history, oldest first.
pub async fn steps(cx: &mut Cx, provider_id: &str) -> Result<Vec<Step>, StoreError> {
    let sql = "SELECT * FROM catalogue_step WHERE provider_id = $1 ORDER BY seq";
    let rows = cx.all(sql, params![provider_id]).await?;
    let read = |r: &Row| {
        Ok(Step {
            verb: coded(r, "verb", ListingVerb::from_code)?,
            from: coded(r, "from_state", ListingState::from_code)?,
            to: coded(r, "to_state", ListingState::from_code)?,
            reason: r.get("reason")?,
            by_name: r.get("by_name")?,
            at: r.get("at_us")?,
        })
    };
    rows.iter().map(read).collect()
}

fn read_service(r: &Row) -> Result<Service, StoreError> {
    let sub_item: String = coded(r, "sub_item", |c| kernel::sub_item(c).map(|s| s.code.to_owned()))?;
    Ok(Service {
        id: r.get("id")?,
        provider_id: r.get("provider_id")?,
        state: coded(r, "state", ServiceState::from_code)?,
        version: r.get("version")?,
        offer: Offer {
            sub_item,
            name: Text::new(r.get::<String>("name_zh")?, r.get::<String>("name_en")?),
            description: Text::new(r.get::<String>("description_zh")?, r.get::<String>("description_en")?),
            unit: Text::new(r.get::<String>("unit_zh")?, r.get::<String>("unit_en")?),
            list_price_fen: r.get("list_price_fen")?,
            discount_bp: r.get("discount_bp")?,
            deployment: coded(r, "deployment", Deployment::from_code)?,
        },
        at: r.get("at_us")?,
    })
}

/// The columns of a service at a version; the caller adds how the version is chosen.
const SERVICE: &str = "SELECT s.id, s.provider_id, s.state, v.version, v.sub_item, v.name_zh, v.name_en, \
    v.description_zh, v.description_en, v.unit_zh, v.unit_en, v.list_price_fen, v.discount_bp, v.deployment, v.at_us \
    FROM catalogue_service s JOIN catalogue_service_version v ON v.service_id = s.id";

/// A service as it stands now.
pub async fn service(cx: &mut Cx, id: &str) -> Result<Option<Service>, StoreError> {
    let row = cx.opt(format!("{SERVICE} AND v.version = s.version WHERE s.id = $1"), params![id]).await?;
    row.as_ref().map(read_service).transpose()
}

/// A service as it was at a version.
pub async fn service_at(cx: &mut Cx, id: &str, version: i64) -> Result<Option<Service>, StoreError> {
    let row = cx.opt(format!("{SERVICE} WHERE s.id = $1 AND v.version = $2"), params![id, version]).await?;
    row.as_ref().map(read_service).transpose()
}

/// All versions of a service, newest first.
pub async fn versions(cx: &mut Cx, id: &str) -> Result<Vec<Service>, StoreError> {
    let rows = cx.all(format!("{SERVICE} WHERE s.id = $1 ORDER BY v.version DESC"), params![id]).await?;
    rows.iter().map(read_service).collect()
}

/// All services of a provider as they stand now, withdrawn ones too.
pub async fn services_of(cx: &mut Cx, provider_id: &str) -> Result<Vec<Service>, StoreError> {
    let sql = format!("{SERVICE} AND v.version = s.version WHERE s.provider_id = $1 ORDER BY s.id");
    let rows = cx.all(sql, params![provider_id]).await?;
    rows.iter().map(read_service).collect()
}

/// Writes a service at a new version; the versions before it stay as they are (CT-2).
pub async fn put_service(cx: &mut Cx, s: &Service) -> Result<(), StoreError> {
    let head = "INSERT INTO catalogue_service (id, provider_id, state, version, created_at_us) \
                VALUES ($1, $2, $3, $4, $5) \
                ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version";
    cx.execute(head, params![&s.id, &s.provider_id, s.state.code(), s.version, s.at]).await?;
    let sql = "INSERT INTO catalogue_service_version (service_id, version, sub_item, name_zh, name_en, \
               description_zh, description_en, unit_zh, unit_en, list_price_fen, discount_bp, deployment, by_id, at_us) \
               VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)";
    let o = &s.offer;
    let by = cx.actor.user_id.clone();
    let values = params![
        &s.id,
        s.version,
        &o.sub_item,
        &o.name.zh,
        &o.name.en,
        &o.description.zh,
        &o.description.en,
        &o.unit.zh,
        &o.unit.en,
        o.list_price_fen,
        o.discount_bp,
        o.deployment.code(),
        by,
        s.at,
    ];
    cx.execute(sql, values).await?;
    touch(cx).await
}

/// Takes a service off or puts it back on offer, without a new version.
pub async fn set_service_state(cx: &mut Cx, id: &str, state: ServiceState) -> Result<(), StoreError> {
    cx.execute("UPDATE catalogue_service SET state = $1 WHERE id = $2", params![state.code(), id]).await?;
    touch(cx).await
}

/// A listing in the officers' list, with what the list shows of its provider.
#[derive(Clone, Debug, serde::Serialize, utoipa::ToSchema)]
pub struct ListingRow {
    /// The listing.
    #[serde(flatten)]
    pub listing: Listing,
    /// The provider's name.
    pub provider_name: String,
    /// How many services are on offer.
    pub services: i64,
}

/// Listings after `after` (a provider's id), narrowed to a state; drafts only if asked for by state.
pub async fn listings(
    cx: &mut Cx,
    state: Option<ListingState>,
    after: &str,
    limit: u32,
) -> Result<Vec<ListingRow>, StoreError> {
    let sql = "SELECT l.*, o.name AS provider_name, (SELECT COUNT(*) FROM catalogue_service s \
               WHERE s.provider_id = l.provider_id AND s.state = 'active') AS services \
               FROM catalogue_listing l JOIN pub_orgs_org o ON o.org_id = l.provider_id \
               WHERE l.provider_id > $1 AND (l.state = $2 OR ($2 IS NULL AND l.state <> 'draft')) \
               ORDER BY l.provider_id LIMIT $3";
    let rows = cx.all(sql, params![after, state.map(|s| s.code().to_owned()), limit]).await?;
    let read = |r: &Row| {
        Ok(ListingRow {
            listing: read_listing(r)?,
            provider_name: r.get("provider_name")?,
            services: r.get("services")?,
        })
    };
    rows.iter().map(read).collect()
}

/// How many listings stand in each state.
pub async fn listing_counts(cx: &mut Cx) -> Result<Vec<(ListingState, i64)>, StoreError> {
    let rows = cx.all("SELECT state, COUNT(*) AS n FROM catalogue_listing GROUP BY state", vec![]).await?;
    rows.iter().map(|r| Ok((coded(r, "state", ListingState::from_code)?, r.get("n")?))).collect()
}

/// What the search index is built from: every service on offer of every listed provider, with the provider's name.
pub async fn on_offer(cx: &mut Cx) -> Result<Vec<(Service, String)>, StoreError> {
    let sql = format!(
        "SELECT x.*, o.name AS provider_name FROM ({SERVICE} AND v.version = s.version WHERE s.state = 'active') x \
         JOIN catalogue_listing l ON l.provider_id = x.provider_id AND l.state = 'listed' \
         JOIN pub_orgs_org o ON o.org_id = x.provider_id ORDER BY x.id"
    );
    let rows = cx.all(sql, vec![]).await?;
    rows.iter().map(|r| Ok((read_service(r)?, r.get("provider_name")?))).collect()
}

/// The lowest and the highest list price on offer under a sub-item, for a reader who compares.
pub async fn price_span(cx: &mut Cx, sub_item: &str) -> Result<Option<(Fen, Fen)>, StoreError> {
    let sql = "SELECT MIN(p.list_price_fen) AS low, MAX(p.list_price_fen) AS high FROM pub_catalogue_service p \
               JOIN catalogue_listing l ON l.provider_id = p.provider_id AND l.state = 'listed' \
               WHERE p.state = 'active' AND p.sub_item = $1";
    let row = cx.one(sql, params![sub_item]).await?;
    Ok(row.get::<Option<Fen>>("low")?.zip(row.get::<Option<Fen>>("high")?))
}
