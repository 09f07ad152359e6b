//! `control`: what people and pipelines ask for, with their own identity in AWS.
//!
//! A request is answered when what was decided is durable and what it changes was read back, or when it is known why
//! not. Whatever goes wrong is an answer and not an error of the function: whoever asks must be able to tell "nothing
//! happened" from "it is decided and not seen yet".

mod doctor;
mod failure;

use std::sync::Arc;

use aws::{
    caller::Callers,
    control::{
        Answer, Archive, Asked, Changed, Digest, Do, Done, Failure, FailureKind, Outcome, Request,
        anybody, read,
        view::{Brief, Looked, View},
    },
    invocation::{Invocation, until},
    telemetry::chain,
    teller::Teller,
};
use domain::{
    decide::Refusal,
    event::Command,
    name::{EventKey, Person, RolloutId, ServiceName},
    plan::Plan,
    rollout::{Rollout, Status},
    time::{SignedDuration, Timestamp},
};
use engine::{
    ask::ask,
    ports::{Clock as _, Ports, RouteRef, Router as _, Store as _},
    start::{IfActive, StartRequest, start},
    trouble::{End, EngineError, Trouble},
    visit::visit,
};
use futures_util::future::join_all;
use serde_json::Value;

/// What is kept back of the invocation's time: a call that is under way at the deadline takes seconds more.
const TO_SPARE: SignedDuration = SignedDuration::from_secs(6);

/// What is kept back for reading what became of it, whatever is under way, and for the answer.
const TO_ANSWER: SignedDuration = SignedDuration::from_secs(3);

/// What `control` works with.
#[derive(Debug, Clone)]
pub struct Desk<P, A, C, T> {
    /// The engine's ports.
    pub ports: P,
    /// What is read of the store besides.
    pub archive: A,
    /// Finds out who asks.
    pub callers: C,
    /// Tells whether people would be told; none where the stack does not say who could.
    pub teller: Option<T>,
    /// The bucket that the stack may keep reports in; none without one.
    pub reports: Option<String>,
}

/// Answers one request.
pub async fn handle<P: Ports, A: Archive, C: Callers, T: Teller>(
    desk: &Desk<P, A, C, T>,
    payload: &Value,
    invocation: &Invocation,
) -> Answer {
    let answer = match read(payload) {
        Ok((request, digest)) => {
            tracing::info!(verb = request.what.verb(), key = request.key, "asked");
            let time = Time {
                deadline: invocation.deadline(TO_SPARE),
                stop: invocation.deadline(TO_ANSWER),
            };
            desk.answer(request, &digest, time).await
        }
        Err(failure) => Err(failure),
    };
    match answer {
        Ok(done) => Answer::ok(done),
        Err(failure) => {
            tracing::warn!(kind = ?failure.kind, error = %failure, "not done");
            Answer::error(failure)
        }
    }
}

/// How long a change may take.
#[derive(Debug, Clone, Copy)]
struct Time {
    /// When nothing new is begun.
    deadline: Timestamp,
    /// When what is under way is dropped.
    stop: Timestamp,
}

/// Who asks, and what is to be said about that.
struct Asker {
    by: Person,
    notes: Vec<String>,
}

impl<P: Ports, A: Archive, C: Callers, T: Teller> Desk<P, A, C, T> {
    async fn answer(&self, request: Request, digest: &Digest, time: Time) -> Result<Done, Failure> {
        match &request.what {
            Do::Start { .. } | Do::Ask { .. } => {
                let asker = self.asker(&request, digest).await?;
                self.change(request.what, asker, digest, time).await
            }
            Do::Status { rollout } => {
                let head = self.head(rollout).await?;
                Ok(Done::Status(self.view(&head).await))
            }
            Do::List { service } => self.list(service.as_deref()).await,
            Do::History { rollout } => self.history(rollout).await,
            Do::Doctor { plan } => {
                let (plan, warnings) = parse(plan)?;
                let teller = self.teller.as_ref();
                let checks = doctor::examine(&self.ports, teller, &plan, warnings).await;
                let reports = doctor::reports(self.reports.as_deref(), &plan);
                let checks = checks.into_iter().chain(reports).collect();
                Ok(Done::Doctor { checks })
            }
        }
    }

