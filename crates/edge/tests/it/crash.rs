//! `kill -9` of the program at seeded moments.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::Duration;

use kernel::IdSource;
use rumqttc::{AsyncClient, Broker, MqttOptions, PublishOptions, QoS};

use super::support::*;

/// How often the program is killed; `YUNJIN_EDGE_KILLS` for more.
fn kills() -> u64 {
    std::env::var("YUNJIN_EDGE_KILLS").ok().and_then(|k| k.parse().ok()).unwrap_or(12)
}

/// Publishes numbers to the plant's broker until told to stop; answers how many the broker has.
async fn publish(port: u16, stop: Arc<AtomicBool>, said: Arc<AtomicI64>) {
    let mut options = MqttOptions::new("machine", Broker::tcp("127.0.0.1", port));
    options.set_keep_alive(30);
    let (client, mut events) = AsyncClient::builder(options).capacity(10).build();
    let driver = tokio::spawn(async move { while events.poll().await.is_ok() {} });
    for n in 1.. {
        if stop.load(Ordering::Relaxed) {
            break;
        }
        let message = format!("{{\"n\":{n},\"ts\":{n}}}");
        let notice =
            client.publish_tracked("plant/m/data", message, PublishOptions::new(QoS::AtLeastOnce)).await.unwrap();
        notice.wait_completion_async().await.unwrap();
        said.store(n, Ordering::Relaxed);
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    driver.abort();
}

/// EG-1, EG-2: the plant's broker forgets a message when the queue has it, so from there on it is ours: every number that
/// was published must arrive, however often the program dies.
#[test]
fn nothing_that_the_queue_took_is_missing_after_kill_9_at_seeded_moments() {
    let folder = tempfile::tempdir().unwrap();
    let Some(broker) = Mosquitto::start(folder.path()) else { return };
    let ear = Ear::at(broker.port);
    let more = format!(
        "[queue]\nfile_kib = 16\nbudget_mib = 64\n#--\n[[mqtt]]\nname = \"in\"\nhost = \"127.0.0.1\"\nport = {}\ntopic = [{{ filter = \"plant/+/data\", device = \"{{1}}\", time_key = \"ts\" }}]\n",
        broker.port
    );
    let config = config(folder.path(), broker.port, &more);
    // Once, so that the plant's broker knows of the session.
    let mut first = edge(&config);
    within(10, "subscribed", || status(&config).is_some_and(|s| s["connectors"]["in"]["actual"] == "up"));
    first.kill();
    let (stop, said) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicI64::new(0)));
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let publisher = runtime.spawn(publish(broker.port, stop.clone(), said.clone()));
    let mut random = IdSource::seeded(20_261_128);
    for _ in 0..kills() {
        let mut running = edge(&config);
        std::thread::sleep(Duration::from_millis(50 + random.below(900)));
        running.kill();
    }
    let mut running = edge(&config);
    stop.store(true, Ordering::Relaxed);
    runtime.block_on(publisher).unwrap();
    let count = said.load(Ordering::Relaxed);
    within(60, "the last", || ear.of("m", "n").iter().any(|h| h.value == count));
    within(20, "all", || {
        let mut numbers = numbers_once(&ear.of("m", "n"));
        numbers.sort_unstable();
        numbers.len() as i64 == count
    });
    running.terminate();
    let all = ear.of("m", "n");
    assert!(all.iter().all(|h| h.value == h.ts), "each with its own time");
    let again = all.len() as i64 - count;
    eprintln!("{} kills, {count} published, {count} arrived, 0 missing, {again} came again", kills());
}
