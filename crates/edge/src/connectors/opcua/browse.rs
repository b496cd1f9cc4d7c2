//! Walking a server's tree in bounded memory: what is found is handed out page by page; kept are only the folders still to
//! be opened and a hash of each node that was seen.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashSet, VecDeque};
use std::hash::{Hash, Hasher};

use opcua::client::Session;
use opcua::types::{
    BrowseDescription, BrowseDirection, BrowseResult, BrowseResultMaskFlags, NodeClass, NodeId, ReferenceDescription,
    ReferenceTypeId, StatusCode,
};

/// How far a walk goes.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Nodes handed out at most.
    pub nodes_max: usize,
    /// References asked for at a time.
    pub page: u32,
    /// Folders opened by one request.
    pub batch: usize,
    /// Levels below the root.
    pub depth_max: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Limits { nodes_max: 1_000_000, page: 1000, batch: 20, depth_max: 20 }
    }
}

/// A node on the way.
#[derive(Clone, Debug)]
pub struct Found {
    /// Node.
    pub node: NodeId,
    /// Browse name without its namespace.
    pub name: String,
    /// Variables have values; all else is a folder to us.
    pub is_variable: bool,
    /// Levels below the root, from 1.
    pub depth: u32,
}

/// What a walk was.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Nodes handed out.
    pub nodes: usize,
    /// Requests made.
    pub requests: usize,
    /// There was more than the limits allow.
    pub cut_short: bool,
}

struct Walk<'a> {
    session: &'a Session,
    limits: Limits,
    seen: HashSet<u64>,
    /// Folders to open, with their depth; those that the server had no continuation point for, alone.
    open: VecDeque<(NodeId, u32)>,
    alone: VecDeque<(NodeId, u32)>,
    sum: Sum,
    each: &'a mut dyn FnMut(&Found),
}

/// Walks forward along hierarchical references from `root`, breadth first. Variables are not descended into.
pub async fn browse(
    session: &Session,
    root: NodeId,
    limits: Limits,
    each: &mut dyn FnMut(&Found),
) -> Result<Sum, String> {
    let mut walk = Walk {
        session,
        limits,
        seen: HashSet::from([hash(&root)]),
        open: VecDeque::from([(root, 0)]),
        alone: VecDeque::new(),
        sum: Sum::default(),
        each,
    };
    while !walk.sum.cut_short {
        let (batch, one) = match walk.alone.pop_front() {
            Some(folder) => (vec![folder], true),
            None => {
                let some = limits.batch.min(walk.open.len());
                (walk.open.drain(..some).collect(), some == 1)
            }
        };
        if batch.is_empty() {
            break;
        }
        walk.open_all(batch, one).await?;
    }
    Ok(walk.sum)
}

fn hash(node: &NodeId) -> u64 {
    let mut hasher = DefaultHasher::new();
    node.hash(&mut hasher);
    hasher.finish()
}

fn description(node: &NodeId) -> BrowseDescription {
    BrowseDescription {
        node_id: node.clone(),
        browse_direction: BrowseDirection::Forward,
        reference_type_id: ReferenceTypeId::HierarchicalReferences.into(),
        include_subtypes: true,
        node_class_mask: NodeClass::Object as u32 | NodeClass::Variable as u32,
        result_mask: (BrowseResultMaskFlags::BrowseName | BrowseResultMaskFlags::NodeClass).bits(),
    }
}

impl Walk<'_> {
    async fn open_all(&mut self, batch: Vec<(NodeId, u32)>, one: bool) -> Result<(), String> {
        let wanted: Vec<BrowseDescription> = batch.iter().map(|(n, _)| description(n)).collect();
        self.sum.requests += 1;
        let results = self.session.browse(&wanted, self.limits.page, None).await.map_err(|e| e.to_string())?;
        for ((node, depth), result) in batch.into_iter().zip(results) {
            if result.status_code == StatusCode::BadNoContinuationPoints && !one {
                self.alone.push_back((node, depth));
                continue;
            }
            self.pages(&node, depth, result).await?;
        }
        Ok(())
    }

    async fn pages(&mut self, node: &NodeId, depth: u32, first: BrowseResult) -> Result<(), String> {
        let mut result = first;
        loop {
            if result.status_code.is_bad() {
                tracing::warn!("{node} cannot be opened: {}", result.status_code);
            }
            for reference in result.references.iter().flatten() {
                self.take(reference, depth + 1);
            }
            if result.continuation_point.is_null_or_empty() {
                return Ok(());
            }
            // Cut short, the server is still told that it may forget where we were.
            self.sum.requests += 1;
            let next = self
                .session
                .browse_next(self.sum.cut_short, &[result.continuation_point])
                .await
                .map_err(|e| e.to_string())?;
            if self.sum.cut_short {
                return Ok(());
            }
            result = next.into_iter().next().ok_or("the server answered nothing to BrowseNext")?;
        }
    }

    fn take(&mut self, reference: &ReferenceDescription, depth: u32) {
        let node = &reference.node_id.node_id;
        if self.sum.nodes >= self.limits.nodes_max {
            self.sum.cut_short = true;
            return;
        }
        if !self.seen.insert(hash(node)) {
            return;
        }
        let is_variable = reference.node_class == NodeClass::Variable;
        self.sum.nodes += 1;
        (self.each)(&Found {
            node: node.clone(),
            name: reference.browse_name.name.as_ref().to_owned(),
            is_variable,
            depth,
        });
        if !is_variable && depth < self.limits.depth_max {
            self.open.push_back((node.clone(), depth));
        }
    }
}
