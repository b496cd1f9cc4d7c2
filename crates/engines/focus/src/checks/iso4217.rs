//! ISO 4217: the alphabetic codes of national currencies, as FOCUS 1.2 (Currency Format) asks for BillingCurrency.

use super::Cell;

const CODES: &str = "AED AFN ALL AMD AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF \
CLP CNY COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR \
IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR MVR MWK \
MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD SHP SLE SOS SRD \
SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD XOF XPF YER ZAR ZMW ZWG";

pub(super) fn is_national(cell: Cell<'_>) -> bool {
    matches!(cell, Cell::Text(t) if t.len() == 3 && CODES.split(' ').any(|c| c == t))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn knows_codes_and_no_parts_of_them() {
        assert!(is_national(Cell::Text("CNY")) && is_national(Cell::Text("ZWG")) && is_national(Cell::Text("AED")));
        assert!(!["RMB", "cny", "CN", "Y C", "CNY "].iter().any(|c| is_national(Cell::Text(c))));
    }
}