    /// Whoever cannot be named may still have done what makes things safer: a rollback must not wait for a clock to be
    /// set, or for STS. It is no more than they could have had without saying who they are.
    async fn asker(&self, request: &Request, digest: &Digest) -> Result<Asker, Failure> {
        let nameless = request.what.needs_no_name();
        let Some(proof) = &request.caller else {
            return if nameless {
                Ok(Asker {
                    by: anybody(),
                    notes: Vec::new(),
                })
            } else {
                Err(Failure::new(
                    FailureKind::Caller,
                    format!(
                        "`{}` goes into the ledger with a name: send the proof of who asks",
                        request.what.verb()
                    ),
                ))
            };
        };
        let now = self.ports.clock().now();
        match self.callers.who(proof, digest, now).await {
            Ok(by) => Ok(Asker {
                by,
                notes: Vec::new(),
            }),
            Err(error) if nameless => {
                tracing::warn!(error = %chain(&error), "nobody is named, and what makes things safer is done");
                Ok(Asker {
                    by: anybody(),
                    notes: vec![format!("the ledger names nobody: {error}")],
                })
            }
            Err(error) => Err(Failure::new(FailureKind::Caller, error.to_string())),
        }
    }

    async fn change(
        &self,
        what: Do,
        asker: Asker,
        digest: &Digest,
        time: Time,
    ) -> Result<Done, Failure> {
        match what {
            Do::Start {
                plan,
                supersede,
                reason,
            } => {
                let (plan, warnings) = parse(&plan)?;
                let active = if supersede {
                    IfActive::Supersede
                } else {
                    IfActive::Refuse
                };
                let asker = Asker {
                    notes: asker.notes.into_iter().chain(warnings).collect(),
                    ..asker
                };
                self.start(plan, active, reason, asker, digest, time).await
            }
            Do::Ask { rollout, command } => self.ask(&rollout, command, asker, digest, time).await,
            Do::Status { .. } | Do::List { .. } | Do::History { .. } | Do::Doctor { .. } => {
                Err(Failure::new(FailureKind::Malformed, "this changes nothing"))
            }
        }
    }

    /// The outcome of a change that is given up when time is up: was it decided by then?
    async fn in_time(
        &self,
        work: impl Future<Output = Result<Rollout, EngineError>>,
        key: &EventKey,
        time: Time,
    ) -> Result<Rollout, EngineError> {
        if let Some(outcome) = until(self.ports.clock(), time.stop, work).await {
            return outcome;
        }
        match self.ports.store().is_done(key).await {
            Ok(true) => Err(EngineError::NotConverged {
                routes: Vec::new(),
                end: End::Deadline(time.stop),
            }),
            Ok(false) => Err(EngineError::Store(Trouble::passing(
                "time was up before it was decided",
            ))),
            Err(trouble) => Err(EngineError::Store(trouble)),
        }
    }

    async fn start(
        &self,
        plan: Arc<Plan>,
        active: IfActive,
        reason: Option<String>,
        asker: Asker,
        digest: &Digest,
        time: Time,
    ) -> Result<Done, Failure> {
        let service = plan.service.clone();
        let request = StartRequest {
            plan,
            by: asker.by.clone(),
            key: digest.event_key(),
            active,
            override_reason: reason,
        };
        self.look_first(&request, time).await?;
        let work = start(&self.ports, &request, time.deadline);
        let started = self.in_time(work, &request.key, time).await;
        let id = match &started {
            Ok(head) => Some(head.id.clone()),
            // It is committed: the newest is it.
            Err(EngineError::NotConverged { .. }) => {
                let newest = self.ports.store().newest(&service).await;
                newest.ok().flatten().map(|head| head.id)
            }
            Err(_) => None,
        };
        let name = id
            .as_ref()
            .map_or_else(|| service.to_string(), ToString::to_string);
        self.changed(id, name, started, asker).await
    }

    /// A route that is not there, or may not be read, is found before anything is decided: a rollout on it could
    /// neither begin nor end.
    async fn look_first(&self, request: &StartRequest, time: Time) -> Result<(), Failure> {
        let lost = doctor::lost(&self.ports, &request.plan);
        let lost = until(self.ports.clock(), time.deadline, lost).await;
        let Some((route, trouble)) = lost.flatten() else {
            return Ok(());
        };
        // The same request may have begun it, when the route was there.
        if let Ok(true) = self.ports.store().is_done(&request.key).await {
            return Ok(());
        }
        let message = format!("not started: route {route}: {trouble}");
        Err(Failure::new(FailureKind::Routes, message))
    }

    async fn ask(
        &self,
        rollout: &str,
        command: Asked,
        asker: Asker,
        digest: &Digest,
        time: Time,
    ) -> Result<Done, Failure> {
        let command = command.command()?;
        let head = self.head(rollout).await?;
        if command == Command::Finish && head.status == Status::AwaitingFinish {
            // What the team has just made of its own rule counts. If it cannot be read, what was read before does.
            let read = visit(&self.ports, head.clone(), time.deadline);
            let _read = until(self.ports.clock(), time.deadline, read).await;
        }
        let key = digest.event_key();
        let by = asker.by.clone();
        let work = ask(&self.ports, &head.id, by, command, &key, time.deadline);
        let outcome = self.in_time(work, &key, time).await;
        match outcome {
            // What was rolled back is tried again as a new rollout.
            Err(EngineError::Refused(Refusal::StartsAnew)) => {
                let plan = Arc::clone(&head.plan);
                self.start(plan, IfActive::Refuse, None, asker, digest, time)
                    .await
            }
            outcome => {
                let name = head.id.to_string();
                self.changed(Some(head.id), name, outcome, asker).await
            }
        }
    }

