//! Connectors and who watches over them.
//!
//! EG-4: each connector has a thread and a runtime of its own. An error ends its attempt, a panic ends its attempt, a loop
//! without end holds its own thread; the supervisor notes why and starts it again after a pause that grows and is not the
//! same for all.

pub mod modbus;
pub mod mqtt_in;
pub mod opcua;

use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::FutureExt;
use kernel::IdSource;
use tokio::sync::watch;

use crate::health::Actual;
use crate::intake::Intake;

/// Why an attempt ended: in a few words, for the status and the log.
pub type Failure = String;

/// One attempt of a connector: it says `health.up()` once it reads, and returns only when it cannot go on.
pub type Attempt = Box<dyn Fn(Arc<Intake>) -> Pin<Box<dyn Future<Output = Failure>>> + Send>;

/// Shortest and longest pause between attempts, ms.
const RETRY_MS: (u64, u64) = (500, 60_000);
/// An attempt that read for so long was a success: the pause starts small again.
const SUCCESS_AFTER: Duration = Duration::from_secs(10);

/// The pause before attempt number `attempt` (from 0): doubling from `first_ms` to at most `most_ms`, of which `random`
/// (uniform in 32 bits) takes up to a half, so that a hundred connectors do not knock at the same moment.
pub fn backoff(attempt: u32, first_ms: u64, most_ms: u64, random: u64) -> Duration {
    let whole = first_ms.saturating_mul(1 << attempt.min(20)).min(most_ms.max(1));
    let half = whole / 2;
    Duration::from_millis(whole - (half * (random & 0xffff_ffff)) / 0xffff_ffff)
}

/// Starts the thread of a connector. It ends when `stop` says so.
pub fn supervise(
    name: String,
    attempt: Attempt,
    intake: Arc<Intake>,
    random: IdSource,
    stop: watch::Receiver<bool>,
) -> std::io::Result<std::thread::JoinHandle<()>> {
    std::thread::Builder::new().name(format!("connector-{name}")).spawn(move || {
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(e) => {
                return intake.health.set(|h| {
                    h.actual = Actual::Down;
                    h.reason = format!("no runtime: {e}");
                });
            }
        };
        runtime.block_on(watch_over(&name, attempt, &intake, random, stop));
        intake.finish();
        // Tasks that a library left behind end with the runtime, but must not hold us up.
        runtime.shutdown_timeout(Duration::from_secs(1));
        intake.health.set(|h| h.actual = Actual::Stopped);
    })
}

async fn watch_over(
    name: &str,
    attempt: Attempt,
    intake: &Arc<Intake>,
    mut random: IdSource,
    mut stop: watch::Receiver<bool>,
) {
    let mut failures = 0;
    while !*stop.borrow() {
        intake.health.set(|h| {
            h.actual = Actual::Starting;
            h.starts += 1;
        });
        let began = Instant::now();
        let run = AssertUnwindSafe(attempt(intake.clone())).catch_unwind();
        let ended = tokio::select! {
            ended = with_ticks(run, intake) => ended,
            _ = stop.changed() => return,
        };
        let was_up = intake.health.get().actual == Actual::Up;
        let why = ended.unwrap_or_else(|panic| {
            intake.health.set(|h| h.panics += 1);
            format!("panic: {}", panic_words(&*panic))
        });
        tracing::warn!("connector {name}: {why}");
        intake.health.set(|h| {
            h.actual = Actual::Down;
            h.reason = why;
        });
        failures = if was_up && began.elapsed() >= SUCCESS_AFTER { 0 } else { failures + 1 };
        let pause = backoff(failures, RETRY_MS.0, RETRY_MS.1, random.below(1 << 32));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stop.changed() => return,
        }
    }
}

/// Runs the attempt, and lets windows of rules close meanwhile.
async fn with_ticks<F: Future>(run: F, intake: &Intake) -> F::Output {
    tokio::pin!(run);
    let mut every = tokio::time::interval(Duration::from_secs(1));
    loop {
        tokio::select! {
            out = &mut run => return out,
            _ = every.tick() => intake.tick(),
        }
    }
}

fn panic_words(panic: &(dyn std::any::Any + Send)) -> String {
    let text = panic.downcast_ref::<String>().map(String::as_str).or(panic.downcast_ref::<&str>().copied());
    text.unwrap_or("without words").to_owned()
}

#[cfg(test)]
mod tests {
    use kernel::{SystemClock, Value};
    use wal::disk::FaultyDisk;

    use super::*;
    use crate::health::Watched;
    use crate::queue::{Queue, QueueOptions};
    use crate::reading::Reading;

    #[test]
    fn pauses_double_up_to_the_longest_and_jitter_takes_up_to_a_half() {
        let ms = |attempt, random| backoff(attempt, 500, 60_000, random).as_millis();
        assert_eq!((ms(0, 0), ms(1, 0), ms(3, 0), ms(30, 0)), (500, 1000, 4000, 60_000));
        assert_eq!((ms(0, u64::MAX), ms(30, 0xffff_ffff)), (250, 30_000));
    }

    /// EG-4
    #[test]
    fn a_panic_and_a_loop_without_end_stay_in_their_own_connector() {
        let queue = Arc::new(Queue::open(Arc::new(FaultyDisk::default()), QueueOptions::default()).unwrap());
        let (stop, stopped) = watch::channel(false);
        let start = |name: &str, attempt: Attempt| {
            let health = Watched::new("test", true);
            let intake =
                Arc::new(Intake::new(queue.clone(), Vec::new(), health.clone(), Arc::new(SystemClock::default())));
            (health, supervise(name.into(), attempt, intake, IdSource::seeded(1), stopped.clone()).unwrap())
        };
        let (panics, a) = start("panics", Box::new(|_| Box::pin(async { panic!("on purpose") })));
        let (_loops, _never_joined) = start(
            "loops",
            Box::new(|_| {
                Box::pin(async {
                    loop {
                        std::thread::sleep(Duration::from_millis(5))
                    }
                })
            }),
        );
        let (good, b) = start(
            "good",
            Box::new(|intake: Arc<Intake>| {
                Box::pin(async move {
                    intake.health.up();
                    loop {
                        intake.take(vec![Reading::good(&"d".into(), &"p".into(), intake.now_us(), Value::Flag(true))]);
                        tokio::time::sleep(Duration::from_millis(10)).await;
                    }
                })
            }),
        );
        let end = Instant::now() + Duration::from_secs(30);
        while (panics.get().panics < 2 || good.get().good < 100) && Instant::now() < end {
            std::thread::sleep(Duration::from_millis(20));
        }
        assert!(panics.get().panics >= 2, "it was started again: {:?}", panics.get());
        assert!(good.get().good >= 100, "{:?}", good.get());
        assert_eq!(panics.get().reason, "panic: on purpose");
        assert_eq!(good.get().actual, Actual::Up);
        stop.send(true).unwrap();
        a.join().unwrap();
        b.join().unwrap();
        assert_eq!(good.get().actual, Actual::Stopped);
    }
}
