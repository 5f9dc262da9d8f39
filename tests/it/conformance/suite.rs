//! Every case on every adapter.

use super::fixture::{FakeClock, Fixture};
use super::redis_server::Server;
use crate::rabbit::broker::{Kind, Place, narrow_place};
use cellblock::queue::{EmbeddedQueue, RabbitQueue};
use cellblock::store::{EmbeddedStore, RedisSettings, RedisStore};
use cellblock::telemetry::Telemetry;

pub(super) const MAX_DEPTH: u64 = 4;

async fn store_in_file() -> Fixture<EmbeddedStore> {
    let (clock, telemetry, dir) = (FakeClock::new(), Telemetry::new(), tempfile::tempdir().unwrap());
    let adapter = EmbeddedStore::open(&dir.path().join("cells.db"), clock.wall()).unwrap();
    let adapter = adapter.reporting_to(telemetry.clone());
    Fixture { adapter, clock, telemetry, _dir: Some(dir), broker: None }
}

async fn store_in_memory() -> Fixture<EmbeddedStore> {
    let (clock, telemetry) = (FakeClock::new(), Telemetry::new());
    let adapter = EmbeddedStore::in_memory(clock.wall()).unwrap().reporting_to(telemetry.clone());
    Fixture { adapter, clock, telemetry, _dir: None, broker: None }
}

fn on_redis(server: &Server) -> Fixture<RedisStore> {
    let (clock, telemetry) = (FakeClock::new(), Telemetry::new());
    let settings = RedisSettings { telemetry: telemetry.clone(), ..server.settings() };
    let adapter = RedisStore::open_at(settings, clock.wall()).unwrap();
    Fixture { adapter, clock, telemetry, _dir: None, broker: None }
}

async fn store_on_redis() -> Fixture<RedisStore> {
    on_redis(Server::shared())
}

/// Proves that each script keeps to one hash slot.
async fn store_on_redis_cluster() -> Fixture<RedisStore> {
    on_redis(Server::shared_cluster())
}

async fn queue_in_file() -> Fixture<EmbeddedQueue> {
    let (clock, dir) = (FakeClock::new(), tempfile::tempdir().unwrap());
    let adapter = EmbeddedQueue::open(&dir.path().join("cells.db"), clock.wall(), MAX_DEPTH).unwrap();
    Fixture { adapter, clock, telemetry: Telemetry::new(), _dir: Some(dir), broker: None }
}

async fn queue_in_memory() -> Fixture<EmbeddedQueue> {
    let clock = FakeClock::new();
    let adapter = EmbeddedQueue::in_memory(clock.wall(), MAX_DEPTH).unwrap();
    Fixture { adapter, clock, telemetry: Telemetry::new(), _dir: None, broker: None }
}

/// The broker's time is real; the cases that pass time wait for it anyway.
fn on_rabbit(place: Place, slots: u16) -> Fixture<RabbitQueue> {
    let adapter = place.queue(slots);
    Fixture { adapter, clock: FakeClock::new(), telemetry: Telemetry::new(), _dir: None, broker: Some(place) }
}

async fn rabbit_with_one_slot() -> Fixture<RabbitQueue> {
    on_rabbit(narrow_place(Kind::Quorum).await, 1)
}

async fn rabbit_with_classic_queues() -> Fixture<RabbitQueue> {
    on_rabbit(narrow_place(Kind::Classic).await, 1)
}

async fn rabbit_with_two_slots() -> Fixture<RabbitQueue> {
    on_rabbit(narrow_place(Kind::Quorum).await, 2)
}

macro_rules! on_adapters {
    ([$($adapter:ident),+] $cases:tt) => { $( on_adapters!(@one $adapter $cases); )+ };
    (@one $adapter:ident { $($module:ident: [$($case:ident),+ $(,)?];)+ }) => {
        mod $adapter {
            $(
                mod $module {
                    $(
                        #[tokio::test]
                        async fn $case() {
                            crate::conformance::$module::$case(super::super::$adapter().await).await;
                        }
                    )+
                }
            )+
        }
    };
}

