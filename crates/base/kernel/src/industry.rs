//! Manufacturing divisions of GB/T 4754-2017 (section C, 13–43).

use crate::Lang;

/// A division of the national economy, two digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Industry {
    /// Two digits.
    pub code: &'static str,
    /// 中文名, as the standard has it.
    pub zh: &'static str,
    /// English gloss, ours.
    pub en: &'static str,
}

impl Industry {
    /// Its name for a reader.
    pub fn name(&self, lang: Lang) -> &'static str {
        lang.t(self.zh, self.en)
    }
}

/// All thirty-one, by code.
pub const INDUSTRIES: [Industry; 31] = [
    Industry { code: "13", zh: "农副食品加工业", en: "Processing of farm products" },
    Industry { code: "14", zh: "食品制造业", en: "Food" },
    Industry { code: "15", zh: "酒、饮料和精制茶制造业", en: "Liquor, beverages and refined tea" },
    Industry { code: "16", zh: "烟草制品业", en: "Tobacco" },
    Industry { code: "17", zh: "纺织业", en: "Textiles" },
    Industry { code: "18", zh: "纺织服装、服饰业", en: "Garments and apparel" },
    Industry {
        code: "19", zh: "皮革、毛皮、羽毛及其制品和制鞋业", en: "Leather, fur, feathers and footwear"
    },
    Industry {
        code: "20", zh: "木材加工和木、竹、藤、棕、草制品业", en: "Wood, bamboo, rattan and straw products"
    },
    Industry { code: "21", zh: "家具制造业", en: "Furniture" },
    Industry { code: "22", zh: "造纸和纸制品业", en: "Paper and paper products" },
    Industry { code: "23", zh: "印刷和记录媒介复制业", en: "Printing and recorded media" },
    Industry {
        code: "24", zh: "文教、工美、体育和娱乐用品制造业", en: "Culture, crafts, sports and leisure goods"
    },
    Industry { code: "25", zh: "石油、煤炭及其他燃料加工业", en: "Petroleum, coal and other fuels" },
    Industry { code: "26", zh: "化学原料和化学制品制造业", en: "Chemical raw materials and products" },
    Industry { code: "27", zh: "医药制造业", en: "Medicines" },
    Industry { code: "28", zh: "化学纤维制造业", en: "Chemical fibres" },
    Industry { code: "29", zh: "橡胶和塑料制品业", en: "Rubber and plastics" },
    Industry { code: "30", zh: "非金属矿物制品业", en: "Non-metallic mineral products" },
    Industry { code: "31", zh: "黑色金属冶炼和压延加工业", en: "Ferrous smelting and rolling" },
    Industry { code: "32", zh: "有色金属冶炼和压延加工业", en: "Non-ferrous smelting and rolling" },
    Industry { code: "33", zh: "金属制品业", en: "Metal products" },
    Industry { code: "34", zh: "通用设备制造业", en: "General machinery" },
    Industry { code: "35", zh: "专用设备制造业", en: "Special machinery" },
    Industry { code: "36", zh: "汽车制造业", en: "Motor vehicles" },
    Industry {
        code: "37",
        zh: "铁路、船舶、航空航天和其他运输设备制造业",
        en: "Rail, ship, aerospace and other transport equipment",
    },
    Industry { code: "38", zh: "电气机械和器材制造业", en: "Electrical machinery" },
    Industry {
        code: "39", zh: "计算机、通信和其他电子设备制造业", en: "Computers, communications and electronics"
    },
    Industry { code: "40", zh: "仪器仪表制造业", en: "Instruments and meters" },
    Industry { code: "41", zh: "其他制造业", en: "Other manufacturing" },
    Industry { code: "42", zh: "废弃资源综合利用业", en: "Recycling of waste resources" },
    Industry {
        code: "43", zh: "金属制品、机械和设备修理业", en: "Repair of metal products, machinery and equipment"
    },
];

/// The division with this code.
pub fn industry(code: &str) -> Option<&'static Industry> {
    INDUSTRIES.iter().find(|i| i.code == code)
}
