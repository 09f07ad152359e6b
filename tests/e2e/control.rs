//! What an operator asks of `control`, with the proof of who asks, as `tidegate` sends it.

use std::{
    cell::Cell,
    time::{Duration, Instant, SystemTime},
};

use aws::{
    caller::prove,
    control::{Answer, Digest, Do, Done, Failure, Outcome, Request, VERSION, view::View},
};
use aws_credential_types::Credentials;
use aws_sdk_lambda::primitives::Blob;

use crate::bed::Bed;

/// Between two looks at a rollout.
const LOOK: Duration = Duration::from_secs(1);

/// The function, and who asks.
pub(crate) struct Control {
    bed: &'static Bed,
    function: String,
    asked: Cell<u64>,
}

impl Control {
    pub(crate) fn new(bed: &'static Bed, function: String) -> Self {
        Self {
            bed,
            function,
            asked: Cell::new(0),
        }
    }

    /// Asks, and says what came of it.
    pub(crate) fn ask(&self, what: Do) -> Result<Done, Failure> {
        let number = self.asked.replace(self.asked.get() + 1);
        let mut request = Request {
            version: VERSION,
            key: format!("00000000-0000-4000-8000-{number:012}"),
            caller: None,
            what,
        };
        if !request.what.needs_no_name() {
            let credentials = Credentials::new("test", "test", None, None, "end to end");
            let digest = Digest::of_request(&request).expect("a request is JSON");
            let proof = prove(&credentials, "us-east-1", &digest, SystemTime::now());
            request.caller = Some(proof.expect("the credentials can sign"));
        }
        let sent = serde_json::to_vec(&request).expect("a request is JSON");
        let answer = self.bed.run(async {
            self.bed
                .clients()
                .lambda
                .invoke()
                .function_name(&self.function)
                .payload(Blob::new(sent))
                .send()
                .await
                .unwrap_or_else(|why| panic!("Invoke {}: {why:?}", self.function))
        });
        let said = answer.payload().map(Blob::as_ref).unwrap_or_default();
        let text = String::from_utf8_lossy(said);
        assert_eq!(
            answer.function_error(),
            None,
            "{} failed: {text}",
            self.function
        );
        let answer: Answer =
            serde_json::from_slice(said).unwrap_or_else(|why| panic!("{why}: {text}"));
        match answer.outcome {
            Outcome::Ok(done) => Ok(*done),
            Outcome::Error(failure) => Err(failure),
        }
    }

    /// Starts a rollout; its name.
    pub(crate) fn start(&self, plan: &str) -> String {
        let asked = Do::Start {
            plan: plan.to_owned(),
            supersede: false,
            reason: None,
        };
        match self.ask(asked) {
            Ok(Done::Changed(changed)) if changed.converged => changed.rollout,
            other => panic!("a plan that can be started was not: {other:?}"),
        }
    }

    /// Where a rollout stands.
    pub(crate) fn status(&self, rollout: &str) -> View {
        let asked = Do::Status {
            rollout: rollout.to_owned(),
        };
        match self.ask(asked) {
            Ok(Done::Status(view)) => view,
            other => panic!("{rollout} is not shown: {other:?}"),
        }
    }

    /// Looks at a rollout until it is so, and does something between the looks.
    pub(crate) fn until(
        &self,
        rollout: &str,
        within: Duration,
        mut between: impl FnMut(),
        so: impl Fn(&View) -> bool,
    ) -> View {
        let end = Instant::now() + within;
        loop {
            let view = self.status(rollout);
            if so(&view) {
                return view;
            }
            assert!(
                Instant::now() < end,
                "{rollout} did not come there within {within:?}: it waits for {}\n{view:#?}",
                view.waiting
            );
            between();
            // Not to wait for something that will be there then, but not to ask all the time.
            std::thread::sleep(LOOK);
        }
    }
}
