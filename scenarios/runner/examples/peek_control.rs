use nooterra_control::{Event, Fact, Wish};
use nooterra_engine::Instant;
use nooterra_stage::{Entry, Sink, Stage};
struct Print { from: f64, to: f64 }
impl Sink for Print {
    fn put(&mut self, _t: u64, at: Instant, e: Entry<'_>) {
        let s = at.as_secs_f64();
        if s < self.from || s > self.to { return; }
        match e {
            Entry::Fact(Fact::Event(r)) => match &r.payload {
                Event::Robot(nooterra_operations::Event::HeartbeatRecorded(_) | nooterra_operations::Event::OrderAcked{..} | nooterra_operations::Event::ClampSummarised{..}) => {}
                Event::Dispatch(_) => {}
                p => println!("{at} {} {}", &r.header.stream[..12.min(r.header.stream.len())], { let t = format!("{p:?}"); t[..t.len().min(260)].to_owned() }),
            },
            Entry::Fact(Fact::Rejected(r)) => println!("{at} REJECT {} {}", r.type_name, r.rejection),
            Entry::Wish(Wish::Order(o)) => println!("{at} ORDER {} #{} {}", &o.robot.to_string()[..10], o.order_seq, { let t = format!("{:?}", o.body); t[..t.len().min(400)].to_owned() }),
            Entry::Wish(Wish::Facility { order, .. }) => println!("{at} SITE {order:?}"),
            Entry::Fault(f) => println!("{at} FAULT {f:?}"),
            _ => {}
        }
    }
}
fn main() {
    let mut a = std::env::args().skip(1);
    let path = a.next().unwrap();
    let from: f64 = a.next().unwrap().parse().unwrap();
    let to: f64 = a.next().unwrap().parse().unwrap();
    let l = nooterra_runner::load(std::path::Path::new(&path), Default::default()).unwrap();
    let mut stage = Stage::new(l.setup.clone()).unwrap();
    let mut p = Print { from, to };
    let mut next = from;
    while stage.now().as_secs_f64() < to && !stage.is_over() {
        stage.step(&mut p).unwrap();
        if stage.now().as_secs_f64() >= next {
            next += 30.0;
            for v in stage.control.robot_views() {
                println!("{} VIEW {} {:?} at {:?} to {:?} job {} waits {:?} lost {}", stage.now(), v.name, v.status, v.vertex, v.target, v.job.is_some(), v.waits_since, v.link_lost);
            }
            for w in stage.control.state().traffic.waits(&stage.control.world().map) { println!("   wait {w:?}"); }
        }
    }
}
