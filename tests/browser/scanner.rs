//! A scanner of a mail gateway, of the worst kind: it opens every link and sends every form, empty and with junk.

use token::Action;

use crate::{
    driver::{Browser, Scripts, http},
    house::link,
    server::Server,
};

#[test]
fn a_scanner_changes_nothing() {
    let server = Server::start("en");
    let before = server.state();
    let host = server.address.to_string();
    for action in Action::ALL {
        let path = link("en", action).path;
        for method in ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"] {
            http(&host, method, &path, &[], "");
        }
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for body in [
            "",
            "code=",
            "code=test%40example.com",
            "code=<script>&reason=x&item=dashboards",
        ] {
            let (status, _) = http(&host, "POST", &path, &form, body);
            assert!([200, 422].contains(&status), "{action} {body}: {status}");
        }
    }
    assert_eq!(server.state(), before, "not even an answer was handed on");

    // What looks like a code is handed on, is wrong, and has no effect.
    for action in Action::ALL {
        let path = link("en", action).path;
        let form = [("content-type", "application/x-www-form-urlencoded")];
        for junk in ["123456", "AAAAAA"] {
            http(
                &host,
                "POST",
                &path,
                &form,
                &format!("code={junk}&reason=junk"),
            );
        }
    }
    let after = server.state();
    assert_eq!(
        (after.status, after.revision),
        (before.status, before.revision)
    );
}

#[test]
fn a_scanner_with_a_browser_changes_nothing() {
    let server = Server::start("en");
    let before = server.state();
    let browser = Browser::start("scanner", Scripts::On);
    for action in Action::ALL {
        let path = link("en", action).path;
        for junk in ["", "test", "123456"] {
            browser.go(&server.at(&path));
            browser.run(&format!(
                "for (const field of document.querySelectorAll('input[type=text],textarea')) field.value = '{junk}';\
                 for (const box of document.querySelectorAll('input[type=checkbox]')) box.checked = true;\
                 for (const form of document.forms) form.submit();"
            ));
            browser.text("main");
            let links = browser.run("return [...document.links].map(link => link.href)");
            for link in links.as_array().unwrap() {
                browser.go(link.as_str().unwrap());
            }
        }
    }
    let after = server.state();
    assert_eq!(
        (after.status, after.revision),
        (before.status, before.revision)
    );
    assert_eq!(after.approvals, 0);
}
