//! Bad input, said by name. None of it stops another device.

use std::io::{Read, Write};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use listener::{Hooks, Options};
use mqtt::Version::{V5, V311};
use things::Reason;

use crate::common::*;
use crate::raw::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_wrong_password_or_token_is_refused_and_the_right_one_taken() {
    let bench = start().await;
    let to = bench.listener.local_addr();
    for (user, password, is_right) in [
        ("mill", "wrong", false),
        ("mill", "right", true),
        ("nobody", "right", false),
        ("token-x", "", false),
        ("", "", false),
    ] {
        for (version, refusal) in [(V5, 0x86), (V311, 4)] {
            let (mut raw, connack) =
                Raw::hello(to, version, &Hello { client_id: "c", user, password, ..Hello::default() });
            assert_eq!(connack[1], if is_right { 0 } else { refusal }, "{user} {password}");
            if !is_right {
                assert!(raw.read().is_none(), "the connection is closed");
            }
        }
    }
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_device_that_is_revoked_or_disabled_while_connected_is_cut_at_once() {
    let bench = start().await;
    let to = bench.listener.local_addr();
    let (mut one, mut two, mut other) =
        (Raw::device(to, V5, "press-1"), Raw::device(to, V5, "press-2"), Raw::device(to, V5, "gateway-1"));
    let began = Instant::now();
    let mut without = device("press-1", None, false);
    without.credentials.clear();
    bench.directory.put(without);
    assert_eq!(one.goodbye().0, 0x87);
    let mut off = device("press-2", None, false);
    off.disabled = true;
    bench.directory.put(off);
    assert_eq!(two.goodbye().0, 0x87);
    assert!(began.elapsed() < Duration::from_secs(2));
    let (_, connack) = Raw::hello(to, V5, &Hello { client_id: "c", user: "token-press-1", ..Hello::default() });
    assert_eq!(connack[1], 0x86);
    other.ping();
    until("they are gone", || bench.counted("press-1").connected + bench.counted("press-2").connected == 0).await;
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_topic_that_is_not_its_own_is_refused_and_counted() {
    let bench = start().await;
    let mut raw = Raw::device(bench.listener.local_addr(), V5, "press-1");
    for (topic, code, why) in [
        ("v1/gateway/telemetry", 0x87, Reason::NotAllowed),
        ("spBv1.0/g/NDATA/press-2", 0x87, Reason::NotAllowed),
        ("spBv1.0/STATE/yunjin", 0x87, Reason::NotAllowed),
        ("somewhere/else", 0x90, Reason::UnknownTopic),
    ] {
        raw.publish(topic, b"{\"temperature\":1}", 1, 5);
        let (got, words) = raw.ack();
        assert_eq!(got, code, "{topic}");
        assert!(words.starts_with(why.code()), "{words}");
    }
    assert_eq!(bench.counted("press-1").rejected, [(Reason::UnknownTopic, 1), (Reason::NotAllowed, 3)]);
    assert_eq!(raw.subscribe("v1/gateway/#"), 0x87);
    assert_eq!(raw.subscribe("#"), 0x87);
    assert_eq!(raw.subscribe("$share/g/v1/devices/me/#"), 0x9e);
    assert_eq!(raw.subscribe("v1/devices/me/rpc/request/+"), 1);
    // A will that is not its own keeps it out.
    let will = Some(("v1/gateway/telemetry", &b"{}"[..]));
    let hello = Hello { client_id: "w", user: "token-press-1", will, ..Hello::default() };
    assert_eq!(Raw::hello(bench.listener.local_addr(), V5, &hello).1[1], 0x87);
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn malformed_packets_of_each_type_end_their_connection_and_no_other() {
    let bench = start().await;
    let to = bench.listener.local_addr();
    let mut other = Raw::device(to, V5, "press-2");
    let good = connect_bytes(V5, &Hello { client_id: "c", user: "token-press-1", ..Hello::default() });
    for (i, (first, body)) in [
        (0x10, &[0, 4, b'M', b'Q', b'T', b'T', 5, 3][..]),
        (0x20, &[0, 0]),
        (0x30, &[0, 9, b'a']),
        (0x36, &[0, 1, b'a', 0, 1, 0]),
        (0x40, &[0]),
        (0x50, &[0, 0]),
        (0x62, &[0, 1, 0, 5, 1]),
        (0x60, &[0, 1]),
        (0x70, &[0, 1, 0, 2, 0x21, 0]),
        (0x82, &[0, 1, 0]),
        (0x80, &[0, 1, 0, 0, 1, b'a', 0]),
        (0x90, &[0, 1, 0]),
        (0xa2, &[0, 1, 0]),
        (0xb0, &[0, 1]),
        (0xc0, &[1]),
        (0xd0, &[]),
        (0xe0, &[4, 1, 0x21]),
        (0xf0, &[0x18]),
        (0x00, &[]),
    ]
    .into_iter()
    .enumerate()
    {
        // Once as the first packet, once behind a good CONNECT.
        for after_connect in [false, true] {
            let mut raw = Raw::open(to, V5);
            let bad = packet(first, body);
            raw.send(&if after_connect { [&good[..], &bad].concat() } else { bad });
            let mut last = None;
            while let Some(packet) = raw.read() {
                last = Some(packet);
            }
            if after_connect {
                let (first, body) = last.expect("it is told");
                assert_eq!(first, 0xe0, "case {i}");
                assert!(matches!(body[0], 0x81 | 0x82), "case {i}: {body:?}");
            }
        }
        other.ping();
    }
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payload_of_256_mib_is_refused_by_its_header_and_bad_utf_8_by_name() {
    let bench = start().await;
    let to = bench.listener.local_addr();
    let mut raw = Raw::device(to, V5, "press-1");
    raw.send(&[0x32, 0xff, 0xff, 0xff, 0x7f]);
    let (code, words) = raw.goodbye();
    assert_eq!(code, 0x95);
    assert!(words.contains("268435460 bytes"), "{words}");
    let mut raw = Raw::device(to, V5, "press-1");
    raw.send(&packet(0x30, &[0, 2, 0xc3, 0x28, 0, b'{', b'}']));
    let (code, words) = raw.goodbye();
    assert_eq!((code, words.as_str()), (0x81, "a string is not UTF-8"));
    // 3.1.1 has no word for it: the socket closes.
    let mut raw = Raw::device(to, V311, "press-1");
    raw.send(&[0x32, 0xff, 0xff, 0xff, 0x7f]);
    assert!(raw.read().is_none());
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_model_refuses_and_times_nobody_believes_are_counted_by_reason() {
    let bench = start().await;
    let mut raw = Raw::device(bench.listener.local_addr(), V5, "press-1");
    for (payload, why) in [
        (&b"{\"temperature\":\"hot\"}"[..], Reason::WrongType),
        (b"{\"temperature\":9000}", Reason::OutOfRange),
        (b"{\"colour\":1}", Reason::UnknownProperty),
        (b"{\"temperature\":NaN}", Reason::NotANumber),
        (b"{\"temperature\"", Reason::NotJson),
        (b"\xff\xfe", Reason::NotUtf8),
        (b"7", Reason::WrongShape),
        (b"{}", Reason::Empty),
        (b"{\"ts\":1000,\"values\":{\"temperature\":1}}", Reason::TooOld),
        (b"{\"ts\":4080000000000,\"values\":{\"temperature\":1}}", Reason::TooFarAhead),
    ] {
        raw.publish(UP, payload, 1, 9);
        let (code, words) = raw.ack();
        assert_eq!(code, 0x99, "{words}");
        assert!(words.starts_with(why.code()), "{words}");
        assert_eq!(
            bench.directory.by_id("press-1").unwrap().counters.rejected[why as usize].load(Ordering::Relaxed),
            1
        );
    }
    // Refused and taken in one write: each has its own answer, in order.
    let mut both = mqtt::publish_bytes(V5, UP, b"{\"temperature\":1}", 1, 1);
    both.extend(mqtt::publish_bytes(V5, UP, b"{\"temperature\":\"x\"}", 1, 2));
    both.extend(mqtt::publish_bytes(V5, UP, b"{\"temperature\":2}", 1, 3));
    raw.send(&both);
    let codes: Vec<u8> = (0..3).map(|_| raw.ack().0).collect();
    assert_eq!(codes, [0, 0x99, 0]);
    let counted = bench.counted("press-1");
    assert_eq!((counted.received, counted.stored, counted.rejected_total()), (13, 2, 11), "LI-3");
    assert_eq!(bench.readings("press-1", "temperature").len(), 2, "each has an instant of its own");
    // 3.1.1 gets its PUBACK, and the refusal is counted.
    let mut old = Raw::device(bench.listener.local_addr(), V311, "press-2");
    old.publish(UP, b"{\"colour\":1}", 1, 9);
    assert_eq!(old.ack().0, 0);
    assert_eq!(bench.counted("press-2").rejected, [(Reason::UnknownProperty, 1)]);
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_never_reads_is_held_back_and_then_cut() {
    let bench = start_with(Options { stall_ms_max: 700, output_bytes_max: 4096, ..local() }, Hooks::none()).await;
    let to = bench.listener.local_addr();
    let mut other = Raw::device(to, V5, "press-2");
    let mut raw = Raw::device(to, V311, "press-1");
    raw.socket.set_nonblocking(true).unwrap();
    // PINGs are answered by two bytes each and cost nothing else.
    let pings = [0xc0, 0].repeat(32 << 10);
    let (began, mut sent) = (Instant::now(), 0_usize);
    let cut = loop {
        assert!(began.elapsed() < Duration::from_secs(30), "never cut; {sent} bytes taken");
        match raw.socket.write(&pings) {
            Ok(written) => sent += written,
            Err(e) if e.kind() == std::io::ErrorKind::WouldBlock => {
                tokio::time::sleep(Duration::from_millis(10)).await;
            }
            Err(e) => break e,
        }
    };
    assert!(matches!(cut.kind(), std::io::ErrorKind::ConnectionReset | std::io::ErrorKind::BrokenPipe), "{cut}");
    // The sockets' own buffers take some megabytes; the listener's share is bounded.
    assert!(sent < 64 << 20, "{sent} bytes were taken from a client that does not read");
    other.ping();
    until("it is gone", || bench.counted("press-1").connected == 0).await;
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_says_nothing_is_cut_and_who_comes_beyond_the_limit_too() {
    let bench = start_with(Options { connect_ms_max: 200, connections_max: 2, ..local() }, Hooks::none()).await;
    let to = bench.listener.local_addr();
    let mut inside = Raw::device(to, V5, "press-1");
    let mut silent = Raw::open(to, V5);
    until("two are there", || bench.listener.connections() == 2).await;
    let mut beyond = Raw::open(to, V5);
    assert_eq!(beyond.socket.read(&mut [0]).unwrap_or(0), 0);
    assert!(silent.read().is_none());
    inside.ping();
    until("there is room again", || bench.listener.connections() == 1).await;
    Raw::device(to, V5, "press-2").ping();
    bench.listener.stop().await;
}

/// Soft limit of open files.
fn files_max() -> usize {
    let limits = std::fs::read_to_string("/proc/self/limits").unwrap_or_default();
    let line = limits.lines().find(|l| l.starts_with("Max open files")).unwrap_or_default();
    line.split_whitespace().nth(3).and_then(|n| n.parse().ok()).unwrap_or(1024)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn thousands_of_connections_opened_at_once_are_all_served() {
    // Both ends are in this process: two files each.
    let count = if files_max() > 11_000 { 5_000 } else { (files_max() - 200) / 2 }.min(5_000);
    eprintln!("{count} connections");
    let bench = start().await;
    let to = bench.listener.local_addr();
    let threads: Vec<_> = (0..8)
        .map(|t| {
            std::thread::spawn(move || {
                let mut raws = Vec::new();
                for i in (t..count).step_by(8) {
                    let mut raw = Raw::open(to, V5);
                    let client_id = format!("c{i}");
                    raw.send(&connect_bytes(
                        V5,
                        &Hello { client_id: &client_id, user: "token-press-1", ..Hello::default() },
                    ));
                    raws.push(raw);
                }
                for raw in &mut raws {
                    assert_eq!(raw.read().expect("a CONNACK").1[1], 0);
                }
                raws
            })
        })
        .collect();
    let mut all: Vec<Raw> = threads.into_iter().flat_map(|t| t.join().unwrap()).collect();
    assert_eq!(bench.listener.connections(), count);
    assert_eq!(bench.counted("press-1").connected as usize, count);
    for (i, raw) in all.iter_mut().enumerate() {
        raw.publish(
            UP,
            format!("{{\"ts\":{},\"values\":{{\"speed\":{i}}}}}", 1_700_000_000_000_i64 + i as i64).as_bytes(),
            1,
            1,
        );
    }
    for raw in &mut all {
        assert_eq!(raw.ack().0, 0);
    }
    assert_eq!(bench.readings("press-1", "speed").len(), count);
    drop(all);
    until("all are gone", || bench.listener.connections() == 0).await;
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn on_a_full_disk_nothing_is_acknowledged_and_the_sender_is_told() {
    let bench = start().await;
    let to = bench.listener.local_addr();
    let mut idle = Raw::device(to, V5, "press-2");
    let mut raw = Raw::device(to, V5, "press-1");
    raw.publish(UP, b"{\"temperature\":1}", 1, 1);
    assert_eq!(raw.ack().0, 0);
    bench.disk.set_room(Some(0));
    raw.publish(UP, b"{\"temperature\":2}", 1, 2);
    let (code, words) = raw.goodbye();
    assert_eq!(code, 0x88);
    assert!(words.starts_with("not stored"), "{words}");
    idle.ping();
    // LK-3: nothing more until the log is opened anew, whatever the disk says now.
    bench.disk.set_room(None);
    let mut again = Raw::device(to, V5, "press-1");
    again.publish(UP, b"{\"temperature\":2}", 2, 2);
    assert_eq!(again.goodbye().0, 0x88);
    idle.ping();
    let counted = bench.counted("press-1");
    assert_eq!((counted.received, counted.stored), (3, 1));
    assert_eq!(counted.rejected, [(Reason::NotStored, 2)], "LI-3");
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_the_lake_is_full_senders_wait_and_nothing_is_lost() {
    let small = lake::LakeOptions { memory_bytes_max: 20_000, ..lake_options() };
    let bench = start_on(small, local(), Hooks::none()).await;
    let to = bench.listener.local_addr();
    let sender = std::thread::spawn(move || {
        let mut raw = Raw::device(to, V5, "press-1");
        let mut reader = Raw { socket: raw.socket.try_clone().unwrap(), version: V5 };
        let acks = std::thread::spawn(move || (0..3000).map(|_| reader.ack().0).collect::<Vec<_>>());
        for i in 0..3000_i64 {
            let payload = format!("{{\"ts\":{},\"values\":{{\"speed\":{i}}}}}", 1_700_000_000_000 + i);
            raw.publish(UP, payload.as_bytes(), 1, (i % 1000) as u16 + 1);
            if i % 500 == 499 {
                std::thread::sleep(Duration::from_millis(50));
            }
        }
        acks.join().unwrap()
    });
    let mut flushes = 0;
    while !sender.is_finished() {
        tokio::time::sleep(Duration::from_millis(20)).await;
        flushes += usize::from(bench.lake.flush(1_700_000_000_000 + flushes as i64).unwrap().is_some());
    }
    assert!(sender.join().unwrap().iter().all(|code| *code == 0));
    assert!(flushes > 2, "the lake was full");
    assert_eq!(bench.readings("press-1", "speed").len(), 3000);
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_panic_in_one_connection_does_not_touch_another() {
    let hooks = Hooks { command_reply: Box::new(|_, _, _| panic!("a fault in a hook, on purpose")), ..Hooks::none() };
    let bench = start_with(local(), hooks).await;
    let to = bench.listener.local_addr();
    let mut other = Raw::device(to, V5, "press-2");
    let mut raw = Raw::device(to, V5, "press-1");
    raw.publish("v1/devices/me/rpc/response/1", b"{}", 1, 1);
    assert!(raw.read().is_none());
    until("it is gone", || bench.counted("press-1").connected == 0).await;
    other.publish(UP, b"{\"temperature\":1}", 1, 1);
    assert_eq!(other.ack().0, 0);
    Raw::device(to, V5, "press-1").ping();
    bench.listener.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_message_of_more_readings_than_a_record_holds_goes_in_by_parts() {
    let mut small = lake_options();
    small.log.record_bytes_max = 2000;
    let bench = start_on(small, local(), Hooks::none()).await;
    let mut raw = Raw::device(bench.listener.local_addr(), V5, "press-1");
    let one = |i: i64| format!("{{\"ts\":{},\"values\":{{\"speed\":{i}.25}}}}", 1_700_000_000_000 + i);
    let payload = format!("[{}]", (0..1000).map(one).collect::<Vec<_>>().join(","));
    raw.publish(UP, payload.as_bytes(), 1, 1);
    assert_eq!(raw.ack().0, 0);
    assert_eq!(bench.readings("press-1", "speed").len(), 1000);
    let counted = bench.counted("press-1");
    assert_eq!((counted.received, counted.stored, counted.points), (1, 1, 1000));
    bench.listener.stop().await;
}
