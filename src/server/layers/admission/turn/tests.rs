use std::future::poll_fn;
use std::task::Waker;

use super::*;

const LIMIT: usize = 64;
/// What the work on one call takes.
const CALL: Duration = Duration::from_millis(2);

/// Turns that know what a call takes.
fn turns(limit: usize, threads: usize, takes: Duration) -> Arc<Turns> {
    let turns = Turns::new(limit, threads);
    let nanos = u64::try_from(takes.as_nanos()).expect("a short time");
    turns.call_takes.store(nanos, Ordering::Relaxed);
    turns.measured.store(MEASURED_AT_FIRST, Ordering::Relaxed);
    turns.end(turns.born, turns.born);
    turns
}

impl Turns {
    /// As if it were known that a call takes long.
    pub fn one_begins_at_a_turn(&self) {
        self.call_takes.store(u64::MAX, Ordering::Relaxed);
        self.end(self.born, self.born);
    }
}

fn takes(turns: &Turns) -> Duration {
    Duration::from_nanos(turns.call_takes.load(Ordering::Relaxed))
}

/// Those of so many calls that come together that are let in.
fn let_in(turns: &Arc<Turns>, now: Instant, calls: usize) -> Vec<InLine> {
    (0..calls).filter_map(|_| turns.let_in(now, true)).collect()
}

/// Puts one more in line.
fn line(turns: &Arc<Turns>) -> InLine {
    turns.let_in(turns.born, true).expect("there is room")
}

fn polled(call: &mut InLine) -> Poll<Work> {
    call.poll_start(&mut Context::from_waker(Waker::noop()))
}

/// Two turns at the least: the task of the turns yields between them.
async fn next_turn() {
    for _ in 0..4 {
        tokio::task::yield_now().await;
    }
}

#[test]
fn as_many_are_let_in_together_as_are_answered_soon() {
    let now = Instant::now();
    assert_eq!(Turns::new(LIMIT, 1).allowed(now), LIMIT, "nothing is known of the calls yet");
    let allowed = |threads, takes| turns(LIMIT, threads, takes).allowed(now);
    assert_eq!(allowed(1, Duration::from_micros(500)), 20, "calls of 0.5 ms in 10 ms");
    assert_eq!(allowed(2, Duration::from_micros(1_000)), 20, "of two threads");
    assert_eq!(allowed(1, CALL * 100), LIMIT / BURST_LEAST_PART, "however long they take");
}

#[test]
fn what_a_call_takes_is_learnt_and_no_single_one_tells_much() {
    let turns = turns(LIMIT, 2, CALL);
    turns.measure(CALL * 1_000);
    assert!(takes(&turns) < CALL * 2, "{:?}", takes(&turns));
    (0..1_000).for_each(|_| turns.measure(CALL * 3));
    assert!(takes(&turns) > CALL * 29 / 10, "{:?}", takes(&turns));
    turns.at_work.store(6, Ordering::Relaxed);
    (0..1_000).for_each(|_| turns.measure(CALL * 3));
    assert!(takes(&turns) < CALL * 11 / 10, "six of them shared two threads: {:?}", takes(&turns));
}

#[test]
fn the_first_calls_find_nothing_ready_and_tell_little() {
    let turns = Turns::new(LIMIT, 1);
    turns.measure(CALL * 1_000);
    (1..MEASURED_AT_FIRST).for_each(|_| turns.measure(CALL));
    assert_eq!(takes(&turns), CALL);
}

#[tokio::test]
async fn calls_beyond_a_burst_are_turned_away_and_few_are_let_in_for_a_while() {
    let (turns, now) = (turns(LIMIT, 1, CALL), Instant::now());
    let burst = let_in(&turns, now, LIMIT);
    assert_eq!(burst.len(), LIMIT / BURST_LEAST_PART);
    turns.end(now, now + TURN_MIN);
    assert_eq!(let_in(&turns, now, LIMIT).len(), 0, "they are all there");
    drop(burst);
    assert_eq!(let_in(&turns, now, LIMIT).len(), TURNS_WARY, "one begins at a turn");
    turns.end(now, now + TURN_MIN);
    let later = now + WARY + TURN_MIN * 2;
    assert_eq!(let_in(&turns, later, LIMIT).len(), LIMIT / BURST_LEAST_PART, "a burst again");
}

