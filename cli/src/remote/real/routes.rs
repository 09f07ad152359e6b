//! Routes with the caller's own rights.

use aws::{alb::Alb, alias::Alias, client::Clients, route53::Route53, router::Router};
use domain::time::{SignedDuration, Timestamp};
use engine::ports;

use super::super::hands::Hands;

/// Routes of every kind.
pub(super) type Routes = Router<Clock>;

/// The machine's clock.
#[derive(Debug, Clone, Copy)]
pub struct Clock;

impl ports::Clock for Clock {
    fn now(&self) -> Timestamp {
        crate::now()
    }

    async fn sleep(&self, long: SignedDuration) {
        tokio::time::sleep(long.unsigned_abs()).await;
    }
}

/// Routes, and the time.
pub(super) fn hands(clients: &Clients) -> Hands<Routes, Clock> {
    let balancers = Alb::new(clients.balancers.clone());
    let records = Route53::new(clients.route53.clone());
    let aliases = Alias::new(clients.lambda.clone());
    Hands {
        router: Router::new(balancers, records, aliases, Clock),
        clock: Clock,
    }
}
