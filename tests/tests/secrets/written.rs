//! Random events as the text of a module.

use std::fmt::Write;

use super::shapes::{Field, Shape, Style, Variant};

impl Shape {
    pub(super) fn written(
        &self,
        number: usize,
        variants: &[Variant],
        key: Option<usize>,
    ) -> String {
        let mut source = "use crate::common::*;\n".to_owned();
        let keyed = key.map(|at| match &variants[0].fields[at].name {
            Some(name) => format!(", key = {name}"),
            None => format!(", key = {at}"),
        });
        let serialize = if self.is_by_hand { "" } else { "Serialize, " };
        let _ = writeln!(
            source,
            "#[derive(Event, {serialize}Deserialize, Clone)]\n#[event(name = \"secrets.t{number}\", wire{})]",
            keyed.unwrap_or_default()
        );
        for attribute in &self.attributes {
            let _ = writeln!(source, "#[serde({attribute})]");
        }
        if self.is_enum {
            source.push_str("pub enum It {\n");
            for (at, variant) in variants.iter().enumerate() {
                for attribute in &variant.attributes {
                    let _ = writeln!(source, "#[serde({attribute})]");
                }
                let _ = writeln!(source, "Kind{at} {},", variant.declared());
            }
            source.push_str("}\n");
        } else {
            let end = if variants[0].style == Style::Tuple {
                ";"
            } else {
                ""
            };
            let _ = writeln!(source, "pub struct It {}{end}", variants[0].declared());
        }
        source.push_str("impl It { fn never<T>(_: &T) -> bool { false } }\n");
        source.push_str("impl From<It> for Plain { fn from(_: It) -> Self { Self { x: 9 } } }\n");
        if self.is_by_hand {
            source.push_str(&variants[0].by_hand());
        }
        source.push_str("pub fn check(seen: &mut Seen) {\n");
        for (at, variant) in variants.iter().enumerate() {
            let is_value =
                variant.fields.len() == 1 && (self.is_transparent || variant.style == Style::Tuple);
            let is_into = self.attributes.iter().any(|it| it.starts_with("into"));
            let may_miss = |field: &Field| field.has_event() && (is_into || field.says("skip"));
            let may_hide = is_value || variant.fields.iter().any(may_miss);
            // What one field is written as another may read, which is not redacted.
            let is_shifted = variant.style == Style::Tuple
                && variant.fields.iter().any(|field| field.says("skip_"))
                && variant.fields.iter().any(Field::has_secrets);
            let flags = format!("{}, {may_hide}, {is_shifted}", !self.is_by_hand);
            let name = if self.is_enum {
                format!("It::Kind{at}")
            } else {
                "It".to_owned()
            };
            let value = |which: &dyn Fn(usize) -> usize| format!("{name} {}", variant.value(which));
            let _ = writeln!(source, "check_event({}, {flags}, seen);", value(&|_| 0));
            let _ = writeln!(source, "check_event({}, {flags}, seen);", value(&|_| 1));
            if let Some(key) = key {
                let field = &variant.fields[key];
                let wrapped = field.says("with") || field.says("serialize_with");
                let text = |at: usize| {
                    let value = field.ty.1[at];
                    let ty = field.ty.0;
                    if wrapped {
                        format!("key_text::<({ty},)>(&({value},))")
                    } else {
                        format!("key_text::<{ty}>(&{value})")
                    }
                };
                let _ = writeln!(
                    source,
                    "check_key([{}, {}, {}], [{}, {}]);",
                    value(&|_| 0),
                    value(&|at| usize::from(at != key)),
                    value(&|at| usize::from(at == key)),
                    text(0),
                    text(1),
                );
            }
        }
        source.push_str("}\n");
        source
    }
}

impl Field {
    fn label(&self) -> String {
        let name = self.name.as_deref();
        name.map(|name| format!("{name}: ")).unwrap_or_default()
    }
}

impl Variant {
    fn braces(&self, each: impl Fn(usize, &Field) -> String) -> String {
        let fields = self.fields.iter().enumerate();
        let fields: Vec<_> = fields.map(|(at, field)| each(at, field)).collect();
        match self.style {
            Style::Unit => String::new(),
            Style::Tuple => format!("({})", fields.join(", ")),
            Style::FunctionId => format!("{{ {} }}", fields.join(", ")),
        }
    }

    fn declared(&self) -> String {
        self.braces(|_, field| {
            let redact = if field.is_redacted {
                "#[event(redact)] "
            } else {
                ""
            };
            let serde = field.attributes.iter().map(|it| format!("#[serde({it})] "));
            let serde = serde.collect::<Vec<_>>().concat();
            let name = field.label();
            format!("\n    {redact}{serde}{name}{}", field.ty.0)
        })
    }

    fn value(&self, which: &dyn Fn(usize) -> usize) -> String {
        self.braces(|at, field| {
            let name = field.label();
            format!("{name}{}", field.ty.1[which(at)])
        })
    }

    /// A `Serialize` that writes each field under another name, and redacted ones twice.
    fn by_hand(&self) -> String {
        let mut body = String::new();
        for (at, field) in self.fields.iter().enumerate() {
            let name = field.name.clone().unwrap_or_else(|| at.to_string());
            let foreign = field.ty.0 == "Foreign";
            let value = if foreign { ".0" } else { "" };
            let _ = writeln!(
                body,
                "map.serialize_entry(\"hand_{at}\", &self.{name}{value})?;"
            );
            if field.is_redacted {
                let _ = writeln!(
                    body,
                    "map.serialize_entry(\"copy_{at}\", &format!(\"it is {{:?}}\", self.{name}))?;"
                );
            }
        }
        format!(
            "impl Serialize for It {{ fn serialize<S: serde::Serializer>(&self, s: S) \
             -> Result<S::Ok, S::Error> {{\nuse serde::ser::SerializeMap;\n\
             let mut map = s.serialize_map(None)?;\n{body}map.end()\n}} }}\n"
        )
    }
}
