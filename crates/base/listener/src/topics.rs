//! What a message is about, and what is done with it.

use std::sync::Arc;

use mqtt::access::{self, About, Who};
use mqtt::{Asked, Message, Publish, Reason, Ticket};
use things::gateway::{thingsboard_gateway, thingsboard_gateway_device, thingsboard_gateway_reply};
use things::sparkplug::Topic;
use things::{DeviceEntry, Reason as Why, Refused};

use crate::intake::Gathered;
use crate::link::Link;
use crate::options::Boxed;

/// What becomes of a message.
pub(crate) enum Outcome {
    /// Its readings are in the batch; it is answered when that is stored.
    Gathered,
    /// It is dealt with.
    Done,
    /// It is not taken.
    Refused(Refused),
    /// Devices behind it must be registered first.
    Wait(Boxed<()>),
}

/// A message that waits until the devices behind it are registered.
pub(crate) struct Deferred {
    topic: String,
    payload: Vec<u8>,
    pub(crate) ticket: Option<Ticket>,
}

impl Deferred {
    pub(crate) fn of(publish: &Publish<'_>) -> Deferred {
        let (topic, payload) = (publish.topic.as_str().to_owned(), publish.payload.to_vec());
        Deferred { topic, payload, ticket: publish.ticket }
    }
}

/// The word on the wire for a refusal.
pub(crate) fn reason_code(why: Why) -> Reason {
    match why {
        Why::TooLarge | Why::TooManyProperties | Why::OverQuota => Reason::QuotaExceeded,
        Why::UnknownTopic => Reason::TopicNameInvalid,
        Why::UnknownDevice | Why::NotAllowed => Reason::NotAuthorized,
        Why::NotStored => Reason::Unspecified,
        Why::NotBorn => Reason::ImplementationSpecific,
        _ => Reason::PayloadFormatInvalid,
    }
}

fn done(result: Result<(), Refused>) -> Outcome {
    result.map_or_else(Outcome::Refused, |()| Outcome::Done)
}

impl Link {
    /// A message came.
    pub(crate) fn message(&mut self, publish: &Publish<'_>, gathered: &mut Gathered) -> Outcome {
        let Some(admitted) = &self.admitted else { return Outcome::Done };
        gathered.now_us += 1;
        admitted.device.counters.count_received(gathered.now_us);
        self.shared.stats.messages.increment(1);
        let device = admitted.device.clone();
        self.take(&device, publish.topic.as_str(), publish.payload, true, gathered)
    }

    /// A message that waited: what is unknown still is refused.
    pub(crate) fn again(&mut self, deferred: &Deferred, gathered: &mut Gathered) -> Outcome {
        let Some(admitted) = &self.admitted else { return Outcome::Done };
        let device = admitted.device.clone();
        self.take(&device, &deferred.topic, &deferred.payload, false, gathered)
    }

    /// Answers what need not wait for the disk.
    pub(crate) fn settle(&mut self, ticket: Option<Ticket>, outcome: Outcome, gathered: &mut Gathered) {
        let Some(admitted) = &self.admitted else { return };
        match outcome {
            Outcome::Gathered | Outcome::Wait(_) => {}
            Outcome::Done => {
                admitted.device.counters.count_stored(0);
                if let Some(ticket) = ticket {
                    self.conn.answer(ticket, Reason::Success, None);
                }
            }
            Outcome::Refused(refused) => {
                admitted.device.counters.count_refusal(&refused, gathered.now_us);
                self.shared.stats.refuse(refused.reason);
                tracing::debug!(device = %admitted.device.id, at_us = gathered.now_us, "refused: {refused}");
                if let Some(ticket) = ticket {
                    self.conn.answer(ticket, reason_code(refused.reason), Some(&refused.to_string()));
                }
            }
        }
    }

    fn take(
        &mut self,
        device: &Arc<DeviceEntry>,
        topic: &str,
        payload: &[u8],
        may_wait: bool,
        gathered: &mut Gathered,
    ) -> Outcome {
        let shared = self.shared.clone();
        let limits = &shared.options.times;
        // By far the most come this way.
        let about = access::about(topic);
        if matches!(about, Some(About::Telemetry | About::Attributes)) {
            return match gathered.telemetry(&shared.lake, limits, device, payload) {
                Ok(()) => Outcome::Gathered,
                Err(refused) => Outcome::Refused(refused),
            };
        }
        let Some(about) = about else {
            return Outcome::Refused(Refused::new(Why::UnknownTopic, short(topic)));
        };
        let facts = device.facts().clone();
        let who = Who { is_gateway: facts.is_gateway, node: &facts.name };
        if !access::may_publish(who, topic) {
            return Outcome::Refused(Refused::new(Why::NotAllowed, short(topic)));
        }
        match about {
            About::CommandReply(id) => match id.parse() {
                Ok(id) => {
                    (shared.hooks.command_reply)(&device.id, id, payload.to_vec());
                    Outcome::Done
                }
                Err(_) => Outcome::Refused(Refused::new(Why::UnknownTopic, short(topic))),
            },
            About::AttributesRequest(id) => {
                let answer = (shared.hooks.attributes)(device, payload);
                let topic = format!("v1/devices/me/attributes/response/{id}");
                self.conn.offer(&down(&topic, answer, false), false, shared.now_ms());
                Outcome::Done
            }
            About::ChildTelemetry | About::ChildAttributes => self.children(device, payload, may_wait, gathered),
            About::ChildConnects => self.child_connects(device, payload, may_wait),
            About::ChildDisconnects => done(thingsboard_gateway_device(payload).map(drop)),
            About::ChildCommand => done(self.child_replies(device, payload)),
            About::Sparkplug { .. } => match Topic::parse(topic) {
                Some(parsed) => shared.sparkplug(device, topic, parsed, payload, may_wait, gathered),
                None => Outcome::Refused(Refused::new(Why::UnknownTopic, short(topic))),
            },
            About::Telemetry | About::Attributes | About::Command(_) | About::HostState(_) => {
                Outcome::Refused(Refused::new(Why::UnknownTopic, short(topic)))
            }
        }
    }

