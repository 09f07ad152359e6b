//! People who decide: by keyboard alone, without scripts, on a phone.

use pages::REPORT;
use token::Action;

use crate::{
    driver::{Browser, ENTER, Scripts, TAB},
    house::link,
    server::Server,
};

#[test]
fn a_person_approves_by_keyboard() {
    let server = Server::start("en");
    let link = link("en", Action::Approve);
    let browser = Browser::start("approve", Scripts::On);
    browser.go(&server.at(&link.path));
    assert_eq!(browser.text("h1"), "Go on from phase half of shop#1?");
    let met = browser.tab_to("input code");
    assert_eq!(met, ["a 日本語", "input code"], "nothing lies in between");
    browser.press(&link.code.to_lowercase());
    browser.press(TAB);
    assert_eq!(browser.focus(), "button Approve");
    browser.press(ENTER);
    let said = browser.text(".notice.good");
    assert_eq!(said, "Done. What you asked for has been decided.");
    assert!(browser.url().contains("?a="), "it was sent on");
    assert_eq!(server.state().approvals, 1);
    browser.picture("done");
    browser.go(&server.at(&link.path));
    assert!(browser.text(".notice.good").contains("It acts only once."));
}

#[test]
fn a_person_refuses_by_keyboard() {
    let server = Server::start("ja");
    let link = link("ja", Action::Reject);
    let browser = Browser::start("refuse", Scripts::On);
    browser.go(&server.at(&link.path));
    assert_eq!(
        browser.text("h1"),
        "shop#1 フェーズ half の続行を却下しますか？"
    );
    browser.tab_to("input code");
    // A wrong code first.
    let wrong = if link.code == "000000" {
        "111111"
    } else {
        "000000"
    };
    browser.press(wrong);
    browser.press(TAB);
    browser.press("slow");
    browser.press(TAB);
    browser.press(ENTER);
    assert!(browser.text(".notice.bad").contains("あと4回"));
    browser.picture("wrong-code");
    assert_eq!(server.state().status, "awaiting approval");
    browser.tab_to("input code");
    browser.press(&link.code);
    browser.press(TAB);
    browser.press("slow");
    browser.press(TAB);
    browser.press(ENTER);
    assert_eq!(
        browser.text(".notice.good"),
        "完了しました。ご指示の内容が確定しました。"
    );
    assert_eq!(server.state().status, "guarding", "the plan says so");
}

#[test]
fn a_person_decides_without_scripts() {
    let server = Server::start("en");
    let link = link("en", Action::Hold);
    let browser = Browser::start("no-scripts", Scripts::Off);
    browser.go(&server.at(&link.path));
    browser.tab_to("input code");
    browser.press(&link.code);
    browser.press(ENTER);
    browser.picture("no-scripts");
    assert_eq!(
        browser.text(".notice.good"),
        "Done. What you asked for has been decided."
    );
    assert_eq!(server.state().answers, 1);
}

#[test]
fn a_phone_shows_all_of_it() {
    let server = Server::start("en");
    let browser = Browser::start("phone", Scripts::On);
    browser.width(360);
    let pages = Action::ALL.map(|action| (action.to_string(), action, ""));
    let report = ("report".to_owned(), Action::View, REPORT);
    for (name, action, query) in pages.into_iter().chain([report]) {
        for language in ["en", "ja"] {
            let path = format!("{}?lang={language}&{query}", link("en", action).path);
            browser.go(&server.at(&path));
            let wide = browser.run("return document.documentElement.scrollWidth");
            assert!(wide.as_u64().unwrap() <= 360, "{name}: {wide}");
            let small = browser.run(
                "return [...document.querySelectorAll('input[type=text],textarea')]\
                 .filter(e => parseFloat(getComputedStyle(e).fontSize) < 16).length",
            );
            assert_eq!(small, 0, "a phone zooms into small fields");
            browser.picture(&format!("phone-{}-{language}", name.replace(' ', "-")));
        }
    }
}
