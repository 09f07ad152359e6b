//! `tidegate keys`: the keys that links are signed with, made here and kept in parameters; none is ever printed.

use std::time::Duration;

use aws::{
    parameters::{Found, Kept, Over},
    secrets::{KEPT, Secret},
};
use domain::time::{Timestamp, later};
use jiff::tz::TimeZone;
use token::{BadKeys, KEYS_MAX, Kid, LIFETIME_MAX, Signer, Verifier, code::CodeKey};

use super::{
    Account, Cloud,
    answer::{self, Form},
};
use crate::{
    args::{
        keys::{Change, Keys, New, Places, Retire, Rotate},
        remote::At,
    },
    console::{Console, Ink},
    exit::Exit,
    failure::Failure,
    words,
};

/// Makes, changes or retires keys.
pub(super) async fn run(
    what: &Keys,
    at: &At,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
) -> Result<Exit, Failure> {
    let account = answer::open(at, Form::Text, console, cloud).await?;
    let places = &what.places;
    match &what.change {
        Change::New(what) => make(what, places, console, cloud, &account).await?,
        Change::Rotate(what) => rotate(what, places, console, cloud, &account).await?,
        Change::Retire(what) => retire(what, places, console, &account).await?,
    }
    Ok(Exit::Ok)
}

/// The first keys of a deployment.
async fn make(
    what: &New,
    places: &Places,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
    account: &impl Account,
) -> Result<(), Failure> {
    let now = console.surroundings.now;
    for name in [places.verifying(), places.code(), places.signing()] {
        if account.parameter(&name).await.map_err(trouble)?.is_some() {
            return Err(taken(&name));
        }
    }
    let kid = what.kid.clone();
    let kid = kid.map_or_else(|| dated(now, &[]), Ok)?;
    let signer = Signer::generate(kid.clone(), seed(cloud, console)?);
    let public = signer.public().map_err(|error| bad(&error))?;
    let verifier = Verifier::new(kid.clone(), public);
    let code = CodeKey::generate(seed(cloud, console)?);
    // What signs comes last: nothing is signed that cannot be verified.
    let kept = [
        (places.verifying(), Secret::new(&verifier.parameter())),
        (places.code(), Secret::new(&code.parameter())),
        (places.signing(), Secret::new(&signer.parameter())),
    ];
    let key = places.kms_key.as_deref();
    for (n, (name, secret)) in kept.iter().enumerate() {
        let done = account.keep(name, secret, Over::Nothing, key).await;
        let why = match done {
            Ok(Kept::Done) => continue,
            Ok(Kept::Taken) => taken(name),
            Err(error) => trouble(error),
        };
        let made: Vec<&str> = kept.iter().take(n).map(|(name, _)| name.as_str()).collect();
        return Err(halfway(&why, &made));
    }
    let paint = console.paint();
    let good = paint.text(Ink::Good, "ok");
    writeln!(console.out, "{good} the keys of {}\n", places.deployment)?;
    let rows = [
        (
            places.signing(),
            format!("the private key {kid}, for notify alone"),
        ),
        (
            places.verifying(),
            "its public key, for link and approval".to_owned(),
        ),
        (
            places.code(),
            "the key of codes, for notify and approval".to_owned(),
        ),
    ];
    let wide = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, whose) in rows {
        writeln!(console.out, "  {name:<wide$}  {whose}")?;
    }
    writeln!(
        console.out,
        "\nTell Terraform where they are, and apply:\n\n  \
         signing_parameter   = \"{}\"\n  \
         verifying_parameter = \"{}\"\n  \
         code_parameter      = \"{}\"",
        places.signing(),
        places.verifying(),
        places.code()
    )?;
    Ok(())
}

