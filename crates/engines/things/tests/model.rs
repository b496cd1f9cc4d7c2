//! Thing models: written and read back the same, faults stated at once, foreign forms taken.

use kernel::Lang;
use things::model::What;
use things::{EventLevel, Kind, Model};

const FULL: &str = r#"{"format":"yunjin-thing-model/1","undeclared":"keep",
 "properties":[{"name":"temperature","label":{"zh":"温度","en":"Temperature"},"type":"number","unit":"°C","min":-40,"max":200,"report_every_s":10,"writable":true},
               {"name":"running","type":"flag"},{"name":"programme","label":"程序","type":"text","bytes_max":64}],
 "events":[{"name":"overheated","level":"warning","fields":[{"name":"peak","type":"number"}]}],
 "commands":[{"name":"setSpeed","inputs":[{"name":"rpm","type":"number"}],"outputs":[{"name":"ok","type":"flag"}],"timeout_s":5},{"name":"stop"}]}"#;

fn faults(text: &str) -> Vec<(String, What)> {
    Model::from_json(text).unwrap_err().faults.into_iter().map(|f| (f.at, f.what)).collect()
}

#[test]
fn a_model_is_read_and_written_back_the_same() {
    let model = Model::from_json(FULL).unwrap();
    assert_eq!(model.index("running"), Some(1));
    assert_eq!(model.property("programme").unwrap().label.en, "程序");
    assert_eq!(model.command("stop").unwrap().timeout_s, 30);
    assert_eq!(model.report_every_s(), Some(10));
    assert_eq!(Model::from_json(&model.to_json()).unwrap(), model);
    let published = model.published("prd_1", 3);
    assert_eq!((&**published.product(), published.version()), ("prd_1", 3));
    assert!(published.to_json().contains("\"version\": 3"));
}

#[test]
fn every_fault_is_stated_at_once_with_its_place() {
    let text = r#"{"format":"x/9","undeclared":"maybe","extra":1,"properties":[
        {"name":"a","type":"number","min":5,"max":1},{"name":"a","type":"flag"},{"type":"flag"},{"name":"b"},
        {"name":"c","type":"blob"},{"name":"d","type":"text","bytes_max":99999},{"name":" e","type":"flag","min":"x","tpye":1},7,
        {"name":"f","type":"number","report_every_s":0}],
      "events":[{"name":"g","level":"fatal"}],"commands":{"name":"h"}}"#;
    let found = faults(text);
    for expected in [
        ("", What::Unknown),
        ("format", What::Format),
        ("undeclared", What::Unknown),
        ("properties[2].name", What::Missing),
        ("properties[3].type", What::Missing),
        ("properties[4].type", What::NoSuchType),
        ("properties[6]", What::Unknown),
        ("properties[7]", What::WrongJsonType),
        ("events[0].level", What::NoSuchLevel),
        ("commands", What::WrongJsonType),
        ("properties[0].min", What::BadRange),
        ("properties[1].name", What::Twice),
    ] {
        assert!(
            found.iter().any(|(at, what)| at == expected.0 && *what == expected.1),
            "{expected:?} not in {found:?}"
        );
    }
    assert!(found.iter().any(|(_, what)| *what == What::BadLength), "{found:?}");
    assert!(found.iter().any(|(_, what)| *what == What::BadInterval), "{found:?}");
    assert!(found.iter().any(|(_, what)| *what == What::BadName), "{found:?}");
    let error = Model::from_json(text).unwrap_err();
    assert!(error.faults[0].words(Lang::Zh).contains("不认识的成员"));
    assert_eq!(faults("{"), vec![(String::new(), What::NotJson)]);
    assert_eq!(faults("[]"), vec![(String::new(), What::NotAModel)]);
    assert_eq!(faults("{}"), vec![(String::new(), What::NotAModel)]);
}

#[test]
fn a_property_keeps_its_kind_through_versions() {
    let before =
        Model::from_json(r#"{"properties":[{"name":"a","type":"number"},{"name":"b","type":"flag"}]}"#).unwrap();
    let after = Model::from_json(r#"{"properties":[{"name":"c","type":"text"},{"name":"a","type":"text"}]}"#).unwrap();
    let fault = after.check_follows(&before).unwrap_err().faults.remove(0);
    assert_eq!((fault.at.as_str(), fault.what), ("properties[1].type", What::KindChanged));
    assert!(before.check_follows(&before).is_ok());
}

#[test]
fn models_of_aliyun_are_taken() {
    let model = Model::from_json(
        r#"{"schema":"x","profile":{"productKey":"k"},"properties":[
          {"identifier":"temp","name":"温度","accessMode":"rw","required":true,"dataType":{"type":"float","specs":{"min":"-40","max":"200","unit":"℃","step":"0.1"}}},
          {"identifier":"mode","name":"模式","accessMode":"r","dataType":{"type":"enum","specs":{"0":"停","1":"开"}}},
          {"identifier":"sn","name":"序列号","dataType":{"type":"text","specs":{"length":"128"}}}],
        "events":[{"identifier":"hot","name":"过热","type":"alert","outputData":[{"identifier":"peak","name":"峰值","dataType":{"type":"double","specs":{}}}]}],
        "services":[{"identifier":"reset","name":"复位","callType":"async","inputData":[],"outputData":[]}]}"#,
    )
    .unwrap();
    let temp = model.property("temp").unwrap();
    assert_eq!(temp.kind, Kind::Number { min: Some(-40.0), max: Some(200.0), unit: "℃".into() });
    assert!(temp.writable && temp.label.zh == "温度");
    assert_eq!(model.property("sn").unwrap().kind, Kind::Text { bytes_max: 128 });
    assert_eq!((model.events()[0].level, model.events()[0].fields.len()), (EventLevel::Warning, 1));
    assert_eq!(model.commands()[0].name, "reset");
    assert_eq!(Model::from_json(&model.to_json()).unwrap(), model);
}

#[test]
fn models_of_jetlinks_are_taken_and_what_is_not_a_value_is_named() {
    let text = |kind: &str| {
        format!(
            r#"{{"properties":[{{"id":"temp","name":"温度","expands":{{"type":["read","write"]}},"valueType":{{"type":"{kind}","unit":"celsius","max":80}}}}],
                "functions":[{{"id":"open","name":"开","inputs":[{{"id":"deg","name":"角度","valueType":{{"type":"int"}}}}]}}],
                "events":[{{"id":"e","name":"事件","expands":{{"level":"urgent"}},"valueType":{{"type":"object","properties":[{{"id":"p","name":"p","valueType":{{"type":"boolean"}}}}]}}}}]}}"#
        )
    };
    let model = Model::from_json(&text("double")).unwrap();
    assert!(model.property("temp").unwrap().writable);
    assert_eq!(model.commands()[0].inputs[0].name, "deg");
    assert_eq!((model.events()[0].level, model.events()[0].fields[0].name.as_str()), (EventLevel::Error, "p"));
    assert_eq!(faults(&text("geoPoint")), vec![("properties[0].valueType.type".to_owned(), What::NoSuchType)]);
}
