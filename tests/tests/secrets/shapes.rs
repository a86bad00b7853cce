//! Random events: structs and enums with serde's attributes, secrets in redacted fields, and events
//! with secrets in other fields.

use std::fmt::Write;

/// `SplitMix64`: all that is random follows from one number.
pub(crate) struct Random(pub(crate) u64);

impl Random {
    fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        let limit = u64::try_from(limit).expect("a small number");
        usize::try_from((mixed ^ (mixed >> 31)) % limit).expect("a small number")
    }

    fn one_in(&mut self, chances: usize) -> bool {
        self.below(chances) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }
}

/// A type of a field, and two of its values.
type Type = (&'static str, [&'static str; 2]);

/// That can be a key.
const KEYS: &[Type] = &[
    ("u8", ["1", "2"]),
    ("String", ["text(\"a\")", "text(\"b\")"]),
    ("Option<u8>", ["None", "Some(3)"]),
    ("Vec<u8>", ["vec![4]", "vec![]"]),
    ("(u8, bool)", ["(5, true)", "(6, false)"]),
];

/// Whose JSON is an object.
const OBJECTS: &[Type] = &[
    ("BTreeMap<String, u8>", ["map(7)", "map(8)"]),
    ("Plain", ["Plain { x: 1 }", "Plain { x: 2 }"]),
    ("Login", ["login()", "login()"]),
    ("Session", ["session()", "session()"]),
];

/// Some with secrets inside, of a `Redacted` or of an event.
const OTHERS: &[Type] = &[
    ("BTreeMap<String, u8>", ["map(7)", "map(8)"]),
    ("Plain", ["Plain { x: 1 }", "Plain { x: 2 }"]),
    ("Redacted<String>", ["secret().into()", "secret().into()"]),
    ("Vec<Redacted<u64>>", ["vec![NUMBER.into()]", "vec![]"]),
    ("Login", ["login()", "login()"]),
    ("Vec<Answered>", ["vec![answered()]", "vec![]"]),
    ("Option<Box<Login>>", ["Some(login().into())", "None"]),
    ("BTreeMap<String, Login>", ["logins()", "logins()"]),
    ("Session", ["session()", "session()"]),
    ("Token", ["Token(secret())", "Token(secret())"]),
    ("Vec<Contact>", ["contacts()", "contacts()"]),
    ("Chain", ["chain()", "chain()"]),
];

const SECRETS: &[Type] = &[
    ("String", ["secret()", "secret()"]),
    ("Option<String>", ["Some(secret())", "None"]),
    ("Vec<String>", ["vec![secret()]", "vec![]"]),
    ("BTreeMap<String, u64>", ["numbers()", "numbers()"]),
    ("u64", ["NUMBER", "NUMBER"]),
    ("(u8, String)", ["(1, secret())", "(2, secret())"]),
    ("Token", ["Token(secret())", "Token(secret())"]),
    ("Login", ["login()", "login()"]),
    ("Loud", ["Loud(secret())", "Loud(secret())"]),
];

const CASES: &[&str] = &[
    "lowercase",
    "UPPERCASE",
    "PascalCase",
    "camelCase",
    "snake_case",
    "SCREAMING_SNAKE_CASE",
    "kebab-case",
    "SCREAMING-KEBAB-CASE",
];

#[derive(Clone, Copy, PartialEq)]
enum Style {
    Unit,
    Tuple,
    Named,
}

/// A struct, or a variant.
struct Fields {
    style: Style,
    attributes: Vec<String>,
    fields: Vec<Field>,
}

struct Field {
    name: Option<String>,
    ty: Type,
    is_redacted: bool,
    attributes: Vec<String>,
}

impl Field {
    /// It may hold an event with secrets.
    fn has_event(&self) -> bool {
        let events = ["Answered", "Login", "Session", "Token", "Contact", "Chain"];
        !self.is_redacted && events.iter().any(|event| self.ty.0.contains(event))
    }

    fn has_secrets(&self) -> bool {
        self.has_event() || self.ty.0.contains("Redacted")
    }

    fn says(&self, key: &str) -> bool {
        self.attributes.iter().any(|it| it.starts_with(key))
    }
}

/// A random event.
#[derive(Default)]
pub(crate) struct Shape {
    /// Its module.
    pub(crate) source: String,
    /// The derive must refuse it.
    pub(crate) is_refused: bool,
    attributes: Vec<String>,
    is_enum: bool,
    is_internally_tagged: bool,
    is_transparent: bool,
    may_flatten: bool,
    /// Its `Serialize` is written by hand.
    is_by_hand: bool,
}

