#!/usr/bin/env bash
# bevy 0.20.1: whether a panic of an observer is caught depends on who triggered the event.
#
# Expected: bevy catches no panic: one in an observer unwinds through `World::trigger`, and through `Schedule::run`
#   where a system triggered the event by `Commands`.
# Seen: the first unwinds. The second is caught where the command is applied, given to the world's error handler as
#   "Command panicked", and the schedule goes on: the system after it runs. The observers that were to run
#   after the one that panicked are skipped in both.
# Here: a panic of a handler is caught whoever emits, ends that delivery alone, and stands in the report.
set -euo pipefail

folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT

mkdir "$folder/src"
cat > "$folder/Cargo.toml" <<'TOML'
[package]
name = "panics"
version = "0.0.0"
edition = "2024"

[dependencies]
bevy_ecs = { version = "=0.20.1", default-features = false, features = ["std"] }

[workspace]
TOML
cat > "$folder/src/main.rs" <<'RUST'
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook};

use bevy_ecs::error::{BevyError, ErrorContext, FallbackErrorHandler};
use bevy_ecs::prelude::*;

#[derive(Event)]
struct Placed;

fn told(error: BevyError, _: ErrorContext) {
    println!("  the world's error handler: {}", error.to_string().lines().next().unwrap_or_default());
}

fn main() {
    set_hook(Box::new(|_| {}));
    println!("bevy_ecs 0.20.1");
    let mut world = World::new();
    world.insert_resource(FallbackErrorHandler(told));
    for _ in 0..2 {
        world.add_observer(|_: On<Placed>| {
            println!("  an observer runs");
            panic!("a bug");
        });
    }

    println!("World::trigger");
    let unwound = catch_unwind(AssertUnwindSafe(|| world.trigger(Placed))).is_err();
    println!("  unwound: {unwound}");

    println!("Commands::trigger in a schedule");
    let mut schedule = Schedule::default();
    let places = |mut commands: Commands| commands.trigger(Placed);
    schedule.add_systems((places, || println!("  the next system runs")).chain());
    let unwound = catch_unwind(AssertUnwindSafe(|| schedule.run(&mut world))).is_err();
    println!("  unwound: {unwound}");
}
RUST

seen=$(CARGO_TARGET_DIR=$folder/target cargo run --quiet --manifest-path "$folder/Cargo.toml")
echo "$seen"
diff - <(echo "$seen") <<'EXPECTED'
bevy_ecs 0.20.1
World::trigger
  an observer runs
  unwound: true
Commands::trigger in a schedule
  an observer runs
  the world's error handler: Command panicked
  the next system runs
  unwound: false
EXPECTED
