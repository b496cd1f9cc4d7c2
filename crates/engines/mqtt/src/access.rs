//! What a device may say and hear: its own ThingsBoard topics, those of a gateway, and its Sparkplug node.

use crate::filter::{covers, filter_problem};

/// Who speaks, as far as topics go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Who<'a> {
    /// It may speak for devices behind it.
    pub is_gateway: bool,
    /// Its Sparkplug node: `node` (in any group) or `group/node`.
    pub node: &'a str,
}

/// What a topic is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum About<'a> {
    /// `v1/devices/me/telemetry`
    Telemetry,
    /// `v1/devices/me/attributes`
    Attributes,
    /// `v1/devices/me/attributes/request/{id}`
    AttributesRequest(&'a str),
    /// `v1/devices/me/rpc/response/{id}`
    CommandReply(&'a str),
    /// `v1/devices/me/rpc/request/{id}`: up, the device asks; down, it is asked.
    Command(&'a str),
    /// `v1/gateway/connect`
    ChildConnects,
    /// `v1/gateway/disconnect`
    ChildDisconnects,
    /// `v1/gateway/telemetry`
    ChildTelemetry,
    /// `v1/gateway/attributes`
    ChildAttributes,
    /// `v1/gateway/rpc`
    ChildCommand,
    /// `spBv1.0/{group}/{kind}/{node}[/{device}]`
    Sparkplug {
        /// The group.
        group: &'a str,
        /// NBIRTH, NDATA, …
        kind: &'a str,
        /// The edge node.
        node: &'a str,
        /// The device behind the node.
        device: Option<&'a str>,
    },
    /// `spBv1.0/STATE/{host}`
    HostState(&'a str),
}

/// Reads a topic's name; `None`: nothing that this platform knows.
pub fn about(topic: &str) -> Option<About<'_>> {
    if let Some(rest) = topic.strip_prefix("v1/devices/me/") {
        return match rest {
            "telemetry" => Some(About::Telemetry),
            "attributes" => Some(About::Attributes),
            _ => {
                let (what, id) = rest.rsplit_once('/')?;
                let id = Some(id).filter(|id| !id.is_empty())?;
                match what {
                    "attributes/request" => Some(About::AttributesRequest(id)),
                    "rpc/response" => Some(About::CommandReply(id)),
                    "rpc/request" => Some(About::Command(id)),
                    _ => None,
                }
            }
        };
    }
    if let Some(rest) = topic.strip_prefix("v1/gateway/") {
        return match rest {
            "connect" => Some(About::ChildConnects),
            "disconnect" => Some(About::ChildDisconnects),
            "telemetry" => Some(About::ChildTelemetry),
            "attributes" => Some(About::ChildAttributes),
            "rpc" => Some(About::ChildCommand),
            _ => None,
        };
    }
    let mut levels = topic.strip_prefix("spBv1.0/")?.split('/');
    let (group, kind) = (levels.next()?, levels.next()?);
    if group == "STATE" {
        return (levels.next().is_none() && !kind.is_empty()).then_some(About::HostState(kind));
    }
    let (node, device) = (levels.next()?, levels.next());
    let of_device = match kind {
        "NBIRTH" | "NDATA" | "NDEATH" | "NCMD" => false,
        "DBIRTH" | "DDATA" | "DDEATH" | "DCMD" => true,
        _ => return None,
    };
    let named = !group.is_empty() && !node.is_empty() && device != Some("");
    let whole = levels.next().is_none() && device.is_some() == of_device;
    (named && whole).then_some(About::Sparkplug { group, kind, node, device })
}

fn is_own_node(who: Who<'_>, group: &str, node: &str) -> bool {
    match who.node.split_once('/') {
        Some((g, n)) => (g, n) == (group, node),
        None => who.node == node,
    }
}

/// May it publish there? A device says its own telemetry and replies, a gateway also its children's, a Sparkplug node its
/// births, data and deaths; commands come from the platform alone.
pub fn may_publish(who: Who<'_>, topic: &str) -> bool {
    match about(topic) {
        None | Some(About::HostState(_)) => false,
        Some(
            About::Telemetry
            | About::Attributes
            | About::AttributesRequest(_)
            | About::CommandReply(_)
            | About::Command(_),
        ) => true,
        Some(
            About::ChildConnects
            | About::ChildDisconnects
            | About::ChildTelemetry
            | About::ChildAttributes
            | About::ChildCommand,
        ) => who.is_gateway,
        Some(About::Sparkplug { group, kind, node, .. }) => {
            !matches!(kind, "NCMD" | "DCMD") && is_own_node(who, group, node)
        }
    }
}

/// May it hear what matches this filter? Everything that the filter matches must be its own.
pub fn may_subscribe(who: Who<'_>, filter: &str) -> bool {
    if filter_problem(filter).is_some() {
        return false;
    }
    // The topics of `me` are each device's own, so that no name of another can be in them.
    if covers("v1/devices/me/#", filter) || covers("spBv1.0/STATE/#", filter) {
        return true;
    }
    if who.is_gateway && covers("v1/gateway/#", filter) {
        return true;
    }
    let filter = filter.strip_prefix("$sparkplug/certificates/").unwrap_or(filter);
    let mut levels = filter.split('/');
    let (space, group, _kind, node) = (levels.next(), levels.next(), levels.next(), levels.next());
    // `spBv1.0/{group}/{kind}/{node}/…`: group and node are spelled out, the kind may be a wildcard.
    match (space, group, node) {
        (Some("spBv1.0"), Some(group), Some(node)) => is_own_node(who, group, node),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DEVICE: Who<'_> = Who { is_gateway: false, node: "press-1" };
    const GATEWAY: Who<'_> = Who { is_gateway: true, node: "plant/line-2" };

    #[test]
    fn a_device_says_and_hears_its_own_alone() {
        for topic in ["v1/devices/me/telemetry", "v1/devices/me/rpc/response/7", "spBv1.0/any/NDATA/press-1"] {
            assert!(may_publish(DEVICE, topic), "{topic}");
        }
        for topic in [
            "v1/gateway/telemetry",
            "v1/devices/press-2/telemetry",
            "spBv1.0/any/NDATA/press-2",
            "spBv1.0/any/NCMD/press-1",
            "spBv1.0/STATE/yunjin",
            "spBv1.0/any/DDATA/press-1",
            "v1/devices/me/rpc/response/",
            "$SYS/x",
            "",
        ] {
            assert!(!may_publish(DEVICE, topic), "{topic}");
        }
        for filter in ["v1/devices/me/rpc/request/+", "v1/devices/me/#", "spBv1.0/STATE/+", "spBv1.0/g/NCMD/press-1/#"]
        {
            assert!(may_subscribe(DEVICE, filter), "{filter}");
        }
        for filter in [
            "#",
            "+/devices/me/#",
            "v1/#",
            "v1/gateway/#",
            "spBv1.0/#",
            "spBv1.0/g/NCMD/+",
            "spBv1.0/g/NCMD/#",
            "$SYS/#",
        ] {
            assert!(!may_subscribe(DEVICE, filter), "{filter}");
        }
    }

    #[test]
    fn a_node_that_names_its_group_is_held_to_it() {
        assert!(may_publish(GATEWAY, "spBv1.0/plant/DDATA/line-2/robot"));
        assert!(!may_publish(GATEWAY, "spBv1.0/other/DDATA/line-2/robot"));
        assert!(may_subscribe(GATEWAY, "spBv1.0/plant/DCMD/line-2/#"));
        assert!(!may_subscribe(GATEWAY, "spBv1.0/+/DCMD/line-2/#"));
        assert!(may_publish(GATEWAY, "v1/gateway/telemetry") && may_subscribe(GATEWAY, "v1/gateway/+"));
    }

    #[test]
    fn a_wildcard_group_is_no_way_around_the_node() {
        // A device whose node has no group may leave the group open, never the node.
        assert!(may_subscribe(DEVICE, "spBv1.0/+/NCMD/press-1"));
        assert!(!may_subscribe(DEVICE, "spBv1.0/g/NCMD/+/x"));
    }
}
