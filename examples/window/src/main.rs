//! Opens the window. What there is to see is said in `lib.rs`.

use std::io;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use eframe::NativeOptions;
use eframe::egui::ViewportBuilder;
use event_core::{Dispatcher, error::BoxError};
use tokio::runtime;
use tracing::Level;
use window::app::Window;
use window::studio::Hold;
use window::view::WINDOW;

/// A window whose clicks and keys are typed events, and whose slow work is done elsewhere.
#[derive(Debug, Parser)]
struct Args {
    /// Lets each picture wait until you press Enter in the terminal
    #[arg(long)]
    hold: bool,
    /// How many seconds a picture that is being drawn has when the window closes
    #[arg(long, default_value_t = 5)]
    patience: u64,
}

fn main() -> ExitCode {
    match open(&Args::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("window: {error}");
            ExitCode::FAILURE
        }
    }
}

fn open(args: &Args) -> Result<(), BoxError> {
    // Handlers that fail are logged.
    tracing_subscriber::fmt()
        .with_max_level(Level::ERROR)
        .with_writer(io::stderr)
        .init();
    let runtime = runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_time()
        .build()?;
    let hold = if args.hold {
        Hold::UNTIL_ENTER
    } else {
        Hold::NOTHING
    };
    let dispatcher = Dispatcher::builder()
        .module(window::MODULE)
        .provide(hold)
        .runtime(runtime.handle().clone())
        .build()?;

    let patience = Duration::from_secs(args.patience);
    let options = NativeOptions {
        viewport: ViewportBuilder::default()
            .with_inner_size(WINDOW)
            .with_resizable(false),
        ..NativeOptions::default()
    };
    eframe::run_native(
        "typed events",
        options,
        Box::new(move |creation| {
            let window = Window::new(dispatcher, patience, &creation.egui_ctx);
            Ok(Box::new(window))
        }),
    )
    .map_err(|error| {
        format!(
            "cannot open a window: {error}; it needs an X display (is `DISPLAY` set?), X libraries \
             and OpenGL (for example: apt-get install libgl1 libxcursor1 libxi6 libxkbcommon-x11-0)"
        )
        .into()
    })
}