impl Shape {
    pub(crate) fn new(random: &mut Random, number: usize) -> Self {
        let mut shape = Self {
            is_enum: random.one_in(2),
            may_flatten: true,
            ..Self::default()
        };
        shape.container(random);
        let count = if shape.is_enum {
            1 + random.below(4)
        } else {
            1
        };
        let mut variants: Vec<_> = (0..count).map(|_| shape.fields(random)).collect();
        if shape.is_enum {
            shape.variants(random, &mut variants);
        }
        let has = |is: fn(&Field) -> bool| variants.iter().flat_map(|it| &it.fields).any(is);
        let has_into = shape.attributes.iter().any(|it| it.starts_with("into"));
        shape.is_refused |= has_into && has(|field| field.is_redacted);
        let key = shape.key(random, &variants[0]);
        shape.is_refused |= has_into && key.is_some();
        shape.write(number, &variants, key);
        shape
    }

    fn container(&mut self, random: &mut Random) {
        self.is_by_hand = !self.is_enum && random.one_in(5);
        if !self.is_enum && random.one_in(8) {
            self.is_transparent = true;
            self.attributes.push("transparent".to_owned());
            return;
        }
        if random.one_in(2) {
            let (one, other) = (random.of(CASES), random.of(CASES));
            self.attributes.push(if random.one_in(3) {
                format!("rename_all(serialize = \"{one}\", deserialize = \"{other}\")")
            } else {
                format!("rename_all = \"{one}\"")
            });
        }
        if self.is_enum {
            match random.below(4) {
                0 => self.attributes.push("tag = \"kind\"".to_owned()),
                1 => self
                    .attributes
                    .push("tag = \"kind\", content = \"of it\"".to_owned()),
                2 => self.attributes.push("untagged".to_owned()),
                _ => {}
            }
            self.is_internally_tagged = self
                .attributes
                .last()
                .is_some_and(|it| it == "tag = \"kind\"");
            if random.one_in(3) {
                let case = random.of(CASES);
                self.attributes
                    .push(format!("rename_all_fields = \"{case}\""));
            }
        } else if !self.is_by_hand && random.one_in(10) {
            self.attributes.push("into = \"Plain\"".to_owned());
        }
        for (key, chances) in [
            ("crate = \"serde\"", 8),
            ("rename = \"It\"", 8),
            ("deny_unknown_fields", 6),
        ] {
            if random.one_in(chances) {
                self.attributes.push(key.to_owned());
                self.may_flatten &= key != "deny_unknown_fields";
            }
        }
    }

    fn fields(&mut self, random: &mut Random) -> Fields {
        let style = match random.below(7) {
            0 if self.is_enum => Style::Unit,
            0..=3 => Style::Named,
            _ => Style::Tuple,
        };
        let count = match style {
            Style::Unit => 0,
            // serde knows no other tuple variant with a tag inside.
            Style::Tuple if self.is_internally_tagged => 1,
            _ if self.is_transparent => 1,
            _ => 1 + random.below(4),
        };
        let fields = (0..count).map(|at| self.field(random, at, style));
        Fields {
            style,
            attributes: Vec::new(),
            fields: fields.collect(),
        }
    }

