//! Register maps as data: what stands where on a Modbus device, from TOML or from CSV with the same columns, and what the
//! words read there mean.

use std::path::Path;
use std::sync::Arc;

use kernel::Value;
use serde::Deserialize;

use crate::config::ModbusConfig;
use crate::words::{Complaint, both};

/// A point as written.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PointConfig {
    /// The property's name.
    pub name: String,
    /// The device, if not the connector's.
    #[serde(default)]
    pub device: Option<String>,
    /// Unit id (slave address).
    #[serde(default = "default_unit_id")]
    pub unit_id: u8,
    /// Function code: 1 coils, 2 discrete inputs, 3 holding registers, 4 input registers.
    #[serde(default = "default_function")]
    pub function: u8,
    /// Address as in the protocol, from 0.
    pub address: u16,
    /// `u16`, `i16`, `u32`, `i32`, `u64`, `i64`, `f32`, `f64`, `bit`, `string`.
    #[serde(rename = "type", default)]
    pub kind: Kind,
    /// `ABCD` (big-endian, as the protocol means it), `CDAB` (words exchanged), `BADC` (bytes exchanged), `DCBA`.
    #[serde(default)]
    pub order: Order,
    /// Which bit of a register is meant, 0 the lowest; `type = "bit"` on functions 3 and 4.
    #[serde(default)]
    pub bit: Option<u8>,
    /// Registers of a string.
    #[serde(default)]
    pub length: Option<u16>,
    /// Value = raw × scale + offset.
    #[serde(default)]
    pub scale: Option<f64>,
    /// See scale.
    #[serde(default)]
    pub offset: Option<f64>,
    /// Unit of the value, for the reader of the map.
    #[serde(default)]
    pub unit: Option<String>,
    /// How often it is read, in ms.
    #[serde(default = "default_every_ms")]
    pub every_ms: u64,
}

fn default_unit_id() -> u8 {
    1
}
fn default_function() -> u8 {
    3
}
fn default_every_ms() -> u64 {
    1000
}

/// How words are a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// 16 bits, unsigned.
    #[default]
    U16,
    /// 16 bits, signed.
    I16,
    /// 32 bits, unsigned.
    U32,
    /// 32 bits, signed.
    I32,
    /// 64 bits, unsigned; above 2⁵³ the nearest number that a float has.
    U64,
    /// 64 bits, signed; as `U64`.
    I64,
    /// IEEE 754, 32 bits.
    F32,
    /// IEEE 754, 64 bits.
    F64,
    /// A coil, a discrete input or a bit of a register.
    Bit,
    /// Two characters a register, UTF-8, ended by a zero or the length.
    String,
}

/// Order of the bytes of a value of two registers or more, by the letters of a 32-bit value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Order {
    /// Big-endian.
    #[default]
    ABCD,
    /// Words exchanged.
    CDAB,
    /// Bytes exchanged within words.
    BADC,
    /// Little-endian.
    DCBA,
}

/// Which of the four tables of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Function 1.
    Coils,
    /// Function 2.
    Discrete,
    /// Function 3.
    Holding,
    /// Function 4.
    Input,
}

impl Table {
    /// Whether its entries are bits.
    pub fn of_bits(self) -> bool {
        matches!(self, Table::Coils | Table::Discrete)
    }
}

/// A point that can be read.
#[derive(Clone, Debug)]
pub struct Point {
    /// The device's name.
    pub device: Arc<str>,
    /// The property's name.
    pub property: Arc<str>,
    /// Unit id.
    pub unit_id: u8,
    /// Table.
    pub table: Table,
    /// First address.
    pub address: u16,
    /// Addresses taken.
    pub count: u16,
    /// Type.
    pub kind: Kind,
    /// Byte order.
    pub order: Order,
    /// Bit of a register.
    pub bit: u8,
    /// Value = raw × scale + offset.
    pub scale: f64,
    /// See scale.
    pub offset: f64,
    /// Interval, ms.
    pub every_ms: u64,
}

