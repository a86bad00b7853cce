//! Names a crate that has the framework under another name.

fn main() {
    roll_call::call(renamed::builder());
}
