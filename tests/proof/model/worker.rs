//! A worker: one invocation of a function, step by step. It can die between any two of them.

use domain::target::Floor;

use super::{
    Lease, Protocol, State, Store,
    event::{Age, Bound, Sight, Word},
    heads::{About, Broken, Decided, HeadId, Heads},
    mutant::Mutant,
    route::{ConvergeId, Routes, Wants, Written},
    target::{By, Flight, LEAPT, Target, aged},
};

/// What woke it, and what is left of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Job {
    /// The alarm's event.
    Alarm,
    /// A person's rollback.
    Rollback,
    /// A person's approval of the phase of this index.
    Approval(u8),
    /// A person lets the rollout go on.
    Resume,
    /// The sweep, to a rollout on its way.
    Sweep,
    /// The sweep, to a rollout that goes back.
    SweepBack,
    /// Nothing but an open change to see through: the end of every job.
    Pursue,
    /// The gate is closed without the store, which does not answer.
    Close,
}

/// What it does next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Todo {
    /// Bring an event to the rollout.
    Deliver(Word),
    /// Read the alarms' states.
    PollAlarms,
    /// A tick, but only while a change is open.
    TickIfOpen,
    /// Read the routes.
    Observe,
    /// See the open change through.
    Pursue,
}

impl Job {
    /// What is to be done, in the order of `engine::visit`, `engine::hear` and `engine::ask`.
    fn todo(self, done: u8) -> Option<Todo> {
        let list: &[Todo] = match self {
            Self::Alarm => &[Todo::Deliver(Word::AlarmHeard)],
            Self::Rollback => &[Todo::Deliver(Word::AskedRollback)],
            Self::Approval(phase) => {
                return (done == 0).then_some(Todo::Deliver(Word::AskedApproval(phase)));
            }
            Self::Resume => &[Todo::Deliver(Word::AskedResume)],
            Self::Sweep => &[
                Todo::PollAlarms,
                Todo::TickIfOpen,
                Todo::Pursue,
                Todo::Observe,
                Todo::Deliver(Word::Tick),
            ],
            Self::SweepBack => &[Todo::Pursue, Todo::Observe],
            Self::Pursue => &[Todo::Pursue],
            Self::Close => &[],
        };
        list.get(usize::from(done)).copied()
    }

    /// What comes after the list.
    const fn then(self) -> Option<Self> {
        match self {
            Self::Alarm
            | Self::Rollback
            | Self::Approval(_)
            | Self::Resume
            | Self::Sweep
            | Self::SweepBack => Some(Self::Pursue),
            Self::Pursue | Self::Close => None,
        }
    }
}

/// How the head that a worker read stands to the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Read {
    /// It is the newest.
    Newest,
    /// There is a newer one of the same epoch.
    SameEpoch,
    /// It is to be read, or read again: what was read is of no use any more.
    Again,
}

/// What is between two of the things to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Doing {
    /// Nothing.
    Next,
    /// The route was read, and that is to be said.
    Report(Bound, Sight),
    /// A route is on its way to what was decided.
    Converge {
        converge: ConvergeId,
        /// The decision beside the newest.
        age: Age,
        /// The fence that was read beside the target's own.
        fence: Age,
        /// Whether the route was read as somebody else had closed it.
        closed: bool,
    },
    /// The route is to be closed without the store.
    Close {
        written: Written,
        /// What is to be written, once the route was read.
        op: Option<Flight>,
        fence: Age,
    },
}

/// A worker at work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Worker {
    pub(crate) job: Job,
    done: u8,
    head: HeadId,
    read: Read,
    doing: Doing,
    /// Whether it has the lease, which only a broken protocol knows.
    lease: Lease,
}

/// What becomes of a write that is sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Fate {
    /// It lands before its sender goes on, and never again.
    Lands,
    /// Its sender hears nothing; it lands at any later time, more than once, or never.
    Wanders,
}