/// Reads a CSV register map: a header with the names of the keys, then one point a line.
pub fn read_csv(path: &Path) -> Result<Vec<PointConfig>, Complaint> {
    let place = path.display().to_string();
    let remedy = || both("按示例文件的列名改正", "correct it after the columns of the example");
    let bytes = std::fs::read(path).map_err(|e| {
        Complaint::new(
            &place,
            both(format!("读不了寄存器表：{e}"), format!("the register map cannot be read: {e}")),
            both("检查 points_file 和权限", "check points_file and the rights"),
        )
    })?;
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&bytes);
    let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(bytes);
    let wrong = |e: csv::Error| {
        let line = e.position().map_or(1, csv::Position::line);
        Complaint::new(
            format!("{place}:{line}"),
            both(format!("寄存器表有误：{e}"), format!("the register map is wrong: {e}")),
            remedy(),
        )
    };
    let header = reader.headers().map_err(wrong)?.clone();
    // The CSV reader passes over columns that nothing asks for; we do not.
    const COLUMNS: [&str; 13] = [
        "name", "device", "unit_id", "function", "address", "type", "order", "bit", "length", "scale", "offset",
        "unit", "every_ms",
    ];
    if let Some(unknown) = header.iter().find(|h| !COLUMNS.contains(h)) {
        return Err(Complaint::new(
            format!("{place}:1"),
            both(format!("不认识的列 {unknown}"), format!("the column {unknown} is not known")),
            both(
                format!("可用的列：{}", COLUMNS.join("、")),
                format!("columns that may stand here: {}", COLUMNS.join(", ")),
            ),
        ));
    }
    reader.deserialize::<Row>().map(|row| row.map(PointConfig::from).map_err(wrong)).collect()
}

/// A line of the CSV: an empty cell is a key that is not given.
#[derive(Deserialize)]
struct Row {
    name: String,
    device: Option<String>,
    unit_id: Option<u8>,
    function: Option<u8>,
    address: u16,
    #[serde(rename = "type")]
    kind: Option<Kind>,
    order: Option<Order>,
    bit: Option<u8>,
    length: Option<u16>,
    scale: Option<f64>,
    offset: Option<f64>,
    unit: Option<String>,
    every_ms: Option<u64>,
}

impl From<Row> for PointConfig {
    fn from(r: Row) -> PointConfig {
        PointConfig {
            name: r.name,
            device: r.device,
            unit_id: r.unit_id.unwrap_or_else(default_unit_id),
            function: r.function.unwrap_or_else(default_function),
            address: r.address,
            kind: r.kind.unwrap_or_default(),
            order: r.order.unwrap_or_default(),
            bit: r.bit,
            length: r.length,
            scale: r.scale,
            offset: r.offset,
            unit: r.unit,
            every_ms: r.every_ms.unwrap_or_else(default_every_ms),
        }
    }
}

/// The points of a connection, or everything that is wrong with them.
pub fn points(config: &ModbusConfig) -> Result<Vec<Point>, Vec<Complaint>> {
    let mut wrong = Vec::new();
    let mut out = Vec::new();
    for p in &config.point {
        match point(p, config.device.as_deref()) {
            Ok(p) => out.push(p),
            Err(c) => wrong.push(c),
        }
    }
    if wrong.is_empty() { Ok(out) } else { Err(wrong) }
}

/// Longest string, in registers: one request must hold it.
const STRING_REGISTERS_MAX: u16 = 125;

fn point(p: &PointConfig, device: Option<&str>) -> Result<Point, Complaint> {
    let refuse = |zh: &str, en: &str, remedy_zh: &str, remedy_en: &str| {
        Err(Complaint::new(format!("point {}", p.name), both(zh, en), both(remedy_zh, remedy_en)))
    };
    let table = match p.function {
        1 => Table::Coils,
        2 => Table::Discrete,
        3 => Table::Holding,
        4 => Table::Input,
        _ => {
            return refuse(
                "function 只能是 1、2、3、4",
                "function is 1, 2, 3 or 4",
                "改正 function",
                "correct function",
            );
        }
    };
    let Some(device) = p.device.as_deref().or(device).filter(|d| !d.is_empty()) else {
        return refuse(
            "没有说明属于哪台设备",
            "it does not say which device it belongs to",
            "在点上或连接上给出 device",
            "give device at the point or at the connector",
        );
    };
    if let Some((zh, en, key)) = wrong(p, table) {
        return refuse(zh, en, &format!("改正 {key}"), &format!("correct {key}"));
    }
    Ok(Point {
        device: device.into(),
        property: p.name.as_str().into(),
        unit_id: p.unit_id,
        table,
        address: p.address,
        count: registers(p),
        kind: p.kind,
        order: p.order,
        bit: p.bit.unwrap_or(0),
        scale: p.scale.unwrap_or(1.0),
        offset: p.offset.unwrap_or(0.0),
        every_ms: p.every_ms,
    })
}

/// Registers, or bits, that a point takes.
fn registers(p: &PointConfig) -> u16 {
    match p.kind {
        Kind::U16 | Kind::I16 | Kind::Bit => 1,
        Kind::U32 | Kind::I32 | Kind::F32 => 2,
        Kind::U64 | Kind::I64 | Kind::F64 => 4,
        Kind::String => p.length.unwrap_or(0),
    }
}

