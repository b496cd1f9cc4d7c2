//! Acknowledgements owed to the client: answered by the host in any order, sent in the order of arrival (MQ-1, MQ-2).

use std::collections::VecDeque;
use std::ops::Range;

use crate::reason::Reason;

/// A message that waits for the host's answer. Numbers rise by one within a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub u64);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Waiting,
    Given(Reason),
    GivenWith(Reason, Box<str>),
}

#[derive(Clone, Debug)]
struct Slot {
    packet_id: u16,
    qos2: bool,
    answer: Answer,
}

/// One acknowledgement that may go out.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Due {
    pub(crate) packet_id: u16,
    pub(crate) qos2: bool,
    pub(crate) reason: Reason,
    pub(crate) text: Option<Box<str>>,
}

/// What is owed.
#[derive(Debug, Default)]
pub(crate) struct Acks {
    slots: VecDeque<Slot>,
    /// The number of the slot in front.
    first: u64,
}

impl Acks {
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    pub(crate) fn hand_out(&mut self, packet_id: u16, qos2: bool) -> Ticket {
        self.slots.push_back(Slot { packet_id, qos2, answer: Answer::Waiting });
        Ticket(self.first + self.slots.len() as u64 - 1)
    }

    pub(crate) fn next(&self) -> Ticket {
        Ticket(self.first + self.slots.len() as u64)
    }

    /// Whether a QoS 2 message of this identifier waits already.
    pub(crate) fn holds_qos2(&self, packet_id: u16) -> bool {
        self.slots.iter().any(|s| s.qos2 && s.packet_id == packet_id)
    }

    fn slot(&mut self, ticket: u64) -> Option<&mut Slot> {
        let at = ticket.checked_sub(self.first)?;
        self.slots.get_mut(usize::try_from(at).ok()?)
    }

    /// The first answer counts.
    pub(crate) fn answer(&mut self, ticket: Ticket, reason: Reason, text: Option<&str>) {
        if let Some(slot) = self.slot(ticket.0)
            && slot.answer == Answer::Waiting
        {
            slot.answer = match text {
                Some(text) => Answer::GivenWith(reason, text.into()),
                None => Answer::Given(reason),
            };
        }
    }

    pub(crate) fn answer_all(&mut self, tickets: Range<u64>, reason: Reason) {
        for ticket in tickets {
            self.answer(Ticket(ticket), reason, None);
        }
    }

    /// The next that may go out.
    pub(crate) fn due(&mut self) -> Option<Due> {
        if self.slots.front()?.answer == Answer::Waiting {
            return None;
        }
        let slot = self.slots.pop_front()?;
        self.first += 1;
        let (reason, text) = match slot.answer {
            Answer::Waiting => return None,
            Answer::Given(reason) => (reason, None),
            Answer::GivenWith(reason, text) => (reason, Some(text)),
        };
        if self.slots.is_empty() {
            // An idle connection keeps no memory of a burst.
            self.slots = VecDeque::new();
        }
        Some(Due { packet_id: slot.packet_id, qos2: slot.qos2, reason, text })
    }
}
