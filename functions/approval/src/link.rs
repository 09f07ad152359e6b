//! An answer from the page of a link: is the link ours, is the code right, and then what it is for.

use aws::{
    links::{Links, Try},
    slack_api::SlackApi,
};
use domain::time::{SignedDuration, Timestamp, earlier};
use engine::{
    ports::{Clock as _, Ports},
    trouble::Trouble,
};
use token::{
    Action, Claims, Refused,
    answer::{Answer, Outcome, Settled},
    code::Typed,
};

use super::{
    Desk, Keys, Time, about,
    act::{Decision, name},
    words::{self, No},
};

impl<P: Ports, L: Links, K: Keys, S: SlackApi> Desk<P, L, K, S> {
    /// Takes an answer and writes down what becomes of it. With trouble it must come again: that is the same guess and
    /// the same decision, however far it got.
    pub(crate) async fn take(&self, answer: &Answer, time: Time) -> Result<(), Trouble> {
        let Some(claims) = self.claims(answer).await? else {
            return Ok(());
        };
        let record = self.links.read(&claims.id).await;
        let record = record.map_err(|trouble| about("the link's record", &trouble))?;
        // What was refused a minute ago must not happen now because the message comes twice.
        if let Some(settled) = record.settled
            && settled.attempt == answer.attempt
            && is_final(&settled.outcome)
        {
            return Ok(());
        }
        let (outcome, again) = match self.code(&claims, answer).await? {
            Some(no) => (no, Ok(())),
            None => self.act(&decision(&claims, answer), time).await,
        };
        tracing::info!(
            link = %claims.id,
            attempt = %answer.attempt,
            rollout = %claims.rollout,
            action = %claims.action,
            outcome = name(&outcome),
            "answered by link"
        );
        self.settle(&claims, answer, outcome).await?;
        again
    }

    /// What the link of an answer claims, if there is something that it can do.
    async fn claims(&self, answer: &Answer) -> Result<Option<Claims>, Trouble> {
        let now = self.now();
        let verifier = self.keys.verifier(now).await?;
        let verify = |now| verifier.verify(&answer.token, &self.audience, now);
        match verify(now) {
            Ok(claims) if claims.action == Action::View => {
                tracing::warn!(link = %claims.id, "a link that decides nothing was answered");
                Ok(None)
            }
            Ok(claims) => Ok(Some(claims)),
            Err(Refused::Expired { at }) => {
                // It is ours: a moment before it was good.
                if let Ok(claims) = verify(earlier(at, SignedDuration::from_secs(1))) {
                    tracing::info!(link = %claims.id, "an expired link was answered");
                    let why = words::no(&No::Link(Refused::Expired { at }));
                    self.settle(&claims, answer, Outcome::Refused { why })
                        .await?;
                }
                Ok(None)
            }
            Err(refused) => {
                tracing::warn!(attempt = %answer.attempt, reason = %refused, "a link is not taken");
                Ok(None)
            }
        }
    }

    /// Why the code that was typed opens nothing; none if it is the one. It is counted before it is compared.
    async fn code(&self, claims: &Claims, answer: &Answer) -> Result<Option<Outcome>, Trouble> {
        let key = self.keys.code_key(self.now()).await?;
        let Some(guess) = key.guess(&claims.id, &answer.code) else {
            return Ok(Some(Outcome::NoCode));
        };
        let taken = self.links.take_try(&claims.id, guess, claims.expires).await;
        let left = match taken.map_err(|trouble| about("the link's record", &trouble))? {
            Try::Taken { left } => left,
            Try::Locked => return Ok(Some(Outcome::Locked)),
        };
        Ok(match key.code(&claims.id).typed(&answer.code) {
            Typed::Right => None,
            Typed::NoCode => Some(Outcome::NoCode),
            Typed::Wrong if left == 0 => Some(Outcome::Locked),
            Typed::Wrong => Some(Outcome::WrongCode { left }),
        })
    }

    async fn settle(
        &self,
        claims: &Claims,
        answer: &Answer,
        outcome: Outcome,
    ) -> Result<(), Trouble> {
        let settled = Settled {
            attempt: answer.attempt.clone(),
            outcome,
            at: self.now(),
        };
        let written = self.links.settle(&claims.id, &settled).await;
        written.map_err(|trouble| about("the link's record", &trouble))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.ports.clock().now()
    }
}

fn decision<'a>(claims: &'a Claims, answer: &'a Answer) -> Decision<'a> {
    Decision {
        claims,
        by: claims.approver.clone(),
        key: format!("link/{}", claims.id.hex()),
        place: "by link",
        reason: &answer.reason,
        items: &answer.items,
    }
}

/// Whether nothing more becomes of it.
const fn is_final(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Done
        | Outcome::WrongCode { .. }
        | Outcome::NoCode
        | Outcome::Locked
        | Outcome::Refused { .. } => true,
        Outcome::Unsure { .. } => false,
    }
}
