//! A run as real processes on this machine.

use std::time::Duration;

use rumormill_core::plan::Timed;
use rumormill_core::trace::Sink;
use rumormill_core::{Instant, Outcome};
use rumormill_net::{Launchpad, NetReport, Remote, StartError, Supervisor};
use rumormill_trace::{Messages, Target};
use tokio::time::MissedTickBehavior;

use super::handle::{InjectError, Wish};
use super::in_time::{InTime, WAIT};
use super::start::{End, Running};
use super::{Progress, limits};

/// How often wishes are looked at and the progress is told.
const TICK: Duration = Duration::from_millis(40);

impl Running {
    /// Starts the processes, passes their trace on, and waits for their end. No process is left then.
    pub(super) fn run_processes(&mut self) -> End {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
        match runtime {
            Ok(runtime) => runtime.block_on(self.supervise()),
            Err(error) => failure(format!("no threads for the run: {error}")),
        }
    }

    async fn supervise(&mut self) -> End {
        let mut supervisor = match self.start_processes().await {
            Ok(supervisor) => supervisor,
            Err(StartError::Stopped) => return End { outcome: Outcome::Stopped, digest: None, error: None },
            Err(error) => return failure(error.to_string()),
        };
        let remote = supervisor.remote();
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut stopping = false;
        let mut outlets = self.outlets.clone();
        let mut in_time = InTime::default();
        loop {
            let until = tokio::select! {
                events = supervisor.next_events() => match events {
                    Some(events) => {
                        events.into_iter().for_each(|event| in_time.push(event));
                        Instant::ZERO
                    }
                    None => break,
                },
                _ = tick.tick() => {
                    let now = self.look(&remote, &mut stopping).await;
                    Instant::ZERO + now.saturating_sub(WAIT)
                }
            };
            while let Some(event) = in_time.next(until) {
                outlets.event(&event);
            }
        }
        while let Some(event) = in_time.next(Instant::MAX) {
            outlets.event(&event);
        }
        let report = supervisor.wait().await;
        self.publish(Instant::ZERO + report.wall, self.progress_of(&report, Vec::new()));
        End { outcome: report.outcome.unwrap_or(Outcome::Failed), digest: None, error: report.error }
    }

    /// Starts all processes, unless it is stopped meanwhile.
    async fn start_processes(&self) -> Result<Supervisor, StartError> {
        let (setup, order) = (&self.resolved.setup, &self.resolved.order);
        let (protocol, parameters) = (&self.resolved.experiment.protocol, setup.parameters.clone());
        let mut launchpad = Launchpad::new(self.peer.binary.clone(), protocol, parameters, setup.peers);
        launchpad.args.clone_from(&self.peer.args);
        launchpad.seed = order.seed;
        launchpad.peers_per_process = limits::peers_per_process(&self.resolved);
        launchpad.topology = setup.topology;
        launchpad.plan = setup.plan.clone();
        launchpad.time_limit = setup.stop.time_limit;
        launchpad.until_time_limit = !setup.stop.targets_met;
        launchpad.recording = self.wants_events || !self.file.checks.is_empty();
        let start = Supervisor::start(launchpad);
        tokio::pin!(start);
        loop {
            tokio::select! {
                started = &mut start => return started,
                () = tokio::time::sleep(TICK) => if self.control.is_stopped() {
                    return Err(StartError::Stopped);
                },
            }
        }
    }

    async fn look(&mut self, remote: &Remote, stopping: &mut bool) -> Duration {
        for Wish { fault, answer } in self.control.take_faults() {
            let timed = match remote.inject(fault.clone()).await {
                Some(at) => Ok(Timed { at: at.since(Instant::ZERO), fault }),
                None => Err(InjectError::Over),
            };
            timed.iter().for_each(|timed| self.note_fault(timed));
            // Whoever wished it may have gone.
            let _ = answer.send(timed);
        }
        let is_enough = self.control.is_stopped() || self.outlets.is_violated();
        if is_enough && !std::mem::replace(stopping, true) {
            remote.stop().await;
        }
        let report = remote.report();
        self.publish(Instant::ZERO + report.wall, self.progress_of(&report, remote.pids()));
        report.wall
    }

    fn progress_of(&self, report: &NetReport, living: Vec<u32>) -> Progress {
        let NetReport { messages, targets, .. } = report;
        let of = |target: &rumormill_net::TargetReport| Target { met: target.met.into(), peers: target.peers.into() };
        let rumormill_net::Messages { sent, delivered, dropped, bytes, .. } = *messages;
        Progress {
            virtual_seconds: report.wall.as_secs_f64(),
            wall_seconds: self.began.elapsed().as_secs_f64(),
            events: report.events,
            messages: Messages { sent, delivered, dropped, bytes },
            targets: targets.iter().map(|(name, target)| (name.clone(), of(target))).collect(),
            peers: self.resolved.setup.peers,
            up: living.len() as u32,
            done: report.done,
            pids: report.pids.clone(),
            trace_dropped: report.trace_dropped,
        }
    }
}

fn failure(error: String) -> End {
    End { outcome: Outcome::Failed, digest: None, error: Some(error) }
}
