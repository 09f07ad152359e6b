//! `rollback --direct`: the glass to break.

use domain::traffic::Weight;
use expect_test::expect;

use super::{PLANS, check, fake::Fake, told};

fn plan() -> String {
    format!("{PLANS}/lightning-talk-circle.yaml")
}

fn quarter() -> Weight {
    Weight::from_permille(250).unwrap()
}

fn open() -> Fake {
    Fake::routed(&[("apex", Ok(quarter())), ("web", Ok(quarter()))])
}

#[test]
fn every_route_is_closed_and_read_back() {
    let done = told(
        &open(),
        "lightning-talk-circle\n",
        &["rollback", "--direct", &plan()],
    );
    expect![[r#"
        closed      apex: read back on stable
        closed      web: read back on stable

        all traffic of lightning-talk-circle goes to stable, in 0s
        When the functions are back the rollout finds it so and holds. Then say
          tidegate rollback lightning-talk-circle --reason '…'
        Every route of lightning-talk-circle goes to stable now, past Tidegate's functions and its table,
        with the rights of arn:aws:sts::123456789012:assumed-role/Ops/kim:

          apex  Route 53 xn--6wym69a.com A, TTL 1m
          web   load balancer lightning-talk: a rule of its own, priority 10

        Type lightning-talk-circle to go on: 
        exit code 0
    "#]].assert_eq(&done);
}

#[test]
fn nothing_is_done_unless_the_services_name_is_typed() {
    for typed in ["", "y\n", "lightning-talk\n"] {
        let fake = open();
        let done = told(&fake, typed, &["rollback", "--direct", &plan()]);
        assert!(
            done.ends_with("error: not confirmed, and nothing was done\nexit code 1\n"),
            "{done}"
        );
        assert_eq!(fake.share("web"), Some(quarter()), "{typed:?}");
    }
}

#[test]
fn what_could_not_be_closed_is_said() {
    let fake = Fake::routed(&[
        (
            "apex",
            Err("ListResourceRecordSets: AccessDenied not authorized"),
        ),
        ("web", Ok(quarter())),
    ]);
    check(
        &fake,
        &["rollback", "--direct", &plan(), "--yes"],
        &expect![[r#"
            NOT CLOSED  apex: ListResourceRecordSets: AccessDenied not authorized
            closed      web: read back on stable

            1 route of lightning-talk-circle may still send traffic to the canary
            Run it again, which harms nothing; or set the route to stable by hand in the console.
            Every route of lightning-talk-circle goes to stable now, past Tidegate's functions and its table,
            with the rights of arn:aws:sts::123456789012:assumed-role/Ops/kim:

              apex  Route 53 xn--6wym69a.com A, TTL 1m
              web   load balancer lightning-talk: a rule of its own, priority 10

            exit code 1
        "#]],
    );
    let fake = Fake::routed(&[("apex", Err("no")), ("web", Ok(quarter()))]);
    check(
        &fake,
        &["rollback", "--direct", &plan(), "--yes", "--json"],
        &expect![[r#"
            {"service":"lightning-talk-circle","routes":[{"route":"apex","closed":false,"why":"no"},{"route":"web","closed":true,"why":null}]}
            Every route of lightning-talk-circle goes to stable now, past Tidegate's functions and its table,
            with the rights of arn:aws:sts::123456789012:assumed-role/Ops/kim:

              apex  Route 53 xn--6wym69a.com A, TTL 1m
              web   load balancer lightning-talk: a rule of its own, priority 10

            exit code 1
        "#]],
    );
}

#[test]
fn a_wrong_plan_closes_nothing() {
    let broken = super::Scratch::new("direct.yaml", "service: shop\n");
    let done = told(
        &open(),
        "",
        &["rollback", "--direct", broken.path(), "--yes"],
    );
    expect![[r#"
        error[missing-key]: `routes` is missing
         --> FILE:1:1
          |
        1 | service: shop
          | ^^^^^^^^^^^^^ expected `routes`: where weights live
          |
          = help: add `routes: { … }`

        error[missing-key]: `phases` is missing
         --> FILE:1:1
          |
        1 | service: shop
          | ^^^^^^^^^^^^^ expected `phases`: weights to hold, in order; the last phase brings every route to 100%
          |
          = help: add `phases: [ … ]`

        FILE: 2 errors
        nothing was done; the routes are taken from a plan without errors
        exit code 1
    "#]].assert_eq(&broken.anywhere(&done));
    check(
        &open(),
        &["rollback", "--direct", "nowhere.yaml"],
        &expect![[r#"
            error: there is no file `nowhere.yaml`; check the path
            exit code 2
        "#]],
    );
    check(
        &open(),
        &["rollback", "shop", "--direct", "x.yaml"],
        &expect![[r#"
            error: the argument '[ROLLOUT]' cannot be used with '--direct <PLAN>'

            Usage: tidegate rollback <ROLLOUT>

            For more information, try '--help'.
            exit code 2
        "#]],
    );
    check(
        &open(),
        &["rollback", "shop", "--yes"],
        &expect![[r#"
            error: --yes goes with --direct PLAN; otherwise nothing is asked back
            exit code 2
        "#]],
    );
}
