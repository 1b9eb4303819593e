//! Scratch.
fn main() {
    let mut a = std::env::args().skip(1);
    let path = a.next().unwrap();
    let seed = a.next().and_then(|s| s.parse().ok());
    let out = a.next().map(Into::into);
    let dur = a.next().and_then(|s| s.parse().ok()).map(nooterra_engine::Span::from_secs);
    let req = nooterra_runner::RunRequest {
        scenario: path.into(),
        overrides: nooterra_runner::Overrides { seed, duration: dur },
        out,
        twice: false,
        budget: None,
    };
    let mut last = 0;
    let r = nooterra_runner::run(&req, &mut |p| {
        if p.at.0 / 60_000_000_000 != last {
            last = p.at.0 / 60_000_000_000;
            eprintln!("{} jobs {:?} wall {:?}", p.at, p.jobs, p.wall);
        }
        true
    });
    match r {
        Ok(r) => println!("{}", serde_json::to_string_pretty(&r).unwrap()),
        Err(e) => {
            println!("{e}");
            let mut s = std::error::Error::source(&e);
            while let Some(x) = s {
                println!("  {x}");
                s = x.source();
            }
        }
    }
}
