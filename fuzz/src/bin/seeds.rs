//! Writes the seeds into `FOLDER/seeds`, a file each, and the dictionary into `FOLDER/dictionary`.

use std::path::PathBuf;
use std::{env, fs, io};

use event_fuzz::{dictionary, seeds};

fn main() -> io::Result<()> {
    let folder = PathBuf::from(env::args_os().nth(1).expect("usage: seeds FOLDER"));
    let seeds = folder.join("seeds");
    fs::create_dir_all(&seeds)?;
    for (number, (name, input)) in seeds::all().into_iter().enumerate() {
        fs::write(seeds.join(format!("{number:02} {name}")), input)?;
    }
    fs::write(folder.join("dictionary"), dictionary::text())
}
