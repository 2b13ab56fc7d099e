//! The fuzz targets' properties over their stored corpus, on stable Rust. `fuzz/README.md` has the long run.

#[path = "../../fuzz/properties.rs"]
mod properties;

#[test]
fn every_property_holds_for_its_stored_corpus() {
    for (name, holds) in properties::ALL {
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus").join(name);
        let files: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
        assert!(files.len() >= 5, "{} holds {} files", folder.display(), files.len());
        for file in files {
            let bytes = std::fs::read(&file).unwrap();
            assert!(std::panic::catch_unwind(|| holds(&bytes)).is_ok(), "{}", file.display());
        }
    }
}
