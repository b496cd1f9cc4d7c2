//! Sparkplug's topics: `spBv1.0/{group}/{kind}/{node}[/{device}]`.

/// What a message is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MessageKind {
    /// NBIRTH
    NodeBirth,
    /// NDATA
    NodeData,
    /// NDEATH
    NodeDeath,
    /// NCMD
    NodeCommand,
    /// DBIRTH
    DeviceBirth,
    /// DDATA
    DeviceData,
    /// DDEATH
    DeviceDeath,
    /// DCMD
    DeviceCommand,
}

impl MessageKind {
    /// As in the topic.
    pub fn code(self) -> &'static str {
        match self {
            MessageKind::NodeBirth => "NBIRTH",
            MessageKind::NodeData => "NDATA",
            MessageKind::NodeDeath => "NDEATH",
            MessageKind::NodeCommand => "NCMD",
            MessageKind::DeviceBirth => "DBIRTH",
            MessageKind::DeviceData => "DDATA",
            MessageKind::DeviceDeath => "DDEATH",
            MessageKind::DeviceCommand => "DCMD",
        }
    }

    fn from_code(code: &str) -> Option<MessageKind> {
        use MessageKind::*;
        [NodeBirth, NodeData, NodeDeath, NodeCommand, DeviceBirth, DeviceData, DeviceDeath, DeviceCommand]
            .into_iter()
            .find(|kind| kind.code() == code)
    }

    /// Is it about a device behind the node?
    pub fn is_device(self) -> bool {
        self.code().starts_with('D')
    }
}

/// A topic taken apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Topic<'a> {
    /// Which group of nodes.
    pub group: &'a str,
    /// What the message is.
    pub kind: MessageKind,
    /// Which edge node.
    pub node: &'a str,
    /// Which device behind it, for the kinds that are about one.
    pub device: Option<&'a str>,
}

impl<'a> Topic<'a> {
    /// Takes a topic apart; `None` where it is not of this form.
    pub fn parse(topic: &'a str) -> Option<Topic<'a>> {
        let mut parts = topic.strip_prefix("spBv1.0/")?.split('/');
        let (group, kind, node) = (parts.next()?, MessageKind::from_code(parts.next()?)?, parts.next()?);
        let device = parts.next();
        let whole = parts.next().is_none() && device.is_some() == kind.is_device();
        let named =
            [Some(group), Some(node), device].into_iter().flatten().all(|p| !p.is_empty() && !p.contains(['+', '#']));
        (whole && named).then_some(Topic { group, kind, node, device })
    }

    /// The topic again.
    pub fn write(&self) -> String {
        let Topic { group, kind, node, device } = self;
        match device {
            None => format!("spBv1.0/{group}/{}/{node}", kind.code()),
            Some(device) => format!("spBv1.0/{group}/{}/{node}/{device}", kind.code()),
        }
    }
}

/// Where a host says whether it is there (retained, and as its will).
pub fn state_topic(host: &str) -> String {
    format!("spBv1.0/STATE/{host}")
}
