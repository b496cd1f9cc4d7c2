//! The life of an alarm after ISA-18.2 figure 6: its states, and every legal change with its cause, in one table.

use serde::{Deserialize, Serialize};

use crate::rule::{Priority, named};

named! {
    /// Where an alarm stands; the letters are the standard's.
    State {
        /// A: the process is normal.
        Normal = "normal", "正常", "Normal";
        /// B: in alarm, nobody has seen it.
        Unacknowledged = "unacknowledged", "未确认", "Unacknowledged";
        /// C: in alarm, seen.
        Acknowledged = "acknowledged", "已确认", "Acknowledged";
        /// D: the process is back, nobody has seen it.
        ReturnedUnacknowledged = "returned-unacknowledged", "已恢复未确认", "Returned, unacknowledged";
        /// E: the process is back, the alarm is kept, nobody has seen it.
        LatchedUnacknowledged = "latched-unacknowledged", "锁定未确认", "Latched, unacknowledged";
        /// F: the process is back, the alarm is kept until it is reset.
        LatchedAcknowledged = "latched-acknowledged", "锁定待复位", "Latched, to be reset";
        /// G: set aside by an operator, for a time.
        Shelved = "shelved", "搁置", "Shelved";
        /// H: known to mean nothing now.
        Suppressed = "suppressed", "设计抑制", "Suppressed by design";
        /// I: taken out for maintenance.
        OutOfService = "out-of-service", "停用", "Out of service";
    }
}

named! {
    /// Why an alarm changes.
    Cause {
        /// The process went into alarm.
        Occurs = "occurs", "发生", "Occurs";
        /// The process came back.
        Returns = "returns", "恢复", "Returns";
        /// It became more urgent.
        Rises = "rises", "级别上升", "Rises";
        /// It became less urgent.
        Falls = "falls", "级别下降", "Falls";
        /// An operator has seen it.
        Acknowledge = "acknowledge", "确认", "Acknowledge";
        /// An operator lets a latched alarm go.
        Reset = "reset", "复位", "Reset";
        /// An operator sets it aside.
        Shelve = "shelve", "搁置", "Shelve";
        /// An operator takes it back.
        Unshelve = "unshelve", "取消搁置", "Unshelve";
        /// Its time aside is over.
        ShelfEnds = "shelf-ends", "搁置到期", "Shelving ends";
        /// The design says that it means nothing now.
        Suppress = "suppress", "开始抑制", "Suppress";
        /// It means something again.
        Unsuppress = "unsuppress", "解除抑制", "Unsuppress";
        /// Taken out for maintenance.
        TakeOut = "take-out", "停用", "Take out of service";
        /// Put back.
        PutBack = "put-back", "恢复使用", "Return to service";
        /// Its rule is no longer.
        Retire = "retire", "规则停用", "Rule retired";
    }
}

/// What must hold besides the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Given {
    /// Nothing.
    Always,
    /// The rule latches.
    Latching,
    /// It does not.
    Plain,
    /// The process is in alarm, and nothing suppresses it.
    On,
    /// The process is normal, and nothing suppresses it.
    Off,
    /// The design suppresses it.
    Held,
}

/// One legal change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Transition {
    /// Before.
    pub from: State,
    /// By what.
    pub cause: Cause,
    /// If.
    pub given: Given,
    /// After.
    pub to: State,
}

macro_rules! table {
    ($($from:ident, $cause:ident, $given:ident => $to:ident;)*) => {
        /// Every legal change; what is not here is refused (AL-1).
        pub const TRANSITIONS: &[Transition] = &[$(Transition {
            from: State::$from, cause: Cause::$cause, given: Given::$given, to: State::$to,
        }),*];
    };
}

