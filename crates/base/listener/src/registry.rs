//! Who is connected, whose session waits, and what is kept: all that connections share, behind one short lock.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use futures_util::task::AtomicWaker;
use mqtt::retained::Retained;
use mqtt::{Dropped, Key, Message, Offered, Reason, Session, Sessions, Will};
use things::{Admitted, DeviceEntry};
use tokio::sync::Notify;

/// What others have for a connection; it takes it when it is woken.
#[derive(Default)]
pub(crate) struct Inbox {
    /// Batches whose fate is known.
    pub(crate) done: Vec<Done>,
    pub(crate) messages: Vec<Message>,
    message_bytes: usize,
    /// To be closed, and why.
    pub(crate) close: Option<(Reason, &'static str)>,
}

/// A batch whose fate is known.
pub(crate) struct Done {
    /// Its tickets.
    pub(crate) first: u64,
    pub(crate) end: u64,
    /// Bytes that it had in flight.
    pub(crate) bytes: usize,
    pub(crate) read_at: std::time::Instant,
    /// The disk's words if it is not stored.
    pub(crate) failed: Option<String>,
    /// Not stored, and never to be.
    pub(crate) refused: Option<things::Reason>,
}

impl Done {
    pub(crate) fn new(tickets: &std::ops::Range<u64>, bytes: usize, read_at: std::time::Instant) -> Done {
        Done { first: tickets.start, end: tickets.end, bytes, read_at, failed: None, refused: None }
    }
}

/// A connection as others see it.
#[derive(Default)]
pub(crate) struct Handle {
    inbox: Mutex<Inbox>,
    waker: AtomicWaker,
    admitted: OnceLock<Admitted>,
    /// It hears commands.
    pub(crate) wants_commands: AtomicBool,
}

/// A lock that outlives another connection's panic.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Handle {
    pub(crate) fn register(&self, waker: &std::task::Waker) {
        self.waker.register(waker);
    }

    pub(crate) fn take(&self) -> Inbox {
        let mut inbox = locked(&self.inbox);
        let close = inbox.close;
        let taken = std::mem::take(&mut *inbox);
        inbox.close = close;
        taken
    }

    pub(crate) fn done(&self, done: Done) {
        locked(&self.inbox).done.push(done);
        self.waker.wake();
    }

    pub(crate) fn close(&self, reason: Reason, why: &'static str) {
        locked(&self.inbox).close.get_or_insert((reason, why));
        self.waker.wake();
    }

    pub(crate) fn offer(&self, message: Message, bytes_max: usize) -> Offered {
        let mut inbox = locked(&self.inbox);
        let bytes = message.topic.len() + message.payload.len();
        if inbox.message_bytes + bytes > bytes_max {
            return Offered::Dropped(Dropped::Budget);
        }
        inbox.message_bytes += bytes;
        inbox.messages.push(message);
        drop(inbox);
        self.waker.wake();
        Offered::Queued
    }

    pub(crate) fn admit(&self, admitted: &Admitted) {
        self.admitted.set(admitted.clone()).ok();
    }
}

struct Shelves {
    live: HashMap<Key, Arc<Handle>>,
    by_device: HashMap<Arc<str>, Vec<Arc<Handle>>>,
    parked: Sessions,
    retained: Retained,
}

/// All that connections share.
pub(crate) struct Registry {
    shelves: Mutex<Shelves>,
    departures: Notify,
}

/// A will that is due, with whose it is.
pub(crate) type Due = (String, Will);

/// How many bytes of retained messages are kept.
const RETAINED_BYTES_MAX: usize = 16 << 20;

impl Registry {
    pub(crate) fn new(sessions_max: usize) -> Registry {
        let shelves = Shelves {
            live: HashMap::new(),
            by_device: HashMap::new(),
            parked: Sessions::new(sessions_max),
            retained: Retained::new(RETAINED_BYTES_MAX),
        };
        Registry { shelves: Mutex::new(shelves), departures: Notify::new() }
    }

    /// Puts a connection in. One that is there under the same key is closed first [MQTT-3.1.4-3], and its session waited
    /// for. Returns the session to go on with, and a will that fell due by starting anew.
    pub(crate) async fn enter(
        &self,
        key: &Key,
        device: &Arc<DeviceEntry>,
        handle: &Arc<Handle>,
        clean_start: bool,
        now_ms: u64,
    ) -> (Option<Session>, Option<Will>) {
        loop {
            let departed = self.departures.notified();
            tokio::pin!(departed);
            departed.as_mut().enable();
            {
                let mut shelves = locked(&self.shelves);
                match shelves.live.get(key) {
                    Some(old) => old.close(Reason::SessionTakenOver, "another connection has the same client id"),
                    None => {
                        shelves.live.insert(key.clone(), handle.clone());
                        shelves.by_device.entry(device.id.clone()).or_default().push(handle.clone());
                        return shelves.parked.take(key, clean_start, now_ms);
                    }
                }
            }
            departed.await;
        }
    }

