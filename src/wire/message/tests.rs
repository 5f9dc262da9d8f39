use super::*;
use crate::job::{IdempotencyKey, Language, Program, RawJson, RetryPolicy};

const BARE: &str = r#"{"v":1,"language":"python3","code":"def main(): return {}"}"#;

fn arrival() -> Arrival {
    Arrival { lane: Lane::batch(), at: UnixMillis(77), max_body_bytes: 1 << 20 }
}

fn job() -> Message {
    let spec = JobSpec {
        idempotency_key: IdempotencyKey::parse("k 1").ok(),
        tenant: Tenant::parse("acme").unwrap(),
        lane: Lane::batch(),
        program: Program::new(Language::Python, "def main(n): return {}"),
        inputs: RawJson::parse(r#"{"n": [18446744073709551616, 1.0]}"#.to_owned()).unwrap(),
        retry: RetryPolicy::default(),
        deadline: Some(UnixMillis(2_000_000_000_001)),
        result_ttl_s: 60,
    };
    Message {
        copy: CopyId::parse("c-1").unwrap(),
        work: WorkId::Job(JobId::parse("j-1").unwrap()),
        attempt: 2,
        infra: 1,
        tenant: spec.tenant.clone(),
        lane: Lane::batch(),
        deadline: Some(UnixMillis(9)),
        fingerprint: Fingerprint([7; 32]),
        submitted_at: UnixMillis(5_001),
        payload: Payload::Job { key: KeyDigest([1; 32]), spec: Box::new(spec) },
    }
}

fn chunk() -> Message {
    let work = WorkId::Chunk(BatchId::parse("b").unwrap(), ChunkNo(3));
    Message { work, payload: Payload::Chunk, deadline: None, ..job() }
}

fn bare(body: &str) -> WireMessage {
    WireMessage { body: body.as_bytes().to_vec(), ..WireMessage::default() }
}

fn decode(wire: &WireMessage) -> Result<Decoded, MessageError> {
    decode_message(wire, &arrival())
}

fn message(wire: &WireMessage) -> Message {
    match decode(wire).unwrap() {
        Decoded::Message(message) => *message,
        Decoded::Unnamed(job) => panic!("unnamed: {job:?}"),
    }
}

#[test]
fn what_is_written_is_read() {
    for sent in [job(), chunk()] {
        assert_eq!(message(&encode_message(&sent).unwrap()), sent);
    }
}

#[test]
fn the_form_on_the_wire_does_not_change() {
    let shown = [job(), chunk()].map(|message| {
        let wire = encode_message(&message).unwrap();
        let body = String::from_utf8(wire.body.clone()).unwrap();
        format!("{:#?}\n{body}", WireMessage { body: Vec::new(), ..wire })
    });
    insta::assert_snapshot!("form", shown.join("\n\n"));
}

#[test]
fn a_bare_job_with_a_key_is_the_same_job_every_time() {
    let keyed = |code: &str| format!(r#"{{"v":1,"idempotency_key":"k","language":"python3","code":"{code}"}}"#);
    let first = message(&bare(&keyed("a")));
    assert_eq!(message(&bare(&keyed("a"))), first);
    assert_eq!((first.attempt, first.infra, first.submitted_at), (1, 0, UnixMillis(77)));
    let Payload::Job { key, spec } = &first.payload else { panic!("a chunk") };
    assert_eq!((spec.lane.clone(), first.lane.clone()), (Lane::batch(), Lane::batch()));

    let other = message(&bare(&keyed("b")));
    let Payload::Job { key: other_key, .. } = &other.payload else { panic!("a chunk") };
    assert_eq!(other_key, key);
    assert_ne!((other.work, other.fingerprint), (first.work, first.fingerprint));
}

#[test]
fn a_message_id_names_a_bare_job_and_nothing_leaves_it_unnamed() {
    let named = |id: &str| WireMessage { message_id: Some(id.to_owned()), ..bare(BARE) };
    let found = message(&named("from a client"));
    assert_eq!(message(&named("from a client")), found);
    assert_ne!(message(&named("another")).work, found.work);
    assert_eq!(message(&named("fits-1")).copy.as_str(), "fits-1");

    let Decoded::Unnamed(job) = decode(&bare(BARE)).unwrap() else { panic!("it has a name") };
    let adopted = job.named(KeyDigest([4; 32]), 5);
    assert_eq!(message(&encode_message(&adopted).unwrap()), adopted);
}

#[test]
fn what_does_not_fit_is_named() {
    let with = |name: &str, value: HeaderValue| {
        let mut wire = encode_message(&job()).unwrap();
        wire.headers.insert(name.to_owned(), value);
        wire
    };
    let text = |text: &str| HeaderValue::Text(text.to_owned());
    let chunk_with = |change: fn(&mut WireMessage)| {
        let mut wire = encode_message(&chunk()).unwrap();
        change(&mut wire);
        wire
    };
    let good = encode_message(&job()).unwrap();
    let cases = [
        bare(""),
        bare("[]"),
        bare("{\"v\":2}"),
        bare(&"x".repeat((1 << 20) + 1)),
        WireMessage { body: vec![0xff, 0], ..bare("") },
        WireMessage { kind: Some("cellblock.job.v2".into()), ..good.clone() },
        WireMessage { content_type: Some("text/xml".into()), ..good.clone() },
        WireMessage { content_encoding: Some("zstd".into()), ..good.clone() },
        WireMessage { message_id: None, ..good.clone() },
        WireMessage { message_id: Some("a b".into()), ..good },
        with("x-job", text("a/b")),
        with("x-job", HeaderValue::Number(1)),
        with("x-attempt", HeaderValue::Number(0)),
        with("x-attempt", HeaderValue::Number(-1)),
        with("x-infra", HeaderValue::Number(1 << 40)),
        with("x-deadline", text("soon")),
        with("x-idem", text("01")),
        with("x-fp", HeaderValue::Other),
        chunk_with(|wire| drop(wire.headers.remove("x-fp"))),
        chunk_with(|wire| drop(wire.headers.remove("x-tenant"))),
        chunk_with(|wire| wire.body = b"{\"v\":1,\"batch\":\"b c\",\"chunk\":1}".to_vec()),
        chunk_with(|wire| wire.body = b"{\"v\":1,\"batch\":\"b\",\"chunk\":-1}".to_vec()),
        chunk_with(|wire| wire.body = b"{\"v\":1,\"batch\":\"b\",\"batch\":\"b\",\"chunk\":1}".to_vec()),
    ];
    let lines: Vec<_> = cases.iter().map(|wire| decode(wire).unwrap_err().to_string()).collect();
    insta::assert_snapshot!("errors", lines.join("\n"));
}

#[test]
fn what_client_libraries_add_is_read() {
    let wire = WireMessage {
        content_type: Some("Application/JSON; charset=utf-8".into()),
        content_encoding: Some("UTF-8".into()),
        timestamp_s: Some(3),
        message_id: Some("m".into()),
        ..bare(BARE)
    };
    assert_eq!(message(&wire).submitted_at, UnixMillis(3_000));
}
