//! The shape of the shop: its modules meet in the program alone.

use std::process::Command;

use serde_json::Value;

#[test]
fn a_module_depends_on_the_facts_and_on_no_other_module() {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version=1"])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo starts");
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("metadata in JSON");
    let packages = metadata["packages"].as_array().expect("packages");

    for module in ["sales", "loyalty", "stock", "receipts", "audit", "books"] {
        let name = format!("shop-{module}");
        let package = packages
            .iter()
            .find(|package| package["name"] == *name)
            .expect("the module");
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        let of_the_shop: Vec<_> = dependencies
            .iter()
            .filter_map(|dependency| dependency["name"].as_str())
            .filter(|dependency| dependency.starts_with("shop"))
            .collect();
        assert_eq!(of_the_shop, ["shop-events"], "{name}");
    }
}