table! {
    Normal, Occurs, Always => Unacknowledged;
    Unacknowledged, Acknowledge, Always => Acknowledged;
    Unacknowledged, Returns, Plain => ReturnedUnacknowledged;
    Unacknowledged, Returns, Latching => LatchedUnacknowledged;
    Unacknowledged, Rises, Always => Unacknowledged;
    Unacknowledged, Falls, Always => Unacknowledged;
    Acknowledged, Returns, Plain => Normal;
    Acknowledged, Returns, Latching => LatchedAcknowledged;
    // What became more urgent must be seen again.
    Acknowledged, Rises, Always => Unacknowledged;
    Acknowledged, Falls, Always => Acknowledged;
    ReturnedUnacknowledged, Acknowledge, Always => Normal;
    ReturnedUnacknowledged, Occurs, Always => Unacknowledged;
    LatchedUnacknowledged, Acknowledge, Always => LatchedAcknowledged;
    LatchedUnacknowledged, Reset, Always => ReturnedUnacknowledged;
    LatchedUnacknowledged, Occurs, Always => Unacknowledged;
    LatchedAcknowledged, Reset, Always => Normal;
    LatchedAcknowledged, Occurs, Always => Unacknowledged;

    Normal, Shelve, Always => Shelved;
    Unacknowledged, Shelve, Always => Shelved;
    Acknowledged, Shelve, Always => Shelved;
    ReturnedUnacknowledged, Shelve, Always => Shelved;
    LatchedUnacknowledged, Shelve, Always => Shelved;
    LatchedAcknowledged, Shelve, Always => Shelved;
    // Shelving again changes until when.
    Shelved, Shelve, Always => Shelved;
    Shelved, Unshelve, Held => Suppressed;
    Shelved, Unshelve, On => Unacknowledged;
    Shelved, Unshelve, Off => Normal;
    Shelved, ShelfEnds, Held => Suppressed;
    Shelved, ShelfEnds, On => Unacknowledged;
    Shelved, ShelfEnds, Off => Normal;
    Shelved, Occurs, Always => Shelved;
    Shelved, Returns, Always => Shelved;
    Shelved, Rises, Always => Shelved;
    Shelved, Falls, Always => Shelved;
    Shelved, Suppress, Always => Shelved;
    Shelved, Unsuppress, Always => Shelved;
    Shelved, TakeOut, Always => OutOfService;

    Normal, Suppress, Always => Suppressed;
    Unacknowledged, Suppress, Always => Suppressed;
    Acknowledged, Suppress, Always => Suppressed;
    ReturnedUnacknowledged, Suppress, Always => Suppressed;
    LatchedUnacknowledged, Suppress, Always => Suppressed;
    LatchedAcknowledged, Suppress, Always => Suppressed;
    Suppressed, Unsuppress, On => Unacknowledged;
    Suppressed, Unsuppress, Off => Normal;
    Suppressed, Occurs, Always => Suppressed;
    Suppressed, Returns, Always => Suppressed;
    Suppressed, Rises, Always => Suppressed;
    Suppressed, Falls, Always => Suppressed;
    Suppressed, TakeOut, Always => OutOfService;

    Normal, TakeOut, Always => OutOfService;
    Unacknowledged, TakeOut, Always => OutOfService;
    Acknowledged, TakeOut, Always => OutOfService;
    ReturnedUnacknowledged, TakeOut, Always => OutOfService;
    LatchedUnacknowledged, TakeOut, Always => OutOfService;
    LatchedAcknowledged, TakeOut, Always => OutOfService;
    OutOfService, PutBack, Held => Suppressed;
    OutOfService, PutBack, On => Unacknowledged;
    OutOfService, PutBack, Off => Normal;
    OutOfService, Occurs, Always => OutOfService;
    OutOfService, Returns, Always => OutOfService;
    OutOfService, Rises, Always => OutOfService;
    OutOfService, Falls, Always => OutOfService;
    OutOfService, Suppress, Always => OutOfService;
    OutOfService, Unsuppress, Always => OutOfService;

    Unacknowledged, Retire, Always => Normal;
    Acknowledged, Retire, Always => Normal;
    ReturnedUnacknowledged, Retire, Always => Normal;
    LatchedUnacknowledged, Retire, Always => Normal;
    LatchedAcknowledged, Retire, Always => Normal;
    Shelved, Retire, Always => Normal;
    Suppressed, Retire, Always => Normal;
    OutOfService, Retire, Always => Normal;
}

