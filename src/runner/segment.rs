//! One process, from its program to its end: a loop over everything that can happen.
//!
//! Items are handed out in a small window, so that the process never waits for the worker between two of them; an
//! item's clock starts when the one before it has ended. The process may write anything to any descriptor at any
//! time. The first complete end frame of an item is final, so the last one is handed out while its process still ends.
//! Whatever ends the process is charged to the item that it was at, or, before the program's top level was through, to
//! all items: they would fare the same.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::pin::Pin;
use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::unix::pipe;
use tokio::sync::watch;
use tokio::time::{Sleep, sleep_until};

use super::calls::{self, Next, RefusedCalls};
use super::items::cpu_backstop_s;
use super::logs::LogBuffer;
use super::observe::{end_of, kill_reason, late_reason, milliseconds, usage};
use super::{Call, Interrupt, Item, ItemRun, UntilAnswered};
use crate::jail::cgroup::LeafUsage;
use crate::job::{BadResult, Fault, RawJson, Stream, SyscallCount, Usage, Verdict};
use crate::policy::{End, Facts, Report, Stop, verdict};
use crate::sys::clock;
use crate::sys::notify::Notification;
use crate::telemetry::{KillReason, Phase, Telemetry};
use crate::wire::{
    Decoder, Kind, ProgramFrame, Reply, ScanLimits, encode_end, encode_item, encode_program, scan, validate_outputs,
};
use crate::zygote::{Entered, Remains};

/// Items handed out ahead of the one that runs.
const WINDOW: usize = 32;

/// Bytes handed out ahead, beyond which no further item is encoded.
const OUTBOX_BYTES: usize = 64 << 10;

/// How much is read at once.
const READ_BYTES: usize = 64 << 10;

/// How often processor time is looked at. It is read from the cgroup, because a process's own clock is not to be
/// trusted and the kernel's limit counts whole seconds.
const CPU_POLL: Duration = Duration::from_millis(50);

/// How long a process may live on without a result channel. One that ends closes it too, just before its init
/// reports the end.
const LINGER: Duration = Duration::from_secs(1);

/// How a segment ended.
#[derive(Debug)]
pub(super) enum SegmentEnd {
    /// The process is gone; items without a result go on elsewhere.
    ProcessEnded,
    /// The client took the run back.
    Cancelled,
    /// The worker stops.
    Abandoned,
    /// Something of ours failed.
    Fault(Fault),
}

/// Where results go.
type Done<'d> = &'d mut (dyn FnMut(ItemRun) + Send);

/// The state of one process's run.
pub(super) struct Segment<'a> {
    call: &'a Call<'a>,
    items: &'a [Item],
    start: Duration,
    telemetry: &'a Telemetry,
    decoder: Decoder,
    outbox: Vec<u8>,
    sent: usize,
    /// Items encoded so far.
    issued: usize,
    /// Items that have a result.
    finished: usize,
    is_loaded: bool,
    /// What came on the result channel is not the protocol: nothing more of it is believed.
    is_garbled: bool,
    /// When the last writer of the result channel was gone.
    result_closed: Option<Instant>,
    /// The program's own end frame: it is over before its first item.
    load_report: Option<Report>,
    item_started: Instant,
    cpu: CpuMark,
    logs: LogBuffer,
    calls: RefusedCalls,
    /// Why the process was killed, and at which item.
    stop: Option<(usize, Stop)>,
    is_abandoned: bool,
    end: Option<End>,
    /// The end frame of an only item, until what was printed before it has been read.
    only_report: Option<(Report, Duration)>,
}

/// Processor time when the process got its program, and when its current item was first seen.
#[derive(Debug, Clone, Copy, Default)]
struct CpuMark {
    start_us: u64,
    item: usize,
    item_us: u64,
}

/// Which descriptors may still bring something.
struct Open {
    result: bool,
    stdout: bool,
    stderr: bool,
    report: bool,
    listener: bool,
}

impl Open {
    const fn any_pipe(&self) -> bool {
        self.result || self.stdout || self.stderr || self.report
    }
}

