//! Virtual time: tasks that take turns on one thread, in an order that depends on nothing but what they do.
//!
//! Time stands still while a task works and jumps to the next timer when none can. A task is an invocation
//! of a function, or something on the network: a message under way, a write that lands late. An invocation
//! that crashes is dropped at the call it made last; what it sent lives on.

use std::{
    cell::{Cell, RefCell},
    collections::{BTreeMap, VecDeque},
    fmt,
    future::{Future, poll_fn},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll, Wake, Waker},
};

use domain::time::{SignedDuration, Timestamp, later};

type BoxedTask = Pin<Box<dyn Future<Output = ()>>>;

/// Names a task; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct TaskId(u64);

struct Task {
    label: &'static str,
    future: BoxedTask,
}

#[derive(Default)]
struct Ready(Mutex<VecDeque<TaskId>>);

impl Ready {
    fn push(&self, id: TaskId) {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if !queue.contains(&id) {
            queue.push_back(id);
        }
    }

    fn pop(&self) -> Option<TaskId> {
        let mut queue = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queue.pop_front()
    }
}

struct Rouse {
    id: TaskId,
    ready: Arc<Ready>,
}

impl Wake for Rouse {
    fn wake(self: Arc<Self>) {
        self.ready.push(self.id);
    }
}

struct Inner {
    now: Cell<Timestamp>,
    count: Cell<u64>,
    timers: RefCell<BTreeMap<(Timestamp, u64), Waker>>,
    tasks: RefCell<BTreeMap<TaskId, Task>>,
    ready: Arc<Ready>,
    current: Cell<Option<(TaskId, &'static str)>>,
    crashed: Cell<Option<TaskId>>,
    /// Who waits for a task to end, however it does.
    mourners: RefCell<Vec<(TaskId, Waker)>>,
}

/// A handle on virtual time; clones are the same time.
#[derive(Clone)]
pub(crate) struct Runtime(Rc<Inner>);

impl fmt::Debug for Runtime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Runtime")
            .field("now", &self.0.now.get())
            .field("tasks", &self.0.tasks.borrow().len())
            .finish_non_exhaustive()
    }
}

impl Runtime {
    pub(crate) fn new(start: Timestamp) -> Self {
        Self(Rc::new(Inner {
            now: Cell::new(start),
            count: Cell::new(0),
            timers: RefCell::default(),
            tasks: RefCell::default(),
            ready: Arc::default(),
            current: Cell::new(None),
            crashed: Cell::new(None),
            mourners: RefCell::default(),
        }))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.0.now.get()
    }

    fn next_number(&self) -> u64 {
        let number = self.0.count.get().saturating_add(1);
        self.0.count.set(number);
        number
    }

