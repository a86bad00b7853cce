//! The program that measures: small, and nothing is said about how fast anything is.

use std::process::Command;

/// Runs it; answers the lines it prints.
fn throughput(args: &[&str]) -> Vec<String> {
    let output = Command::new(env!("CARGO_BIN_EXE_throughput"))
        .args(args)
        .output()
        .expect("the program starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}");
    assert_eq!(said, "");
    let printed = String::from_utf8(output.stdout).expect("UTF-8");
    printed.lines().map(str::to_owned).collect()
}

#[test]
fn ours_the_bare_loop_and_python_echo_the_same_bytes_and_are_compared() {
    // Messages that fill the servers' buffers more than once, and that do not divide the bytes.
    let small = ["--connections=8", "--rounds=2", "--seconds=0"];
    let printed = throughput(&[&small[..], &["--bytes=1600000", "--message=150001"]].concat());
    let by_cpu = cfg!(target_os = "linux").then_some("echo-cpu");
    for group in ["echo"].into_iter().chain(by_cpu) {
        let mut names: Vec<_> = ["ours", "bare", "python"]
            .map(|name| (format!("time {group}.{name} "), 2))
            .to_vec();
        names.extend(["bare", "python"].map(|name| (format!("ratio {group}.{name} "), 1)));
        for (name, values) in names {
            let mut lines = printed.iter().filter_map(|line| line.strip_prefix(&name));
            let line = lines
                .next()
                .unwrap_or_else(|| panic!("no `{name}` in {printed:?}"));
            let figures: Vec<f64> = line
                .split(' ')
                .map(|word| word.parse().expect(line))
                .collect();
            assert_eq!(figures.len(), values, "{line}");
            assert!(figures.iter().all(|figure| *figure > 0.0), "{line}");
        }
    }
}
