//! Which requests read all points: as few as the protocol allows.
//!
//! One request holds at most 125 registers or 2,000 bits of one table of one unit (Modbus Application Protocol 1.1b3, 6.1
//! to 6.4). Points of one interval are taken together; up to `gap_max` entries in between that nobody wants are read along.

use std::collections::BTreeMap;

use super::map::{Point, Table};

/// Most registers in one request.
pub const REGISTERS_MAX: u16 = 125;
/// Most bits in one request.
pub const BITS_MAX: u16 = 2000;

/// A request and the points that its answer feeds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Unit id.
    pub unit_id: u8,
    /// Table.
    pub table: Table,
    /// First address.
    pub address: u16,
    /// How many registers or bits.
    pub count: u16,
    /// Interval, ms.
    pub every_ms: u64,
    /// Points by their index.
    pub points: Vec<usize>,
}

/// The requests for all points.
pub fn plan(points: &[Point], gap_max: u16) -> Vec<Request> {
    let mut groups: BTreeMap<(u8, Table, u64), Vec<usize>> = BTreeMap::new();
    for (i, p) in points.iter().enumerate() {
        groups.entry((p.unit_id, p.table, p.every_ms)).or_default().push(i);
    }
    groups.into_values().flat_map(|group| pack(points, group, gap_max)).collect()
}

fn pack(points: &[Point], mut group: Vec<usize>, gap_max: u16) -> Vec<Request> {
    group.sort_by_key(|i| (points[*i].address, points[*i].count));
    let mut out: Vec<Request> = Vec::new();
    for i in group {
        let p = &points[i];
        let end = u32::from(p.address) + u32::from(p.count);
        let most = u32::from(if p.table.of_bits() { BITS_MAX } else { REGISTERS_MAX });
        if let Some(last) = out.last_mut() {
            let last_end = u32::from(last.address) + u32::from(last.count);
            let near = u32::from(p.address) <= last_end + u32::from(gap_max);
            let joint = end.max(last_end) - u32::from(last.address);
            if near && joint <= most {
                last.count = joint as u16;
                last.points.push(i);
                continue;
            }
        }
        out.push(Request {
            unit_id: p.unit_id,
            table: p.table,
            address: p.address,
            count: p.count,
            every_ms: p.every_ms,
            points: vec![i],
        });
    }
    out
}

/// Two requests instead of one that the device refused: one of its addresses may not exist, and the rest shall be had.
/// `None` if it reads one point.
pub fn split(points: &[Point], request: &Request) -> Option<[Request; 2]> {
    if request.points.len() < 2 {
        return None;
    }
    let half = request.points.len() / 2;
    let part = |indexes: &[usize]| {
        let address = indexes.iter().map(|i| points[*i].address).min().expect("not empty");
        let end = indexes.iter().map(|i| u32::from(points[*i].address) + u32::from(points[*i].count)).max();
        let count = (end.expect("not empty") - u32::from(address)) as u16;
        Request { address, count, points: indexes.to_vec(), ..request.clone() }
    };
    Some([part(&request.points[..half]), part(&request.points[half..])])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::map::{Kind, Order};
    use super::*;

    fn point(table: Table, address: u16, count: u16) -> Point {
        Point {
            device: "d".into(),
            property: "p".into(),
            unit_id: 1,
            table,
            address,
            count,
            kind: Kind::U16,
            order: Order::ABCD,
            bit: 0,
            scale: 1.0,
            offset: 0.0,
            every_ms: 1000,
        }
    }

    fn shape(requests: &[Request]) -> Vec<(u16, u16)> {
        requests.iter().map(|r| (r.address, r.count)).collect()
    }

    #[test]
    fn five_hundred_registers_in_a_row_take_four_requests() {
        let points: Vec<Point> = (0..500).map(|a| point(Table::Holding, a, 1)).collect();
        assert_eq!(shape(&plan(&points, 0)), [(0, 125), (125, 125), (250, 125), (375, 125)]);
    }

    #[test]
    fn a_gap_is_read_along_up_to_the_tolerance() {
        let points = [point(Table::Holding, 0, 2), point(Table::Holding, 10, 1), point(Table::Holding, 30, 1)];
        assert_eq!(shape(&plan(&points, 8)), [(0, 11), (30, 1)]);
        assert_eq!(shape(&plan(&points, 7)), [(0, 2), (10, 1), (30, 1)]);
    }

    #[test]
    fn tables_units_and_intervals_are_not_mixed() {
        let mut other_unit = point(Table::Holding, 1, 1);
        other_unit.unit_id = 2;
        let mut slower = point(Table::Holding, 2, 1);
        slower.every_ms = 5000;
        let points = [point(Table::Holding, 0, 1), point(Table::Input, 1, 1), other_unit, slower];
        assert_eq!(plan(&points, 8).len(), 4);
    }

    #[test]
    fn a_refused_request_is_halved_down_to_single_points() {
        let points: Vec<Point> = (0..3).map(|a| point(Table::Holding, a * 10, 1)).collect();
        let whole = plan(&points, 20).remove(0);
        let [a, b] = split(&points, &whole).unwrap();
        assert_eq!(shape(&[a.clone(), b]), [(0, 1), (10, 11)]);
        assert_eq!(split(&points, &a), None);
    }

    proptest! {
        #[test]
        fn every_point_is_read_once_and_no_request_is_too_large(
            spots in proptest::collection::vec((0u16..3000, 1u16..=4), 1..200), gap in 0u16..40
        ) {
            let points: Vec<Point> = spots.iter().map(|(a, n)| point(Table::Holding, *a, *n)).collect();
            let requests = plan(&points, gap);
            let mut seen: Vec<usize> = requests.iter().flat_map(|r| r.points.clone()).collect();
            seen.sort_unstable();
            prop_assert_eq!(seen, (0..points.len()).collect::<Vec<_>>());
            for r in &requests {
                prop_assert!(r.count <= REGISTERS_MAX);
                for i in &r.points {
                    let p = &points[*i];
                    prop_assert!(p.address >= r.address && p.address + p.count <= r.address + r.count);
                }
            }
        }
    }
}
