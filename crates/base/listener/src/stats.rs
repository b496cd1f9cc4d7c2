//! What operators look at, through the `metrics` crate: handles are made once, since looking one up costs more than counting.

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};
use things::Reason;

/// The listener's figures.
pub(crate) struct Stats {
    pub(crate) connections: Gauge,
    pub(crate) accepted: Counter,
    pub(crate) messages: Counter,
    pub(crate) points: Counter,
    pub(crate) bytes_in: Counter,
    /// Seconds from a read to its acknowledgement.
    pub(crate) ack_seconds: Histogram,
    pub(crate) held: Counter,
    pub(crate) panics: Counter,
    refused: Vec<Counter>,
}

impl Stats {
    pub(crate) fn new() -> Stats {
        let refused = Reason::ALL.iter().map(|r| counter!("mqtt_messages_refused_total", "reason" => r.code()));
        Stats {
            connections: gauge!("mqtt_connections"),
            accepted: counter!("mqtt_connections_accepted_total"),
            messages: counter!("mqtt_messages_total"),
            points: counter!("mqtt_points_total"),
            bytes_in: counter!("mqtt_received_bytes_total"),
            ack_seconds: histogram!("mqtt_ack_seconds"),
            held: counter!("mqtt_lake_busy_total"),
            panics: counter!("mqtt_connection_panics_total"),
            refused: refused.collect(),
        }
    }

    pub(crate) fn refuse(&self, reason: Reason) {
        self.refused[reason as usize].increment(1);
    }

    /// A connection ended; by which word.
    pub(crate) fn ended(&self, why: &'static str) {
        counter!("mqtt_connections_ended_total", "reason" => why).increment(1);
    }

    /// A message for a client was dropped.
    pub(crate) fn dropped(&self, why: &'static str) {
        counter!("mqtt_session_dropped_total", "reason" => why).increment(1);
    }
}
