use event_core::Event;

#[derive(Debug, Event)]
struct CardCharged {
    #[event(redact)]
    card: String,
}

fn main() {
    println!("{:?}", CardCharged { card: "4111".to_owned() });
}