impl<'a> Segment<'a> {
    pub(super) fn new(call: &'a Call<'a>, items: &'a [Item], start: Duration, telemetry: &'a Telemetry) -> Self {
        Self {
            call,
            items,
            start,
            telemetry,
            decoder: Decoder::new(call.program.limits.output_bytes),
            outbox: Vec::new(),
            sent: 0,
            issued: 0,
            finished: 0,
            is_loaded: false,
            is_garbled: false,
            result_closed: None,
            load_report: None,
            item_started: clock::now(),
            cpu: CpuMark::default(),
            logs: LogBuffer::new(&call.program.limits),
            calls: RefusedCalls::default(),
            stop: None,
            is_abandoned: false,
            end: None,
            only_report: None,
        }
    }

    /// Runs to the process's end. Answers how many items have results, how it ended, and what is left of it.
    pub(super) async fn run(
        mut self,
        mut entered: Entered,
        mut interrupt: watch::Receiver<Interrupt>,
        done: Done<'_>,
        held: &mut Option<UntilAnswered>,
    ) -> (usize, SegmentEnd, Remains) {
        if let Err(fault) = self.encode_program() {
            return (0, SegmentEnd::Fault(fault), Remains::default());
        }
        let begun = clock::now();
        self.item_started = begun;
        let start_us = entered.cpu_us();
        self.cpu = CpuMark { start_us, item: 0, item_us: start_us };
        let served = self.serve(&mut entered, &mut interrupt, done).await;
        self.drain_raw(&entered);
        let served_at = clock::now();
        self.telemetry.phase_took(Phase::Run, served_at.duration_since(begun));
        let is_leaving = served.is_ok() && self.is_complete() && self.stop.is_none() && !self.is_abandoned;
        // What a process does after its last end frame changes nothing, so nobody waits for its end.
        let answered = is_leaving.then(|| self.conclude(&entered.usage(), done));
        if self.finished == self.items.len() {
            *held = None;
        }
        let remains = entered.close(is_leaving).await;
        self.telemetry.phase_took(Phase::Close, served_at.elapsed());
        self.report_usage(&remains);
        tracing::debug!(close = ?served_at.elapsed(), items = self.items.len(), "slot is closed");
        let (finished, end) = match (answered, served) {
            (Some(answered), _) => answered,
            (None, Ok(())) => self.conclude(&remains.usage, done),
            (None, Err(error)) => (self.finished, SegmentEnd::Fault(Fault::zygote_died(error.to_string()))),
        };
        (finished, end, remains)
    }

    fn encode_program(&mut self) -> Result<(), Fault> {
        let program = self.call.program;
        let frame = ProgramFrame {
            code: &program.code,
            file: self.call.file,
            entrypoint: program.entrypoint.as_str(),
            attempt: self.call.attempt,
            idempotency_key: self.call.idempotency_key,
            output_bytes: program.limits.output_bytes,
            seed: program.determinism.seed,
            now_ms: program.determinism.now.map(|now| now.0),
        };
        encode_program(&mut self.outbox, &frame).map_err(|error| Fault::zygote_died(error.to_string()))
    }

