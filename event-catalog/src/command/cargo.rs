//! What cargo knows of a program, for the commands that compare it with what is linked.

use std::env;
use std::path::PathBuf;

use clap::Args;

use crate::catalog::Catalog;
use crate::doctor::{
    Finding, HandlerPackage, examine_packages, handler_packages, packages_unknown,
};

/// The arguments that say what is asked of cargo.
#[derive(Args, Clone, Debug, Default)]
#[non_exhaustive]
pub struct CargoArgs {
    /// The package of this program, in the workspace of the current folder [default: what cargo runs]
    #[arg(long, value_name = "NAME")]
    pub package: Option<String>,

    /// Ask nothing of cargo
    #[arg(long, conflicts_with = "package")]
    pub no_cargo: bool,
}

impl CargoArgs {
    /// Finds the packages that the program depends on and of which no handler is linked. That it is not known is a
    /// finding, too, as of a program that was copied to where it runs.
    ///
    /// # Errors
    ///
    /// The package that was named is not known: it must be examined.
    pub(super) fn findings(&self, catalog: &Catalog) -> Result<Vec<Finding>, String> {
        if self.no_cargo {
            return Ok(Vec::new());
        }
        match self.packages() {
            Ok(packages) => Ok(examine_packages(catalog, &packages)),
            Err(error) if self.package.is_some() => Err(error),
            Err(error) => Ok(vec![packages_unknown(&error)]),
        }
    }

    /// Returns the packages with handlers that the program depends on, or why they are not known.
    fn packages(&self) -> Result<Vec<HandlerPackage>, String> {
        let run = env::var("CARGO_PKG_NAME").ok();
        let name = self.package.as_deref().or(run.as_deref());
        let name =
            name.ok_or("cargo does not run this program; name its package with `--package`")?;
        // Of a program that cargo runs it is the package's folder.
        let folder = env::var_os("CARGO_MANIFEST_DIR").map_or_else(|| ".".into(), PathBuf::from);
        handler_packages(&folder, name).map_err(|error| error.to_string())
    }
}