impl Worker {
    pub(crate) fn new(job: Job) -> Self {
        Self {
            job,
            done: 0,
            head: HeadId::default(),
            read: Read::Again,
            lease: Lease::Free,
            doing: match job {
                Job::Close => Doing::Close {
                    written: Written::No,
                    op: None,
                    fence: Age::Same,
                },
                Job::Alarm
                | Job::Rollback
                | Job::Approval(_)
                | Job::Resume
                | Job::Sweep
                | Job::SweepBack
                | Job::Pursue => Doing::Next,
            },
        }
    }

    fn take_lease(&mut self, protocol: &Protocol, state: &mut State) {
        if protocol.mutant == Mutant::Lease {
            let open = protocol.heads.about(state.head).intent.is_some();
            self.lease = if open { Lease::Held } else { Lease::Free };
            state.lease = self.lease;
        }
    }

    /// Whether the next step sends a write, whose fate is a choice.
    pub(crate) fn is_about_to_write(&self, protocol: &Protocol) -> bool {
        match self.doing {
            Doing::Converge { converge, .. } => {
                matches!(protocol.routes.wants(converge), Wants::Write(..))
            }
            Doing::Close { op, .. } => op.is_some(),
            Doing::Next | Doing::Report(..) => false,
        }
    }

    /// Somebody committed a head that is so many epochs newer.
    ///
    /// A worker with a head of an older epoch has no effect before it reads the head again, but for a write
    /// that it is about to send: whatever it decides loses its race, and a convergence ends at its look at
    /// the head. So nothing but that write is kept of it.
    pub(crate) fn overtake(&mut self, protocol: &Protocol, epochs: u8) {
        if let Doing::Close {
            op: Some(flight), ..
        } = &mut self.doing
        {
            flight.newer = aged(flight.newer, epochs);
        }
        if self.job == Job::Close || (self.read == Read::Again && !self.is_about_to_write(protocol))
        {
            return;
        }
        if epochs == 0 {
            if self.read == Read::Newest {
                self.read = Read::SameEpoch;
            }
            return;
        }
        if protocol.mutant.goes_on_with_an_old_head() {
            self.read = Read::SameEpoch;
            return;
        }
        if let (Mutant::OldReport, Doing::Report(..)) = (protocol.mutant, self.doing) {
            self.read = Read::Again;
            return;
        }
        self.head = HeadId::default();
        self.read = Read::Again;
        if self.is_about_to_write(protocol)
            && let Doing::Converge { age, .. } = &mut self.doing
        {
            *age = Age::Older;
        } else {
            self.doing = Doing::Next;
        }
    }

    /// The target's fence is another.
    pub(crate) fn fence_moved(&mut self) {
        if let Doing::Converge { fence, .. } | Doing::Close { fence, .. } = &mut self.doing {
            *fence = Age::Older;
        }
    }

    /// One step: everything up to and with the next commit or call to a route.
    ///
    /// What is only read in between needs no step of its own: only the commit that follows has an effect, and
    /// it is conditional on the head. `None` when the worker is done.
    pub(crate) fn step(
        mut self,
        protocol: &Protocol,
        state: &mut State,
        fate: Fate,
    ) -> Option<Self> {
        loop {
            if self.job == Job::Close {
                return self.close(protocol, state, fate);
            }
            if let Doing::Converge { .. } = self.doing {
                self.converge(protocol, state, fate);
                return Some(self);
            }
            if state.store == Store::Down {
                // It tries until its time is up.
                return None;
            }
            if self.read == Read::Again {
                self.reload(state);
            }
            let word = match self.doing {
                Doing::Converge { .. } | Doing::Close { .. } => continue,
                Doing::Report(bound, sight) => Word::Observed(bound, sight),
                Doing::Next => match self.next(protocol, state)? {
                    Upcoming::Word(word) => word,
                    Upcoming::Nothing => continue,
                    Upcoming::Rest => return Some(self),
                },
            };
            match protocol.heads.decide(self.head, word) {
                Decided::Refused => return None,
                Decided::Nothing => self.said(word),
                Decided::Commit(_) if state.lease == Lease::Held && self.lease == Lease::Free => {
                    return None;
                }
                Decided::Commit(commit) if self.read == Read::Newest => {
                    state.commit(protocol, commit);
                    self.said(word);
                    // A broken store keeps something else than what was committed; who committed it knows.
                    self.head = commit.next;
                    self.take_lease(protocol, state);
                    return Some(self);
                }
                Decided::Commit(commit) if protocol.mutant == Mutant::Unconditional => {
                    state.commit(protocol, commit);
                    self.said(word);
                    self.head = commit.next;
                    return Some(self);
                }
                Decided::Commit(_) => self.reload(state),
            }
        }
    }