    async fn serve(
        &mut self,
        entered: &mut Entered,
        interrupt: &mut watch::Receiver<Interrupt>,
        done: Done<'_>,
    ) -> io::Result<()> {
        let mut open = Open { result: true, stdout: true, stderr: true, report: true, listener: true };
        let mut buffers = [vec![0; READ_BYTES], vec![0; 4096], vec![0; 4096]];
        let [result, stdout, stderr] = &mut buffers;
        let mut timer = std::pin::pin!(sleep_until(self.next_look().into()));
        let mut watches_interrupt = true;
        while open.any_pipe() && !self.is_complete() {
            self.issue()?;
            let outgoing = self.sent..self.outbox.len();
            tokio::select! {
                read = entered.result.read(result), if open.result => {
                    open.result = self.on_result(filled(result, read?), done);
                }
                wrote = entered.job.write(self.outbox.get(outgoing).unwrap_or_default()), if self.has_outgoing() => {
                    self.on_sent(wrote);
                }
                read = entered.stdout.read(stdout), if open.stdout => {
                    open.stdout = self.on_raw(Stream::Stdout, filled(stdout, read?));
                }
                read = entered.stderr.read(stderr), if open.stderr => {
                    open.stderr = self.on_raw(Stream::Stderr, filled(stderr, read?));
                }
                ended = entered.life.ended(), if open.report => {
                    self.end = ended.map(end_of);
                    open.report = false;
                }
                ready = entered.listener.readable(), if open.listener => {
                    let mut ready = ready?;
                    match calls::next(ready.get_inner().as_fd())? {
                        Next::Call(call) => {
                            // What the program wrote before belongs to the items before.
                            open.result = open.result && self.catch_up(&entered.result, result, done);
                            open.listener = self.on_call(ready.get_inner().as_fd(), &call)?;
                        }
                        Next::Nothing => ready.clear_ready(),
                        Next::Closed => open.listener = false,
                    }
                }
                () = &mut timer => self.on_timer(entered, timer.as_mut()),
                changed = interrupt.changed(), if watches_interrupt => {
                    watches_interrupt = changed.is_ok();
                    self.on_interrupt(*interrupt.borrow_and_update());
                }
            }
            if self.stop.is_some() || self.is_abandoned {
                entered.kill();
            }
        }
        Ok(())
    }

    /// Whether nothing more can come of this process.
    const fn is_complete(&self) -> bool {
        self.finished == self.items.len() || self.only_report.is_some() || self.load_report.is_some()
    }

    const fn has_outgoing(&self) -> bool {
        self.sent < self.outbox.len() && self.stop.is_none()
    }

    /// Encodes items up to the window.
    fn issue(&mut self) -> io::Result<()> {
        while self.issued < self.items.len().min(self.finished + WINDOW) && self.outbox.len() < OUTBOX_BYTES {
            let Some(item) = self.items.get(self.issued) else { break };
            encode_item(&mut self.outbox, item.index, &item.inputs).map_err(io::Error::other)?;
            self.issued += 1;
            if self.issued == self.items.len() {
                encode_end(&mut self.outbox);
            }
        }
        Ok(())
    }

    fn on_sent(&mut self, wrote: io::Result<usize>) {
        match wrote {
            Ok(length) => self.sent += length,
            // The process has closed its end or is gone; its report says more.
            Err(_) => self.sent = self.outbox.len(),
        }
        if self.sent == self.outbox.len() {
            self.outbox.clear();
            self.sent = 0;
        }
    }

    fn on_result(&mut self, bytes: &[u8], done: Done<'_>) -> bool {
        self.decoder.push(bytes);
        while !self.is_complete() && !self.is_garbled {
            match self.decoder.next_reply() {
                Ok(Some(reply)) => self.on_reply(reply, done),
                Ok(None) => break,
                Err(error) => self.garbled(error.to_string()),
            }
        }
        let is_open = !bytes.is_empty();
        if !is_open {
            self.result_closed = Some(clock::now());
        }
        is_open
    }

    fn garbled(&mut self, what: String) {
        self.is_garbled = true;
        self.stop_for(Stop::ProtocolViolation(what));
    }

