//! Pairs of types with serde's derives, whose schemas `schemars` writes: serde itself reads what is called
//! compatible, and refuses each witness.

use event_catalog::compat::{self, Break, Contract, Direction, Rule};
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::Value;

fn schemas<T: JsonSchema>(settings: &SchemaSettings) -> (Value, Value) {
    let writer = settings.clone().for_serialize();
    let schema = |settings: SchemaSettings| -> Schema {
        settings.into_generator().into_root_schema_for::<T>()
    };
    (
        schema(writer).to_value(),
        schema(settings.clone()).to_value(),
    )
}

/// Compares two types, checks what is said with serde, and returns the rules of what breaks backward, and forward.
fn compare<Old, New>(old: &[Old], new: &[New]) -> [Vec<Rule>; 2]
where
    Old: JsonSchema + Serialize + DeserializeOwned,
    New: JsonSchema + Serialize + DeserializeOwned,
{
    let all = [SchemaSettings::draft2020_12(), SchemaSettings::draft07()];
    let [newest, draft07] = all.map(|settings| compare_as::<Old, New>(old, new, &settings));
    assert_eq!(newest, draft07, "the drafts say the same");
    newest
}

fn compare_as<Old, New>(old: &[Old], new: &[New], settings: &SchemaSettings) -> [Vec<Rule>; 2]
where
    Old: JsonSchema + Serialize + DeserializeOwned,
    New: JsonSchema + Serialize + DeserializeOwned,
{
    let ((old_writer, old_reader), (new_writer, new_reader)) =
        (schemas::<Old>(settings), schemas::<New>(settings));
    let contract = |writer, reader| Contract { writer, reader };
    let breaks = compat::compare(
        contract(&old_writer, &old_reader),
        contract(&new_writer, &new_reader),
    );
    let [backward, forward] = [Direction::Backward, Direction::Forward].map(|direction| {
        let found: Vec<&Break> = breaks
            .iter()
            .filter(|found| found.direction() == direction)
            .collect();
        match direction {
            Direction::Backward => check::<Old, New>(old, &found),
            Direction::Forward => check::<New, Old>(new, &found),
        }
        found.iter().map(|found| found.rule()).collect::<Vec<_>>()
    });
    [backward, forward]
}

fn check<Writer, Reader>(written: &[Writer], found: &[&Break])
where
    Writer: Serialize + DeserializeOwned,
    Reader: DeserializeOwned,
{
    for found in found {
        if found.rule() == Rule::Unanalysable {
            continue;
        }
        let witness = found
            .witness()
            .unwrap_or_else(|| panic!("no witness: {found}"));
        assert!(
            serde_json::from_value::<Writer>(witness.clone()).is_ok(),
            "nobody writes it: {found}"
        );
        assert!(
            serde_json::from_value::<Reader>(witness.clone()).is_err(),
            "it is read: {found}"
        );
    }
    if found.is_empty() {
        for value in written {
            let value = serde_json::to_value(value).expect("it is written");
            let read = serde_json::from_value::<Reader>(value.clone());
            assert!(read.is_ok(), "{value}: {:?}", read.err());
        }
    }
}

