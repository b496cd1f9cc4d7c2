//! The lock after failed sign-ins: five failures lock a login for 15 minutes, each further five for twice as long.

use jiff::{SignedDuration, Timestamp};

/// So many failures lock.
pub const FAILURES_MAX: i64 = 5;
/// The first lock.
pub const FIRST_LOCK: SignedDuration = SignedDuration::from_mins(15);
/// No lock is longer.
pub const LOCK_MAX: SignedDuration = SignedDuration::from_hours(24);
/// Failures are forgotten after so long without one.
pub const FORGOTTEN_AFTER: SignedDuration = SignedDuration::from_hours(7 * 24);

/// What is remembered of a login's failures, whether or not there is such a login.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Guard {
    /// Failures since the last complete sign-in.
    pub failed_count: i64,
    /// The last one.
    pub last_failed_at: Option<Timestamp>,
    /// Locked until then.
    pub locked_until: Option<Timestamp>,
}

impl Guard {
    /// Minutes the lock still holds, rounded up; `None` when it is open. A clock set back only makes it longer.
    pub fn locked_minutes(&self, now: Timestamp) -> Option<i64> {
        let left = self.locked_until?.duration_since(now);
        (left > SignedDuration::ZERO).then(|| (left.as_secs() + 59) / 60)
    }

    /// After one more failure.
    #[must_use]
    pub fn failed(&self, now: Timestamp) -> Guard {
        let forgotten = self.last_failed_at.is_some_and(|at| now.duration_since(at) > FORGOTTEN_AFTER);
        let failed_count = if forgotten { 1 } else { self.failed_count + 1 };
        let locked_until = if failed_count % FAILURES_MAX == 0 {
            let doublings = u32::try_from(failed_count / FAILURES_MAX - 1).unwrap_or(u32::MAX).min(16);
            let lasts = SignedDuration::from_secs(FIRST_LOCK.as_secs() << doublings).min(LOCK_MAX);
            Some(now.checked_add(lasts).unwrap_or(Timestamp::MAX))
        } else {
            self.locked_until
        };
        // A clock set back does not make a failure older than one before it.
        let last_failed_at = Some(self.last_failed_at.map_or(now, |at| at.max(now)));
        Guard { failed_count, last_failed_at, locked_until }
    }

    /// Failures left before the next lock.
    pub fn tries_left(&self) -> i64 {
        FAILURES_MAX - self.failed_count % FAILURES_MAX
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(minutes: i64) -> Timestamp {
        Timestamp::from_second(1_600_000_000 + minutes * 60).unwrap()
    }

    #[test]
    fn locks_grow_and_end_at_a_day() {
        let (mut g, mut now, mut locks) = (Guard::default(), 0, Vec::new());
        for _ in 0..45 {
            g = g.failed(at(now));
            if let Some(minutes) = g.locked_minutes(at(now)) {
                locks.push(minutes);
                now += minutes;
            }
        }
        assert_eq!(locks, [15, 30, 60, 120, 240, 480, 960, 1440, 1440]);
    }

    #[test]
    fn a_clock_set_back_does_not_unlock_or_forget() {
        let mut g = Guard::default();
        for _ in 0..5 {
            g = g.failed(at(0));
        }
        assert_eq!(g.locked_minutes(at(14)), Some(1));
        assert_eq!(g.locked_minutes(at(15)), None);
        assert!(g.locked_minutes(at(-10_000)).is_some());
        assert_eq!(g.failed(at(-100_000)).failed_count, 6);
        assert_eq!(g.failed(at(8 * 24 * 60)).failed_count, 1);
    }
}