    /// Takes a connection out, keeping its session as long as it wants. Returns a will that is due now.
    pub(crate) fn leave(
        &self,
        key: &Key,
        handle: &Arc<Handle>,
        kept: Option<(Session, u32, Option<Will>)>,
        now_ms: u64,
    ) -> Option<Will> {
        let mut due = None;
        {
            let mut shelves = locked(&self.shelves);
            if shelves.live.get(key).is_some_and(|h| Arc::ptr_eq(h, handle)) {
                shelves.live.remove(key);
                if let Some((session, expiry_s, will)) = kept {
                    due = shelves.parked.park(key.clone(), session, expiry_s, will, now_ms);
                }
            }
            if let Some(handles) = shelves.by_device.get_mut(key.device.as_str()) {
                handles.retain(|h| !Arc::ptr_eq(h, handle));
                if handles.is_empty() {
                    shelves.by_device.remove(key.device.as_str());
                }
            }
        }
        self.departures.notify_waiters();
        due
    }

    /// A message for a device: to its connections that want it, or into its sessions that wait.
    pub(crate) fn offer(&self, device: &str, message: &Message, bytes_max: usize, command: bool) -> Reached {
        let mut shelves = locked(&self.shelves);
        let mut reached = Reached::NotConnected;
        for handle in shelves.by_device.get(device).into_iter().flatten() {
            if command && !handle.wants_commands.load(Ordering::Acquire) {
                reached = reached.or(Reached::NotSubscribed);
                continue;
            }
            reached = match handle.offer(message.clone(), bytes_max) {
                Offered::Queued => Reached::Sent,
                _ => reached.or(Reached::Dropped),
            };
        }
        if reached == Reached::Sent {
            return reached;
        }
        match shelves.parked.offer(device, message, bytes_max) {
            Offered::Queued => Reached::Queued,
            Offered::Dropped(_) => Reached::Dropped,
            Offered::NotSubscribed => reached,
        }
    }

    /// A message for whoever wants it, such as the host's STATE.
    pub(crate) fn offer_all(&self, message: &Message, bytes_max: usize) {
        let handles: Vec<Arc<Handle>> = locked(&self.shelves).live.values().cloned().collect();
        for handle in handles {
            handle.offer(message.clone(), bytes_max);
        }
    }

    pub(crate) fn keep(&self, owner: Option<&str>, message: Message) {
        if let Err(why) = locked(&self.shelves).retained.keep(owner, message) {
            tracing::debug!("not retained: {why}");
        }
    }

    pub(crate) fn retained(&self, device: &str, filter: &str) -> Vec<Message> {
        locked(&self.shelves).retained.matching(device, filter).cloned().collect()
    }

    /// Closes the connections whose credential no longer holds, and forgets their sessions.
    pub(crate) fn sweep(&self, now_us: i64) {
        let mut shelves = locked(&self.shelves);
        let over = |h: &Arc<Handle>| h.admitted.get().is_some_and(|a| !a.holds(now_us));
        let gone: Vec<_> =
            shelves.live.iter().filter(|(_, h)| over(h)).map(|(k, h)| (k.device.clone(), h.clone())).collect();
        for (device, handle) in gone {
            handle.close(Reason::NotAuthorized, "the credential no longer holds");
            shelves.parked.forget(&device);
        }
    }

    pub(crate) fn close_all(&self, reason: Reason, why: &'static str) {
        locked(&self.shelves).live.values().for_each(|h| h.close(reason, why));
    }

    /// Wills that fell due by time, with whose they are.
    pub(crate) fn tick(&self, now_ms: u64) -> Vec<Due> {
        locked(&self.shelves).parked.tick(now_ms).into_iter().map(|(key, will)| (key.device, will)).collect()
    }

    pub(crate) fn is_empty(&self) -> bool {
        locked(&self.shelves).live.is_empty()
    }
}

/// How far a message for a device came.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Reached {
    /// It is neither connected nor has a session that waits.
    NotConnected,
    /// It is there and does not listen to such messages.
    NotSubscribed,
    /// As much waits for it as may.
    Dropped,
    /// It waits in the session until the device comes back.
    Queued,
    /// It is on its way.
    Sent,
}

impl Reached {
    fn or(self, other: Reached) -> Reached {
        self.max(other)
    }
}
