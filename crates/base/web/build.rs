//! The bundled style sheet and scripts are embedded from `web/dist`; a checkout in which they are not built yet must
//! still compile, so the folder is made here, empty.

fn main() {
    let dist = concat!(env!("CARGO_MANIFEST_DIR"), "/../../../web/dist");
    std::fs::create_dir_all(dist).expect("web/dist can be made");
    println!("cargo:rerun-if-changed={dist}");
}