    /// A gateway says that a device is there: one that nobody knows is to be registered.
    fn child_connects(&mut self, gateway: &Arc<DeviceEntry>, payload: &[u8], may_wait: bool) -> Outcome {
        let child = match thingsboard_gateway_device(payload) {
            Ok(child) => child,
            Err(refused) => return Outcome::Refused(refused),
        };
        match self.shared.directory.child(&gateway.id, &child.device) {
            Some(_) => Outcome::Done,
            None if may_wait => Outcome::Wait(self.shared.register(gateway, vec![(child.device, child.product)])),
            None => Outcome::Refused(Refused::new(Why::UnknownDevice, short(&child.device))),
        }
    }

    /// A device behind a gateway answers a command.
    fn child_replies(&mut self, gateway: &Arc<DeviceEntry>, payload: &[u8]) -> Result<(), Refused> {
        let reply = thingsboard_gateway_reply(payload)?;
        let child = self.shared.directory.child(&gateway.id, &reply.device);
        let child = child.ok_or_else(|| Refused::new(Why::UnknownDevice, short(&reply.device)))?;
        (self.shared.hooks.command_reply)(&child.id, reply.id, reply.data.get().as_bytes().to_vec());
        Ok(())
    }

    /// Telemetry of devices behind a gateway: each device's part is taken or refused by itself, so that one's bad reading
    /// does not keep out another's. The message is refused if every part was.
    fn children(
        &mut self,
        gateway: &Arc<DeviceEntry>,
        payload: &[u8],
        may_wait: bool,
        gathered: &mut Gathered,
    ) -> Outcome {
        let shared = self.shared.clone();
        if may_wait {
            let mut unknown = Vec::new();
            let frame = thingsboard_gateway(payload, &mut |name, _| {
                if shared.directory.child(&gateway.id, name).is_none() {
                    unknown.push((name.to_owned(), None));
                }
                Ok(())
            });
            if let Err(refused) = frame {
                return Outcome::Refused(refused);
            }
            if !unknown.is_empty() {
                return Outcome::Wait(shared.register(gateway, unknown));
            }
        }
        let (mut taken, mut first_refusal) = (0, None);
        let frame = thingsboard_gateway(payload, &mut |name, json| {
            let part = match shared.directory.child(&gateway.id, name) {
                Some(child) => {
                    child.counters.count_received(gathered.now_us);
                    let part = gathered.telemetry(&shared.lake, &shared.options.times, &child, json);
                    if let Err(refused) = &part {
                        child.counters.count_refusal(refused, gathered.now_us);
                    }
                    part
                }
                None => Err(Refused::new(Why::UnknownDevice, short(name))),
            };
            match part {
                Ok(()) => taken += 1,
                Err(refused) => {
                    shared.stats.refuse(refused.reason);
                    first_refusal
                        .get_or_insert(Refused { detail: format!("{}: {}", short(name), refused.detail), ..refused });
                }
            }
            Ok(())
        });
        match (frame, taken, first_refusal) {
            (Err(refused), ..) | (Ok(()), 0, Some(refused)) => Outcome::Refused(refused),
            (Ok(()), 0, None) => Outcome::Refused(Refused::new(Why::Empty, "no device")),
            _ => {
                gathered.count(gateway, 1, 0);
                Outcome::Gathered
            }
        }
    }

    /// SUBSCRIBE came.
    pub(crate) fn subscribe(&mut self, asked: Asked, now_ms: u64) {
        let Some(admitted) = &self.admitted else { return };
        let facts = admitted.device.facts().clone();
        let who = Who { is_gateway: facts.is_gateway, node: &facts.name };
        let may = |filter: &str| match access::may_subscribe(who, filter) {
            true => Ok(()),
            false => Err(Reason::NotAuthorized),
        };
        for granted in self.conn.subscribe(asked, may).into_iter().filter(|g| g.wants_retained) {
            for message in self.shared.registry.retained(&admitted.device.id, &granted.filter) {
                self.conn.offer_retained(&message, granted.qos, now_ms);
            }
        }
    }
}

/// A message for a device, QoS 1.
pub(crate) fn down(topic: &str, payload: Vec<u8>, repeats: bool) -> Message {
    Message { topic: topic.into(), payload: payload.into(), qos: 1, retain: false, repeats, expires_at_ms: None }
}

/// A name from outside, for a log or a reason string.
pub(crate) fn short(name: &str) -> String {
    let end = name.floor_char_boundary(64.min(name.len()));
    if end < name.len() { format!("{}…", &name[..end]) } else { name.to_owned() }
}
