//! Workspaces of a program and its modules.

use std::fs;
use std::path::Path;

use event_core::{Event, handler};

use super::{HandlerPackage, PackagesError, handler_packages, is_handler, unlinked};
use crate::catalog::{Catalog, Place};

/// Writes a workspace: a program that depends on `mail`, which depends on `pdf`, and on `post` on one platform.
fn workspace(folder: &Path) {
    let write = |path: &str, text: &str| {
        let path = folder.join(path);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a new folder");
        fs::write(path, text).expect("a new file");
    };
    write(
        "Cargo.toml",
        r#"workspace = { resolver = "3", members = ["program", "mail", "pdf", "post"] }"#,
    );
    let on_windows = "[target.'cfg(windows)'.dependencies]\npost = { path = '../post' }";
    let packages = [
        (
            "program",
            format!("mail = {{ path = '../mail' }}\n{on_windows}"),
            "",
        ),
        (
            "mail",
            "pdf = { path = '../pdf' }".to_owned(),
            "// #[handler]\nevent_core::module!();\n\n#[handler(priority = 1)]\nfn send() {}",
        ),
        (
            "pdf",
            String::new(),
            "    #[event_core::handler]\n    fn print() {}",
        ),
        ("post", String::new(), "#[handler]\nfn frank() {}"),
    ];
    for (name, dependencies, source) in packages {
        let package = format!("[package]\nname = '{name}'\nversion = '1.0.0'\nedition = '2024'");
        let manifest = format!("{package}\n[dependencies]\nevent-core = '0.1'\n{dependencies}");
        write(&format!("{name}/Cargo.toml"), &manifest);
        write(&format!("{name}/src/lib.rs"), source);
    }
}

#[test]
fn the_packages_with_handlers_that_a_program_depends_on_are_found() {
    let folder = tempfile::tempdir().expect("a folder");
    workspace(folder.path());
    let found = handler_packages(folder.path(), "program").expect("cargo is there");
    let names: Vec<_> = found.iter().map(|it| (&*it.name, it.place.line)).collect();
    assert_eq!(
        names,
        [("mail", 4), ("pdf", 1)],
        "`post` is for one platform"
    );

    let findings = unlinked(&Catalog::default(), &found);
    assert!(findings[0].message.contains("`mail`"), "{findings:?}");
    assert!(
        findings[0].help.starts_with("name it")
            && findings[0].help.contains("`.module(mail::MODULE)`"),
        "{findings:?}"
    );
    assert!(
        findings[1].help.contains("`event_core::module!();`"),
        "{findings:?}"
    );
}

#[test]
fn what_cargo_does_not_know_is_an_error() {
    let folder = tempfile::tempdir().expect("a folder");
    workspace(folder.path());
    let error = handler_packages(folder.path(), "programme").expect_err("no such package");
    assert_eq!(error, PackagesError::UnknownPackage("programme".to_owned()));

    let nothing = tempfile::tempdir().expect("a folder");
    let error = handler_packages(nothing.path(), "program").expect_err("no workspace");
    assert!(error.to_string().contains("Cargo.toml"), "{error}");
}

#[derive(Event)]
struct Posted;

#[handler]
fn deliver(_event: &Posted) {}

#[test]
fn a_package_of_which_a_handler_is_linked_is_no_finding() {
    let own = [HandlerPackage {
        name: env!("CARGO_PKG_NAME").to_owned(),
        place: Place {
            file: "src/lib.rs".into(),
            line: 1,
        },
        has_module: false,
    }];
    assert_eq!(unlinked(&Catalog::linked(), &own), []);
    assert_eq!(unlinked(&Catalog::default(), &own).len(), 1);
}

#[test]
fn a_handler_is_found_by_its_attribute() {
    for line in [
        "#[handler]",
        "    #[event_core::handler(priority = 1)]",
        "#[handlers]",
    ] {
        assert!(is_handler(line), "{line}");
    }
    for line in [
        "#[handlers_of]",
        "handler",
        "// #[handler]",
        "let a = \"#[handler]\";",
    ] {
        assert!(!is_handler(line), "{line}");
    }
}