    fn on_reply(&mut self, reply: Reply, done: Done<'_>) {
        let (index, report) = match reply {
            // A harness sends neither, and no limit would ever end either of them.
            Reply::Loaded if self.is_loaded => return self.garbled("the program was loaded twice".to_owned()),
            Reply::Log { bytes, .. } if bytes.is_empty() => return self.garbled("a log without a byte".to_owned()),
            Reply::Loaded => {
                self.is_loaded = true;
                return;
            }
            Reply::Log { stream, bytes } => {
                if self.logs.add(stream, &bytes) {
                    self.stop_for(Stop::OutputExceeded(stream));
                }
                return;
            }
            Reply::Value { index, json } => (Some(index), self.check(json)),
            Reply::Raised { index, error } => (index, Report::Raised(error)),
            Reply::Memory { index, error } => (index, Report::MemoryError(error)),
            Reply::Bad { index, why, message } => (Some(index), Report::BadResult(why, message)),
            Reply::Exit { index, code } => (index, Report::Exit(code)),
            Reply::Unsettled { index, message } => (Some(index), Report::Unsettled(message)),
        };
        match (index, self.items.get(self.finished)) {
            (None, _) => self.load_report = Some(report),
            (Some(index), _) if !self.is_loaded => {
                self.garbled(format!("an end frame for item {index} came before the program was loaded"));
            }
            (Some(index), Some(item)) if index == item.index => self.finish_item(report, done),
            (Some(index), _) => self.garbled(format!("an end frame for item {index} came out of turn")),
        }
    }

    /// The worker's own look at a result: the harness may have been replaced by the program.
    fn check(&self, json: Vec<u8>) -> Report {
        let program = self.call.program;
        let max_bytes = usize::try_from(program.limits.output_bytes).unwrap_or(usize::MAX);
        match scan(&json, ScanLimits::of_result(max_bytes)) {
            Err(error) => return Report::BadResult(error.bad_result(), error.to_string()),
            Ok(Kind::Object) => {}
            Ok(kind) => {
                let (name, found) = (program.entrypoint.as_str(), kind.with_article());
                return Report::BadResult(BadResult::NotAnObject, format!("{name} must return an object, not {found}"));
            }
        }
        let text = String::from_utf8(json).map_err(|error| error.to_string());
        let output = match text.and_then(|text| RawJson::parse(text).map_err(|error| error.to_string())) {
            Ok(output) => output,
            Err(message) => return Report::BadResult(BadResult::Forged, message),
        };
        match validate_outputs(&output, &program.outputs) {
            Ok(()) => Report::Value(output),
            Err(message) => Report::BadResult(BadResult::NotAsDeclared, message),
        }
    }

    fn finish_item(&mut self, report: Report, done: Done<'_>) {
        let now = clock::now();
        let wall = now.duration_since(self.item_started);
        self.item_started = now;
        if self.items.len() == 1 {
            self.only_report = Some((report, wall));
            return;
        }
        // What it printed came before its end frame. Of all other stops nobody knows which item they were for.
        let stop =
            self.stop.as_ref().filter(|(item, stop)| *item == self.finished && matches!(stop, Stop::OutputExceeded(_)));
        let stop = stop.map(|(_, stop)| stop.clone());
        let facts = Facts { report: Some(report), stop, denied: self.take_calls(), ..Facts::default() };
        let verdict = verdict(facts, &self.call.program.limits);
        let usage = usage(wall);
        self.report_item(&verdict, &usage);
        self.hand_out(verdict, usage, done);
    }

    fn hand_out(&mut self, verdict: Verdict, usage: Usage, done: Done<'_>) {
        let Some(item) = self.items.get(self.finished) else { return };
        done(ItemRun { index: item.index, verdict, logs: self.logs.take(), usage });
        self.finished += 1;
    }

    fn on_raw(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        if self.logs.add(stream, bytes) {
            self.stop_for(Stop::OutputExceeded(stream));
        }
        !bytes.is_empty()
    }

    /// Takes what is in the raw streams at the end: it was written before the last item's end frame, or before the
    /// process died.
    fn drain_raw(&mut self, entered: &Entered) {
        let mut buffer = [0; 4096];
        for (pipe, stream) in [(&entered.stdout, Stream::Stdout), (&entered.stderr, Stream::Stderr)] {
            read_all(pipe, &mut buffer, |bytes| self.on_raw(stream, bytes));
        }
    }

    /// Takes what is in the result channel.
    fn catch_up(&mut self, pipe: &pipe::Receiver, buffer: &mut [u8], done: Done<'_>) -> bool {
        read_all(pipe, buffer, |bytes| self.on_result(bytes, done))
    }

