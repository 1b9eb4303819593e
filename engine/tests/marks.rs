//! Marks: counted by number, read by name, apart on each thread.

use nooterra_engine::marks::{Marks, Spot, always, any_broken, sometimes, swap, take};

static HERE: Spot = Spot::new("one name");
static THERE: Spot = Spot::new("one name");
static RARE: Spot = Spot::new("a rare path");

#[test]
fn counts_are_read_by_name() {
    let _ = take();
    for _ in 0..3 {
        always(true, &HERE, String::new);
    }
    always(true, &THERE, String::new);
    sometimes(true, &RARE);
    sometimes(false, &RARE);
    // Work that takes its marks along leaves none here.
    let mut aside = Marks::default();
    swap(&mut aside);
    always(false, &HERE, || "told".to_owned());
    assert!(any_broken());
    swap(&mut aside);
    assert!(!any_broken());
    let mut all = take();
    assert_eq!(all.held.get("one name"), Some(&4));
    assert_eq!(all.sometimes.get("a rare path"), Some(&(1, 1)));
    assert_eq!(all.broken, []);
    always(true, &THERE, String::new);
    all.absorb(take());
    all.absorb(aside);
    assert_eq!(all.held.get("one name"), Some(&5));
    assert_eq!(all.broken, [("one name", "told".to_owned())]);
    assert_eq!(take(), Marks::default());
}

#[test]
#[allow(clippy::disallowed_methods)] // threads are what is tested
fn threads_count_apart_under_the_same_names() {
    let counted = std::thread::scope(|s| {
        let at_once: Vec<_> = (1..=4u64)
            .map(|n| {
                s.spawn(move || {
                    (0..n).for_each(|_| sometimes(true, &RARE));
                    take().sometimes
                })
            })
            .collect();
        at_once.into_iter().map(|t| t.join().unwrap()["a rare path"].0).collect::<Vec<_>>()
    });
    assert_eq!(counted, [1, 2, 3, 4]);
}