    /// What comes next on the list.
    fn next(&mut self, protocol: &Protocol, state: &State) -> Option<Upcoming> {
        let about = protocol.heads.about(self.head);
        let Some(todo) = self.job.todo(self.done) else {
            (self.job, self.done) = (self.job.then()?, 0);
            return Some(Upcoming::Nothing);
        };
        let upcoming = match todo {
            Todo::Deliver(word) => return Some(Upcoming::Word(word)),
            Todo::PollAlarms if protocol.mutant == Mutant::AlarmByEvent => Upcoming::Nothing,
            Todo::PollAlarms => return Some(Upcoming::Word(Word::AlarmRead(state.alarm))),
            Todo::TickIfOpen if about.intent.is_some() => return Some(Upcoming::Word(Word::Tick)),
            Todo::Observe if about.active && about.intent.is_none() => {
                let trusting = protocol.mutant == Mutant::EarlyRead;
                let bound = if trusting { Bound::After } else { bound(about) };
                self.doing = Doing::Report(bound, state.sight(protocol));
                Upcoming::Rest
            }
            Todo::TickIfOpen | Todo::Observe => Upcoming::Nothing,
            Todo::Pursue => match about.intent {
                Some(intent) if intent.expired => return Some(Upcoming::Word(Word::Overran)),
                Some(_) => {
                    let floorless = protocol.mutant == Mutant::NoFloor;
                    let floor = if floorless { Floor::NONE } else { about.floor };
                    self.doing = Doing::Converge {
                        converge: protocol.routes.begin(about.goal, floor),
                        age: Age::Same,
                        fence: Age::Same,
                        closed: false,
                    };
                    return Some(Upcoming::Nothing);
                }
                None => Upcoming::Nothing,
            },
        };
        self.done += 1;
        Some(upcoming)
    }

    /// What was to be said was said.
    fn said(&mut self, word: Word) {
        match (self.doing, word) {
            // The open change is looked at again until there is none.
            (Doing::Report(..), _) | (_, Word::Overran) => {}
            (Doing::Next | Doing::Converge { .. } | Doing::Close { .. }, _) => self.done += 1,
        }
        self.doing = Doing::Next;
    }

    /// Reads the head again.
    fn reload(&mut self, state: &State) {
        self.head = state.head;
        self.read = Read::Newest;
    }

    /// Gives up what it was doing, and takes up what is open from the newest head.
    fn begin_again(&mut self) {
        self.head = HeadId::default();
        self.read = Read::Again;
        self.doing = Doing::Next;
    }

