//! What the form of the file cannot say: names that occur twice, addresses without an end, points that cannot be read.

use std::collections::BTreeSet;

use super::{Config, ModbusConfig, OpcUaConfig, PlatformConfig, TlsConfig};
use crate::connectors::modbus::map;
use crate::connectors::mqtt_in::topic;
use crate::connectors::opcua;
use crate::words::{Complaint, both};

/// Everything that is wrong, all at once.
pub fn check(config: &Config) -> Vec<Complaint> {
    let mut out = Vec::new();
    if config.name.is_empty() || config.name.contains(['/', '+', '#', '"']) {
        out.push(Complaint::new(
            "name",
            both("网关名称为空或含有 / + # \"", "the gateway's name is empty or holds / + # \""),
            both("用字母、数字、短横线或中文", "use letters, digits, hyphens"),
        ));
    }
    platform(&config.platform, &mut out);
    queue(config, &mut out);
    names(config, &mut out);
    config.modbus.iter().for_each(|m| modbus(m, &mut out));
    config.opcua.iter().for_each(|o| opc_ua(o, &mut out));
    for mqtt in &config.mqtt {
        for t in &mqtt.topic {
            if let Err(c) = topic::Topic::try_new(t) {
                out.push(Complaint { place: format!("mqtt {}: {}", mqtt.name, c.place), ..c });
            }
        }
        if let Some(t) = &mqtt.tls {
            tls(&format!("mqtt {}", mqtt.name), t, &mut out);
        }
    }
    for (i, rule) in config.rule.iter().enumerate() {
        out.extend(rule.check(&format!("rule {}", i + 1)));
    }
    out
}

fn tls(place: &str, tls: &TlsConfig, out: &mut Vec<Complaint>) {
    if tls.cert_file.is_some() != tls.key_file.is_some() {
        out.push(Complaint::new(
            format!("{place}.tls"),
            both("cert_file 与 key_file 只给了一个", "only one of cert_file and key_file is given"),
            both("两个都给或都不给", "give both or neither"),
        ));
    }
}

fn platform(p: &PlatformConfig, out: &mut Vec<Complaint>) {
    let given = [p.token.is_some() || p.token_file.is_some(), p.user.is_some()];
    if given == [true, true] {
        out.push(Complaint::new(
            "platform",
            both("同时给了 token 和 user", "token and user are both given"),
            both("只留一个", "keep one"),
        ));
    }
    if p.window == 0 || p.message_readings == 0 || p.message_bytes < 1024 {
        out.push(Complaint::new(
            "platform",
            both(
                "window、message_readings 至少为 1，message_bytes 至少为 1024",
                "window and message_readings are at least 1, message_bytes at least 1024",
            ),
            both("改大，或删去以用默认值", "raise them, or remove them for the defaults"),
        ));
    }
    if let Some(t) = &p.tls {
        tls("platform", t, out);
    }
}

fn queue(config: &Config, out: &mut Vec<Complaint>) {
    let q = &config.queue;
    if q.file_kib < 16 || q.file_kib * 1024 * 4 > q.budget_mib * (1 << 20) {
        out.push(Complaint::new(
            "queue",
            both(
                format!("file_kib = {} 须在 16 与预算的四分之一之间（budget_mib = {}）", q.file_kib, q.budget_mib),
                format!("file_kib = {} must lie between 16 and a quarter of budget_mib = {}", q.file_kib, q.budget_mib),
            ),
            both("改小 file_kib 或加大 budget_mib", "lower file_kib or raise budget_mib"),
        ));
    }
}

fn names(config: &Config, out: &mut Vec<Complaint>) {
    let all = (config.modbus.iter().map(|m| &m.name))
        .chain(config.opcua.iter().map(|o| &o.name))
        .chain(config.mqtt.iter().map(|m| &m.name));
    let mut seen = BTreeSet::new();
    for name in all {
        if !seen.insert(name) {
            out.push(Complaint::new(
                format!("connector {name}"),
                both("两个连接同名", "two connectors have this name"),
                both("各起一个名字", "give each its own"),
            ));
        }
    }
}

fn modbus(m: &ModbusConfig, out: &mut Vec<Complaint>) {
    let place = format!("modbus {}", m.name);
    if m.address.is_some() == m.serial.is_some() {
        out.push(Complaint::new(
            &place,
            both(
                "address（TCP）与 serial（RTU）须给且只给一个",
                "exactly one of address (TCP) and serial (RTU) must be given",
            ),
            both("补上或删去一个", "add or remove one"),
        ));
    }
    if !(1..=2).contains(&m.stop_bits) {
        out.push(Complaint::new(
            &place,
            both("stop_bits 只能是 1 或 2", "stop_bits is 1 or 2"),
            both("改正", "correct it"),
        ));
    }
    match map::points(m) {
        Err(wrong) => out.extend(wrong.into_iter().map(|c| Complaint { place: format!("{place}: {}", c.place), ..c })),
        Ok(points) if points.is_empty() => out.push(Complaint::new(
            &place,
            both("没有要读的点", "there is nothing to read"),
            both("用 [[modbus.point]] 或 points_file 给出", "give points by [[modbus.point]] or points_file"),
        )),
        Ok(_) => {}
    }
}

fn opc_ua(o: &OpcUaConfig, out: &mut Vec<Complaint>) {
    let place = format!("opcua {}", o.name);
    if !o.endpoint.starts_with("opc.tcp://") {
        out.push(Complaint::new(
            &place,
            both(
                format!("地址 {} 不以 opc.tcp:// 开头", o.endpoint),
                format!("{} does not begin with opc.tcp://", o.endpoint),
            ),
            both("例如 opc.tcp://192.168.0.10:4840", "such as opc.tcp://192.168.0.10:4840"),
        ));
    }
    if let Err(wrong) = opcua::items(o) {
        out.extend(wrong.into_iter().map(|c| Complaint { place: format!("{place}: {}", c.place), ..c }));
    }
    if o.item.is_empty() && o.folder.is_empty() {
        out.push(Complaint::new(
            &place,
            both("没有要订阅的变量", "there is nothing to watch"),
            both(
                "用 [[opcua.item]] 或 [[opcua.folder]] 给出；可用 yunjin-edge browse 查看",
                "give [[opcua.item]] or [[opcua.folder]]; yunjin-edge browse shows what there is",
            ),
        ));
    }
}
