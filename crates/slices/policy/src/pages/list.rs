//! 政策库: the programmes in force and the ended ones, with a search over their words.

use std::sync::Arc;

use askama::Template;
use axum::extract::Query;
use axum::response::Response;
use kernel::{Action, Subject};
use rules::Programme;
use serde::Deserialize;
use store::StoreError;
use web::{AppError, Ctx, Page};

use crate::library;
use crate::model::{State, Version};

/// What is asked for.
#[derive(Debug, Default, Deserialize)]
pub struct Asked {
    #[serde(default)]
    q: String,
    #[serde(default)]
    state: String,
}

struct Card {
    version: Version,
    programme: Arc<Programme>,
    /// Today lies within the period.
    running: bool,
}

#[derive(Template)]
#[template(path = "policy/list.html")]
struct List {
    p: Page,
    q: String,
    ended: bool,
    counts: [usize; 2],
    cards: Vec<Card>,
    may_draft: bool,
}

/// Does a programme speak of it? Every word must be somewhere in its names, summaries or sections.
fn matches(programme: &Programme, q: &str) -> bool {
    let mut words = Vec::new();
    let mut add = |t: &kernel::Text| words.push(format!("{} {}", t.zh, t.en).to_lowercase());
    [&programme.title, &programme.summary, &programme.issuer].into_iter().for_each(&mut add);
    programme.instruments.iter().for_each(|i| [&i.title, &i.summary].into_iter().for_each(&mut add));
    programme.sections.iter().for_each(|s| [&s.title].into_iter().chain(&s.items).for_each(&mut add));
    programme.targets.iter().for_each(|t| add(&t.title));
    programme.sources.iter().for_each(|s| add(&s.title));
    let words = words.join("\n");
    q.to_lowercase().split_whitespace().all(|w| words.contains(w))
}

/// GET /programmes
pub async fn get(ctx: Ctx, Query(asked): Query<Asked>) -> Result<Response, AppError> {
    let (published, ended) = ctx
        .read(|cx| {
            Box::pin(async move {
                Ok::<_, StoreError>((
                    library::list(cx, State::Published).await?,
                    library::list(cx, State::Ended).await?,
                ))
            })
        })
        .await?;
    let counts = [published.len(), ended.len()];
    let wants_ended = asked.state == "ended";
    let today = ctx.today();
    let mut cards: Vec<Card> = if wants_ended { ended } else { published }
        .into_iter()
        .filter(|(_, programme)| matches(programme, &asked.q))
        .map(|(version, programme)| {
            let running = version.state == State::Published && (version.starts_on..=version.ends_on).contains(&today);
            Card { version, programme, running }
        })
        .collect();
    cards.sort_by_key(|c| (!c.running, c.version.illustrative));
    ctx.render(&List {
        p: ctx.page(ctx.t("政策库", "Policies")),
        q: asked.q,
        ended: wants_ended,
        counts,
        cards,
        may_draft: ctx.may(Action::DraftProgramme, &Subject::none()),
    })
}
