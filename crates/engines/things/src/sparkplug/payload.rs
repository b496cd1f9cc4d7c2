//! The protobuf payload of Sparkplug B. Only what we read and write is described; datasets, templates and bytes are passed over.

use prost::Message as _;

use kernel::Value;

/// A message's payload.
#[derive(Clone, PartialEq, prost::Message)]
pub struct Payload {
    /// When it was sent, in milliseconds since 1970.
    #[prost(uint64, optional, tag = "1")]
    pub timestamp: Option<u64>,
    /// The metrics.
    #[prost(message, repeated, tag = "2")]
    pub metrics: Vec<PayloadMetric>,
    /// 0 … 255, one more with each message of the node.
    #[prost(uint64, optional, tag = "3")]
    pub seq: Option<u64>,
}

/// One metric in a payload.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PayloadMetric {
    /// Its name; only births must have it.
    #[prost(string, optional, tag = "1")]
    pub name: Option<String>,
    /// The number that the birth gave it.
    #[prost(uint64, optional, tag = "2")]
    pub alias: Option<u64>,
    /// When it was read, in milliseconds since 1970.
    #[prost(uint64, optional, tag = "3")]
    pub timestamp: Option<u64>,
    /// Its type; only births must have it.
    #[prost(uint32, optional, tag = "4")]
    pub datatype: Option<u32>,
    /// Read earlier and sent late.
    #[prost(bool, optional, tag = "5")]
    pub is_historical: Option<bool>,
    /// There is no value.
    #[prost(bool, optional, tag = "7")]
    pub is_null: Option<bool>,
    /// More about it; of interest is `Quality`.
    #[prost(message, optional, tag = "9")]
    pub properties: Option<PropertySet>,
    /// Whole numbers up to 32 bits; signed ones as two's complement.
    #[prost(uint32, optional, tag = "10")]
    pub int_value: Option<u32>,
    /// Whole numbers of 64 bits and times.
    #[prost(uint64, optional, tag = "11")]
    pub long_value: Option<u64>,
    /// Single precision.
    #[prost(float, optional, tag = "12")]
    pub float_value: Option<f32>,
    /// Double precision.
    #[prost(double, optional, tag = "13")]
    pub double_value: Option<f64>,
    /// On or off.
    #[prost(bool, optional, tag = "14")]
    pub boolean_value: Option<bool>,
    /// Words.
    #[prost(string, optional, tag = "15")]
    pub string_value: Option<String>,
}

/// Named values beside a metric.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PropertySet {
    /// The names.
    #[prost(string, repeated, tag = "1")]
    pub keys: Vec<String>,
    /// The values, in the order of the names.
    #[prost(message, repeated, tag = "2")]
    pub values: Vec<PropertyValue>,
}

/// One of them.
#[derive(Clone, PartialEq, prost::Message)]
pub struct PropertyValue {
    /// Its type.
    #[prost(uint32, optional, tag = "1")]
    pub datatype: Option<u32>,
    /// A whole number.
    #[prost(uint32, optional, tag = "3")]
    pub int_value: Option<u32>,
    /// A longer one.
    #[prost(uint64, optional, tag = "4")]
    pub long_value: Option<u64>,
}

/// The types that can be readings, by their numbers in the specification.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum DataType {
    /// Signed, 8 bits.
    Int8 = 1,
    /// Signed, 16 bits.
    Int16 = 2,
    /// Signed, 32 bits.
    Int32 = 3,
    /// Signed, 64 bits.
    Int64 = 4,
    /// 8 bits.
    UInt8 = 5,
    /// 16 bits.
    UInt16 = 6,
    /// 32 bits.
    UInt32 = 7,
    /// 64 bits.
    UInt64 = 8,
    /// Single precision.
    Float = 9,
    /// Double precision.
    Double = 10,
    /// On or off.
    Boolean = 11,
    /// Words.
    String = 12,
    /// Milliseconds since 1970.
    DateTime = 13,
    /// Words.
    Text = 14,
    /// Words.
    Uuid = 15,
}

