//! Lanes that touch the outside, on every carrier.

use crate::on_every_carrier;

on_every_carrier! {
    letters_are_delivered_and_written_down,
    a_try_that_failed_is_tried_again_and_given_up,
    a_crash_after_the_socket_was_opened_sends_again_or_asks,
    a_second_copy_is_not_delivered_twice,
    a_lane_that_is_down_pauses_and_others_go_on,
    a_panic_or_a_silence_is_unknown,
    stopping_lets_what_is_in_the_air_land,
}

mod bodies {
    use crate::{
        ground::{Ground, settings, until},
        handlers::{Door, number},
    };
    use bus::{Breaker, LaneSettings, Settled, UnknownPolicy};
    use schemas::verdict::{Fault, Verdict};
    use std::{
        sync::{
            Arc,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    const LANE: &str = "dept.roads";

    pub async fn letters_are_delivered_and_written_down(ground: Arc<Ground>) {
        let door = Arc::new(Door::new(|letter| match number(letter) {
            7 => Verdict::never(Fault::Address, "no such desk"),
            n => Verdict::receipt(format!("R-{n}")),
        }));
        let letters = ground.letters(LANE, 200);
        ground.post(&letters).await;
        ground.edge(LANE, door.clone(), settings());
        ground.drain().await;
        let mut delivered = door.delivered();
        delivered.sort_unstable();
        assert_eq!(delivered, (1..=200).collect::<Vec<_>>());
        assert!(door.most.load(Ordering::SeqCst) <= 16);
        let recorded = door.recorded();
        assert_eq!(recorded.len(), 200);
        assert_eq!(recorded.iter().filter(|outcome| outcome.settled == Settled::Buried).count(), 1);
        assert_eq!((ground.left().await, ground.dead().await.len()), (0, 1));
        let attempts = ground.store.attempts(letters[0].id).await.unwrap();
        assert_eq!((attempts.len(), attempts[0].n, attempts[0].verdict.as_deref()), (1, 1, Some("done")));
        assert!(attempts[0].ended_at.is_some());
    }

    pub async fn a_try_that_failed_is_tried_again_and_given_up(ground: Arc<Ground>) {
        let door = Arc::new(Door::new(|letter| match (number(letter), letter.attempt) {
            (1, 0) => Verdict::later("busy"),
            (2, _) => Verdict::later("always busy"),
            _ => Verdict::done(),
        }));
        let letters = ground.letters(LANE, 3);
        ground.post(&letters).await;
        ground.edge(LANE, door.clone(), settings());
        ground.drain().await;
        for _ in 0..6 {
            ground.later(Duration::from_secs(2)).await;
        }
        let times = |n| door.delivered().iter().filter(|one| **one == n).count();
        assert_eq!((times(1), times(2), times(3)), (2, 4, 1));
        let again = door.recorded().iter().filter(|outcome| matches!(outcome.settled, Settled::Again(_))).count();
        assert_eq!(again, 4);
        assert_eq!((ground.left().await, ground.dead().await.len()), (0, 1));
        let attempts = ground.store.attempts(letters[1].id).await.unwrap();
        assert_eq!(attempts.iter().map(|attempt| attempt.n).collect::<Vec<_>>(), [1, 2, 3, 4]);
        // A replay counts its tries anew, the ledger goes on.
        ground.store.replay_dead(&[letters[1].id]).await.unwrap();
        ground.drain().await;
        assert_eq!(ground.store.attempts(letters[1].id).await.unwrap().len(), 5);
        assert_eq!(ground.left().await, 1);
    }

    pub async fn a_crash_after_the_socket_was_opened_sends_again_or_asks(ground: Arc<Ground>) {
        for (lane, unknown) in [("dept.roads", UnknownPolicy::SendAgain), ("dept.water", UnknownPolicy::WaitForReceipt)]
        {
            let settings = LaneSettings { unknown, ..settings() };
            let letters = ground.letters(lane, 4);
            ground.post(&letters).await;
            let crashing = Arc::new(Door::shut(|_| Verdict::done()));
            let task = ground.edge(lane, crashing.clone(), settings.clone());
            until("four sockets are open", || async { crashing.inside.load(Ordering::SeqCst) == 4 }).await;
            task.abort();
            assert!(task.await.unwrap_err().is_cancelled());
            // The lease, or the time an attempt may take, is over.
            ground.hands.forward(Duration::from_secs(60));
            let door = Arc::new(Door::new(|_| Verdict::done()));
            ground.edge(lane, door.clone(), settings);
            ground.drain().await;
            ground.later(Duration::from_secs(60)).await;
            let attempts = ground.store.attempts(letters[0].id).await.unwrap();
            let verdicts: Vec<_> = attempts.iter().map(|attempt| attempt.verdict.as_deref()).collect();
            let recorded = door.recorded();
            assert_eq!(recorded.len(), 4, "{unknown:?}");
            match unknown {
                UnknownPolicy::SendAgain => {
                    assert_eq!(door.delivered().len(), 4);
                    assert_eq!(verdicts, [Some("unknown"), Some("done")]);
                }
                UnknownPolicy::WaitForReceipt => {
                    assert_eq!(door.delivered().len(), 0);
                    assert_eq!(verdicts, [Some("unknown")]);
                    assert!(
                        recorded
                            .iter()
                            .all(|one| matches!(one.verdict, Verdict::Unknown { .. }) && one.settled == Settled::Gone)
                    );
                }
            }
            assert_eq!(ground.left().await, 0, "{unknown:?}");
        }
    }

    pub async fn a_second_copy_is_not_delivered_twice(ground: Arc<Ground>) {
        let door = Arc::new(Door::new(|_| Verdict::done()));
        let letters = ground.letters(LANE, 20);
        ground.edge(LANE, door.clone(), settings());
        ground.post(&letters).await;
        ground.drain().await;
        // Its row is gone; posted again it is a second copy, as a second publication would be.
        ground.post(&letters).await;
        ground.drain().await;
        assert_eq!(door.delivered().len(), 20);
        assert_eq!(ground.left().await, 0);
    }

    pub async fn a_lane_that_is_down_pauses_and_others_go_on(ground: Arc<Ground>) {
        let up = Arc::new(AtomicBool::new(false));
        let roads = {
            let up = up.clone();
            Arc::new(Door::new(
                move |_| if up.load(Ordering::SeqCst) { Verdict::done() } else { Verdict::later("down") },
            ))
        };
        let water = Arc::new(Door::new(|_| Verdict::done()));
        let settings = LaneSettings {
            breaker: Breaker { failures: 5, open_for: Duration::from_secs(30) },
            concurrency: 2,
            ..settings()
        };
        ground.post(&ground.letters("dept.roads", 300)).await;
        ground.post(&ground.letters("dept.water", 300)).await;
        ground.edge("dept.roads", roads.clone(), settings.clone());
        ground.edge("dept.water", water.clone(), settings);
        ground.drain().await;
        assert_eq!(water.delivered().len(), 300);
        let tried = roads.delivered().len();
        assert!((5..=8).contains(&tried), "{tried} tries before the lane paused");
        assert!(ground.bus.health().lanes.iter().any(|lane| lane.paused_until.is_some()));
        // One trial letter when the pause is over.
        ground.hands.forward(Duration::from_secs(31));
        until("a trial", || async { roads.delivered().len() > tried }).await;
        ground.drain().await;
        assert_eq!(roads.delivered().len(), tried + 1);
        up.store(true, Ordering::SeqCst);
        for _ in 0..4 {
            ground.later(Duration::from_secs(70)).await;
            until("not paused", || async { ground.bus.health().lanes.iter().all(|lane| lane.paused_until.is_none()) })
                .await;
        }
        ground.drain().await;
        let mut delivered = roads.delivered();
        delivered.sort_unstable();
        delivered.dedup();
        assert_eq!(delivered.len(), 300);
        assert_eq!((ground.left().await, ground.dead().await.len()), (0, 0));
    }

    pub async fn a_panic_or_a_silence_is_unknown(ground: Arc<Ground>) {
        let door = Arc::new(Door::shut(|letter| match letter.attempt {
            0 => panic!("at the door"),
            _ => Verdict::done(),
        }));
        let settings = LaneSettings { deadline: Duration::from_millis(300), ..settings() };
        let letters = ground.letters(LANE, 2);
        ground.post(&letters).await;
        ground.edge(LANE, door.clone(), settings);
        until("two tries came to nothing", || async { door.recorded().len() == 2 }).await;
        door.gate.add_permits(1000);
        for _ in 0..3 {
            ground.later(Duration::from_secs(2)).await;
        }
        let attempts = ground.store.attempts(letters[0].id).await.unwrap();
        assert_eq!(attempts[0].verdict.as_deref(), Some("unknown"));
        assert!(attempts[0].why.as_deref().unwrap().starts_with("no answer within"));
        assert_eq!(attempts[1].verdict.as_deref(), Some("done"));
        assert_eq!(ground.left().await, 0);
        // Now a panic.
        let letters = ground.letters(LANE, 1);
        ground.post(&letters).await;
        ground.drain().await;
        ground.later(Duration::from_secs(2)).await;
        let attempts = ground.store.attempts(letters[0].id).await.unwrap();
        assert_eq!(attempts[0].why.as_deref(), Some("the adapter panicked: at the door"));
        assert_eq!(attempts[1].verdict.as_deref(), Some("done"));
    }

    pub async fn stopping_lets_what_is_in_the_air_land(ground: Arc<Ground>) {
        let door = Arc::new(Door::shut(|_| Verdict::done()));
        let stop = tokio_util::sync::CancellationToken::new();
        let task = tokio::spawn({
            let (bus, door, stop) = (ground.bus.clone(), door.clone(), stop.clone());
            async move { bus.run_edge(crate::ground::lane(LANE), door, settings(), stop).await }
        });
        ground.post(&ground.letters(LANE, 5)).await;
        until("something is in the air", || async { door.inside.load(Ordering::SeqCst) > 0 }).await;
        stop.cancel();
        door.gate.add_permits(1000);
        tokio::time::timeout(Duration::from_secs(10), task).await.expect("stops").unwrap();
        assert_eq!(door.recorded().len(), door.delivered().len());
        let next = Arc::new(Door::new(|_| Verdict::done()));
        ground.edge(LANE, next.clone(), settings());
        ground.drain().await;
        let mut all = door.delivered();
        all.extend(next.delivered());
        all.sort_unstable();
        assert_eq!(all, [1, 2, 3, 4, 5]);
    }
}