/// What is wrong with a point, and at which key.
fn wrong(p: &PointConfig, table: Table) -> Option<(&'static str, &'static str, &'static str)> {
    let finite = |n: Option<f64>| n.is_none_or(f64::is_finite);
    if p.name.is_empty() {
        return Some(("名称为空", "its name is empty", "name"));
    }
    if table.of_bits() && p.kind != Kind::Bit {
        return Some(("功能码 1、2 只有 bit 类型", "functions 1 and 2 hold bits only", "type"));
    }
    if p.kind == Kind::Bit && !table.of_bits() && p.bit.is_none_or(|b| b > 15) {
        return Some(("寄存器中的位须用 bit = 0…15 指明", "a bit of a register must be named by bit = 0 … 15", "bit"));
    }
    if p.kind == Kind::String && !p.length.is_some_and(|n| (1..=STRING_REGISTERS_MAX).contains(&n)) {
        return Some(("字符串须给出 length = 1…125", "a string needs length = 1 … 125", "length"));
    }
    if u32::from(p.address) + u32::from(registers(p)) > 0x1_0000 {
        return Some(("地址超出 65535", "it reaches beyond address 65535", "address"));
    }
    if p.every_ms < 10 {
        return Some(("every_ms 至少为 10", "every_ms is at least 10", "every_ms"));
    }
    if !finite(p.scale) || !finite(p.offset) {
        return Some(("scale 或 offset 不是有限数", "scale or offset is not a finite number", "scale, offset"));
    }
    None
}

/// The bytes of `words` in big-endian order of the value.
fn bytes(words: &[u16], order: Order) -> Vec<u8> {
    let words_exchanged = matches!(order, Order::CDAB | Order::DCBA);
    let bytes_exchanged = matches!(order, Order::BADC | Order::DCBA);
    let each = |w: &u16| if bytes_exchanged { w.to_le_bytes() } else { w.to_be_bytes() };
    if words_exchanged { words.iter().rev().flat_map(each).collect() } else { words.iter().flat_map(each).collect() }
}

/// Why words are no value. The reading is bad, and this is counted.
pub type NoValue = &'static str;

/// What the words of a point say.
pub fn decode(point: &Point, words: &[u16]) -> Result<Value, NoValue> {
    let number = |n: f64| {
        let n = n * point.scale + point.offset;
        if n.is_finite() { Ok(Value::Number(n)) } else { Err("not-a-number") }
    };
    if words.len() < usize::from(point.count) {
        return Err("too-few-registers");
    }
    let words = &words[..usize::from(point.count)];
    if point.kind == Kind::String {
        // In a string the first character stands first whatever the order of numbers is; only bytes may be exchanged.
        let order = if matches!(point.order, Order::BADC | Order::DCBA) { Order::BADC } else { Order::ABCD };
        let bytes = bytes(words, order);
        let end = bytes.iter().position(|b| *b == 0).unwrap_or(bytes.len());
        let text = std::str::from_utf8(&bytes[..end]).map_err(|_| "not-utf8")?;
        return Ok(Value::Text(text.trim_end().to_owned()));
    }
    let b = bytes(words, point.order);
    let (two, four, eight) = (b.first_chunk::<2>(), b.first_chunk::<4>(), b.first_chunk::<8>());
    const SIZED: &str = "the count follows from the type";
    match point.kind {
        Kind::U16 => number(f64::from(u16::from_be_bytes(*two.expect(SIZED)))),
        Kind::I16 => number(f64::from(i16::from_be_bytes(*two.expect(SIZED)))),
        Kind::U32 => number(f64::from(u32::from_be_bytes(*four.expect(SIZED)))),
        Kind::I32 => number(f64::from(i32::from_be_bytes(*four.expect(SIZED)))),
        Kind::U64 => number(u64::from_be_bytes(*eight.expect(SIZED)) as f64),
        Kind::I64 => number(i64::from_be_bytes(*eight.expect(SIZED)) as f64),
        Kind::F32 => number(f64::from(f32::from_be_bytes(*four.expect(SIZED)))),
        Kind::F64 => number(f64::from_be_bytes(*eight.expect(SIZED))),
        Kind::Bit => Ok(Value::Flag(u16::from_be_bytes(*two.expect(SIZED)) >> point.bit & 1 == 1)),
        Kind::String => unreachable!("answered above"),
    }
}

/// The value that a bad reading carries if no good one was ever had.
pub fn nothing(kind: Kind) -> Value {
    match kind {
        Kind::Bit => Value::Flag(false),
        Kind::String => Value::Text(String::new()),
        _ => Value::Number(0.0),
    }
}
