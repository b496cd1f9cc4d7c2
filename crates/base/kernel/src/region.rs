//! The districts of the region (GB/T 2260), and where each stands on the tile cartogram.

use crate::Lang;

/// The code of the city as a whole.
pub const CITY_CODE: &str = "120000";

/// A district. A firm's district is a stated fact; it is never read out of its credit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct District {
    /// Six digits, GB/T 2260.
    pub code: &'static str,
    /// 中文名
    pub zh: &'static str,
    /// English name.
    pub en: &'static str,
    /// Row and column on the cartogram (示意图, not a map).
    pub tile: (u8, u8),
}

impl District {
    /// Its name for a reader.
    pub fn name(&self, lang: Lang) -> &'static str {
        lang.t(self.zh, self.en)
    }
}

/// All sixteen, by code.
pub const DISTRICTS: [District; 16] = [
    District { code: "120101", zh: "和平区", en: "Heping", tile: (4, 2) },
    District { code: "120102", zh: "河东区", en: "Hedong", tile: (4, 3) },
    District { code: "120103", zh: "河西区", en: "Hexi", tile: (5, 2) },
    District { code: "120104", zh: "南开区", en: "Nankai", tile: (4, 1) },
    District { code: "120105", zh: "河北区", en: "Hebei", tile: (3, 2) },
    District { code: "120106", zh: "红桥区", en: "Hongqiao", tile: (3, 1) },
    District { code: "120110", zh: "东丽区", en: "Dongli", tile: (3, 3) },
    District { code: "120111", zh: "西青区", en: "Xiqing", tile: (3, 0) },
    District { code: "120112", zh: "津南区", en: "Jinnan", tile: (5, 3) },
    District { code: "120113", zh: "北辰区", en: "Beichen", tile: (2, 2) },
    District { code: "120114", zh: "武清区", en: "Wuqing", tile: (1, 1) },
    District { code: "120115", zh: "宝坻区", en: "Baodi", tile: (1, 3) },
    District { code: "120116", zh: "滨海新区", en: "Binhai New Area", tile: (3, 4) },
    District { code: "120117", zh: "宁河区", en: "Ninghe", tile: (2, 4) },
    District { code: "120118", zh: "静海区", en: "Jinghai", tile: (5, 0) },
    District { code: "120119", zh: "蓟州区", en: "Jizhou", tile: (0, 3) },
];

/// The district with this code.
pub fn district(code: &str) -> Option<&'static District> {
    DISTRICTS.iter().find(|d| d.code == code)
}
