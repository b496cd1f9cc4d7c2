//! What runs by the clock: assessing orders anew.

use std::sync::Arc;

use kernel::Actor;
use store::{Cx, Db};

use crate::assess::{self, Assess, AssessError};
use crate::model::Thresholds;
use crate::store::levels;

/// The thresholds of a programme, by its id; an order without a voucher has none.
pub type ThresholdsOf = Arc<dyn Fn(Option<&str>) -> Thresholds + Send + Sync>;

/// Orders assessed in one transaction, so that others get their turn.
const CHUNK: u32 = 200;

/// Assesses all orders that are under way. Runs after midnight in China, since months end and use stops by the clock
/// alone. Answers how many orders there were.
pub async fn assess_all(db: &Db, thresholds: ThresholdsOf) -> Result<usize, AssessError> {
    let (mut after, mut count) = (String::new(), 0);
    loop {
        let (from, asked) = (after.clone(), thresholds.clone());
        let done: Vec<String> = db
            .write(&Actor::system(), "assess", move |cx| {
                Box::pin(async move {
                    let orders = levels::orders_to_assess(cx, &from, CHUNK).await?;
                    assess_each(cx, orders, &asked).await
                })
            })
            .await?;
        count += done.len();
        match done.into_iter().next_back() {
            Some(last) => after = last,
            None => return Ok(count),
        }
    }
}

/// Enterprises assessed in one transaction.
const ENTERPRISES: u32 = 20;

/// Assesses the orders of enterprises whose use has changed: by an import or a confirmed account. Runs every few
/// seconds. Answers how many orders there were.
pub async fn assess_changed(db: &Db, thresholds: ThresholdsOf) -> Result<usize, AssessError> {
    let mut count = 0;
    loop {
        let waits: Vec<String> =
            db.read(&Actor::system(), |cx| Box::pin(async move { levels::to_assess(cx, ENTERPRISES).await })).await?;
        if waits.is_empty() {
            return Ok(count);
        }
        let asked = thresholds.clone();
        count += db
            .write(&Actor::system(), "assess", move |cx| {
                Box::pin(async move {
                    let orders = assess_enterprises(cx, &waits, &asked).await?;
                    levels::forget_to_assess(cx, &waits).await?;
                    let after = serde_json::json!({ "enterprises": waits, "orders": orders });
                    cx.journal("usage.assess_changed", "usage_level", &(), &after).await?;
                    Ok::<_, AssessError>(orders)
                })
            })
            .await?;
    }
}

/// Assesses the orders of these enterprises: after an import or a confirmed account changed what their use is.
pub async fn assess_enterprises(
    cx: &mut Cx,
    enterprises: &[String],
    thresholds: &ThresholdsOf,
) -> Result<usize, AssessError> {
    let mut count = 0;
    for enterprise in enterprises {
        let orders = levels::orders_of(cx, enterprise).await?;
        count += assess_each(cx, orders, thresholds).await?.len();
    }
    Ok(count)
}

async fn assess_each(cx: &mut Cx, orders: Vec<String>, asked: &ThresholdsOf) -> Result<Vec<String>, AssessError> {
    for id in &orders {
        let order = orders::order(cx, id).await?.ok_or(AssessError::NotFound)?;
        let thresholds = asked(order.programme_id.as_deref());
        assess::run(cx, Assess { order_id: id.clone(), thresholds }).await?;
    }
    Ok(orders)
}