    /// What became of a change. One that is decided and not yet seen in the world is no failure.
    async fn changed(
        &self,
        id: Option<RolloutId>,
        name: String,
        outcome: Result<Rollout, EngineError>,
        asker: Asker,
    ) -> Result<Done, Failure> {
        let (head, why) = match outcome {
            Ok(head) => (Some(head), None),
            Err(error @ EngineError::NotConverged { .. }) => {
                let head = match &id {
                    Some(id) => self.ports.store().load(id).await.ok().flatten(),
                    None => None,
                };
                (head, Some(chain(&error)))
            }
            Err(error) => return Err(failure::of(&error)),
        };
        let status = match &head {
            Some(head) => Some(self.view(head).await),
            None => None,
        };
        if let Some(head) = &head {
            tracing::info!(
                rollout = %head.id,
                epoch = head.epoch.0,
                status = head.status.name(),
                by = %asker.by,
                converged = why.is_none(),
                "done"
            );
        }
        Ok(Done::Changed(Changed {
            rollout: name,
            status,
            converged: why.is_none(),
            why,
            by: asker.by.to_string(),
            notes: asker.notes,
        }))
    }

    /// The head of `shop#7`, or of the newest rollout of `shop`.
    async fn head(&self, written: &str) -> Result<Rollout, Failure> {
        let store = self.ports.store();
        let found = if let Some(id) = RolloutId::parse(written) {
            store.load(&id).await
        } else {
            store.newest(&service(written)?).await
        };
        match found {
            Ok(Some(head)) => Ok(head),
            Ok(None) => Err(Failure::new(
                FailureKind::NotFound,
                format!("there is no rollout {written}"),
            )),
            Err(trouble) => Err(failure::of_reading(&trouble)),
        }
    }

    /// A rollout with its routes as they are now.
    async fn view(&self, head: &Rollout) -> View {
        let reads = head.plan.routes.iter().map(|(name, route)| async move {
            let route = RouteRef::of(head, name, route);
            let seen = self.ports.router().read(route).await;
            let seen = seen.map(|target| target.seen);
            (name.clone(), seen.map_err(|trouble| trouble.what))
        });
        let looked: Looked = join_all(reads).await.into_iter().collect();
        View::of(head, &looked, self.ports.clock().now())
    }

    async fn list(&self, named: Option<&str>) -> Result<Done, Failure> {
        let service = named.map(service).transpose()?;
        let rollouts = self.archive.rollouts(service.as_ref()).await;
        let rollouts = rollouts.map_err(|trouble| failure::of_reading(&trouble))?;
        let now = self.ports.clock().now();
        let rollouts = rollouts.iter().map(|head| Brief::of(head, now)).collect();
        Ok(Done::List { rollouts })
    }

    async fn history(&self, written: &str) -> Result<Done, Failure> {
        let head = self.head(written).await?;
        let lines = self.archive.ledger(&head.id).await;
        let mut lines = lines.map_err(|trouble| failure::of_reading(&trouble))?;
        // What came in after the head was read is for the next time: the end must be the head's.
        lines.retain(|line| line.seq <= head.chain.seq);
        Ok(Done::History {
            rollout: head.id.to_string(),
            entries: lines.into_iter().map(Into::into).collect(),
            end: head.chain.to_string(),
        })
    }
}

fn service(written: &str) -> Result<ServiceName, Failure> {
    ServiceName::new(written).map_err(|bad| {
        Failure::new(
            FailureKind::Malformed,
            format!("`{written}` is neither a rollout such as shop#7 nor a service: {bad}"),
        )
    })
}

/// A plan and the warnings about it, or everything that is wrong with it.
fn parse(text: &str) -> Result<(Arc<Plan>, Vec<String>), Failure> {
    match plan::parse(text) {
        Ok(checked) => {
            let warnings = checked.warnings.iter().map(ToString::to_string).collect();
            Ok((Arc::new(checked.plan), warnings))
        }
        Err(problems) => Err(failure::of_plan(&problems, text)),
    }
}

/// Whether an answer says that something was done.
#[must_use]
pub const fn is_ok(answer: &Answer) -> bool {
    match answer.outcome {
        Outcome::Ok(_) => true,
        Outcome::Error(_) => false,
    }
}

#[cfg(test)]
mod tests;
