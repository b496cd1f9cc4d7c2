//! From the file's text to the configuration, with what is wrong in words.

use std::path::Path;

use super::Config;
use crate::connectors::modbus::map;
use crate::words::{Complaint, both};

/// Reads the file and the register maps that it names. Paths in it are relative to its folder.
pub fn load(path: &Path) -> Result<Config, Complaint> {
    let text = std::fs::read_to_string(path).map_err(|e| {
        Complaint::new(
            path.display().to_string(),
            both(format!("读不了配置文件：{e}"), format!("the configuration cannot be read: {e}")),
            both("检查路径和权限", "check the path and the rights"),
        )
    })?;
    let mut config = parse(&path.display().to_string(), &text)?;
    let folder = path.parent().unwrap_or(Path::new(""));
    config.data = folder.join(&config.data);
    if let Some(file) = &mut config.platform.token_file {
        *file = folder.join(&*file);
        let token = std::fs::read_to_string(&*file).map_err(|e| {
            Complaint::new(
                file.display().to_string(),
                both(format!("读不了令牌文件：{e}"), format!("the file of the token cannot be read: {e}")),
                both("检查 token_file 和权限", "check token_file and the rights"),
            )
        })?;
        config.platform.token = Some(token.trim().to_owned());
    }
    let own = config.mqtt.iter_mut().filter_map(|m| m.tls.as_mut());
    for tls in config.platform.tls.iter_mut().chain(own) {
        for file in [&mut tls.ca_file, &mut tls.cert_file, &mut tls.key_file].into_iter().flatten() {
            *file = folder.join(&*file);
        }
    }
    for modbus in &mut config.modbus {
        if let Some(file) = &modbus.points_file {
            let file = folder.join(file);
            modbus.point.extend(map::read_csv(&file)?);
        }
    }
    Ok(config)
}

/// Reads the text; `place` names it in what is said.
pub fn parse(place: &str, text: &str) -> Result<Config, Complaint> {
    toml::from_str(text).map_err(|e| {
        let (line, column) = e.span().map_or((1, 1), |s| line_and_column(text, s.start));
        complaint(&format!("{place}:{line}:{column}"), e.message())
    })
}

fn line_and_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text[..at.min(text.len())];
    let line = before.matches('\n').count() + 1;
    let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
    (line, column)
}

/// The reader's message names keys between backticks; the commonest two are said in our own words.
fn complaint(place: &str, message: &str) -> Complaint {
    let mut named = message.split('`').skip(1).step_by(2);
    let first = named.next().unwrap_or_default().to_owned();
    let known: Vec<&str> = named.collect();
    if message.starts_with("unknown field") {
        return Complaint::new(
            place,
            both(format!("不认识的键 {first}"), format!("the key {first} is not known")),
            both(
                format!("删去或改正；这里可用的键：{}", known.join("、")),
                format!("remove or correct it; keys that may stand here: {}", known.join(", ")),
            ),
        );
    }
    if message.starts_with("missing field") {
        return Complaint::new(
            place,
            both(format!("缺少键 {first}"), format!("the key {first} is missing")),
            both("补上；示例见 yunjin-edge.example.toml", "add it; yunjin-edge.example.toml shows how"),
        );
    }
    Complaint::new(
        place,
        both(format!("不是有效的配置：{message}"), format!("not a valid configuration: {message}")),
        both("对照 yunjin-edge.example.toml 改正", "correct it after yunjin-edge.example.toml"),
    )
}

#[cfg(test)]
mod tests {
    use kernel::Lang;

    use super::*;

    #[test]
    fn an_unknown_key_is_refused_by_its_name_and_its_place() {
        let text = "name = \"a\"\n[platform]\nhost = \"h\"\nhots = \"x\"\n";
        let c = parse("edge.toml", text).unwrap_err();
        assert_eq!(c.place, "edge.toml:4:1");
        assert!(c.say(Lang::En).contains("the key hots is not known"), "{c}");
        assert!(c.say(Lang::Zh).contains("不认识的键 hots"), "{}", c.say(Lang::Zh));
    }

    #[test]
    fn an_unknown_key_in_a_list_of_connectors_is_placed_too() {
        let text = "name = \"a\"\n[platform]\nhost = \"h\"\n[[modbus]]\nname = \"m\"\nadress = \"x\"\n";
        assert_eq!(parse("edge.toml", text).unwrap_err().place, "edge.toml:6:1");
    }

    #[test]
    fn a_missing_key_is_named() {
        assert!(parse("e", "name = \"a\"\n").unwrap_err().say(Lang::En).contains("the key platform is missing"));
    }

    #[test]
    fn the_example_is_a_configuration_and_passes_the_check() {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("yunjin-edge.example.toml");
        let config = load(&path).unwrap_or_else(|c| panic!("{c}"));
        assert_eq!(super::super::check(&config), Vec::new());
    }
}