#[tokio::test]
async fn those_in_line_are_before_who_comes_and_those_who_are_slow_are_not() {
    let (turns, now) = (turns(LIMIT, 1, CALL), Instant::now());
    let mut line = let_in(&turns, now, 7);
    line[5..].iter_mut().for_each(InLine::step_aside);
    let begun: Vec<_> = line[..5].iter_mut().map(polled).filter(Poll::is_ready).collect();
    assert_eq!(begun.len(), 1, "the work of a turn holds no more");
    assert_eq!(turns.waiting.load(Ordering::Relaxed), 4);
    assert_eq!(let_in(&turns, now, LIMIT).len(), LIMIT / BURST_LEAST_PART - 4);
    assert!(polled(&mut line[6]).is_pending(), "the rest of it has come");
    assert_eq!(turns.before.load(Ordering::Relaxed), 5);
    drop(line);
    let left = [&turns.before, &turns.waiting].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(left, [0, 0], "who left is not in line");
}

#[tokio::test]
async fn a_call_begins_at_a_later_turn_where_this_one_is_full() {
    let turns = turns(LIMIT, 1, CALL);
    let [mut first, mut gone, mut second] = [line(&turns), line(&turns), line(&turns)];
    assert!(polled(&mut first).is_ready());
    assert!(polled(&mut gone).is_pending() && polled(&mut second).is_pending());
    drop(gone);
    next_turn().await;
    assert!(polled(&mut second).is_ready(), "who left keeps nobody waiting");
    assert_eq!(turns.waiting.load(Ordering::Relaxed), 0);
}

#[test]
fn more_begin_at_a_turn_that_is_long_for_other_reasons() {
    let turns = turns(LIMIT, 1, Duration::from_micros(100));
    let starts = |length| [turns.starts(length, false), turns.starts(length, true)];
    assert_eq!(starts(Duration::ZERO), [20, 5], "2 ms of work, and half a millisecond after a crowd");
    assert_eq!(starts(TURN_MIN * 6), [30, 30], "half of the time");
    assert_eq!(starts(TURN_MIN * 600), [LIMIT, LIMIT]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everybody_in_line_begins_at_last() {
    const CALLS: usize = 2_000;
    let turns = turns(LIMIT, 2, CALL);
    // As if they had been slow, so that there is room for all of them before the first one waits.
    let slow = |mut call: InLine| {
        call.step_aside();
        call
    };
    let calls: Vec<InLine> = (0..CALLS).map(|_| slow(line(&turns))).collect();
    let calls = calls
        .into_iter()
        .map(|mut call| tokio::spawn(async move { poll_fn(|context| call.poll_start(context)).await.end() }));
    let calls: Vec<_> = calls.collect();
    for call in calls {
        call.await.expect("it begins");
    }
    let left = [&turns.waiting, &turns.at_work].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(left, [0, 0]);
}

#[tokio::test]
async fn work_that_nobody_waits_for_is_over() {
    let turns = turns(LIMIT, 1, CALL);
    let work = polled(&mut line(&turns));
    assert_eq!(turns.at_work.load(Ordering::Relaxed), 1);
    drop(work);
    assert_eq!((turns.at_work.load(Ordering::Relaxed), takes(&turns)), (0, CALL), "it tells nothing");
}

#[tokio::test]
async fn calls_one_after_the_other_are_never_a_crowd() {
    let turns = Turns::new(1, 1);
    for call in 0..LIMIT {
        let mut line = turns.let_in(Instant::now(), true).unwrap_or_else(|| panic!("call {call}"));
        poll_fn(|context| line.poll_start(context)).await.end();
    }
}

#[tokio::test]
async fn a_call_without_a_place_is_not_let_in() {
    let turns = Turns::new(LIMIT, 1);
    assert!(turns.let_in(Instant::now(), false).is_none());
    assert!(turns.let_in(Instant::now(), true).is_some());
}