    /// Answers whether further calls are of interest.
    fn on_call(&mut self, listener: BorrowedFd<'_>, call: &Notification) -> io::Result<bool> {
        let Some(stop) = self.calls.answer(listener, call)? else { return Ok(true) };
        if let Stop::SyscallDenied { name, .. } = &stop {
            self.telemetry.call_killed(self.call.program.language, name);
        }
        self.stop_for(stop);
        Ok(false)
    }

    fn on_timer(&mut self, entered: &Entered, timer: Pin<&mut Sleep>) {
        let cpu_us = self.call.program.limits.cpu_ms.saturating_mul(1000);
        let now_us = entered.cpu_us();
        if clock::now() >= self.wall_deadline() {
            self.stop_for(Stop::WallDeadline);
        } else if self.result_closed.is_some_and(|closed| closed.elapsed() >= LINGER) {
            self.garbled("the process closed it and went on".to_owned());
        } else if self.cpu.item != self.finished {
            // Seen for the first time: what it used before this look, a poll interval at most, is not charged.
            self.cpu = CpuMark { item: self.finished, item_us: now_us, ..self.cpu };
        } else if now_us.saturating_sub(self.cpu.item_us) >= cpu_us {
            self.stop_for(Stop::CpuDeadline);
        }
        if entered.is_overdrawn() {
            self.stop_for(Stop::MemoryWatchdog);
        }
        timer.reset(self.next_look().into());
    }

    fn wall_deadline(&self) -> Instant {
        self.item_started + Duration::from_millis(self.call.program.limits.wall_ms)
    }

    fn next_look(&self) -> Instant {
        let now = clock::now();
        self.wall_deadline().min(now + CPU_POLL).max(now + Duration::from_millis(1))
    }

    fn on_interrupt(&mut self, wish: Interrupt) {
        match wish {
            Interrupt::None => {}
            Interrupt::Cancel => self.stop_for(Stop::Cancelled),
            Interrupt::Abandon => self.is_abandoned = true,
        }
    }

    /// The first reason to stop stands.
    fn stop_for(&mut self, stop: Stop) {
        if self.stop.is_none() {
            self.stop = Some((self.finished, stop));
        }
    }

    /// Charges the process's end to the item that it was at, or hands out what its end frame said.
    fn conclude(&mut self, used: &LeafUsage, done: Done<'_>) -> (usize, SegmentEnd) {
        let language = self.call.program.language;
        if self.is_abandoned {
            self.telemetry.process_killed(language, KillReason::Abandoned);
            return (self.finished, SegmentEnd::Abandoned);
        }
        if self.finished == self.items.len() {
            return (self.finished, SegmentEnd::ProcessEnded);
        }
        let is_cancelled = matches!(self.stop, Some((_, Stop::Cancelled)));
        let stop = match self.stop.take() {
            // The item that it was for had ended after all when its process was killed, and the next one was killed with
            // it: that one goes on elsewhere.
            Some((
                item,
                stop @ (Stop::WallDeadline | Stop::CpuDeadline | Stop::MemoryWatchdog | Stop::OutputExceeded(_)),
            )) if item != self.finished => {
                if let Some(reason) = late_reason(&stop) {
                    self.telemetry.process_killed(language, reason);
                }
                return (self.finished, SegmentEnd::ProcessEnded);
            }
            Some((_, stop)) => Some(stop),
            None if self.is_backstopped(used) => Some(Stop::CpuDeadline),
            None => None,
        };
        let (report, wall) = match self.only_report.take() {
            Some((report, wall)) => (Some(report), wall),
            None => (self.load_report.take(), clock::now().duration_since(self.item_started)),
        };
        if report.is_none() && stop.is_none() && self.end.is_none() {
            // Whatever a program does, its init lives to report it.
            return (self.finished, SegmentEnd::Fault(Fault::zygote_died("a slot ended without a report")));
        }
        let is_pressed = used.is_pressed;
        if report.is_none() && stop.is_none() && is_pressed {
            return (self.finished, SegmentEnd::Fault(Fault::host_memory()));
        }
        let violates_protocol = report.is_none() && matches!(stop, Some(Stop::ProtocolViolation(_)));
        let facts = Facts {
            report,
            stop,
            end: self.end,
            oom_kills: if is_pressed { 0 } else { used.oom_kills },
            heap_exhausted: self.logs.has_heap_text(),
            denied: self.take_calls(),
        };
        let verdict = verdict(facts, &self.call.program.limits);
        if let Some(reason) = kill_reason(&verdict.outcome, violates_protocol) {
            self.telemetry.process_killed(language, reason);
        }
        let usage = self.usage_of_process(wall, used);
        self.report_item(&verdict, &usage);
        for _ in 1..self.charged(is_cancelled) {
            self.hand_out(verdict.clone(), usage, done);
        }
        self.hand_out(verdict, usage, done);
        (self.finished, if is_cancelled { SegmentEnd::Cancelled } else { SegmentEnd::ProcessEnded })
    }

