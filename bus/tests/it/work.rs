//! Departments that fetch their work over HTTP, when the table carries.

use crate::ground::{Kind, on};
use std::time::Duration;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn work_is_fetched_and_acknowledged() {
    for postgres in [false, true] {
        on(Kind { rabbit: false, postgres }, |ground| async move {
            let parks = "parks".parse().unwrap();
            let lease = Duration::from_secs(60);
            let fetch = |wait| ground.bus.fetch_work(&parks, 2, lease, wait);
            assert!(fetch(Duration::from_millis(10)).await.unwrap().is_empty());
            let letters = ground.letters("queue.parks", 3);
            let post = async {
                tokio::task::yield_now().await;
                ground.post(&letters).await;
            };
            // A waiting caller is woken.
            let (first, ()) = tokio::join!(fetch(Duration::from_secs(20)), post);
            let first = first.unwrap();
            assert!(!first.is_empty());
            let mut all = first.clone();
            while all.len() < 3 {
                all.extend(fetch(Duration::from_secs(5)).await.unwrap());
            }
            assert!(fetch(Duration::ZERO).await.unwrap().is_empty());
            let ids: Vec<_> = all.iter().map(|letter| letter.id).collect();
            // Another department cannot acknowledge it.
            assert_eq!(ground.bus.ack_work(&"roads".parse().unwrap(), &ids).await.unwrap(), 0);
            assert_eq!(ground.bus.ack_work(&parks, &ids[..2]).await.unwrap(), 2);
            assert_eq!(ground.bus.ack_work(&parks, &ids[..2]).await.unwrap(), 0);
            ground.hands.forward(lease + Duration::from_secs(1));
            let again = fetch(Duration::ZERO).await.unwrap();
            assert_eq!(again.iter().map(|letter| letter.id).collect::<Vec<_>>(), ids[2..]);
            // What becomes ready without anybody saying so is found while the caller waits.
            let (late, ()) = tokio::join!(fetch(Duration::from_secs(20)), async {
                ground.hands.forward(lease + Duration::from_secs(1));
            });
            assert_eq!(late.unwrap().len(), 1);
        })
        .await;
    }
}