    /// The label of the task that is at work.
    pub(crate) fn label(&self) -> &'static str {
        self.0.current.get().map_or("", |(_, label)| label)
    }

    /// Adds a task; it first runs when the running one waits.
    pub(crate) fn spawn(
        &self,
        label: &'static str,
        future: impl Future<Output = ()> + 'static,
    ) -> TaskId {
        let id = TaskId(self.next_number());
        let task = Task {
            label,
            future: Box::pin(future),
        };
        self.0.tasks.borrow_mut().insert(id, task);
        self.0.ready.push(id);
        id
    }

    /// Whether a task has neither ended nor crashed.
    pub(crate) fn is_alive(&self, id: TaskId) -> bool {
        self.0.tasks.borrow().contains_key(&id)
    }

    /// Whether any task with this label is under way.
    pub(crate) fn any_alive(&self, label: &str) -> bool {
        let tasks = self.0.tasks.borrow();
        tasks.values().any(|task| task.label == label)
    }

    /// Waits until a task has ended or crashed.
    pub(crate) async fn ended(&self, id: TaskId) {
        poll_fn(|context| {
            if !self.is_alive(id) {
                return Poll::Ready(());
            }
            let waker = context.waker().clone();
            self.0.mourners.borrow_mut().push((id, waker));
            Poll::Pending
        })
        .await;
    }

    /// Waits until an instant.
    pub(crate) async fn sleep_until(&self, at: Timestamp) {
        let mut set = false;
        poll_fn(|context| {
            if self.now() >= at {
                return Poll::Ready(());
            }
            // A woken task polls all it waits for; a timer is set once, for the task's one waker.
            if !set {
                set = true;
                let key = (at, self.next_number());
                let waker = context.waker().clone();
                self.0.timers.borrow_mut().insert(key, waker);
            }
            Poll::Pending
        })
        .await;
    }

    /// Waits for a while.
    pub(crate) async fn sleep(&self, duration: SignedDuration) {
        self.sleep_until(later(self.now(), duration)).await;
    }

    /// Ends the running task where it is; it never comes back from this.
    pub(crate) async fn crash(&self) {
        self.0
            .crashed
            .set(self.0.current.get().map(|(task, _)| task));
        std::future::pending::<()>().await;
    }

    /// The future's output, unless it takes longer than until `at`: then it is dropped where it is.
    pub(crate) async fn until<F: Future>(&self, at: Timestamp, future: F) -> Option<F::Output> {
        let mut future = Box::pin(future);
        let mut alarm = Box::pin(self.sleep_until(at));
        poll_fn(move |context| match future.as_mut().poll(context) {
            Poll::Ready(output) => Poll::Ready(Some(output)),
            Poll::Pending => alarm.as_mut().poll(context).map(|()| None),
        })
        .await
    }

    /// Forgets every task: they hold this time, and this time holds them.
    pub(crate) fn clear(&self) {
        let tasks = std::mem::take(&mut *self.0.tasks.borrow_mut());
        drop(tasks);
        self.0.timers.borrow_mut().clear();
        self.0.mourners.borrow_mut().clear();
    }

    /// Lets everything happen that happens until an instant, the instant included.
    pub(crate) fn run_until(&self, until: Timestamp) {
        loop {
            self.run_ready();
            if !self.advance(until) {
                break;
            }
        }
        self.0.now.set(self.now().max(until));
    }

    /// Runs until a task has ended, or until an instant.
    pub(crate) fn run_task(&self, id: TaskId, until: Timestamp) {
        loop {
            self.run_ready();
            if !self.is_alive(id) || !self.advance(until) {
                return;
            }
        }
    }

    /// Jumps to the next timer; false if there is none until then.
    fn advance(&self, until: Timestamp) -> bool {
        let mut timers = self.0.timers.borrow_mut();
        match timers.first_key_value().map(|(key, _)| *key) {
            Some(key) if key.0 <= until => {
                self.0.now.set(self.now().max(key.0));
                if let Some(waker) = timers.remove(&key) {
                    waker.wake();
                }
                true
            }
            Some(_) | None => false,
        }
    }

    fn tell_mourners(&self, ended: TaskId) {
        let mut mourners = self.0.mourners.borrow_mut();
        for (_, waker) in mourners.extract_if(.., |(id, _)| *id == ended) {
            waker.wake();
        }
    }

    fn run_ready(&self) {
        while let Some(id) = self.0.ready.pop() {
            let Some(mut task) = self.0.tasks.borrow_mut().remove(&id) else {
                continue;
            };
            let waker = Waker::from(Arc::new(Rouse {
                id,
                ready: Arc::clone(&self.0.ready),
            }));
            self.0.current.set(Some((id, task.label)));
            let polled = task.future.as_mut().poll(&mut Context::from_waker(&waker));
            self.0.current.set(None);
            let crashed = self.0.crashed.take() == Some(id);
            if polled.is_pending() && !crashed {
                self.0.tasks.borrow_mut().insert(id, task);
            } else {
                self.tell_mourners(id);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_second(seconds).unwrap()
    }

    fn story(runtime: &Runtime, said: &Rc<RefCell<Vec<String>>>, name: &'static str, naps: &[i64]) {
        let (runtime, said, naps) = (runtime.clone(), Rc::clone(said), naps.to_vec());
        runtime.clone().spawn(name, async move {
            for nap in naps {
                runtime.sleep(SignedDuration::from_secs(nap)).await;
                let line = format!("{name}@{}", runtime.now().as_second());
                said.borrow_mut().push(line);
                if nap == 5 {
                    runtime.crash().await;
                }
            }
        });
    }

    #[test]
    fn tasks_take_turns_in_the_order_of_their_timers() {
        let runtime = Runtime::new(at(0));
        let said = Rc::default();
        story(&runtime, &said, "a", &[1, 3]);
        story(&runtime, &said, "b", &[2, 1, 1]);
        story(&runtime, &said, "c", &[5, 1]);
        runtime.run_until(at(60));
        let said = said.borrow().join(" ");
        assert_eq!(said, "a@1 b@2 b@3 a@4 b@4 c@5");
        assert_eq!(runtime.now(), at(60));
        assert!(!runtime.any_alive("c"), "a crashed task is gone");
    }

    #[test]
    fn whoever_waits_for_a_task_goes_on_when_it_ends_or_crashes() {
        let runtime = Runtime::new(at(0));
        let said = Rc::default();
        // The nap of five seconds ends in a crash.
        story(&runtime, &said, "a", &[2]);
        story(&runtime, &said, "b", &[5, 9]);
        let (first, second) = (TaskId(1), TaskId(2));
        let (inside, words) = (runtime.clone(), Rc::clone(&said));
        runtime.spawn("waits", async move {
            for task in [first, second, first] {
                inside.ended(task).await;
                let line = format!("{task:?} over @{}", inside.now().as_second());
                words.borrow_mut().push(line);
            }
        });
        runtime.run_until(at(60));
        let said = said.borrow().join(", ");
        assert_eq!(
            said,
            "a@2, TaskId(1) over @2, b@5, TaskId(2) over @5, TaskId(1) over @5"
        );
    }

    #[test]
    fn what_takes_too_long_is_dropped() {
        let runtime = Runtime::new(at(0));
        let said = Rc::new(RefCell::new(Vec::new()));
        let (inside, words) = (runtime.clone(), Rc::clone(&said));
        let id = runtime.spawn("slow", async move {
            let slow = inside.sleep(SignedDuration::from_secs(100));
            let ended = inside.until(at(10), slow).await;
            words.borrow_mut().push(ended.is_some());
        });
        runtime.run_task(id, at(60));
        assert_eq!(*said.borrow(), [false]);
        assert_eq!(runtime.now(), at(10));
    }
}
