//! What keeps people out: axe-core looks at every page, in both languages, in the dark and in the light.

use std::{fmt::Write as _, fs};

use pages::REPORT;
use token::Action;

use crate::{
    driver::{Browser, Scripts, tools},
    house::link,
    server::Server,
};

/// The rules that it breaks, the serious ones alone, and where.
///
/// That a page looks again by itself is a barrier to whoever cannot stop it; axe cannot know that one can, so the page
/// that does is looked at with that rule off, and the same page at rest with it on.
fn barriers(browser: &Browser, axe: &str) -> String {
    let lives = browser.run("return !!document.querySelector('a[href*=still]') && !!document.querySelector('meta[http-equiv]')");
    let script = format!(
        "const done = arguments[arguments.length - 1]; {axe};\
         axe.run(document, {{ resultTypes: ['violations'], rules: {{ 'meta-refresh': {{ enabled: !{lives} }} }} }}).then(found => done(found.violations \
         .filter(one => ['serious', 'critical'].includes(one.impact)) \
         .flatMap(one => one.nodes.map(node => one.id + ': ' + node.html.slice(0, 120)))), \
         error => done(['axe: ' + error]))"
    );
    let found = browser.run_until_called_back(&script);
    let mut said = String::new();
    for one in found.as_array().unwrap() {
        writeln!(said, "{}", one.as_str().unwrap()).unwrap();
    }
    said
}

#[test]
fn nothing_keeps_people_out() {
    let axe = tools().join("node_modules/axe-core/axe.min.js");
    let axe =
        fs::read_to_string(axe).expect("axe-core is not installed; run tests/browser/install");
    let server = Server::start("en");
    let browser = Browser::start("axe", Scripts::On);
    let mut paths: Vec<(String, String)> = Action::ALL
        .iter()
        .map(|action| (action.to_string(), link("en", *action).path))
        .collect();
    paths.push(("front".to_owned(), "/".to_owned()));
    paths.push(("broken".to_owned(), "/d/broken".to_owned()));
    let still = link("en", Action::View).path + "?still=1";
    paths.push(("still".to_owned(), still));
    let report = format!("{}?{REPORT}", link("en", Action::View).path);
    paths.push(("report".to_owned(), report));
    let pending = format!("{}?a=0123456789abcdef&w=30&x=", paths[0].1);
    paths.push(("pending".to_owned(), pending));
    let mut said = String::new();
    for scheme in ["light", "dark"] {
        browser.scheme(scheme);
        for (name, path) in &paths {
            for language in ["en", "ja"] {
                let mark = if path.contains('?') { '&' } else { '?' };
                browser.go(&server.at(&format!("{path}{mark}lang={language}")));
                let found = barriers(&browser, &axe);
                if !found.is_empty() {
                    writeln!(said, "{name}, {language}, {scheme}:\n{found}").unwrap();
                }
                browser.picture(&format!("{}-{language}-{scheme}", name.replace(' ', "-")));
            }
        }
    }
    assert_eq!(said, "");
}
