//! Random events: structs and enums with serde's attributes, secrets in redacted fields, and events
//! with secrets in other fields.

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
pub(super) type Type = (&'static str, [&'static str; 2]);

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
pub(super) enum Style {
    Unit,
    Tuple,
    FunctionId,
}

/// A struct, or a variant.
pub(super) struct Variant {
    pub(super) style: Style,
    pub(super) attributes: Vec<String>,
    pub(super) fields: Vec<Field>,
}

pub(super) struct Field {
    pub(super) name: Option<String>,
    pub(super) ty: Type,
    pub(super) is_redacted: bool,
    pub(super) attributes: Vec<String>,
}

impl Field {
    /// It may hold an event with secrets.
    pub(super) fn has_event(&self) -> bool {
        let events = ["Answered", "Login", "Session", "Token", "Contact", "Chain"];
        !self.is_redacted && events.iter().any(|event| self.ty.0.contains(event))
    }

    pub(super) fn has_secrets(&self) -> bool {
        self.has_event() || self.ty.0.contains("Redacted")
    }

    pub(super) fn says(&self, key: &str) -> bool {
        self.attributes.iter().any(|it| it.starts_with(key))
    }
}

/// A random event.
#[derive(Default)]
#[allow(clippy::struct_excessive_bools, reason = "each is one random choice")]
pub(crate) struct Shape {
    /// Its module.
    pub(crate) source: String,
    /// The derive must refuse it.
    pub(crate) is_refused: bool,
    pub(super) attributes: Vec<String>,
    pub(super) is_enum: bool,
    is_internally_tagged: bool,
    pub(super) is_transparent: bool,
    may_flatten: bool,
    /// Its `Serialize` is written by hand.
    pub(super) is_by_hand: bool,
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
        let mut variants: Vec<_> = (0..count).map(|_| shape.variant(random)).collect();
        if shape.is_enum {
            shape.variants(random, &mut variants);
        }
        let has = |is: fn(&Field) -> bool| variants.iter().flat_map(|it| &it.fields).any(is);
        let has_into = shape.attributes.iter().any(|it| it.starts_with("into"));
        shape.is_refused |= has_into && has(|field| field.is_redacted);
        let key = shape.key(random, &variants[0]);
        shape.is_refused |= has_into && key.is_some();
        shape.source = shape.written(number, &variants, key);
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

    fn variant(&mut self, random: &mut Random) -> Variant {
        let style = match random.below(7) {
            0 if self.is_enum => Style::Unit,
            0..=3 => Style::FunctionId,
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
        Variant {
            style,
            attributes: Vec::new(),
            fields: fields.collect(),
        }
    }

    fn field(&mut self, random: &mut Random, at: usize, style: Style) -> Field {
        let is_named = style == Style::FunctionId;
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

    fn variants(&mut self, random: &mut Random, variants: &mut [Variant]) {
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
    fn key(&mut self, random: &mut Random, fields: &Variant) -> Option<usize> {
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
}