impl DataType {
    /// By its number; `None` for datasets, bytes, files, templates and arrays.
    pub fn from_code(code: u32) -> Option<DataType> {
        use DataType::*;
        [Int8, Int16, Int32, Int64, UInt8, UInt16, UInt32, UInt64, Float, Double, Boolean, String, DateTime, Text, Uuid]
            .into_iter()
            .find(|t| *t as u32 == code)
    }
}

impl PayloadMetric {
    /// Its value as of that type; `None` where the payload carries another.
    pub(super) fn value(&self, datatype: DataType) -> Option<Value> {
        use DataType::*;
        let number = |n: f64| Some(Value::Number(n));
        match datatype {
            // Signed numbers come as two's complement, by some libraries cut to their width, by others sign-extended.
            Int8 => number(f64::from(self.int_value? as i8)),
            Int16 => number(f64::from(self.int_value? as i16)),
            Int32 => number(f64::from(self.int_value? as i32)),
            UInt8 | UInt16 => number(f64::from(self.int_value?)),
            // The reference implementation puts 32 unsigned bits into the long field.
            UInt32 => number(self.int_value.map(f64::from).or(self.long_value.map(|n| n as f64))?),
            Int64 => number(self.long_value? as i64 as f64),
            UInt64 | DateTime => number(self.long_value? as f64),
            Float => number(f64::from(self.float_value?)),
            Double => number(self.double_value?),
            Boolean => self.boolean_value.map(Value::Flag),
            String | Text | Uuid => self.string_value.clone().map(Value::Text),
        }
    }

    /// The `Quality` property: 192 good, 0 bad, 500 stale.
    pub(super) fn quality_code(&self) -> Option<u64> {
        let set = self.properties.as_ref()?;
        let at = set.keys.iter().position(|key| key == "Quality")?;
        let value = set.values.get(at)?;
        value.int_value.map(u64::from).or(value.long_value)
    }
}

/// A metric to send, by name.
pub fn metric(name: &str, value: &Value, datatype: DataType, at_ms: u64) -> PayloadMetric {
    let mut out = PayloadMetric {
        name: Some(name.to_owned()),
        timestamp: Some(at_ms),
        datatype: Some(datatype as u32),
        ..PayloadMetric::default()
    };
    use DataType::*;
    match (value, datatype) {
        (Value::Number(n), Int8 | Int16 | Int32) => out.int_value = Some(*n as i32 as u32),
        (Value::Number(n), UInt8 | UInt16 | UInt32) => out.int_value = Some(*n as u32),
        (Value::Number(n), Int64) => out.long_value = Some(*n as i64 as u64),
        (Value::Number(n), UInt64 | DateTime) => out.long_value = Some(*n as u64),
        (Value::Number(n), Float) => out.float_value = Some(*n as f32),
        (Value::Number(n), _) => out.double_value = Some(*n),
        (Value::Flag(flag), _) => out.boolean_value = Some(*flag),
        (Value::Text(text), _) => out.string_value = Some(text.clone()),
    }
    out
}

/// The bytes of a payload.
pub fn encode(payload: &Payload) -> Vec<u8> {
    payload.encode_to_vec()
}

/// NCMD that asks a node to be born again.
pub fn rebirth_command(now_ms: u64) -> Vec<u8> {
    command("Node Control/Rebirth", &Value::Flag(true), DataType::Boolean, now_ms)
}

/// NCMD or DCMD that sets one metric.
pub fn command(name: &str, value: &Value, datatype: DataType, now_ms: u64) -> Vec<u8> {
    encode(&Payload { timestamp: Some(now_ms), metrics: vec![metric(name, value, datatype, now_ms)], seq: None })
}

/// The body of STATE: `{"online":true,"timestamp":ms}`; the will carries `false` and the same time.
pub fn state_payload(online: bool, since_ms: u64) -> String {
    format!("{{\"online\":{online},\"timestamp\":{since_ms}}}")
}