/// A new key: known to those who verify first, and only then signed with.
async fn rotate(
    what: &Rotate,
    places: &Places,
    console: &mut Console<'_>,
    cloud: &impl Cloud,
    account: &impl Account,
) -> Result<(), Failure> {
    let now = console.surroundings.now;
    let key = places.kms_key.as_deref();
    let (place, signing) = (places.verifying(), places.signing());
    let old = current(&signing, account).await?;
    let verifier = public(&place, account).await?;
    let known: Vec<Kid> = verifier.kids().cloned().collect();
    let kid = what.kid.clone();
    let kid = kid.map_or_else(|| dated(now, &known), Ok)?;
    if known.contains(&kid) {
        return Err(Failure::Remote(format!(
            "there is a key {kid} already; a new key needs a new name, with --kid"
        )));
    }
    let signer = Signer::generate(kid.clone(), seed(cloud, console)?);
    let added = signer.public();
    let added = added.and_then(|public| verifier.with(kid.clone(), public));
    let verifier = added.map_err(|error| full(&error, &known))?;
    let secret = Secret::new(&verifier.parameter());
    keep(&place, &secret, key, account).await?;
    let good = console.paint().text(Ink::Good, "ok");
    writeln!(console.out, "{good} {kid} is known beside {}", list(&known))?;
    if !what.now {
        let minutes = KEPT.as_mins();
        writeln!(
            console.out,
            "waiting {minutes} minutes, until every function knows it; Ctrl-C leaves {} signing",
            old.kid()
        )?;
        account
            .wait(Duration::from_secs(KEPT.as_secs().unsigned_abs()))
            .await;
    }
    // Parameters have no conditional write; whoever wrote at the same time may have lost our key.
    let seen = public(&place, account).await?;
    if !seen.kids().any(|seen| *seen == kid) {
        return Err(Failure::Remote(format!(
            "somebody else wrote {place} at the same time, and {kid} is not in it; {} signs as before\n  \
             repeat the command when nobody else changes keys",
            old.kid()
        )));
    }
    keep(&signing, &Secret::new(&signer.parameter()), key, account).await?;
    writeln!(
        console.out,
        "{good} links are signed with {kid} from now on"
    )?;
    let since = if what.now { now } else { later(now, KEPT) };
    writeln!(
        console.out,
        "  the last links of {old} are good until {}; then: tidegate keys retire {old}",
        date(free(since)),
        old = old.kid()
    )?;
    Ok(())
}

/// A key less: what it signed is refused.
async fn retire(
    what: &Retire,
    places: &Places,
    console: &mut Console<'_>,
    account: &impl Account,
) -> Result<(), Failure> {
    let (place, kid) = (places.verifying(), &what.kid);
    let verifier = public(&place, account).await?;
    let known: Vec<Kid> = verifier.kids().cloned().collect();
    if !known.contains(kid) {
        return Err(Failure::Remote(format!(
            "there is no public key {kid} in {place}; there is {}",
            list(&known)
        )));
    }
    let signing = places.signing();
    let found = found(&signing, account).await?;
    let signer = read_signer(&signing, &found)?;
    if signer.kid() == kid {
        return Err(Failure::Remote(format!(
            "{kid} signs links now; first `tidegate keys rotate`, and a week later this"
        )));
    }
    let until = free(found.since);
    if !what.now && console.surroundings.now < until {
        return Err(Failure::Remote(format!(
            "links that {kid} signed can be good until {}, a week after the key changed\n  \
             repeat the command then; if its private key has leaked: --now, and those links are refused",
            date(until)
        )));
    }
    let verifier = verifier.without(kid).map_err(|error| bad(&error))?;
    let secret = Secret::new(&verifier.parameter());
    keep(&place, &secret, places.kms_key.as_deref(), account).await?;
    let good = console.paint().text(Ink::Good, "ok");
    let rest: Vec<Kid> = verifier.kids().cloned().collect();
    writeln!(
        console.out,
        "{good} {kid} is retired: within {} minutes no function takes its links; {} is left",
        KEPT.as_mins(),
        list(&rest)
    )?;
    Ok(())
}

