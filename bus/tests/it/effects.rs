//! Lanes of effects, on every carrier.

use crate::on_every_carrier;

on_every_carrier! {
    every_letter_is_handled_once_in_order,
    a_letter_that_says_later_comes_back_and_one_that_says_never_is_dead,
    a_dead_letter_is_replayed,
    a_poison_letter_sinks_nobody,
    a_panic_sinks_nobody,
    loops_that_are_cut_off_have_their_effects_once,
    a_stopped_loop_gives_back_what_it_holds,
}

mod bodies {
    use crate::{
        ground::{Ground, lane, settings, until},
        handlers::{Collect, Effect, Forward, number},
    };
    use bus::LaneSettings;
    use schemas::verdict::{Fault, Verdict};
    use std::{
        collections::HashMap,
        sync::{
            Arc, Mutex,
            atomic::{AtomicBool, Ordering},
        },
        time::Duration,
    };

    pub async fn every_letter_is_handled_once_in_order(ground: Arc<Ground>) {
        let handler = Arc::new(Effect::done());
        let mut expected = Vec::new();
        for n in [1, 300, 700] {
            let letters = ground.letters("router", n);
            expected.extend(letters.iter().map(number));
            ground.post(&letters).await;
        }
        ground.effects("router", handler.clone(), settings());
        ground.drain().await;
        assert_eq!(handler.asked(), expected);
        let batches = handler.batches.load(Ordering::SeqCst);
        // A broker gives them as fast as it can; what is there at that moment is one batch.
        let most = if ground.kind.rabbit { 250 } else { 60 };
        assert!(batches <= most, "{batches} batches for 1,001 letters that were there");
        assert_eq!(ground.left().await, 0);
        // The same id again is the same letter, as long as it is there.
        let one = ground.letters("notifier", 1);
        ground.post(&[one[0].clone(), one[0].clone()]).await;
        let second = Arc::new(Effect::done());
        ground.effects("notifier", second.clone(), settings());
        ground.drain().await;
        assert_eq!(second.asked().len(), 1);
    }

    pub async fn a_letter_that_says_later_comes_back_and_one_that_says_never_is_dead(ground: Arc<Ground>) {
        let times = Mutex::new(HashMap::new());
        let handler = Arc::new(Effect::new(move |letter| {
            let mut times = times.lock().unwrap();
            let n = times.entry(letter.id).or_insert(0_u32);
            *n += 1;
            match number(letter) {
                1 if *n <= 2 => {
                    assert_eq!(letter.attempt, *n - 1);
                    Verdict::later("not yet")
                }
                2 => Verdict::never(Fault::Refused, "no"),
                3 => Verdict::later("not ever"),
                4 if *n == 1 => Verdict::slow_down(Duration::from_secs(100), "wait"),
                4 => {
                    assert_eq!(letter.attempt, 0);
                    Verdict::done()
                }
                _ => Verdict::done(),
            }
        }));
        ground.post(&ground.letters("router", 5)).await;
        ground.effects("router", handler.clone(), settings());
        ground.drain().await;
        assert_eq!(handler.asked().len(), 5);
        assert_eq!(ground.left().await, 3);
        let dead = ground.dead().await;
        assert_eq!((dead.len(), dead[0].why.as_str()), (1, "no"));
        // Three seconds are given to the letter that always says later: pauses of about a second.
        for _ in 0..6 {
            ground.later(Duration::from_millis(1300)).await;
        }
        assert_eq!(handler.asked().iter().filter(|n| **n == 1).count(), 3);
        let dead = ground.dead().await;
        let given_up = dead.iter().find(|dead| number(&dead.letter) == 3).unwrap();
        assert_eq!(given_up.why, "given up after 4 tries, the last: not ever");
        assert_eq!(ground.left().await, 1);
        ground.later(Duration::from_secs(120)).await;
        assert_eq!(ground.left().await, 0);
        assert_eq!(handler.asked().iter().filter(|n| **n == 4).count(), 2);
    }

    pub async fn a_dead_letter_is_replayed(ground: Arc<Ground>) {
        let open = Arc::new(AtomicBool::new(false));
        let handler = {
            let open = open.clone();
            Arc::new(Effect::new(move |_| match open.load(Ordering::SeqCst) {
                true => Verdict::done(),
                false => Verdict::never(Fault::Ours, "broken"),
            }))
        };
        let letters = ground.letters("router", 3);
        ground.post(&letters).await;
        ground.effects("router", handler.clone(), settings());
        ground.drain().await;
        let dead = ground.dead().await;
        assert_eq!(dead.len(), 3);
        assert_eq!(ground.store.drop_dead(&[letters[0].id]).await.unwrap(), 1);
        open.store(true, Ordering::SeqCst);
        let ids: Vec<_> = dead.iter().map(|dead| dead.letter.id).collect();
        assert_eq!(ground.store.replay_dead(&ids).await.unwrap(), 2);
        ground.drain().await;
        assert_eq!(handler.asked().len(), 5);
        assert_eq!((ground.dead().await.len(), ground.left().await), (0, 0));
    }