/// Declares a type with serde's derives in a module of its own, so that the two of a pair have one name.
macro_rules! versions {
    ($old:ident { $($before:item)* } $new:ident { $($after:item)* }) => {
        mod $old {
            use super::*;
            $( #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)] $before )*
        }
        mod $new {
            use super::*;
            $( #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)] $after )*
        }
    };
}

macro_rules! rules {
    ($old:ty, $new:ty, [$($backward:ident)*], [$($forward:ident)*]) => {
        assert_eq!(
            compare::<$old, $new>(&[<$old>::default()], &[<$new>::default()]),
            [vec![$(Rule::$backward),*], vec![$(Rule::$forward),*]],
        )
    };
}

versions! {
    fields_old {
        pub(super) struct Order { pub id: u64, pub note: String }
        pub(super) struct Optional { pub id: u64, pub note: Option<String> }
        pub(super) struct Skipped {
            pub id: u64,
            #[serde(default, skip_serializing_if = "String::is_empty")]
            pub note: String,
        }
        #[serde(deny_unknown_fields)]
        pub(super) struct Strict { pub id: u64 }
        pub(super) struct Wide { pub count: u64 }
        pub(super) struct Names { pub tags: Vec<String> }
        pub(super) struct Nested { pub lines: Vec<Line> }
        pub(super) struct Line { pub sku: String }
        pub(super) struct Tree { pub name: String, pub children: Vec<Tree> }
        pub(super) struct Extra { pub id: u64, #[serde(flatten)] pub more: Line }
    }
    fields_new {
        pub(super) struct Order { pub id: u64 }
        pub(super) struct Optional { pub id: u64, pub note: String }
        pub(super) struct Skipped { pub id: u64, pub note: String }
        #[serde(deny_unknown_fields)]
        pub(super) struct Strict { pub id: u64, pub note: Option<String> }
        pub(super) struct Wide { pub count: u32 }
        pub(super) struct Names { pub tags: String }
        pub(super) struct Nested { pub lines: Vec<Line> }
        pub(super) struct Line { pub sku: String, pub count: u32 }
        pub(super) struct Tree { pub name: String, #[serde(default)] pub depth: u32, pub children: Vec<Tree> }
        pub(super) struct Extra { pub id: u64, pub sku: String }
    }
}

#[test]
fn the_rules_of_fields() {
    use {fields_new as new, fields_old as old};
    rules!(old::Order, new::Order, [], [FieldRemovedRequired]);
    rules!(new::Order, old::Order, [FieldAddedRequired], []);
    rules!(old::Order, old::Order, [], []);
    rules!(old::Optional, new::Optional, [OptionalToRequired], []);
    rules!(new::Optional, old::Optional, [], [RequiredToOptional]);
    rules!(old::Skipped, new::Skipped, [OptionalToRequired], []);
    rules!(old::Strict, new::Strict, [], [FieldAdded]);
    rules!(new::Strict, old::Strict, [FieldRemoved], []);
    rules!(old::Wide, new::Wide, [IntNarrowed], []);
    rules!(new::Wide, old::Wide, [], [IntWidened]);
    rules!(old::Names, new::Names, [ArrayScalar], [ArrayScalar]);
    rules!(old::Nested, new::Nested, [FieldAddedRequired], []);
    rules!(old::Tree, new::Tree, [], []);
    rules!(old::Extra, new::Extra, [], []);
}

mod variants_old {
    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)]
    pub(super) enum Size {
        #[default]
        Small,
        Large,
    }

    #[derive(Serialize, Deserialize, JsonSchema, Clone)]
    #[serde(tag = "type")]
    pub(super) enum Paid {
        Card { number: String },
        Cash,
    }

    impl Default for Paid {
        fn default() -> Self {
            Self::Card {
                number: "4242".to_owned(),
            }
        }
    }

    #[derive(Serialize, Deserialize, JsonSchema, Clone)]
    pub(super) enum External {
        Card { number: String },
        Gift(u32),
    }

    impl Default for External {
        fn default() -> Self {
            Self::Gift(1)
        }
    }
}

mod variants_new {
    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)]
    pub(super) enum Size {
        #[default]
        /// A new comment.
        Small,
        Large,
        Huge,
    }

    #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)]
    #[serde(tag = "type")]
    pub(super) enum Paid {
        Card {
            number: String,
            holder: String,
        },
        #[default]
        Cash,
        Coupon,
    }

    #[derive(Serialize, Deserialize, JsonSchema, Clone)]
    #[serde(tag = "type", content = "data")]
    pub(super) enum External {
        Card { number: String },
        Gift(u32),
    }

    impl Default for External {
        fn default() -> Self {
            Self::Gift(1)
        }
    }
}

#[test]
fn the_rules_of_variants() {
    use {variants_new as new, variants_old as old};
    rules!(old::Size, new::Size, [], [EnumValueAdded]);
    rules!(new::Size, old::Size, [EnumValueRemoved], []);
    rules!(old::Paid, new::Paid, [FieldAddedRequired], [VariantAdded]);
    rules!(
        old::External,
        new::External,
        [TaggingChanged],
        [TaggingChanged]
    );
    rules!(old::Paid, old::Paid, [], []);
}

/// One enum, written in each way, and once with another field in each variant.
mod tagging {
    use super::*;