    /// One or two calls of the convergence.
    ///
    /// The route and the head are read in one step: epochs only grow and an intent is closed once, so a look at
    /// the head that lets a write pass would have let it pass right after the route was read. A convergence
    /// that has written and does not read its goal back is begun anew, as it would be in the next try.
    fn converge(&mut self, protocol: &Protocol, state: &mut State, fate: Fate) {
        let Doing::Converge {
            converge,
            age,
            fence,
            closed,
        } = self.doing
        else {
            return;
        };
        let sight = state.sight(protocol);
        match protocol.routes.wants(converge) {
            Wants::Write(goal, carrier, base) => {
                if let Some(op) = Target::op(protocol.fence, goal, carrier, base) {
                    let raises = goal.weight() > state.served(protocol);
                    if closed && state.closed && raises {
                        state.broken = state.broken.and(Broken::RAISED_OVER_HAND);
                    }
                    let newer = if age == Age::Same { 0 } else { -1 };
                    let read_late = protocol.mutant == Mutant::FenceAfterHead;
                    let fence = if read_late { Age::Same } else { fence };
                    let by = By::Worker;
                    state.send(protocol, Flight { op, newer, by }, fence, fate);
                }
                if protocol.mutant == Mutant::NoReadBack {
                    let wanted = Target::reached(sight, goal);
                    self.doing = Doing::Report(bound(protocol.heads.about(state.head)), wanted);
                    return;
                }
                if age == Age::Older {
                    return self.begin_again();
                }
                let converge = protocol.routes.written(converge);
                self.doing = Doing::Converge {
                    converge,
                    age,
                    fence,
                    closed,
                };
            }
            Wants::ReadTarget => {
                let written = protocol.routes.has_written(converge);
                let mut converge = protocol.routes.target(converge, age, sight);
                if protocol.routes.wants(converge) == Wants::ReadHead
                    && !written
                    && state.store == Store::Up
                {
                    let blind = protocol.mutant.looks_at_no_head();
                    let head = if blind { self.head } else { state.head };
                    converge = protocol.routes.head(converge, age, &protocol.heads, head);
                }
                match protocol.routes.wants(converge) {
                    Wants::Said => {
                        self.doing = Doing::Report(bound(protocol.heads.about(state.head)), sight);
                    }
                    Wants::Write(..) => {
                        let (fence, closed) = (Age::Same, state.closed);
                        self.doing = Doing::Converge {
                            converge,
                            age,
                            fence,
                            closed,
                        };
                    }
                    Wants::ReadTarget | Wants::ReadHead | Wants::Ended => self.begin_again(),
                }
            }
            Wants::ReadHead | Wants::Said | Wants::Ended => self.begin_again(),
        }
    }

    /// One call of closing the route without the store.
    fn close(mut self, protocol: &Protocol, state: &mut State, fate: Fate) -> Option<Self> {
        let Doing::Close { written, op, fence } = self.doing else {
            return None;
        };
        let Some(flight) = op else {
            let sight = state.target.sight(protocol.fence);
            let goal = Routes::closes(sight, written)?;
            let op = Target::op(protocol.fence, goal, sight.carrier, sight.base)?;
            let next = state.target.newer.saturating_add(1);
            let leaps = protocol.mutant != Mutant::NoLeap;
            let newer = if leaps { LEAPT } else { next };
            let by = By::Close;
            let flight = Flight { op, newer, by };
            self.doing = Doing::Close {
                written,
                op: Some(flight),
                fence: Age::Same,
            };
            return Some(self);
        };
        state.send(protocol, flight, fence, fate);
        self.doing = Doing::Close {
            written: Written::Yes,
            op: None,
            fence: Age::Same,
        };
        Some(self)
    }

    /// The deadline of the intent that it works for has passed: nothing more is sent for it.
    pub(crate) fn deadline_passed(
        mut self,
        protocol: &Protocol,
        time: fn(&Heads, HeadId) -> HeadId,
    ) -> Option<Self> {
        if self.is_about_to_write(protocol) && protocol.mutant != Mutant::NoDeadline {
            return None;
        }
        if self.read != Read::Again {
            self.head = time(&protocol.heads, self.head);
        }
        Some(self)
    }
}

/// What comes of the next thing to do.
enum Upcoming {
    /// This is to be said.
    Word(Word),
    /// Nothing that anybody could notice.
    Nothing,
    /// Something was read, and the step ends.
    Rest,
}

/// On which side of the bound it is now.
fn bound(about: About) -> Bound {
    if about.late {
        Bound::Before
    } else {
        Bound::After
    }
}