/// One rule on one device, as the records keep it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// Where it stands.
    pub state: State,
    /// Is the process in alarm, whether shown or not?
    pub active: bool,
    /// Does the design suppress it, whether shown or not?
    pub suppressed: bool,
    /// How urgent; while normal, how urgent it last was.
    pub priority: Priority,
    /// When it last occurred.
    pub occurred_us: Option<i64>,
    /// When it last returned.
    pub returned_us: Option<i64>,
    /// When the last occurrence was first acknowledged.
    pub acknowledged_us: Option<i64>,
    /// Set aside until.
    pub shelved_until_us: Option<i64>,
    /// How often it occurred.
    pub occurrences: i64,
}

/// What is done to an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Act {
    /// By what.
    pub cause: Cause,
    /// When.
    pub at_us: i64,
    /// How urgent it is from now on, for [`Cause::Occurs`], [`Cause::Rises`] and [`Cause::Falls`].
    pub priority: Option<Priority>,
    /// Until when, for [`Cause::Shelve`].
    pub until_us: Option<i64>,
    /// Does its rule latch?
    pub latched: bool,
}

/// Not legal from where the alarm stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an alarm that is {} cannot {}", state.code(), cause.code())]
pub struct Illegal {
    /// Where it stands.
    pub state: State,
    /// What was asked.
    pub cause: Cause,
}

impl Given {
    fn holds(self, alarm: &Alarm, latched: bool) -> bool {
        match self {
            Given::Always => true,
            Given::Latching => latched,
            Given::Plain => !latched,
            Given::On => alarm.active && !alarm.suppressed,
            Given::Off => !alarm.active && !alarm.suppressed,
            Given::Held => alarm.suppressed,
        }
    }
}

impl State {
    /// Does it wait for an operator's eyes?
    pub fn unacknowledged(self) -> bool {
        matches!(self, State::Unacknowledged | State::ReturnedUnacknowledged | State::LatchedUnacknowledged)
    }
    /// Set aside in one of three ways: not among what an operator must look at.
    pub fn aside(self) -> bool {
        matches!(self, State::Shelved | State::Suppressed | State::OutOfService)
    }
    /// Among what an operator must look at.
    pub fn annunciated(self) -> bool {
        self != State::Normal && !self.aside()
    }
}

impl Alarm {
    /// Normal, never occurred.
    pub fn new(priority: Priority) -> Alarm {
        Alarm {
            state: State::Normal,
            active: false,
            suppressed: false,
            priority,
            occurred_us: None,
            returned_us: None,
            acknowledged_us: None,
            shelved_until_us: None,
            occurrences: 0,
        }
    }

    /// The alarm after `act`, or why there is none (AL-1). Pure.
    pub fn apply(&self, act: &Act) -> Result<Alarm, Illegal> {
        let mut after = self.clone();
        let illegal = Illegal { state: self.state, cause: act.cause };
        match act.cause {
            // The process and the design say each thing once (AL-7).
            Cause::Occurs if self.active => return Err(illegal),
            Cause::Returns | Cause::Rises | Cause::Falls if !self.active => return Err(illegal),
            Cause::Suppress if self.suppressed => return Err(illegal),
            Cause::Unsuppress if !self.suppressed => return Err(illegal),
            Cause::Occurs => {
                after.active = true;
                after.occurred_us = Some(act.at_us);
                after.returned_us = None;
                after.acknowledged_us = None;
                after.occurrences += 1;
            }
            Cause::Returns => {
                after.active = false;
                after.returned_us = Some(act.at_us);
            }
            Cause::Suppress => after.suppressed = true,
            Cause::Unsuppress => after.suppressed = false,
            Cause::Acknowledge => after.acknowledged_us = after.acknowledged_us.or(Some(act.at_us)),
            Cause::Shelve => after.shelved_until_us = act.until_us,
            Cause::Retire => {
                after.active = false;
                after.suppressed = false;
                after.returned_us = if self.active { Some(act.at_us) } else { self.returned_us };
            }
            _ => {}
        }
        if let (Cause::Occurs | Cause::Rises | Cause::Falls, Some(p)) = (act.cause, act.priority) {
            after.priority = p;
        }
        let row = TRANSITIONS
            .iter()
            .find(|t| t.from == self.state && t.cause == act.cause && t.given.holds(&after, act.latched));
        after.state = row.ok_or(illegal)?.to;
        if after.state != State::Shelved {
            after.shelved_until_us = None;
        }
        Ok(after)
    }
}