    fn field(&mut self, random: &mut Random, at: usize, style: Style) -> Field {
        let is_named = style == Style::Named;
        let others = if random.one_in(2) { KEYS } else { OTHERS };
        let mut field = Field {
            name: is_named.then(|| format!("field_{at}")),
            ty: random.of(others),
            is_redacted: random.one_in(2),
            attributes: Vec::new(),
        };
        if field.is_redacted {
            field.ty = random.of(SECRETS);
        }
        if self.is_transparent {
            return field;
        }
        if self.is_internally_tagged && style == Style::Tuple {
            field.ty = random.of(OBJECTS);
        } else if is_named
            && self.may_flatten
            && random.one_in(if field.is_redacted { 25 } else { 6 })
        {
            field.ty = random.of(OBJECTS);
            field.attributes.push("flatten".to_owned());
            self.is_refused |= field.is_redacted;
            return field;
        }
        if is_named {
            match random.below(8) {
                0 => field.attributes.push(format!("rename = \"it's /{at}~\"")),
                1 => field.attributes.push(format!(
                    "rename(serialize = \"out_{at}\", deserialize = \"in_{at}\")"
                )),
                2 => field.attributes.push(format!("alias = \"old_{at}\"")),
                _ => {}
            }
        }
        match random.below(10) {
            0 => field.attributes.push("skip".to_owned()),
            1 => field.attributes.push("skip_serializing".to_owned()),
            2 => field.attributes.push("skip_deserializing".to_owned()),
            at @ 3..6 => {
                let is_option = field.ty.0.starts_with("Option<");
                let when = match at {
                    3 => "never",
                    // serde looks for it in another type if the content has a key of its own.
                    4 if !self.is_enum => "Self::never",
                    5 if is_option => "Option::is_none",
                    _ => "always",
                };
                field
                    .attributes
                    .push(format!("skip_serializing_if = \"{when}\""));
            }
            _ => {}
        }
        let is_conditional = field.says("skip_serializing_if");
        match random.below(9) {
            0 => field.attributes.push("with = \"wrapped\"".to_owned()),
            1 => field.attributes.push(
                "serialize_with = \"wrapped::serialize\", deserialize_with = \"wrapped::deserialize\""
                    .to_owned(),
            ),
            // It has no `Serialize` of its own.
            2 if field.is_redacted && !is_conditional && !self.is_internally_tagged => {
                field.ty = ("Foreign", ["Foreign(secret())", "Foreign(secret())"]);
                field.attributes.push("with = \"foreign\"".to_owned());
            }
            _ => {}
        }
        field
    }

    fn variants(&mut self, random: &mut Random, variants: &mut [Fields]) {
        let is_untagged = self.attributes.iter().any(|it| it == "untagged");
        let tagged = if is_untagged {
            variants.len()
        } else {
            random.below(variants.len() + 1)
        };
        for (at, variant) in variants.iter_mut().enumerate() {
            let mut say = |attribute: String| variant.attributes.push(attribute);
            match random.below(8) {
                0 => say("rename = \"its /own~\"".to_owned()),
                1 => say(format!("alias = \"Old{at}\"")),
                2 => say(format!("rename_all = \"{}\"", random.of(CASES))),
                _ => {}
            }
            // Those without a tag come last.
            if at >= tagged && tagged > 0 {
                say("untagged".to_owned());
                continue;
            }
            let is_inside = self.is_internally_tagged && variant.style == Style::Tuple;
            self.is_refused |= is_inside && variant.fields[0].is_redacted;
            if variant.fields.len() == 1
                && variant.fields[0].attributes.is_empty()
                && random.one_in(5)
            {
                say("with = \"wrapped\"".to_owned());
                self.is_refused |= variant.fields[0].is_redacted;
            }
        }
    }

    /// The position of the field that is the event's key.
    fn key(&mut self, random: &mut Random, fields: &Fields) -> Option<usize> {
        if self.is_enum || random.one_in(3) {
            return None;
        }
        let can_be =
            |field: &Field| !field.is_redacted && KEYS.iter().any(|key| key.0 == field.ty.0);
        let key = fields.fields.iter().position(can_be)?;
        let is_newtype = fields.style == Style::Tuple && fields.fields.len() == 1;
        let field = &fields.fields[key];
        let is_skipped = ["skip", "skip_serializing", "skip_deserializing"]
            .iter()
            .any(|skip| field.attributes.iter().any(|it| it == skip));
        self.is_refused |= is_skipped && !is_newtype;
        Some(key)
    }

    fn write(&mut self, number: usize, variants: &[Fields], key: Option<usize>) {
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
        self.source = source;
    }
}

impl Fields {
    fn braces(&self, each: impl Fn(usize, &Field) -> String) -> String {
        let fields = self.fields.iter().enumerate();
        let fields: Vec<_> = fields.map(|(at, field)| each(at, field)).collect();
        match self.style {
            Style::Unit => String::new(),
            Style::Tuple => format!("({})", fields.join(", ")),
            Style::Named => format!("{{ {} }}", fields.join(", ")),
        }
    }

    fn declared(&self) -> String {
        self.braces(|_, field| {
            let redact = if field.is_redacted {
                "#[event(redact)] "
            } else {
                ""
            };
            let serde = field.attributes.iter();
            let serde: String = serde.map(|it| format!("#[serde({it})] ")).collect();
            let name = field.name.iter();
            let name: String = name.map(|it| format!("{it}: ")).collect();
            format!("\n    {redact}{serde}{name}{}", field.ty.0)
        })
    }

    fn value(&self, which: &dyn Fn(usize) -> usize) -> String {
        self.braces(|at, field| {
            let name = field.name.iter();
            let name: String = name.map(|it| format!("{it}: ")).collect();
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
