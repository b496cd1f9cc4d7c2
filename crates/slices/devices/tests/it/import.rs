//! Devices from a spreadsheet: all rows or none, and every wrong cell named.

use devices::import_devices::{self, ImportDevices, ImportDevicesError, ImportReport, ImportRow};
use devices::read::{self, DeviceFilter};
use devices::register_device::RegisterDevice;
use testkit::{TestBed, enterprise_owner};

use crate::fixture::{MODEL, named, org, publish, register};

async fn import(bed: &TestBed, org_id: &str, rows: &[&[&str]], trial: bool) -> Result<ImportReport, ImportDevicesError> {
    let rows = rows.iter().zip(2..).map(|(cells, row)| ImportRow { row, cells: cells.iter().map(|c| (*c).to_owned()).collect() });
    let cmd = ImportDevices { org_id: org_id.into(), rows: rows.collect(), file_name: "设备.xlsx".into(), trial };
    match trial {
        true => bed.read(&enterprise_owner(org_id), |cx| Box::pin(async move { import_devices::run(cx, cmd).await })).await,
        false => bed.write(&enterprise_owner(org_id), |cx| Box::pin(import_devices::run(cx, cmd))).await,
    }
}

async fn count(bed: &TestBed, org_id: &str) -> i64 {
    bed.read(&enterprise_owner(org_id), |cx| Box::pin(async move { read::count(cx, DeviceFilter::default()).await }))
        .await
        .unwrap()
}

testkit::on_both!(every_wrong_cell_is_named_and_nothing_is_half_done, |bed| async move {
    let a = org(&bed, 1).await;
    let product = publish(&bed, &a, None, "车床", MODEL).await.unwrap().product.id;
    register(&bed, named(&a, &product, "已有")).await.unwrap();
    let report = import(
        &bed,
        &a,
        &[
            &["1 号", "车床", "一厂", "SN1", "", "60", ""],
            &["1 号", "铣床", "", "", "", "soon", ""],
            &["已有", "车床", "1/2/3/4/5/6/7", "", "没有的网关", "", ""],
            &["", "车床"],
            &["4 号", "车床", "1/2/3/4/5/6/7"],
        ],
        false,
    )
    .await
    .unwrap();
    let found: Vec<_> = report.faults.iter().map(|f| (f.row, f.column, f.code)).collect();
    let expected = [
        (3, 0, "name-twice"),
        (3, 1, "no-such-product"),
        (3, 5, "silence-wrong"),
        (4, 0, "device-name-taken"),
        (4, 4, "gateway-wrong"),
        (5, 0, "device-name-wrong"),
        (6, 2, "place-wrong"),
    ];
    assert_eq!(found, expected);
    assert_eq!((report.imported, count(&bed, &a).await), (0, 1));
    assert!(matches!(import(&bed, &a, &[], false).await, Err(ImportDevicesError::NoRows {})));
});

testkit::on_both!(a_good_file_is_entered_whole_and_only_looked_at_on_trial, |bed| async move {
    let a = org(&bed, 1).await;
    let product = publish(&bed, &a, None, "车床", MODEL).await.unwrap().product.id;
    register(&bed, RegisterDevice { is_gateway: true, ..named(&a, &product, "网关") }).await.unwrap();
    let rows: &[&[&str]] = &[&["1 号", "车床", "一厂", "SN1", "网关", "60", "新"], &["2 号", "车床"]];
    assert!(import(&bed, &a, rows, true).await.unwrap().faults.is_empty());
    assert_eq!(count(&bed, &a).await, 1);
    assert_eq!(import(&bed, &a, rows, false).await.unwrap().imported, 2);
    assert_eq!(count(&bed, &a).await, 3);
});