    pub async fn a_poison_letter_sinks_nobody(ground: Arc<Ground>) {
        sinks_nobody(ground, false).await;
    }

    pub async fn a_panic_sinks_nobody(ground: Arc<Ground>) {
        sinks_nobody(ground, true).await;
    }

    /// A handler that fails on the letter numbered 50, and has its effect for every other.
    struct Picky {
        panics: bool,
        forward: Forward,
    }

    #[async_trait::async_trait]
    impl bus::Effects for Picky {
        async fn apply(
            &self,
            tx: &mut store::Tx,
            letters: &[schemas::letter::Letter],
        ) -> Result<Vec<Verdict>, store::Error> {
            let verdicts = self.forward.apply(tx, letters).await?;
            if letters.iter().any(|letter| number(letter) == 50) {
                assert!(!self.panics, "number 50");
                return Err(store::Error::Schema("number 50".to_owned()));
            }
            Ok(verdicts)
        }
    }

    async fn sinks_nobody(ground: Arc<Ground>, panics: bool) {
        let forward = Forward { to: lane("notifier"), slowly: false, dedupes: ground.kind.rabbit };
        let collected = Arc::new(Collect::default());
        ground.post(&ground.letters("router", 100)).await;
        ground.effects("router", Arc::new(Picky { panics, forward }), settings());
        ground.effects("notifier", collected.clone(), settings());
        ground.drain().await;
        let effects = || collected.by_cause.lock().unwrap().values().map(Vec::len).collect::<Vec<_>>();
        assert_eq!(effects(), vec![1; 99]);
        assert_eq!(ground.left().await, 1);
        for _ in 0..6 {
            ground.later(Duration::from_secs(2)).await;
        }
        let dead = ground.dead().await;
        assert_eq!((dead.len(), number(&dead[0].letter)), (1, 50));
        assert!(dead[0].why.contains("number 50"), "{}", dead[0].why);
        assert_eq!((effects(), ground.left().await), (vec![1; 99], 0));
    }

    pub async fn loops_that_are_cut_off_have_their_effects_once(ground: Arc<Ground>) {
        const LETTERS: usize = 2000;
        let collected = Arc::new(Collect::default());
        for letters in ground.letters("router", LETTERS).chunks(200) {
            ground.post(letters).await;
        }
        // The table needs no help of the handler to have effects once.
        let forward = || Arc::new(Forward { to: lane("notifier"), slowly: true, dedupes: ground.kind.rabbit });
        let settings = LaneSettings { batch: 50, ..settings() };
        for cut in 0..25_u64 {
            let one = ground.effects("router", forward(), settings.clone());
            let two = ground.effects("notifier", collected.clone(), settings.clone());
            tokio::time::sleep(Duration::from_millis(cut % 7 * 4)).await;
            one.abort();
            two.abort();
            // Errors: cancelled.
            _ = (one.await, two.await);
            // What was in hand is free again when its lease is over.
            ground.hands.forward(Duration::from_secs(60));
        }
        ground.effects("router", forward(), settings.clone());
        ground.effects("notifier", collected.clone(), settings);
        // What the relay was handed and a crash cut off, the sweeper publishes after its grace.
        for _ in 0..3 {
            ground.later(Duration::from_secs(60)).await;
        }
        let by_cause = collected.by_cause.lock().unwrap().clone();
        let left = ground.store.lanes().await.unwrap();
        assert_eq!(by_cause.len(), LETTERS, "{left:?}");
        assert!(by_cause.values().all(|ids| ids.len() == 1), "an effect happened twice");
        assert_eq!((ground.left().await, ground.dead().await.len()), (0, 0));
    }

    pub async fn a_stopped_loop_gives_back_what_it_holds(ground: Arc<Ground>) {
        let first = Arc::new(Effect::done());
        let stop = tokio_util::sync::CancellationToken::new();
        let task = tokio::spawn({
            let (bus, handler, stop) = (ground.bus.clone(), first.clone(), stop.clone());
            async move { bus.run_effects(lane("router"), handler, settings(), stop).await }
        });
        ground.post(&ground.letters("router", 100)).await;
        until("something is handled", || async { !first.asked().is_empty() }).await;
        stop.cancel();
        tokio::time::timeout(Duration::from_secs(10), task).await.expect("stops").unwrap();
        ground.post(&ground.letters("router", 100)).await;
        let second = Arc::new(Effect::done());
        ground.effects("router", second.clone(), settings());
        ground.drain().await;
        let mut all = first.asked();
        all.extend(second.asked());
        if ground.kind.rabbit {
            // What the broker gets back it may hand out a little later; and what the first loop had in hand when it
            // was told to stop, it may have been asked for without the broker knowing.
            all.sort_unstable();
            all.dedup();
        }
        assert_eq!(all, (1..=200).collect::<Vec<_>>());
        assert_eq!(ground.left().await, 0);
    }
}
