//! Day by day: the jobs of the clock, then what happens.

use anyhow::{Context, Result};

use super::world::{Event, World};
use super::{cases, evidence, machines, purchases};
use crate::worker;

/// Lives through the story.
pub async fn run(w: &mut World) -> Result<()> {
    let days = w.story.starts.until(w.story.ends)?.get_days();
    w.bar.set_length(u64::try_from(days)? + 1);
    let mut day = w.story.starts;
    while day <= w.story.ends {
        w.bar.set_message(day.to_string());
        w.at_minute(day, 0);
        worker::daily(&w.app).await;
        let mut minute = 1;
        while let Some(events) = w.queue.remove(&day) {
            for event in events {
                w.at_minute(day, minute);
                minute += 1;
                happen(w, event).await.with_context(|| format!("{day}: {event:?}"))?;
            }
        }
        machines::day(w, day).await.with_context(|| format!("{day}: machines"))?;
        if day.day() == 28 {
            worker::seal(&w.app).await?;
        }
        w.bar.inc(1);
        day = day.tomorrow()?;
    }
    w.at_minute(w.story.ends, 480);
    Ok(())
}

async fn happen(w: &mut World, event: Event) -> Result<()> {
    match event {
        Event::Register(n) => cases::register(w, n).await,
        Event::Apply(n) => cases::apply(w, n).await,
        Event::Check(n) => cases::check(w, n).await,
        Event::Correct(n) => cases::correct(w, n).await,
        Event::Recommend(n) => cases::recommend(w, n).await,
        Event::Approve(n, which) => cases::approve(w, n, which).await,
        Event::Notice(n) => cases::notice(w, n).await,
        Event::Object(n) => cases::object(w, n).await,
        Event::Dismiss(n) => cases::dismiss(w, n).await,
        Event::Order(n) => purchases::order(w, n).await,
        Event::Confirm(n) => purchases::confirm(w, n).await,
        Event::Papers(n) => purchases::papers(w, n).await,
        Event::Pay(n) => purchases::pay(w, n).await,
        Event::Account(n) => evidence::account(w, n).await,
        Event::Bills(p) => evidence::bills(w, p).await,
        Event::CorrectedBill(n) => evidence::corrected_bill(w, n).await,
        Event::Claim(n) => evidence::claim(w, n).await,
        Event::Decide(n) => evidence::decide(w, n).await,
        Event::PayOut(p) => evidence::pay_out(w, p).await,
    }
}
