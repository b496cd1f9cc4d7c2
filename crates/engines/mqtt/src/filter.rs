//! Topic filters (4.7): what is one, and what it matches.

use crate::reason::Reason;

/// Why this is no filter of ours; `None` if it is one.
pub fn filter_problem(filter: &str) -> Option<Reason> {
    // [MQTT-4.7.3-1] at least one character, [MQTT-4.7.3-2] no U+0000, [MQTT-4.7.3-3] at most 65,535 bytes.
    if filter.is_empty() || filter.contains('\0') || filter.len() > usize::from(u16::MAX) {
        return Some(Reason::TopicFilterInvalid);
    }
    // Devices take their own messages; a share of them has no meaning here.
    if filter.starts_with("$share/") {
        return Some(Reason::SharedSubscriptionsNotSupported);
    }
    let mut levels = filter.split('/').peekable();
    while let Some(level) = levels.next() {
        let hash = level.contains('#');
        // [MQTT-4.7.1-1] `#` alone and last; [MQTT-4.7.1-2] `+` alone in its level.
        if (hash && (level != "#" || levels.peek().is_some())) || (level.contains('+') && level != "+") {
            return Some(Reason::TopicFilterInvalid);
        }
    }
    None
}

/// Whether a valid filter matches a topic's name.
pub fn matches(filter: &str, topic: &str) -> bool {
    // [MQTT-4.7.2-1] Wildcards in front do not match names that begin with `$`.
    if topic.starts_with('$') && filter.starts_with(['+', '#']) {
        return false;
    }
    let mut names = topic.split('/');
    let mut levels = filter.split('/');
    loop {
        match (levels.next(), names.next()) {
            // `a/#` matches `a` too: the parent level is included (4.7.1.2).
            (Some("#"), _) => return true,
            (Some("+"), Some(_)) => {}
            (Some(level), Some(name)) if level == name => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

/// Whether every topic that `inner` matches is matched by `outer`: a subscription may be narrower than what is allowed.
pub(crate) fn covers(outer: &str, inner: &str) -> bool {
    if inner.starts_with(['+', '#']) && !outer.starts_with(['+', '#']) {
        return false;
    }
    let mut wide = outer.split('/');
    let mut narrow = inner.split('/');
    loop {
        match (wide.next(), narrow.next()) {
            (Some("#"), _) => return true,
            (_, Some("#")) => return false,
            (Some("+"), Some(_)) => {}
            (Some(w), Some(n)) if w == n => {}
            (None, None) => return true,
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_match_as_the_specification_says() {
        // The examples of 4.7.1.2 and 4.7.1.3.
        for (filter, topic, expected) in [
            ("sport/tennis/player1/#", "sport/tennis/player1", true),
            ("sport/tennis/player1/#", "sport/tennis/player1/score/wimbledon", true),
            ("sport/tennis/+", "sport/tennis/player1", true),
            ("sport/tennis/+", "sport/tennis/player1/ranking", false),
            ("sport/+", "sport", false),
            ("sport/+", "sport/", true),
            ("+/+", "/finance", true),
            ("/+", "/finance", true),
            ("+", "/finance", false),
            ("#", "$SYS/x", false), // [MQTT-4.7.2-1]
            ("+/monitor/Clients", "$SYS/monitor/Clients", false),
            ("$SYS/#", "$SYS/x", true),
            ("a", "A", false),
        ] {
            assert_eq!(matches(filter, topic), expected, "{filter} {topic}");
        }
    }

    #[test]
    fn what_is_no_filter_is_named() {
        // [MQTT-4.7.1-1] [MQTT-4.7.1-2] [MQTT-4.7.3-1]
        for bad in ["", "a/#/b", "a#", "sport/ten+", "+a/b", "a\0b"] {
            assert_eq!(filter_problem(bad), Some(Reason::TopicFilterInvalid), "{bad:?}");
        }
        assert_eq!(filter_problem("$share/g/a"), Some(Reason::SharedSubscriptionsNotSupported));
        for good in ["#", "+", "a/+/b", "a/#", "/", "a//b"] {
            assert_eq!(filter_problem(good), None, "{good}");
        }
    }

    #[test]
    fn a_filter_covers_only_what_is_narrower() {
        assert!(covers("v1/devices/me/rpc/request/+", "v1/devices/me/rpc/request/+"));
        assert!(covers("v1/devices/me/#", "v1/devices/me/rpc/request/+"));
        assert!(covers("a/+", "a/b"));
        assert!(!covers("a/+", "a/#"));
        assert!(!covers("a/b", "a/+"));
        assert!(!covers("a/#", "#"));
        assert!(!covers("a/#", "+/b"));
    }
}
