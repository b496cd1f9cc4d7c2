//! Sparkplug B as a host application sees it: topics, payloads, and what is known of each edge node.
//!
//! A node announces its metrics in a birth and then names them by number. [`EdgeNode`] follows births, deaths and sequence
//! numbers; [`readings`] makes readings of a message's metrics by a thing model. The two are apart, so that a birth with one
//! value outside the model does not keep the node from being known.
//!
//! After the Sparkplug 3.0 specification; the ids (`tck-id-…`) are its own.

mod node;
mod payload;
mod topic;

pub use node::{Became, EdgeNode, Metric, Step};
pub use payload::{
    DataType, Payload, PayloadMetric, PropertySet, PropertyValue, command, encode, metric, rebirth_command,
    state_payload,
};
pub use topic::{MessageKind, Topic, state_topic};

use kernel::Value;

use crate::decode::{check, short};
use crate::{Model, Quality, Reason, Refused, Taken, TimeLimits, Which};

/// Metrics that steer the node itself and are no readings.
fn is_control(name: &str) -> bool {
    name == "bdSeq" || name.starts_with("Node Control/") || name.starts_with("Device Control/")
}

/// Readings of one message's metrics by the model of the node or device: all or none.
pub fn readings(
    metrics: &[Metric],
    model: &Model,
    now_us: i64,
    limits: &TimeLimits,
    out: &mut Vec<Taken>,
) -> Result<(), Refused> {
    let start = out.len();
    for metric in metrics.iter().filter(|m| !is_control(&m.name)) {
        match reading(metric, model, now_us, limits) {
            Ok(taken) if out.len() - start < limits.readings_max => out.push(taken),
            Ok(_) => {
                out.truncate(start);
                return Err(Refused::new(Reason::TooLarge, format!("> {} readings", limits.readings_max)));
            }
            Err(refused) => {
                out.truncate(start);
                return Err(refused);
            }
        }
    }
    Ok(())
}

fn reading(metric: &Metric, model: &Model, now_us: i64, limits: &TimeLimits) -> Result<Taken, Refused> {
    let at_us = metric.at_us.unwrap_or(now_us);
    limits.check(at_us, now_us)?;
    let property = match model.index(&metric.name) {
        Some(index) => Which::Declared(index),
        None if model.keeps_undeclared() => Which::Other(Box::from(&*metric.name)),
        None => return Err(Refused::new(Reason::UnknownProperty, short(&metric.name))),
    };
    let kind = match &property {
        Which::Declared(index) => Some(&model.properties()[usize::from(*index)].kind),
        Which::Other(_) => None,
    };
    if metric.null {
        // There is no value; one of the kind stands in, and its quality says that it is not to be used.
        let value = match kind.map_or(metric.kind_code(), |k| k.code()) {
            "flag" => Value::Flag(false),
            "text" => Value::Text(String::new()),
            _ => Value::Number(0.0),
        };
        return Ok(Taken { property, at_us, value, quality: Quality::Bad });
    }
    let finite = !matches!(metric.value, Value::Number(n) if !n.is_finite());
    if let Some(kind) = kind {
        check(kind, &metric.value)
            .map_err(|(reason, what)| Refused::new(reason, format!("{}: {what}", metric.name)))?;
    } else if !finite {
        return Err(Refused::new(Reason::NotANumber, metric.name.to_string()));
    }
    Ok(Taken { property, at_us, value: metric.value.clone(), quality: metric.quality })
}
