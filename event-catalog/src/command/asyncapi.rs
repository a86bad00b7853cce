//! `events asyncapi`: a document for other programs, and for the tools that read it.

use clap::{Args, ValueEnum};

use super::Reply;
use crate::asyncapi::{Options, SpecVersion};
use crate::catalog::Catalog;
use crate::doctor::named_twice;

/// The arguments of `events asyncapi`.
#[derive(Args, Clone, Debug)]
#[command(after_help = "\
Examples:
  events asyncapi --title Shop --api-version 1.4.0 > asyncapi.json
  events asyncapi --format yaml

An event is in it if it is `wire`; its payload is described if it is `schema`, too.

Exit status: 0, or 1 if no event leaves the program.")]
#[non_exhaustive]
pub struct AsyncApiArgs {
    /// The format to write
    #[arg(long, value_name = "FORMAT", value_enum, default_value_t)]
    pub format: DocumentFormat,

    /// The version of the AsyncAPI specification
    #[arg(long, value_name = "VERSION", value_enum, default_value_t)]
    pub spec: Spec,

    /// The title of the document
    #[arg(long, value_name = "TEXT", default_value = "Events")]
    pub title: String,

    /// The version of the document
    #[arg(long, value_name = "TEXT", default_value = "1.0.0")]
    pub api_version: String,

    /// Give unsigned integers the format `int64`, for generators that take `uint64` for 32 bits
    #[arg(long)]
    pub unsigned_as_int64: bool,
}

/// How a document is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum DocumentFormat {
    /// JSON, with two spaces for each level.
    #[default]
    Json,
    /// YAML.
    Yaml,
}

/// The version of the AsyncAPI specification.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
#[non_exhaustive]
pub enum Spec {
    /// 3.0.0, which generators read
    #[default]
    #[value(name = "3.0")]
    V3_0,
    /// 3.1.0, of which generators make nothing yet
    #[value(name = "3.1")]
    V3_1,
}

pub(super) fn asyncapi(catalog: &Catalog, arguments: &AsyncApiArgs) -> Reply {
    if !catalog.events.iter().any(|event| event.is_wire) {
        return Reply::failure(
            "no linked event leaves the program; one does with `#[event(wire, schema)]`".to_owned(),
        );
    }
    if let Some(finding) = named_twice(catalog).first() {
        return Reply::failure(finding.to_string());
    }
    let document = catalog.asyncapi(&Options {
        title: arguments.title.clone(),
        version: arguments.api_version.clone(),
        spec: match arguments.spec {
            Spec::V3_0 => SpecVersion::V3_0,
            Spec::V3_1 => SpecVersion::V3_1,
        },
        unsigned_as_int64: arguments.unsigned_as_int64,
    });
    match arguments.format {
        DocumentFormat::Json => Reply::json(&document),
        DocumentFormat::Yaml => match serde_saphyr::to_string(&document) {
            Ok(yaml) => Reply::text(yaml),
            Err(error) => {
                Reply::failure(format!("the document cannot be written as YAML: {error}"))
            }
        },
    }
}
