//! A button that was pressed in Slack, or the form that it opened.
//!
//! What is signed by Slack says who pressed it; what is signed by us, the button's value, says what it is for. Who
//! pressed it takes the place of a link's code and of its approver.

mod payload;
mod view;

use aws::{
    links::Links,
    slack_api::{Opened, SlackApi},
};
use domain::{name::Person, plan::people::Locale, rollout::Rollout, words::Parts};
use engine::{
    ports::{Ports, Store as _},
    trouble::Trouble,
};
use token::{
    Action, Claims,
    answer::{Interaction, Outcome},
    slack_signature::{Signed, verify},
};

use self::payload::{Heard, Kind};
use super::{
    Desk, Keys, Time,
    act::{Decision, name},
    words::{self, No, Said},
};

impl<P: Ports, L: Links, K: Keys, S: SlackApi> Desk<P, L, K, S> {
    /// Takes what Slack sent, if it was Slack. With trouble it must come again.
    pub(crate) async fn hear(&self, interaction: &Interaction, time: Time) -> Result<(), Trouble> {
        let now = self.now();
        let Some(secret) = self.keys.slack(now).await? else {
            tracing::error!("a button was pressed, and no signing secret of Slack is set up");
            return Ok(());
        };
        let request = Signed {
            timestamp: Some(&interaction.timestamp),
            signature: Some(&interaction.signature),
            body: interaction.body.as_bytes(),
        };
        if let Err(reason) = verify(&secret, request, now) {
            tracing::warn!(%reason, "a request is not taken for Slack's");
            return Ok(());
        }
        let Some(press) = payload::read(&interaction.body) else {
            tracing::warn!("Slack sent something that is no decision");
            return Ok(());
        };
        if self.team.as_ref().is_some_and(|team| *team != press.team) {
            tracing::warn!(team = ?press.team, "a button was pressed from another workspace");
            self.tell(
                &press,
                Locale::En,
                &Said::Refused(&words::no(&No::OtherTeam)),
            )
            .await;
            return Ok(());
        }
        let verifier = self.keys.verifier(now).await?;
        match verifier.verify(&press.token, &self.audience, now) {
            Ok(claims) => self.pressed(&press, &claims, time).await,
            Err(refused) => {
                tracing::warn!(reason = %refused, "a button's value is not taken");
                // Nobody knows whose it is, so nobody knows the language.
                let why = words::no(&No::Link(refused));
                self.tell(&press, Locale::En, &Said::Refused(&why)).await;
                Ok(())
            }
        }
    }

    async fn pressed(&self, press: &Heard, claims: &Claims, time: Time) -> Result<(), Trouble> {
        let Some(head) = self.ports.store().load(&claims.rollout).await? else {
            let why = words::no(&No::UnknownRollout(&claims.rollout));
            self.tell(press, Locale::En, &Said::Refused(&why)).await;
            return Ok(());
        };
        let locale = head.plan.locale;
        let user = Person::new(&press.user);
        if let Some(no) = refusal(press, claims, &head, &user) {
            let why = words::no(&no);
            self.tell(press, locale, &Said::Refused(&why)).await;
            return Ok(());
        }
        if let Kind::Pressed { trigger } = &press.kind
            && asks_why(claims.action)
        {
            let incident = incident(claims, &head);
            let view = view::reason(claims, press, incident.as_deref(), locale);
            match self.slack.open(trigger, &view).await {
                Ok(Opened::Opened) => return Ok(()),
                // Nobody can be asked why: what they pressed is done without.
                Ok(Opened::NoBot) => {}
                Err(trouble) => {
                    tracing::warn!(link = %claims.id, error = %trouble, "a form was not opened");
                    self.tell(press, locale, &Said::NoForm).await;
                    return Ok(());
                }
            }
        }
        let decision = Decision {
            claims,
            by: head.plan.person(&user),
            key: format!("slack/{}/{user}", claims.id.hex()),
            place: "in Slack",
            reason: &press.reason,
            items: &[],
        };
        let (outcome, again) = self.act(&decision, time).await;
        tracing::info!(
            link = %claims.id,
            rollout = %claims.rollout,
            action = %claims.action,
            outcome = name(&outcome),
            "decided in Slack"
        );
        let said = match &outcome {
            Outcome::Done => Said::Done(claims.action),
            Outcome::Refused { why } => Said::Refused(why),
            // Nobody types a code here.
            Outcome::Unsure { .. }
            | Outcome::WrongCode { .. }
            | Outcome::NoCode
            | Outcome::Locked => Said::Unsure,
        };
        self.tell(press, locale, &said).await;
        again
    }

    /// Tells whoever pressed it. What was done is done: nobody is asked again because they could not be told.
    async fn tell(&self, press: &Heard, locale: Locale, said: &Said<'_>) {
        let Some(address) = &press.response else {
            return;
        };
        if let Err(trouble) = self.slack.say(address, &words::of(said, locale)).await {
            tracing::warn!(error = %trouble, "who pressed a button could not be told");
        }
    }
}

/// The incident that a button is about, in words.
fn incident(claims: &Claims, head: &Rollout) -> Option<String> {
    let mark = claims.incident?;
    let mut holding = head.holding_incidents();
    let (source, _) = holding.find(|(source, incident)| incident.mark(source) == mark)?;
    let parts = Parts {
        locale: head.plan.locale,
        zone: &head.plan.calendar.zone,
    };
    Some(parts.source(source))
}

/// Whether a button asks for a reason before anything is done.
const fn asks_why(action: Action) -> bool {
    match action {
        Action::Reject | Action::Accept => true,
        // The button itself asks whether it is meant.
        Action::Rollback | Action::Approve | Action::Hold | Action::View => false,
    }
}

/// Why this button is not for this person.
fn refusal<'a>(press: &Heard, claims: &Claims, head: &Rollout, user: &'a Person) -> Option<No<'a>> {
    let named = payload::action(&press.action);
    if named != Some(claims.action) {
        return Some(No::OtherButton);
    }
    // Whoever is in a channel can press its buttons, guests too.
    (!head.plan.knows(user)).then_some(No::UnknownPerson(user))
}
