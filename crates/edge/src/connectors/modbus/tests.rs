//! What words mean, and maps that are refused. Against a real counterpart: `tests/it`.

use super::map::*;
use super::*;
use crate::config::Config;

fn config(points: &str) -> ModbusConfig {
    let text = format!(
        "name = \"g\"\n[platform]\nhost = \"h\"\n[[modbus]]\nname = \"m\"\naddress = \"h:502\"\ndevice = \"d\"\n{points}"
    );
    let config: Config = crate::config::parse("t", &text).unwrap_or_else(|c| panic!("{c}"));
    config.modbus.into_iter().next().unwrap()
}

fn value(point: &str, words: &[u16]) -> Result<Value, NoValue> {
    let points = points(&config(&format!("[[modbus.point]]\nname = \"p\"\naddress = 0\n{point}\n"))).unwrap();
    decode(&points[0], words)
}

#[test]
fn all_four_byte_orders_are_understood() {
    // 12.5f32 is 41 48 00 00; 0x12345678 as u32.
    for (order, words) in [("ABCD", [0x4148, 0]), ("CDAB", [0, 0x4148]), ("BADC", [0x4841, 0]), ("DCBA", [0, 0x4841])] {
        assert_eq!(value(&format!("type = \"f32\"\norder = \"{order}\""), &words), Ok(Value::Number(12.5)), "{order}");
    }
    for (order, words) in
        [("ABCD", [0x1234, 0x5678]), ("CDAB", [0x5678, 0x1234]), ("BADC", [0x3412, 0x7856]), ("DCBA", [0x7856, 0x3412])]
    {
        let n = f64::from(0x1234_5678_u32);
        assert_eq!(value(&format!("type = \"u32\"\norder = \"{order}\""), &words), Ok(Value::Number(n)), "{order}");
    }
    let words = [0x0807, 0x0605, 0x0403, 0x0201];
    assert_eq!(value("type = \"u64\"\norder = \"DCBA\"", &words), Ok(Value::Number(0x0102_0304_0506_0708_u64 as f64)));
}

#[test]
fn every_type_is_read_with_scale_and_offset() {
    assert_eq!(value("type = \"u16\"\nscale = 0.5\noffset = -10", &[100]), Ok(Value::Number(40.0)));
    assert_eq!(value("type = \"i16\"", &[0xfffe]), Ok(Value::Number(-2.0)));
    assert_eq!(value("type = \"i32\"", &[0xffff, 0xfffd]), Ok(Value::Number(-3.0)));
    assert_eq!(value("type = \"i64\"", &[0xffff, 0xffff, 0xffff, 0xfffc]), Ok(Value::Number(-4.0)));
    let f = 1234.5f64.to_bits();
    let words = [(f >> 48) as u16, (f >> 32) as u16, (f >> 16) as u16, f as u16];
    assert_eq!(value("type = \"f64\"", &words), Ok(Value::Number(1234.5)));
    assert_eq!(value("type = \"bit\"\nbit = 3", &[0b1000]), Ok(Value::Flag(true)));
    assert_eq!(value("type = \"bit\"\nbit = 2", &[0b1000]), Ok(Value::Flag(false)));
    assert_eq!(value("type = \"bit\"\nfunction = 1", &[1]), Ok(Value::Flag(true)));
    let name = [u16::from_be_bytes(*b"PU"), u16::from_be_bytes(*b"MP"), 0];
    assert_eq!(value("type = \"string\"\nlength = 3", &name), Ok(Value::Text("PUMP".into())));
}

#[test]
fn what_is_no_value_says_why() {
    assert_eq!(value("type = \"f32\"", &[0x7fc0, 0]), Err("not-a-number"));
    assert_eq!(value("type = \"string\"\nlength = 1", &[0xffff]), Err("not-utf8"));
    assert_eq!(value("type = \"u32\"", &[1]), Err("too-few-registers"));
}

#[test]
fn a_map_that_cannot_be_read_is_refused_by_name() {
    for (point, part) in [
        ("function = 5", "function"),
        ("type = \"u16\"\nfunction = 1", "bits only"),
        ("type = \"bit\"", "bit = 0"),
        ("type = \"string\"", "length"),
        ("every_ms = 1", "every_ms"),
    ] {
        let text = format!("[[modbus.point]]\nname = \"p\"\naddress = 0\n{point}\n");
        let wrong = points(&config(&text)).unwrap_err();
        assert!(wrong[0].to_string().contains(part), "{}", wrong[0]);
    }
    let beyond = "[[modbus.point]]\nname = \"p\"\naddress = 65535\ntype = \"u32\"\n";
    assert!(points(&config(beyond)).unwrap_err()[0].to_string().contains("65535"));
}

#[test]
fn a_csv_map_says_the_same_as_toml_and_its_unknown_columns_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("map.csv");
    std::fs::write(&path, "name,address,type,order,scale,every_ms\nt,10,f32,CDAB,,500\nn,12,,,0.1,\n").unwrap();
    let read = read_csv(&path).unwrap();
    assert_eq!((read[0].kind, read[0].order, read[0].scale, read[0].every_ms), (Kind::F32, Order::CDAB, None, 500));
    assert_eq!((read[1].kind, read[1].scale, read[1].every_ms), (Kind::U16, Some(0.1), 1000));
    std::fs::write(&path, "name,adress\nt,10\n").unwrap();
    assert!(read_csv(&path).unwrap_err().to_string().contains("the column adress is not known"));
    std::fs::write(&path, "name,address\nt,10\nu,x\n").unwrap();
    assert!(read_csv(&path).unwrap_err().place.ends_with("map.csv:3"));
}