/// When every link has expired that was signed before the key changed. `notify` may have signed with it for as long
/// as it keeps what it has read.
fn free(changed: Timestamp) -> Timestamp {
    later(later(changed, KEPT), LIFETIME_MAX)
}

/// What a parameter holds that must be there.
async fn found(name: &str, account: &impl Account) -> Result<Found, Failure> {
    let found = account.find(name).await.map_err(trouble)?;
    found.ok_or_else(|| {
        Failure::Remote(format!(
            "there is no parameter {name}\n  \
             `tidegate keys new` makes the first keys; if they are elsewhere, name the place: `tidegate keys --help`"
        ))
    })
}

/// The key that signs now.
async fn current(name: &str, account: &impl Account) -> Result<Signer, Failure> {
    let found = found(name, account).await?;
    read_signer(name, &found)
}

fn read_signer(name: &str, found: &Found) -> Result<Signer, Failure> {
    let read = Signer::parse(found.secret.expose());
    read.map_err(|error| Failure::Remote(format!("{name} holds no private key: {error}")))
}

async fn public(name: &str, account: &impl Account) -> Result<Verifier, Failure> {
    let found = found(name, account).await?;
    let read = Verifier::parse(found.secret.expose());
    read.map_err(|error| Failure::Remote(format!("{name} holds no public keys: {error}")))
}

/// Writes over what stood there.
async fn keep(
    name: &str,
    secret: &Secret,
    key: Option<&str>,
    account: &impl Account,
) -> Result<(), Failure> {
    match account.keep(name, secret, Over::Former, key).await {
        Ok(Kept::Done) => Ok(()),
        Ok(Kept::Taken) => Err(taken(name)),
        Err(error) => Err(trouble(error)),
    }
}

/// The date as a key's name, with a number behind it if there is one of that date.
fn dated(now: Timestamp, known: &[Kid]) -> Result<Kid, Failure> {
    let day = now.to_string();
    let day = day.split('T').next().unwrap_or_default();
    let names = (1..=KEYS_MAX + 1).map(|n| match n {
        1 => day.to_owned(),
        n => format!("{day}-{n}"),
    });
    let mut kids = names.filter_map(|name| Kid::new(&name).ok());
    let free = kids.find(|kid| !known.contains(kid));
    free.ok_or_else(|| Failure::Remote("name the new key with --kid".to_owned()))
}

fn seed(cloud: &impl Cloud, console: &mut Console<'_>) -> Result<[u8; 32], Failure> {
    let seed = cloud.seed();
    seed.map_err(|why| answer::unanswered(&why, None, Form::Text, console))
}

fn trouble(error: engine::trouble::Trouble) -> Failure {
    Failure::Remote(error.what)
}

fn bad(error: &BadKeys) -> Failure {
    Failure::Remote(error.to_string())
}

fn full(error: &BadKeys, known: &[Kid]) -> Failure {
    Failure::Remote(format!(
        "{error}\n  there are {}; retire one that signs no more: `tidegate keys retire KID`",
        list(known)
    ))
}

fn taken(name: &str) -> Failure {
    Failure::Remote(format!(
        "there is a parameter {name} already, and keys are never overwritten\n  \
         `tidegate keys rotate` makes the next key; keys of another stack are made with --deployment NAME"
    ))
}

/// Some parameters were made and the rest was not: they are of no use alone, and stand in the way of the next try.
fn halfway(why: &Failure, made: &[&str]) -> Failure {
    if made.is_empty() {
        return Failure::Remote(why.to_string());
    }
    Failure::Remote(format!(
        "{why}\n  \
         made already, and of no use alone; take away and repeat: aws ssm delete-parameters --names {}",
        made.join(" ")
    ))
}

fn list(kids: &[Kid]) -> String {
    let names: Vec<&str> = kids.iter().map(Kid::as_str).collect();
    names.join(", ")
}

fn date(at: Timestamp) -> String {
    format!("{} UTC", words::date(at, &TimeZone::UTC))
}