on_adapters!([store_in_file, store_in_memory, store_on_redis, store_on_redis_cluster] {
    store_jobs: [
        create_makes_one_job_per_key,
        another_fingerprint_conflicts_and_makes_nothing,
        a_published_job_is_not_offered_for_publication,
        a_key_outlives_its_result,
        a_record_says_whose_it_is,
        complete_is_recorded_once,
        a_final_state_never_changes,
        complete_demands_a_final_state,
        cancel_of_a_waiting_job_is_final,
        cancel_of_a_running_job_is_a_wish,
        cancel_of_a_lost_job_is_final_and_fences,
        cancel_of_an_unknown_job_says_so,
        versions_grow_with_changes_and_not_with_renewals,
        a_record_says_who_runs_it_and_when_it_ended,
    ];
    store_claims: [
        a_waiting_job_runs,
        an_unknown_job_is_made_from_its_message,
        an_unknown_job_past_its_deadline_expires,
        a_waiting_job_past_its_deadline_expires,
        a_live_lease_outlasts_the_deadline,
        terminal_work_does_not_run,
        same_owner_and_delivery_get_the_same_answer,
        the_same_copy_is_held,
        another_copy_is_a_duplicate,
        an_expired_lease_runs_with_a_greater_token,
        work_that_loses_its_workers_is_poison,
        a_dead_lettered_end_is_told_to_its_own_copy_again,
        a_message_behind_a_published_retry_is_stale,
        a_message_behind_an_unpublished_retry_republishes,
        a_message_ahead_of_the_record_runs,
        a_key_with_another_fingerprint_conflicts_and_rejects,
        a_second_id_of_a_key_is_an_alias,
        a_fenced_worker_changes_nothing,
        a_late_renewal_is_fine_unless_somebody_took_over,
        renew_of_unknown_work_is_missing,
        schedule_retry_is_recorded_once,
        a_retry_must_go_forward,
        release_charges_nothing_and_is_recorded_once,
        mark_published_of_an_older_copy_is_a_no_op,
    ];
    store_batches: [
        a_batch_completes_when_sealed_and_done,
        sealing_last_completes_too,
        an_empty_batch_completes_when_sealed,
        a_batch_says_whose_it_is,
        staging_resumes_and_repeats,
        chunks_are_staged_in_order_and_before_the_seal,
        another_fingerprint_is_another_batch,
        items_are_dropped_when_the_chunk_is_done,
        a_chunk_is_counted_once,
        a_fenced_chunk_changes_nothing,
        failures_above_the_tolerance_stop_the_batch,
        a_cancelled_batch_runs_no_chunk,
        a_stopped_batch_is_complete_when_nobody_holds_a_chunk,
        a_poisonous_chunk_still_ends_its_batch,
        an_expired_chunk_still_ends_its_batch,
        unpublished_chunks_come_in_order,
        unknown_batches_and_chunks_say_so,
    ];
});

on_adapters!([queue_in_file, queue_in_memory] {
    queue: [
        a_message_comes_as_it_was_published,
        messages_come_in_order_and_lanes_by_rank,
        a_delayed_message_waits_for_its_time,
        next_wakes_up_for_a_publish,
        ack_removes_for_good,
        release_puts_it_back_in_its_place,
        a_dropped_delivery_comes_again,
        tags_tell_deliveries_apart,
        a_cancelled_next_loses_nothing,
        a_full_lane_refuses,
        a_full_lane_takes_retries,
        a_dead_letter_leaves_the_lane,
    ];
});

on_adapters!([rabbit_with_one_slot, rabbit_with_classic_queues] {
    queue: [
        a_message_comes_as_it_was_published,
        messages_come_in_order_and_lanes_by_rank,
        a_delayed_message_waits_for_its_time,
        next_wakes_up_for_a_publish,
        ack_removes_for_good,
        // With more slots the message behind is reserved as well, and comes first.
        release_puts_it_back_in_its_place,
        a_dropped_delivery_comes_again,
        a_cancelled_next_loses_nothing,
        // With more slots the broker sees fewer waiting messages: it does not count reserved ones.
        a_full_lane_refuses,
        a_dead_letter_leaves_the_lane,
    ];
});

/// Not with classic queues: what is reserved does not fill them.
#[tokio::test]
async fn a_full_lane_on_rabbit_takes_retries() {
    super::queue::a_full_lane_takes_retries(rabbit_with_one_slot().await).await;
}

on_adapters!([rabbit_with_two_slots] {
    queue: [
        a_message_comes_as_it_was_published,
        messages_come_in_order_and_lanes_by_rank,
        a_delayed_message_waits_for_its_time,
        ack_removes_for_good,
        tags_tell_deliveries_apart,
        a_dropped_delivery_comes_again,
        a_cancelled_next_loses_nothing,
    ];
});
