//! What the page says of bevy's observers: a check for each row, under the words of the row.

#![allow(
    clippy::needless_pass_by_value,
    reason = "observers and error handlers take what bevy gives them"
)]

use std::future::{Ready, ready};
use std::ops::{Deref, DerefMut};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

use bevy_ecs::error::{BevyError, ErrorContext, FallbackErrorHandler};
use bevy_ecs::prelude::*;
use bevy_ecs::system::{HasSystemInput, IntoObserverSystem, IsFunctionSystem};
use event_peers::page::Page;
use event_peers::{Checked, assert_section};

/// The checks, under the words of their rows.
const CHECKS: [(&str, fn()); 11] = [
    ("the sample", sample),
    (
        "belongs to: a `World`; its parameters are queries and resources",
        belongs_to,
    ),
    ("is registered: by `add_observer`, at run time", registered),
    (
        "order: none is promised, and it is not that of `add_observer`",
        order,
    ),
    (
        "a trigger inside of an observer: is queued, and runs after all observers of the event, when the world \
         is flushed",
        trigger_inside,
    ),
    (
        "what that trigger leads to: runs before what was queued beside it; no limit",
        leads_to,
    ),
    (
        "an observer that returns an error: goes to its error handler, or to the world's, which panics unless \
         it is replaced",
        error,
    ),
    (
        "a panic: unwinds through `World::trigger`; of a trigger by `Commands`, a `Schedule` gives it to the \
         world's error handler",
        panic,
    ),
    (
        "async: none: an observer that returns a future does not compile",
        no_async,
    ),
    (
        "pulled once a frame: a `Message`, which the same type may be; it is written and triggered apart",
        message,
    ),
    ("entities, propagation: yes", propagation),
];

#[test]
fn what_the_page_says_of_bevy_is_what_bevy_does() {
    let mut checked = Checked::new(version());
    for (words, check) in CHECKS {
        // What it says stands in the test's output.
        let failed = |_| "it panicked, see above".to_owned();
        checked.add(words, catch_unwind(check).map_err(failed));
    }
    assert_section(Page::read().section("bevy"), &checked);
}

/// The version that the lock file has.
fn version() -> &'static str {
    let lock = include_str!("../../../Cargo.lock");
    let (_, package) = lock
        .split_once("name = \"bevy_ecs\"\nversion = \"")
        .expect("it is a dependency");
    package.split('"').next().unwrap_or_default()
}

/// What observers did, in order.
#[derive(Resource, Default)]
struct Log(Vec<String>);

impl Deref for Log {
    type Target = Vec<String>;

    fn deref(&self) -> &Vec<String> {
        &self.0
    }
}

impl DerefMut for Log {
    fn deref_mut(&mut self) -> &mut Vec<String> {
        &mut self.0
    }
}

#[derive(Event)]
struct Speak {
    line: String,
}

#[derive(Event)]
struct First;

#[derive(Event)]
struct Second;

#[derive(Event)]
struct Third;

fn world() -> World {
    let mut world = World::new();
    world.init_resource::<Log>();
    world
}

/// Takes what was logged.
fn logged(world: &mut World) -> Vec<String> {
    std::mem::take(&mut world.resource_mut::<Log>().0)
}

/// Adds an observer that logs this.
fn add<E: Event>(world: &mut World, text: &'static str) -> Entity {
    let observer = move |_: On<'_, '_, E>, mut log: ResMut<'_, Log>| log.push(text.to_owned());
    world.add_observer(observer).id()
}

#[allow(elided_lifetimes_in_paths, reason = "the page has what people write")]
fn sample() {
    let mut world = world();
    include!(concat!(env!("OUT_DIR"), "/bevy_sample.rs"));
    assert_eq!(logged(&mut world), ["hello"]);
}

fn belongs_to() {
    let [mut ours, mut another] = [world(), world()];
    let observer =
        |_: On<'_, '_, First>, observers: Query<'_, '_, &Observer>, mut log: ResMut<'_, Log>| {
            log.push(observers.iter().count().to_string());
        };
    ours.add_observer(observer);
    another.trigger(First);
    assert!(logged(&mut another).is_empty());
    ours.trigger(First);
    assert_eq!(logged(&mut ours), ["1"]);
}

fn registered() {
    let mut world = world();
    world.trigger(First);
    let observer = add::<First>(&mut world, "observed");
    world.trigger(First);
    assert_eq!(logged(&mut world), ["observed"]);
    world.despawn(observer);
    world.trigger(First);
    assert!(logged(&mut world).is_empty());
}

fn order() {
    let mut world = world();
    let gone = add::<First>(&mut world, "gone");
    add::<First>(&mut world, "1");
    add::<First>(&mut world, "2");
    world.despawn(gone);
    add::<First>(&mut world, "3");
    world.trigger(First);
    let order = logged(&mut world);
    assert!(
        order != ["1", "2", "3"] && order != ["3", "2", "1"],
        "{order:?}"
    );
}

fn trigger_inside() {
    let mut world = world();
    // One of them is not the last, in whatever order.
    for _ in 0..2 {
        world.add_observer(
            |_: On<'_, '_, First>, mut commands: Commands<'_, '_>, mut log: ResMut<'_, Log>| {
                commands.trigger(Second);
                log.push("first".to_owned());
            },
        );
    }
    add::<Second>(&mut world, "second");
    world.trigger(First);
    assert_eq!(logged(&mut world), ["first", "first"]);
    world.flush();
    assert_eq!(logged(&mut world), ["second", "second"]);
}

