//! Writes the site of a thousand events, to look at: `cargo run --release -p event-browser --example thousand -- DIR`

use std::error::Error;
use std::path::PathBuf;
use std::time::Instant;

use event_browser::thousand_events;
use event_catalog::site::Options;

fn main() -> Result<(), Box<dyn Error>> {
    let folder = std::env::args_os().nth(1).map(PathBuf::from);
    let folder = folder.ok_or("name the folder to write into")?;
    let catalog = thousand_events();
    let start = Instant::now();
    let site = catalog.site(&Options::default());
    let made = start.elapsed();
    let start = Instant::now();
    let written = site.write_to(&folder, false, |_, _| {})?;
    let took = start.elapsed();
    println!(
        "{} files made in {made:.2?} and written in {took:.2?}, {} changed: {}",
        written.files,
        written.changed,
        folder.join("index.html").display()
    );
    Ok(())
}