    macro_rules! ways {
        ($($(#[$attribute:meta])* $name:ident { $($more:ident)? })*) => { $(
            #[derive(Serialize, Deserialize, JsonSchema, Clone)]
            $(#[$attribute])*
            pub(super) enum $name {
                Card { number: String $(, $more: u8)? },
                Gift { code: String, worth: u8 $(, $more: u8)? },
                Cash,
            }

            impl Default for $name {
                fn default() -> Self {
                    Self::Card { number: "4242".to_owned() $(, $more: 1)? }
                }
            }
        )* };
    }

    ways! {
        External {}
        #[serde(tag = "type")]
        Internal {}
        #[serde(tag = "kind")]
        OtherTag {}
        #[serde(tag = "type", content = "data")]
        Adjacent {}
        #[serde(tag = "type", content = "value")]
        OtherContent {}
        ExternalMore { more }
        #[serde(tag = "type")]
        InternalMore { more }
        #[serde(tag = "type", content = "data")]
        AdjacentMore { more }
    }

    #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)]
    pub(super) struct Order<T> {
        pub paid: T,
    }
}

#[test]
fn another_tagging_is_told_from_another_field() {
    use tagging::*;
    rules!(
        Order<External>,
        Order<Internal>,
        [TaggingChanged],
        [TaggingChanged]
    );
    rules!(
        Order<External>,
        Order<Adjacent>,
        [TaggingChanged],
        [TaggingChanged]
    );
    rules!(Internal, Adjacent, [TaggingChanged], [TaggingChanged]);
    rules!(Internal, OtherTag, [TaggingChanged], [TaggingChanged]);
    rules!(External, InternalMore, [TaggingChanged], [TaggingChanged]);
    rules!(
        External,
        ExternalMore,
        [FieldAddedRequired FieldAddedRequired],
        []
    );
    rules!(
        Order<Internal>,
        Order<InternalMore>,
        [FieldAddedRequired FieldAddedRequired],
        []
    );
    rules!(
        AdjacentMore,
        Adjacent,
        [],
        [FieldRemovedRequired FieldRemovedRequired]
    );
    rules!(
        Adjacent,
        OtherContent,
        [FieldRenamed FieldRenamed],
        [FieldRenamed FieldRenamed]
    );
}

versions! {
    odd_before {
        #[schemars(rename = "an odd % name/ä~")]
        pub(super) struct Part { pub id: u32, pub parts: Vec<Part> }
        pub(super) struct Placed { pub part: Part }
    }
    odd_after {
        #[schemars(rename = "an odd % name/ä~")]
        pub(super) struct Part { pub id: String, pub parts: Vec<Part> }
        pub(super) struct Placed { pub part: Part }
    }
}

#[test]
fn the_name_of_a_definition_may_have_any_character() {
    use odd_before::Placed as Same;
    rules!(Same, Same, [], []);
    rules!(Same, odd_after::Placed, [TypeChanged], [TypeChanged]);
}

mod untagged {
    use super::*;

    #[derive(Serialize, Deserialize, JsonSchema, Clone)]
    #[serde(untagged)]
    pub(super) enum Amount {
        Whole(u64),
        Text(String),
    }

    impl Default for Amount {
        fn default() -> Self {
            Self::Whole(3)
        }
    }

    #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)]
    pub(super) struct Open {
        pub id: u64,
        pub data: Value,
    }

    #[derive(Serialize, Deserialize, JsonSchema, Default, Clone)]
    pub(super) struct Closed {
        pub id: u64,
        pub data: u8,
    }
}

#[test]
fn the_rules_of_types_that_contain_each_other() {
    use untagged::{Amount, Closed, Open};
    rules!(u64, Amount, [], [TypeChanged]);
    rules!(Closed, Open, [], [TypeChanged]);
    rules!(u8, f64, [], [IntToFloat]);
    rules!((u8, u8), (u8, u8, u8), [ItemsChanged], [ItemsChanged]);
    rules!(Vec<u8>, (u8, u8), [ItemsChanged], []);
    rules!(std::collections::BTreeMap<String, u8>, std::collections::BTreeMap<String, u16>, [], [IntWidened]);
}