fn leads_to() {
    let mut world = world();
    world.add_observer(|_: On<'_, '_, First>, mut commands: Commands<'_, '_>| {
        commands.trigger(Second);
        commands.trigger(Speak {
            line: String::new(),
        });
    });
    world.add_observer(
        |_: On<'_, '_, Second>, mut commands: Commands<'_, '_>, mut log: ResMut<'_, Log>| {
            log.push("second".to_owned());
            commands.trigger(Third);
        },
    );
    add::<Third>(&mut world, "led to by it");
    add::<Speak>(&mut world, "queued beside it");
    world.trigger(First);
    world.flush();
    assert_eq!(
        logged(&mut world),
        ["second", "led to by it", "queued beside it"]
    );

    let again = |_: On<'_, '_, Third>, mut commands: Commands<'_, '_>, mut log: ResMut<'_, Log>| {
        log.push("again".to_owned());
        // More often than our limit of causes in a row.
        if log.len() < 1000 {
            commands.trigger(Third);
        }
    };
    let mut world = self::world();
    world.add_observer(again);
    world.trigger(Third);
    world.flush();
    assert_eq!(logged(&mut world).len(), 1000);
}

/// What error handlers were given. They are plain functions, so there is one list for each.
type Heard = Mutex<Vec<String>>;

fn error() {
    static ITS_OWN: Heard = Mutex::new(Vec::new());
    static THE_WORLDS: Heard = Mutex::new(Vec::new());
    fn its_own(error: BevyError, _: ErrorContext) {
        ITS_OWN.lock().expect("no panic").push(error.to_string());
    }
    fn the_worlds(error: BevyError, _: ErrorContext) {
        THE_WORLDS.lock().expect("no panic").push(error.to_string());
    }
    let fails = |_: On<'_, '_, First>| -> Result { Err("no stock".into()) };

    let mut world = world();
    world.spawn(Observer::new(fails).with_error_handler(its_own));
    world.trigger(First);
    world.add_observer(fails);
    assert!(catch_unwind(AssertUnwindSafe(|| world.trigger(First))).is_err());
    world.insert_resource(FallbackErrorHandler(the_worlds));
    world.trigger(First);
    let said = |heard: &Heard| heard.lock().expect("no panic").concat();
    assert!(said(&ITS_OWN).contains("no stock"));
    assert!(said(&THE_WORLDS).contains("no stock"));
}

fn panic() {
    static HEARD: Heard = Mutex::new(Vec::new());
    fn hears(error: BevyError, context: ErrorContext) {
        let heard = format!("{error} {context}");
        HEARD.lock().expect("no panic").push(heard);
    }
    let mut world = world();
    world.insert_resource(FallbackErrorHandler(hears));
    world.add_observer(|_: On<'_, '_, First>| panic!("a bug"));

    assert!(catch_unwind(AssertUnwindSafe(|| world.trigger(First))).is_err());
    assert!(HEARD.lock().expect("no panic").is_empty());

    let mut schedule = Schedule::default();
    schedule.add_systems(|mut commands: Commands<'_, '_>| commands.trigger(First));
    schedule.run(&mut world);
    assert!(
        HEARD
            .lock()
            .expect("no panic")
            .concat()
            .contains("panicked")
    );
}

/// Asks whether a function can be an observer: an inherent method goes before that of a trait.
struct Asked<T>(T);

trait IsNoObserver {
    fn is_observer(&self) -> bool {
        false
    }
}

impl<T> IsNoObserver for Asked<T> {}

/// What a function of this event alone is to bevy.
type Marker<R> = (
    IsFunctionSystem,
    (HasSystemInput, fn(On<'static, 'static, First>) -> R),
);

impl<T: Fn(On<'static, 'static, First>) -> R, R> Asked<T>
where
    T: IntoObserverSystem<First, Marker<R>>,
{
    #[allow(clippy::unused_self, reason = "the method is chosen by it")]
    fn is_observer(&self) -> bool {
        true
    }
}

fn no_async() {
    fn plain(_: On<'_, '_, First>) {}
    fn fallible(_: On<'_, '_, First>) -> Result {
        Err("no stock".into())
    }
    fn returns_a_future(_: On<'_, '_, First>) -> Ready<()> {
        ready(())
    }
    assert!(Asked(plain).is_observer() && Asked(fallible).is_observer());
    assert!(!Asked(returns_a_future).is_observer());
}

#[derive(Event, Message)]
struct Both;

fn message() {
    let mut world = world();
    world.init_resource::<Messages<Both>>();
    add::<Both>(&mut world, "observed");
    world.trigger(Both);
    assert_eq!(logged(&mut world), ["observed"]);
    assert!(world.resource::<Messages<Both>>().is_empty());
    world.write_message(Both);
    assert!(logged(&mut world).is_empty());
    assert_eq!(world.resource::<Messages<Both>>().len(), 1);
}

#[derive(EntityEvent)]
#[entity_event(propagate, auto_propagate)]
struct Clicked(Entity);

fn propagation() {
    let mut world = world();
    let parent = world.spawn_empty().id();
    let child = world.spawn(ChildOf(parent)).id();
    for (entity, name) in [(parent, "parent"), (child, "child")] {
        let observer =
            move |_: On<'_, '_, Clicked>, mut log: ResMut<'_, Log>| log.push(name.to_owned());
        world.entity_mut(entity).observe(observer);
    }
    world.trigger(Clicked(child));
    assert_eq!(logged(&mut world), ["child", "parent"]);
}
