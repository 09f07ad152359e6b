//! Files that are no plan yet: YAML's own surprises.

use expect_test::expect;

use super::{check, check_with};

#[test]
fn an_empty_file() {
    check(
        "",
        &expect![[r#"
        error[empty-file]: there is nothing in the file
         --> plan.yaml:1:1
          |
        1 |
          | ^ expected a plan
          |
          = help: begin with `service:`, `routes:` and `phases:`

    "#]],
    );
}

#[test]
fn only_comments() {
    check(
        "# nothing yet",
        &expect![[r#"
        error[empty-file]: there is nothing in the file
         --> plan.yaml:1:1
          |
        1 | # nothing yet
          | ^ expected a plan
          |
          = help: begin with `service:`, `routes:` and `phases:`

    "#]],
    );
}

#[test]
fn not_a_mapping() {
    check(
        "just a word",
        &expect![[r#"
            error[wrong-kind]: `just a word` stands here
             --> plan.yaml:1:1
              |
            1 | just a word
              | ^^^^^^^^^^^ expected a plan
              |
              = help: write `service: …` or the like

        "#]],
    );
}

#[test]
fn a_list() {
    check(
        "- service: booking",
        &expect![[r#"
            error[wrong-kind]: a list stands here
             --> plan.yaml:1:1
              |
            1 | - service: booking
              | ^^^^^^^^^^^^^^^^^^ expected a plan
              |
              = help: write `service: …` or the like

        "#]],
    );
}

#[test]
fn a_bracket_that_is_never_closed() {
    check(
        r#"
        service: booking
        routes: { web: {
        phases: []
"#,
        &expect![[r#"
            error[yaml-syntax]: this is not YAML: invalid indentation in flow construct
             --> plan.yaml:3:1
              |
            3 | phases: []
              | ^ expected YAML, as up to here
              |
              = help: look at the indentation, the brackets and the quotes here and in the line before; text with `: `, ` #` or a leading `%`, `@` or `*` needs quotes

        "#]],
    );
}

#[test]
fn wrong_indentation() {
    check(
        r#"
        service: booking
          routes: {}
"#,
        &expect![[r#"
            error[yaml-syntax]: this is not YAML: mapping values are not allowed in this context
             --> plan.yaml:2:9
              |
            2 |   routes: {}
              |         ^ expected YAML, as up to here
              |
              = help: look at the indentation, the brackets and the quotes here and in the line before; text with `: `, ` #` or a leading `%`, `@` or `*` needs quotes

        "#]],
    );
}

#[test]
fn a_percent_sign_without_a_number() {
    check(
        r#"
        service: booking
        phases: [{ weight: %5 }]
"#,
        &expect![[r#"
            error[yaml-syntax]: this is not YAML: unexpected character: `%`
             --> plan.yaml:2:20
              |
            2 | phases: [{ weight: %5 }]
              |                    ^ expected YAML, as up to here
              |
              = help: look at the indentation, the brackets and the quotes here and in the line before; text with `: `, ` #` or a leading `%`, `@` or `*` needs quotes

        "#]],
    );
}

#[test]
fn a_tab() {
    check(
        "service: booking\nroutes:\n\tweb: {}",
        &expect![[r#"
        error[tab]: a tab indents this line
         --> plan.yaml:3:1
          |
        3 |     web: {}
          | ^^^^ expected spaces: YAML does not take tabs for indentation
          |
          = help: put two spaces for each tab

    "#]],
    );
}

#[test]
fn two_documents() {
    check(
        r#"
        service: booking
        ---
        service: other
"#,
        &expect![[r#"
            error[several-documents]: a second document begins
             --> plan.yaml:2:1
              |
            2 | ---
              | ^^^ expected one plan in a file
              |
              = help: delete the `---`, or put the second plan into its own file

        "#]],
    );
}

#[test]
fn an_anchor_and_an_alias() {
    check_with(
        r#"require: ["errors < 1%", "queue < 100"]"#,
        r#"require: &gate ["errors < 1%"]
        before: *gate"#,
        &expect![[r#"
            error[anchor]: phases[0].require: an anchor (`&name`) or an alias (`*name`)
              --> plan.yaml:18:14
               |
            18 |     require: &gate ["errors < 1%"]
               |              ^^^^^^^ expected every value in full, so that a reviewer reads what will be done where it is done
               |
               = help: write the value out in both places; conditions for all phases go into `incidents`

            error[anchor]: phases[0].before: an anchor (`&name`) or an alias (`*name`)
              --> plan.yaml:19:13
               |
            19 |     before: *gate
               |             ^^^^^ expected every value in full, so that a reviewer reads what will be done where it is done
               |
               = help: write the value out in both places; conditions for all phases go into `incidents`

        "#]],
    );
}

#[test]
fn a_tag() {
    check_with(
        "service: booking",
        "service: !!str booking",
        &expect![[r#"
        error[tag]: service: a YAML tag stands before this
         --> plan.yaml:1:10
          |
        1 | service: !!str booking
          |          ^^^^^^^^^^^^^ expected a value without a tag: the plan says itself what each value is
          |
          = help: delete the word that begins with `!`

    "#]],
    );
}

#[test]
fn a_key_twice() {
    check_with(
        r#"bake: 1h
"#,
        r#"bake: 1h
        bake: 2h
"#,
        &expect![[r#"
            error[duplicate-key]: phases[0].bake: `bake` is here a second time, first in line 17
              --> plan.yaml:18:5
               |
            18 |     bake: 2h
               |     ^^^^ expected every key once
               |
               = help: keep one of the two

        "#]],
    );
}

#[test]
fn a_key_that_is_a_list() {
    check_with(
        "service: booking",
        r#"service: booking
    ? [a, b]
    : c"#,
        &expect![[r#"
            error[bad-key]: this cannot be a key
             --> plan.yaml:2:3
              |
            2 | ? [a, b]
              |   ^^^^^^ expected a key of 1 to 128 characters of text
              |
              = help: write `key: value`

        "#]],
    );
}

#[test]
fn a_character_that_cannot_be_seen() {
    check(
        "service: book\u{202e}ing",
        &expect![[r#"
        error[hidden-character]: a character that cannot be seen: U+202E
         --> plan.yaml:1:14
          |
        1 | service: book�ing
          |              ^ expected only characters that a reviewer can see
          |
          = help: delete it

    "#]],
    );
    check(
        "service: \"book\\u202eing\"",
        &expect![[r#"
            error[missing-key]: `routes` is missing
             --> plan.yaml:1:1
              |
            1 | service: "book\u202eing"
              | ^^^^^^^^^^^^^^^^^^^^^^^^ expected `routes`: where weights live
              |
              = help: add `routes: { … }`

            error[missing-key]: `phases` is missing
             --> plan.yaml:1:1
              |
            1 | service: "book\u202eing"
              | ^^^^^^^^^^^^^^^^^^^^^^^^ expected `phases`: weights to hold, in order; the last phase brings every route to 100%
              |
              = help: add `phases: [ … ]`

            error[hidden-character]: service: a character that cannot be seen: U+202E
             --> plan.yaml:1:10
              |
            1 | service: "book\u202eing"
              |          ^^^^^^^^^^^^^^^ expected a service's name
              |
              = help: delete it

        "#]],
    );
}

#[test]
fn a_bomb() {
    check(
        "service: &a [x, x, x]\nroutes: &b [*a, *a]",
        &expect![[r#"
            error[missing-key]: `phases` is missing
             --> plan.yaml:1:1
              |
            1 | service: &a [x, x, x]
              | ^^^^^^^^^^^^^^^^^^^^^ expected `phases`: weights to hold, in order; the last phase brings every route to 100%
              |
              = help: add `phases: [ … ]`

            error[anchor]: service: an anchor (`&name`) or an alias (`*name`)
             --> plan.yaml:1:10
              |
            1 | service: &a [x, x, x]
              |          ^^^^ expected every value in full, so that a reviewer reads what will be done where it is done
              |
              = help: write the value out in both places; conditions for all phases go into `incidents`

            error[wrong-kind]: service: a list stands here
             --> plan.yaml:1:10
              |
            1 | service: &a [x, x, x]
              |          ^^^^^^^^^^^^ expected a service's name
              |
              = help: write `booking-api` or the like

            error[anchor]: routes: an anchor (`&name`) or an alias (`*name`)
             --> plan.yaml:2:9
              |
            2 | routes: &b [*a, *a]
              |         ^^^^ expected every value in full, so that a reviewer reads what will be done where it is done
              |
              = help: write the value out in both places; conditions for all phases go into `incidents`

            error[wrong-kind]: routes: a list stands here
             --> plan.yaml:2:9
              |
            2 | routes: &b [*a, *a]
              |         ^^^^^^^^^^^ expected a mapping of names
              |
              = help: write `{ web: { … } }` or the like

            error[anchor]: routes[0]: an anchor (`&name`) or an alias (`*name`)
             --> plan.yaml:2:13
              |
            2 | routes: &b [*a, *a]
              |             ^^ expected every value in full, so that a reviewer reads what will be done where it is done
              |
              = help: write the value out in both places; conditions for all phases go into `incidents`

            error[anchor]: routes[1]: an anchor (`&name`) or an alias (`*name`)
             --> plan.yaml:2:17
              |
            2 | routes: &b [*a, *a]
              |                 ^^ expected every value in full, so that a reviewer reads what will be done where it is done
              |
              = help: write the value out in both places; conditions for all phases go into `incidents`

        "#]],
    );
}

#[test]
fn brackets_without_end() {
    check(
        &"[".repeat(20),
        &expect![[r#"
        error[too-deep]: more than 16 values inside each other
         --> plan.yaml:1:18
          |
        1 | [[[[[[[[[[[[[[[[[[[[
          |                  ^^^ expected a plan, which needs seven at most
          |
          = help: look for a bracket or an indentation that is never closed

    "#]],
    );
}

#[test]
fn a_file_that_is_too_large() {
    check(
        &"# nothing\n".repeat(100_000),
        &expect![[r#"
        error[file-too-large]: the file has 977 KiB
         --> plan.yaml:1:1
          |
        1 | # nothing
          | ^ expected at most 256 KiB
          |
          = help: make a plan for each service

    "#]],
    );
}