    /// How many items the end of the process is charged to. Before the program was loaded, it is the same for every one.
    const fn charged(&self, is_cancelled: bool) -> usize {
        if self.is_loaded || is_cancelled { 1 } else { self.items.len() - self.finished }
    }

    /// The refused calls of the item that ends.
    fn take_calls(&mut self) -> Vec<SyscallCount> {
        let calls = self.calls.take();
        for call in &calls {
            self.telemetry.call_refused(self.call.program.language, &call.name, call.count);
        }
        calls
    }

    fn report_item(&self, verdict: &Verdict, usage: &Usage) {
        self.telemetry.item_ran(self.call.program.language, verdict.outcome.kind(), usage.wall_ms);
    }

    #[expect(clippy::cast_precision_loss, reason = "a share of a limit")]
    fn report_usage(&self, remains: &Remains) {
        let program = self.call.program;
        let cpu = Duration::from_micros(remains.usage.cpu_us.saturating_sub(self.cpu.start_us));
        let ratio = remains.usage.memory_peak_bytes as f64 / program.limits.memory_bytes as f64;
        self.telemetry.process_ended(program.language, cpu, ratio);
    }

    /// Whether the kernel's limit ended the process. A program can send itself the same signals, but the time that it
    /// used is counted by its cgroup. A second less than the limit is enough: the two clocks differ a little.
    fn is_backstopped(&self, used: &LeafUsage) -> bool {
        const BACKSTOP_SIGNALS: [i32; 2] = [24, 9]; // SIGXCPU, and SIGKILL one second later
        let seconds = cpu_backstop_s(&self.call.program.limits, self.items.len()).saturating_sub(1);
        matches!(self.end, Some(End::Signalled(signal)) if BACKSTOP_SIGNALS.contains(&signal))
            && used.cpu_us >= seconds.saturating_mul(1_000_000)
    }

    fn usage_of_process(&self, wall: Duration, used: &LeafUsage) -> Usage {
        let mut usage = usage(wall);
        if self.items.len() == 1 {
            let used_us = used.cpu_us.saturating_sub(self.cpu.start_us);
            usage.cpu_ms = Some(milliseconds(Duration::from_micros(used_us)));
            usage.memory_peak_bytes = Some(used.memory_peak_bytes);
            usage.start_ms = Some(milliseconds(self.start));
        }
        usage
    }
}

fn filled(buffer: &[u8], length: usize) -> &[u8] {
    buffer.get(..length).unwrap_or_default()
}

/// Gives `take` what is in a pipe, as long as that answers true; answers what it answered last. A full pipe holds 64 KiB, so this
/// ends soon whatever the process still writes.
fn read_all(pipe: &pipe::Receiver, buffer: &mut [u8], mut take: impl FnMut(&[u8]) -> bool) -> bool {
    for _ in 0..16 {
        // Read past tokio, which has not looked at the pipe since it last waited.
        match nix::unistd::read(pipe, buffer) {
            Ok(length) if !take(filled(buffer, length)) => return false,
            Ok(_) => {}
            Err(_) => break,
        }
    }
    true
}
